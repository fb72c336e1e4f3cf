// The hero's story: frames of two blocks, and what compaction did with them. Recorded from the
// engine by lessons/stubborn.py; replaying the moves gives exactly the engine's end states.

/** Where the story is: start, moving, spoiled or won; `at` is what each frame is. */
class Story {
  constructor(recorded) {
    this.recorded = recorded;
    this.movable = false;
    this.reset();
  }

  reset() {
    this.at = [...this.recorded.start].map(Number);
    this.state = "start";
    this.moved = 0;
  }

  /** The moves that Compact makes from here: [from, to] each. */
  next() {
    const { stuck, freed, movable } = this.recorded;
    return this.state === "spoiled" ? freed : this.movable ? movable : stuck;
  }

  move([from, to]) {
    this.at[to] = this.at[from];
    this.at[from] = FREE;
    this.moved += 1;
  }

  begin() {
    this.state = "moving";
    this.moved = 0;
  }

  end() {
    this.state = this.free(0) === BLOCK ? "won" : "spoiled";
  }

  free(block) {
    return this.at.slice(block * BLOCK, (block + 1) * BLOCK).filter((kind) => kind === FREE).length;
  }

  get zbud() {
    return this.at.findIndex(isZbud);
  }

  get huge() {
    return this.state === "won" ? 1 : 0;
  }

  /** Whether Compact would change anything. */
  get ready() {
    return this.state === "start" || (this.state === "spoiled" && this.movable);
  }

  get sentence() {
    const both = this.free(0) + this.free(1);
    if (this.state === "start") return `${both} of 1,024 frames are free, but no 512 of them are in a row. Move the pages together and see whether a huge page becomes available.`;
    if (this.state === "moving") return "Compaction moves pages from the bottom of memory to the top.";
    if (this.state === "won") return `${this.moved === 1 ? "One page" : `${this.moved} pages`} moved, and the block is whole. The owner of the zbud page holds a number instead of an address, and noticed nothing.`;
    if (this.movable) return "Now zbud pages can move. Compact once more.";
    return `${this.moved} pages moved. 511 of 512 frames are free, and there is still no huge page: one page stayed. Let zbud pages move, and compact again.`;
  }
}
