// Drawing: the cells and the marks on top of them.

const CHUNKS_FROM = 24; // least size of a cell, in CSS pixels, at which pool pages show chunks
const NUMBERS_FROM = 56; // least size of a cell that shows its number
const NUMBER_PX = 17; // height of the number
const BORDERS_FROM = 12; // least side of a pageblock that has a border
const LINES_FROM = 12; // least size of a cell with lines between cells
const CHUNKS_A_SIDE = 8; // a page's 64 chunks are drawn in rows of eight

/** A canvas with a map. newCanvas(columns, rows) makes an offscreen canvas. */
class Picture {
  constructor(canvas, cells, newCanvas, size) {
    this.canvas = canvas;
    this.cells = cells;
    this.newCanvas = newCanvas;
    this.pixels = new Pixels(cells);
    this.frame = new Frame(size);
    this.focus = null; // cells
    this.selected = null;
    this.ratio = 1;
    this.style = { borders: "#0008", cma: "#080", focus: "#000", halo: "#fff", back: "#fff", gaps: "#888" };
  }

  /** Take over a new grid. */
  regrid() {
    const { columns, rows } = this.cells;
    this.frame.fit(columns, rows);
    this.found = {}; // edges of the visible part
    this.source = this.newCanvas(columns, rows);
    this.pixels.touch(null); // it is empty
    this.resize();
  }

  resize() {
    this.canvas.width = Math.round(this.frame.width * this.ratio);
    this.canvas.height = Math.round(this.frame.height * this.ratio);
  }

  /** Return the cell at a point of the canvas, or null. */
  cellAt(x, y) {
    const [column, row] = this.frame.at(x, y);
    return this.cellIn(column, row);
  }

  cellIn(column, row) {
    const { columns, rows, cellAt } = this.cells;
    if (column < 0 || row < 0 || column >= columns || row >= rows) return null;
    const cell = cellAt[row * columns + column];
    return cell === NOWHERE ? null : cell;
  }

  /** Return column and row of a cell. */
  placed(cell) {
    const place = this.cells.placeOf[cell];
    return [place % this.cells.columns, Math.floor(place / this.cells.columns)];
  }

  /** Draw everything. Return whether something is fading and must be drawn again. */
  draw(now, fades) {
    const fading = this.cells.expire(now);
    this.putPixels(this.pixels.paint(now, fades));
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawCells(context);
    if (this.frame.zoom >= LINES_FROM) this.drawLines(context);
    if (this.pooledInSight()) this.drawChunks(context);
    this.drawBorders(context);
    if (this.frame.zoom >= NUMBERS_FROM) this.drawNumbers(context);
    this.outline(context, this.selected, 4);
    this.outline(context, this.focus, 2);
    return fading;
  }

  putPixels(rows) {
    if (!rows) return;
    const { columns } = this.cells;
    const [top, bottom] = rows;
    const { values } = this.pixels;
    const part = values.subarray(top * columns, (bottom + 1) * columns);
    const bytes = new Uint8ClampedArray(part.buffer, part.byteOffset, part.byteLength);
    const image = new ImageData(bytes, columns, bottom + 1 - top);
    this.source.getContext("2d").putImageData(image, 0, top);
  }

  drawCells(context) {
    const { frame } = this;
    context.fillStyle = this.style.back;
    context.fillRect(0, 0, frame.width, frame.height);
    context.imageSmoothingEnabled = frame.zoom * this.ratio < 1;
    const across = Math.min(frame.width / frame.zoom, frame.columns);
    const down = Math.min(frame.height / frame.zoom, frame.rows);
    const area = [0, 0, across * frame.zoom, down * frame.zoom];
    context.drawImage(this.source, frame.left, frame.top, across, down, ...area);
  }

  /** Draw thin lines between all cells. */
  drawLines(context) {
    const { frame } = this;
    const [left, right, top, bottom] = frame.seen();
    context.fillStyle = this.style.back;
    for (let column = left; column <= right; column++) {
      context.fillRect(frame.x(column), 0, 1, frame.height);
    }
    for (let row = top; row <= bottom; row++) context.fillRect(0, frame.y(row), frame.width, 1);
  }

  /** Draw the borders of pageblocks and of the CMA area. */
  drawBorders(context) {
    const { block, cma } = this.cells.grid;
    if (Math.sqrt(block) * this.frame.zoom >= BORDERS_FROM) {
      const lines = this.edges("block", (cell) => Math.floor(cell / block));
      this.drawEdges(context, lines, this.style.borders, 1);
    }
    if (cma[1] > cma[0]) {
      const lines = this.edges("cma", (cell) => (cell >= cma[0] && cell < cma[1] ? 1 : 0));
      this.drawEdges(context, lines, this.style.cma, 2);
    }
  }

  /** Return lines (x, y, x, y) between cells of different groups, cached for the visible part. */
  edges(name, groupOf) {
    const { zoom, left, top } = this.frame;
    const seen = `${zoom} ${left} ${top}`;
    if (this.found.seen !== seen) this.found = { seen };
    this.found[name] ??= this.findEdges(groupOf);
    return this.found[name];
  }

