// The part of the player that requests moments from Python. The Python side is player.py.

const STEP_MS = 1600; // duration of a step while playing; half of it with Shift
const REST_MS = 120; // idle time before a large machine's picture is redrawn

/** Sends one request at a time and receives the answers. The newest request of a kind wins, steps
 * add up, and requests that depend on the position wait for the earlier ones. */
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

  /** Return the last queued request, or null. */
  get wish() {
    return this.wishes.at(-1) ?? null;
  }

  enqueue(message) {
    const { act } = message;
    const last = this.wish?.act;
    if (act === "pictures" && last) return; // they are requested again afterwards
    if (act === "go") this.wishes = []; // earlier requests lead to places that are left at once
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
    if (drawing) message.error ||= this.known?.error ?? ""; // keep an error message visible
    this.known = message;
    this.each((view) => view.show());
    if (message.number !== this.number && message.number !== 0) return;
    if (message.number) this.busy = false;
    if (this.wish !== null) this.go();
    else if (message.pending) this.ask(this.asked);
    else this.afterwards(message);
  }

  /** Handle an empty queue: go on playing, or request the picture. */
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
