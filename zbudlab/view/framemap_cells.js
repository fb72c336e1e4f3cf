// The frame map's state and its pixels, a pixel a cell. Nothing here touches the page.
//
// Places, cells and the bytes that say what a cell is come from Python as they are; see stream.py
// for the messages and layout.py (FRAME_*) for the bytes.

const NOWHERE = 0xffffffff; // in cellAt: a place without a cell
const FADE_MS = 1600; // how long moved pages stay painted
const FULL_MS = 500; // of that, without fading

/** A pixel, as canvas keeps them in memory: red first. */
function pixel(red, green, blue) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Two pixels mixed; share: of the second one, 0 to 1. */
function mixed(one, other, share) {
  let result = 255 << 24;
  for (const shift of [0, 8, 16]) {
    const from = (one >>> shift) & 255;
    const to = (other >>> shift) & 255;
    result |= Math.round(from + (to - from) * share) << shift;
  }
  return result >>> 0;
}

/** A pixel of "#rrggbb". */
function pixelOf(colour) {
  const value = parseInt(colour.slice(1), 16);
  return pixel(value >> 16, (value >> 8) & 255, value & 255);
}

/** The bytes of a message's buffer, as an array of some type. */
function arrayOf(Type, buffer) {
  const view = buffer instanceof DataView ? buffer : new DataView(buffer);
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new Type(bytes);
}

/** How strongly a move of that age is painted, 0 to 1; it jumps where nothing shall fade. */
function strength(age, fades) {
  if (age >= FADE_MS) return 0;
  return fades ? Math.min(1, (FADE_MS - age) / (FADE_MS - FULL_MS)) : 1;
}

/** What is known of the frames: it takes Python's messages. */
class Cells {
  constructor(legend, look) {
    this.legend = legend; // place in the legend of each byte
    this.look = look; // see _look in framemap.py
    this.kinds = look.kinds;
    this.numberOf = Object.fromEntries(this.kinds.map((kind, number) => [kind.name, number]));
    this.columns = this.rows = this.count = this.number = 0;
    this.grid = { together: 1, block: 1, cma: [0, 0], frames: 0, layout: "" };
    this.counts = this.kinds.map(() => 0);
    this.summary = "";
    this.bookkeeping = "";
    this.chunks = new Map(); // cell -> the part that each chunk is, of pool pages that were asked for
    this.known = new Set(); // of these, the cells whose parts are of the newest state
    this.touched = () => {}; // told which cells to paint anew; null = all
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

  /** The message `grid`: where cells lie. */
  arrange(grid, places) {
    this.grid = grid;
    this.columns = grid.columns;
    this.rows = grid.rows;
    this.placeOf = places;
    this.cellAt = new Uint32Array(grid.columns * grid.rows).fill(NOWHERE);
    places.forEach((place, cell) => (this.cellAt[place] = cell));
    this.clear(places.length);
  }

  /** The message `frame`: what changed, and which pages moved. */
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
    this.known.clear(); // sizes stay until newer ones come: without any, pages would flicker
    this.number = message.number;
    this.counts = message.counts;
    this.summary = message.summary;
    this.bookkeeping = message.bookkeeping;
  }

  addMoves(pairs, now) {
    for (const end of [0, 1]) {
      const cells = new Uint32Array(pairs.length / 2);
      for (let i = 0; i < cells.length; i++) cells[i] = pairs[2 * i + end];
      this.moves.push({ cells, kind: this.numberOf[end ? "to" : "from"], at: now });
    }
  }

  /** The message `mark`: paint cells over. */
  mark(kind, cells) {
    this.unmark();
    this.marks = { cells, kind };
    this.touched(cells);
  }

  unmark() {
    if (this.marks) this.touched(this.marks.cells);
    this.marks = null;
  }

  /** Forget moves that have faded; whether some have not. */
  expire(now) {
    const over = this.moves.filter((move) => now - move.at >= FADE_MS);
    this.moves = this.moves.filter((move) => now - move.at < FADE_MS);
    for (const move of over) this.touched(move.cells);
    return this.moves.length > 0;
  }

  /** The message `chunks`: what each chunk of pool pages is. */
  takeChunks(frames, parts) {
    const size = parts.length / frames.length;
    frames.forEach((frame, i) => {
      this.chunks.set(frame, parts.slice(i * size, (i + 1) * size));
      this.known.add(frame);
    });
  }

  /** The place in the legend of what a cell is. */
  kindOf(cell) {
    return this.legend[this.codes[cell]];
  }

  /** Whether a cell is a page of a pool, pinned or not. */
  isPooled(cell) {
    return this.look.pool.includes(this.codes[cell] & this.look.mask);
  }

  /** The first frame of a cell. */
  frameOf(cell) {
    return cell * this.grid.together;
  }

  /** "4711", or "4711 to 4714" where frames share a cell. */
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
    this.hidden = new Set(); // kinds that are toggled off
    this.touch(null);
  }

  /** These cells are to be painted anew; null = all. */
  touch(cells) {
    if (cells === null) this.waiting = null;
    else if (this.waiting) this.waiting.push(cells);
  }

  /** Take colours: 256 * rgb of the bytes, those of kinds, and of what is toggled off. */
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

  /** The colour of what a cell is, without what is painted over. */
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

  /** Paint what waits and what fades: the first and last row that changed, or null. */
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
