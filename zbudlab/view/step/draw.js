// The picture of a step: tree or table of handles, pages of the pool, memory, lists. It is drawn only from the scene that
// Python makes (step/scene.py).

const CARD_HIGH = 112; // SVG units, as are all measures
const PHONE = 480; // px: narrower pages get the second row of measures, with text of the same size
const MEASURES = [
  { narrow: false, wide: 560, slot: 62, card: 128, gap: 16, pad: 9, cell: 17.5, dot: 13, dots: 44, list: 132, pill: 58, steps: [92, 78] },
  { narrow: true, wide: 372, slot: 41, card: 87, gap: 8, pad: 6, cell: 11.6, dot: 9, dots: 38, list: 116, pill: 40, steps: [62, 50] },
];
const CHUNK_COUNT = 64;
const PAGE_BYTES = 4096;

/** Draw a scene; label: a description of the step. */
function drawScene(root, scene, label) {
  const m = MEASURES[Number((root.clientWidth || PHONE) < PHONE)], pen = Object.assign(new Pen(root, m.wide), { m });
  let y = 0;
  const cards = scene.pages.map(({ pfn }) => pfn);
  if (scene.tree) y = drawTree(pen, scene, cards);
  else if (cards.length) y = (pen.tag(0, 11, "ZBUD PAGES"), 24);
  scene.pages.forEach((page, place) => drawCard(pen, page, place * (m.card + m.gap), y));
  if (cards.length) y += CARD_HIGH + 28;
  y = drawMemory(pen, scene.memory, Math.max(y, 20));
  scene.lists.forEach((list, place) => drawList(pen, list, y + place * 31));
  return pen.done(y + scene.lists.length * 31 + 2, label);
}

const leftOf = ({ m }, cards, pfn) => cards.indexOf(pfn) * (m.card + m.gap);

/** Draw the tree's slots with arrows to the cards. Return the y at which the cards begin. */
function drawTree(pen, { tree, pages }, cards) {
  pen.tag(0, 11, tree.title, tree.words);
  pen.box(0.75, 19, tree.slots.length * pen.m.slot, 38, "raised", { stroke: "edge", wide: 1.2 });
  tree.slots.forEach(([key, leads, was], place) => drawSlot(pen, place, key, leads, leads !== was));
  if (tree.more) pen.text(tree.slots.length * pen.m.slot + 12, 42, `and ${tree.more} more`, { fill: "quiet" });
  const moved = tree.slots.map(([key, leads, was], place) => ({ key, leads, was, place, hot: leads !== was }));
  for (const slot of moved.sort((a, b) => a.hot - b.hot)) drawArrow(pen, slot, pages, cards);
  return 112;
}

function drawSlot(pen, place, key, leads, hot) {
  const { slot } = pen.m, x = place * slot;
  if (place) pen.line(`M${x + 0.75} 19v38`, "line", 1);
  if (hot) pen.box(x + 2.5, 21, slot - 3.5, 34, null, { stroke: "accent", wide: 2.5, radius: 3 });
  pen.text(x + slot / 2, 33, key, { size: 11, anchor: "middle", fill: "quiet" });
  pen.text(x + slot / 2, 50, leads < 0 ? "\u2013" : leads, { size: 14, weight: 600, anchor: "middle", fill: hot ? "accent" : "ink" });
}

/** Return where in a card an arrow to a handle ends, from the card's left. */
function endOfArrow({ m }, page, key) {
  const object = page?.objects?.find(([, , handle]) => handle === key);
  if (object) return 2 + ((object[0] + object[1]) / 2 / PAGE_BYTES) * (m.card - 4);
  return (page?.header?.last_handle === key ? 0.75 : 0.31) * m.card;
}

/** Draw an arrow from a slot to the object with its handle; dashed to the previous target. */
function drawArrow(pen, { key, leads, was, place, hot }, pages, cards) {
  const { slot } = pen.m, x = (place + 0.5) * slot, y = 112;
  const shift = endOfArrow(pen, pages.find(({ pfn }) => pfn === leads), key);
  if (hot && cards.includes(was)) {
    const before = leftOf(pen, cards, was) + shift;
    pen.line(`M${x} 58C${x} 86 ${before} 80 ${before} ${y - 5}`, "edge", 1.2, "3 4");
  }
  if (!cards.includes(leads)) return;
  const to = leftOf(pen, cards, leads) + shift, colour = hot ? "accent" : "edge";
  pen.line(`M${x} 58C${x} 88 ${to} 80 ${to} ${y - 7}`, colour, hot ? 2.6 : 1.3);
  pen.head(to, y - 1, Math.PI / 2, colour);
}

