// The hero's story: frames of two blocks and their moves in compaction, recorded from the engine by
// lessons/stubborn.py. Replaying the moves gives exactly the engine's end states.

/** The state of the story: start, moving, spoiled or won. `at` is the kind of each frame. */
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

  /** Return the moves that Compact makes in this state, as [from, to]. */
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

  /** True if Compact would move a page. */
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
