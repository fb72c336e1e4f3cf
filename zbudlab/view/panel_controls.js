// The controls of the pressure panel: native ones, so that keys and screen readers know them.

/** A control for a setting; `change` gets its name and its new value. */
function control(spec, value, change) {
  const id = unique("zbl-control");
  const build = { slider, choice, switch: toggle }[spec.kind];
  const { input, shown, set } = build(spec, id, (chosen) => change(spec.name, chosen));
  set(value);
  const label = make("label", { for: id }, spec.label);
  const row = make("div", { class: `zbl-control zbl-${spec.kind}`, "data-name": spec.name }, label, input);
  if (shown) row.append(shown);
  return { row, set };
}

/** A slider over the values of a setting; the values in words stand beside it. */
function slider(spec, id, chosen) {
  const input = make("input", { type: "range", id, min: 0, max: spec.values.length - 1, step: 1 });
  const shown = make("output", { for: id });
  const tell = () => {
    say(shown, spec.words[input.value]);
    input.setAttribute("aria-valuetext", spec.words[input.value]);
  };
  input.addEventListener("input", () => {
    tell();
    chosen(spec.values[input.value]);
  });
  const set = (value) => {
    input.value = spec.values.indexOf(value);
    tell();
  };
  return { input, shown, set };
}

/** A list to choose from. */
function choice(spec, id, chosen) {
  const options = spec.values.map((value, i) => make("option", { value: i }, spec.words[i]));
  const input = make("select", { id }, ...options);
  input.addEventListener("change", () => chosen(spec.values[input.value]));
  return { input, set: (value) => (input.value = spec.values.indexOf(value)) };
}

/** A box to tick. */
function toggle(spec, id, chosen) {
  const input = make("input", { type: "checkbox", id });
  input.addEventListener("change", () => chosen(input.checked));
  return { input, set: (value) => (input.checked = value) };
}
