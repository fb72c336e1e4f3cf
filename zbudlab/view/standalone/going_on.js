// A player that leaves its recording: what the reader does runs on a machine in the page, and each
// operation becomes a moment like the recorded ones. See going_on.py.

const MOST_STEPS = 40; // of a move
const ROOM = 4096; // rows of the machine's script

/** Fill the places of a sentence. */
const filled = (words, places) => Object.entries(places).reduce((text, [name, value]) => text.replaceAll(name, value), words);

/** The machine of a player, from the moment at which the reader left the recording. */
class LiveRun {
  constructor(player, engine, live) {
    Object.assign(this, { player, engine, live, recorded: player.given, map: player.map.given, notes: new Map() });
  }

  /** Leave the recording at the moment shown, or before the operation that it is inside of. */
  async leave() {
    const { player, recorded } = this, inside = player.part !== null, stop = player.stop - (inside ? 1 : 0);
    await this.boot(stop);
    player.live = this; // only now: until here, requests of the view are answered from the recording
    const until = (record) => Object.fromEntries(Object.entries(record).filter(([at]) => at <= stop));
    const events = Object.fromEntries(Object.entries(recorded.events).map(([kind, stops]) => [kind, stops.filter((at) => at <= stop)]));
    player.given = { ...recorded, wholes: recorded.wholes.slice(0, stop + 1), insides: until(recorded.insides), events, moments: [...recorded.moments] };
    player.map.given = { ...this.map, moments: [...this.map.moments] };
    this.names = recorded.names.slice(0, stop);
    this.from = stop;
    this.rows = { [recorded.wholes[stop]]: 0 };
    this.note = filled(this.live.words.start, { STOP: stop }) + (inside ? this.live.words.inside : "");
    this.open(stop);
  }

  /** Return to the recording. */
  end() {
    const { player } = this;
    player.given = this.recorded;
    player.map.given = this.map;
    player.live = null;
    player.values.last = this.recorded.wholes.length - 1;
    player.go({ stop: this.from });
    player.show();
  }

  /** Put the machine of a stop into the engine. */
  async boot(stop) {
    const { states } = this.live;
    let data, description;
    for (const state of states.slice(0, stop + 1)) {
      const bytes = await zbudlab.bytes(state.data);
      if (state.description) [data, description] = [bytes, state.description];
      else data = data.map((byte, i) => byte ^ bytes[i]);
    }
    if (JSON.stringify(this.machine?.description) !== JSON.stringify(description)) {
      this.machine = new LiveMachine(this.engine, data, description, ROOM);
      this.machine.nodes = this.engine.words(this.machine.place.nodes, description.arrays.nodes[1]);
      this.acts = new Acts(this.machine, this.live);
    }
    this.machine.data = data;
    this.machine.run([]); // forgets later rows
    this.machine.rows = 0;
    this.machine.calls.clear();
    this.machine.boot();
  }

  look() {
    return new Seen(this.machine, this.live);
  }

  /** Whether the moment shown is between two steps of a move. */
  get moving() {
    const { stop, part } = this.player;
    return part !== null && stop > this.from && part < this.notes.get(stop).steps.length;
  }

  /** Drop what comes after the moment shown, and put the machine there. */
  async cut() {
    const { player } = this;
    if (player.stop < this.from || (player.part !== null && player.stop <= this.from)) await this.leave();
    if (player.part !== null && !this.moving) player.go({ stop: player.stop });
    const { given, stop, part } = player;
    this.machine.go(this.rows[player.moment]);
    given.wholes.length = part === null ? stop + 1 : stop;
    if (part !== null) given.insides[stop].length = part + 1;
    for (const at of Object.keys(given.insides)) if (at > stop) delete given.insides[at];
    for (const stops of Object.values(given.events)) stops.splice(0, Infinity, ...stops.filter((at) => at < given.wholes.length));
    this.names.length = given.wholes.length - 1;
    this.note = "";
  }

  /** Add the moment at which the machine is. Return its number. */
  add(stop, part, before, sentence, code, roles = new Map()) {
    const { player: { given, map }, map: { look }, machine } = this, after = this.look();
    const legend = (this.legend ??= new Uint8Array(map.values.legend.buffer));
    const counts = countsOf(look, legend, after.cells), { named } = this.map.moments.at(-1);
    map.given.moments.push({ cells: after.cells, counts, summary: summaryOf(look, counts, machine.frames), bookkeeping: "", named });
    const at = given.moments.push({ stop, part, sentence, code, stopped: false, track: { kind: part === null ? "stop" : "part" }, scene: sceneOf(before, after, roles) }) - 1;
    this.rows[at] = machine.done;
    return at;
  }

  /** Show a moment. */
  open(stop, part = null) {
    const { player } = this;
    player.values.last = player.given.wholes.length - 1;
    Object.assign(player, { stop, part });
    player.show();
  }

