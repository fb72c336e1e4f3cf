// What covers a result until its prediction is locked in.

const LOCK_ICON = "M6 8V5.5a3 3 0 0 1 6 0V8M3 8h12v8H3z";

function gateBox(words) {
  const lock = svg("svg", { viewBox: "0 0 18 18", "aria-hidden": "true" }, svg("path", { d: LOCK_ICON }));
  return make("div", { class: "gate" }, lock, make("span", {}, words));
}
