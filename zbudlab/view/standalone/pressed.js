// A machine under pressure that runs in the page: programs start, use their pages and end, the kernel
// takes frames, a large block is asked for. What the kernel does is in the engine; see panel.py.

const ENOMEM = -12;
const SLICE_MS = 5; // that work takes before the page may draw again
const TOUCH = "RUN_TOUCH", WRITE = "RUN_WRITE_LENGTHS", FREE_PAGES = "RUN_FREE_PAGES";

/** Return a number in [0, 1) and change the state, { state }, from which it is drawn (mulberry32). */
function drawn(from) {
  const state = (from.state = (from.state + 0x6d2b79f5) >>> 0);
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** Run a generator to its end in short slices, so that the page stays fluid. Return its result. */
async function inSlices(work) {
  let until = performance.now() + SLICE_MS;
  for (let next = work.next(); ; next = work.next()) {
    if (next.done) return next.value;
    if (performance.now() < until) continue;
    await new Promise((go) => setTimeout(go));
    until = performance.now() + SLICE_MS;
  }
}

/** A machine with the arrays of the driver. */
class PressedMachine extends LiveMachine {
  constructor(engine, data, description, { work, log, programs }) {
    super(engine, data, description, 0);
    this.constants = engine.description.constants;
    const from = engine.free;
    this.work = this.group(work);
    this.parts.push([from, engine.free]);
    this.log = this.group(log);
    this.slots = engine.words(engine.allocate(8 * programs.pages), programs.pages);
    this.indicesAt = engine.allocate(8 * 2 * this.constants.MAX_ORDER);
    this.indexWords = engine.words(this.indicesAt, 2, this.constants.MAX_ORDER);
  }

  /** Return a copy of the machine as it is. */
  save() {
    return { arrays: super.save(), moves_made: this.moves_made };
  }

  restore({ arrays, moves_made }) {
    super.restore(arrays);
    this.moves_made = moves_made;
  }

  /** Allocate arrays: their places, sizes and the address of their table. */
  group(arrays) {
    const { engine } = this, places = {}, words = [];
    for (const [name, itemsize, shape] of arrays) {
      const bytes = itemsize * shape.reduce((all, size) => all * size, 1);
      places[name] = [engine.allocate(Math.max(bytes, 8)), bytes];
      words.push(places[name][0], ...shape);
    }
    return { places, table: engine.words(...words) };
  }

  view({ places }, name) {
    const [at, bytes] = places[name];
    return new BigInt64Array(this.engine.buffer, at, bytes / 8);
  }

  /** Boot the machine, its driver at the start. */
  restart() {
    this.boot();
    for (const [at, bytes] of Object.values(this.work.places)) new Uint8Array(this.engine.buffer, at, bytes).fill(0);
  }

  /** Read or change a number of the driver's position. */
  now(name, value) {
    const place = this.engine.description.dtypes.progress.fields[name][1] / 8, view = this.view(this.work, "now");
    if (value !== undefined) view[place] = BigInt(value);
    return Number(view[place]);
  }

  read(record, name, place = 0, number = 0) {
    const array = { zone: "zones", zbud_pool: "pools", zswap: "zswaps" }[record];
    return this.engine.field(record, this.place[array], name, place)(number);
  }

  /** Change a field of zswap or of the zone. */
  set(record, array, name, value) {
    this.engine.put(record, this.place[array], name, value);
  }

  /** Run operations [code, ...arguments]. Return the first answer that is no success, or 0. */
  operate(operations) {
    const [codes, starts, counts, answers, all] = ["codes", "starts", "counts", "answers", "arguments"].map((name) => this.view(this.log, name));
    let end = 0;
    operations.forEach(([code, ...given], i) => {
      codes[i] = BigInt(this.constants[code]);
      starts[i] = BigInt(end);
      counts[i] = BigInt(given.length);
      answers[i] = BigInt(code === FREE_PAGES ? 1 : given.length - 2);
      for (const number of given) all[end++] = BigInt(number);
    });
    this.now("operation", 0);
    const stop = this.engine.call("log.operations_run", this.mem, this.work.table, this.log.table, operations.length);
    if (stop === this.constants.STOP_DIFFERS) return this.now("answer");
    if (stop !== this.constants.STOP_DONE) throw new Error("The tables of this machine are full: start over.");
    return 0;
  }

  /** Allocate a block, with compaction and reclaim if necessary; a negative errno if there is none. */
  take(order, migratetype) {
    const got = this.engine.call("calls.alloc_pages_slowpath", this.mem, this.work.table, this.moved.descriptor, this.control.descriptor, order, this.constants[migratetype]);
    this.moves_made += Number(this.view(this.work, "where")[0]);
    return got;
  }

  /** Free a block. */
  put(pfn) {
    this.engine.call("page_alloc.put_page", this.mem, pfn);
  }

  /** Compact all memory. */
  compact() {
    const { MIGRATE_MOVABLE } = this.constants;
    this.engine.call("compaction.compact_zone_order", this.mem, this.moved.descriptor, this.control.descriptor, -1, MIGRATE_MOVABLE, 1);
    this.moves_made += this.engine.field("compact_control", this.control.at, "migrated")(0);
  }

  rescan() {
    this.engine.call("compaction.rescan", this.mem);
  }

  create(process, pages) {
    this.engine.call("calls.create_process", this.mem, process, process * pages, pages);
  }

  exit(process) {
    this.engine.call("calls.exit_process", this.mem, this.work.table, process, this.slots);
  }

  /** Return the fragmentation index of an order, in thousandths. */
  fragmentation(order) {
    this.engine.call("vmstat.extfrag_indices", this.mem, this.indexWords);
    return Number(this.numbers(this.indicesAt, order + 1)[order]);
  }
}

/** The pressure of the notebook (workload/pressure.py), with the generator of the page. */
class Pressed {
  constructor(machine, given, movable) {
    Object.assign(this, { machine, given, movable });
  }

  /** Boot, with settings. */
  restart(settings) {
    this.machine.restart();
    this.machine.moves_made = 0;
    this.settings = null;
    Object.assign(this, { from: { state: settings.seed >>> 0 }, live: [], kernel: [], steps: 0, met: 0 });
    this.unused = new Set(Array.from({ length: this.given.programs.most }, (_, i) => i));
    this.apply(settings);
    this.before = this.counts();
    return this.look();
  }

  /** Follow settings from now on. */
  apply(settings) {
    const { machine } = this, movable = this.movable ?? settings.movable;
    machine.set("zswap", "zswaps", "max_pool_percent", settings.max_pool_percent);
    machine.set("zone", "zones", "zpool_movable", movable ? 1 : 0);
    this.settings = settings;
  }

  draw() {
    return drawn(this.from);
  }

  /** Return a copy of the whole state. */
  save() {
    const { machine, settings, from, live, kernel, steps, met, unused, before, row } = this;
    return { machine: machine.save(), settings, from: { ...from }, live: live.map((each) => ({ ...each })), kernel: [...kernel], steps, met, unused: new Set(unused), before, row };
  }

  restore({ machine, ...saved }) {
    this.machine.restore(machine);
    const { from, live, kernel, unused } = saved;
    Object.assign(this, saved, { from: { ...from }, live: live.map((each) => ({ ...each })), kernel: [...kernel], unused: new Set(unused) });
  }

  /** Go one step on; between two programs the generator stops. */
  *step() {
    this.before = this.counts();
    this.met = 0;
    for (const program of [...this.live]) if (this.draw() * 100 < this.settings.exits * this.given.programs.intensity) yield this.end(program);
    this.keepPrograms();
    for (const program of [...this.live]) yield this.letRun(program);
    this.takeForKernel();
    yield;
    this.machine.rescan(); // as kswapd does when it goes to sleep
    this.ask();
    this.steps += 1;
    return this.look();
  }

  below(limit) {
    return Math.floor(this.draw() * limit);
  }

  keepPrograms() {
    const { PROGRAM, BIRTHS } = this.given.kernel, wanted = Math.ceil(this.settings.working_set / PROGRAM);
    while (this.live.length > wanted) this.end(this.live[this.below(this.live.length)]);
    const missing = Math.min(wanted - this.live.length, BIRTHS);
    for (let i = 0; i < missing; i += 1) this.start();
  }

  start() {
    const { pages, lengths } = this.given.programs, content = lengths[this.settings.content], process = Math.min(...this.unused);
    const order = Array.from({ length: pages }, (_, i) => i);
    for (let i = pages - 1; i > 0; i -= 1) {
      const other = this.below(i + 1);
      [order[i], order[other]] = [order[other], order[i]];
    }
    this.unused.delete(process);
    this.machine.create(process, pages);
    this.live.push({ process, grown: 0, order, content, offset: this.below(content.length) });
  }

  end(program) {
    this.live.splice(this.live.indexOf(program), 1);
    this.machine.exit(program.process);
    this.unused.add(program.process);
  }

  /** Let a program grow or use its pages. While memory is full, the largest is killed. */
  letRun(program) {
    const { pages } = this.given.programs, grows = program.grown < pages;
    const work = this.live.includes(program) ? (grows ? this.growth(program) : this.uses(program)) : [];
    while (work.length && this.live.includes(program)) {
      const answer = this.machine.operate(work);
      if (answer !== ENOMEM) break;
      this.end(this.live.reduce((most, each) => (each.grown >= most.grown ? each : most)));
    }
    if (grows) program.grown = Math.min(program.grown + this.given.programs.grow, pages);
  }

  growth({ process, grown, content, offset }) {
    const { pages, grow } = this.given.programs, count = Math.min(grow, pages - grown);
    const lengths = Array.from({ length: count }, (_, i) => content[(offset + grown + i) % content.length]);
    return [[WRITE, process, grown, ...lengths]];
  }

  uses({ process, order }) {
    const { bounds, use, write } = this.given.programs, chosen = [[], []];
    for (let i = 0; i < use; i += 1) {
      const drawn = this.draw(), rank = Math.min(bounds.findIndex((bound) => bound > drawn) >>> 0, order.length - 1);
      chosen[this.draw() < write ? 1 : 0].push(order[rank]);
    }
    return chosen.flatMap((pages, writes) => (pages.length ? [[TOUCH, process, writes, ...pages]] : []));
  }

  /** Free some of the kernel's pages and allocate others, until it has its share. */
  takeForKernel() {
    const { RENEWED, AT_ONCE } = this.given.kernel, { kernel, machine } = this;
    const wanted = Math.floor((machine.frames * this.settings.unmovable) / 100), most = Math.max(Math.floor(machine.frames / AT_ONCE), 1);
    const gone = Math.min(Math.max(kernel.length - wanted, Math.floor(kernel.length / RENEWED), 0), kernel.length);
    for (let i = 0; i < gone; i += 1) {
      const [pfn] = kernel.splice(this.below(kernel.length), 1);
      machine.put(pfn);
    }
    for (let left = Math.min(wanted - kernel.length, most); left > 0; left -= 1) {
      const pfn = machine.take(0, "MIGRATE_UNMOVABLE");
      if (pfn < 0) return;
      kernel.push(pfn);
    }
  }

  ask() {
    const pfn = this.machine.take(this.settings.order, "MIGRATE_MOVABLE");
    if (pfn < 0) return;
    this.machine.put(pfn);
    this.met = 1;
  }

  counts() {
    const { machine } = this;
    return [machine.now("pgmajfault"), machine.now("device_reads"), machine.moves_made];
  }

  /** Return a row of figures, by the names of the columns. */
  look() {
    const { machine } = this, [faults, reads, moved] = this.counts().map((now, i) => now - this.before[i]);
    const pool = machine.read("zbud_pool", "pages_nr", 0, this.given.pool), stored = machine.read("zswap", "stored_pages");
    const orders = Array.from({ length: machine.constants.MAX_ORDER }, (_, order) => machine.read("zone", "nr_free", order));
    const { huge } = this.given, blocks = orders.slice(huge).reduce((sum, count, above) => sum + count * 2 ** above, 0);
    const free = Object.fromEntries(orders.map((count, order) => [`free ${order}`, count * 2 ** order]));
    const density = pool ? stored / pool : 0, fragmentation = machine.fragmentation(this.settings.order) / 1000;
    return (this.row = { step: this.steps, ...free, pool, stored, density, "from zswap": Math.max(faults - reads, 0), "from swap": reads, fragmentation, huge: blocks, moved, met: this.met, programs: this.live.length });
  }
}
