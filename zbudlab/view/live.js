// Code shared by all live views. Each view is one module: this file followed by its own files.

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const MARK = "zbudlab"; // marks references to views that are dropped from a saved notebook

const GONE = "The kernel is gone; this is the last picture. Run this cell to make it live.";

/** Call `lose` when the kernel has ended, restarts, or is replaced by another. */
function watchKernel(manager, lose) {
  const session = manager?.context?.sessionContext;
  if (!session) return;
  const dead = ["dead", "terminating", "restarting", "autorestarting"];
  session.statusChanged?.connect((_, status) => {
    if (dead.includes(status)) lose();
  });
  session.kernelChanged?.connect(() => lose());
}

/** Make an element with attributes and children; function attributes such as `onclick` listen. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Return a unique name for an element. A counter would not do: every view is a separate module. */
const unique = (name) => `${name}-${Math.random().toString(36).slice(2)}`;

/** Set a text only if it differs. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keep keys pressed within an element from JupyterLab's shortcuts, except three: Control+S saves,
 * Escape returns to the cell, and Shift+Enter goes to the next one. */
function keepKeys(root, model) {
  const leave = { Escape: (cell) => cell, "Shift+Enter": (cell) => cell.nextElementSibling ?? cell };
  root.addEventListener("focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"));
  root.addEventListener("keydown", (event) => {
    const cell = root.closest(".jp-Cell");
    const to = leave[`${event.shiftKey ? "Shift+" : ""}${event.key}`];
    if (event.defaultPrevented) return;
    if (to && cell) {
      event.preventDefault();
      to(cell).focus();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      model.widget_manager?.context?.save();
    }
  });
}

/** Replace live views by pictures when the notebook is saved. */
function keepPictures(manager) {
  const notebook = manager?.context?.model;
  if (!notebook?.toJSON || notebook.zbudlabKeepsPictures) return;
  notebook.zbudlabKeepsPictures = true;
  const whole = notebook.toJSON.bind(notebook);
  notebook.toJSON = () => {
    const saved = whole();
    for (const cell of saved.cells ?? []) {
      for (const output of cell.outputs ?? []) {
        if (output.data?.[WIDGET_VIEW]?.[MARK]) delete output.data[WIDGET_VIEW];
      }
    }
    return saved;
  };
}

/** Return a module's export: one `Keeper` per widget, one `View` per place where it is shown. */
const widget = (Keeper, View) => () => {
  let keeper = null;
  return {
    initialize({ model }) {
      keeper = new Keeper(model);
      keepPictures(model.widget_manager);
    },
    render({ model, el }) {
      const view = new View(keeper, model, el);
      return () => view.remove();
    },
  };
};