  /** Run an operation as a whole. act: returns its sentence. */
  whole(name, title, act) {
    const { player: { given } } = this, before = this.look(), stop = given.wholes.length, sentence = act();
    given.wholes.push(this.add(stop, null, before, sentence, this.live.listings[name]));
    this.names.push(name);
    this.notes.set(stop, { title, steps: [] });
    this.open(stop);
  }

  async compact() {
    await this.cut();
    this.whole("compact", "compact()", () => {
      const { words, moves } = this.acts.compact(), { migration } = this.player.given.events;
      if (moves.length) migration.push(this.player.given.wholes.length);
      return words;
    });
  }

  async drive() {
    await this.cut();
    const { order } = this.live, name = this.acts.held === undefined ? "cma_alloc" : "cma_release";
    this.whole(name, `${name}(${2 ** order})`, () => this.acts.drive(order).words);
  }

  /** Move the page of a frame: all steps are run, and the first one is shown. */
  async move(pfn) {
    await this.cut();
    const { given } = this.player, stop = given.wholes.length, before = this.look();
    this.acts.begin(pfn);
    this.names.push("move");
    this.notes.set(stop, { title: `move(${pfn})`, pfn, steps: [] });
    given.insides[stop] = [this.add(stop, 0, before, filled(this.live.words.begin, { PFN: pfn }), { function: "", linux: "", file: "", lines: [], now: -1 })];
    this.finish(stop);
    this.open(stop, 1);
  }

  /** Return the frames of a move: the old one, and the new one once it is known. */
  roles({ pfn, new: to }) {
    return new Map(to === undefined ? [[pfn, "old"]] : [[pfn, "old"], [to, "new"]]);
  }

  /** Take the steps that are left of a move. */
  finish(stop) {
    const note = this.notes.get(stop), { given } = this.player;
    let last = null;
    while (this.acts.moving && !last?.fault && note.steps.length < MOST_STEPS) {
      const before = this.look();
      last = this.acts.on();
      Object.assign(note, { new: last.to || note.new, moved: last.moves.length > 0 });
      note.steps.push(this.live.bar[last.pc]);
      given.insides[stop].push(this.add(stop, note.steps.length, before, last.words, this.live.codes[last.pc], this.roles(note)));
      if (last.failed === -11) given.events["-EAGAIN"].push(stop);
    }
    given.wholes.push(given.insides[stop].at(-1));
    given.wholes[stop] = given.moments.push({ ...given.moments[given.wholes[stop]], part: null, track: { kind: "stop" } }) - 1;
    this.player.map.given.moments.push(this.player.map.given.moments.at(-1));
    this.rows[given.wholes[stop]] = this.machine.done;
    if (note.moved) given.events.migration.push(stop);
  }

  /** Do something between two steps of a move, or as a whole operation. */
  async between(name, pfn, rows, say) {
    await this.cut();
    if (this.player.part === null) return this.whole(name, `${name}(${pfn})`, () => say(...this.machine.run(rows)));
    const { stop, part, given } = this.player, note = this.notes.get(stop), before = this.look();
    note.steps.length = part;
    note.new = this.machine.move("new") || undefined;
    const words = say(...this.machine.run(rows));
    note.steps.push([name, true]);
    given.insides[stop].push(this.add(stop, part + 1, before, words, this.live.listings[name], this.roles(note)));
    this.names.push("move");
    this.finish(stop);
    this.open(stop, part + 1);
  }

  pin(pfn) {
    const { operations: { PIN }, words } = this.live;
    return this.between("pin", pfn, [[PIN, pfn, 0]], (got) => filled(got < 0 ? words.not_pinned : words.pin, { PFN: pfn, COUNT: this.look().refs(pfn) }));
  }

  unpin(pfn) {
    const { operations: { UNPIN }, words } = this.live;
    return this.between("unpin", pfn, [[UNPIN, this.pins.get(pfn), 0]], () => filled(words.unpin, { PFN: pfn }));
  }

  /** The pinned frames, each with the row that pinned it, as of the moment shown. */
  get pins() {
    const { operations: { PIN, UNPIN } } = this.live, { machine } = this, done = this.rows[this.player.moment] ?? 0, rows = new Map();
    for (let row = 0; row < done; row += 1) {
      if (machine.calls.has(row)) continue;
      const [operation, a] = [Number(machine.script[3 * row]), Number(machine.script[3 * row + 1])];
      if (operation === PIN && machine.results[row] >= 0n) rows.set(row, a);
      else if (operation === UNPIN) rows.delete(a);
    }
    return new Map([...rows].map(([row, pfn]) => [pfn, row]));
  }

