// The frame map's state and its pixels, one pixel per cell. This code does not touch the page.
//
// Places, cells and their bytes come from Python unchanged; see stream.py for the messages and
// layout.py (FRAME_*) for the bytes.

const NOWHERE = 0xffffffff; // in cellAt: a place without a cell
const FADE_MS = 1600; // how long moved pages stay painted
const FULL_MS = 500; // part of FADE_MS before fading begins

/** Return a pixel in a canvas's memory order: red first. */
function pixel(red, green, blue) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Mix two pixels; share: of the second one, 0 to 1. */
function mixed(one, other, share) {
  let result = 255 << 24;
  for (const shift of [0, 8, 16]) {
    const from = (one >>> shift) & 255;
    const to = (other >>> shift) & 255;
    result |= Math.round(from + (to - from) * share) << shift;
  }
  return result >>> 0;
}

/** Return the pixel of a "#rrggbb" colour. */
function pixelOf(colour) {
  const value = parseInt(colour.slice(1), 16);
  return pixel(value >> 16, (value >> 8) & 255, value & 255);
}

/** Return a message's buffer as a typed array. */
function arrayOf(Type, buffer) {
  const view = buffer instanceof DataView ? buffer : new DataView(buffer);
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new Type(bytes);
}

/** Return the strength, 0 to 1, of a move's colour by age; without fading it is a step. */
function strength(age, fades) {
  if (age >= FADE_MS) return 0;
  return fades ? Math.min(1, (FADE_MS - age) / (FADE_MS - FULL_MS)) : 1;
}

/** The state of the frames, updated by Python's messages. */
class Cells {
  constructor(legend, look) {
    this.legend = legend; // index in the legend by byte
    this.look = look; // see _look in framemap.py
    this.kinds = look.kinds;
    this.numberOf = Object.fromEntries(this.kinds.map((kind, number) => [kind.name, number]));
    this.columns = this.rows = this.count = this.number = 0;
    this.grid = { together: 1, block: 1, cma: [0, 0], frames: 0, layout: "" };
    this.counts = this.kinds.map(() => 0);
    this.summary = "";
    this.bookkeeping = "";
    this.chunks = new Map(); // cell -> the part of each chunk, for pool pages that were requested
    this.known = new Set(); // those of these cells whose parts are up to date
    this.touched = () => {}; // called with the cells to repaint; null = all
    this.clear(0);
  }

  clear(count) {
    this.count = count;
    this.codes = new Uint8Array(count);
    this.moves = []; // {cells, kind, at}: just moved, the newest last
    this.marks = null; // {cells, kind}: painted over until the next state
    this.chunks.clear();
    this.touched(null);
  }

  /** Handle the message `grid`: the positions of cells. */
  arrange(grid, places) {
    this.grid = grid;
    this.columns = grid.columns;
    this.rows = grid.rows;
    this.placeOf = places;
    this.cellAt = new Uint32Array(grid.columns * grid.rows).fill(NOWHERE);
    places.forEach((place, cell) => (this.cellAt[place] = cell));
    this.clear(places.length);
  }

  /** Handle the message `frame`: changed cells and moved pages. */
  take(message, numbers, codes, moves, now) {
    if (message.full) {
      this.codes = codes;
      this.touched(null);
    } else {
      for (let i = 0; i < numbers.length; i++) this.codes[numbers[i]] = codes[i];
      this.touched(numbers);
    }
    this.unmark();
    if (moves.length) this.addMoves(moves, now);
    this.known.clear(); // old chunks stay until new ones arrive, so that pages do not flicker
    this.number = message.number;
    this.counts = message.counts;
    this.summary = message.summary;
    this.bookkeeping = message.bookkeeping;
    this.named = message.named ?? this.named; // words of the legends for the machine's allocator
  }

  addMoves(pairs, now) {
    for (const end of [0, 1]) {
      const cells = new Uint32Array(pairs.length / 2);
      for (let i = 0; i < cells.length; i++) cells[i] = pairs[2 * i + end];
      this.moves.push({ cells, kind: this.numberOf[end ? "to" : "from"], at: now });
    }
  }

  /** Handle the message `mark`: paint over cells. */
  mark(kind, cells) {
    this.unmark();
    this.marks = { cells, kind };
    this.touched(cells);
  }

