// The pressure panel in the notebook: one driver per panel, which requests steps from Python, and one
// view for each place where the panel is shown. The Python side is panel.py.

const PACE_MS = 50; // from one step to the next while it runs
const BUTTONS = [
  ["step", "Step", "run one step", ""],
  ["compact", "Compact", "compact all memory now", ""],
  ["reset", "start over", "restart with the same seed", "bare"],
  ["seed", "new seed", "restart with another seed", "bare"],
];

/** Sends one request at a time with the newest settings, and receives the answers. */
class Driver {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.settings = {}; // changed since the last request
    this.sent = {}; // changed with the last request
    this.known = {}; // settings from Python
    this.said = {}; // the same in words
    this.told = null; // Python's last answer: blocks, kinds, events, summaries
    this.next = null; // next request, except for running
    this.number = 0;
    this.busy = false;
    this.alive = true;
    this.error = "";
    this.rows = model.get("names").map(() => new Rows(model.get("columns"), model.get("history")));
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:running", () => this.runs());
    model.on("comm_live_update", () => model.comm_live === false && this.lose());
    watchKernel(model.widget_manager, () => this.lose());
  }

  lose() {
    this.alive = false;
    this.each((view) => view.showAlive());
  }

  get running() {
    return this.model.get("running");
  }

  run(running) {
    this.model.set("running", running);
    this.model.save_changes();
  }

  runs() {
    this.each((view) => view.showRunning());
    this.go();
  }

  each(act) {
    this.views.forEach(act);
  }

  change(name, value) {
    this.settings[name] = value;
    this.ask("change");
  }

  /** Ask for the frames of a block, which large machines send only then; null: of none. */
  open(machine, block) {
    this.opened = block === null ? null : [machine, block];
    this.ask("hello");
  }

  /** Queue a request. A change waits behind any other request, as all carry the changed settings. */
  ask(act) {
    if (this.next === null || act !== "change") this.next = act;
    this.go();
  }

  go() {
    if (this.busy || !this.alive) return;
    const act = this.next ?? (this.running && this.views.size ? "run" : null);
    if (act === null) return;
    this.next = null;
    this.busy = true;
    this.asked = performance.now();
    this.number += 1;
    this.sent = this.settings;
    this.settings = {};
    this.model.send({ act, number: this.number, settings: this.sent, opened: this.opened ?? null });
  }

  hear(message, buffers) {
    const many = this.rows.length, bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);
    this.rows.forEach((rows, i) => rows.take(buffers[i], message.fresh));
    this.told = { ...message, kinds: this.rows.map((_, i) => bytes(buffers[many + i])) };
    this.known = message.settings;
    this.said = message.said;
    this.error = message.error;
    this.each((view) => view.schedule(message.number));
    if (message.number !== this.number) return; // Python sent this without a request
    this.busy = false;
    this.sent = {};
    if (this.next !== null) this.go();
    else if (this.running) setTimeout(() => this.go(), PACE_MS - (performance.now() - this.asked));
  }
}

class View {
  constructor(driver, model, el) {
    this.driver = driver;
    this.model = model;
    this.painted = 0;
    this.maps = new Map(); // frame maps by machine, shown when unfolded
    this.root = make(
      "div",
      { class: "zb zbl-panel", "data-painted": "0" },
      this.buttons(),
      this.settings(),
      make("div", { class: "zbl-machines" }, ...this.machines()),
    );
    this.root.dataset.machines = this.columns.length;
    el.append(this.root);
    keepKeys(this.root, model);
    this.ends = whenRestyled(this.root, () => this.schedule(this.painted));
    driver.views.add(this);
    this.showRunning();
    this.showAlive();
    driver.ask("hello");
  }

  remove() {
    this.driver.views.delete(this);
    this.ends();
    this.maps.forEach((map) => map.remove());
  }

  buttons() {
    const { driver } = this;
    this.play = make("button", { type: "button", class: "main zbl-run", onclick: () => driver.run(!driver.running) });
    const buttons = BUTTONS.map(([act, label, title, look]) =>
      make("button", { type: "button", class: look, title, "data-act": act, onclick: () => driver.ask(act) }, label),
    );
    this.status = make("span", { class: "zbl-status", role: "status" });
    this.alert = make("span", { class: "zbl-error", role: "alert" });
    this.notice = make("p", { class: "zbl-notice", role: "status", hidden: "" });
    const bar = make("div", { class: "zbl-buttons", role: "group", "aria-label": "machine" }, this.play, ...buttons.slice(0, 2), this.status, ...buttons.slice(2));
    this.bar = bar;
    return make("div", {}, this.notice, bar, this.alert);
  }

  settings() {
    this.inputs = {};
    const specs = this.model.get("form");
    const rows = specs.map((spec) => {
      this.inputs[spec.name] = control(spec, spec.value, (name, value) => this.driver.change(name, value));
      return this.inputs[spec.name].row;
    });
    const inBar = ({ primary, kind }) => primary && kind === "switch";
    this.bar.append(...rows.filter((_, i) => inBar(specs[i])));
    const primary = rows.filter((_, i) => specs[i].primary && !inBar(specs[i])), others = rows.filter((_, i) => !specs[i].primary);
    this.values = make("span", {});
    const more = make("details", { class: "zbl-more" }, make("summary", {}, make("b", {}, "More settings"), " ", this.values), make("div", { class: "zbl-controls" }, ...others));
    return make("div", { class: "zbl-settings", role: "group", "aria-label": "pressure" }, make("div", { class: "zbl-controls" }, ...primary), more);
  }

