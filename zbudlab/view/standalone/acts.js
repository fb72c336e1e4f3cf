// What a reader does to a machine in the page: moves a page step by step, lets a driver take frames of
// the CMA area. Each act is a row of the machine's script, so that it can be taken back. See acts.py.

const EBUSY = -16;

class Acts {
  constructor(machine, told) {
    Object.assign(this, { machine, told });
  }

  /** Return the calls that were run, [row, [name, ...arguments]], the newest last. */
  calls() {
    return [...this.machine.calls].filter(([row]) => row < this.machine.done);
  }

  /** Return the row in which the driver got what it has, or undefined. */
  get held() {
    const [row, [name]] = this.calls().findLast(([, [name]]) => name.startsWith("cma")) ?? [0, [""]];
    return name === "cmaAlloc" && this.machine.results[row] >= 0n ? row : undefined;
  }

  /** Whether a page is between two steps of its move. */
  get moving() {
    return this.calls().some(([, [name]]) => name === "moveBegin") && this.machine.move("pc") >= 0;
  }

  /** Compact all memory. Return { words, moves }. */
  compact() {
    const { RESCAN, COMPACT } = this.told.operations;
    const [, moved] = this.machine.run([[RESCAN, 0, 0], [COMPACT, -1, 1]]);
    return { words: `${moved === 1 ? "One page" : `${moved.toLocaleString("en")} pages`} moved.`, moves: this.machine.moves() };
  }

  /** Let a driver take frames of the CMA area, 2^order in a row, or give them back. */
  drive(order) {
    const { held, machine } = this;
    const [pfn] = machine.run([held === undefined ? ["cmaAlloc", 2 ** order, order] : ["cmaRelease", held]]);
    if (held !== undefined) return { words: "The driver gave its frames back.", moves: [] };
    const failed = pfn === EBUSY ? "a page in the CMA area cannot move" : "there is no room for the pages that are in the CMA area";
    if (pfn < 0) return { words: `The driver got nothing: ${failed}.`, moves: [] };
    const moves = machine.moves();
    return { words: `The driver has ${2 ** order} frames in a row, from frame ${pfn} on. ${moves.length} pages moved out of its way.`, moves };
  }

  /** Begin to move the page of a frame. */
  begin(pfn) {
    this.machine.run([["moveBegin", pfn, plainBytes(this.told.actor)]]);
  }

  /** Take the next step of the move. Return { pc, old, to, failed, fault, over, words, moves }; at
   * the end the machine forgets the frames, so they are read before and after. */
  on() {
    const { machine, told } = this, pc = machine.move("pc");
    const read = () => ["pfn", "new", "failed"].map((name) => machine.move(name));
    const before = read();
    const [fault] = machine.run([["moveOn"]]);
    const [old, to, failed] = read().map((now, i) => now || before[i]);
    const over = machine.move("pc") < 0, said = over && told.ended[pc] ? told.ended : failed && told.failed[pc] ? told.failed : told.steps;
    const words = fault ? told.fault : said[pc].replaceAll("OLD", old).replaceAll("NEW", to);
    return { pc, old, to, failed, fault, over, words: `${told.names[pc]}: ${words}`, moves: pc === told.steps.length - 1 && !failed && !fault ? [[old, to]] : [] };
  }
}

/** Return the fields of a record as [name, value]. array: where the records are. */
function fieldsOf({ engine, place }, record, array, number) {
  return Object.keys(engine.description.dtypes[record].fields).map((name) => [name, engine.field(record, place[array], name)(number)]);
}

/** Count the frames of each kind. legend: kind by cell. */
function countsOf(look, legend, cells) {
  const counts = look.kinds.map(() => 0);
  for (const cell of cells) counts[legend[cell]] += 1;
  return counts;
}

/** Say how many frames there are of each kind. */
function summaryOf(look, counts, frames) {
  const parts = counts.slice(0, look.lasting).map((count, kind) => [count, look.kinds[kind].words]);
  const words = parts.filter(([count]) => count).map(([count, kind]) => `${count.toLocaleString("en")} ${kind}`);
  return `${frames.toLocaleString("en")} page frames: ${words.join(", ")}.`;
}