  unmark() {
    if (this.marks) this.touched(this.marks.cells);
    this.marks = null;
  }

  /** Drop moves that have faded. Return whether any remain. */
  expire(now) {
    const over = this.moves.filter((move) => now - move.at >= FADE_MS);
    this.moves = this.moves.filter((move) => now - move.at < FADE_MS);
    for (const move of over) this.touched(move.cells);
    return this.moves.length > 0;
  }

  /** Handle the message `chunks`: the part of each chunk of pool pages. */
  takeChunks(frames, parts) {
    const size = parts.length / frames.length;
    frames.forEach((frame, i) => {
      this.chunks.set(frame, parts.slice(i * size, (i + 1) * size));
      this.known.add(frame);
    });
  }

  /** Return a cell's index in the legend. */
  kindOf(cell) {
    return this.legend[this.codes[cell]];
  }

  /** Return whether a cell is a pool page, pinned or not. */
  isPooled(cell) {
    return this.look.pool.includes(this.codes[cell] & this.look.mask);
  }

  /** Return the first frame of a cell. */
  frameOf(cell) {
    return cell * this.grid.together;
  }

  /** Return "pfn 4711", or "pfns 4711 to 4714" if frames share a cell. */
  framesInWords(cell) {
    const first = this.frameOf(cell);
    const last = Math.min(first + this.grid.together, this.grid.frames) - 1;
    return last > first ? `pfns ${first} to ${last}` : `pfn ${first}`;
  }
}

/** The pixels of a map in one theme; each view has its own. */
class Pixels {
  constructor(cells) {
    this.cells = cells;
    this.hidden = new Set(); // kinds that are switched off
    this.touch(null);
  }

  /** Schedule cells for repainting; null = all. */
  touch(cells) {
    if (cells === null) this.waiting = null;
    else if (this.waiting) this.waiting.push(cells);
  }

  /** Set the colours: 256 * rgb of the bytes, those of kinds, and that of hidden kinds. */
  dye(bytes, kinds, muted) {
    this.muted = pixelOf(muted);
    this.ofByte = new Uint32Array(256);
    for (let i = 0; i < 256; i++) this.ofByte[i] = pixel(...bytes.subarray(3 * i, 3 * i + 3));
    this.ofKind = kinds.map(pixelOf);
    this.touch(null);
  }

  toggle(kind) {
    if (!this.hidden.delete(kind)) this.hidden.add(kind);
    this.touch(null);
  }

  /** Return the colour of a cell without marks and moves. */
  plain(cell) {
    const code = this.cells.codes[cell];
    return this.hidden.has(this.cells.legend[code]) ? this.muted : this.ofByte[code];
  }

  set(cell, value) {
    const place = this.cells.placeOf[cell];
    this.values[place] = value;
    const row = Math.floor(place / this.cells.columns);
    if (row < this.top) this.top = row;
    if (row > this.bottom) this.bottom = row;
  }

  /** Paint scheduled and fading cells. Return the first and last changed row, or null. */
  paint(now, fades) {
    this.top = Infinity;
    this.bottom = -1;
    if (this.waiting === null) this.paintAll();
    else for (const cells of this.waiting) this.paintPlain(cells);
    this.waiting = [];
    for (const move of this.cells.moves) this.paintMove(move, strength(now - move.at, fades));
    const marks = this.cells.marks;
    if (marks && !this.hidden.has(marks.kind)) for (const cell of marks.cells) this.set(cell, this.ofKind[marks.kind]);
    return this.bottom < 0 ? null : [this.top, this.bottom];
  }

  paintAll() {
    const { cells } = this;
    this.values = new Uint32Array(cells.columns * cells.rows);
    const table = this.ofByte.slice();
    cells.legend.forEach((kind, code) => {
      if (this.hidden.has(kind)) table[code] = this.muted;
    });
    for (let i = 0; i < cells.count; i++) this.values[cells.placeOf[i]] = table[cells.codes[i]];
    this.top = 0;
    this.bottom = cells.rows - 1;
  }

  paintPlain(cells) {
    for (const cell of cells) this.set(cell, this.plain(cell));
  }

  paintMove(move, share) {
    if (this.hidden.has(move.kind)) share = 0;
    const colour = this.ofKind[move.kind];
    for (const cell of move.cells) this.set(cell, mixed(this.plain(cell), colour, share));
  }
}
