// A curve to sketch by dragging points or with the arrow keys; the answer is drawn next to it.

const SKETCH = { high: 250, left: 34, bottom: 214 }; // px

class Sketch {
  constructor(root, form, touched) {
    Object.assign(this, { view: root, form, touched, truth: null, drawn: false });
    this.guess = form.names.map(() => form.top / 2);
    this.root = make("div", {});
  }

  /** Return the measures for the width there is: { wide, narrow, right, top }. */
  measures() {
    const wide = drawingWide(this.view), narrow = isNarrow(wide);
    return { wide, narrow, right: narrow ? wide : wide - 100, top: narrow ? 34 : 14 };
  }

  x(place) {
    const { left } = SKETCH;
    return left + 26 + ((this.size.right - left - 52) * place) / Math.max(this.guess.length - 1, 1);
  }

  y(value) {
    return SKETCH.bottom - ((SKETCH.bottom - this.size.top) * Math.min(value, this.form.top)) / this.form.top;
  }

  value() {
    return this.drawn ? this.guess : null;
  }

  ready() {
    return this.drawn;
  }

  show(given, truth) {
    this.truth = truth;
    if (given) Object.assign(this, { guess: [...given], drawn: true });
    this.draw();
  }

  text(x, y, words, more = {}) {
    const text = svg("text", { x, y, fill: this.ink.quiet, "font-size": 13, ...more });
    text.textContent = words;
    this.picture.append(text);
  }

  add(d, more) {
    this.picture.append(svg("path", { d, fill: "none", "stroke-linejoin": "round", ...more }));
  }

  path(values) {
    return values.map((value, i) => `${i ? "L" : "M"}${this.x(i)} ${this.y(value)}`).join("");
  }

  draw() {
    this.ink = inks(this.view);
    this.size = this.measures();
    this.picture = svg("svg", { viewBox: `0 0 ${this.size.wide} ${SKETCH.high}`, role: "group", "aria-label": this.form.question });
    this.drawAxes();
    if (this.truth) this.drawTruth();
    if (this.drawn || !this.truth) this.add(this.path(this.guess), { stroke: this.ink.accent, "stroke-width": 2.2, "stroke-dasharray": "6 4" });
    this.drawNames();
    if (this.drawn || !this.truth) this.guess.forEach((_, place) => this.drawPoint(place));
    this.root.replaceChildren(this.picture);
  }

  drawAxes() {
    for (const value of ticksOf(this.form.top)) {
      this.add(`M${SKETCH.left} ${this.y(value)}H${this.size.right}`, { stroke: value ? this.ink.line : this.ink.edge, "stroke-dasharray": value ? "2 4" : null });
      this.text(SKETCH.left - 8, this.y(value) + 4, value, { "text-anchor": "end" });
    }
    this.form.names.forEach((name, i) => this.text(this.x(i), SKETCH.bottom + 19, name, { "text-anchor": "middle", fill: this.ink.ink }));
    this.text((SKETCH.left + this.size.right) / 2, SKETCH.bottom + 36, this.form.unit, { "text-anchor": "middle" });
  }

  drawTruth() {
    const { answer } = this.truth, colour = this.ink[this.form.colour];
    const back = answer.map((_, i) => `L${this.x(answer.length - 1 - i)} ${this.y(answer[answer.length - 1 - i])}`).join("");
    if (this.drawn) this.picture.append(svg("path", { d: `${this.path(this.guess)}${back}Z`, fill: this.ink.accent, opacity: 0.12 }));
    this.add(this.path(answer), { stroke: colour, "stroke-width": 3 });
    answer.forEach((value, i) => {
      this.picture.append(svg("path", { d: `M${this.x(i)} ${this.y(value) - 6}l6 11h-12z`, fill: colour }));
      const gap = this.y(value) - this.y(this.guess[i]), below = this.drawn && gap > 0 && gap < 30; // the guess is in the way
      this.text(this.x(i), this.y(value) + (below ? 22 : -12), Number(value.toPrecision(3)), { "text-anchor": "middle", fill: colour, "font-weight": 700 });
    });
  }

  drawNames() {
    if (this.size.narrow) {
      if (this.drawn) this.text(SKETCH.left, 14, "your guess", { fill: this.ink.accent, "font-weight": 600 });
      if (this.truth) this.text(this.size.wide - 4, 14, this.form.who, { fill: this.ink[this.form.colour], "font-weight": 600, "text-anchor": "end" });
      return;
    }
    const last = this.guess.length - 1, x = this.x(last) + 16;
    let yours = this.y(this.guess[last]) + 4, theirs = this.truth ? this.y(this.truth.answer[last]) + 4 : 0;
    if (this.truth && Math.abs(yours - theirs) < 16) {
      const middle = (yours + theirs) / 2, shift = yours <= theirs ? -8 : 8;
      [yours, theirs] = [middle + shift, middle - shift];
    }
    if (this.drawn) this.text(x, yours, "your guess", { fill: this.ink.accent, "font-weight": 600 });
    if (this.truth) this.text(x, theirs, this.form.who, { fill: this.ink[this.form.colour], "font-weight": 600 });
  }

  drawPoint(place) {
    const value = this.guess[place], open = !this.truth;
    const dot = svg("circle", {
      cx: this.x(place), cy: this.y(value), r: open ? 9 : 4.5, fill: this.ink.paper, stroke: this.ink.accent, "stroke-width": 2.5, class: open ? "pt" : null,
      ...(open ? { tabindex: 0, role: "slider", "aria-label": this.form.names[place], "aria-valuemin": 0, "aria-valuemax": this.form.top, "aria-valuenow": value, "aria-valuetext": `${value} ${this.form.unit}` } : {}),
    });
    if (open) {
      if (this.drawn) this.text(this.x(place), this.y(value) - 16, Number(value.toPrecision(3)), { "text-anchor": "middle", fill: this.ink.ink, "font-weight": 600 });
      dot.addEventListener("pointerdown", (event) => this.drag(event, place));
      dot.addEventListener("keydown", (event) => this.key(event, place));
    }
    this.picture.append(dot);
  }

  set(place, value) {
    const step = this.form.top >= 10 ? 1 : this.form.top / 100;
    this.guess[place] = Math.min(Math.max(Math.round(value / step) * step, 0), this.form.top);
    this.drawn = true;
    this.draw();
    this.touched();
  }

  drag(event, place) {
    event.preventDefault();
    const move = ({ clientY }) => {
      const { top, height } = this.picture.getBoundingClientRect();
      const y = ((clientY - top) * SKETCH.high) / height;
      this.set(place, ((SKETCH.bottom - y) / (SKETCH.bottom - this.size.top)) * this.form.top);
    };
    const up = () => (removeEventListener("pointermove", move), removeEventListener("pointerup", up));
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  }

  key(event, place) {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.set(place, this.guess[place] + by * (this.form.top >= 10 ? 1 : this.form.top / 100));
    this.picture.querySelectorAll(".pt")[place]?.focus();
  }
}
