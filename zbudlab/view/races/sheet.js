// A schedule as lanes: drawings made in Python (lanes.py), a step that is marked, and keys.

/** Shows a sheet; `went` gets the step that was clicked or reached by keys, null = not chosen. */
class Sheet {
  constructor(went) {
    this.went = went;
    this.now = -1;
    this.words = [];
    this.root = make("div", { class: "sheet", onclick: (event) => this.clicked(event) });
    if (went) {
      this.root.tabIndex = 0;
      this.root.setAttribute("role", "slider");
      this.root.setAttribute("aria-label", "step of the schedule");
      this.root.addEventListener("keydown", (event) => this.pressed(event));
    }
  }

  /** Show a sheet: { wide, narrow, words }. The drawings come from Python, which escapes names. */
  show(sheet) {
    this.words = sheet.words;
    this.root.innerHTML = sheet.wide + sheet.narrow;
    if (this.went) this.root.querySelectorAll("svg").forEach((drawing) => drawing.setAttribute("aria-hidden", "true"));
    this.mark(this.now);
  }

  mark(now) {
    this.now = now;
    this.root.querySelectorAll("[data-step]").forEach((step) => step.classList.toggle("now", Number(step.dataset.step) === now));
    if (!this.went) return;
    const last = Math.max(this.words.length, 1);
    const told = { min: 1, max: last, now: now + 1, text: this.words[now] ?? "" };
    for (const [name, value] of Object.entries(told)) this.root.setAttribute(`aria-value${name}`, value);
  }

  clicked(event) {
    const step = event.target.closest("[data-step]");
    if (step && this.went) this.went(Number(step.dataset.step));
  }

  pressed(event) {
    const last = this.words.length - 1;
    const places = { ArrowDown: this.now + 1, ArrowRight: this.now + 1, ArrowUp: this.now - 1, ArrowLeft: this.now - 1, Home: 0, End: last };
    if (!(event.key in places)) return;
    event.preventDefault();
    this.went(Math.min(Math.max(places[event.key], 0), last));
  }
}
