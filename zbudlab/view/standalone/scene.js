// The picture of a step of a machine in the page, as view/step/scene.py makes it from a machine in
// Python: the same records are read, the same JSON comes out. Only zbud's pools are read.

const SCENE = { slots: 7, pages: 4, rows: 4, side: 32, lists: 3, members: 5, changes: 5 };
const TREE = ["RADIX TREE", "a handle is a number; its slot leads to the page"];
const LISTED = 400; // changes, as history.changes.LIMIT
const READ = { int64: "getBigInt64", uint64: "getBigUint64", int32: "getInt32", uint32: "getUint32", int16: "getInt16", uint16: "getUint16", int8: "getInt8", uint8: "getUint8" };

const ascending = (numbers) => [...new Set(numbers)].sort((a, b) => a - b);
const same = (a, b) => a.length === b.length && a.every((each, i) => each === b[i]);

/** A machine at a moment: a copy of its memory, which stays as it is when the machine goes on. */
class Seen {
  constructor(machine, told) {
    const { engine, frames } = machine;
    Object.assign(this, { machine, told, frames, dtypes: engine.description.dtypes, constants: engine.description.constants });
    this.bytes = machine.memory().slice();
    this.view = new DataView(this.bytes.buffer);
    this.arrays = machine.description.arrays;
    this.cells = machine.cells().slice();
    const { FRAME_KIND_MASK, FRAME_ISOLATED, FRAME_KERNEL, FRAME_FREE, FRAME_POOL_PART, FRAME_POOL_FULL, PAGE_ZBUD_MAPCOUNT_VALUE, ZBUD_SERIES } = this.constants;
    const kinds = this.cells.map((cell) => cell & FRAME_KIND_MASK);
    this.isolated = [...kinds.keys()].filter((pfn) => this.cells[pfn] & FRAME_ISOLATED);
    // Kernel pages are never isolated: these are free frames held as targets of moves.
    this.kinds = kinds.map((kind, pfn) => (this.cells[pfn] & FRAME_ISOLATED && kind === FRAME_KERNEL ? FRAME_FREE : kind));
    const zbud = (pfn) => [FRAME_POOL_PART, FRAME_POOL_FULL].includes(this.kinds[pfn]) && this.read("pages", "page", "mapcount", pfn) === PAGE_ZBUD_MAPCOUNT_VALUE;
    this.shift = this.read("pools", "zbud_pool", "row_shift", 0);
    const names = ["first_handle", "last_handle", "first_chunks", "last_chunks"];
    const header = (pfn) => Object.fromEntries(names.map((name) => [name, this.read("rows", "zbud_header", name, pfn << this.shift)]));
    this.headers = new Map([...this.kinds.keys()].filter(zbud).map((pfn) => [pfn, header(pfn)]));
    const counts = Array.from({ length: this.arrays.pools[1] }, (_, pool) => this.ofPool("pages_nr", pool));
    this.pool = counts.indexOf(Math.max(...counts));
    this.height = this.ofPool("height", this.pool);
    this.lists = this.walks();
    this.tree = this.ofPool("variant", this.pool) === ZBUD_SERIES ? this.handles() : new Map();
  }

  /** Return a field of a record. place: in a field of several. */
  read(array, record, name, number, place = 0) {
    const { itemsize, fields } = this.dtypes[record], [kind, offset] = fields[name];
    return Number(this.view[READ[kind]](this.arrays[array][0] + number * itemsize + offset + (place * Number(kind.match(/\d+/)[0])) / 8, true));
  }

  ofPool(name, pool) {
    return this.read("pools", "zbud_pool", name, pool);
  }

  refs(pfn) {
    return this.read("pages", "page", "refcount", pfn);
  }

  /** Return the frames on each list of the pool that is not empty, by its name. */
  walks() {
    const { told: { pool_lists, list_words, links: [lru, buddy] }, constants: { LRU_LIST } } = this, heads = this.ofPool("list_heads", this.pool), found = new Map();
    pool_lists.forEach((_, number) => {
      const link = number === LRU_LIST ? lru : buddy, next = (row) => this.read("rows", "zbud_header", "next", row, link), frames = [];
      for (let row = next(heads + number); row !== heads + number && frames.length < this.frames; row = next(row)) frames.push(row >> this.shift);
      if (frames.length) found.set(list_words[number], frames);
    });
    return found;
  }

