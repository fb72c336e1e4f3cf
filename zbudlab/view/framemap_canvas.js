// Drawing: which part of the map stands on the canvas, and what is drawn over the cells.

const CHUNKS_FROM = 24; // CSS pixels of a cell from which a zbud page shows its chunks
const NUMBERS_FROM = 56; // and from which each cell bears its number
const BORDERS_FROM = 12; // side of a pageblock from which blocks have borders
const LINES_FROM = 12; // and of a cell from which there are lines between them
const CLOSEST = 128;
const CHUNKS_A_SIDE = 8; // a page's 64 chunks are drawn in rows of eight

/** The part of the map that is seen: zoom is CSS pixels a cell; left and top are cells. */
class Frame {
  constructor(size) {
    this.size = size;
    this.width = this.height = size;
    this.zoom = 1;
    this.left = this.top = 0;
  }

  /** Take the size of a map, and show all of it. */
  fit(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    const exact = this.size / Math.max(columns, rows);
    this.least = exact >= 1 ? Math.floor(exact) : exact;
    this.width = Math.max(1, Math.round(columns * this.least));
    this.height = Math.max(1, Math.round(rows * this.least));
    this.whole();
  }

  whole() {
    this.zoom = this.least;
    this.left = this.top = 0;
  }

  /** Come closer by a factor, the point (x, y) staying where it is. */
  zoomBy(factor, x, y) {
    const column = this.left + x / this.zoom;
    const row = this.top + y / this.zoom;
    this.zoom = Math.min(Math.max(this.zoom * factor, this.least), Math.max(CLOSEST, this.least));
    this.left = column - x / this.zoom;
    this.top = row - y / this.zoom;
    this.hold();
  }

  /** Move by CSS pixels. */
  pan(x, y) {
    this.left += x / this.zoom;
    this.top += y / this.zoom;
    this.hold();
  }

  /** Keep the map on the canvas. */
  hold() {
    const farthest = (cells, pixels) => Math.max(0, cells - pixels / this.zoom);
    this.left = Math.min(Math.max(this.left, 0), farthest(this.columns, this.width));
    this.top = Math.min(Math.max(this.top, 0), farthest(this.rows, this.height));
  }

  /** Bring a cell into sight, if it is not. */
  reveal(column, row) {
    const across = this.width / this.zoom;
    const down = this.height / this.zoom;
    if (column < this.left || column + 1 > this.left + across) this.left = column + 0.5 - across / 2;
    if (row < this.top || row + 1 > this.top + down) this.top = row + 0.5 - down / 2;
    this.hold();
  }

  /** Column and row at a point of the canvas. */
  at(x, y) {
    return [Math.floor(this.left + x / this.zoom), Math.floor(this.top + y / this.zoom)];
  }

  /** The cells in sight: first and last column, first and last row. */
  seen() {
    const last = (start, pixels, cells) =>
      Math.min(cells - 1, Math.ceil(start + pixels / this.zoom) - 1);
    return [
      Math.floor(this.left),
      last(this.left, this.width, this.columns),
      Math.floor(this.top),
      last(this.top, this.height, this.rows),
    ];
  }

  x(column) {
    return (column - this.left) * this.zoom;
  }

  y(row) {
    return (row - this.top) * this.zoom;
  }
}

