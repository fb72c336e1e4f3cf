// A prediction: a question, a field, a lock button, and a result hidden until then. The Python side
// is prediction.py. Guesses are stored in the notebook's metadata, so they survive reopening.

const FIELDS = { number: numberField, choice: choiceField, sketch: (...given) => new Sketch(...given) };
const NOT_AGAIN = "It cannot be changed afterwards.";
/** Words of the controls: of a prediction, and of a problem to practise. */
const WORDS = {
  Predict: { lock: "Lock in", skip: "show without predicting", open: "Predict first", done: "Locked in" },
  Practice: { lock: "Check", skip: "show the answer", open: "Practice", done: "Your answer" },
};
const HOW = { number: NOT_AGAIN, choice: NOT_AGAIN, sketch: "Drag the points, or use Tab and the arrow keys." };

/** The guesses stored in a notebook, by question. */
class Kept {
  constructor(model) {
    this.notebook = model.widget_manager?.context?.model;
  }

  get all() {
    return this.notebook?.getMetadata?.("zbudlab")?.predictions ?? {};
  }

  keep(question, value) {
    if (!this.notebook?.setMetadata || question in this.all) return;
    const own = this.notebook.getMetadata("zbudlab") ?? {};
    this.notebook.setMetadata("zbudlab", { ...own, predictions: { ...this.all, [question]: value } });
  }
}

class PredictionView {
  constructor(model, el) {
    this.model = model;
    this.form = model.get("form");
    this.words = WORDS[this.form.tag] ?? WORDS.Predict;
    this.root = make("div", { class: "zb zbl-prediction" });
    this.field = FIELDS[this.form.kind](this.root, this.form, () => this.touched());
    this.root.append(this.card(), this.gate(), (this.result = make("div", { class: "result" })));
    keepKeys(this.root, model);
    el.append(this.root);
    model.on("change:truth change:outcome change:result", () => this.show());
    this.ends = whenRestyled(this.root, () => this.field.show(null, this.truth));
    this.show();
  }

  get truth() {
    const truth = this.model.get("truth");
    return "answer" in truth ? truth : null;
  }

  card() {
    this.tag = make("span", { class: "tag" });
    this.lock = make("button", { type: "button", class: "main", onclick: () => this.commit() }, this.words.lock);
    this.skip = make("button", { type: "button", class: "bare", onclick: () => this.model.send({ act: "skip" }) }, this.words.skip);
    this.hint = make("span", { class: "quiet" });
    this.act = make("div", { class: "act" }, ...(this.field.control ? [this.field.control] : []), this.lock, this.hint, this.skip);
    this.end = make("div", {});
    this.aloud = make("div", { class: "aloud", role: "status" });
    const id = unique("zbl-question");
    this.group = make("fieldset", { "aria-labelledby": id }, this.field.root, this.act);
    this.group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && event.target.tagName === "INPUT") this.commit();
    });
    this.cardRoot = make("div", { class: "card" }, this.tag, make("h3", { id }, this.form.question), this.group, this.end, this.aloud);
    return this.cardRoot;
  }

  gate() {
    this.gateRoot = gateBox("The run is hidden until you lock in a prediction.");
    return this.gateRoot;
  }

  touched() {
    this.lock.disabled = !this.field.ready();
    say(this.hint, this.words !== WORDS.Predict ? "" : this.field.ready() ? NOT_AGAIN : HOW[this.form.kind]);
  }

  commit() {
    if (this.truth || !this.field.ready()) return;
    const value = this.field.value();
    new Kept(this.model).keep(this.form.question, value);
    this.model.send({ act: "commit", value });
  }

  show() {
    const { truth } = this, guess = this.model.get("committed") ? this.model.get("value") : null;
    this.field.show(guess, truth);
    const [first, ...others] = this.words.open.split(" ");
    this.tag.replaceChildren(...(truth ? [guess === null ? "Answer" : this.words.done] : [make("b", {}, first), ` ${others.join(" ")}`]));
    this.cardRoot.classList.toggle("locked", Boolean(truth));
    this.act.hidden = Boolean(truth);
    const focused = this.group.contains(this.group.getRootNode().activeElement) || this.lock === this.group.getRootNode().activeElement;
    this.group.disabled = Boolean(truth);
    if (focused && truth) { // the field goes away under the focus
      this.cardRoot.tabIndex = -1;
      this.cardRoot.focus({ preventScroll: true });
    }
    this.gateRoot.hidden = Boolean(truth) || !this.form.hides;
    this.aloud.innerHTML = this.model.get("outcome"); // escaped in Python
    this.end.replaceChildren(...(truth ? [this.reason(guess, truth)] : []));
    if (truth) this.result.innerHTML = this.model.get("result"); // made in Python
    this.touched();
  }

  /** Return the error of the guess and the reason for the answer. */
  reason(guess, truth) {
    const why = make("span", { class: "quiet" }, truth.why);
    if (guess === null || this.form.kind === "choice") return make("div", { class: "why" }, make("span", {}), why);
    const off = this.form.kind === "number" ? Math.abs(guess - truth.answer) : guess.reduce((sum, value, i) => sum + Math.abs(value - truth.answer[i]), 0) / guess.length;
    const words = this.form.kind === "number" ? `${this.form.unit} off.` : "off on average.";
    return make("div", { class: "why" }, make("b", { class: "n" }, String(Number(off.toPrecision(2)))), make("b", {}, words), why);
  }

  remove() {
    this.ends();
  }
}

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
    const question = model.get("form").question;
    const kept = new Kept(model).all;
    if (question in kept && !model.get("committed")) model.send({ act: "commit", value: kept[question] });
  },
  render({ model, el }) {
    const view = new PredictionView(model, el);
    return () => view.remove();
  },
};
