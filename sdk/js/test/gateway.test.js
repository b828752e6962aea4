// The library in Node.js against a real gateway: TWOSTEP names its program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { Assertions, Webhooks } from "../server/index.js";
import { MemoryStorage, TwostepClient } from "../src/index.js";

const PATIENCE = 60_000;
const folder = mkdtempSync(join(tmpdir(), "twostep-"));
const secret = `whsec_${randomBytes(32).toString("base64")}`;
/** Webhooks that came, as they came. */
const told = [];
const receiver = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  told.push({ headers: request.headers, body: Buffer.concat(pieces) });
  response.writeHead(204).end();
});
/** Rounds in which answers get lost: LOST_ANSWERS_ROUNDS=1000 for a long run. */
const ROUNDS = Number(process.env.LOST_ANSWERS_ROUNDS ?? 12);
let program, base, key;

before(async () => {
  // The private PostgreSQL has a user of its own, who must come through.
  chmodSync(folder, 0o755);
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const settings = {
    HTTP__ADDRESS: "127.0.0.1:0", OPERATOR__ADDRESS: "127.0.0.1:0", LOG__FORMAT: "json", DATABASE__DATA_DIR: join(folder, "data"),
    WEBHOOKS__URL: `http://127.0.0.1:${receiver.address().port}/twostep`, WEBHOOKS__SECRET: secret, ASSERTIONS__ISSUER: "https://id.example.com",
  };
  const env = { ...process.env, ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`TWOSTEP__${name}`, value])) };
  program = spawn(process.env.TWOSTEP ?? assert.fail("TWOSTEP must name the gateway's program: run `make sdk-test`"), { env, stdio: ["ignore", "ignore", "pipe"] });
  const log = createInterface({ input: program.stderr });
  const { http, operator } = await new Promise((resolve, reject) => {
    const said = [];
    setTimeout(() => reject(new Error(`not ready: ${said.join("\n")}`)), PATIENCE).unref();
    program.on("exit", (status) => reject(new Error(`ended with ${status}: ${said.join("\n")}`)));
    log.on("line", (line) => {
      said.push(line);
      const { fields } = JSON.parse(line);
      if (fields.message === "ready") resolve({ http: fields["http.address"], operator: fields["operator.address"] });
    });
  });
  base = `http://${http}`;
  key = readFileSync(join(folder, "data/operator-token"), "utf8").trim();
  const made = await call("POST", `http://${operator}/admin/api-keys`, { name: "shop", scopes: ["verifications:write", "verifications:read", "subjects:write"] });
  key = made.key;
});

after(async () => {
  const ended = new Promise((resolve) => program.on("exit", resolve));
  if (program.kill()) await ended;
  receiver.close();
  rmSync(folder, { recursive: true });
});

