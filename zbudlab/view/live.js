// What all live views have in common. Each is one module: this file, then its own.

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const MARK = "zbudlab"; // of references to views that are left out of a saved notebook

/** An element with attributes and children; a function as `onclick` and the like listens. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A name for an element that no other has: each live view is a module with counters of its own. */
const unique = (name) => `${name}-${Math.random().toString(36).slice(2)}`;

/** Change a text only where it differs. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Keep the keys pressed within an element from JupyterLab's shortcuts, but for three: Control+S
 * saves, Escape goes out to the cell, and Shift+Enter on to the next one. */
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

/** When the notebook is saved, leave pictures in the place of live views. */
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

/** What a module exports: `Keeper` is made once a widget, `View` once for each place it is shown. */
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