/** One canvas with a map. newCanvas(columns, rows) makes the canvas that is never seen. */
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
    this.style = { borders: "#0008", cma: "#080", focus: "#000", halo: "#fff", back: "#fff" };
  }

  /** The grid is another one. */
  regrid() {
    const { columns, rows } = this.cells;
    this.frame.fit(columns, rows);
    this.source = this.newCanvas(columns, rows);
    this.resize();
  }

  resize() {
    this.canvas.width = Math.round(this.frame.width * this.ratio);
    this.canvas.height = Math.round(this.frame.height * this.ratio);
  }

  /** The cell at a point of the canvas, or null. */
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

  /** Column and row of a cell. */
  placed(cell) {
    const place = this.cells.placeOf[cell];
    return [place % this.cells.columns, Math.floor(place / this.cells.columns)];
  }

  /** Draw all; whether something is fading, so that it has to be drawn again. */
  draw(now, fades) {
    const fading = this.cells.expire(now);
    this.putPixels(this.pixels.paint(now, fades));
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawCells(context);
    if (this.frame.zoom >= LINES_FROM) this.drawLines(context);
    if (this.zbudInSight()) this.drawChunks(context);
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

  /** Thin lines between all cells. */
  drawLines(context) {
    const { frame } = this;
    const [left, right, top, bottom] = frame.seen();
    context.fillStyle = this.style.back;
    for (let column = left; column <= right; column++) {
      context.fillRect(frame.x(column), 0, 1, frame.height);
    }
    for (let row = top; row <= bottom; row++) context.fillRect(0, frame.y(row), frame.width, 1);
  }

  /** Borders where two neighbours differ: pageblocks, and the edge of the CMA area. */
  drawBorders(context) {
    const { block, cma } = this.cells.grid;
    if (Math.sqrt(block) * this.frame.zoom >= BORDERS_FROM) {
      this.edges(context, (cell) => Math.floor(cell / block), this.style.borders, 1);
    }
    if (cma[1] > cma[0]) {
      this.edges(context, (cell) => cell >= cma[0] && cell < cma[1], this.style.cma, 2);
    }
  }

  edges(context, groupOf, colour, width) {
    const { frame } = this;
    const [left, right, top, bottom] = frame.seen();
    const group = (column, row) => {
      const cell = this.cellIn(column, row);
      return cell === null ? null : groupOf(cell);
    };
    context.beginPath();
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const here = group(column, row);
        if (column < right && here !== group(column + 1, row)) {
          context.moveTo(frame.x(column + 1), frame.y(row));
          context.lineTo(frame.x(column + 1), frame.y(row + 1));
        }
        if (row < bottom && here !== group(column, row + 1)) {
          context.moveTo(frame.x(column), frame.y(row + 1));
          context.lineTo(frame.x(column + 1), frame.y(row + 1));
        }
      }
    }
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  /** Zbud pages in sight, if they are large enough to show their chunks; else null. */
  zbudInSight() {
    if (this.frame.zoom < CHUNKS_FROM || this.cells.grid.together > 1) return null;
    const found = [];
    const [left, right, top, bottom] = this.frame.seen();
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const cell = this.cellIn(column, row);
        if (cell !== null && this.cells.isZbud(cell)) found.push(cell);
      }
    }
    return found;
  }

  drawChunks(context) {
    for (const cell of this.zbudInSight()) {
      const sizes = this.cells.chunks.get(cell);
      if (sizes && !this.pixels.hidden.has(this.cells.kindOf(cell))) {
        this.drawPage(context, cell, ...sizes);
      }
    }
  }

  /** A zbud page's chunks within its cell: header, first buddy, free, last buddy. */
  drawPage(context, cell, first, last) {
    const { frame } = this;
    const [column, row] = this.placed(cell);
    const rim = Math.max(2, Math.round(frame.zoom / 16));
    const side = (frame.zoom - 2 * rim) / CHUNKS_A_SIDE;
    const gap = side >= 5 ? 1 : 0.5;
    const number = CHUNKS_A_SIDE * CHUNKS_A_SIDE;
    for (let chunk = 0; chunk < number; chunk++) {
      context.fillStyle = this.chunkColours[partOf(chunk, first, last)];
      const x = frame.x(column) + rim + (chunk % CHUNKS_A_SIDE) * side;
      const y = frame.y(row) + rim + Math.floor(chunk / CHUNKS_A_SIDE) * side;
      context.fillRect(x, y, side - gap, side - gap);
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

  /** A box around a cell, at least 7 pixels wide, seen on any colour. */
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

/** What a chunk of a zbud page is. */
function partOf(chunk, first, last) {
  if (chunk === 0) return "header";
  if (chunk <= first) return "first";
  return chunk >= CHUNKS_A_SIDE * CHUNKS_A_SIDE - last ? "last" : "free";
}
