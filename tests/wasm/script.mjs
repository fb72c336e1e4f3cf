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
for (const [name, input] of given.cases) answers.push(await { machine, radix }[name](input));
console.log(JSON.stringify(answers));