  machines() {
    const charts = this.model.get("charts"), folded = charts.filter(({ folded }) => folded);
    this.columns = this.model.get("names").map((name, place) => {
      const tell = (words) => this.tell(words);
      const blocks = new BlockMap({ told: tell, open: (block) => this.driver.open(place, block) });
      const read = (row) => tell(row === null ? null : this.atStep(place, row));
      const curves = [new Curves(charts.filter(({ folded }) => !folded), read), new Curves(folded, read)];
      const output = make("output", {}), says = make("p", {}), figures = make("p", { class: "zbl-figures" });
      const map = make("div", {});
      const fold = (title, ...inside) => {
        const made = make("details", {}, make("summary", {}, title), ...inside);
        made.addEventListener("toggle", () => this.schedule(this.painted));
        return made;
      };
      const frames = fold("All page frames", map);
      frames.addEventListener("toggle", () => frames.open && this.showMap(place, map));
      const folds = make("div", { class: "zbl-folds" }, fold("More curves", curves[1].root), fold("All figures", figures), frames);
      const left = make("div", { class: "zbl-left-half" }, blocks.root, make("div", { class: "zbl-number" }, output, says), this.legend());
      const heading = name ? [make("h3", {}, name)] : [];
      const root = make("section", { "aria-label": name || "machine" }, ...heading, left, curves[0].root, folds);
      return { name, blocks, curves, output, says, figures, root };
    });
    return this.columns.map((column) => column.root);
  }

  legend() {
    return legendOfKinds([[PROCESS, "program"], [ZBUD1, "zbud, one buddy"], [ZBUD2, "two"], [KERNEL, "kernel"], [FREE, "free"]]);
  }

  /** Show the frame map of a machine, which is a separate widget. */
  async showMap(place, box) {
    if (this.maps.has(place)) return;
    this.maps.set(place, { remove() {} });
    const manager = this.model.widget_manager;
    const view = await manager.create_view(await manager.get_model(this.model.get("maps")[place].slice(10)));
    this.maps.set(place, view);
    box.append(view.el);
  }

  /** Show words in the status line; null: the current step. */
  tell(words) {
    const { rows } = this.driver;
    this.words = words;
    say(this.status, words ?? `step ${rows[0].rows.at(-1)?.[0] ?? 0}`);
  }

  atStep(place, row) {
    const rows = this.driver.rows[place], value = (name) => short(rows.of(name)[row]);
    return `step ${value("step")}: ${value("huge")} huge pages, ${value("stored")} pages stored in ${value("pool")} frames`;
  }

  showAlive() {
    const dead = !this.driver.alive;
    this.root.dataset.alive = dead ? "0" : "1";
    say(this.notice, dead ? GONE : "");
    this.notice.hidden = !dead;
    this.root.querySelectorAll(".zbl-buttons button, .zbl-control :is(input, select)").forEach((input) => (input.disabled = dead));
  }

  showRunning() {
    const { running } = this.driver;
    say(this.play, running ? "Pause" : "Run");
    this.play.title = running ? "pause at this step" : "run step by step";
    this.root.dataset.running = running ? "1" : "0";
  }

  schedule(number) {
    this.newest = Math.max(number, this.newest ?? 0);
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.paint());
  }

  showCurves() {
    const { rows, told, known } = this.driver;
    const charts = this.model.get("charts");
    for (const which of [0, 1]) {
      const shown = charts.filter(({ folded }) => Boolean(folded) === Boolean(which));
      const ranges = shown.map((chart) => extent(chart, rows.flatMap((of) => series(chart, of)), known.frames));
      this.columns.forEach(({ curves }, i) => {
        const other = rows.length > 1 ? rows[1 - i] : null;
        curves[which].draw({ rows: rows[i], other, ranges, movable: told.blocks[i].movable, events: told.events });
      });
    }
  }

  showBlocks() {
    const { told, rows } = this.driver, ink = kept(inks(this.root));
    this.columns.forEach(({ blocks, output, says, root }, i) => {
      blocks.show({ ...told.blocks[i], kinds: told.kinds[i] }, ink);
      const huge = rows[i].last("huge");
      say(output, short(huge));
      say(says, told.blocks[i].says);
      root.classList.toggle("good", huge > 0);
      root.querySelectorAll(".legend canvas").forEach((key) => {
        const kind = Number(key.dataset.kind);
        key.parentNode.hidden = told.kinds[i].length > 0 && kind !== FREE && !told.kinds[i].includes(kind);
      });
    });
    drawKeys(this.root);
  }

  paint() {
    this.waiting = false;
    const { rows, known, said, error, settings, sent, told } = this.driver;
    if (told && rows[0].rows.length) {
      this.showBlocks();
      this.showCurves();
      this.columns.forEach((column, i) => say(column.figures, told.summaries[i] ?? ""));
      this.tell(this.words ?? null);
    }
    say(this.alert, error);
    for (const [name, value] of Object.entries(known)) {
      if (!(name in settings || name in sent)) this.inputs[name]?.set(value, said[name]);
    }
    if (told) say(this.values, told.folded); // the folded settings in words
    this.root.dataset.seed = known.seed;
    this.painted = this.newest;
    this.root.dataset.painted = this.painted;
  }
}

export default widget(Driver, View);
