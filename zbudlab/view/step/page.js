// A step on the page: bar of named steps, explanation, picture, code and changes.

const ICONS = { first: "M1 1h2v10H1zM11 1v10L4 6z", back: "M9 1v10L2 6z", on: "M3 1v10l7-5z", play: "M2 0v12l9-6z", pause: "M2 1h3v10H2zM7 1h3v10H7z" };

function icon(name) {
  return svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** A bar of named steps, which is a slider. go: called with the index of a step, from 0. */
class Track {
  constructor(go) {
    this.go = go;
    this.root = make("div", { class: "track", role: "slider", tabindex: "0", "aria-label": "step" });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("pointerdown", (event) => this.begin(event));
    this.root.addEventListener("pointermove", (event) => this.dragged && this.at(event));
    this.root.addEventListener("pointerup", () => (this.dragged = false));
  }

  show({ steps, now }, sentence) {
    this.count = steps.length;
    this.now = now;
    const bars = steps.map(([name, matters], place) => {
      const state = `${matters ? "key " : ""}${place === now ? "now" : place < now ? "past" : ""}`;
      return make("div", { class: state }, make("span", {}, name));
    });
    this.root.replaceChildren(...bars);
    const at = Math.max(now, 0);
    for (const [name, value] of [["min", 1], ["max", Math.max(steps.length, 1)], ["now", at + 1], ["text", `${at + 1}, ${steps[at]?.[0] ?? ""}: ${sentence}`]]) {
      this.root.setAttribute(`aria-value${name}`, value);
    }
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 3, PageUp: -3, Home: -this.count, End: this.count }[event.key];
    if (by === undefined || event.shiftKey || event.ctrlKey) return;
    event.preventDefault();
    const clamped = ["Home", "End", "PageDown", "PageUp"].includes(event.key);
    const to = this.now + by;
    this.now = clamped ? Math.min(Math.max(to, 0), this.count - 1) : to;
    this.go(this.now);
  }

  begin(event) {
    this.dragged = true;
    this.root.setPointerCapture(event.pointerId);
    this.at(event);
  }

  at(event) {
    const { left, width } = this.root.getBoundingClientRect();
    const to = Math.min(Math.max(Math.floor(((event.clientX - left) / width) * this.count), 0), this.count - 1);
    if (to === this.now) return;
    this.now = to;
    this.go(to);
  }
}

/** The function with its current line. */
class Listing {
  constructor() {
    this.name = make("h4", {});
    this.linux = make("p", { class: "quiet lin" });
    this.lines = make("ol", { tabindex: "0", "aria-label": "source of the function" });
    this.parts = [this.name, this.linux, this.lines];
  }

  show(code) {
    say(this.name, code.function);
    say(this.linux, code.linux || code.file);
    this.linux.title = code.file;
    const rows = code.lines.map(([depth, text], place) => {
      const near = Math.abs(place - Math.max(code.now, 3)) < 4 ? "near " : "";
      const state = place === code.now ? "now" : place < code.now ? "done" : code.now < 0 ? "done" : "";
      return make("li", { class: near + state, style: `--in:${depth}`, "aria-current": place === code.now ? "step" : null }, text);
    });
    this.lines.replaceChildren(...rows);
  }
}

/** The table of changes. */
class Changed {
  constructor() {
    this.table = make("table", {});
    this.root = make("div", { class: "fields" }, make("span", { class: "tag" }, "what changed"), this.table);
  }

  show({ changes, total }) {
    const rows = changes.map(([where, field, before, after]) =>
      make("tr", {}, make("td", {}, `${where} `, make("b", {}, field)), make("td", {}, make("del", {}, before), " \u2192 ", make("b", {}, after))),
    );
    if (!rows.length) rows.push(make("tr", {}, make("td", { class: "quiet" }, "Nothing: this step only reads.")));
    else if (total > changes.length) rows.push(make("tr", {}, make("td", { class: "quiet" }, `and ${grouped(total - changes.length)} more`)));
    this.table.replaceChildren(...rows);
  }
}

/** All parts of a step except its controls. */
class StepPage {
  constructor(root, go) {
    this.root = root;
    this.track = new Track(go);
    this.say = make("p", { class: "say", "aria-live": "polite" });
    this.listing = new Listing();
    this.changed = new Changed();
    this.left = make("div", { class: "left" });
    const right = make("div", { class: "src" }, ...this.listing.parts, this.changed.root);
    this.both = make("div", { class: "both" }, this.left, right);
  }

  show({ track, sentence, scene, code }) {
    this.track.show(track, sentence);
    say(this.say, sentence);
    this.say.dataset.step = track.steps[Math.max(track.now, 0)]?.[0] ?? ""; // shown where the bar has no names
    this.listing.show(code);
    if (!scene) return;
    this.scene = scene;
    this.sentence = sentence;
    this.changed.show(scene);
    this.draw();
  }

  draw() {
    if (this.scene) this.left.replaceChildren(drawScene(this.root, this.scene, this.sentence));
  }
}
