// The pressure panel without a kernel. Its machine is in pressed.js, blocks are in words as in
// view/panel_blocks.py, and figures as in view/panel_form.py.

const KEPT_EVERY = 8; // acts from one keyframe to the next
const KEPT_BYTES = 1 << 26; // of all keyframes of a panel together
const STATES = { HUGE: 0, SPOILED: 1, PARTLY: 2, USED: 3 };
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Count what is in each block: { free, zbud, kernel, used, state }. */
function countBlocks(kinds, constants, { frames, nearly }, movable) {
  const { FRAME_FREE, FRAME_FREE_CMA, FRAME_POOL_PART, FRAME_POOL_FULL, FRAME_KERNEL } = constants;
  return Array.from({ length: Math.floor(kinds.length / frames) }, (_, block) => {
    const here = kinds.subarray(block * frames, (block + 1) * frames), found = { free: 0, zbud: 0, kernel: 0 };
    for (const kind of here) {
      if (kind === FRAME_FREE || kind === FRAME_FREE_CMA) found.free += 1;
      else if (kind === FRAME_POOL_PART || kind === FRAME_POOL_FULL) found.zbud += 1;
      else if (kind === FRAME_KERNEL) found.kernel += 1;
    }
    const used = frames - found.free, stuck = found.kernel + (movable ? 0 : found.zbud);
    const state = !used ? STATES.HUGE : found.free > nearly && stuck ? STATES.SPOILED : found.free ? STATES.PARTLY : STATES.USED;
    return { ...found, used, state };
  });
}

/** Say what a block is, in a few words. */
function labelOf(block, movable) {
  if (block.state === STATES.HUGE) return "huge page";
  if (block.state === STATES.PARTLY) return `${block.free} free`;
  if (block.state === STATES.USED) return "in use";
  const zbud = movable ? 0 : block.zbud, { kernel } = block, others = block.used - zbud - kernel, more = others ? ` + ${others}` : "";
  if (zbud && kernel) return `${zbud} zbud, ${kernel} kernel${more}`;
  const [name, count] = zbud ? ["zbud", zbud] : ["kernel", kernel];
  return others ? `${count} ${name}${more}` : `${count} ${name} page${count === 1 ? "" : "s"}`;
}

/** Say how many huge pages are available and what keeps the others. */
function sentenceOf(blocks, huge, movable) {
  const spoiled = blocks.filter(({ state }) => state === STATES.SPOILED), single = spoiled.filter(({ used }) => used === 1).length;
  const start = `huge ${huge === 1 ? "page" : "pages"} available. `;
  if (!spoiled.length) return start + (huge ? "No other block is nearly empty." : "No block is nearly empty.");
  const zbud = !movable && spoiled.some((each) => each.zbud), kernel = spoiled.some((each) => each.kernel);
  const who = zbud && !kernel ? "zbud pages" : zbud ? "pages" : "pages of the kernel";
  const [count, each] = spoiled.length === 1 ? ["1 block is", "it"] : [`${spoiled.length} blocks are`, "each of them"];
  const end = single ? `${single === 1 ? "; one is" : `; ${single} are`} spoiled by a single page.` : ".";
  return `${start}${count} as good as empty, and ${who} that cannot move spoil ${each}${end}`;
}

/** Answers the panel's requests from machines in the page. */
class PressedPanel extends Model {
  constructor(given, labs) {
    super({ maps: given.names.map(() => "IPY_MODEL_map"), names: given.names, form: given.form, charts: given.charts, columns: given.columns, history: given.history, running: false });
    Object.assign(this, { given, labs, settings: { ...given.settings }, rows: [], events: [], turn: Promise.resolve() });
    const el = () => Object.assign(document.createElement("p"), { textContent: given.no_map });
    this.widget_manager = { get_model: async () => null, create_view: async () => ({ el: el(), remove() {} }) };
    this.restart();
  }

  /** Start over: no act is done, and none can be taken back. */
  restart() {
    this.rows = this.labs.map((lab) => [lab.restart(this.settings)]);
    this.events = [];
    this.begun = true;
    this.acts = [];
    this.done = 0;
    const state = this.save(), bytes = state.labs.flatMap(({ machine }) => machine.arrays).reduce((sum, each) => sum + each.length, 0);
    this.keyframes = new Keyframes(Math.max(Math.floor(KEPT_BYTES / bytes), 4));
    this.keyframes.keep(0, () => state);
  }

