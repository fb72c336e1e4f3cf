// A player whose moments Python recorded. See player.py.

/** Answers the player's requests from the recorded moments. */
class RecordedPlayer extends Model {
  constructor(given, map) {
    super({ kinds: Object.keys(given.events), last: given.wholes.length - 1, maps: ["IPY_MODEL_map"] });
    Object.assign(this, { given, map, ...given.opens });
    this.widget_manager = { get_model: async () => map, create_view: async () => this.mapView() };
  }

  mapView() {
    const el = document.createElement("div");
    if (!this.map) el.textContent = this.given.no_map;
    const remove = this.map ? zbudlab.show("FrameMap", this.map, el) : () => {};
    return { el, remove };
  }

  answer({ number, ...message }) {
    let error = "";
    try {
      this[message.act](message);
    } catch (refused) {
      error = refused.message;
    }
    this.show(number, error);
  }

  /** The number of the moment shown. */
  get moment() {
    return this.part === null ? this.given.wholes[this.stop] : this.given.insides[this.stop][this.part];
  }

  show(number = 0, error = "") {
    const at = this.moment;
    this.hear({ number, error, pending: false, reached: this.values.last, whole: true, ...this.told(this.given.moments[at]) });
    this.map?.go(at);
  }

  /** Return what is shown of a moment. */
  told(moment) {
    return this.live ? this.live.told(moment) : moment;
  }

  go({ stop }) {
    Object.assign(this, { stop: Math.max(0, Math.min(stop, this.values.last)), part: null });
  }

  step({ step }) {
    if (this.part === null) return this.go({ stop: this.stop + step });
    const part = this.part + step;
    if (part < 0) this.go({ stop: this.stop - 1 });
    else if (part >= this.given.insides[this.stop].length) this.go(this);
    else this.part = part;
  }

  inside({ part }) {
    const parts = this.given.insides[this.stop];
    if (!parts) throw new Error(this.live?.notInside(this.stop) ?? this.given.not_inside);
    this.part = Math.max(0, Math.min(part, parts.length - 1));
  }

  outside() {
    this.part = null;
  }

  find({ kind, step }) {
    const stops = this.given.events[kind], beyond = step > 0 ? stops.find((stop) => stop > this.stop) : stops.findLast((stop) => stop < this.stop);
    if (beyond === undefined) throw new Error(`no ${kind} ${step > 0 ? "after" : "before"} this`);
    this.go({ stop: beyond });
  }

  pictures() {}

  select({ frame }) {
    this.map?.answer({ kind: "select", frame });
  }
}

zbudlab.kind("player", (box, given, number) => {
  const map = given.map && new MapModel(given.map, box.clientWidth), player = new RecordedPlayer(given, map);
  box.replaceChildren();
  zbudlab.show("Player", player, box);
  if (given.fixed) noteRecording(box, `A recording of this run, every step of it. ${given.fixed}`);
  else box.prepend(goingOn(player, number));
});
