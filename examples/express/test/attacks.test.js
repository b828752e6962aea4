// The example as an intruder meets it: the real app in a process of its own, before a gateway that is played here.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, request } from "node:http";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Passwords } from "../server/passwords.js";

const PASSWORD = "correct horse battery staple";
const PATIENCE = 20_000;
const keys = generateKeyPairSync("ed25519");
const strangers = generateKeyPairSync("ed25519");
const device = (install_id = randomUUID()) => ({ install_id, name: "Phone", model: "Browser", platform: "web", os_version: "1", app_version: "1" });
let gateway, app, base, issuer;
/** What the gateway that is played here knows, and what it was asked. */
let state;

before(async () => {
  gateway = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const [status, body] = answer(request, text && JSON.parse(text));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => gateway.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${gateway.address().port}`;
});
after(() => gateway.close());
beforeEach(async (t) => {
  state = { on: false, trusted: 0, asked: [], vouched: [], refusal: null, pending: null };
  await start();
  t.after?.(() => app.kill());
});

/** A new process for each test: its limits and sessions are its own. */
async function start() {
  app?.kill();
  const env = { ...process.env, TWOSTEP_URL: issuer, TWOSTEP_API_KEY: "ts_ak_test", PORT: "0" };
  delete env.ORIGIN;
  app = spawn(process.execPath, [fileURLToPath(new URL("../app.js", import.meta.url))], { env, stdio: ["ignore", "pipe", "ignore"] });
  base = await new Promise((resolve, reject) => {
    createInterface({ input: app.stdout }).on("line", (line) => line.startsWith("open ") && resolve(line.slice(5)));
    app.on("exit", (status) => reject(new Error(`the app ended with ${status}`)));
    setTimeout(() => reject(new Error("the app is not ready")), PATIENCE).unref();
  });
}
after(() => app?.kill());

function answer({ method, url }, body) {
  state.asked.push({ method, url, body });
  if (url === "/.well-known/jwks.json") return [200, { keys: [{ ...keys.publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "EdDSA" }] }];
  if (state.refusal) return state.refusal;
  const session = { access_token: "ts_at_x", refresh_token: "ts_rt_x", expires_in: 900 };
  if (url === "/v1/verifications") {
    if (!state.on || body.trust_token === "ts_tt_good") return [200, { status: "not_needed", reason: "x", session, device: { id: randomUUID(), trusted: state.on } }];
    state.pending = randomUUID();
    return [202, { status: "verification_required", verification: { id: state.pending }, challenge: { id: state.pending, token: "ts_ct_x" } }];
  }
  if (url === "/v1/subjects/ann" && method === "PUT") {
    state.on = body.two_step_enabled ?? state.on;
    return [200, { subject: "ann", two_step_enabled: state.on, trusted_devices: state.trusted }];
  }
  if (url === "/v1/subjects/ann/devices") {
    state.trusted += 1;
    state.vouched.push(body);
    return [201, { session, device: { id: randomUUID(), trusted: true, trust_token: "ts_tt_good" } }];
  }
  return [404, { code: "not_found" }];
}

/** A browser with one cookie. */
class Browser {
  cookie = null;
  device = device();

  async post(path, body, headers = {}) {
    const sent = { "content-type": "application/json", origin: base, "sec-fetch-site": "same-origin", ...(this.cookie && { cookie: this.cookie }), ...headers };
    const answer = await fetch(base + path, { method: "POST", headers: sent, body: typeof body === "string" ? body : JSON.stringify(body) });
    this.set = answer.headers.get("set-cookie");
    if (this.set) this.cookie = this.set.split(";")[0];
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  logIn(more = {}) {
    return this.post("/login", { name: "ann", password: PASSWORD, device: this.device, trust_token: null, ...more });
  }

  async turnOn() {
    return this.post("/two-step", { device: this.device });
  }
}

/** The status of a call by another name: a stranger's may lead here (DNS rebinding). */
const named = (host) => new Promise((resolve, reject) => {
  const call = request(`${base}/two-step`, { method: "POST", headers: { host, "content-type": "application/json" } }, (answer) => resolve(answer.resume().statusCode));
  call.on("error", reject).end("{}");
});
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
function assertion(change = {}, { header = {}, pair = keys } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: "shop", sub: "ann", jti: state.pending, iat: now, exp: now + 120, ...change };
  const text = `${encoded({ alg: "EdDSA", typ: "JWT", kid: "k1", ...header })}.${encoded(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), pair.privateKey).toString("base64url")}`;
}

/** Ann with the second step on: her trusted device. */
async function protectedUser() {
  const first = new Browser();
  assert.equal((await first.logIn()).status, 200);
  assert.equal((await first.turnOn()).status, 200);
  return first;
}

test("the way through: on, then a code, then in", async () => {
  await protectedUser();
  const second = new Browser();
  const begun = await second.logIn();
  assert.equal(begun.body.challenge.id, state.pending);
  assert.deepEqual(await second.post("/login/verified", { assertion: assertion() }).then(({ status, body }) => [status, body]), [200, {}]);
});

test("the signature is believed by its newer name too, and by none of another kind", async () => {
  await protectedUser();
  for (const [header, status] of [
    [{ alg: "Ed25519", typ: "twostep-verification+jwt" }, 200],
    [{ alg: "Ed25519", typ: "JWT" }, 403],
    [{ alg: "EdDSA", typ: "twostep-verification+jwt" }, 403],
    [{ alg: "EdDSA", typ: undefined }, 403],
    [{ alg: "toString", typ: undefined }, 403],
  ]) {
    const browser = new Browser();
    await browser.logIn();
    const answer = await browser.post("/login/verified", { assertion: assertion({}, { header }) });
    assert.equal(answer.status, status, JSON.stringify(header));
  }
});

test("a session from before the second step vouches for nothing", async () => {
  const old = new Browser();
  await old.logIn();
  await protectedUser();
  assert.equal((await old.turnOn()).status, 401, "it ended");
  assert.equal(state.vouched.length, 1);
});

test("where the second step is on elsewhere already, no session turns it on again", async () => {
  const old = new Browser();
  await old.logIn();
  Object.assign(state, { on: true, trusted: 1 });
  const refused = await old.turnOn();
  assert.deepEqual([refused.status, state.vouched.length], [403, 0]);
});

test("a session that waits for a code is in nowhere", async () => {
  await protectedUser();
  const intruder = new Browser();
  await intruder.logIn();
  assert.equal((await intruder.turnOn()).status, 401);
  assert.equal(state.vouched.length, 1);
});

test("a session vouches for the device that logged in and no other", async () => {
  const browser = new Browser();
  await browser.logIn();
  const refused = await browser.post("/two-step", { device: device() });
  assert.deepEqual([refused.status, state.vouched.length], [403, 0]);
  const renamed = { ...browser.device, name: "Another name" };
  assert.equal((await browser.post("/two-step", { device: renamed })).status, 200);
  assert.deepEqual(state.vouched[0].device, browser.device);
  assert.equal("override" in state.vouched[0], false);
});

test("two sessions at once turn it on once", async () => {
  const browsers = [new Browser(), new Browser()];
  for (const browser of browsers) await browser.logIn();
  const answers = await Promise.all(browsers.map((browser) => browser.turnOn()));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(state.vouched.length, 1);
});

test("a gateway that wants a verification first is believed", async () => {
  const browser = new Browser();
  await browser.logIn();
  state.refusal = [403, { code: "verification_needed", detail: "internal words" }];
  const refused = await browser.turnOn();
  assert.equal(refused.status, 403);
  assert.match(refused.body.error, /Log in again/);
  assert.doesNotMatch(refused.body.error, /internal/);
});

test("an assertion must be this gateway's, for this app, about this log-in, and in time", async () => {
  await protectedUser();
  const now = Math.floor(Date.now() / 1000);
  const unsigned = () => `${assertion().split(".").slice(0, 2).join(".")}.`;
  const bad = {
    "another issuer": () => assertion({ iss: "https://evil.example" }),
    "no issuer": () => assertion({ iss: undefined }),
    "another audience": () => assertion({ aud: "other" }),
    "a list of audiences": () => assertion({ aud: ["shop", "other"] }),
    "another user": () => assertion({ sub: "ben" }),
    "another log-in": () => assertion({ jti: randomUUID() }),
    "too old": () => assertion({ exp: now - 60 }),
    "no end": () => assertion({ exp: undefined }),
    "from the future": () => assertion({ iat: now + 600, exp: now + 720 }),
    "another key": () => assertion({}, { pair: strangers }),
    "an unknown key": () => assertion({}, { header: { kid: "k2" } }),
    "no algorithm": () => assertion({}, { header: { alg: "none" } }),
    "another algorithm": () => assertion({}, { header: { alg: "HS256" } }),
    "a critical header": () => assertion({}, { header: { crit: ["b64"] } }),
    "no signature": unsigned,
    "no token": () => "",
    "a number": () => 7,
    nothing: () => undefined,
    "an object": () => ({ split: "x" }),
    "half a token": () => "e30.e30",
    "a long token": () => `${assertion()}${"A".repeat(5000)}`,
  };
  for (const [what, token] of Object.entries(bad)) {
    const browser = new Browser();
    await browser.logIn();
    const refused = await browser.post("/login/verified", { assertion: token() });
    assert.equal(refused.status, 403, what);
    assert.equal((await browser.turnOn()).status, 401, what);
  }
});

test("an assertion lets the browser in that began, and once", async () => {
  await protectedUser();
  const second = new Browser();
  await second.logIn();
  const token = assertion();
  const thief = new Browser();
  assert.equal((await thief.post("/login/verified", { assertion: token })).status, 403, "who began nothing");
  const before = second.cookie;
  const both = await Promise.all([second, Object.assign(new Browser(), { cookie: before })].map((browser) => browser.post("/login/verified", { assertion: token })));
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
  assert.equal((await second.post("/login/verified", { assertion: token })).status, 403, "used");
});

test("every log-in and every step up gets a new session, and the old one is worth nothing", async () => {
  const browser = new Browser();
  browser.cookie = "session=planted";
  await browser.logIn();
  assert.notEqual(browser.cookie, "session=planted");
  for (const attribute of ["HttpOnly", "SameSite=Strict", "Path=/"]) assert.ok(browser.set.includes(attribute), browser.set);
  const first = browser.cookie;
  await browser.logIn();
  assert.notEqual(browser.cookie, first);
  const stale = Object.assign(new Browser(), { cookie: first, device: browser.device });
  assert.equal((await stale.turnOn()).status, 401);
  const second = browser.cookie;
  await browser.turnOn();
  assert.notEqual(browser.cookie, second);
  stale.cookie = second;
  assert.equal((await stale.turnOn()).status, 401);
  const last = browser.cookie;
  await browser.post("/logout", {});
  stale.cookie = last;
  assert.equal((await stale.turnOn()).status, 401);
  const planted = Object.assign(new Browser(), { device: browser.device });
  await planted.logIn({ trust_token: "ts_tt_good" });
  planted.cookie = `session=planted; ${planted.cookie}`;
  assert.equal((await planted.turnOn()).status, 401, "a name that comes twice");
});

test("other sites can do nothing in a user's name", async () => {
  const browser = new Browser();
  await browser.logIn();
  for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }]) {
    for (const path of ["/login", "/login/verified", "/two-step", "/logout"]) assert.equal((await browser.post(path, {}, headers)).status, 403, path);
  }
  const { port } = new URL(base);
  assert.equal(await named(`127.0.0.1:${port}`), 401, "one of its own names");
  assert.equal(await named(`localhost:${port}`), 401, "another");
  for (const host of ["evil.example", `evil.example:${port}`, `127.0.0.1.evil.example:${port}`]) assert.equal(await named(host), 403, host);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    assert.equal((await browser.post("/two-step", JSON.stringify({ device: browser.device }), { "content-type": type })).status, 415, type);
  }
  assert.equal(state.vouched.length, 0);
});

test("unknown names are told the same as wrong passwords", async () => {
  for (const name of ["ann", "nobody", "Ann", "__proto__", "constructor", "toString"]) {
    const refused = await new Browser().logIn({ name, password: "wrong" });
    assert.deepEqual([refused.status, refused.body], [401, { error: "Name or password is wrong." }], name);
  }
});

test("unknown names are the same work as wrong passwords", async () => {
  const done = [];
  const passwords = new Passwords(async (password, salt, bytes, cost) => {
    done.push([password.length, salt.length, bytes, cost]);
    return Buffer.alloc(bytes, password);
  });
  const kept = await passwords.hash("right");
  done.length = 0;
  assert.equal(await passwords.matches("right", kept), true);
  assert.equal(await passwords.matches("wrong", kept), false);
  assert.equal(await passwords.matches("right", undefined), false);
  assert.deepEqual(done[1], done[0]);
  assert.deepEqual(done[2], done[0]);
  assert.equal(done.length, 3);
});

test("wrong passwords are slowed down, many at once too, and right ones are not counted", async () => {
  for (let round = 0; round < 12; round++) assert.equal((await new Browser().logIn()).status, 200);
  const tries = await Promise.all(Array.from({ length: 30 }, () => new Browser().logIn({ password: "wrong" })));
  const refused = tries.filter(({ status }) => status === 429);
  assert.deepEqual([refused.length, tries.filter(({ status }) => status === 401).length], [20, 10]);
  assert.ok(Number(refused[0].headers.get("retry-after")) > 0);
  assert.equal((await new Browser().logIn()).status, 429, "the right one waits as well");
});

test("what cannot be read is refused in plain words", async () => {
  const browser = new Browser();
  for (const [path, body] of [
    ["/login", "{"],
    ["/login", "null"],
    ["/login", "[]"],
    ["/login", '"x"'],
    ["/login", {}],
    ["/login", { name: "ann", password: 7, device: device() }],
    ["/login", { name: ["ann"], password: PASSWORD, device: device() }],
    ["/login", { name: { toString: "ann" }, password: PASSWORD, device: device() }],
    ["/login", { name: "ann", password: PASSWORD }],
    ["/login", { name: "ann", password: PASSWORD, device: { ...device(), install_id: "x" } }],
    ["/login", { name: "ann", password: PASSWORD, device: device(), trust_token: {} }],
    ["/login", { name: "ann", password: "x".repeat(10_000), device: device() }],
  ]) {
    const refused = await browser.post(path, body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.doesNotMatch(JSON.stringify(refused.body), /Unexpected|JSON at|node_modules|TypeError|\.js/);
  }
  assert.equal((await browser.post("/login", { x: "x".repeat(20_000) })).status, 413);
  assert.equal((await browser.post("/nothing", {})).status, 404);
  assert.equal(state.asked.length, 0);
});

test("nothing of the gateway's words or our own mistakes reaches a client, and nobody is let in meanwhile", async () => {
  for (const refusal of [
    [500, { code: "internal_error", detail: "hush" }],
    [401, { code: "unauthorized", detail: "hush ts_ak_test" }],
    [503, { code: "service_unavailable", detail: "hush" }],
    [200, { status: "anything", detail: "hush" }],
  ]) {
    state.refusal = refusal;
    const browser = new Browser();
    const refused = await browser.logIn();
    assert.ok(refused.status >= 500, String(refused.status));
    assert.doesNotMatch(JSON.stringify(refused.body), /hush|ts_ak/);
    assert.equal(browser.set, null);
  }
  state.refusal = [403, { code: "account_frozen", detail: "hush" }];
  const frozen = await new Browser().logIn();
  assert.deepEqual([frozen.status, /not theirs/.test(frozen.body.error)], [403, true]);
});

test("pages load nothing from elsewhere and are in nobody's frame", async () => {
  const { headers } = await fetch(base);
  assert.match(headers.get("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(headers.get("x-powered-by"), null);
});
