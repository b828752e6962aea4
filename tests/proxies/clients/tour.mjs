// A tour of the gateway with Node's clients: see tour.py. `node tour.mjs undici|ws BASE CA ACCESS_TOKEN CHALLENGE_ID CHALLENGE_TOKEN`

import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// They lie where scripts/install-test-tools puts them.
const from = createRequire(process.env.TOUR_MODULES + "/");
const CALLS = 20;
const [client, base, authority, access, challenge, token] = process.argv.slice(2);
const ca = authority === "-" ? undefined : readFileSync(authority);

async function withUndici() {
  const { Agent, request } = from("undici");
  const dispatcher = new Agent({ connect: { ca }, connections: 1 });
  const call = async (path, options, status) => {
    const answer = await request(base + path, { dispatcher, ...options });
    assert.equal(answer.statusCode, status, path);
    await answer.body.text();
  };
  for (let count = 0; count < CALLS; count += 1) {
    await call("/v1/client-ip", {}, 200);
    await call("/v1/sign-in", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }, 400);
  }
  await call("/", { method: "HEAD" }, 200);
  console.log("calls");
  const headers = { authorization: `Bearer ${token}` };
  const events = await request(`${base}/v1/challenges/${challenge}/events`, { dispatcher, headers });
  let text = "";
  for await (const piece of events.body) {
    text += piece;
    const state = /^data: (.*)$/m.exec(text);
    if (state && text.includes("\n\n")) {
      console.log("event", JSON.parse(state[1]).state);
      break;
    }
  }
  await dispatcher.destroy();
}

function withWs() {
  const { WebSocket } = from("ws");
  const headers = { authorization: `Bearer ${access}` };
  const socket = new WebSocket(`${base.replace("http", "ws")}/v1/connect`, ["twostep.v1"], { headers, ca });
  socket.on("message", (text) => console.log(JSON.parse(text).type));
  socket.on("close", (code) => console.log("closed", code));
}

await { undici: withUndici, ws: withWs }[client]();
