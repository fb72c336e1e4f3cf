// The blocks of the pressure panel: a map in which each block says what it is. Arrow keys walk over
// the blocks, Enter opens one, Escape closes it.

const HUGE = 0, SPOILED = 1; // states of panel_blocks.py
const NEARLY_ALL_LABELLED = 32; // blocks up to which each frame is drawn and each block has a label
const FILLED = 0.85; // of the width that four blocks fill, or there are more of them in a row
const BETWEEN = 6, LABEL = 19; // px between blocks, and for the label below a block
const DRAWN_WITH = ["free", "crumb", "process", "zbud1", "zbud2", "kernel", "cma", "whole", "wholefill", "c_stuck", "accent", "ink", "quiet", "sans"];
const LARGEST_FRAME = 12; // px of a frame of an opened block

class BlockMap {
  /** told: called with the words on a block, or null. open: called with the opened block or null. */
  constructor({ told, open }) {
    Object.assign(this, { told, open, at: null, opened: null, data: null });
    this.canvas = make("canvas", { tabindex: "0", role: "application", class: "zbl-blocks" });
    this.root = make("div", { class: "zbl-blocks-box" }, this.canvas);
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.told(null));
    this.canvas.addEventListener("click", (event) => this.toggle(this.under(event)));
    this.canvas.addEventListener("focus", () => this.canvas.matches(":focus-visible") && this.walk(this.at ?? 0));
    this.canvas.addEventListener("blur", () => this.told(null));
  }

  /** data: { states, labels, says, movable, kinds (bytes) }. */
  show(data, ink) {
    Object.assign(this, { data, ink });
    const count = data.states.length;
    if (this.at >= count) this.at = null;
    if (this.opened >= count) this.opened = null;
    this.draw();
  }

  get few() {
    return this.data.states.length <= NEARLY_ALL_LABELLED;
  }

  /** Return the measures of the map for the width there is. */
  measures() {
    const count = this.data.states.length, wide = Math.max(this.root.clientWidth, 140) - 4;
    if (!this.few) {
      const across = count <= 256 ? 16 : 32, side = Math.max(Math.min(Math.floor(wide / across), 24), 4);
      return { across, side: 0, w: side - 1, h: side - 1, right: side, down: side };
    }
    const fits = wholePixels((wide - 3 * BETWEEN) / (4 * SIDE)), side = Math.max(Math.min(fits, count > 16 ? 2 : 3), 1);
    const label = side > 1 ? LABEL : 0, least = 4 * (SIDE * side + BETWEEN) - BETWEEN;
    const across = least < FILLED * wide ? Math.min(Math.floor((wide + BETWEEN) / (SIDE * side + BETWEEN)), count) : 4;
    return { across: Math.max(across, 4), side, w: SIDE * side, h: ROWS * side, right: SIDE * side + BETWEEN, down: ROWS * side + BETWEEN + label };
  }

  draw() {
    if (!this.data || !this.root.clientWidth) return;
    this.size = this.measures();
    const words = this.words();
    if (this.canvas.getAttribute("aria-label") !== words) this.canvas.setAttribute("aria-label", words);
    if (this.opened !== null && this.frames(this.opened)) {
      this.drawn = null;
      this.drawOpened(sharp(this.canvas, ...this.openSize()));
    } else this.drawBlocks();
  }

  /** Draw the blocks. What is drawn already and has not changed stays. */
  drawBlocks() {
    const { across, right, down } = this.size, rows = Math.ceil(this.data.states.length / across);
    const now = this.asDrawn(), before = this.drawn?.look === now.look ? this.drawn : null;
    this.drawn = now;
    const changed = now.blocks.flatMap((words, block) => (words === before?.blocks[block] ? [] : [block]));
    const cells = before ? this.changedCells(before, changed) : [];
    if (before && !changed.length && !cells.length) return;
    // the ring round a page that is alone in its block reaches into other blocks
    const all = !before || before.alone || now.alone;
    const context = all ? sharp(this.canvas, across * right + 2, rows * down + 2) : this.canvas.getContext("2d");
    const blocks = all ? this.data.states.keys() : changed;
    for (const block of blocks) {
      const [x, y] = this.corner(block);
      if (!all) context.clearRect(x - 3, y - 3, right, down);
      this.drawBlock(context, block, this.data.states[block]);
    }
    if (!all) for (const pfn of cells) this.drawCell(context, pfn);
  }

  /** Return what decides how the blocks look: of all, of each (as words), and the kinds of frames. */
  asDrawn() {
    const { data, ink, size, few } = this, { states, labels, kinds } = data;
    const ratio = window.devicePixelRatio || 1, colours = DRAWN_WITH.map((name) => ink[name]);
    const at = document.activeElement === this.canvas ? this.at : null;
    const each = (state, block) => [state, labels[block], block === at, ratio % 1 ? this.few && this.frames(block)?.join("") : ""].join();
    const used = few && this.frames(0) ? (block) => this.frames(block).reduce((sum, kind) => sum + (kind > CMA ? 1 : 0), 0) : () => 0;
    return {
      look: JSON.stringify([size, ratio, colours, few && kinds.length]),
      blocks: states.map(each),
      alone: states.some((state, block) => state === SPOILED && used(block) === 1),
      kinds: few ? kinds.slice() : new Uint8Array(),
    };
  }

  /** Return the frames that differ, except those of blocks that are drawn anew or drawn whole. */
  changedCells(before, blocks) {
    const now = this.drawn.kinds, anew = new Set(blocks), found = [];
    for (let pfn = 0; pfn < now.length; pfn += 1) {
      const block = Math.floor(pfn / BLOCK);
      if (now[pfn] !== before.kinds[pfn] && !anew.has(block) && this.data.states[block] !== HUGE) found.push(pfn);
    }
    return found;
  }

  drawCell(context, pfn) {
    const { ink, size: { side }, data: { kinds } } = this, i = pfn % BLOCK, [x, y] = this.corner(Math.floor(pfn / BLOCK));
    const left = x + (i % SIDE) * side, top = y + Math.floor(i / SIDE) * side;
    box(context, ink.free, left, top, side, side);
    if (kinds[pfn] > FREE) cell(context, ink, left, top, side, kinds[pfn]);
  }

  words() {
    const { states, says } = this.data, count = (state) => states.filter((each) => each === state).length;
    return `Memory in ${states.length} blocks: ${count(HUGE)} whole, ${count(SPOILED)} spoiled. ${says}`;
  }

  corner(block) {
    const { across, right, down } = this.size;
    return [2 + (block % across) * right, 2 + Math.floor(block / across) * down];
  }

  /** Return the kinds of a block's frames, or null where Python did not send them. */
  frames(block) {
    const { kinds, states } = this.data;
    if (kinds.length >= states.length * BLOCK) return kinds.subarray(block * BLOCK, (block + 1) * BLOCK);
    return kinds.length === BLOCK ? kinds : null;
  }

  drawBlock(context, block, state) {
    const { ink, size } = this, [x, y] = this.corner(block);
    const kinds = this.few ? this.frames(block) : null;
    if (state === HUGE) {
      box(context, ink.wholefill, x, y, size.w, size.h, 3);
      this.stroke(context, ink.whole, x, y);
    } else if (kinds) this.drawFrames(context, kinds, x, y);
    else box(context, state === SPOILED ? ink.free : state === 2 ? ink.crumb : ink.process, x, y, size.w, size.h);
    if (state === SPOILED) this.stroke(context, ink.c_stuck, x - 1, y - 1, [4, 3]);
    if (size.side > 1) this.drawLabel(context, block, state, x, y);
    if (kinds && state === SPOILED) this.pointOut(context, kinds, x, y);
    if (block === this.at && document.activeElement === this.canvas) this.stroke(context, ink.accent, x - 1, y - 1, [], 2.5);
  }

  stroke(context, colour, x, y, dashes = [], wide = 1.5) {
    const more = x % 1 || dashes.length || wide > 2 ? 2 : 0;
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.setLineDash(dashes);
    context.beginPath();
    context.roundRect(x, y, this.size.w + more, this.size.h + more, dashes.length ? 0 : 3);
    context.stroke();
    context.setLineDash([]);
  }

  drawFrames(context, kinds, x, y) {
    const { ink, size: { side, w, h } } = this;
    box(context, ink.free, x, y, w, h);
    kinds.forEach((kind, i) => {
      if (kind > FREE) cell(context, ink, x + (i % SIDE) * side, y + Math.floor(i / SIDE) * side, side, kind);
    });
  }

  drawLabel(context, block, state, x, y) {
    const { ink, size, data } = this, bold = state <= SPOILED ? "600 " : "";
    context.font = `${bold}12px ${ink.sans}`;
    context.fillStyle = state === HUGE ? ink.whole : state === SPOILED ? ink.c_stuck : ink.quiet;
    let words = data.labels[block];
    const shorter = [/ pages?$/, ""], shortest = [/(\d+) zbud, (\d+) kernel/, (_, zbud, kernel) => `${Number(zbud) + Number(kernel)} stuck`];
    for (const [long, short] of [shorter, shortest]) if (context.measureText(words).width > size.w + 2) words = words.replace(long, short);
    context.textBaseline = "alphabetic";
    context.fillText(words, x, y + size.h + 14, size.w + 4);
  }

  /** Mark a page that is alone in its block. */
  pointOut(context, kinds, x, y) {
    const used = [...kinds.keys()].filter((i) => kinds[i] > CMA);
    if (used.length !== 1) return;
    const { ink, size: { side, w } } = this, [i] = used;
    const cx = x + ((i % SIDE) + 0.5) * side, cy = y + (Math.floor(i / SIDE) + 0.5) * side, way = cx > x + w / 2 ? -1 : 1;
    context.strokeStyle = context.fillStyle = ink.ink;
    context.lineWidth = 1.6;
    context.beginPath();
    context.arc(cx, cy, 7, 0, 7);
    context.moveTo(cx + 7 * way, cy);
    context.lineTo(cx + 14 * way, cy);
    context.stroke();
    context.font = `600 11px ${ink.sans}`;
    context.textAlign = way > 0 ? "left" : "right";
    if (side > 1) context.fillText("only this", cx + 17 * way, cy + 4);
    context.textAlign = "left";
  }

  // --- one block, large -----------------------------------------------------------------------

  openSide() {
    return Math.max(Math.min(Math.floor((this.root.clientWidth - 4) / SIDE), LARGEST_FRAME), 4);
  }

  openSize() {
    return [this.openSide() * SIDE + 4, this.openSide() * ROWS + 28];
  }

  drawOpened(context) {
    const side = this.openSide(), { ink, data } = this;
    this.frames(this.opened).forEach((kind, i) => {
      const nail = isZbud(kind) && !data.movable;
      cell(context, ink, 2 + (i % SIDE) * side, 2 + Math.floor(i / SIDE) * side, side, kind, { nail });
    });
    context.font = `600 13px ${ink.sans}`;
    context.fillStyle = ink.ink;
    context.fillText(`Block ${this.opened}: ${data.labels[this.opened]}. Escape or a click closes it.`, 2, side * ROWS + 20, side * SIDE);
  }

  toggle(block) {
    this.opened = this.opened === null ? block : null;
    this.open(this.opened);
    this.draw();
  }

  // --- pointer and keys -----------------------------------------------------------------------

  under({ offsetX, offsetY }) {
    const { across, right, down } = this.size;
    const column = Math.min(Math.floor(offsetX / right), across - 1), block = Math.floor(offsetY / down) * across + column;
    return block < this.data.states.length ? block : null;
  }

  point(event) {
    if (!this.data || this.opened !== null) return;
    const block = this.under(event);
    this.told(block === null ? null : this.name(block));
  }

  name(block) {
    return `block ${block}, from frame ${grouped(block * BLOCK)}: ${this.data.labels[block]}`;
  }

  walk(block) {
    if (!this.data) return;
    this.at = Math.min(Math.max(block, 0), this.data.states.length - 1);
    this.told(this.name(this.at));
    this.draw();
  }

  key(event) {
    const { across } = this.size ?? { across: 4 }, at = this.at ?? 0;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -at, End: Infinity }[event.key];
    if (by !== undefined) this.walk(at + by);
    else if (event.key === "Enter" && !event.shiftKey) this.toggle(at);
    else if (event.key === "Escape" && this.opened !== null) this.toggle(null);
    else return;
    event.preventDefault();
  }
}