  save() {
    const { labs, rows, events, settings } = this;
    return { labs: labs.map((lab) => lab.save()), rows: rows.map((each) => [...each]), events: [...events], settings };
  }

  restore({ labs, rows, events, settings }) {
    this.labs.forEach((lab, i) => lab.restore(labs[i]));
    Object.assign(this, { rows: rows.map((each) => [...each]), events: [...events], settings });
  }

  /** Do one thing after the other: requests of the view, and travels in time. */
  after(act) {
    return (this.turn = this.turn.then(act, act));
  }

  answer({ act, number, settings, opened }) {
    return this.after(async () => {
      let error = "";
      try {
        if (act !== "hello" && !(act === "run" && !this.get("running"))) await this.newAct(act, settings);
      } catch (refused) {
        error = refused.message;
      }
      this.show(number, error, act === "hello" || this.begun, opened);
      this.begun = false;
      this.fire("travelled");
    });
  }

  /** Do what the reader asks for. Acts that were taken back are forgotten. */
  async newAct(act, settings) {
    this.acts.length = this.done;
    this.keyframes.forget(this.done);
    const seed = act === "seed" ? Math.floor(Math.random() * 2 ** 31) : null;
    if (act === "reset" || seed !== null || (settings.seed ?? this.settings.seed) !== this.settings.seed) {
      this.settings = { ...this.settings, ...settings, ...(seed === null ? {} : { seed }) };
      return this.restart();
    }
    await this.act(act, settings);
    this.acts.push([act, settings]);
    this.done += 1;
    if (this.done % KEPT_EVERY === 0) this.keyframes.keep(this.done, () => this.save());
  }

  /** Do what the notebook did. */
  replay(acts) {
    return this.after(async () => {
      for (const [act, settings] of acts) await this.newAct(act, settings);
      this.show(0, "", true);
      this.fire("travelled");
    });
  }

  /** Show the machines as they were after so many acts: from the keyframe before, acts are repeated. */
  travel(to) {
    this.update({ running: false });
    return this.after(async () => {
      const { step, state } = this.keyframes.before(to);
      if (to < this.done || step > this.done) {
        this.restore(state);
        this.done = step;
      }
      for (; this.done < to; this.done += 1) await this.act(...this.acts[this.done]);
      this.show(0, "", true);
      this.fire("travelled");
    });
  }

  async act(act, settings) {
    this.change(settings);
    if (act === "compact") this.compact();
    else if (act === "step" || act === "run") for (const [i, lab] of this.labs.entries()) this.keep(this.rows[i], await inSlices(lab.step()));
  }

  keep(rows, row) {
    rows.push(row);
    if (rows.length > this.given.history) rows.shift();
  }

  change(settings) {
    const before = this.settings, changed = Object.entries(settings).filter(([name, value]) => before[name] !== value);
    if (!changed.length) return;
    this.settings = { ...before, ...settings };
    for (const lab of this.labs) lab.apply(this.settings);
    for (const [name, value] of changed) this.note(name, this.event(name, before[name], value));
  }

  event(name, before, after) {
    if (name in this.given.switch_words) return this.given.switch_words[name][after ? 1 : 0];
    if (name === "working_set") return after > before ? "programs use more" : "programs use less";
    if (name === "max_pool_percent") return after > before ? "larger pool" : "smaller pool";
    return `${this.given.form.find((spec) => spec.name === name).label}: ${this.said(name)}`;
  }

  note(name, words) {
    const { step } = this.rows[0].at(-1);
    this.events = [...this.events.filter((each) => each.name !== name || step - each.step > this.given.near), { step, name, words }];
  }

  compact() {
    for (const lab of this.labs) lab.machine.compact();
    this.note("compact", "compact");
    this.labs.forEach((lab, i) => (this.rows[i][this.rows[i].length - 1] = lab.look()));
  }

  said(name) {
    const spec = this.given.form.find((each) => each.name === name);
    return spec.words[spec.values.indexOf(this.settings[name])] ?? String(this.settings[name]);
  }

