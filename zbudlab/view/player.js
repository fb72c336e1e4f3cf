// The player in the notebook: a driver a player, who asks Python for moments; a view for each
// place where it is shown. Python's half is player.py.

const SPEEDS = [1, 2, 5, 10, 25]; // steps a second
const REST_MS = 120; // without a question, before the tree and the lists are drawn anew
const DRAWN_MS = 1000; // while it plays too fast for that, they are drawn this often

/** Asks for one thing at a time; hears the answers. Of wishes of a kind the newest wins; steps add
 * up, and what depends on where one is waits for what was wished before. */
class Driver {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.known = null; // Python's last answer
    this.pictures = []; // of the radix tree and of the lists, as addresses
    this.number = 0;
    this.busy = false;
    this.wishes = [];
    this.drawn = 0; // when the pictures came
    this.playing = false;
    this.speed = 2;
    this.theme = "light"; // of the page: pictures are drawn for it
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
  }

  each(act) {
    this.views.forEach(act);
  }

  ask(message) {
    if (message.act !== "pictures" && message.act !== "step") this.play(false);
    clearTimeout(this.rest);
    this.enqueue(message);
    this.go();
  }

  /** The last wish, or null. */
  get wish() {
    return this.wishes.at(-1) ?? null;
  }

  enqueue(message) {
    const { act } = message;
    const last = this.wish?.act;
    if (act === "pictures" && last) return; // they are asked for again afterwards
    if (act === "go") this.wishes = []; // wherever one would have been by then
    else if (last === "step" && act === "step") message = { act, step: this.wishes.pop().step + message.step };
    else if (last === "pictures" || (last === act && act !== "find")) this.wishes.pop();
    this.wishes.push(message);
  }

  go() {
    if (this.busy || this.wish === null) return;
    this.asked = this.wishes.shift();
    this.busy = true;
    this.number += 1;
    this.started = performance.now();
    this.model.send({ ...this.asked, number: this.number, theme: this.theme });
  }

  hear(message, buffers) {
    const drawing = message.number === this.number && this.asked?.act === "pictures";
    if (drawing) message.error ||= this.known?.error ?? ""; // what was refused stays to be read
    this.known = message;
    if (buffers.length) this.take(buffers, message);
    this.each((view) => view.show());
    if (message.number !== this.number && message.number !== 0) return;
    if (message.number) this.busy = false;
    if (this.wish !== null) this.go();
    else if (message.pending) this.ask(this.asked);
    else this.afterwards(message, buffers);
  }

  /** The page has this theme now: have the pictures drawn for it. */
  dye(theme) {
    if (theme === this.theme) return;
    this.theme = theme;
    if (this.known && this.wish === null) this.ask({ act: "pictures" });
  }

  /** Nothing is wished for: go on playing, or have the pictures drawn. */
  afterwards(message, buffers) {
    const end = message.part === null ? message.stop >= message.last : false;
    if (message.error || end) this.play(false);
    const drawn = buffers.length > 0;
    if (this.playing) {
      const pace = 1000 / this.speed - (performance.now() - this.started);
      const wait = Math.max(pace, 0);
      const due = wait > 2 * REST_MS || performance.now() - this.drawn > DRAWN_MS;
      if (!drawn && due) this.rest = setTimeout(() => this.ask({ act: "pictures" }), Math.min(REST_MS, wait / 2));
      clearTimeout(this.next);
      this.next = setTimeout(() => this.playing && this.ask({ act: "step", step: 1 }), wait);
    } else if (!drawn && message.number) {
      this.rest = setTimeout(() => this.ask({ act: "pictures" }), REST_MS);
    }
  }

  take(buffers, { stop, part }) {
    this.drawnFor = `${stop} ${part}`;
    this.drawn = performance.now();
    this.pictures.forEach((address) => URL.revokeObjectURL(address));
    this.pictures = buffers.map((buffer) => URL.createObjectURL(new Blob([buffer], { type: "image/png" })));
  }

  play(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    if (playing) this.ask({ act: "step", step: 1 });
    else clearTimeout(this.next);
    this.each((view) => view.showPlaying());
  }
}

class View {
  constructor(driver, model, el) {
    this.driver = driver;
    this.model = model;
    this.name = unique("zbl-player");
    this.root = make(
      "div",
      { class: "zbl-player", "data-number": "0" },
      this.buttons(),
      this.sliders(),
      this.told(),
      make("div", { class: "zbl-both" }, (this.map = make("div", { class: "zbl-place" })), this.beside()),
      this.below(),
    );
    keepKeys(this.root, model);
    el.append(this.root);
    this.watcher = new MutationObserver(() => this.follow());
    driver.views.add(this);
    this.showPlaying();
    this.showMap().then(() => driver.ask({ act: "pictures" }));
  }

