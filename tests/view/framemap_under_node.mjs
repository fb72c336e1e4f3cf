// Draws frame maps on a canvas that only remembers, and prints what came of each case as JSON.
// The frame map's scripts come before this one (see test_framemap_js.py).

class FakeContext {
  constructor(canvas) {
    this.canvas = canvas;
    this.calls = [];
  }
  setTransform(...values) { this.calls.push(["setTransform", ...values]); }
  fillRect(...box) { this.calls.push(["fillRect", this.fillStyle, ...box]); }
  strokeRect(...box) { this.calls.push(["strokeRect", this.strokeStyle, ...box]); }
  beginPath() { this.path = []; }
  moveTo(x, y) { this.path.push([x, y]); }
  lineTo(x, y) { this.path[this.path.length - 1].push(x, y); }
  stroke() { this.calls.push(["stroke", this.strokeStyle, this.path]); }
  strokeText() {}
  fillText(text) { this.calls.push(["text", text]); }
  drawImage(source, ...areas) { this.calls.push(["drawImage", ...areas]); }
  putImageData(image, left, top) {
    const { pixels, width } = this.canvas;
    const values = new Uint32Array(image.data.buffer, image.data.byteOffset, image.data.length / 4);
    values.forEach((value, i) => {
      pixels[(top + Math.floor(i / image.width)) * width + left + (i % image.width)] = value;
    });
    this.calls.push(["putImageData", left, top, image.width, image.height]);
  }
}

class FakeCanvas {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.pixels = new Array(width * height).fill(0);
    this.context = new FakeContext(this);
  }
  getContext() { return this.context; }
}

globalThis.ImageData = class {
  constructor(data, width, height) { Object.assign(this, { data, width, height }); }
};

const hex = (value) => "#" + [0, 8, 16].map((s) => ((value >>> s) & 255).toString(16).padStart(2, "0")).join("");

/** A map of given cells in one theme, with what `input` says. */
function mapOf(input) {
  const cells = new Cells(Uint8Array.from(input.legend), input.look);
  const picture = new Picture(new FakeCanvas(1, 1), cells, (w, h) => new FakeCanvas(w, h), input.size);
  cells.touched = (touched) => picture.pixels.touch(touched);
  picture.pixels.dye(Uint8Array.from(input.colours), input.kinds, "#fcfcfc");
  picture.chunkColours = input.look.chunks.light;
  cells.arrange(input.grid, Uint32Array.from(input.places));
  picture.regrid();
  return { cells, picture };
}

const take = (cells, frame, now = 0) =>
  cells.take(
    { full: frame.full ?? false, number: frame.number ?? 1, counts: [], summary: "" },
    Uint32Array.from(frame.numbers ?? []), Uint8Array.from(frame.codes ?? []),
    Uint32Array.from(frame.moves ?? []), now,
  );

/** Colours of the cells, as they stand in the map's pixels. */
const shown = ({ cells, picture }) =>
  [...cells.placeOf].map((place) => hex(picture.source.pixels[place]));

const calls = ({ picture }, name) => {
  const { context } = picture.canvas;
  const found = context.calls.filter(([call]) => call === name);
  context.calls = [];
  return found;
};

const CASES = {
  states(input) {
    const map = mapOf(input);
    return input.frames.map((frame) => {
      take(map.cells, frame);
      map.picture.draw(0, true);
      const put = map.picture.source.context.calls.splice(0);
      return { shown: shown(map), put: put.map(([, , top, , rows]) => [top, rows]) };
    });
  },
  resized(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    map.picture.draw(0, true);
    map.picture.frame.size = 32;
    map.picture.regrid();
    map.picture.draw(0, true);
    return shown(map);
  },
  moves(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0], 0);
    return input.times.map((now) => {
      const fading = map.picture.draw(now, input.fades);
      return { fading, shown: shown(map) };
    });
  },
  marks(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    map.cells.mark(input.mark, Uint32Array.from(input.marked));
    map.picture.draw(0, true);
    const marked = shown(map);
    take(map.cells, input.frames[1]);
    map.picture.draw(0, true);
    return { marked, after: shown(map) };
  },
  toggles(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    map.picture.pixels.toggle(input.kind);
    map.picture.draw(0, true);
    const off = shown(map);
    map.picture.pixels.toggle(input.kind);
    map.picture.draw(0, true);
    return { off, on: shown(map) };
  },
  zoom(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    const { frame } = map.picture;
    const seen = () => ({ zoom: frame.zoom, left: frame.left, top: frame.top });
    const whole = seen();
    const before = map.picture.cellAt(...input.point);
    frame.zoomBy(input.factor, ...input.point);
    const closer = { ...seen(), same: before === map.picture.cellAt(...input.point) };
    frame.pan(-1e6, -1e6);
    const corner = seen();
    frame.pan(1e6, 1e6);
    const other = seen();
    frame.reveal(0, 0);
    const revealed = seen();
    frame.zoomBy(1e-9, 0, 0);
    return { whole, closer, corner, other, revealed, back: seen() };
  },
  closer(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    map.picture.focus = input.focus;
    const hands = new Hands({ ...map, schedule() {} });
    for (let time = 0; time < input.times; time++) hands.act("closer");
    const { frame } = map.picture;
    const [column, row] = map.picture.placed(input.focus);
    return { zoom: frame.zoom, size: frame.width, x: frame.x(column), y: frame.y(row) };
  },
  borders(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    map.picture.style.borders = "border";
    map.picture.style.cma = "cma";
    map.picture.draw(0, true);
    return Object.fromEntries(calls(map, "stroke").map(([, colour, path]) => [colour, path]));
  },
  chunks(input) {
    const map = mapOf(input);
    take(map.cells, input.frames[0]);
    const asked = map.picture.pooledInSight();
    map.cells.takeChunks(input.zbud, Uint8Array.from(input.parts));
    map.picture.draw(0, true);
    const boxes = calls(map, "fillRect");
    const colours = boxes.filter(([, , , , width, height]) => width === height);
    const gaps = boxes.filter(([, colour]) => colour === map.picture.style.gaps).length;
    take(map.cells, input.frames[0]); // the next state: parts stay until they are told anew
    const again = asked.filter((cell) => !map.cells.known.has(cell)).length;
    map.picture.draw(0, true);
    const kept = calls(map, "fillRect").length === boxes.length;
    const farther = (map.picture.frame.zoom = 20) && map.picture.pooledInSight();
    return { asked, again, kept, farther, gaps, colours: colours.map(([, colour]) => colour) };
  },
};

const inputs = JSON.parse(await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (data) => (text += data)).on("end", () => done(text));
}));
console.log(JSON.stringify(inputs.map(([name, input]) => CASES[name](input))));