  show(number, error, fresh) {
    const { given, settings } = this, mask = this.labs[0].machine.constants.FRAME_KIND_MASK;
    const kinds = this.labs.map(({ machine }) => machine.cells().map((cell) => cell & mask));
    const blocks = this.labs.map((lab, i) => {
      const movable = lab.movable ?? settings.movable, found = countBlocks(kinds[i], lab.machine.constants, given.blocks, movable);
      return { states: found.map(({ state }) => state), labels: found.map((each) => labelOf(each, movable)), says: sentenceOf(found, lab.row.huge, movable), movable };
    });
    const rows = this.rows.map((all) => (fresh ? all : all.slice(-1)));
    const buffers = rows.map((all) => new DataView(Float32Array.from(all.flatMap((row) => given.columns.map((name) => row[name]))).buffer));
    const said = Object.fromEntries(given.form.map(({ name }) => [name, this.said(name)]));
    const summaries = this.labs.map((lab, i) => (given.names[i] ? `${given.names[i]}: ` : "") + this.summary(lab.row));
    const events = this.events.map(({ step, words }) => [step, words]);
    this.hear({ number, error, fresh, settings, said, folded: this.folded(), summaries, events, blocks }, [...buffers, ...kinds.map((each) => new DataView(each.buffer))]);
  }

  /** Return the settings whose controls are folded, in one line. */
  folded() {
    const { given, settings } = this, words = given.folded.map((spec) => spec.words[spec.values.indexOf(settings[spec.name])] ?? settings[spec.name]);
    return words.filter(Boolean).join(given.between);
  }

  summary(row) {
    const many = (number) => number.toLocaleString("en");
    const { frames, order } = this.settings, free = Object.entries(row).reduce((sum, [name, value]) => sum + (name.startsWith("free ") ? value : 0), 0);
    const got = row.met ? "was available" : row.step ? "was not available" : "is not yet requested";
    return `Step ${row.step}: ${plural(row.programs, "program")}, ${many(free)} of ${many(frames)} frames free. zswap holds ${many(row.stored)} pages in ${many(row.pool)} frames (${row.density.toFixed(2)} in each); ${many(row["from zswap"])} faults served by zswap, ${many(row["from swap"])} by swap. Blocks of order 9: ${row.huge}; a block of order ${order} ${got} (fragmentation index ${row.fragmentation.toFixed(3)}); pages moved: ${many(row.moved)}.`;
  }
}

/** Return controls that take back what was done, and do it again. */
function timeline(panel) {
  const back = element("button", { type: "button", onclick: () => panel.travel(panel.done - 1) }, "Back");
  const slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "go back in time" });
  let wanted = null;
  slider.addEventListener("input", async () => {
    const waits = wanted !== null;
    wanted = slider.valueAsNumber;
    if (waits) return;
    for (let to = null; to !== wanted; ) await panel.travel((to = wanted));
    wanted = null;
  });
  const said = element("output", {});
  const show = () => {
    back.disabled = panel.done === 0;
    slider.max = panel.acts.length;
    if (wanted === null) slider.value = panel.done;
    said.textContent = panel.acts.length ? `${panel.done} of ${plural(panel.acts.length, "act")}` : "nothing to take back";
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  panel.on("travelled", show);
  show();
  return element("div", { class: "zb zbl-alone zbl-timeline", role: "group", "aria-label": "time" }, back, slider, said);
}

zbudlab.kind("pressure panel", async (box, given) => {
  const engine = await zbudlab.engine("panel"), many = given.machines.length > 1;
  const labs = [];
  for (const [i, { image, description }] of given.machines.entries()) {
    const machine = new PressedMachine(engine, await zbudlab.bytes(image), description, given);
    labs.push(new Pressed(machine, given, many ? given.movable[i] : null));
  }
  const place = element("div"), panel = new PressedPanel(given, labs);
  box.replaceChildren(place, timeline(panel), element("p", { class: "zb zbl-alone note" }, given.fixed));
  zbudlab.show("Panel", panel, place);
  box.dataset.repeats = given.done.filter(([act]) => act === "step").length;
  panel.replay(given.done);
});
