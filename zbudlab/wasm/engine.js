// The engine in a browser or Node: a module, machines made from images, rows of operations run on
// them. No rule of the kernel is here: this file knows images, scripts, results and cells.

const WORD = 8; // bytes of an address or number that the module takes
const PAGE = 1 << 16; // bytes by which a WebAssembly memory is measured
const MOST_ROWS = 1 << 16; // rows of a machine's script

/** A module with its memory. */
class Engine {
  /** Compile a module. room: bytes of memory. */
  static async start(code, description, room = 1 << 26) {
    const memory = new WebAssembly.Memory({ initial: room / PAGE });
    const top = new WebAssembly.Global({ value: "i32", mutable: true }, description.stack_top);
    const env = { __linear_memory: memory, __stack_pointer: top };
    const { instance } = await WebAssembly.instantiate(code, { env });
    return new Engine(instance.exports, memory.buffer, description);
  }

  constructor(exports, buffer, description) {
    Object.assign(this, { exports, buffer, description, free: description.stack_top });
  }

  /** Return the address of so many zeroed bytes. */
  allocate(bytes) {
    const at = this.free;
    this.free = Math.ceil((at + bytes) / 64) * 64;
    if (this.free > this.buffer.byteLength) throw new RangeError("the memory of the engine is full");
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
    const view = new DataView(this.buffer);
    const start = at + offset + place * Number(kind.match(/\d+/)[0]) / 8;
    return (number) => Number(view[read](start + number * itemsize, true));
  }
}

/** A machine made from an image, and the rows that were run on it. */
class LiveMachine {
  constructor(engine, data, { arrays, frames, processes }) {
    Object.assign(this, { engine, data, frames, processes, rows: 0 });
    this.at = engine.allocate(data.length);
    this.place = Object.fromEntries(Object.entries(arrays).map(([name, [start]]) => [name, this.at + start]));
    const table = Object.keys(engine.description.table).flatMap((name) => [this.at + arrays[name][0], ...arrays[name].slice(1)]);
    this.mem = engine.words(...table);
    this.moved = engine.array("migration", frames);
    this.control = engine.array("compact_control", 1);
    this.born = engine.words(processes);
    const taken = engine.allocate(WORD * frames);
    this.room = [this.moved.descriptor, this.control.descriptor, engine.words(taken, frames), engine.words(this.born, 1)];
    this.script = this.numbers(3 * MOST_ROWS);
    this.results = this.numbers(MOST_ROWS);
    this.scriptWords = engine.words(this.script.byteOffset, MOST_ROWS, 3);
    this.resultWords = engine.words(this.results.byteOffset, MOST_ROWS);
    this.bytes = new Uint8Array(engine.buffer, engine.allocate(frames), frames);
    this.cellWords = engine.words(this.bytes.byteOffset, frames);
    this.boot();
  }

  numbers(length) {
    return new BigInt64Array(this.engine.buffer, this.engine.allocate(WORD * length), length);
  }

  boot() {
    new Uint8Array(this.engine.buffer, this.at, this.data.length).set(this.data);
    new BigInt64Array(this.engine.buffer, this.born, 1)[0] = BigInt(this.processes);
    this.done = 0;
  }

  /** Add rows [operation, a, b] to the script; they are run by `go`. */
  append(rows) {
    if (this.rows + rows.length > MOST_ROWS) throw new RangeError("the script of the machine is full");
    this.script.set(rows.flat().map(BigInt), 3 * this.rows);
    this.rows += rows.length;
  }

  /** Run the script up to a row, or from the image again if that row was passed. */
  go(row) {
    if (row < this.done) this.boot();
    this.engine.call("interpreter.run_rows", this.mem, ...this.room, this.scriptWords, 0, this.done, row, this.resultWords);
    this.done = row;
  }

  /** Drop the rows after the ones that were run, then run others. Return their results. */
  run(rows) {
    this.rows = this.done;
    this.append(rows);
    this.go(this.rows);
    return rows.map((_, i) => Number(this.results[this.rows - rows.length + i]));
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
