// The player's half that talks to Python: it asks for moments. Python's half is player.py.

const STEP_MS = 1600; // a step while it plays; with Shift half of that
const REST_MS = 120; // without a question, before a large machine's picture is drawn anew

/** Asks for one thing at a time and hears the answers. Of wishes of a kind the newest wins; steps
 * add up, and what depends on the place waits for what was wished before. */
class Driver {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.known = null; // Python's last answer
    this.number = 0;
    this.busy = false;
    this.wishes = [];
    this.playing = false;
    this.pace = STEP_MS;
    model.on("msg:custom", (message) => this.hear(message));
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
    if (act === "go") this.wishes = []; // earlier wishes lead to places that are left at once
    else if (last === "step" && act === "step") message = { act, step: this.wishes.pop().step + message.step };
    else if (last === "pictures" || (last === act && act !== "find")) this.wishes.pop();
    this.wishes.push(message);
  }

  go() {
    if (this.busy || this.wish === null) return;
    this.asked = this.wishes.shift();
    this.busy = true;
    this.number += 1;
    this.model.send({ ...this.asked, number: this.number });
  }

  hear(message) {
    const drawing = message.number === this.number && this.asked?.act === "pictures";
    if (drawing) message.error ||= this.known?.error ?? ""; // what was refused stays readable
    this.known = message;
    this.each((view) => view.show());
    if (message.number !== this.number && message.number !== 0) return;
    if (message.number) this.busy = false;
    if (this.wish !== null) this.go();
    else if (message.pending) this.ask(this.asked);
    else this.afterwards(message);
  }

  /** Nothing is wished for: go on playing, or have the picture drawn. */
  afterwards(message) {
    const end = message.part === null && message.stop >= message.last;
    if (message.error || end) this.play(false);
    if (this.playing) {
      clearTimeout(this.next);
      this.next = setTimeout(() => this.playing && this.ask({ act: "step", step: 1 }), this.pace);
    } else if (!message.scene && message.number) {
      this.rest = setTimeout(() => this.ask({ act: "pictures" }), REST_MS);
    }
  }

  play(playing, pace = STEP_MS) {
    if (playing === this.playing) return;
    Object.assign(this, { playing, pace });
    if (playing) this.ask({ act: "step", step: 1 });
    else clearTimeout(this.next);
    this.each((view) => view.showPlaying());
  }
}
