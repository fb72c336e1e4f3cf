// The page around the canvas: buttons, legend, words, details.

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

const KEYS = [
  ["arrow keys", "move the focus to the next cell; with Shift, eight cells"],
  ["Page Up, Page Down", "the frame before, the frame behind"],
  ["Home, End", "the first frame, the last one"],
  ["Enter or Space, Escape", "show the details of the frame; close them"],
  ["Escape, Shift+Enter", "leave the map for its cell, for the next cell"],
  ["+, -, 0", "come closer, go back, the whole map"],
  ["wheel, drag", "come closer or go back, move the map (wheel with Shift: too)"],
];

/** What can be read about the keys. */
function helpOnKeys(id) {
  const rows = KEYS.map(([keys, words]) =>
    make("tr", {}, make("th", { scope: "row" }, keys), make("td", {}, words)),
  );
  return make(
    "details",
    { class: "zbl-help" },
    make("summary", {}, "Keys"),
    make("table", { id }, ...rows),
  );
}

/** Buttons over the map; `act` does what is asked for by name. */
function toolbar(layouts, act) {
  const button = (name, sign, words) =>
    make("button", { type: "button", title: words, "aria-label": words, onclick: () => act(name) }, sign);
  const choices = layouts.map((name) => make("option", { value: name }, name));
  const select = make("select", { onchange: () => act("layout", select.value) }, ...choices);
  const goTo = make("input", { type: "number", min: 0, class: "zbl-goto" });
  const go = () => act("goto", goTo.valueAsNumber);
  goTo.addEventListener("change", go);
  goTo.addEventListener("keydown", (event) => event.key === "Enter" && go());
  const bar = make(
    "div",
    { class: "zbl-toolbar" },
    button("closer", "+", "come closer"),
    button("farther", "\u2212", "go back"),
    button("whole", "whole", "show the whole map"),
    make("label", {}, "layout ", select),
    make("label", {}, "frame ", goTo),
  );
  return { bar, select, goTo };
}

/** The legend: a button a kind, pressed = shown, and a line for what has no frames: `beside`.
 * `toggle` gets the kind's number. */
function legendOf(kinds, beside, toggle) {
  const buttons = kinds.map((kind, number) => {
    const count = make("span", { class: "zbl-count" });
    const button = make(
      "button",
      { type: "button", "aria-pressed": "true", "data-kind": kind.name, title: "show or hide" },
      make("span", { class: "zbl-swatch", "aria-hidden": "true" }),
      `${kind.words} `,
      count,
    );
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!toggle(number)));
    });
    return button;
  });
  const box = make("div", { class: "zbl-legend", role: "group", "aria-label": "legend" }, ...buttons);
  const swatch = make("span", { class: "zbl-swatch zbl-hollow", "aria-hidden": "true" });
  const size = make("span", { class: "zbl-count" });
  box.append(make("span", { class: "zbl-beside-frames" }, swatch, `${beside} `, size));
  return { box, buttons, size };
}

/** Say how many frames are of each kind; kinds painted over and absent ones say nothing. */
function countLegend(legend, { counts, look, bookkeeping }) {
  legend.buttons.forEach((button, number) => {
    const words = number < look.lasting ? counts[number].toLocaleString("en") : "";
    say(button.querySelector(".zbl-count"), words);
  });
  say(legend.size, bookkeeping);
}

/** Details of a frame (see details.py) as tables. */
function detailsOf(told, close) {
  const shut = make("button", { type: "button", class: "zbl-close", onclick: close }, "close");
  const parts = told.parts.map(([title, rows]) =>
    make(
      "table",
      {},
      make("caption", {}, title),
      ...rows.map(([name, value]) =>
        make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, String(value))),
      ),
    ),
  );
  return [make("div", { class: "zbl-title" }, told.title), shut, ...parts];
}
