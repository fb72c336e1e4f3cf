// Runs a panel's machine under Node: `node script.mjs < input`, where the input is JSON. start.js,
// engine.js, pressed.js and panel.js are put in front of this file.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const { told, large, acted, engine, steps, changes, blocks } = JSON.parse(readFileSync(0, "utf-8"));
zbudlab.modules.panel = engine;
const [{ image, description }] = told.machines;
const machine = new PressedMachine(await zbudlab.engine("panel"), await zbudlab.bytes(image), description, told);
const calls = [];
for (const name of ["operate", "take", "put", "create", "exit", "rescan", "compact", "set"]) {
  const call = machine[name].bind(machine);
  machine[name] = (...given) => {
    const result = call(...given);
    calls.push([name, given, result ?? null]);
    return result;
  };
}
const lab = new Pressed(machine, told, null);
const panel = new PressedPanel(told, [lab]);
const heard = [];
panel.on("msg:custom", (message, buffers) => heard.push([message, buffers.map(({ byteLength }) => byteLength)]));
panel.values.running = true;
const digest = () => createHash("sha256").update(machine.memory()).update(JSON.stringify([panel.rows, panel.events, lab.live, lab.kernel, lab.from])).digest("hex");
const digests = [];
for (let step = 0; step < steps; step += 1) {
  digests.push(digest());
  await panel.answer({ act: step % 9 === 8 ? "compact" : "run", number: step, settings: changes[step] ?? {} });
}
const made = calls.splice(0); // what follows goes back in time
const last = heard.at(-1);
const memory = gzipSync(machine.memory()).toString("base64");
const rows = panel.rows[0].map((row) => told.columns.map((name) => row[name]));
const words = blocks.map(({ kinds, movable, huge }) => {
  const found = countBlocks(Uint8Array.from(kinds), machine.constants, told.blocks, movable);
  return { states: found.map(({ state }) => state), labels: found.map((each) => labelOf(each, movable)), says: sentenceOf(found, huge, movable), movable };
});
const finally_ = digest();
const travels = [];
for (const to of [11, 12, steps - 1, 0, 7]) {
  await panel.travel(to);
  travels.push([to, digest() === digests[to], heard.at(-1)[0].fresh]);
}
await panel.travel(steps);
travels.push([steps, digest() === finally_, panel.acts.length === steps]);
await panel.travel(steps - 3);
await panel.answer({ act: "compact", number: steps, settings: {} }); // what was taken back is forgotten
travels.push([panel.done, panel.acts.length === steps - 2, panel.get("running") === false]);

/** Boot a large machine next to the other one, and let it go a few steps. */
async function pressLarge() {
  const shared = await zbudlab.engine("panel"), before = shared.buffer.byteLength, [{ image, description }] = large.machines;
  const lab = new Pressed(new PressedMachine(shared, await zbudlab.bytes(image), description, large), large, null);
  const panel = new PressedPanel(large, [lab]);
  panel.values.running = true;
  for (let step = 0; step < 3; step += 1) await panel.answer({ act: "run", number: step, settings: {} });
  const kinds = lab.machine.cells();
  return { row: lab.row, frames: kinds.length, grew: shared.buffer.byteLength - before, small: digest() === digests[0] };
}
await panel.travel(0);

/** Do what a notebook did, as the page does when it opens. */
async function replay() {
  const [{ image, description }] = acted.machines;
  const panel = new PressedPanel(acted, [new Pressed(new PressedMachine(await zbudlab.engine("panel"), await zbudlab.bytes(image), description, acted), acted, null)]);
  let heard;
  panel.on("msg:custom", (message) => (heard = message));
  const before = panel.settings;
  await panel.replay(acted.done);
  return { before, settings: panel.settings, done: panel.done, step: panel.rows[0].at(-1).step, words: heard.events.map(([, words]) => words), folded: heard.folded, summary: heard.summaries[0] };
}
console.log(JSON.stringify({ calls: made, memory, rows, words, heard: last, travels, large: await pressLarge(), replayed: await replay(), arrays: description.arrays }));
