// The engine in a browser or Node: a module, machines made from images, rows of operations run on
// them. No rule of the kernel is here: this file knows images, scripts, results and cells.

const WORD = 8; // bytes of an address or number that the module takes
const PAGE = 1 << 16; // bytes by which a WebAssembly memory is measured
const GROWTH = 1 << 22; // bytes by which a memory grows
const MOST_ROWS = 1 << 16; // rows of a machine's script
const KEYFRAME_ROWS = 1024; // rows from one keyframe of a machine to the next
const KEYFRAME_BYTES = 1 << 26; // of all keyframes of a machine together

/** A module with its memory, which grows as machines are added. */
class Engine {
  /** Compile a module. room: bytes of memory at the start. */
  static async start(code, description, room = 1 << 20) {
    const { instance } = await WebAssembly.instantiate(code);
    const { memory } = instance.exports;
    memory.grow(Math.max(room - memory.buffer.byteLength, 0) / PAGE);
    return new Engine(instance.exports, memory, description);
  }

  constructor(exports, memory, description) {
    Object.assign(this, { exports, memory, description, free: description.stack_top });
  }

  /** The bytes of the memory. Another object after each growth, so views of it are not kept. */
  get buffer() {
    return this.memory.buffer;
  }

  /** Return the address of so many zeroed bytes. */
  allocate(bytes) {
    const at = this.free;
    this.free = Math.ceil((at + bytes) / 64) * 64;
    const lacking = this.free - this.buffer.byteLength;
    if (lacking > 0) this.memory.grow(Math.ceil(Math.max(lacking, GROWTH) / PAGE));
    return at;
  }

  /** Write 64-bit words and return their address. */
  words(...values) {
    const at = this.allocate(WORD * values.length);
    new BigInt64Array(this.buffer, at, values.length).set(values.map(BigInt));
    return at;
  }

  /** Call an export with addresses and whole numbers; return its result as a number. */
  call(name, ...given) {
    return Number(this.exports[name](...given.map(BigInt)));
  }

  /** Return an array of a type from `layout`, without content: its address and its descriptor. */
  array(name, length) {
    const at = this.allocate(this.description.dtypes[name].itemsize * length);
    return { at, descriptor: this.words(at, length) };
  }

  /** Return a reader of a field: a function of the record's number. place: in a field of several. */
  field(record, at, name, place = 0) {
    const { itemsize, fields } = this.description.dtypes[record];
    const [kind, offset] = fields[name];
    const read = { int64: "getBigInt64", int32: "getInt32", uint32: "getUint32", uint16: "getUint16", uint8: "getUint8" }[kind];
    const start = at + offset + place * Number(kind.match(/\d+/)[0]) / 8;
    return (number) => Number(new DataView(this.buffer)[read](start + number * itemsize, true));
  }

  /** Change a field of a record. */
  put(record, at, name, value) {
    const [kind, offset] = this.description.dtypes[record].fields[name];
    const view = new DataView(this.buffer);
    if (kind === "int64") view.setBigInt64(at + offset, BigInt(value), true);
    else if (kind === "uint8") view.setUint8(at + offset, value);
    else view.setInt32(at + offset, value, true);
  }
}

/** Copies of a state after some steps, in order. Of too many, every second one is dropped. */
class Keyframes {
  constructor(most) {
    Object.assign(this, { most, kept: [] });
  }

  keep(step, make) {
    if (this.kept.length && this.kept.at(-1).step >= step) return;
    this.kept.push({ step, state: make() });
    if (this.kept.length > this.most) this.kept = this.kept.filter((_, i) => i % 2 === 0);
  }

  /** Return the newest keyframe that is not after a step, or undefined. */
  before(step) {
    return this.kept.findLast((each) => each.step <= step);
  }

  /** Drop the keyframes after a step. */
  forget(step) {
    this.kept = this.kept.filter((each) => each.step <= step);
  }
}

/** A machine made from an image, and the rows that were run on it. */
class LiveMachine {
  /** rows: for how many rows of a script there is room. */
  constructor(engine, data, description, rows = MOST_ROWS) {
    const { arrays, frames, processes } = description;
    Object.assign(this, { engine, data, description, frames, processes, rows: 0, most: rows, calls: new Map() });
    this.at = engine.allocate(data.length);
    this.place = Object.fromEntries(Object.entries(arrays).map(([name, [start]]) => [name, this.at + start]));
    this.born = engine.words(processes);
    this.actor = engine.description.dtypes.actor ? engine.array("actor", 1).at : null;
    this.parts = [[this.at, engine.free]];
    const table = Object.keys(engine.description.table).flatMap((name) => [this.at + arrays[name][0], ...arrays[name].slice(1)]);
    this.mem = engine.words(...table);
    this.moved = engine.array("migration", frames);
    this.control = engine.array("compact_control", 1);
    const taken = engine.allocate(WORD * frames);
    this.room = [this.moved.descriptor, this.control.descriptor, engine.words(taken, frames), engine.words(this.born, 1)];
    this.scriptAt = engine.allocate(3 * WORD * rows);
    this.resultsAt = engine.allocate(WORD * rows);
    this.scriptWords = engine.words(this.scriptAt, rows, 3);
    this.resultWords = engine.words(this.resultsAt, rows);
    this.bytesAt = engine.allocate(frames);
    this.cellWords = engine.words(this.bytesAt, frames);
    this.areaWords = this.ofArea(description.cma);
    this.keyframes = new Keyframes(Math.max(Math.min(Math.floor(KEYFRAME_BYTES / data.length), 64), 4));
    this.boot();
  }

