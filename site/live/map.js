// The notebook's frame map on the engine. The files of the view come first; they talk to a model with
// anywidget's interface, whose answers come from the engine instead of Python.

const HUGE_ORDER = 9;
const CELLS_ACROSS = 64; // a map's width is a multiple, so that cells are whole pixels
const DRIVER_ORDER = 9, DRIVER_FRAMES = 2 ** DRIVER_ORDER; // what the driver asks for, and its alignment
const KINDS_MASK = 7;

/** What the view takes for anywidget's model: `get`, `on`, `send`. */
class MapModel {
  constructor(machine, given) {
    Object.assign(this, { machine, given, number: 0, grid: given.grids[0], selected: null });
    const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const colours = Object.fromEntries(Object.entries(given.colours).map(([theme, text]) => [theme, bytes(text)]));
    this.values = { look: given.look, size: given.size, legend: bytes(given.legend), colours };
    this.legend = new Uint8Array(this.values.legend.buffer);
    this.places = Object.fromEntries(given.grids.map((grid) => [grid.layout, bytes(grid.places)]));
  }

  get(name) {
    return this.values[name];
  }

  on(event, act) {
    if (event === "msg:custom") this.hear = act;
  }

  /** Answer a request of the view. */
  send({ kind, frame, layout }) {
    if (kind === "hello" || kind === "layout") this.begin(layout);
    else if (kind === "hover") this.hear({ kind: "words", frame, words: this.words(frame) }, []);
    else if (kind === "select") this.select(frame);
  }

  begin(layout) {
    this.grid = this.given.grids.find((grid) => grid.layout === layout) ?? this.grid;
    this.hear({ kind: "grid", ...this.grid }, [this.places[this.grid.layout]]);
    this.update();
  }

  /** Show the machine as it is now. moves: pairs of frames that the view colours. */
  update(moves = []) {
    const cells = this.machine.cells().slice();
    const counts = countsOf(this.given.look, this.legend, cells), summary = summaryOf(this.given.look, counts, cells.length);
    const message = { kind: "frame", number: ++this.number, full: true, counts, summary, bookkeeping: "" };
    this.hear(message, [new ArrayBuffer(0), cells.buffer, Uint32Array.from(moves.flat()).buffer]);
    if (this.selected !== null) this.select(this.selected);
  }

  words(frame) {
    return `pfn ${frame}: ${this.given.look.kinds[this.legend[this.machine.bytes[frame]]].words}`;
  }

  /** Show the records of a frame, field by field, as the description of the module names them. */
  select(frame) {
    this.selected = frame;
    const told = frame === null ? null : { title: this.words(frame), parts: [["struct page", fieldsOf(this.machine, "page", "pages", frame)]] };
    this.hear({ kind: "details", frame, told }, []);
  }
}

/** The map with its controls: a recorded workload, which can be left at any step. */
class LiveMap {
  constructor(box, machine, given) {
    Object.assign(this, { box, machine, given, acts: new Acts(machine, given) });
    const room = Math.floor(box.clientWidth / CELLS_ACROSS) * CELLS_ACROSS;
    this.model = new MapModel(machine, { ...given, size: Math.min(given.size, room) });
    const root = make("div", { class: "zb livemap" }, this.top(), this.controls());
    const place = make("div", { class: "mapbox" });
    root.append(place);
    box.replaceChildren(root);
    const kept = frameMap();
    kept.initialize({ model: this.model });
    kept.render({ model: this.model, el: place });
    this.restart();
  }

  top() {
    this.huge = make("output", {});
    this.say = make("p", { class: "say", "aria-live": "polite" });
    return make("div", { class: "top" }, make("div", { class: "big" }, this.huge, make("span", {}, "huge pages", make("br"), "available")), this.say);
  }

