// The hero on the engine: the same picture and story, but each Compact runs in this page. The files
// of the view come first; `zbudlab` is made by engine.js of the site.

/** A story that the engine plays. shown: the blocks of the machine that the picture has. */
class LiveStory extends Story {
  constructor(machine, { shown, operations }) {
    super({ machine, shown, operations });
  }

  /** Boot the machine again. */
  reset() {
    const { machine } = this.recorded;
    machine.run([]); // forgets later rows
    machine.rows = 0;
    machine.boot();
    this.at = this.kinds();
    this.state = "start";
    this.moved = this.found = 0;
  }

  /** Return the kinds of the frames shown. */
  kinds() {
    const { machine, shown } = this.recorded;
    const cells = machine.cells();
    return shown.flatMap((block) => [...cells.subarray(block * BLOCK, (block + 1) * BLOCK)].map((cell) => cell & KIND_MASK));
  }

  next() {
    const { machine, operations: { MOVABLE, RESCAN, COMPACT } } = this.recorded;
    machine.run([[MOVABLE, this.movable ? 1 : 0, 0], [RESCAN, 0, 0], [COMPACT, -1, 1]]);
    return machine.moves().map((pair) => pair.map((pfn) => this.placed(pfn)));
  }

  placed(pfn) {
    return this.recorded.shown.indexOf(Math.floor(pfn / BLOCK)) * BLOCK + (pfn % BLOCK);
  }

  end() {
    const { machine, operations: { ASK } } = this.recorded;
    this.at = this.kinds();
    super.end();
    [this.found] = machine.run([[ASK, HUGE_ORDER, 0]]);
  }

  get huge() {
    return this.found;
  }
}

/** Replace the recorded hero of an element by a live one, as soon as nothing runs in it. The promise
 * is fulfilled then. */
function goLive(box, machine, given) {
  const root = box.querySelector(".hero");
  const swap = () => {
    if (root.dataset.state !== "start") return false;
    const places = () => [...root.querySelectorAll("button, input")];
    const focused = places().indexOf(document.activeElement);
    const movable = root.querySelector("input").checked;
    const story = new LiveStory(machine, given);
    const hero = new Hero(root, { start: story.at });
    hero.story = hero.stage.story = story;
    if (movable) hero.switch.click();
    hero.show();
    if (focused >= 0) places()[focused].focus();
    return true;
  };
  return new Promise((live) => {
    if (swap()) return live();
    const watcher = new MutationObserver(() => swap() && (watcher.disconnect(), live()));
    watcher.observe(root, { attributes: true, attributeFilter: ["data-state"] });
  });
}

const KIND_MASK = 7, HUGE_ORDER = 9;
zbudlab.view("hero", async (box, given) => {
  await goLive(box, new LiveMachine(await zbudlab.engine(), await unpacked(given.image), given.description), given);
});