/** Draw a page of a pool: its chunks or objects, two lines about it, its references. */
function drawCard(pen, page, x, y) {
  const { header, was, objects } = page, there = header || objects, strong = page.role && there, { card, pad, narrow } = pen.m;
  pen.box(x + 0.75, y, card - 1.5, CARD_HIGH, "paper", { stroke: strong ? "ink" : "edge", wide: strong ? 1.6 : 1, dashes: there ? null : "4 4", radius: 6 });
  pen.text(x + pad, y + 19, narrow && page.role ? page.pfn : `frame ${page.pfn}`, { weight: 600, size: 13 });
  if (page.role) pen.text(x + card - pad, y + 19, page.role, { anchor: "end", fill: "quiet" });
  if (objects) {
    drawObjects(pen, objects, x + 2, y + 28);
    page.lines.forEach(([name, words, hot], line) => drawCardLine(pen, name, words, hot, x, y + 65 + 17 * line));
  } else {
    drawChunks(pen, header, x + 2, y + 28);
    drawBuddy(pen, "first", header, was, x, y + 65);
    drawBuddy(pen, "last", header, was, x, y + 82);
  }
  drawReferences(pen, page, x, y + 101);
}

function drawChunks(pen, header, x, y) {
  const wide = pen.m.card - 4, chunk = wide / CHUNK_COUNT;
  pen.box(x, y, wide, 20, "free", { radius: 0 });
  if (!header) return;
  pen.box(x, y, chunk * 1.6, 20, "header", { radius: 0 });
  if (header.first_chunks) pen.box(x + chunk * 1.6, y, chunk * header.first_chunks, 20, "zbud1", { radius: 0 });
  if (header.last_chunks) pen.box(x + chunk * (CHUNK_COUNT - header.last_chunks), y, chunk * header.last_chunks, 20, "zbud2", { radius: 0 });
}

/** Draw objects at their bytes of a page; neighbours differ. */
function drawObjects(pen, objects, x, y) {
  const wide = pen.m.card - 4;
  pen.box(x, y, wide, 20, "free", { radius: 0 });
  objects.forEach(([start, end], place) => {
    const left = (start / PAGE_BYTES) * wide;
    pen.box(x + left, y, Math.max(((end - start) / PAGE_BYTES) * wide - 1, 1), 20, place % 2 ? "zbud2" : "zbud1", { radius: 0 });
  });
}

function drawCardLine(pen, name, words, hot, x, y) {
  const { card, pad, narrow } = pen.m;
  if (!narrow) pen.text(x + pad, y, name, { fill: "quiet" });
  pen.text(x + card - pad, y, words, { anchor: "end", weight: hot ? 700 : 400, fill: hot ? "accent" : "ink" });
}

function drawBuddy(pen, name, header, was, x, y) {
  const handle = header?.[`${name}_handle`] ?? 0, chunks = header?.[`${name}_chunks`] ?? 0;
  const hot = (was?.[`${name}_handle`] ?? 0) !== handle || (was?.[`${name}_chunks`] ?? 0) !== chunks;
  const { card, pad, narrow } = pen.m;
  pen.text(x + pad, y, name, { fill: "quiet" });
  const words = chunks ? `${handle ? `${handle} \u00b7 ` : ""}${chunks}${narrow ? "" : " chunks"}` : "\u2013";
  pen.text(x + card - pad, y, words, { anchor: "end", weight: hot ? 700 : 400, fill: hot ? "accent" : chunks ? "ink" : "quiet" });
}

const MOST_DOTS = 4;

function drawReferences(pen, { refs, refsWas }, x, y) {
  const { card, pad, dot, dots } = pen.m;
  pen.text(x + pad, y, "refs", { fill: "quiet" });
  for (let i = 0; i < Math.min(Math.max(refs, refsWas), MOST_DOTS); i++) {
    const colour = i < refs && i < refsWas ? "ink" : "accent";
    pen.svg.append(svg("circle", { cx: x + dots + i * dot, cy: y - 4, r: dot / 3.1, fill: i < refs ? pen.ink[colour] : "none", stroke: pen.ink[colour], "stroke-width": 1.4 }));
  }
  pen.text(x + card - pad, y, refs, { anchor: "end", weight: 600, fill: refs === refsWas ? "ink" : "accent" });
}

/** Draw rows of frames with their callouts. Return the y at which the lists begin. */
function drawMemory(pen, memory, y) {
  pen.tag(0, y - 8, "MEMORY");
  drawMemoryKey(pen, memory, y);
  const places = new Map(), { cell } = pen.m;
  memory.rows.forEach(([first, kinds], row) =>
    [...kinds].forEach((kind, column) => {
      places.set(first + column, [column * cell, y + row * cell]);
      drawFrame(pen, Number(kind), column * cell, y + row * cell);
    }),
  );
  for (const pfn of memory.isolated) if (places.has(pfn)) drawIsolated(pen, memory, pfn, places.get(pfn));
  for (const pfn of memory.changed) {
    const [x, top] = places.get(pfn);
    pen.box(x - 1.5, top - 1.5, cell + 1, cell + 1, null, { stroke: "accent", wide: 2.2 });
  }
  return drawCallouts(pen, memory, places, y + memory.rows.length * cell);
}