  findEdges(groupOf) {
    const { frame } = this;
    const [left, right, top, bottom] = frame.seen();
    const groupIn = (column, row) => {
      const cell = this.cellIn(column, row);
      return cell === null ? -1 : groupOf(cell);
    };
    const by = Math.max(1, Math.floor(1 / frame.zoom)); // one sample per pixel is enough
    const lines = [];
    for (let row = top; row + by <= bottom; row += by) {
      const differs = (column) => groupIn(column, row) !== groupIn(column, row + by);
      const y = frame.y(row + by);
      for (const [from, to] of runs(left, right, by, differs)) {
        lines.push([frame.x(from), y, frame.x(to), y]);
      }
    }
    for (let column = left; column + by <= right; column += by) {
      const differs = (row) => groupIn(column, row) !== groupIn(column + by, row);
      const x = frame.x(column + by);
      for (const [from, to] of runs(top, bottom, by, differs)) {
        lines.push([x, frame.y(from), x, frame.y(to)]);
      }
    }
    return lines;
  }

  drawEdges(context, lines, colour, width) {
    context.beginPath();
    for (const [x, y, toX, toY] of lines) {
      context.moveTo(x, y);
      context.lineTo(toX, toY);
    }
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  /** Return the visible pool pages if cells are large enough to show chunks, otherwise null. */
  pooledInSight() {
    if (this.frame.zoom < CHUNKS_FROM || this.cells.grid.together > 1) return null;
    const found = [];
    const [left, right, top, bottom] = this.frame.seen();
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const cell = this.cellIn(column, row);
        if (cell !== null && this.cells.isPooled(cell)) found.push(cell);
      }
    }
    return found;
  }

  drawChunks(context) {
    for (const cell of this.pooledInSight()) {
      const parts = this.cells.chunks.get(cell);
      if (parts && !this.pixels.hidden.has(this.cells.kindOf(cell))) {
        this.drawPage(context, cell, parts);
      }
    }
  }

  /** Draw a pool page's chunks in its cell. parts: the part of each chunk, an index of `look.parts`. */
  drawPage(context, cell, parts) {
    const { frame } = this;
    const [column, row] = this.placed(cell);
    const rim = Math.max(2, Math.round(frame.zoom / 16));
    const head = frame.zoom >= NUMBERS_FROM ? NUMBER_PX : rim; // room for the number
    const width = (frame.zoom - 2 * rim) / CHUNKS_A_SIDE;
    const height = (frame.zoom - head - rim) / CHUNKS_A_SIDE;
    const gap = height >= 5 ? 1 : 0.5;
    context.fillStyle = this.style.gaps; // gaps separate chunks that have the page's colour
    const inner = [CHUNKS_A_SIDE * width - gap, CHUNKS_A_SIDE * height - gap];
    context.fillRect(frame.x(column) + rim, frame.y(row) + head, ...inner);
    for (let chunk = 0; chunk < CHUNKS_A_SIDE * CHUNKS_A_SIDE; chunk++) {
      context.fillStyle = this.chunkColours[this.cells.look.parts[parts[chunk]]];
      const x = frame.x(column) + rim + (chunk % CHUNKS_A_SIDE) * width;
      const y = frame.y(row) + head + Math.floor(chunk / CHUNKS_A_SIDE) * height;
      context.fillRect(x, y, width - gap, height - gap);
    }
  }

  drawNumbers(context) {
    const { frame } = this;
    const [left, right, top, bottom] = frame.seen();
    context.font = "11px sans-serif";
    context.textBaseline = "top";
    context.lineWidth = 3;
    context.strokeStyle = this.style.halo;
    context.fillStyle = this.style.focus;
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const cell = this.cellIn(column, row);
        if (cell === null) continue;
        const where = [`${this.cells.frameOf(cell)}`, frame.x(column) + 4, frame.y(row) + 4];
        context.strokeText(...where);
        context.fillText(...where);
      }
    }
  }

  /** Draw a box around a cell, at least 7 pixels wide and visible on any colour. */
  outline(context, cell, width) {
    if (cell === null || cell >= this.cells.count) return;
    const { frame } = this;
    const [column, row] = this.placed(cell);
    const room = Math.max(0, (7 - frame.zoom) / 2);
    const side = frame.zoom + 2 * room;
    const box = [frame.x(column) - room, frame.y(row) - room, side, side];
    for (const [colour, thick] of [
      [this.style.halo, width + 2],
      [this.style.focus, width],
    ]) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.strokeRect(...box);
    }
  }
}

/** Return the start and end of each run of places from `first` to `last` that satisfy a test. */
function runs(first, last, by, holds) {
  const found = [];
  let begun = null;
  let at = first;
  for (; at <= last; at += by) {
    const here = holds(at);
    if (here && begun === null) begun = at;
    if (!here && begun !== null) {
      found.push([begun, at]);
      begun = null;
    }
  }
  if (begun !== null) found.push([begun, at]);
  return found;
}
