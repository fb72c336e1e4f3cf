// Curves of the pressure panel: one drawing per machine, all charts on one time axis, with names and
// values at the ends of the curves and what the reader did as dotted lines.

const PLOT = { top: 30, gap: 38, names: 118, foot: 22, label: 15 }; // px
const TEXT = { zbud1: "warn", c_none: "quiet", edge: "quiet", wholefill: "whole" }; // of colours too light for text
const LETTER = 7.4; // px, about the width of a bold digit

const paint = (name) => `var(--${name})`;

/** Format a number for a label. */
function short(value) {
  if (!Number.isFinite(value)) return "";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toFixed(Math.abs(value) < 10 ? 2 : 0);
}

/** Rows of figures of one machine, the newest last. */
class Rows {
  constructor(columns, most) {
    this.columns = columns;
    this.most = most;
    this.rows = [];
  }

  /** Add rows from a buffer of float32 figures; fresh: replace the old rows. */
  take(buffer, fresh) {
    if (fresh) this.rows = [];
    for (let at = 0; at < buffer.byteLength; at += 4 * this.columns.length) {
      const row = this.columns.map((_, i) => buffer.getFloat32(at + 4 * i, true));
      if (row[0] === this.rows.at(-1)?.[0]) this.rows.pop(); // the same step, read again
      this.rows.push(row);
    }
    if (this.rows.length > this.most) this.rows.splice(0, this.rows.length - this.most);
  }

  /** Return a column, or the sum of several. */
  of(names) {
    const places = [names].flat().map((name) => this.columns.indexOf(name));
    return this.rows.map((row) => places.reduce((sum, place) => sum + row[place], 0));
  }

  last(names) {
    return this.rows.length ? this.of(names).at(-1) : NaN;
  }
}

/** Return the curves of a chart, stacked or separate. */
function series(chart, rows) {
  const all = chart.columns.map((name) => rows.of(name));
  if (!chart.stacked) return all;
  const sum = rows.rows.map(() => 0);
  return all.map((values) => values.map((value, i) => (sum[i] += value)));
}

/** Return the limits of an axis: fixed, or fitted to all series of all machines. */
function extent(chart, allSeries, frames) {
  if (chart.range) return chart.range;
  if (chart.top) return [0, { frames, blocks: frames / BLOCK }[chart.top]];
  let most = 1;
  for (const values of allSeries) for (const value of values) if (value > most) most = value;
  return [0, most * 1.05];
}

/** Move labels apart, in place: each has y, the middle of its line. */
function spread(labels) {
  labels.sort((a, b) => a.y - b.y);
  for (let round = 0; round < 9; round++) {
    for (let i = 1; i < labels.length; i++) {
      const lacking = PLOT.label + 1 - (labels[i].y - labels[i - 1].y);
      if (lacking > 0) [labels[i].y, labels[i - 1].y] = [labels[i].y + lacking / 2, labels[i - 1].y - lacking / 2];
    }
  }
  return labels;
}

