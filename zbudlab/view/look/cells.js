// Drawing code shared by all views. Each frame is a cell: hue shows its owner, shape shows whether it
// can move. Colours are the tokens of look/tokens.py, read from the style sheet.

const FREE = 0, CMA = 1, PROCESS = 2, ZBUD1 = 3, ZBUD2 = 4, KERNEL = 5; // layout.FRAME_*
const SIDE = 32, ROWS = 16, BLOCK = SIDE * ROWS; // shape of a block in all maps

const isZbud = (kind) => kind === ZBUD1 || kind === ZBUD2;
const grouped = (number) => number.toLocaleString("en-US");
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const eased = (t) => (t < 0.5 ? 4 * t * t * t : 1 - (2 - 2 * t) ** 3 / 2);

/** Return the colours of a view's tokens by name: `inks(element).zbud1`. */
function inks(element) {
  const style = getComputedStyle(element);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
}

/** Return these colours, each read only once: for drawings of many frames. */
function kept(ink) {
  const found = {};
  return new Proxy({}, { get: (_, name) => (found[name] ??= ink[name]) });
}

/** Make an SVG element with attributes and children. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Return the largest length that fits `length` and is whole in pixels of the screen, where it has a whole number of them. */
function wholePixels(length) {
  const ratio = Math.max(Math.floor(window.devicePixelRatio || 1), 1);
  return Number.isInteger(window.devicePixelRatio) ? Math.floor(length * ratio) / ratio : Math.floor(length);
}

/** Size a canvas in CSS pixels, sharp on any screen. Return its context. */
function sharp(canvas, width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, 1);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Return the gap between cells and the radius of their corners, by size. */
const gapOf = (size) => (size >= 14 ? 2 : size >= 7 ? 1 : size >= 4 ? 0.5 : 0);

/** Fill a rectangle with round corners. */
function box(context, fill, x, y, width, height, radius = 0) {
  context.fillStyle = fill;
  if (!radius) {
    context.fillRect(x, y, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

/** Draw one frame at (x, y); size: of a cell with its gap. marks: { nail, ring (a colour) }. */
function cell(context, ink, x, y, size, kind, { nail = false, ring = null } = {}) {
  const width = size - gapOf(size);
  const radius = size >= 8 ? width * 0.2 : 0;
  if (isZbud(kind) && size >= 8) drawHalves(context, ink, x, y, width, radius, kind);
  else box(context, ink[KIND_TOKENS[kind]], x, y, width, width, radius);
  if (kind === CMA) box(context, ink.cma, x, y + width * 0.72, width, width * 0.28);
  if ((nail || kind === KERNEL) && size >= 8) drawNail(context, ink, x + width / 2, y + width / 2, width);
  if (!ring) return;
  context.lineWidth = Math.max(1.5, size * 0.13);
  context.strokeStyle = ring;
  context.beginPath();
  context.roundRect(x - 1.2, y - 1.2, width + 2.4, width + 2.4, radius + 1.2);
  context.stroke();
}

const KIND_TOKENS = ["free", "free", "process", "zbud1", "zbud2", "kernel"];

/** Draw a zbud page: one half per buddy. */
function drawHalves(context, ink, x, y, width, radius, kind) {
  const half = (width - 1) / 2;
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, width, radius);
  context.clip();
  box(context, ink.zbud1, x, y, width, half);
  if (kind === ZBUD2) box(context, ink.zbud2, x, y + half + 1, width, half + 0.5);
  else {
    context.globalAlpha = 0.28;
    box(context, ink.zbud1, x, y + half + 1, width, half + 0.5);
  }
  context.restore();
}

/** Draw the mark of a page that cannot move. */
function drawNail(context, ink, x, y, width) {
  for (const [share, fill] of [[0.27, ink.paper], [0.17, ink.ink]]) {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, width * share, 0, 7);
    context.fill();
  }
}

const KEY = 14; // pixels of a key, before it is drawn, too

/** Make a legend of frame kinds, [[kind, words], ...], with each kind drawn as in the maps. */
function legendOfKinds(pairs) {
  const keys = pairs.map(([kind, words]) => {
    const canvas = make("canvas", { "data-kind": kind, "aria-hidden": "true", width: KEY, height: KEY });
    return make("span", {}, canvas, words);
  });
  return make("div", { class: "legend" }, ...keys);
}

/** Draw the keys of a legend in the current colours. */
function drawKeys(root) {
  const ink = inks(root);
  for (const canvas of root.querySelectorAll("canvas[data-kind]")) {
    cell(sharp(canvas, KEY, KEY), ink, 0.5, 0.5, KEY, Number(canvas.dataset.kind));
  }
}

/** Call `act` when the page's theme or the element's size changes. Return a function to stop it. */
function whenRestyled(element, act) {
  const watcher = new MutationObserver(act);
  const attributeFilter = ["data-jp-theme-light", "data-jp-theme-name", "data-theme", "class"];
  for (const target of [document.documentElement, document.body]) watcher.observe(target, { attributes: true, attributeFilter });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", act);
  const sized = new ResizeObserver(act);
  sized.observe(element);
  return () => (watcher.disconnect(), sized.disconnect(), scheme.removeEventListener("change", act));
}
