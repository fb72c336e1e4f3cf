// The hero: two blocks, a button and a switch. Its story is recorded, so it needs no kernel.

const LEGEND = [[PROCESS, "page of a program"], [ZBUD2, "zbud page: two compressed pages"], [FREE, "free"]];

/** A hero in an element. */
class Hero {
  constructor(root, recorded) {
    this.root = root;
    this.story = new Story(recorded);
    root.replaceChildren(this.top(), this.picture(), this.under(), this.foot());
    this.stage = new Stage(this.canvas, root, this.story);
    this.ends = whenRestyled(this.box, () => this.size());
    this.show();
    this.size();
  }

  remove() {
    this.stage.stop();
    this.ends();
  }

  top() {
    return make("div", { class: "top" }, make("p", { class: "quiet" }, "Memory of 1,024 page frames: two blocks of 512"), legendOfKinds(LEGEND));
  }

  picture() {
    this.canvas = make("canvas", { class: "map", role: "img" });
    this.won = make("div", { class: "won", "aria-hidden": "true" }, "512 free frames in a row", make("br"), "one huge page, 2 MiB");
    this.note = make("div", { class: "note", "aria-hidden": "true" }, make("b", {}, "1 zbud page cannot move."), "Its owner holds its address.");
    this.box = make("div", { class: "stage" }, this.canvas, this.won, this.note);
    return this.box;
  }

  under() {
    this.counts = [0, 1].map(() => make("div", {}));
    return make("div", { class: "under" }, ...this.counts);
  }

  foot() {
    this.number = make("output", {});
    this.unit = make("span", {});
    this.say = make("p", { class: "say", "aria-live": "polite" });
    this.go = make("button", { type: "button", class: "main", onclick: () => this.compact() }, "Compact");
    this.again = make("button", { type: "button", class: "bare", onclick: () => this.reset() }, "start over");
    this.switch = make("input", { type: "checkbox", role: "switch", onchange: () => this.toggle() });
    const row = make("div", { class: "row" }, this.go, this.again);
    const label = make("label", { class: "switch" }, this.switch, "zbud pages can move");
    const big = make("div", { class: "big" }, this.number, this.unit);
    return make("div", { class: "foot" }, big, this.say, make("div", { class: "do" }, row, label));
  }

  compact() {
    if (!this.story.ready) return;
    const moves = this.story.next();
    this.story.begin();
    this.show();
    this.stage.play(moves, () => this.count(), () => (this.story.end(), this.show()));
  }

  reset() {
    this.stage.stop();
    this.story.movable = this.switch.checked = false;
    this.story.reset();
    this.show();
    this.go.focus();
  }

  toggle() {
    this.story.movable = this.switch.checked;
    this.show();
  }

  size() {
    const width = this.box.clientWidth;
    if (!width) return;
    this.stage.size(width);
    this.root.style.setProperty("--gap", `${this.stage.gap}px`);
    drawKeys(this.root);
    this.stage.draw();
    this.put();
  }

  count() {
    const free = [0, 1].map((block) => this.story.free(block));
    this.counts.forEach((line, block) => line.replaceChildren(make("b", {}, String(free[block])), " of 512 frames free"));
    return free;
  }

  show() {
    const { story } = this;
    const [left, right] = this.count();
    this.root.dataset.state = story.state;
    say(this.number, String(story.huge));
    this.unit.replaceChildren(story.huge === 1 ? "huge page" : "huge pages", make("br"), "available");
    say(this.say, story.sentence);
    this.go.disabled = !story.ready;
    this.switch.disabled = story.state === "moving";
    this.again.style.visibility = story.state === "start" ? "hidden" : "visible";
    this.canvas.setAttribute("aria-label", `Left block: ${left} of 512 frames free. Right block: ${right} of 512 frames free.`);
    this.stage.draw();
    this.put();
  }

  /** Position the callout next to the remaining page and the words in the free block. */
  put() {
    const { cell: side, width } = this.stage;
    if (!side || this.story.zbud < 0) return;
    const [x, y] = this.stage.place(this.story.zbud);
    const room = x + side + 27 + this.note.offsetWidth <= width;
    this.note.classList.toggle("left", !room);
    const left = room ? x + side + 27 : x - 27 - this.note.offsetWidth;
    Object.assign(this.note.style, { left: `${Math.max(left, 0)}px`, top: `${y + side / 2 - this.note.offsetHeight / 2}px` });
    Object.assign(this.won.style, { width: `${SIDE * side}px`, height: `${ROWS * side}px` });
  }
}
