// The controls of the pressure panel. They are native, so that keys and screen readers work.

/** Make the control of a setting; `change` is called with its name and new value. */
function control(spec, value, change) {
  const id = unique("zbl-control");
  const build = { slider, choice, switch: toggle }[spec.kind];
  const { input, shown, set } = build(spec, id, (chosen) => change(spec.name, chosen));
  set(value);
  if (spec.kind === "switch") {
    input.setAttribute("role", "switch");
    const row = make("div", { class: "zbl-control zbl-switch", "data-name": spec.name }, make("label", { class: "switch", for: id }, input, spec.label));
    return { row, set };
  }
  const label = make("label", { for: id }, spec.label);
  const row = make("div", { class: `zbl-control zbl-${spec.kind}`, "data-name": spec.name }, label, input);
  if (shown) row.append(shown);
  return { row, set };
}

/** Make a slider over the values of a setting, with the current value in words next to it. */
function slider(spec, id, chosen) {
  const input = make("input", { type: "range", id, min: 0, max: spec.values.length - 1, step: 1 });
  const shown = make("output", { for: id });
  const tell = (words = spec.words[input.value]) => {
    say(shown, words);
    input.setAttribute("aria-valuetext", words);
  };
  input.addEventListener("input", () => {
    tell();
    chosen(spec.values[input.value]);
  });
  const set = (value, words) => {
    const place = spec.values.indexOf(value);
    input.value = place < 0 ? nearest(spec.values, value) : place;
    tell(place < 0 ? words : undefined);
  };
  return { input, shown, set };
}

/** Return the index of the nearest value. */
function nearest(values, value) {
  const far = values.map((each) => Math.abs(each - value));
  return Math.max(far.indexOf(Math.min(...far)), 0);
}

/** Make a list to choose from. */
function choice(spec, id, chosen) {
  const options = spec.values.map((value, i) => make("option", { value: i }, spec.words[i]));
  const input = make("select", { id }, ...options);
  input.addEventListener("change", () => chosen(spec.values[input.value]));
  return { input, set: (value) => (input.value = spec.values.indexOf(value)) };
}

/** Make a checkbox. */
function toggle(spec, id, chosen) {
  const input = make("input", { type: "checkbox", id });
  input.addEventListener("change", () => chosen(input.checked));
  return { input, set: (value) => (input.checked = value) };
}
