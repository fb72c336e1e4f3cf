// The visible part of a map.

const CLOSEST = 128; // largest size of a cell, in CSS pixels

/** The visible part of the map: zoom in CSS pixels per cell, left and top in cells. */
class Frame {
  constructor(size) {
    this.size = size;
    this.width = this.height = size;
    this.zoom = 1;
    this.left = this.top = 0;
  }

  /** Set the size of the map and show all of it. If the size is unchanged, so is the view. */
  fit(columns, rows) {
    if (columns === this.columns && rows === this.rows) return;
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

  /** Zoom by a factor around the point (x, y). */
  zoomBy(factor, x, y) {
    const column = this.left + x / this.zoom;
    const row = this.top + y / this.zoom;
    this.zoom = Math.min(Math.max(this.zoom * factor, this.least), Math.max(CLOSEST, this.least));
    this.left = column - x / this.zoom;
    this.top = row - y / this.zoom;
    this.hold();
  }

  /** Pan by CSS pixels. */
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

  /** Scroll a cell into view if necessary. */
  reveal(column, row) {
    const across = this.width / this.zoom;
    const down = this.height / this.zoom;
    if (column < this.left || column + 1 > this.left + across) this.left = column + 0.5 - across / 2;
    if (row < this.top || row + 1 > this.top + down) this.top = row + 0.5 - down / 2;
    this.hold();
  }

  /** Return column and row at a point of the canvas. */
  at(x, y) {
    return [Math.floor(this.left + x / this.zoom), Math.floor(this.top + y / this.zoom)];
  }

  /** Return the visible cells: first and last column, first and last row. */
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
