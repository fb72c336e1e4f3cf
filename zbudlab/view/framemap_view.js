// A view: the canvas and the page around it.

const IDLE = "Point at a frame, or use the arrow keys."; // while no frame is looked at

class View {
  constructor(store, model, el) {
    this.store = store;
    this.cells = store.cells;
    this.model = model;
    this.asked = {}; // open requests: kind -> time
    this.wanted = {}; // next request of each kind
    this.paints = 0;
    this.hands = new Hands(this);
    this.build(el);
    this.watch();
    store.views.add(this);
    if (this.cells.number) this.regrid();
    store.tell({ kind: "hello" });
  }

  build(el) {
    const help = unique("zbl-help");
    this.canvas = make("canvas", {
      tabindex: "0", role: "application", "aria-label": "frame map", "aria-describedby": help,
    });
    const size = this.model.get("size");
    this.picture = new Picture(this.canvas, this.cells, newCanvas, size);
    this.tools = toolbar(["blocks", "hilbert", "linear"], (name, value) => this.hands.act(name, value));
    this.legend = legendOf(this.cells.kinds, this.cells.look.bookkeeping, (number) => this.toggle(number));
    this.chunks = legendOfChunks(this.cells.look.chunk_words);
    this.notice = make("div", { class: "zbl-notice", role: "status", hidden: "" });
    this.words = make("div", { class: "zbl-words", role: "status" }, IDLE);
    this.summary = make("div", { class: "zbl-summary" });
    this.details = make("div", {
      class: "zbl-details", role: "region", "aria-label": "details of the frame", tabindex: "0",
      hidden: "",
    });
    const left = [this.tools.bar, this.canvas, this.words, this.legend.box, this.chunks.box, this.summary];
    this.root = make(
      "div",
      { class: "zbl-map" },
      this.notice,
      make("div", { class: "zbl-left" }, ...left, helpOnKeys(help)),
      this.details,
    );
    this.root.style.setProperty("--zbl-size", `${size}px`);
    el.append(this.root);
    this.root.dataset.alive = "1";
  }

  watch() {
    this.undo = [];
    const on = (target, name, act, options) => {
      target.addEventListener(name, act, options);
      this.undo.push(() => target.removeEventListener(name, act, options));
    };
    on(this.canvas, "pointermove", (event) => this.hands.pointerMoved(event));
    on(this.canvas, "pointerleave", () => this.look(this.picture.focus));
    on(this.canvas, "pointerdown", (event) => this.hands.pointerDown(event));
    on(this.canvas, "pointerup", (event) => this.hands.pointerUp(event));
    on(this.canvas, "wheel", (event) => this.hands.wheel(event), { passive: false });
    on(this.canvas, "focus", () => this.focused());
    on(this.root, "keydown", (event) => this.hands.key(event));
    keepKeys(this.root, this.model); // keys that the map does not handle
    const restyle = () => this.restyle();
    const watcher = new MutationObserver(restyle);
    const attributes = ["data-jp-theme-light", "data-jp-theme-name", "class", "data-theme"];
    for (const target of [document.documentElement, document.body]) {
      watcher.observe(target, { attributes: true, attributeFilter: attributes });
    }
    this.undo.push(() => watcher.disconnect());
    on(matchMedia("(prefers-color-scheme: dark)"), "change", restyle);
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    on(window, "resize", restyle);
    this.restyle();
    const fitter = new ResizeObserver(() => this.refit());
    fitter.observe(this.root);
    this.undo.push(() => fitter.disconnect());
  }

  /** Make the map no wider than the page. */
  refit() {
    const { frame } = this.picture, size = Math.min(this.model.get("size"), this.root.clientWidth - 10);
    if (size < 64 || size === frame.size) return;
    Object.assign(frame, { size, columns: null });
    this.root.style.setProperty("--zbl-size", `${size}px`);
    if (!this.cells.columns) return;
    this.regrid();
    this.schedule();
  }

