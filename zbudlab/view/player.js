// The player on the page: transport controls, bar of steps, picture, and the folded log and frame map.

class View {
  constructor(driver, model, el) {
    this.driver = driver;
    this.model = model;
    this.root = make("div", { class: "zb zbl-player", "data-number": "0" });
    this.page = new StepPage(this.root, (place) => this.goTo(place));
    this.root.append(this.bar(), this.page.track.root, this.page.say, this.page.both, this.folds());
    keepKeys(this.root, model);
    el.append(this.root);
    this.ends = whenRestyled(this.root, () => this.page.draw());
    driver.views.add(this);
    this.showPlaying();
    if (driver.known) this.show();
    driver.ask({ act: "pictures" });
  }

  remove() {
    this.driver.views.delete(this);
    this.ends();
    if (!this.driver.views.size) this.driver.play(false);
    this.shown?.remove();
    this.watcher?.disconnect();
  }

  button(name, words, act, more = {}) {
    return make("button", { type: "button", title: words, "aria-label": words, onclick: act, ...more }, icon(name));
  }

  bar() {
    const step = (by) => () => (this.driver.play(false), this.driver.ask({ act: "step", step: by }));
    const play = (event) => this.driver.play(!this.driver.playing, event.shiftKey ? STEP_MS / 2 : STEP_MS);
    this.play = make("button", { type: "button", class: "main zbl-play", onclick: play });
    this.into = make("button", { type: "button", class: "bare zbl-inside", onclick: () => this.toggleInside() });
    this.title = make("span", { class: "what" });
    this.notice = make("span", { class: "zbl-error", role: "alert" });
    return make(
      "div",
      { class: "bar", role: "group", "aria-label": "player" },
      this.button("first", "to the beginning", () => this.toBeginning()),
      this.button("back", "one step back", step(-1)),
      this.play,
      this.button("on", "one step forward", step(1)),
      this.into,
      this.notice,
      this.title,
    );
  }

  folds() {
    this.map = make("div", {});
    const log = make("details", { class: "zbl-log" }, make("summary", {}, "the whole log"), this.log());
    const frames = make("details", { class: "zbl-all-frames" }, make("summary", {}, "all page frames"), this.map);
    frames.addEventListener("toggle", () => frames.open && this.showMap());
    return make("div", { class: "folds" }, log, frames);
  }

  /** Make a slider over all operations and a search for events. */
  log() {
    const go = (stop) => this.driver.ask({ act: "go", stop });
    this.slider = make("input", { type: "range", min: 0, max: this.model.get("last"), value: 0, class: "zbl-stop", "aria-label": "operation", oninput: () => go(Number(this.slider.value)) });
    this.box = make("input", { type: "number", min: 0, class: "zbl-number", "aria-label": "operation number" });
    const goTo = () => go(Math.max(0, Math.min(this.box.valueAsNumber || 0, Number(this.slider.max))));
    this.box.addEventListener("change", goTo);
    this.box.addEventListener("keydown", (event) => event.key === "Enter" && goTo());
    this.kind = make("select", {}, ...this.model.get("kinds").map((kind) => make("option", { value: kind }, kind)));
    const find = (by) => () => this.driver.ask({ act: "find", kind: this.kind.value, step: by });
    const search = (words, by, full) => make("button", { type: "button", "aria-label": full, onclick: find(by) }, words);
    return make(
      "div",
      { class: "log" },
      this.slider,
      this.box,
      make("label", {}, "event ", this.kind),
      search("previous", -1, "go to the previous event of this kind"),
      search("next", 1, "go to the next event of this kind"),
    );
  }

  /** Show the frame map, a separate widget, when it is unfolded. */
  async showMap() {
    if (this.shown) return;
    const model = await this.model.widget_manager.get_model(this.model.get("maps")[0].slice(10));
    this.shown = await this.model.widget_manager.create_view(model);
    this.map.append(this.shown.el);
    this.watcher = new MutationObserver(() => this.follow());
    this.watcher.observe(this.map, { subtree: true, attributeFilter: ["data-alive"] });
  }

  /** Follow the map, which knows whether the kernel is alive. */
  follow() {
    const dead = this.map.querySelector(".zbl-map")?.dataset.alive === "0";
    this.root.querySelectorAll(".bar button, .log :is(input, select, button)").forEach((control) => (control.disabled = dead));
    if (dead) this.driver.play(false);
  }

  /** Go to a step of the bar; places beyond its ends go to the steps before and after it. */
  goTo(place) {
    const { track } = this.driver.known;
    const number = track.first + place;
    if (track.kind === "part") this.driver.ask({ act: "inside", part: number });
    else this.driver.ask({ act: "go", stop: Math.min(Math.max(number, 0), this.driver.known.last) });
  }

  toBeginning() {
    const inside = this.driver.known?.track.kind === "part";
    if (inside) this.goTo(0);
    else this.driver.ask({ act: "go", stop: 0 });
  }

  toggleInside() {
    this.driver.ask(this.driver.known?.part === null ? { act: "inside", part: 1 } : { act: "outside" });
  }

  showPlaying() {
    const { playing } = this.driver;
    this.play.replaceChildren(icon(playing ? "pause" : "play"), playing ? "Pause" : "Play");
    this.play.title = playing ? "pause at this step" : "play step by step (Shift: twice as fast)";
  }

  show() {
    const { known } = this.driver;
    const focused = document.activeElement === this.page.track.root;
    this.page.show(known);
    if (focused) this.page.track.root.focus();
    this.page.say.classList.toggle("stopped", known.stopped);
    say(this.title, known.heading);
    const waiting = known.pending ? `running the log: operation ${known.reached} of ${known.last}` : "";
    say(this.notice, known.error || waiting);
    this.showPlace(known);
    Object.assign(this.root.dataset, { stop: known.stop, part: known.part ?? "", number: known.number, stale: known.scene ? "0" : "1" });
  }

  showPlace(known) {
    this.slider.max = this.box.max = known.last;
    const wished = this.driver.wish ?? (known.pending ? this.driver.asked : null);
    const stop = wished?.act === "go" ? wished.stop : known.stop;
    this.slider.value = stop;
    this.slider.setAttribute("aria-valuetext", known.title);
    if (document.activeElement !== this.box) this.box.value = stop;
    const inside = known.part !== null;
    say(this.into, inside ? "whole operation" : "step inside");
    this.into.disabled = known.stop === 0;
  }
}

export default widget(Driver, View);
