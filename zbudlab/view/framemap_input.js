// User input on a map: pointer, wheel, keys, buttons.

const STEP = 8; // cells that an arrow key with Shift moves
const CLOSER = 1.5; // factor of a step of zoom
const CLICK_PX = 4; // a pointer that moves less than this clicks

/** Handles the input on a view. Its effects are in the view only. */
class Hands {
  constructor(view) {
    this.view = view;
    this.drag = null;
  }

  pointerMoved(event) {
    if (this.drag) {
      const { x, y } = this.drag;
      this.drag.far ||= Math.hypot(event.offsetX - x, event.offsetY - y) > CLICK_PX;
      const { atX, atY, far } = this.drag;
      if (far) this.view.picture.frame.pan(atX - event.offsetX, atY - event.offsetY);
      Object.assign(this.drag, { atX: event.offsetX, atY: event.offsetY });
      this.view.schedule();
    }
    this.view.look(this.view.picture.cellAt(event.offsetX, event.offsetY));
  }

  pointerDown(event) {
    if (event.button !== 0) return;
    const { offsetX: x, offsetY: y } = event;
    this.view.canvas.setPointerCapture(event.pointerId);
    this.drag = { x, y, atX: x, atY: y, far: false };
  }

  pointerUp(event) {
    const clicked = this.drag && !this.drag.far;
    this.drag = null;
    if (!clicked) return;
    const cell = this.view.picture.cellAt(event.offsetX, event.offsetY);
    if (cell === null) return;
    this.view.moveFocus(cell);
    this.view.select(cell);
  }

  /** Zoom; with Shift, or sideways, pan. When fully zoomed out, the wheel scrolls the page. */
  wheel(event) {
    const { frame } = this.view.picture;
    const pans = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!pans && event.deltaY > 0 && frame.zoom <= frame.least) return;
    event.preventDefault();
    if (pans) frame.pan(...(event.deltaX ? [event.deltaX, event.deltaY] : [0, event.deltaY]));
    else frame.zoomBy(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    this.view.look(this.view.picture.cellAt(event.offsetX, event.offsetY));
    this.view.schedule();
  }

  key(event) {
    if (event.key === "Escape" && !this.view.details.hidden) {
      event.preventDefault(); // Escape closes the details without leaving the map
      this.view.select(null);
    }
    if (event.target !== this.view.canvas || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.keys()[event.key];
    if (!act) return;
    event.preventDefault();
    act(event.shiftKey ? STEP : 1);
  }

  keys() {
    const { cells, picture } = this.view;
    const focus = picture.focus ?? 0;
    const last = cells.count - 1;
    return {
      ArrowLeft: (by) => this.step(-by, 0),
      ArrowRight: (by) => this.step(by, 0),
      ArrowUp: (by) => this.step(0, -by),
      ArrowDown: (by) => this.step(0, by),
      PageUp: () => this.view.moveFocus(Math.max(focus - 1, 0)),
      PageDown: () => this.view.moveFocus(Math.min(focus + 1, last)),
      Home: () => this.view.moveFocus(0),
      End: () => this.view.moveFocus(last),
      Enter: () => this.view.select(focus),
      " ": () => this.view.select(focus),
      "+": () => this.act("closer"),
      "=": () => this.act("closer"),
      "-": () => this.act("farther"),
      0: () => this.act("whole"),
    };
  }

  /** Move the focus by columns and rows. */
  step(across, down) {
    const { picture, cells } = this.view;
    const [column, row] = picture.placed(picture.focus ?? 0);
    const within = (value, size) => Math.min(Math.max(value, 0), size - 1);
    this.view.moveFocus(
      picture.cellIn(within(column + across, cells.columns), within(row + down, cells.rows)),
    );
  }

  act(name, value) {
    const { frame, focus } = this.view.picture;
    if (name === "layout") this.view.store.tell({ kind: "hello", layout: value });
    if (name === "whole") frame.whole();
    if (name === "goto") this.goTo(value);
    if (name === "closer" || name === "farther") {
      const factor = name === "closer" ? CLOSER : 1 / CLOSER;
      const [column, row] = focus === null ? [Infinity, Infinity] : this.view.picture.placed(focus);
      const x = frame.x(column + 0.5);
      const y = frame.y(row + 0.5);
      const seen = x >= 0 && x < frame.width && y >= 0 && y < frame.height;
      frame.zoomBy(factor, ...(seen ? [x, y] : [frame.width / 2, frame.height / 2]));
      if (seen) frame.reveal(column, row); // zooming may have pushed its edge out of view
    }
    this.view.schedule();
  }

  goTo(frame) {
    const { grid } = this.view.cells;
    if (!(frame >= 0 && frame < grid.frames)) {
      const wrong = Number.isNaN(frame) ? "That is not a number" : `There is no page frame ${frame}`;
      this.view.say(`${wrong}, only 0 to ${grid.frames - 1}.`);
      return;
    }
    const cell = Math.floor(frame / grid.together);
    this.view.moveFocus(cell);
    this.view.select(cell);
  }
}
