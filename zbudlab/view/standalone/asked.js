// Predictions, results behind them, and practice, without a kernel. See asked.py.

const YOURS = "\u0001"; // the place of the guess in a sentence of Python
const DIGITS = { number: 6, sketch: 4 };

/** A prediction whose answer Python gave with the page. */
class AskedModel extends Model {
  constructor(told) {
    super({ form: told.form, value: null, truth: {}, outcome: "", result: "", committed: false });
    this.told = told;
  }

  answer({ act, value = null }) {
    if (act === "skip") this.reveal({ outcome: this.told.skipped });
    else if (value === null) this.set("outcome", this.told.missing);
    else this.reveal({ value, committed: true, outcome: this.told.beside.replace(YOURS, this.words(value)) });
  }

  reveal(values) {
    if ("answer" in this.values.truth) return;
    const { answer, why, result } = this.told;
    this.update({ ...values, result, truth: { answer, why } });
  }

  /** Return a guess as words. */
  words(value) {
    const { kind, unit, names } = this.told.form, digits = (number) => Number(number.toPrecision(DIGITS[kind]));
    if (kind === "choice") return value;
    return kind === "number" ? `${digits(value)} ${unit}`.trim() : names.map((name, i) => `${name}: ${digits(value[i])}`).join(", ");
  }
}

zbudlab.kind("prediction", (box, told, number) => {
  const model = (zbudlab.models[number] = new AskedModel(told));
  box.replaceChildren();
  zbudlab.show("Prediction", model, box);
});

zbudlab.kind("result", async (box, { words, html, asked }) => {
  for (const number of asked) await zbudlab.start(number); // views further down may start first
  const model = new Model({ words, result: "" }), predictions = asked.map((number) => zbudlab.models[number]);
  const open = () => predictions.every((each) => "answer" in each.get("truth")) && model.set("result", html);
  for (const each of predictions) each.on("change:truth", open);
  box.replaceChildren();
  zbudlab.show("Gate", model, box);
  open();
});

/** Problems one after the other, each below what it is about; all but the first come when asked for. */
function problems(box, { first, count, ended, again }, number) {
  const above = element("div", { class: "zb zbl-alone zbl-above" }), place = element("div"), note = element("p", { role: "status" });
  const next = element("button", { type: "button", onclick: () => after(Number(box.dataset.problem)) }, again);
  const ask = (at, told) => {
    above.innerHTML = told.above ?? ""; // made in Python
    place.replaceChildren();
    zbudlab.show("Prediction", new AskedModel(told), place);
    box.dataset.problem = at;
    next.disabled = at === count - 1;
    note.textContent = next.disabled ? ended : "";
  };
  const after = async (at) => ask(at + 1, (await zbudlab.more(number)).problems[at]);
  box.replaceChildren(above, place, element("div", { class: "zb zbl-alone" }, next, note));
  ask(0, first);
}

zbudlab.kind("practice", problems);
zbudlab.kind("wrong step", problems);
