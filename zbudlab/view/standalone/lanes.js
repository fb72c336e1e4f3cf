// Schedules as lanes for pages without a kernel, drawn as zbudlab/view/races/lanes.py draws them: a
// test holds the two equal.

const LANES = { top: 30, foot: 12, arrow: 7, breaks: "breaks it", suffers: "suffers from it" };
const letter = (number) => String.fromCharCode(65 + number);
const dot1 = (number) => number.toFixed(1);
const brief = (value) => (typeof value === "number" ? dot1(value).replace(/\.0$/, "") : value);
const escaped = (text) => [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"], ['"', "&quot;"], ["'", "&#x27;"]].reduce((all, [sign, code]) => all.replaceAll(sign, code), String(text));

/** Return an SVG element as text. */
function svg(tag, attributes, style, ...children) {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(brief(value))}"`);
  return `<${tag}${named.join("")}${style ? ` style="${style}"` : ""}>${children.join("")}</${tag}>`;
}

/** The measures of a drawing, by the number of lanes. */
const SHAPES = {
  wide(actors) {
    const lane = Math.min(200, 640 / actors);
    return { width: 900, lane, block: lane - 20, height: 32, row: 42, named: true, words: lane * actors + 12 };
  },
  narrow: (actors) => ({ width: 380, lane: 30, block: 18, height: 22, row: 40, named: false, words: 30 * actors + 6 }),
};

/** Return the references of a step in words. */
const facts = (step) => step.references.map(([pfn, count, locked]) => `frame ${pfn}: ${count} ${count === 1 ? "reference" : "references"}${locked ? ", locked" : ""}`).join("; ");

/** Return the references of a step in few words. */
function fewFacts(step) {
  const found = step.references.map(([pfn, count, locked]) => `${pfn}: ${count} ${count === 1 ? "ref" : "refs"}${locked ? ", locked" : ""}`);
  return found.length ? `frame ${found.join("; ")}` : "";
}

/** Return a schedule in words. */
function inWords(told) {
  const mark = (row) => (row === told.suffers ? ` <- ${LANES.suffers}` : row === told.broke ? ` <- ${LANES.breaks}` : "");
  const lines = told.steps.map((step, row) => `${row + 1}. ${told.actors[step.actor]}: ${step.name} (${facts(step)})${mark(row)}`);
  if (told.ahead) lines.push(`next: ${told.actors[told.ahead.actor]}: ${told.ahead.name}${mark(told.suffers)}`);
  return `Lanes of ${told.actors.join(", ")}. ${lines.join("; ")}${told.why ? `. ${told.why}` : ""}`;
}

/** A drawing of a schedule. told: its actors, steps and fault; look: what Python gave. */
class LanesDrawing {
  constructor(told, shape, look) {
    Object.assign(this, { told, shape, look, parts: [] });
    this.rows = told.ahead ? [...told.steps, told.ahead] : told.steps;
  }

  x(actor) {
    return this.shape.lane * (actor + 0.5);
  }

  y(row) {
    return LANES.top + this.shape.row * (row + 0.5);
  }

  text(x, y, words, size, token = "ink", more = "") {
    return svg("text", { x, y }, `fill:${this.look.ink[token]};font:${size}px var(--sans, sans-serif);${more}`, escaped(words));
  }

  line(d, token, width, more = "") {
    return svg("path", { d }, `fill:none;stroke:${this.look.ink[token]};stroke-width:${width};${more}`);
  }

  draw(kind) {
    this.lanes();
    this.bars();
    this.rows.forEach((step, row) => this.step(row, step));
    if (this.told.broke >= 0) this.arrow();
    const { width } = this.shape, height = this.bottom(LANES.foot);
    const about = { class: kind, role: "img", "aria-label": inWords(this.told), viewBox: `0 0 ${width} ${height}`, xmlns: "http://www.w3.org/2000/svg" };
    return svg("svg", about, `display:block;max-width:${width}px;width:100%;height:auto`, ...this.parts);
  }

  bottom(foot) {
    return LANES.top + this.shape.row * Math.max(this.rows.length, 1) + foot;
  }

  lanes() {
    this.told.actors.forEach((name, actor) => {
      const x = this.x(actor), shown = this.shape.named ? name : letter(actor);
      this.parts.push(this.text(x, LANES.top - 12, shown, 13, "ink", "font-weight:600;text-anchor:middle"));
      this.parts.push(this.line(`M${dot1(x)} ${LANES.top - 5}V${dot1(this.bottom(LANES.foot / 2))}`, "line", 1.5));
    });
    const points = this.rows.map((step, row) => `${dot1(this.x(step.actor))} ${dot1(this.y(row))}`);
    if (points.length > 1) this.parts.push(this.line(`M${points.join("L")}`, "edge", 1.2, "stroke-opacity:.7"));
  }

  /** Draw a bar from each row to the next for an address or a lock that is held meanwhile. */
  bars() {
    const holders = new Set(), side = this.shape.block / 2 + 4;
    this.told.steps.forEach((step, row) => {
      if (step.name === "lock_page" && step.references.some(([, , locked]) => locked)) holders.add(step.actor);
      else if (step.name === "unlock_page") holders.delete(step.actor);
      const down = dot1(row + 1 < this.rows.length ? this.y(row + 1) : this.y(row) + 12);
      const bar = (x, token) => this.parts.push(this.line(`M${dot1(x)} ${dot1(this.y(row))}V${down}`, token, 4));
      for (const actor of holders) bar(this.x(actor) - side, this.look.tokens.page);
      for (const [actor] of step.holds) bar(this.x(actor) + side, "pinned");
    });
  }