  remove() {
    this.removed = true;
    this.undo.forEach((undo) => undo());
    this.store.views.delete(this);
    if (this.store.views.size === 0) this.store.tell({ kind: "bye" });
  }

  // --- appearance ---------------------------------------------------------------------------

  /** Name the allocator of the machine's pool in both legends. */
  rename() {
    const { named, kinds } = this.cells;
    if (!named || named.allocator === this.allocator) return;
    this.allocator = named.allocator;
    this.legend.buttons.forEach((button, number) => {
      kinds[number].words = named.kinds[number];
      say(button.querySelector(".zbl-kind"), `${named.kinds[number]} `);
    });
    const chunks = legendOfChunks(named.chunks);
    chunks.box.hidden = this.chunks.box.hidden;
    this.chunks.box.replaceWith(chunks.box);
    this.chunks = chunks;
    this.restyle();
  }

  restyle() {
    this.theme = themeOf(this.root);
    this.root.dataset.theme = this.theme;
    const { kinds, look } = this.cells;
    const colours = kinds.map((kind) => kind[this.theme]);
    const dark = this.theme === "dark";
    const back = dark ? "#111111" : "#ffffff";
    const bytes = arrayOf(Uint8Array, this.model.get("colours")[this.theme]);
    this.picture.pixels.dye(bytes, colours, dark ? "#16191c" : "#fcfcfc");
    this.picture.style = {
      back,
      borders: dark ? "#ffffff66" : "#00000066",
      cma: dark ? "#7be38f" : "#1d7a33",
      focus: dark ? "#ffffff" : "#000000",
      halo: back,
      gaps: dark ? "#6b7075" : "#8a8f94",
    };
    this.picture.chunkColours = look.chunks[this.theme];
    this.picture.ratio = window.devicePixelRatio || 1;
    for (const [name, swatch] of Object.entries(this.chunks.swatches)) {
      swatch.style.background = this.picture.chunkColours[name];
    }
    if (this.picture.source) this.picture.resize();
    this.legend.buttons.forEach((button, number) => {
      button.querySelector(".zbl-swatch").style.background = colours[number];
    });
    this.schedule();
  }

  regrid() {
    const { picture, cells } = this;
    picture.regrid();
    this.canvas.style.width = `${picture.frame.width}px`;
    this.canvas.style.height = `${picture.frame.height}px`;
    if (picture.focus >= cells.count) picture.focus = null;
    if (picture.selected >= cells.count) picture.selected = null;
    this.tools.select.value = cells.grid.layout;
    this.tools.goTo.max = cells.grid.frames - 1;
    Object.assign(this.root.dataset, { columns: cells.columns, rows: cells.rows, layout: cells.grid.layout });
    this.showAlive();
  }

  showAlive() {
    const { alive, cells } = this.store;
    this.root.dataset.alive = alive ? "1" : "0";
    const words = alive ? cells.grid.notice ?? "" : GONE;
    say(this.notice, words);
    this.notice.hidden = words === "";
    this.tools.select.disabled = !alive;
  }