  /** Return the frame that each handle leads to; the engine looks it up. */
  handles() {
    const { machine: { engine, place, nodes }, dtypes } = this, pool = place.pools + this.pool * dtypes.zbud_pool.itemsize;
    const handles = [...this.headers.values()].flatMap(({ first_handle, last_handle }) => [first_handle, last_handle]).filter(Boolean);
    const found = ascending(handles).map((handle) => [handle, engine.call("zbud_header.handle_pfn", pool, nodes, handle)]);
    return new Map(found.filter(([, pfn]) => pfn >= 0));
  }
}

/** Return the fields that differ between two moments, as history.changes does: { array, record, where,
 * field, before, after }, links last; `total` counts all. */
function changesOf(before, after) {
  const every = [...after.told.records.flatMap(([array, type, words]) => changedRecords(before, after, array, type, words)), ...changedHeaders(before, after), ...changedBytes(before, after)];
  const link = ({ field }) => /^(next|prev)/.test(field);
  const found = [...every.filter((each) => !link(each)).slice(0, LISTED), ...every.filter(link)].slice(0, LISTED);
  return Object.assign(found, { total: every.length });
}

/** Whether so many bytes from a place on differ. */
function differ(before, after, at, length) {
  for (let i = at; i < at + length; i += 1) if (before.bytes[i] !== after.bytes[i]) return true;
  return false;
}

function changedRecords(before, after, array, type, words) {
  const { itemsize } = after.dtypes[type], [start, count] = after.arrays[array], found = [];
  for (let record = 0; record < count; record += 1) {
    if (differ(before, after, start + record * itemsize, itemsize)) found.push(...changedFields(before, after, array, type, record, whereOf(after, array, record, words)));
  }
  return found;
}

function changedFields(before, after, array, type, record, where) {
  return Object.entries(after.dtypes[type].fields).flatMap(([field, [, , length]]) =>
    Array.from({ length: length || 1 }, (_, place) => {
      const [a, b] = [before, after].map((moment) => moment.read(array, type, field, record, place));
      const name = length > 1 ? `${field}[${place}]` : field;
      return a === b ? null : { array, record, where, field: name, before: wordsOf(after, array, name, a), after: wordsOf(after, array, name, b) };
    }).filter(Boolean),
  );
}

/** Describe a record in words. */
function whereOf(moment, array, record, words) {
  if (array === "zones") return "zone";
  if (array === "nodes") return words;
  if (array !== "pages") return `${words} ${record}`;
  const head = record - moment.read("zones", "zone", "list_heads", 0);
  return head < 0 ? `struct page ${record}` : moment.told.zone_lists[head];
}

/** Say what a field's value means. */
function wordsOf({ told: { flags, marks, types }, constants: { NCHUNKS_ORDER } }, array, field, value) {
  if (field === "page_flags") return flags.filter(([bit]) => value & bit).map(([, name]) => name).join(" ") || "none";
  if (field === "mapcount" && marks[value]) return marks[value];
  if (field === "migratetype" && types[value]) return types[value];
  if (array === "nodes" && field.startsWith("slots")) return value ? `frame ${value - 1}` : "empty";
  if (array === "rows" && /^(next|prev)/.test(field)) return `frame ${value >> NCHUNKS_ORDER}`;
  return String(value);
}

/** Return changes of headers and of the heads of pools' lists. */
function changedHeaders(before, after) {
  const { itemsize } = after.dtypes.zbud_header, [start, count] = after.arrays.rows, first = after.frames << after.shift, found = [];
  const rows = [...ascending([...before.headers.keys(), ...after.headers.keys()]).map((pfn) => pfn << after.shift)];
  for (let row = first; row < count; row += 1) rows.push(row);
  for (const row of rows) {
    if (!differ(before, after, start + row * itemsize, itemsize)) continue;
    const where = row < first ? `header of frame ${row >> after.shift}` : headOf(after, row);
    for (const each of changedFields(before, after, "rows", "zbud_header", row, where)) found.push({ ...each, field: each.field.replace("[0]", " (LRU)").replace("[1]", " (buddy list)") });
  }
  return found;
}

function headOf(moment, row) {
  const { told: { list_words }, arrays } = moment;
  for (let pool = 0; pool < arrays.pools[1]; pool += 1) {
    const words = list_words[row - moment.ofPool("list_heads", pool)];
    if (words) return `head of ${words}`;
  }
  return `unused row ${row}`;
}

