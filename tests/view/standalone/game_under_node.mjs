// Plays a recorded game under Node: `node script.mjs < input`, where the input is JSON. start.js,
// lanes.js and scheduler.js are put in front of this file.
import { readFileSync } from "node:fs";

const { told, asked } = JSON.parse(readFileSync(0, "utf-8"));
const game = new RecordedGame(told, async () => told.more);
const shown = [game.get("shown")];
for (const message of asked) {
  await game.answer(message);
  shown.push(game.get("shown"));
}
console.log(JSON.stringify(shown));
