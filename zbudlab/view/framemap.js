// The frame map in the notebook: one store per map with the data from Python, and one view for each
// place where the map is shown. The Python side is framemap.py.

const ANSWER_MS = 3000; // how long a request stays open before another may be sent
const AGAIN_MS = 500; // after this time, the description of a frame is requested again
const ACKNOWLEDGED = 2; // one of this many states is acknowledged; must be below CREDITS in stream.py

/** The data from Python, and the views that show it. */
class Store {
  constructor(model) {
    this.model = model;
    this.legend = new Uint8Array(arrayOf(Uint8Array, model.get("legend")));
    this.cells = new Cells(this.legend, model.get("look"));
    this.cells.touched = (cells) => this.each((view) => view.picture.pixels.touch(cells));
    this.views = new Set();
    this.alive = true;
    this.acknowledged = 0;
    model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
    model.on("comm_live_update", () => this.setAlive(model.comm_live !== false));
    watchKernel(model.widget_manager, () => this.lose());
  }

  each(act) {
    this.views?.forEach(act);
  }

  tell(message) {
    if (!this.alive) return;
    try {
      this.model.send(message);
    } catch {
      this.setAlive(false);
    }
  }

  /** The kernel with this map is gone. A new kernel brings the comms back to life, but it does not
   * know the map. */
  lose() {
    this.lost = true;
    this.setAlive(false);
  }

  setAlive(alive) {
    this.alive = alive && !this.lost;
    this.each((view) => view.showAlive());
  }

  hear(message, buffers) {
    const { cells } = this;
    const now = performance.now();
    if (message.kind === "grid") {
      cells.arrange(message, arrayOf(Uint32Array, buffers[0]));
      this.each((view) => view.regrid());
    } else if (message.kind === "frame") {
      const [numbers, codes, moves] = buffers;
      const of = (Type, buffer) => arrayOf(Type, buffer);
      cells.take(
        message, of(Uint32Array, numbers), of(Uint8Array, codes), of(Uint32Array, moves), now,
      );
      this.each((view) => view.lookAgain());
      if (this.views.size === 0) this.painted();
    } else if (message.kind === "mark") {
      cells.mark(message.with, arrayOf(Uint32Array, buffers[0]));
      cells.summary = message.summary;
    } else if (message.kind === "chunks") {
      cells.takeChunks(message.frames, arrayOf(Uint8Array, buffers[0]));
      this.each((view) => view.answered("chunks"));
    } else if (message.kind === "words") {
      this.each((view) => view.hearWords(message.frame, message.words));
    } else if (message.kind === "details") {
      this.each((view) => view.hearDetails(message.frame, message.told));
    }
    this.each((view) => view.schedule());
  }

  /** Acknowledge the newest state once a view has painted it. Only some states are acknowledged, as
   * each message makes JupyterLab show the kernel as busy, then idle. */
  painted() {
    if (this.cells.number < this.acknowledged + ACKNOWLEDGED) return;
    this.acknowledged = this.cells.number;
    this.tell({ kind: "painted", number: this.acknowledged });
  }
}

export default widget(Store, View);
