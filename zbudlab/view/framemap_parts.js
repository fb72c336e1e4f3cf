// The page around the canvas: buttons, legend, words, details.

const KEYS = [
  ["arrow keys", "move the focus to the next cell; with Shift, eight cells"],
  ["Page Up, Page Down", "the previous frame, the next frame"],
  ["Home, End", "the first frame, the last frame"],
  ["Enter or Space, Escape", "show the details of the frame; close them"],
  ["Escape, Shift+Enter", "leave the map: to its notebook cell, to the next one"],
  ["+, -, 0", "zoom in, zoom out, show the whole map"],
  ["wheel, drag", "zoom, move the map (wheel with Shift also moves it)"],
];

/** Return help on the keys. */
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

/** Return the buttons above the map; `act` is called with the name of an action. */
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
    button("closer", "+", "zoom in"),
    button("farther", "\u2212", "zoom out"),
    button("whole", "whole", "show the whole map"),
    make("label", {}, "layout ", select),
    make("label", {}, "frame ", goTo),
  );
  return { bar, select, goTo };
}

/** Return the legend: one button per kind (pressed = shown), and the line `outside` for memory
 * outside the frames. `toggle` is called with the kind's number. */
function legendOf(kinds, outside, toggle) {
  const buttons = kinds.map((kind, number) => {
    const count = make("span", { class: "zbl-count" });
    const button = make(
      "button",
      { type: "button", "aria-pressed": "true", "data-kind": kind.name, title: "show or hide", hidden: "" },
      make("span", { class: "zbl-swatch", "aria-hidden": "true" }),
      make("span", { class: "zbl-kind" }, `${kind.words} `),
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
  box.append(make("span", { class: "zbl-beside-frames" }, swatch, `${outside} `, size));
  return { box, buttons, size };
}

/** Return a legend of chunks in pool pages, hidden until the map shows chunks. */
function legendOfChunks(words) {
  const swatches = {};
  const parts = Object.entries(words).map(([name, said]) => {
    swatches[name] = make("span", { class: "zbl-swatch", "aria-hidden": "true" });
    return make("span", { class: "zbl-beside-frames" }, swatches[name], said);
  });
  return { box: make("div", { class: "zbl-legend zbl-chunks", hidden: "" }, "chunks:", ...parts), swatches };
}

/** Show the number of frames of each kind that occurs. Marks have no numbers; once one has occurred
 * it stays, so that the legend does not jump at every move. */
function countLegend(legend, { counts, look, bookkeeping, moves, marks }) {
  const marked = new Set([...moves.map((move) => move.kind), marks?.kind]);
  legend.buttons.forEach((button, number) => {
    const words = number < look.lasting ? counts[number].toLocaleString("en") : "";
    say(button.querySelector(".zbl-count"), words);
    if (number < look.lasting) button.hidden = !counts[number];
    else if (marked.has(number)) button.hidden = false;
  });
  say(legend.size, bookkeeping);
}

/** Return the details of a frame (see details.py) as tables. */
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