  /** Return what is shown of a moment: the log is as long as it is here. */
  told(moment) {
    const { last } = this.player.values, { stop, part } = moment, note = stop > this.from ? this.notes.get(stop) : null;
    const track = moment.track.kind === "part" && note ? { kind: "part", first: 1, steps: note.steps, now: part - 1, pages: [0, 0] } : this.track(moment);
    if (!note) return { ...moment, last, track, title: this.counted(moment.title), heading: this.counted(moment.heading), sentence: (stop === this.from && this.note) || moment.sentence };
    const title = `operation ${stop} of ${last}: ${note.title}`, places = note.new === undefined ? `The page in frame ${note.pfn} moves` : `The page in frame ${note.pfn} moves to frame ${note.new}`;
    const inside = part === 0 ? `${title}, before it begins` : `${title}, part ${part} of ${note.steps.length}: ${note.steps[part - 1]?.[0]}`;
    return { ...moment, last, track, title: part === null ? title : inside, heading: part ? `${places} \u00b7 step ${part} of ${note.steps.length}` : title };
  }

  counted(title) {
    return title.replace(/ of \d+/, ` of ${this.player.values.last}`);
  }

  /** Return the bar of a moment outside an operation, as view/step/track.py does. */
  track({ track, stop }) {
    if (track.kind === "part") return track;
    const { last } = this.player.values, { track: most } = this.live, start = Math.max(0, Math.min(stop - Math.floor(most / 2), last - most));
    const names = this.names.slice(start, Math.min(start + most, last)), first = start + (start ? 1 : 0);
    const steps = [...(start ? [] : [["boot", false]]), ...names.map((name) => [name.replaceAll("_", " "), false])];
    return { kind: "stop", first, steps, now: stop - first, pages: [0, 0] };
  }

  notInside(stop) {
    return stop > this.from ? this.live.words.not_inside : undefined;
  }
}

/** Return the controls of a player that can go on live. */
function goingOn(player, number) {
  const root = element("div", { class: "zb zbl-alone zbl-going", role: "group", "aria-label": "live machine" });
  const button = (words, act, look = "") => element("button", { type: "button", class: look, onclick: ({ currentTarget }) => run(act, currentTarget) }, words);
  const start = button("Go on live from here", go, "main"), note = element("span", { class: "note" }), said = element("output", {}), problem = element("p", { role: "alert" });
  const frame = element("input", { type: "number", min: 0, max: player.map.given.grids[0].frames - 1, value: 0, oninput: show });
  const acts = {
    move: button("Move it step by step", () => player.live.move(frame.valueAsNumber), "main"),
    pin: button("Pin", () => player.live.pin(frame.valueAsNumber)),
    unpin: button("Unpin", () => player.live.unpin(frame.valueAsNumber)),
    compact: button("Compact", () => player.live.compact()),
    drive: button("", () => player.live.drive()),
    end: button("Back to the recording", () => player.live.end(), "bare"),
  };
  const controls = element("div", { class: "row" }, element("label", {}, "frame ", frame), said, ...Object.values(acts));
  let turn = Promise.resolve(), kept = null;

  async function go() {
    kept ??= new LiveRun(player, await zbudlab.engine(), await zbudlab.more(number));
    await kept.leave();
    const found = [...kept.look().headers.keys()][0];
    if (found !== undefined) frame.value = found;
    acts.drive.hidden = !kept.machine.areaWords;
    player.map.parts = (pfn) => (player.live && pfn !== null ? [["struct page, at the end", fieldsOf(kept.machine, "page", "pages", pfn)]] : [["", player.given.map.fields]]);
    show();
    acts.move.focus();
  }

  /** Do one thing after the other; say what went wrong. A click whose button an earlier act has
   * hidden or disabled meanwhile does nothing. */
  function run(act, from) {
    const able = () => !from.disabled && !from.closest("[hidden]");
    turn = turn.then(() => able() && act()).then(() => (problem.textContent = ""), (error) => (problem.textContent = error.message)).then(show);
  }

  function show() {
    const { live } = player, pfn = frame.valueAsNumber, there = Number.isInteger(pfn) && pfn >= 0 && pfn <= Number(frame.max);
    root.dataset.going = live ? "live" : "recorded";
    note.textContent = player.given.notes[live ? 1 : 0];
    start.hidden = Boolean(live);
    controls.hidden = !live;
    if (!live) return;
    const words = there ? player.map.words(pfn) : "no such frame", { moving, acts: { held }, pins } = live;
    const ours = there && live.live.zbud.includes(player.map.cells[pfn] & live.machine.engine.description.constants.FRAME_KIND_MASK);
    if (said.textContent !== words) said.textContent = words;
    acts.move.disabled = moving || !ours;
    acts.pin.disabled = !there;
    acts.unpin.disabled = !there || !pins.has(pfn);
    for (const name of ["compact", "drive"]) acts[name].disabled = moving;
    acts.drive.textContent = held === undefined ? `Driver takes ${2 ** live.live.order} frames` : "Driver gives them back";
  }

  player.on("msg:custom", () => queueMicrotask(show)); // after the map
  player.map.on("selected", (pfn) => ((frame.value = pfn), show()));
  root.append(element("div", { class: "row" }, note, start), controls, problem);
  show();
  return root;
}