  remove() {
    this.driver.views.delete(this);
    this.watcher.disconnect();
    if (!this.driver.views.size) this.driver.play(false);
    this.shown?.remove();
  }

  button(label, words, act) {
    return make("button", { type: "button", title: words, "aria-label": words, onclick: act }, label);
  }

  buttons() {
    const ask = (message) => () => this.driver.ask(message);
    const step = (by) => () => (this.driver.play(false), this.driver.ask({ act: "step", step: by }));
    this.play = make("button", { type: "button", class: "zbl-play", onclick: () => this.driver.play(!this.driver.playing) });
    const speeds = SPEEDS.map((speed) => make("option", { value: speed }, `${speed} a second`));
    this.speed = make("select", { onchange: () => (this.driver.speed = Number(this.speed.value)) }, ...speeds);
    this.speed.value = this.driver.speed;
    const kinds = this.model.get("kinds").map((kind) => make("option", { value: kind }, kind));
    this.kind = make("select", {}, ...kinds);
    const find = (by) => () => this.driver.ask({ act: "find", kind: this.kind.value, step: by });
    this.into = make("button", { type: "button", class: "zbl-inside", onclick: () => this.toggleInside() }, "step inside");
    this.notice = make("span", { class: "zbl-error", role: "alert" });
    return make(
      "div",
      { class: "zbl-buttons", role: "group", "aria-label": "player" },
      this.button("\u21e4", "to the beginning", ask({ act: "go", stop: 0 })),
      this.button("\u25c0", "one step back", step(-1)),
      this.play,
      this.button("\u25b6", "one step on", step(1)),
      make("label", {}, "speed ", this.speed),
      this.into,
      make("label", {}, "event ", this.kind),
      this.button("\u2190 last", "go to the event of this kind before", find(-1)),
      this.button("next \u2192", "go to the next event of this kind", find(1)),
      this.notice,
    );
  }

  sliders() {
    const go = () => this.driver.ask({ act: "go", stop: Number(this.slider.value) });
    this.slider = make("input", { type: "range", min: 0, max: this.model.get("last"), value: 0, class: "zbl-stop", oninput: go });
    this.box = make("input", { type: "number", min: 0, class: "zbl-number", "aria-label": "operation number" });
    const goTo = () => this.driver.ask({ act: "go", stop: Math.max(0, Math.min(this.box.valueAsNumber || 0, Number(this.slider.max))) });
    this.box.addEventListener("change", goTo);
    this.box.addEventListener("keydown", (event) => event.key === "Enter" && goTo());
    const enter = () => this.driver.ask({ act: "inside", part: Number(this.parts.value) });
    this.parts = make("input", { type: "range", min: 0, max: 0, value: 0, class: "zbl-part", oninput: enter });
    this.stage = make("output", {});
    this.inner = make("label", { class: "zbl-line zbl-inner" }, make("span", {}, "inside it"), this.parts, this.stage);
    const outer = make("div", { class: "zbl-line" }, make("label", { for: this.name }, "operation"), this.slider, this.box);
    this.slider.id = this.name;
    return make("div", { class: "zbl-sliders" }, outer, this.inner);
  }

  /** What was done and why: above all else, so that it is in sight however narrow the page is. */
  told() {
    this.title = make("div", { class: "zbl-title" });
    this.sentence = make("p", { class: "zbl-sentence", "aria-live": "polite" });
    return make("div", {}, this.title, this.sentence);
  }