  step(row, step) {
    const title = svg("title", {}, "", this.words(row));
    this.parts.push(svg("g", step.ahead ? {} : { "data-step": row }, "", title, this.block(row, step), ...this.names(row, step)));
  }

  /** Return what a step is in one sentence, for reading aloud. */
  words(row) {
    const step = this.rows[row], mark = this.mark(row);
    const said = `step ${row + 1}, ${this.told.actors[step.actor]}: ${step.name}`;
    return said + (step.ahead ? "" : `; ${facts(step)}`) + (mark && `; ${mark}`);
  }

  mark(row) {
    return row === this.told.suffers ? LANES.suffers : row === this.told.broke ? LANES.breaks : "";
  }

  lock(step) {
    return step.ahead ? "" : (this.look.locks[step.name] ?? "");
  }

  block(row, step) {
    const { shape } = this, bad = this.mark(row), x = this.x(step.actor), y = this.y(row), left = x - shape.block / 2, top = y - shape.height / 2;
    const style = `fill:${this.look.ink.raised};stroke:${this.look.ink[bad ? "bad" : "edge"]};stroke-width:${bad ? 2 : 1.2}${step.ahead ? ";stroke-dasharray:4 3" : ""}`;
    let drawn = svg("rect", { x: left, y: top, width: shape.block, height: shape.height, rx: 4 }, style);
    const lock = this.lock(step);
    if (lock) drawn += this.line(`M${dot1(left + 3)} ${dot1(top + 4)}V${dot1(top + shape.height - 4)}`, this.look.tokens[lock], 4);
    if (!shape.named) drawn += this.text(x + 2, y + 4, row + 1, 10, "ink", "text-anchor:middle;font-weight:600");
    return drawn;
  }

  /** Return the name of a step, its lock, and the facts after it. */
  names(row, step) {
    const { shape, told } = this, y = this.y(row), lock = this.lock(step) && `${this.lock(step)} lock`, mark = this.mark(row);
    const known = step.ahead ? "has not run yet" : fewFacts(step);
    if (!shape.named) {
      const [end, token] = mark ? [mark, "bad"] : [lock, "quiet"];
      return [
        this.text(shape.words, y - 3, step.name, 13, "ink", "font-weight:600"),
        this.text(shape.width - 4, y - 3, end, 11, token, "text-anchor:end"),
        this.text(shape.words, y + 12, `${told.actors[step.actor]} \u00b7 ${known}`, 11, "quiet"),
      ];
    }
    const [base, half = ""] = step.name.split(" ("), under = [half.replace(/\)+$/, ""), lock].filter(Boolean).join(", ");
    const left = this.x(step.actor) - shape.block / 2 + 11, size = 7 * base.length < shape.block - 14 ? 12 : 10.5;
    const held = (step.holds ?? []).map(([who, pfn]) => `${told.actors[who]} holds an address in ${pfn}`).join(", ");
    return [
      this.text(left, under ? y - 2 : y + 4, base, size, "ink", "font-weight:600"),
      under ? this.text(left, y + 11, under, 10.5, "quiet") : "",
      this.text(shape.words, y - 3, known, 11.5, "ink"),
      this.text(shape.words, y + 11, mark || held, 11.5, mark ? "bad" : "quiet"),
    ];
  }

  /** Draw the arrow from the step that broke something to the one that suffers. */
  arrow() {
    const { broke, suffers } = this.told, half = this.shape.block / 2;
    const start = this.rows[broke].actor, end = this.rows[suffers].actor;
    const side = Math.sign(end - start) || 1, into = end === start ? side : -side;
    const x0 = this.x(start) + side * half, y0 = this.y(broke), x1 = this.x(end) + into * (half + LANES.arrow), y1 = this.y(suffers);
    const bend = Math.max(Math.abs(x1 - x0) / 2, 18);
    const path = `M${dot1(x0)} ${dot1(y0)}C${dot1(x0 + side * bend)} ${dot1(y0)} ${dot1(x1 + into * bend)} ${dot1(y1)} ${dot1(x1)} ${dot1(y1)}`;
    this.parts.push(this.line(path, "bad", 2.2));
    const head = `M${dot1(x1 - into * LANES.arrow)} ${dot1(y1)}l${into * LANES.arrow} -5v10z`;
    this.parts.push(svg("path", { d: head }, `fill:${this.look.ink.bad}`));
  }
}

/** Return what the view needs to show a schedule. */
function sheetOf(told, look) {
  const count = told.actors.length, narrow = SHAPES.narrow(count), wide = count > 4 ? narrow : SHAPES.wide(count);
  const drawing = (shape) => new LanesDrawing(told, shape, look);
  const words = drawing(narrow);
  return { wide: drawing(wide).draw("wide"), narrow: drawing(narrow).draw("narrow"), words: told.steps.map((_, row) => words.words(row)), why: told.why, legend: look.legend };
}
