// Runs scripts and radix trees under Node: `node script.mjs < input`, where the input is JSON.
// engine.js is put in front of this file.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf-8"));
const engine = await Engine.start(await unpacked(given.module), given.description, 1 << 28);

/** Run a script on a machine in pieces, go back and run it again. */
async function machine({ image, description, rows, pieces }) {
  const made = new LiveMachine(engine, await unpacked(image), description);
  made.append(rows);
  for (const stop of pieces) made.go(stop);
  const digest = () => createHash("sha256").update(made.memory()).digest("hex");
  const results = Array.from(made.results.slice(0, rows.length), Number);
  return { results, digest: digest(), cells: [...made.cells()], moves: made.moves() };
}

/** Run rows and calls on a machine, go back to each of some rows and to the end again. */
async function live({ image, description, rows, back, actor }) {
  const template = Uint8Array.from(Buffer.from(actor, "base64"));
  const made = new LiveMachine(engine, await unpacked(image), description);
  const digest = () => createHash("sha256").update(made.memory()).digest("hex");
  const seen = new Map();
  made.append(rows.map((row) => (row[0] === "moveBegin" ? [row[0], row[1], template] : row)));
  for (const row of back.toSorted((a, b) => a - b)) {
    made.go(row);
    seen.set(row, digest());
  }
  made.go(rows.length);
  const last = digest(), results = Array.from(made.results.slice(0, rows.length), Number);
  const same = back.map((row) => (made.go(row), digest() === seen.get(row)));
  made.go(rows.length);
  same.push(digest() === last);
  return { results, digest: last, same, move: ["pc", "pfn", "new", "failed"].map((name) => made.move(name)), keyframes: made.keyframes.kept.length };
}

/** Run a golden trace of a radix tree; the answers, as in zbudlab/conformance/radix.py. */
function radix({ lines, nodes: length }) {
  const { at, descriptor } = engine.array("radix_tree_node", length);
  const root = engine.array("radix_tree_root", 1).at;
  const tree = `radix_tree.radix_tree_`;
  engine.call("radix_tree.init_radix_tree_nodes", descriptor);
  const [items, height] = ["items", "height"].map((name) => engine.field("radix_tree_root", root, name));
  const count = engine.field("radix_tree_node", at, "count");
  return lines.map((op, i) => {
    const [name, ...words] = op.split(" ");
    const numbers = words.map((word) => BigInt.asIntN(64, BigInt(word)));
    const exact = engine.exports[tree + name](BigInt(descriptor), BigInt(root), ...numbers);
    const result = Number(exact);
    const hole = `@${BigInt.asUintN(64, exact)}`; // numbers of JSON would be rounded
    let answer = { insert: { rc: result }, next_hole: { hole } }[name] ?? { value: result };
    if (name === "replace") answer = result ? { rc: 0, old: result } : { rc: -given.description.constants.ENOENT };
    const line = { i: i + 1, op, ...answer, items: items(0), height: height(0), nodes: count(0) };
    return JSON.stringify(line).replace(/"@(\d+)"/, "$1");
  });
}

const answers = [];
for (const [name, input] of given.cases) answers.push(await { machine, live, radix }[name](input));
console.log(JSON.stringify(answers));
