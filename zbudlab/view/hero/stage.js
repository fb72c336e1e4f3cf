// The hero's picture: two blocks on a canvas, and pages moving between them.

const FLIGHT_MS = 520, LONE_FLIGHT_MS = 1100, ALL_MS = 2400; // flight of one of many, of a single page; time until the last flight starts
const STACKED_BELOW = 560; // width in CSS pixels below which the blocks are stacked

/** The canvas of a hero. */
class Stage {
  constructor(canvas, root, story) {
    Object.assign(this, { canvas, root, story, flying: [], run: 0, marked: new Set() });
  }

  /** Set the width. Cells are multiples of a quarter pixel, as the grid would shimmer otherwise. */
  size(width) {
    const inner = width - 4;
    this.stacked = inner < STACKED_BELOW;
    const least = this.stacked ? 16 : 28;
    const across = this.stacked ? inner : inner - least;
    this.cell = Math.floor((across / (this.stacked ? SIDE : 2 * SIDE)) * 4) / 4;
    this.gap = this.stacked ? least : inner - 2 * SIDE * this.cell;
    this.width = width;
    this.height = ROWS * this.cell * (this.stacked ? 2 : 1) + (this.stacked ? this.gap : 0) + 4;
    this.context = sharp(this.canvas, width, this.height);
  }

  /** Return the top left corner of a frame. */
  place(frame) {
    const block = Math.floor(frame / BLOCK), inside = frame % BLOCK;
    const left = this.stacked ? 0 : block * (SIDE * this.cell + this.gap);
    const top = this.stacked ? block * (ROWS * this.cell + this.gap) : 0;
    return [2 + left + (inside % SIDE) * this.cell, 2 + top + Math.floor(inside / SIDE) * this.cell];
  }

  draw() {
    if (!this.context) return;
    const ink = inks(this.root);
    this.context.clearRect(0, 0, this.width, this.height);
    const whole = [0, 1].map((block) => this.story.free(block) === BLOCK && !this.flying.length);
    whole.forEach((free, block) => free && this.drawWhole(ink, block));
    const coming = new Set(this.flying.map(({ to }) => to));
    this.story.at.forEach((kind, frame) => {
      if (whole[Math.floor(frame / BLOCK)]) return;
      this.drawFrame(ink, frame, coming.has(frame) ? FREE : kind);
    });
    for (const page of this.flying) this.drawFlight(ink, page);
  }

  drawFrame(ink, frame, kind) {
    const [x, y] = this.place(frame);
    const { state, movable } = this.story;
    const nail = isZbud(kind) && !movable;
    let ring = this.marked.has(frame) ? ink.to : null;
    if (isZbud(kind) && state !== "moving") ring = nail && state === "spoiled" ? ink.c_stuck : ink.ink;
    cell(this.context, ink, x, y, this.cell, kind, { nail, ring });
  }

  /** Draw an entirely free block. */
  drawWhole(ink, block) {
    const [x, y] = this.place(block * BLOCK);
    box(this.context, ink.wholefill, x, y, SIDE * this.cell - 1, ROWS * this.cell - 1, 5);
    this.context.strokeStyle = ink.whole;
    this.context.lineWidth = 2;
    this.context.stroke();
  }

  drawFlight(ink, { from, to, kind, share }) {
    const [x0, y0] = this.place(from), [x1, y1] = this.place(to);
    const t = eased(Math.min(Math.max(share, 0), 1));
    const lift = Math.sin(Math.PI * t) * -Math.min(26, 0.05 * Math.abs(x1 - x0));
    cell(this.context, ink, x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + lift, this.cell, kind);
  }

  /** Play the moves in the engine's order, then call `done`. */
  play(moves, step, done) {
    const mine = ++this.run;
    this.marked = new Set();
    if (still()) {
      moves.forEach((move) => this.story.move(move));
      this.marked = new Set(moves.map(([, to]) => to)); // ringed until the next action
      return done();
    }
    const many = moves.length > 10;
    const pace = many ? ALL_MS / moves.length : 0, lasts = many ? FLIGHT_MS : LONE_FLIGHT_MS;
    const begun = performance.now();
    let next = 0;
    const frame = (now) => {
      if (mine !== this.run) return;
      for (; next < moves.length && next * pace <= now - begun; next++) this.start(moves[next], begun + next * pace);
      this.flying.forEach((page) => (page.share = (now - page.begun) / lasts));
      this.flying = this.flying.filter(({ share }) => share < 1);
      this.draw();
      step();
      if (next < moves.length || this.flying.length) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  }

  start([from, to], begun) {
    this.flying.push({ from, to, kind: this.story.at[from], begun, share: 0 });
    this.story.move([from, to]);
  }

  stop() {
    this.run += 1;
    this.flying = [];
    this.marked = new Set();
  }
}