/** What the app's server calls. */
async function call(method, url, body) {
  const headers = { "content-type": "application/json", "idempotency-key": randomUUID(), ...(key && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(new URL(url, base), { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${url}: ${answer.status}`);
  return answer.json();
}

const client = (options) => new TwostepClient(base, { storage: new MemoryStorage(), ...options });

/** The next event of a name. */
function next(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, ({ detail }) => resolve(detail), { once: true });
    setTimeout(() => reject(new Error(`no ${name}`)), PATIENCE).unref();
  });
}

/** A device that the app vouches for, with an open connection. */
async function trusted(subject) {
  const device = client();
  await call("PUT", `/v1/subjects/${subject}`, { two_step_enabled: true });
  device.signIn(await call("POST", `/v1/subjects/${subject}/devices`, { device: device.device({ name: "First" }), ip: "203.0.113.7" }));
  const connection = device.connection({ WebSocket });
  const states = [];
  connection.addEventListener("state", ({ detail }) => states.push(detail.state));
  connection.start();
  while (states.at(-1) !== "open") await next(connection, "state");
  return connection;
}

/** A log-in on a device that is not trusted. */
async function begin(subject) {
  const device = client();
  const { challenge } = await call("POST", "/v1/verifications", { subject, device: device.device({ name: "New" }), ip: "203.0.113.8" });
  return { device, verification: device.verification(challenge) };
}

test("a code travels from the gateway to the trusted device, and lets the other one in", async () => {
  const connection = await trusted("ann");
  const comes = next(connection, "code");
  const { device, verification } = await begin("ann");
  const code = await comes;
  assert.equal(code.challenge_id, verification.challenge.id);
  const states = [];
  verification.addEventListener("status", ({ detail }) => states.push(...detail.deliveries.map(({ state }) => state)));
  verification.watch();
  connection.receipt(code);
  while (!states.includes("shown")) await next(verification, "status");

  await assert.rejects(verification.verify(code.code === "000000" ? "000001" : "000000"), { code: "wrong_code", attemptsLeft: 4 });
  const closes = next(connection, "challenge_closed");
  const { assertion } = await verification.verify(code.code);
  assert.equal((await closes).challenge_id, code.challenge_id);
  const claims = await new Assertions({ url: base, issuer: "https://id.example.com", audience: "shop" }).check(assertion);
  assert.deepEqual([claims.sub, claims.jti, claims.method], ["ann", code.challenge_id, "app"]);
  for (const wrong of [{ issuer: base, audience: "shop" }, { issuer: "https://id.example.com", audience: "other" }]) {
    assert.equal(await new Assertions({ url: base, ...wrong }).check(assertion), null);
  }
  const webhooks = new Webhooks({ secret });
  const ofThis = () => told.map(({ headers, body }) => webhooks.check(headers, body)).find((event) => event?.data.id === code.challenge_id);
  while (!ofThis()) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([ofThis().type, ofThis().data.subject], ["verification.verified", "ann"]);
  assert.ok(device.isSignedIn && device.trustToken);
  const again = await call("POST", "/v1/verifications", { subject: "ann", device: device.device({ name: "New" }), ip: "203.0.113.8", trust_token: device.trustToken });
  assert.deepEqual([again.status, again.reason], ["not_needed", "trusted_device"]);
  connection.stop();
  await device.signOut();
});

test("who says that it was not them ends it for the other side", async () => {
  const connection = await trusted("ben");
  const comes = next(connection, "code");
  const { verification } = await begin("ben");
  verification.watch();
  const over = next(verification, "over");
  assert.ok(connection.deny((await comes).challenge_id));
  assert.deepEqual(await over, { state: "denied" });
  connection.stop();
});

test("devices, sessions and activity are seen and ended, and who gives up is gone from the screen", async () => {
  const subject = "cleo";
  const device = client();
  await call("PUT", `/v1/subjects/${subject}`, { two_step_enabled: true });
  device.signIn(await call("POST", `/v1/subjects/${subject}/devices`, { device: device.device({ name: "First" }), ip: "203.0.113.7" }));
  const connection = device.connection({ WebSocket });
  const comes = next(connection, "code");
  connection.start();
  const { verification, device: other } = await begin(subject);
  const { code } = await comes;
  await verification.verify(code);
  assert.deepEqual((await device.devices()).map(({ name }) => name).sort(), ["First", "New"]);
  assert.equal((await device.sessions()).length, 2);
  const { entries } = await device.activity({ limit: 1 });
  assert.deepEqual([entries.length, entries[0].kind, entries[0].outcome, entries[0].by_this_session], [1, "sign_in", "succeeded", false]);
  const [mine] = (await device.devices()).filter((one) => one.this_device);
  await device.renameDevice(mine.id, "Desk");
  assert.equal((await device.security()).trusted_devices.find((one) => one.this_device).name, "Desk");

  const again = next(connection, "code");
  const { verification: givenUp } = await begin(subject);
  const { challenge_id } = await again;
  const closed = next(connection, "challenge_closed");
  await givenUp.cancel();
  assert.deepEqual([(await closed).challenge_id, (await closed).outcome], [challenge_id, "superseded"]);

  await device.report(entries[0].id);
  assert.notEqual((await device.security()).sign_ins_frozen_at, null);
  await device.unfreeze();
  assert.equal((await device.security()).sign_ins_frozen_at, null);
  await assert.rejects(other.sessions(), { code: "unauthorized" });
  await device.removeOtherDevices();
  await device.endOtherSessions();
  // What is gone already is removed: a lost answer costs nothing.
  await device.removeDevice(entries[0].id);
  await device.endSession(entries[0].id);
  assert.deepEqual([(await device.devices()).length, (await device.sessions()).length], [1, 1]);
  connection.stop();
});

test("where no live answer can be read it is asked for now and then", async () => {
  const connection = await trusted("dora");
  const comes = next(connection, "code");
  const { device, verification } = await begin("dora");
  // As in React Native: an answer has no body to read as it comes.
  const calls = [];
  const open = device.open.bind(device);
  device.open = async (method, path, options) => {
    calls.push(path);
    const answer = await open(method, path, options);
    if (!path.endsWith("/events")) return answer;
    await answer.body.cancel();
    return { ok: true, status: 200, body: undefined };
  };
  verification.watch();
  await next(verification, "status");
  const { challenge_id } = await comes;
  const over = next(verification, "over");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const polls = calls.filter((path) => !path.endsWith("/events")).length;
  assert.ok(calls.length - polls === 1 && polls >= 1 && polls <= 6, `${calls.length} calls in 5 s`);
  assert.ok(connection.deny(challenge_id));
  assert.deepEqual(await over, { state: "denied" });
  connection.stop();
});

test("whoever loses answers is not signed out, and nobody is taken for a thief", async () => {
  const connection = await trusted("emma");
  const codes = new Map();
  connection.addEventListener("code", ({ detail }) => codes.set(detail.challenge_id, detail.code));
  let lost = 0;
  let series = [];
  /** The gateway has answered, and three answers of every ten, drawn anew each time, never come. */
  const inTheLift = async (...call) => {
    const answer = await fetch(...call);
    await answer.arrayBuffer().then((body) => Object.defineProperty(answer, "text", { value: async () => Buffer.from(body).toString("utf8") }));
    if (!series.length) series = Array.from({ length: 10 }, (_, at) => ({ isLost: at < 3, order: Math.random() })).sort((one, other) => one.order - other.order);
    if (!series.pop().isLost) return answer;
    lost += 1;
    throw new TypeError("fetch failed");
  };
  /** As an app does whose user tries again. */
  const insist = async (act) => {
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        return await act();
      } catch (problem) {
        // A busy machine may say "not now", which is no sign-out.
        if (problem.code !== "offline" && problem.code !== "service_unavailable") throw problem;
      }
    }
    throw new Error("never answered");
  };
  const device = client({ fetch: inTheLift });
  for (let round = 0; round < ROUNDS; round += 1) {
    const body = { subject: "emma", device: device.device({ name: "Phone" }), ip: `198.18.${round >> 8}.${round & 255}`, ...(device.trustToken && { trust_token: device.trustToken }) };
    const begun = await call("POST", "/v1/verifications", body);
    if (begun.status === "verification_required") {
      assert.equal(round, 0, "asked for a code again");
      const verification = device.verification(begun.challenge);
      while (!codes.has(begun.challenge.id)) await next(connection, "code");
      await insist(() => verification.verify(codes.get(begun.challenge.id)));
    } else {
      device.signIn(begun);
    }
    await insist(() => device.renew());
    await insist(() => device.security());
    await insist(() => device.renew());
    await insist(() => device.sessions());
  }
  assert.ok(lost >= ROUNDS, `${lost} answers were lost`);
  const kinds = [];
  let cursor;
  do {
    const page = await insist(() => device.activity({ cursor, limit: 100 }));
    kinds.push(...page.entries.map(({ kind }) => kind));
    cursor = page.next_cursor;
  } while (cursor);
  assert.deepEqual(kinds.filter((kind) => kind.endsWith("_reused")), []);
  connection.stop();
});
