// The page around the canvas: buttons, legend, words, details.

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

/** What the chunks of a pool page are, by name; hidden until the map shows some. */
function legendOfChunks(words) {
  const swatches = {};
  const parts = Object.entries(words).map(([name, said]) => {
    swatches[name] = make("span", { class: "zbl-swatch", "aria-hidden": "true" });
    return make("span", { class: "zbl-beside-frames" }, swatches[name], said);
  });
  return { box: make("div", { class: "zbl-legend zbl-chunks", hidden: "" }, "chunks:", ...parts), swatches };
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
