// Answers requests with a recorded player under Node: `node script.mjs < input`, where the input is
// JSON. start.js, map.js and player.js are put in front of this file.
import { readFileSync } from "node:fs";

const { told, asked } = JSON.parse(readFileSync(0, "utf-8"));
const player = new RecordedPlayer(told, null);
const answers = [];
player.on("msg:custom", (message) => answers.push(message));
for (const message of asked) player.answer(message);
console.log(JSON.stringify(answers));
