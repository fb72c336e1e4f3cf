// A prediction: a question, a field of native controls, and an answer that stays hidden until
// one is given. Python's half is prediction.py.

/** A field for a number: { field, value }. */
function numberField({ unit }, id) {
  const input = make("input", { type: "number", step: "any", id });
  const label = make("label", { for: id }, "Your answer ");
  const value = () => (Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber);
  return { field: make("div", {}, label, input, ` ${unit}`), value, set: (given) => (input.value = given) };
}

/** A field of choices, one of which can be taken. */
function choiceField({ names }, id) {
  const inputs = names.map((name) => make("input", { type: "radio", name: id, value: name }));
  const rows = inputs.map((input) => make("label", {}, input, ` ${input.value}`));
  const value = () => inputs.find((input) => input.checked)?.value ?? null;
  const set = (given) => inputs.forEach((input) => (input.checked = input.value === given));
  return { field: make("div", { class: "zbl-choices" }, ...rows), value, set };
}

/** A curve of a few points, an upright slider each. */
function sketchField({ names, top }, id) {
  const inputs = names.map((name, i) =>
    make("input", { type: "range", id: `${id}-${i}`, min: 0, max: top, step: top / 100, value: 0 }),
  );
  const shown = inputs.map((input) => make("output", { for: input.id }));
  const tell = (i) => (shown[i].textContent = String(Number(inputs[i].valueAsNumber.toPrecision(3))));
  inputs.forEach((input, i) => input.addEventListener("input", () => tell(i)));
  const set = (given) => inputs.forEach((input, i) => ((input.value = given[i]), tell(i)));
  set(names.map(() => 0));
  const columns = inputs.map((input, i) =>
    make("div", {}, shown[i], input, make("label", { for: input.id }, names[i])),
  );
  const value = () => inputs.map((input) => input.valueAsNumber);
  return { field: make("div", { class: "zbl-sketch" }, ...columns), value, set };
}

const FIELDS = { number: numberField, choice: choiceField, sketch: sketchField };

function render({ model, el }) {
  const form = model.get("form");
  const id = unique("zbl-prediction");
  const { field, value, set } = FIELDS[form.kind](form, id);
  const group = make("fieldset", {}, make("legend", {}, make("b", {}, "Predict. "), form.question), field);
  const commit = () => model.send({ act: "commit", value: value() });
  const button = make("button", { type: "button", onclick: commit, title: "lock this answer and see" }, "Commit");
  const outcome = make("div", { class: "zbl-outcome", role: "status", tabindex: "-1" });
  const root = make("div", { class: "zbl-panel zbl-prediction" }, group, button, outcome);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey) commit();
  });
  const show = () => {
    const committed = model.get("committed");
    const here = root.contains(document.activeElement);
    if (committed) set(model.get("value"));
    outcome.innerHTML = model.get("outcome"); // escaped in Python
    group.disabled = button.disabled = committed;
    if (committed && here) outcome.focus(); // what had it is locked now
  };
  model.on("change:outcome", show);
  keepKeys(root, model);
  show();
  el.append(root);
}

export default {
  initialize({ model }) {
    keepPictures(model.widget_manager);
  },
  render,
};
