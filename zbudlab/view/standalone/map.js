// A frame map of recorded moments, and of one moment. See maps.py.

const ACROSS = 64; // a map's width is a multiple, so that cells are whole pixels

/** Return numbers from their differences. */
function summed(steps) {
  const found = new Uint32Array(steps.length);
  steps.reduce((sum, step, i) => (found[i] = sum + step), 0);
  return found;
}

/** A map whose moments Python recorded. */
class MapModel extends Model {
  constructor(given, room) {
    const bytes = (text) => new DataView(plainBytes(text).buffer);
    const colours = Object.fromEntries(Object.entries(given.colours).map(([theme, text]) => [theme, bytes(text)]));
    const size = Math.max(ACROSS, Math.min(given.size, Math.floor(room / ACROSS) * ACROSS));
    super({ look: given.look, size, legend: bytes(given.legend), colours });
    Object.assign(this, { given, number: 0, layout: given.grids[0].layout, moment: given.opens });
  }

  answer({ kind, frame, layout }) {
    if (kind === "hello") this.begin(layout ?? this.layout);
    else if (kind === "hover") this.hover(frame);
    else if (kind === "select") this.select(frame);
  }

  select(frame) {
    this.hear({ kind: "details", frame, told: frame === null ? null : { title: this.words(frame), parts: this.parts(frame) } });
    if (frame !== null) this.fire("selected", frame);
  }

  /** Return the parts of a frame's details, [title, fields]. */
  parts() {
    return [["", this.given.fields]];
  }

  begin(layout) {
    this.layout = layout;
    const { steps, ...grid } = this.given.grids.find((each) => each.layout === layout);
    this.hear({ kind: "grid", ...grid }, [summed(new Int32Array(plainBytes(steps).buffer)).buffer]);
    this.update_map();
  }

  /** Show a moment. */
  go(moment) {
    this.moment = moment;
    this.update_map();
  }

  update_map() {
    const { cells, ...told } = this.given.moments[this.moment];
    this.cells = typeof cells === "string" ? plainBytes(cells) : cells;
    this.hear({ kind: "frame", number: ++this.number, full: true, ...told }, [new ArrayBuffer(0), this.cells.slice().buffer, new ArrayBuffer(0)]);
  }

  /** Describe a frame, in Python's words as soon as they are here. */
  async hover(frame) {
    this.hear({ kind: "words", frame, words: this.words(frame) });
    if (!this.page_number || this.told) return;
    this.told = (await zbudlab.more(this.page_number)).words;
    this.hear({ kind: "words", frame, words: this.words(frame) });
  }

  words(frame) {
    const { look, legend } = this.values;
    return this.told?.[frame] ?? `pfn ${frame}: ${look.kinds[legend.getUint8(this.cells[frame])].words}`;
  }
}

/** Say below a view that it shows a recording. */
function noteRecording(box, words) {
  box.append(Object.assign(document.createElement("p"), { className: "zbl-recording", textContent: words }));
}

zbudlab.kind("frame map", (box, given, number) => {
  const model = new MapModel(given, box.clientWidth);
  model.page_number = number;
  box.replaceChildren();
  zbudlab.show("FrameMap", model, box);
  noteRecording(box, "A recorded moment. In a notebook the map follows its machine.");
});