  controls() {
    const button = (words, act, kind = "") => make("button", { type: "button", class: kind, onclick: act }, words);
    this.slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "operations run", oninput: () => this.go(this.slider.valueAsNumber) });
    this.run = button("Run", () => this.toggle(), "main");
    this.compact = button("Compact", () => this.pressCompact());
    this.switch = make("input", { type: "checkbox", role: "switch", onchange: () => this.allow() });
    const step = button("Step", () => this.go(Math.min(this.machine.done + this.given.step, this.machine.rows)));
    const again = button("start over", () => this.restart(), "bare");
    const label = make("label", { class: "switch" }, this.switch, "zbud pages can move");
    this.driver = button("", () => this.pressDriver());
    this.mover = button("", () => this.pressMover());
    const more = make("div", { class: "row" }, this.driver, this.mover);
    return make("div", { class: "do" }, make("div", { class: "row" }, this.run, step, this.compact, again), label, more, this.slider);
  }

  /** Return to the start of the recorded workload, whose first row is the switch. */
  restart() {
    const { machine, given } = this;
    this.running = false;
    machine.rows = 0;
    machine.boot();
    const [, ...rows] = given.rows;
    machine.append([this.movable(), ...rows]);
    this.words = given.words.start;
    this.show();
  }

  /** Go to a row of the script, forwards or back. */
  go(row) {
    this.machine.go(row);
    const all = row === this.machine.rows;
    this.words = all ? this.given.words.end : this.given.words.middle;
    if (all) this.running = false;
    this.show();
  }

  toggle() {
    if (this.machine.done === this.machine.rows) return;
    this.running = !this.running;
    const frame = () => {
      if (!this.running) return;
      this.go(Math.min(this.machine.done + this.given.step, this.machine.rows));
      if (this.running) requestAnimationFrame(frame);
    };
    if (this.running) requestAnimationFrame(frame);
    this.show();
  }

  /** Show what an act did. */
  did({ words, moves }) {
    this.words = words;
    this.show(moves);
  }

  pressCompact() {
    this.running = false;
    this.did(this.acts.compact());
  }

  /** Let a driver take frames of the CMA area, or give them back. */
  pressDriver() {
    this.running = false;
    this.did(this.acts.drive(DRIVER_ORDER));
  }

  /** Begin to move the page of a zbud frame, or take the next step of its move. */
  pressMover() {
    const { machine, acts, given: { zbud, names } } = this;
    this.running = false;
    if (acts.moving) return this.did(acts.on());
    const found = [this.model.selected, ...machine.cells().keys()].find((pfn) => pfn !== null && zbud.includes(machine.bytes[pfn] & KINDS_MASK));
    if (found === undefined) this.words = "No zbud page is in memory yet.";
    else {
      acts.begin(found);
      this.words = `Frame ${found} has a zbud page. Compaction moves it in ${names.length} steps.`;
      this.model.select(found);
    }
    this.show();
  }

  movable() {
    return [this.given.operations.MOVABLE, this.switch.checked ? 1 : 0, 0];
  }

  /** Follow the switch: for the whole workload if it has not started, else from here on. */
  allow() {
    if (this.machine.done === 0) return this.restart();
    this.running = false;
    this.machine.run([this.movable()]);
    const can = "Pages of zbud can move from here on. Start over to have them allocated as movable, too.";
    this.words = this.switch.checked ? can : "Pages of zbud stay where they are.";
    this.show();
  }

  show(moves = []) {
    const { machine, given } = this;
    this.model.update(moves);
    this.slider.max = machine.rows;
    this.slider.value = machine.done;
    this.slider.setAttribute("aria-valuetext", `${machine.done} of ${machine.rows} operations`);
    say(this.run, this.running ? "Pause" : "Run");
    this.run.disabled = machine.done === machine.rows;
    const { moving, held } = this.acts;
    say(this.driver, held === undefined ? `Driver takes ${DRIVER_FRAMES} frames` : "Driver gives them back");
    say(this.mover, moving ? `Next: ${given.names[machine.move("pc")]}` : "Step into a move");
    this.mover.disabled = !moving && !this.switch.checked;
    this.mover.title = this.mover.disabled ? "zbud pages cannot move: turn the switch on" : "";
    for (const control of [this.driver, this.compact, this.switch]) control.disabled = moving;
    say(this.huge, String(this.available()));
    say(this.say, this.words);
    Object.assign(this.box.dataset, { row: machine.done, rows: machine.rows });
  }

  /** Return how many blocks of 512 frames the free lists hold. */
  available() {
    const { engine, place } = this.machine;
    const [, , length] = engine.description.dtypes.zone.fields.nr_free;
    const count = (order) => engine.field("zone", place.zones, "nr_free", order)(0);
    return Array.from({ length }, (_, order) => order).slice(HUGE_ORDER).reduce((sum, order) => sum + count(order) * 2 ** (order - HUGE_ORDER), 0);
  }
}

zbudlab.view("frame map", async (box, given) => {
  new LiveMap(box, new LiveMachine(await zbudlab.engine(), await unpacked(given.image), given.description), given);
});
