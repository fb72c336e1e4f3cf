// Fields for a number on a line, with the guess and the answer, and for a choice between rows.

const LINE_LEFT = 14, UNIT_WIDE = 130; // px

/** Return the width of a drawing in a card, in pixels: the card's, between 240 and 640. */
function drawingWide(root) {
  return Math.max(Math.min((root.clientWidth || 720) - 60, 640), 240);
}

/** Return whether a drawing is so narrow that its names stand above it. */
const isNarrow = (wide) => wide < 480;

/** Return the values of about six ticks on a line from 0 to `top`. */
function ticksOf(top) {
  const rough = top / 6, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const exact = [12, 6, 8, 4].map((parts) => top / parts).find((each) => Number.isInteger(each) && top / each <= 8);
  const by = exact ?? step, found = [];
  for (let value = 0; value <= top * 1.0001; value += by) found.push(Number(value.toPrecision(6)));
  return found;
}

function drawNumber(root, form, guess, truth) {
  const ink = inks(root), wide = drawingWide(root), narrow = isNarrow(wide), long = wide - LINE_LEFT - (narrow ? LINE_LEFT : UNIT_WIDE - LINE_LEFT);
  const x = (value) => LINE_LEFT + (Math.min(Math.max(value, 0), form.top) / form.top) * long;
  const words = truth ? `${guess === null ? "No guess" : `Your guess ${guess}`}, ${form.who} ${truth.answer} ${form.unit}` : `A line from 0 to ${form.top} ${form.unit}`;
  const picture = svg("svg", { viewBox: `0 0 ${wide} ${narrow ? 100 : 92}`, role: "img", "aria-label": words });
  const text = (at, y, told, more = {}) => {
    const made = svg("text", { x: at, y, fill: ink.quiet, "font-size": 13, "text-anchor": "middle", ...more });
    made.textContent = told;
    picture.append(made);
  };
  const name = (value, y, told, more) => {
    const end = x(value) < 70 ? "start" : x(value) > wide - 70 ? "end" : "middle"; // at an end a centred name would be cut off
    text({ start: LINE_LEFT - 8, middle: x(value), end: wide - 4 }[end], y, told, { ...more, "text-anchor": end });
  };
  const line = (d, more) => picture.append(svg("path", { d, stroke: ink.edge, ...more }));
  line(`M${x(0)} 52H${x(form.top)}`, { "stroke-width": 1.5 });
  const ticks = ticksOf(form.top), widest = 8 * String(ticks.at(-1)).length + 8; // px of a tick's number
  const every = Math.max(Math.ceil(widest / (x(ticks[1]) - x(0))), 1);
  ticks.forEach((value, place) => {
    line(`M${x(value)} 48v8`, {});
    if (place % every === 0) text(x(value), 73, value);
  });
  if (narrow) text(wide - 4, 93, form.unit, { "text-anchor": "end" });
  else text(x(form.top) + 14, 56, form.unit, { "text-anchor": "start" });
  if (truth && guess !== null) line(`M${x(guess)} 52H${x(truth.answer)}`, { stroke: ink.accent, "stroke-width": 7, opacity: 0.25 });
  if (guess !== null) {
    picture.append(svg("circle", { cx: x(guess), cy: 52, r: 7, fill: ink.paper, stroke: ink.accent, "stroke-width": 2.5 }));
    name(guess, 34, `your guess ${guess}`, { fill: ink.accent, "font-weight": 600 });
  }
  if (!truth) return picture;
  const colour = ink[form.colour], near = guess !== null && (narrow || Math.abs(x(guess) - x(truth.answer)) < 130);
  picture.append(svg("path", { d: `M${x(truth.answer)} 43l8 15h-16z`, fill: colour }));
  name(truth.answer, near ? 16 : 34, `${form.who} ${truth.answer}`, { fill: colour, "font-weight": 700 });
  return picture;
}

/** Make a field for a number: { root, control, value, show, ready }. */
function numberField(root, form, touched) {
  const input = make("input", { type: "number", step: "any", min: 0, "aria-label": `your answer, ${form.unit}` });
  const plot = make("div", {});
  const value = () => (Number.isNaN(input.valueAsNumber) ? null : input.valueAsNumber);
  let truth = null;
  const draw = () => plot.replaceChildren(drawNumber(root, form, value(), truth));
  input.addEventListener("input", () => (draw(), touched()));
  const show = (given, known) => {
    truth = known;
    if (given !== null) input.value = given;
    draw();
  };
  return { root: plot, control: make("label", {}, "Your answer ", input), value, show, ready: () => value() !== null };
}

/** Make a field of choices. */
function choiceField(root, form, touched) {
  const name = unique("zbl-choice");
  const inputs = form.names.map((choice) => make("input", { type: "radio", name, value: choice, onchange: touched }));
  const marks = inputs.map(() => make("span", {}));
  const rows = inputs.map((input, i) => make("label", {}, input, input.value, marks[i]));
  const value = () => inputs.find((input) => input.checked)?.value ?? null;
  const show = (given, truth) => {
    inputs.forEach((input, i) => {
      if (given !== null) input.checked = input.value === given;
      const right = truth && input.value === truth.answer;
      rows[i].className = right ? "right" : truth && input.checked ? "yours" : "";
      say(marks[i], right ? (input.checked ? "\u2713 your guess" : "\u2713") : truth && input.checked ? "your guess" : "");
    });
  };
  return { root: make("div", { class: "choices" }, ...rows), value, show, ready: () => value() !== null };
}