/** Return the frames whose bytes changed outside zbud's headers. */
function changedBytes(before, after) {
  const { itemsize } = after.dtypes.zbud_header, [start] = after.arrays.rows, size = itemsize << after.shift, found = [];
  if (!after.told.page_bytes) return found;
  for (let pfn = 0; pfn < after.frames; pfn += 1) {
    const skipped = before.headers.has(pfn) || after.headers.has(pfn) ? itemsize : 0, at = start + pfn * size;
    if (differ(before, after, at + skipped, size - skipped)) found.push({ array: "frames", record: pfn, where: `page frame ${pfn}`, field: "bytes", before: contentOf(before, at, size), after: contentOf(after, at, size) });
  }
  return found;
}

function contentOf({ bytes }, at, size) {
  const hex = (byte) => byte.toString(16).padStart(2, "0"), frame = bytes.subarray(at, at + size);
  return frame.every((byte) => byte === frame[0]) ? `all ${hex(frame[0])}` : `${[...frame.subarray(0, 8)].map(hex).join(" ")} ...`;
}

/** Return the picture of a step. roles: words by frame, such as "old" and "new". */
function sceneOf(before, after, roles) {
  const changes = changesOf(before, after), named = [...roles.keys()];
  const changed = ascending(changes.filter(({ array, record }) => (array === "pages" || array === "frames") && record < after.frames).map(({ record }) => record));
  const ours = new Set([...after.headers.keys(), ...before.headers.keys()]);
  const first = [...named, ...changed].filter((pfn) => ours.has(pfn));
  const frames = ascending([...new Set([...first, ...ascending(ours)])].slice(0, SCENE.pages));
  return {
    tree: treeOf(before, after, frames),
    pages: frames.map((pfn) => cardOf(pfn, before, after, roles.get(pfn) ?? "")),
    memory: memoryOf(before, after, [...named, ...frames, ...changed], roles),
    lists: listsOf(before, after),
    changes: changes.slice(0, SCENE.changes).map((each) => [each.where, each.field, each.before, each.after]),
    total: changes.total,
  };
}

function treeOf(before, after, frames) {
  if (!after.tree.size && !before.tree.size) return null;
  const keys = ascending([...after.tree.keys(), ...before.tree.keys()]), leads = ({ tree }, key) => tree.get(key) ?? -1;
  const moved = keys.filter((key) => leads(after, key) !== leads(before, key)), near = keys.filter((key) => frames.includes(leads(after, key)));
  const shown = ascending([...new Set([...moved, ...near, ...keys])].slice(0, SCENE.slots));
  return { title: TREE[0], words: TREE[1], slots: shown.map((key) => [key, leads(after, key), leads(before, key)]), more: keys.length - shown.length, height: after.height };
}

function cardOf(pfn, before, after, role) {
  return { pfn, objects: null, lines: [], role, header: after.headers.get(pfn) ?? null, was: before.headers.get(pfn) ?? null, refs: after.refs(pfn), refsWas: before.refs(pfn) };
}

/** Return rows of frames: all rows of a small machine, otherwise those with wanted frames. */
function memoryOf(before, after, wanted, roles) {
  const { side } = SCENE, count = Math.ceil(after.frames / side), every = Array.from({ length: count }, (_, row) => row);
  const near = [...new Set([...wanted.map((pfn) => Math.floor(pfn / side)), ...every])];
  const rows = count > SCENE.rows ? ascending(near.slice(0, SCENE.rows)) : every;
  const shown = (pfn) => rows.includes(Math.floor(pfn / side));
  return {
    frames: after.frames,
    rows: rows.map((row) => [row * side, after.kinds.subarray(row * side, (row + 1) * side).join("")]),
    isolated: after.isolated.filter(shown),
    changed: [...after.kinds.keys()].filter((pfn) => after.kinds[pfn] !== before.kinds[pfn] && shown(pfn)),
    labels: [...roles].filter(([pfn]) => shown(pfn)),
  };
}

/** Return lists of the pool: the LRU, then those that changed, then the others. */
function listsOf(before, after) {
  const names = [...new Set([...after.lists.keys(), ...before.lists.keys()])], on = ({ lists }, name) => lists.get(name) ?? [];
  const changed = names.filter((name) => !same(on(after, name), on(before, name))), lru = after.told.list_words[after.constants.LRU_LIST];
  const order = [...new Set([...names.filter((name) => name === lru), ...changed, ...names])].slice(0, SCENE.lists);
  return order.map((name) => ({ name, pages: on(after, name).slice(0, SCENE.members), was: on(before, name).slice(0, SCENE.members), more: Math.max(on(after, name).length - SCENE.members, 0) }));
}