function kindAt(memory, pfn) {
  const [first, kinds] = memory.rows.find(([start, row]) => pfn >= start && pfn < start + row.length);
  return Number(kinds[pfn - first]);
}

function drawMemoryKey(pen, memory, y) {
  const { narrow } = pen.m;
  pen.text(62, y - 8, `${grouped(memory.frames)} frames`, { fill: "quiet" });
  const free = memory.isolated.some((pfn) => kindAt(memory, pfn) < PROCESS);
  const used = memory.isolated.some((pfn) => kindAt(memory, pfn) >= PROCESS);
  if (free) {
    pen.box(narrow ? 136 : 156, y - 17, 11, 11, "isolated", { radius: 3, opacity: 0.3 });
    pen.text(narrow ? 152 : 173, y - 8, narrow ? "targets" : "held ready as targets", { fill: "quiet" });
  }
  if (!used) return;
  pen.box(narrow ? 212 : 316, y - 17, 11, 11, null, { stroke: "isolated", dashes: "3 2", wide: 1.6, radius: 3 });
  pen.text(narrow ? 228 : 333, y - 8, "isolated: about to move", { fill: "quiet" });
}

function drawFrame(pen, kind, x, y) {
  const side = pen.m.cell - (pen.m.narrow ? 1.4 : 2);
  if (!isZbud(kind)) {
    pen.box(x, y, side, side, KIND_TOKENS[kind], { radius: 3 });
    if (kind === CMA) pen.box(x, y + side * 0.72, side, side * 0.28, "cma", { radius: 0 });
    if (kind === KERNEL) pen.svg.append(svg("circle", { cx: x + side / 2, cy: y + side / 2, r: side / 5, fill: pen.ink.paper }));
    return;
  }
  pen.box(x, y, side, side / 2 - 0.5, "zbud1", { radius: 2 });
  pen.box(x, y + side / 2 + 0.5, side, side / 2 - 0.5, kind === ZBUD2 ? "zbud2" : "free", { radius: 2 });
}

function drawIsolated(pen, memory, pfn, [x, y]) {
  const { cell } = pen.m;
  if (kindAt(memory, pfn) < PROCESS) pen.box(x, y, cell - 2, cell - 2, "isolated", { radius: 3, opacity: 0.25 });
  else pen.box(x - 1.5, y - 1.5, cell + 1, cell + 1, null, { stroke: "isolated", wide: 2, dashes: "3 2" });
}

function drawCallouts(pen, memory, places, bottom) {
  const { cell, wide } = pen.m;
  for (const [pfn, words] of memory.labels) {
    const [x, y] = places.get(pfn), middle = x + cell / 2 - 1;
    if (y + cell + 2 < bottom) pen.line(`M${middle} ${bottom + 1}V${y + cell}`, "ink", 1);
    pen.text(middle, bottom + 13, words, { weight: 600, anchor: x < cell ? "start" : x > wide - 2 * cell ? "end" : "middle" }).setAttribute("x", x < cell ? 0 : middle);
  }
  return bottom + (memory.labels.length ? 28 : 14);
}

/** Draw a list of pages, head on the left. New pages are marked with the one they replaced. */
function drawList(pen, list, y) {
  const { list: left, pill, steps, wide } = pen.m, step = steps[Number(list.pages.length > 4)], end = left + list.pages.length * step + 6;
  pen.text(0, y + 16, list.name, { weight: 600 });
  if (list.pages.length) pen.line(`M${left - 20} ${y + 11}h${(list.pages.length - 1) * step + 20}`, "edge", 1.2);
  else pen.text(left, y + 15.5, "empty", { fill: "quiet" });
  list.pages.forEach((pfn, place) => {
    const x = left + place * step, hot = !list.was.includes(pfn), was = list.was[place];
    pen.head(x - 1, y + 11, 0, "edge");
    pen.box(x, y, pill, 22, "paper", { stroke: hot ? "accent" : "edge", wide: hot ? 2.5 : 1, radius: 11 });
    pen.text(x + pill / 2, y + 15.5, pfn, { anchor: "middle", weight: 600, size: 13, fill: hot ? "accent" : "ink" });
    if (hot && was !== undefined && !list.pages.includes(was) && end < wide - 40) pen.text(end, y + 15.5, `was ${was}`, { fill: "accent" });
  });
  if (list.more && end < wide - 40) pen.text(end, y + 15.5, `and ${list.more} more`, { fill: "quiet" });
}
