// Runs a panel's machine under Node: `node script.mjs < input`, where the input is JSON. start.js,
// engine.js, pressed.js and panel.js are put in front of this file.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const { told, engine, steps, changes, blocks } = JSON.parse(readFileSync(0, "utf-8"));
Object.assign(zbudlab, engine);
const [{ image, description }] = told.machines;
const machine = new PressedMachine(await zbudlab.engine(), await zbudlab.bytes(image), description, told);
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
for (let step = 0; step < steps; step += 1) panel.answer({ act: step % 9 === 8 ? "compact" : "run", number: step, settings: changes[step] ?? {} });
const memory = gzipSync(machine.memory()).toString("base64");
const rows = panel.rows[0].map((row) => told.columns.map((name) => row[name]));
const words = blocks.map(({ kinds, movable, huge }) => {
  const found = countBlocks(Uint8Array.from(kinds), machine.constants, told.blocks, movable);
  return { states: found.map(({ state }) => state), labels: found.map((each) => labelOf(each, movable)), says: sentenceOf(found, huge, movable), movable };
});
console.log(JSON.stringify({ calls, memory, rows, words, heard: heard.at(-1), arrays: description.arrays }));
