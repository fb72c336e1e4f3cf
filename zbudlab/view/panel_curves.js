// Curves of the pressure panel: one small canvas per chart, with its figures as text.

const PLOT = { left: 4, right: 4, top: 4, bottom: 4 }; // px around the curves

/** Return the colours of a chart's series; movable: whether this machine's zbud pages can move. */
function coloursOf(chart, ink, movable) {
  return chart.colours.map((name) => ink[name === "machine" ? (movable ? "c_move" : "c_stuck") : name]);
}

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
function extent(chart, allSeries) {
  if (chart.range) return chart.range;
  let most = 1;
  for (const values of allSeries) for (const value of values) if (value > most) most = value;
  return [0, most];
}

/** Draw series on a canvas; theme: light or dark. */
function drawChart(canvas, chart, lines, [least, most], colours, ink, ratio) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const context = canvas.getContext("2d");
  resized(canvas, Math.round(width * ratio), Math.round(height * ratio));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const steps = Math.max(lines[0].length - 1, 1);
  const x = (i) => PLOT.left + (i / steps) * (width - PLOT.left - PLOT.right);
  const y = (value) => {
    const share = (value - least) / (most - least);
    return height - PLOT.bottom - share * (height - PLOT.top - PLOT.bottom);
  };
  context.lineWidth = 1;
  context.strokeStyle = ink.edge;
  line(context, [0, 0], (i) => i * width, () => height - 0.5);
  context.strokeStyle = ink.line;
  context.setLineDash([2, 4]);
  line(context, [0, 0], (i) => i * width, () => 0.5);
  context.setLineDash([]);
  if (least < 0) line(context, [0, 0], (i) => i * width, () => Math.round(y(0)) + 0.5);
  if (chart.stacked) {
    for (let i = lines.length - 1; i >= 0; i--) area(context, lines[i], x, y, height, colours[i]);
    return;
  }
  context.lineWidth = 2;
  lines.forEach((values, i) => {
    context.strokeStyle = colours[i];
    context.setLineDash(i ? [5, 3] : []);
    line(context, values, x, y);
  });
  context.setLineDash([]);
}

/** Set a canvas's size only if it differs, as setting it reallocates the canvas. */
function resized(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function line(context, values, x, y) {
  context.beginPath();
  values.forEach((value, i) => context.lineTo(x(i), y(value)));
  if (values.length === 1) context.lineTo(x(0) + 3, y(values[0]));
  context.stroke();
}

function area(context, values, x, y, height, colour) {
  context.beginPath();
  context.moveTo(x(0), height - PLOT.bottom);
  values.forEach((value, i) => context.lineTo(x(i), y(value)));
  context.lineTo(x(values.length - 1), height - PLOT.bottom);
  context.fillStyle = colour;
  context.fill();
}

/** A chart on the page: its title, its curves, and their latest values as text. */
class Chart {
  constructor(chart) {
    this.chart = chart;
    this.canvas = make("canvas", { role: "img", "aria-label": chart.title });
    this.most = make("span", { class: "zbl-most" });
    this.values = chart.columns.map(() => make("b", {}));
    this.swatches = chart.columns.map(() => make("i", { class: "zbl-swatch", "aria-hidden": "true" }));
    this.root = make("figure", {}, make("figcaption", {}, chart.title, " ", this.most), this.canvas, this.legend());
  }

  legend() {
    const parts = this.chart.names.map((name, i) =>
      make("span", {}, this.swatches[i], `${name} `, this.values[i]),
    );
    return make("div", { class: "zbl-values" }, ...parts);
  }

  dye(ink, movable) {
    this.ink = ink;
    this.colours = coloursOf(this.chart, ink, movable);
    this.swatches.forEach((swatch, i) => (swatch.style.background = this.colours[i]));
  }

  draw(lines, range) {
    if (this.canvas.clientWidth) drawChart(this.canvas, this.chart, lines, range, this.colours, this.ink, window.devicePixelRatio || 1);
  }

  tell(rows, range) {
    this.chart.columns.forEach((name, i) => say(this.values[i], short(rows.last(name))));
    say(this.most, `${short(range[0])} to ${short(range[1])}`);
  }
}