/** The charts of a machine. told: called with the index of the row pointed at, or null. */
class Curves {
  constructor(charts, told) {
    Object.assign(this, { charts, told, of: null, at: null });
    this.hair = svg("path", { class: "hair", visibility: "hidden" });
    this.root = svg("svg", { class: "zbl-curves", tabindex: "0", role: "application", "aria-label": `curves: ${charts.map(({ title }) => title).join("; ")}. Left and right arrow read the values of a step.` });
    this.root.addEventListener("pointermove", (event) => this.point(event));
    this.root.addEventListener("pointerleave", () => this.read(null));
    this.root.addEventListener("blur", () => this.read(null));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** of: { rows, other (Rows or null), ranges, movable, events, frames }. */
  draw(of) {
    this.of = of;
    const wide = this.root.clientWidth;
    if (!wide || !of.rows.rows.length) return;
    this.right = wide - PLOT.names;
    this.last = of.rows.rows.length - 1;
    let top = PLOT.top;
    const parts = this.charts.map((chart, place) => {
      const drawn = this.chart(chart, of.ranges[place], top);
      top += chart.high + PLOT.gap;
      return drawn;
    });
    this.bottom = top - PLOT.gap;
    const high = this.bottom + PLOT.foot;
    this.root.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.root.style.height = `${high}px`;
    this.root.innerHTML = this.events(wide) + parts.join("");
    this.root.append(this.hair);
  }

  x(i) {
    return this.last ? (i / this.last) * this.right : 0;
  }

  path(values, y) {
    if (values.length === 1) return `M0 ${y(values[0]).toFixed(1)}h4`;
    return values.map((value, i) => `${i ? "L" : "M"}${this.x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  }

  text(x, y, words, more = "") {
    return `<text x="${x}" y="${y}" ${more}>${words}</text>`;
  }

  chart(chart, range, top) {
    const [least, most] = range, { high } = chart, bottom = top + high;
    const y = (value) => bottom - ((value - least) / (most - least)) * high;
    const lines = series(chart, this.of.rows), colours = chart.colours.map((name) => this.colour(name));
    const unit = chart.top ? `of ${short(most)}${chart.top === "frames" ? " frames" : ""}` : chart.range ? `${short(least)} to ${short(most)}` : "";
    const frame =
      this.text(0, top - 8, chart.title, 'class="title"') + (this.right < 330 ? this.text(this.right + 12, top + 4, unit, 'class="unit"') : this.text(this.right, top - 8, unit, 'text-anchor="end" class="unit"')) +
      `<path class="axis" d="M0 ${bottom}H${this.right}"/><path class="most" d="M0 ${top}H${this.right}"/>` +
      (least < 0 ? `<path class="most" d="M0 ${y(0)}H${this.right}"/>` : "");
    const drawn = chart.stacked ? this.bands(chart, lines, colours, y) : this.lines(chart, lines, colours, y);
    return frame + drawn + this.ends(chart, lines, colours, y);
  }

  colour(name) {
    return name === "machine" ? (this.of.movable ? "c_move" : "c_stuck") : name;
  }

  bands(chart, lines, colours, y) {
    return lines.map((values, i) => {
      const below = i ? lines[i - 1] : values.map(() => 0), back = [...below].reverse();
      const under = back.map((value, k) => `L${this.x(back.length - 1 - k).toFixed(1)} ${y(value).toFixed(1)}`).join("");
      return `<path class="band" data-name="${chart.names[i]}" style="fill:${paint(colours[i])}" d="${this.path(values, y)}${under}Z"/>`;
    }).join("");
  }

  lines(chart, lines, colours, y) {
    const { other, movable } = this.of;
    const theirs = other && chart.colours[0] === "machine" ? `<path class="curve" style="stroke:${paint(movable ? "c_stuck" : "c_move")};stroke-width:1.6" stroke-dasharray="5 3" d="${this.path(other.of(chart.columns[0]), y)}"/>` : "";
    return theirs + lines.map((values, i) => `<path class="curve" style="stroke:${paint(colours[i])}" ${i ? 'stroke-dasharray="5 3"' : ""} d="${this.path(values, y)}"/>`).join("");
  }

  /** Return the names and last values of the curves, next to their ends. */
  ends(chart, lines, colours, y) {
    const labels = lines.map((values, i) => {
      const own = this.of.rows.last(chart.columns[i]), middle = chart.stacked ? values.at(-1) - own / 2 : values.at(-1);
      return { at: y(middle), y: y(middle), value: own, name: chart.names[i], colour: colours[i] };
    }).filter(({ value }) => !chart.stacked || value);
    if (this.of.other && chart.colours[0] === "machine") {
      const value = this.of.other.last(chart.columns[0]), { movable } = this.of;
      labels[0].name = movable ? "can move" : "cannot";
      labels.push({ at: y(value), y: y(value), value, name: movable ? "cannot" : "can move", colour: movable ? "c_stuck" : "c_move" });
    }
    return spread(labels).map(({ at, y: middle, value, name, colour }) => {
      const words = short(value), ink = paint(TEXT[colour] ?? colour);
      return `<path style="stroke:${ink}" d="M${this.right + 2} ${at}L${this.right + 9} ${middle}"/>` +
        `<text x="${this.right + 12}" y="${middle + 4}" style="fill:${ink}"><tspan class="value" data-name="${name}">${words}</tspan><tspan dx="4">${name}</tspan></text>`;
    }).join("");
  }

  /** Return what was done, as dotted lines with names; of names that would overlap, the newest. */
  events(wide) {
    const rows = this.of.rows.rows, first = rows[0][0], foot = this.bottom + 16;
    let free = wide - PLOT.names + 4;
    const drawn = [...this.of.events].reverse().map(([step, words]) => {
      if (step < first) return "";
      const x = this.x(Math.min(step - first, this.last)), from = x - words.length * LETTER * 0.85;
      const shown = from > 60 && x <= free;
      if (shown) free = from - 8;
      return `<path class="event" d="M${x} ${PLOT.top - 16}V${this.bottom + 2}"/>` + (shown ? this.text(x - 2, foot, words, 'class="unit" text-anchor="end"') : "");
    });
    return this.text(0, foot, `step ${first}`, 'class="unit"') + drawn.join("");
  }

  // --- reading values -------------------------------------------------------------------------

  read(at) {
    this.at = at;
    this.hair.setAttribute("visibility", at === null ? "hidden" : "visible");
    if (at !== null) this.hair.setAttribute("d", `M${this.x(at)} ${PLOT.top - 16}V${this.bottom}`);
    this.told(at);
  }

  point({ clientX }) {
    if (!this.right) return;
    const { left } = this.root.getBoundingClientRect();
    this.read(Math.min(Math.max(Math.round(((clientX - left) / this.right) * this.last), 0), this.last));
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !this.right) return;
    event.preventDefault();
    this.read(Math.min(Math.max((this.at ?? this.last) + by, 0), this.last));
  }
}