  /** Return the descriptors of the CMA area and of its bitmap. */
  ofArea(cma) {
    if (!cma) return null;
    const [area, bitmap, bits] = cma;
    return [this.engine.words(this.at + area, 1), this.engine.words(this.at + bitmap, bits)];
  }

  numbers(at, length) {
    return new BigInt64Array(this.engine.buffer, at, length);
  }

  get script() {
    return this.numbers(this.scriptAt, 3 * this.most);
  }

  get results() {
    return this.numbers(this.resultsAt, this.most);
  }

  get bytes() {
    return new Uint8Array(this.engine.buffer, this.bytesAt, this.frames);
  }

  /** Return to the image, with no row run. */
  boot() {
    this.keyframes.forget(-1);
    this.load();
  }

  load() {
    new Uint8Array(this.engine.buffer, this.at, this.data.length).set(this.data);
    this.numbers(this.born, 1)[0] = BigInt(this.processes);
    this.done = 0;
  }

  /** Return a copy of the machine as it is. */
  save() {
    return this.parts.map(([start, end]) => new Uint8Array(this.engine.buffer.slice(start, end)));
  }

  /** Make the machine what it was when it was saved. */
  restore(saved) {
    this.parts.forEach(([start], i) => new Uint8Array(this.engine.buffer).set(saved[i], start));
  }

  /** Add rows [operation, a, b] to the script; they are run by `go`. An operation that is a name is
   * a method of this class. */
  append(rows) {
    if (this.rows + rows.length > this.most) throw new RangeError("the script of the machine is full");
    for (const row of this.calls.keys()) if (row >= this.rows) this.calls.delete(row);
    rows.forEach((row, i) => typeof row[0] === "string" && this.calls.set(this.rows + i, row));
    const numbers = rows.map((row) => (typeof row[0] === "string" ? [0, 0, 0] : row));
    this.script.set(numbers.flat().map(BigInt), 3 * this.rows);
    this.rows += rows.length;
  }

  /** Run the script up to a row; if that row was passed, from the keyframe before it. */
  go(row) {
    if (row < this.done) this.rewind(row);
    while (this.done < row) {
      this.through(Math.min(row, (Math.floor(this.done / KEYFRAME_ROWS) + 1) * KEYFRAME_ROWS));
      if (this.done % KEYFRAME_ROWS === 0) this.keyframes.keep(this.done, () => this.save());
    }
  }

  rewind(row) {
    const frame = this.keyframes.before(row);
    if (!frame) return this.load();
    this.restore(frame.state);
    this.done = frame.step;
  }

  /** Run the rows up to a row, calls one by one. */
  through(row) {
    while (this.done < row) {
      const call = [...this.calls.keys()].find((each) => each >= this.done && each < row) ?? row;
      if (call > this.done) this.engine.call("interpreter.run_rows", this.mem, ...this.room, this.scriptWords, 0, this.done, call, this.resultWords);
      this.done = call;
      if (call === row) return;
      const [name, ...given] = this.calls.get(call);
      this.results[call] = BigInt(this[name](...given));
      this.done = call + 1;
    }
  }

  /** Drop the rows after the ones that were run, then run others. Return their results. */
  run(rows) {
    this.keyframes.forget(this.done);
    this.rows = this.done;
    this.append(rows);
    this.go(this.rows);
    return rows.map((_, i) => Number(this.results[this.rows - rows.length + i]));
  }

  /** Take contiguous frames of the CMA area as a driver does. Return the first, or a negative errno. */
  cmaAlloc(count, align) {
    return this.engine.call("calls.cma_alloc", this.mem, ...this.areaWords, this.moved.descriptor, this.control.descriptor, count, align);
  }

  /** Give back the frames that the call in a row took. */
  cmaRelease(row) {
    const [, count] = this.calls.get(row);
    return this.engine.call("calls.cma_release", this.mem, ...this.areaWords, Number(this.results[row]), count);
  }

  /** Begin to move the page of a frame, step by step. template: the bytes of the actor that moves it. */
  moveBegin(pfn, template) {
    new Uint8Array(this.engine.buffer).set(template, this.actor);
    this.engine.put("actor", this.actor, "pfn", pfn);
    return pfn;
  }

  /** Take the next step of the move: what the kernel does under one lock. Return 0 or a fault. */
  moveOn() {
    return this.engine.call("steps.compact_step", this.mem, this.actor);
  }

  /** Return a number of the page's move: `pc`, -1 at the end; `new`, the target; `failed`. */
  move(name) {
    return this.engine.field("actor", this.actor, name)(0);
  }

  /** Return what each frame is, one byte a frame (layout.FRAME_*). */
  cells() {
    this.engine.call("inspection.look_at_frames", this.mem, this.cellWords);
    return this.bytes;
  }

  /** Return the moves of the last compaction, as pairs of frames. */
  moves() {
    const { engine } = this;
    const count = engine.field("compact_control", this.control.at, "nr_moves")(0);
    const [old, to, rc] = ["old", "new", "rc"].map((name) => engine.field("migration", this.moved.at, name));
    const every = Array.from({ length: count }, (_, i) => [old(i), to(i), rc(i)]);
    return every.filter((move) => move[2] === 0).map((move) => move.slice(0, 2));
  }

  /** Return all bytes of the machine's arrays. */
  memory() {
    return new Uint8Array(this.engine.buffer, this.at, this.data.length);
  }
}

/** Return bytes that were packed with gzip and base64. */
async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