  schedule() {
    if (this.removed || this.waiting || !this.cells.columns) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.paint(now));
  }

  /** Draw once per animation frame, however many messages arrived meanwhile. */
  paint() {
    this.waiting = false;
    if (this.removed || !this.picture.source) return;
    const fading = this.picture.draw(performance.now(), !this.stillness.matches);
    this.store.painted();
    this.paints += 1;
    const { frame } = this.picture;
    Object.assign(this.root.dataset, {
      painted: this.paints, number: this.cells.number, fading: fading ? "1" : "0",
      zoom: frame.zoom, left: frame.left, top: frame.top,
    });
    this.rename();
    countLegend(this.legend, this.cells);
    say(this.summary, this.cells.summary);
    this.askForChunks();
    if (fading) this.schedule();
  }

  toggle(number) {
    this.picture.pixels.toggle(number);
    this.schedule();
    return this.picture.pixels.hidden.has(number);
  }

  // --- requests to Python --------------------------------------------------------------------

  /** Send a request, or queue it: one request of each kind is open, and the newest wins. */
  ask(message) {
    const { kind } = message;
    if (performance.now() - (this.asked[kind] ?? -Infinity) < ANSWER_MS) {
      this.wanted[kind] = message;
      return;
    }
    this.asked[kind] = performance.now();
    this.store.tell(message);
  }

  answered(kind) {
    delete this.asked[kind];
    const next = this.wanted[kind];
    delete this.wanted[kind];
    if (next) this.ask(next);
  }

  askForChunks() {
    const pages = this.picture.pooledInSight() ?? [];
    this.chunks.box.hidden = pages.length === 0;
    const missing = pages.filter((cell) => !this.cells.known.has(cell));
    if (missing.length && this.store.alive) this.ask({ kind: "chunks", frames: missing });
  }

  hearWords(frame, words) {
    this.answered("hover");
    if (frame === this.looked) this.say(words);
  }

  hearDetails(frame, told) {
    this.picture.selected = frame === null ? null : Math.floor(frame / this.cells.grid.together);
    const focused = this.details.contains(document.activeElement) ? document.activeElement : null;
    this.details.hidden = told === null;
    this.details.replaceChildren(...(told ? detailsOf(told, () => this.select(null)) : []));
    if (focused) this.refocus(focused);
    this.root.dataset.selected = frame ?? "";
  }

  /** Keep the keyboard focus in the details, or return it to the map when they close. */
  refocus(before) {
    const stays = before === this.details ? this.details : this.details.querySelector(before.tagName);
    (this.details.hidden ? this.canvas : stays ?? this.details).focus({ preventScroll: true });
  }

  // --- looking at frames ----------------------------------------------------------------------

  say(words) {
    say(this.words, words);
  }

  /** Describe a cell: at once with what is known here, then with Python's answer. */
  look(cell) {
    if (cell === null) {
      this.looked = null;
      this.say(IDLE);
      return;
    }
    const { cells } = this;
    const frame = cells.frameOf(cell);
    if (frame === this.looked) return;
    this.looked = frame;
    this.say(`${cells.framesInWords(cell)}: ${cells.kinds[cells.kindOf(cell)].words}`);
    this.ask({ kind: "hover", frame });
  }

  /** Update the description of the current frame, which may have changed in a new state. */
  lookAgain() {
    this.lookingAgain ??= setTimeout(() => {
      this.lookingAgain = null;
      const frame = this.looked;
      if (this.removed || (frame ?? Infinity) >= this.cells.grid.frames) return;
      this.ask({ kind: "hover", frame });
    }, AGAIN_MS);
  }

  moveFocus(cell) {
    if (cell === null) return;
    this.picture.focus = cell;
    this.picture.frame.reveal(...this.picture.placed(cell));
    this.root.dataset.frame = this.cells.frameOf(cell);
    this.look(cell);
    this.schedule();
  }

  /** Set the initial keyboard focus: the centre of a zoomed view, or the first frame. */
  focused() {
    if (this.picture.focus !== null || this.hands.drag || !this.cells.count) return;
    const { frame } = this.picture;
    const middle = () => this.picture.cellAt(frame.width / 2, frame.height / 2) ?? 0;
    this.moveFocus(frame.zoom > frame.least ? middle() : 0);
  }

  select(cell) {
    const frame = cell === null ? null : this.cells.frameOf(cell);
    if (frame === null) this.hearDetails(null, null);
    this.store.tell({ kind: "select", frame });
    this.schedule();
  }
}

/** Make an offscreen canvas. */
function newCanvas(columns, rows) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  return canvas;
}

/** Return whether the page around an element is light or dark. */
function themeOf(element) {
  const { jpThemeLight } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false" ? "dark" : "light";
  const set = document.documentElement.dataset.theme;
  if (set === "dark" || set === "light") return set;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
