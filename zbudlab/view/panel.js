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
    this.next = null; // next request, except for running
    this.number = 0;
    this.busy = false;
    this.summaries = [];
    this.error = "";
    this.rows = model.get("names").map(() => new Rows(model.get("columns"), model.get("history")));
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("change:running", () => this.runs());
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

  /** Queue a request. A change waits behind any other request, as all carry the changed settings. */
  ask(act) {
    if (this.next === null || act !== "change") this.next = act;
    this.go();
  }

  go() {
    if (this.busy) return;
    const act = this.next ?? (this.running && this.views.size ? "run" : null);
    if (act === null) return;
    this.next = null;
    this.busy = true;
    this.asked = performance.now();
    this.number += 1;
    this.sent = this.settings;
    this.settings = {};
    this.model.send({ act, number: this.number, settings: this.sent });
  }

  hear(message, buffers) {
    message.summaries.forEach((words, i) => (this.summaries[i] = words));
    this.rows.forEach((rows, i) => rows.take(buffers[i], message.fresh));
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
    this.root = make(
      "div",
      { class: "zb zbl-panel", "data-painted": "0" },
      this.buttons(),
      this.controls(),
      make("div", { class: "zbl-machines" }, ...this.machines()),
    );
    el.append(this.root);
    keepKeys(this.root, model);
    this.watcher = new MutationObserver(() => this.follow());
    driver.views.add(this);
    this.showRunning();
    this.showMaps().then(() => driver.ask("hello"));
  }

  remove() {
    this.driver.views.delete(this);
    this.watcher.disconnect();
    this.maps?.forEach((map) => map.remove());
  }

  buttons() {
    const { driver } = this;
    this.play = make("button", { type: "button", class: "main zbl-run", onclick: () => driver.run(!driver.running) });
    const others = BUTTONS.map(([act, label, title, look]) =>
      make("button", { type: "button", class: look, title, "data-act": act, onclick: () => driver.ask(act) }, label),
    );
    this.notice = make("span", { class: "zbl-error", role: "alert" });
    return make("div", { class: "zbl-buttons", role: "group", "aria-label": "machine" }, this.play, ...others, this.notice);
  }

  controls() {
    this.inputs = {};
    const rows = this.model.get("form").map((spec) => {
      this.inputs[spec.name] = control(spec, spec.value, (name, value) => this.driver.change(name, value));
      return this.inputs[spec.name].row;
    });
    const specs = this.model.get("form");
    const primary = rows.filter((_, i) => specs[i].primary), others = rows.filter((_, i) => !specs[i].primary);
    this.values = make("span", {});
    const more = make("details", { class: "zbl-more" }, make("summary", {}, make("b", {}, "More settings"), " ", this.values), make("div", { class: "zbl-controls" }, ...others));
    return make("div", { class: "zbl-settings", role: "group", "aria-label": "pressure" }, make("div", { class: "zbl-controls" }, ...primary), more);
  }

  /** Show the values of the folded settings as text. */
  tellFolded(said) {
    const folded = this.model.get("form").filter(({ primary }) => !primary);
    say(this.values, folded.map(({ name, label }) => `${label} ${said[name]}`).join(" \u00b7 "));
  }

  machines() {
    this.columns = this.model.get("names").map((name) => {
      const charts = this.model.get("charts").map((chart) => new Chart(chart));
      const map = make("div", { class: "zbl-place" });
      const summary = make("p", { class: "zbl-figures" });
      const shown = charts.filter(({ chart }) => !chart.folded), folded = charts.filter(({ chart }) => chart.folded);
      const more = make("details", {}, make("summary", {}, "More curves"), make("div", { class: "zbl-charts" }, ...folded.map(({ root }) => root)));
      more.addEventListener("toggle", () => this.schedule(this.painted));
      const side = make("div", { class: "zbl-side" }, make("div", { class: "zbl-charts" }, ...shown.map(({ root }) => root)), more);
      const title = name ? [make("h3", {}, name)] : [];
      const root = make("section", { "aria-label": name || "machine" }, ...title, make("div", { class: "zbl-both" }, map, side), summary);
      return { name, charts, map, summary, root };
    });
    return this.columns.map((column) => column.root);
  }

  /** Show the frame maps, which are separate widgets. */
  async showMaps() {
    const manager = this.model.widget_manager;
    const models = await Promise.all(this.model.get("maps").map((map) => manager.get_model(map.slice(10))));
    this.maps = await Promise.all(models.map((model) => manager.create_view(model)));
    this.maps.forEach((view, i) => this.columns[i].map.append(view.el));
    this.watcher.observe(this.root, { subtree: true, attributeFilter: ["data-theme", "data-alive"] });
    this.follow();
  }

  /** Follow the maps, which know the theme and whether the kernel is alive. */
  follow() {
    const { theme, alive } = this.root.querySelector(".zbl-map")?.dataset ?? {};
    if (theme === undefined || (theme === this.theme && alive === this.alive)) return;
    Object.assign(this, { theme, alive });
    this.dye();
    const dead = alive === "0";
    this.root.querySelectorAll(".zbl-buttons button, .zbl-control :is(input, select)").forEach((input) => (input.disabled = dead));
    this.schedule(this.painted);
  }

  /** Give the curves the colours of the theme and of their machine. */
  dye() {
    const ink = inks(this.root);
    this.columns.forEach(({ charts, name }) => {
      const movable = name ? name.includes("can move") : this.driver.known.movable ?? true;
      charts.forEach((chart) => chart.dye(ink, movable));
    });
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

  /** Draw before changing text: reading a canvas's size afterwards would force a layout. */
  showCurves(rows) {
    const ranges = this.model.get("charts").map((chart, place) => {
      const lines = rows.map((of) => series(chart, of));
      const range = extent(chart, lines.flat());
      this.columns.forEach((column, i) => column.charts[place].draw(lines[i], range));
      return range;
    });
    this.columns.forEach(({ charts }, i) => charts.forEach((chart, place) => chart.tell(rows[i], ranges[place])));
  }

  paint() {
    this.waiting = false;
    const { rows, summaries, known, said, error, settings, sent } = this.driver;
    this.dye();
    if (rows[0].rows.length) this.showCurves(rows);
    this.columns.forEach((column, i) => say(column.summary, summaries[i] ?? ""));
    say(this.notice, error);
    for (const [name, value] of Object.entries(known)) {
      if (!(name in settings || name in sent)) this.inputs[name]?.set(value, said[name]);
    }
    if ("seed" in known) this.tellFolded(said);
    this.root.dataset.seed = known.seed;
    this.painted = this.newest;
    this.root.dataset.painted = this.painted;
  }
}

export default widget(Driver, View);
