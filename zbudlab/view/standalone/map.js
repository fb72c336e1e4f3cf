// A frame map of recorded moments, and of one moment. See maps.py.

const ACROSS = 64; // a map's width is a multiple, so that cells are whole pixels

/** A map whose moments Python recorded. words: of a frame, by its number, or null. */
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
    else if (kind === "hover") this.hear({ kind: "words", frame, words: this.words(frame) });
    else if (kind === "select") this.hear({ kind: "details", frame, told: frame === null ? null : { title: this.words(frame), parts: [["", this.given.fields]] } });
  }

  begin(layout) {
    this.layout = layout;
    const { places, ...grid } = this.given.grids.find((each) => each.layout === layout);
    this.hear({ kind: "grid", ...grid }, [plainBytes(places).buffer]);
    this.update_map();
  }

  /** Show a moment. */
  go(moment) {
    this.moment = moment;
    this.update_map();
  }

  update_map() {
    const { cells, ...told } = this.given.moments[this.moment];
    this.cells = plainBytes(cells);
    this.hear({ kind: "frame", number: ++this.number, full: true, ...told }, [new ArrayBuffer(0), this.cells.slice().buffer, new ArrayBuffer(0)]);
  }

  words(frame) {
    const { look, legend } = this.values, known = this.given.words?.[frame];
    return known ?? `pfn ${frame}: ${look.kinds[legend.getUint8(this.cells[frame])].words}`;
  }
}

zbudlab.kind("frame map", (box, given) => {
  const model = new MapModel(given, box.clientWidth);
  box.replaceChildren();
  zbudlab.show("FrameMap", model, box);
});