  beside() {
    this.code = make("pre", { tabindex: 0, role: "region", "aria-label": "source of the function" });
    this.where = make("summary", {});
    this.linux = make("p", { class: "zbl-linux" });
    this.changed = make("summary", {});
    this.changes = make("tbody", {});
    const names = ["record", "field", "before", "after"].map((name) => make("th", { scope: "col" }, name));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...names)), this.changes);
    const scroll = make("div", { class: "zbl-scroll", tabindex: 0, role: "region", "aria-label": "changed fields" }, table);
    return make(
      "div",
      { class: "zbl-beside" },
      make("details", { open: "" }, this.changed, scroll),
      make("details", { open: "" }, this.where, this.linux, this.code),
    );
  }

  below() {
    const names = ["the handles' radix tree", "the lists of zbud"];
    this.images = names.map((name) => make("img", { alt: name }));
    const parts = names.map((name, i) => make("details", { open: "" }, make("summary", {}, name), this.images[i]));
    return make("div", { class: "zbl-pictures" }, ...parts);
  }

  /** Show the frame map, a widget of its own. */
  async showMap() {
    const manager = this.model.widget_manager;
    const model = await manager.get_model(this.model.get("maps")[0].slice(10));
    this.shown = await manager.create_view(model);
    this.map.append(this.shown.el);
    this.watcher.observe(this.map, { subtree: true, attributeFilter: ["data-theme", "data-alive"] });
    this.follow();
  }

  /** Do as the map does: it knows the theme, and whether there is a kernel. */
  follow() {
    const { theme, alive } = this.root.querySelector(".zbl-map")?.dataset ?? {};
    this.root.dataset.theme = theme ?? "light";
    this.driver.dye(this.root.dataset.theme);
    const dead = alive === "0";
    const controls = this.root.querySelectorAll(".zbl-buttons :is(button, select), .zbl-sliders input");
    controls.forEach((control) => (control.disabled = dead));
    if (dead) this.driver.play(false);
  }

  toggleInside() {
    const { known } = this.driver;
    this.driver.ask(known?.part === null ? { act: "inside", part: 1 } : { act: "outside" });
  }

  showPlaying() {
    this.play.textContent = this.driver.playing ? "pause" : "play";
    this.play.title = this.driver.playing ? "stop here" : "go on step by step";
  }

  show() {
    const { known, pictures } = this.driver;
    this.showPlace(known);
    this.title.textContent = known.title;
    if (this.sentence.textContent !== known.sentence) this.sentence.textContent = known.sentence;
    const waiting = known.pending ? `running the log: operation ${known.reached} of ${known.last} ...` : "";
    const told = known.error || waiting;
    if (this.notice.textContent !== told) this.notice.textContent = told;
    this.showChanges(known);
    this.showSource(known);
    this.images.forEach((image, i) => {
      if (pictures[i] && image.src !== pictures[i]) image.src = pictures[i];
    });
    this.root.dataset.stale = this.driver.drawnFor === `${known.stop} ${known.part}` ? "0" : "1";
    this.root.dataset.stop = known.stop;
    this.root.dataset.part = known.part ?? "";
    this.root.dataset.number = known.number;
  }

  showPlace(known) {
    this.slider.max = known.last;
    this.box.max = known.last;
    const wished = this.driver.wish ?? (known.pending ? this.driver.asked : null);
    const stop = wished?.act === "go" ? wished.stop : known.stop;
    this.slider.value = stop;
    this.slider.setAttribute("aria-valuetext", known.title);
    if (document.activeElement !== this.box) this.box.value = stop;
    const inside = known.part !== null;
    this.inner.hidden = !inside;
    this.into.textContent = inside ? "whole operation" : "step inside";
    this.into.setAttribute("aria-pressed", String(inside));
    this.into.disabled = known.stop === 0;
    this.parts.max = known.stages.length;
    if (this.driver.wish?.act !== "inside") this.parts.value = known.part ?? 0;
    const stage = inside && known.part ? known.stages[known.part - 1] : "before it";
    const of = known.whole ? known.stages.length : `the first ${known.stages.length}`;
    this.stage.textContent = `${known.part ?? 0} of ${of}: ${stage}`;
  }

  showChanges(known) {
    const more = known.total > known.changes.length ? `, ${known.changes.length} of them listed` : "";
    this.changed.textContent = `${known.total ?? 0} changed fields${more}`;
    const rows = known.changes.map(([where, field, before, after, frame]) => {
      const words = frame < 0 ? where : make("button", { type: "button", title: "show this frame on the map", onclick: () => this.driver.ask({ act: "select", frame }) }, where);
      const cells = [field, before, after].map((text) => make("td", {}, text));
      return make("tr", {}, make("th", { scope: "row" }, words), ...cells);
    });
    this.changes.replaceChildren(...rows);
  }

  showSource(known) {
    const place = known.function ? `${known.function}, ${known.file}:${known.line}` : "no function";
    this.where.textContent = place;
    this.linux.textContent = known.linux ? `In Linux: ${known.linux}` : "";
    if (this.code.textContent === known.source) return;
    this.code.textContent = known.source;
    this.code.scrollTop = 0;
  }
}

export default widget(Driver, View);
