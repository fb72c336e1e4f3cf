// The notebook's frame map on the engine. The files of the view come first; they talk to a model with
// anywidget's interface, whose answers come from the engine instead of Python.

const HUGE_ORDER = 9;
const CELLS_ACROSS = 64; // a map's width is a multiple, so that cells are whole pixels
const DRIVER_ORDER = 9, DRIVER_FRAMES = 1 << DRIVER_ORDER; // what the driver asks for, and its alignment
const EBUSY = -16, KINDS_MASK = 7;

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
    const counts = this.given.look.kinds.map(() => 0);
    for (const cell of cells) counts[this.legend[cell]] += 1;
    const message = { kind: "frame", number: ++this.number, full: true, counts, summary: this.summary(counts), bookkeeping: "" };
    this.hear(message, [new ArrayBuffer(0), cells.buffer, Uint32Array.from(moves.flat()).buffer]);
    if (this.selected !== null) this.select(this.selected);
  }

  summary(counts) {
    const { look } = this.given;
    const parts = counts.slice(0, look.lasting).map((count, kind) => [count, look.kinds[kind].words]);
    const words = parts.filter(([count]) => count).map(([count, kind]) => `${count.toLocaleString("en")} ${kind}`);
    return `${this.machine.frames.toLocaleString("en")} page frames: ${words.join(", ")}.`;
  }

  words(frame) {
    return `pfn ${frame}: ${this.given.look.kinds[this.legend[this.machine.bytes[frame]]].words}`;
  }

  /** Show the records of a frame, field by field, as the description of the module names them. */
  select(frame) {
    this.selected = frame;
    const told = frame === null ? null : { title: this.words(frame), parts: [["struct page", this.fields("page", "pages", frame)]] };
    this.hear({ kind: "details", frame, told }, []);
  }

  fields(record, array, number) {
    const { engine, place } = this.machine;
    return Object.keys(engine.description.dtypes[record].fields).map((name) => [name, engine.field(record, place[array], name)(number)]);
  }
}

/** The map with its controls: a recorded workload, which can be left at any step. */
class LiveMap {
  constructor(box, machine, given) {
    Object.assign(this, { box, machine, given });
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

  pressCompact() {
    const { RESCAN, COMPACT } = this.given.operations;
    this.running = false;
    const [, moved] = this.machine.run([[RESCAN, 0, 0], [COMPACT, -1, 1]]);
    this.words = `${moved === 1 ? "One page" : `${moved.toLocaleString("en")} pages`} moved.`;
    this.show(this.machine.moves());
  }

  /** Return the calls that were run, [row, [name, ...arguments]], the newest last. */
  calls() {
    return [...this.machine.calls].filter(([row]) => row < this.machine.done);
  }

  /** Return the row in which the driver got what it has, or undefined. */
  get held() {
    const [row, [name]] = this.calls().findLast(([, [name]]) => name.startsWith("cma")) ?? [0, [""]];
    return name === "cmaAlloc" && this.machine.results[row] >= 0n ? row : undefined;
  }

  /** Whether a page is between two steps of its move. */
  get moving() {
    return this.calls().some(([, [name]]) => name === "moveBegin") && this.machine.move("pc") >= 0;
  }

  /** Let a driver take frames of the CMA area, or give them back. */
  pressDriver() {
    const { held, machine } = this;
    this.running = false;
    const [pfn] = machine.run([held === undefined ? ["cmaAlloc", DRIVER_FRAMES, DRIVER_ORDER] : ["cmaRelease", held]]);
    const moves = held === undefined && pfn >= 0 ? machine.moves() : [];
    const failed = pfn === EBUSY ? "a page in the CMA area cannot move" : "there is no room for the pages that are in the CMA area";
    if (held !== undefined) this.words = "The driver gave its frames back.";
    else if (pfn < 0) this.words = `The driver got nothing: ${failed}.`;
    else this.words = `The driver has ${DRIVER_FRAMES} frames in a row, from frame ${pfn} on. ${moves.length} pages moved out of its way.`;
    this.show(moves);
  }

  /** Begin to move the page of a zbud frame, or take the next step of its move. */
  pressMover() {
    const { machine, given: { steps, actor, zbud, names } } = this;
    this.running = false;
    if (!this.moving) {
      const found = [this.model.selected, ...machine.cells().keys()].find((pfn) => pfn !== null && zbud.includes(machine.bytes[pfn] & KINDS_MASK));
      if (found === undefined) this.words = "No zbud page is in memory yet.";
      else {
        machine.run([["moveBegin", found, plainBytes(actor)]]);
        this.words = `Frame ${found} has a zbud page. Compaction moves it in ${names.length} steps.`;
        this.model.select(found);
      }
      return this.show();
    }
    const pc = machine.move("pc");
    const [fault] = machine.run([["moveOn"]]);
    const [old, to, failed] = ["pfn", "new", "failed"].map((name) => machine.move(name));
    this.words = `${names[pc]}: ${fault ? "this must not happen" : steps[pc].replace("OLD", old).replace("NEW", to)}`;
    if (!this.moving && failed) this.words += " The page did not move.";
    this.show(!this.moving && !failed ? [[old, to]] : []);
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
    const { moving } = this;
    say(this.driver, this.held === undefined ? `Driver takes ${DRIVER_FRAMES} frames` : "Driver gives them back");
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
