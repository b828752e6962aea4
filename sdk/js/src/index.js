// Two-step verification with a Twostep gateway, for browsers and Node.js.

export { readCode } from "./code.js";
export { Connection } from "./connection.js";
export { MemoryStorage, TwostepClient } from "./client.js";
export { TwostepError } from "./problem.js";
export { answerWorker, supportsPush } from "./push.js";
export { Verification } from "./verification.js";
