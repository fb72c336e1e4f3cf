// Leaves recorded players under Node: `node script.mjs < input`, where the input is JSON. start.js,
// engine.js, map.js, player.js, acts.js, scene.js and going_on.js are put in front of this file.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const { module, cases } = JSON.parse(readFileSync(0, "utf-8"));
zbudlab.modules.page = module;

/** Do acts [name, ...arguments] from a stop; "go" and "inside" are requests of the view. */
async function run({ told, live, from, acts }) {
  const map = new MapModel(told.map, 512), player = new RecordedPlayer(told, map), heard = [];
  player.on("msg:custom", (message) => heard.push(structuredClone(message)));
  player.answer({ act: "go", number: 1, ...from });
  if (from.part !== undefined) player.answer({ act: "inside", number: 1, part: from.part });
  const run = new LiveRun(player, await zbudlab.engine(), live);
  const leaving = run.leave();
  player.answer({ act: "go", number: 1, stop: 0 }); // the engine is not ready yet
  await leaving;
  for (const [name, ...given] of acts) {
    if (name in run) await run[name](...given);
    else player.answer({ act: name, number: 1, ...given[0] });
  }
  player.answer({ act: "go", number: 1, stop: player.given.wholes.length - 1 });
  run.machine.go(run.rows[player.moment]);
  const memory = gzipSync(run.machine.memory()).toString("base64");
  const pins = [...run.pins.keys()], cells = [...map.cells];
  const moments = player.given.insides[player.given.wholes.length - 1]?.map((at) => player.given.moments[at]) ?? [];
  run.end();
  player.answer({ act: "go", number: 2, stop: told.wholes.length - 1 });
  return { heard, memory, pins, cells, moments, arrays: run.machine.description.arrays };
}

const answers = [];
for (const each of cases) answers.push(await run(each));
console.log(JSON.stringify(answers));
