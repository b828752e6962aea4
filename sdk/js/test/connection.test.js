import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Connection } from "../src/index.js";

/** A socket in the hands of a test. */
class Socket extends EventTarget {
  static all = [];
  readyState = 0;
  sent = [];
  constructor(url, protocol) {
    super();
    Object.assign(this, { url, protocol });
    Socket.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  hear(message) {
    this.readyState = 1;
    const event = new MessageEvent("message", { data: JSON.stringify(message) });
    this.onmessage?.(event);
    this.dispatchEvent(event);
  }
  end(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const turn = async () => {
  for (let steps = 0; steps < 10; steps++) await Promise.resolve();
};

let renewals, refusal, tickets, heard, connection;

beforeEach(async (context) => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  Socket.all = [];
  [renewals, refusal, tickets, heard] = [0, null, 0, []];
  connection = new Connection({
    address: async () => {
      if (refusal) throw refusal;
      return { url: `https://id.example.com/v1/connect?ticket=${++tickets}` };
    },
    renew: async () => {
      renewals++;
      if (refusal) throw refusal;
    },
    WebSocket: Socket,
    random: () => 1,
  });
  for (const name of ["code", "code_again", "challenge_closed", "ended"]) {
    connection.addEventListener(name, (event) => heard.push([name, event.detail]));
  }
  connection.start();
  await turn();
});

const last = () => Socket.all.at(-1);
const code = (generation, digits = "123456") => ({ type: "code", challenge_id: "c", generation, code: digits });

/** Waits, and counts the sockets that were opened meanwhile. */
async function opened(milliseconds) {
  const before = Socket.all.length;
  mock.timers.tick(milliseconds);
  await turn();
  return Socket.all.length - before;
}

test("it connects with a ticket and the subprotocol", () => {
  assert.equal(String(last().url), "wss://id.example.com/v1/connect?ticket=1");
  assert.equal(last().protocol, "twostep.v1");
});

test("a code is told once, and a newer one again", () => {
  last().hear({ type: "welcome", heartbeat_seconds: 25 });
  for (const generation of [1, 1, 2, 1]) last().hear(code(generation));
  assert.deepEqual(heard.map(([name, detail]) => [name, detail.generation]), [["code", 1], ["code_again", 1], ["code", 2]]);
});

test("receipts and denials are sent while it is open", () => {
  assert.equal(connection.deny("c"), false);
  last().hear({ type: "welcome" });
  connection.receipt({ challenge_id: "c", generation: 2 });
  assert.equal(connection.deny("c"), true);
  assert.deepEqual(last().sent, [
    { type: "receipt", challenge_id: "c", generation: 2, shown: true },
    { type: "deny", challenge_id: "c" },
  ]);
});

test("it comes back after waits that grow, each with a new ticket, and begins anew after a welcome", async () => {
  for (const wait of [500, 1000, 2000]) {
    last().end(1006);
    assert.equal(await opened(wait - 1), 0);
    assert.equal(await opened(1), 1);
  }
  assert.equal(tickets, 4);
  last().hear({ type: "welcome" });
  last().end(4003);
  assert.equal(await opened(500), 1);
});

test("it obeys a goodbye", async () => {
  last().hear({ type: "welcome" });
  last().hear({ type: "goodbye", reason: "drain", reconnect_after_ms: 7000 });
  last().end(4000);
  assert.equal(await opened(6999), 0);
  assert.equal(await opened(1), 1);
});

test("a removed or replaced device does not come back", async () => {
  for (const [closed, why] of [[4403, "removed"], [4409, "replaced"]]) {
    connection.start();
    await turn();
    last().end(closed);
    assert.deepEqual(heard.at(-1), ["ended", { why }]);
    assert.equal(await opened(60_000), 0);
  }
});

test("a session that ran out is renewed once, and one that ended is told", async () => {
  last().hear({ type: "welcome" });
  last().end(4401);
  await turn();
  assert.equal(await opened(0), 1);
  assert.equal(renewals, 1);
  refusal = Object.assign(new Error(), { code: "unauthorized" });
  last().hear({ type: "welcome" });
  last().end(4401);
  await turn();
  assert.deepEqual(heard.at(-1), ["ended", { why: "session" }]);
});

test("a gateway that is away is tried again", async () => {
  refusal = Object.assign(new Error(), { code: "offline" });
  last().end(1006);
  assert.equal(await opened(500), 0);
  refusal = null;
  assert.equal(await opened(1000), 1);
});

test("a line that is dead is given up, and one that lives is not", async () => {
  last().hear({ type: "welcome", heartbeat_seconds: 25 });
  assert.equal(await opened(25_000), 0);
  assert.deepEqual(last().sent, [{ type: "ping" }]);
  last().hear({ type: "pong" });
  assert.equal(await opened(35_000), 0);
  assert.equal(await opened(35_000), 0);
  assert.equal(last().readyState, 3);
  assert.equal(await opened(500), 1);
});

test("after stop nothing comes", async () => {
  connection.stop();
  assert.equal(last().readyState, 3);
  assert.equal(await opened(60_000), 0);
});
