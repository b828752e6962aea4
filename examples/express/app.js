// A log-in of its own with a second step by Twostep (docs/start.md). Users are in memory; an app has a database. What else is here belongs
// into any app: each file of server/ is about one thing, and test/ attacks them all.
import { fileURLToPath } from "node:url";
import express from "express";
import { Assertions } from "../../sdk/js/server/index.js";
import { Gateway, GatewayProblem } from "./server/gateway.js";
import { Limits } from "./server/limits.js";
import { Passwords } from "./server/passwords.js";
import { fromOwnPages, headers } from "./server/requests.js";
import { Sessions } from "./server/sessions.js";

const { TWOSTEP_URL = "http://127.0.0.1:8080", TWOSTEP_API_KEY, AUDIENCE = "shop", ISSUER = new URL(TWOSTEP_URL).origin, PORT = "3000", ORIGIN } = process.env;
if (!TWOSTEP_API_KEY) throw new Error("TWOSTEP_API_KEY is not set: make a key with `twostep keys create` (docs/start.md).");
/** Whoever turns the second step on typed the password so lately, in milliseconds. */
const FRESH = 5 * 60_000;
const WRONG = "Name or password is wrong.";
const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

const passwords = new Passwords();
const users = new Map([["ann", { name: "ann", password: await passwords.hash("correct horse battery staple") }]]);
const sessions = new Sessions({ secure: ORIGIN?.startsWith("https:") ?? false });
const limits = new Limits();
const gateway = new Gateway(TWOSTEP_URL, TWOSTEP_API_KEY);
const assertions = new Assertions({ url: TWOSTEP_URL, issuer: ISSUER, audience: AUDIENCE });
/** Users whose second step is being turned on: once at a time. An app with several processes takes a lock in its database. */
const turningOn = new Set();

/** What the client must change. */
class Refusal extends Error {
  constructor(status, text, retryAfter) {
    super(text);
    Object.assign(this, { status, retryAfter });
  }
}

const isText = (value, longest) => typeof value === "string" && value.length >= 1 && value.length <= longest;
const isUuid = (value) => typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);

/** What a device says of itself, and nothing besides. */
function deviceIn(body) {
  const { install_id, name, model, platform, os_version, app_version } = Object(body.device);
  const texts = [name, model, os_version, app_version];
  if (!isUuid(install_id) || !["android", "ios", "web"].includes(platform) || !texts.every((text) => typeof text === "string")) throw new Refusal(400, "The device is missing or malformed.");
  return { install_id, name, model, platform, os_version, app_version };
}

/** The user of a name and a password. Unknown names cost as much as wrong passwords, and are told the same. */
async function userOf(request) {
  const { name, password } = request.body;
  if (!isText(name, 64) || !isText(password, 256)) throw new Refusal(400, "A name and a password are needed.");
  const wait = limits.take(name, request.ip);
  if (wait) throw new Refusal(429, "Too many tries. Wait a little.", wait);
  const user = users.get(name);
  if (!(await passwords.matches(password, user?.password))) throw new Refusal(401, WRONG);
  limits.giveBack(name, request.ip);
  return user;
}

const app = express();
app.disable("x-powered-by");
app.use(headers(TWOSTEP_URL), express.static(folder("public")), express.static(folder("../../sdk/js/src")));
app.use(fromOwnPages(() => origins), express.json({ limit: "16kb" }));
app.use((request, response, next) => {
  if (request.method === "POST" && (typeof request.body !== "object" || request.body === null || Array.isArray(request.body))) throw new Refusal(400, "Send a JSON object.");
  next();
});

app.post("/login", async (request, response) => {
  const device = deviceIn(request.body);
  const { trust_token } = request.body;
  if (trust_token !== undefined && trust_token !== null && !isText(trust_token, 128)) throw new Refusal(400, "The trust token is malformed.");
  const user = await userOf(request);
  const begun = await gateway.begin({ subject: user.name, device, ip: request.ip, ...(trust_token && { trust_token }) });
  const state = { user: user.name, install: device.install_id, device, passwordAt: Date.now() };
  if (begun.status === "verification_required") {
    // Nobody is in yet: this browser alone may finish this verification, once.
    sessions.replace(request, response, { ...state, waitsFor: begun.challenge.id });
    return response.json({ challenge: begun.challenge });
  }
  if (begun.status !== "not_needed") throw new Error(`an unknown status: ${begun.status}`);
  sessions.replace(request, response, { ...state, secondStep: begun.device?.trusted === true });
  response.json({ session: begun.session, device: begun.device });
});

app.post("/login/verified", async (request, response) => {
  const waiting = sessions.of(request);
  if (!waiting?.waitsFor) throw new Refusal(403, "Log in again.");
  const claims = await assertions.check(request.body.assertion);
  if (!claims || claims.jti !== waiting.waitsFor || claims.sub !== waiting.user) throw new Refusal(403, "Log in again.");
  // Taken before anything else happens: of two at once one gets in.
  if (!sessions.end(request)) throw new Refusal(403, "Log in again.");
  const { user, install, device, passwordAt } = waiting;
  sessions.replace(request, response, { user, install, device, passwordAt, secondStep: true });
  response.json({});
});

app.post("/two-step", async (request, response) => {
  const session = sessions.of(request);
  if (!session || session.waitsFor) throw new Refusal(401, "Log in first.");
  // The device is the one that logged in, whatever the request says: nobody vouches for another.
  const asked = deviceIn(request.body);
  if (asked.install_id !== session.install) throw new Refusal(403, "Log in on this device first.");
  if (Date.now() - session.passwordAt > FRESH) throw new Refusal(403, "Log in again, then turn it on.");
  if (turningOn.has(session.user)) throw new Refusal(409, "It is being turned on. Try again in a moment.");
  turningOn.add(session.user);
  try {
    // Where it is on, only a code makes another device trusted: this session may be from before.
    const { two_step_enabled, trusted_devices } = await gateway.subject(session.user);
    if (two_step_enabled && trusted_devices > 0) throw new Refusal(403, "It is on already. Log in again: this device then asks for a code.");
    await gateway.turnOn(session.user);
    const vouched = await gateway.vouch(session.user, { device: session.device, ip: request.ip });
    // Sessions from before had no second step; this one goes on under a new name.
    sessions.endAll(session.user);
    sessions.replace(request, response, { ...session, secondStep: true });
    response.json(vouched);
  } finally {
    turningOn.delete(session.user);
  }
});

app.post("/logout", (request, response) => {
  sessions.end(request);
  sessions.forget(response);
  response.json({});
});

/** What people are told of what the gateway refused; the rest is nobody's business but ours. */
const TOLD = {
  account_frozen: [403, "No new device can log in: somebody said that a log-in was not theirs, or too many wrong codes were typed. Allow it on a device that you have used before."],
  verification_needed: [403, "It is on already. Log in again: this device then asks for a code."],
  too_many_requests: [429, "Too many tries. Wait a little."],
  invalid_request: [400, "The request is malformed."],
};

app.use((request, response) => response.status(404).json({ error: "There is nothing here." }));
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  const refuse = (status, text, retryAfter) => {
    if (retryAfter) response.setHeader("retry-after", String(retryAfter));
    response.status(status).json({ error: text });
  };
  if (error instanceof Refusal) return refuse(error.status, error.message, error.retryAfter);
  if (error instanceof GatewayProblem && TOLD[error.code]) return refuse(...TOLD[error.code], error.retryAfter);
  // Of express.json: a body that is no JSON, or too large.
  if (error.type === "entity.too.large") return refuse(413, "The request is too large.");
  if (error.expose === true && error.status >= 400 && error.status < 500) return refuse(error.status, "The request is malformed.");
  // No code, no let-in: what cannot be asked is refused.
  console.error(`${request.method} ${request.path}: ${error.message}`);
  if (error instanceof GatewayProblem) return refuse(503, "Log-ins cannot be checked right now. Try again in a moment.");
  refuse(500, "Something went wrong on our side. Try again.");
});

/** What browsers call this app by. */
let origins = ORIGIN ? [ORIGIN] : [];
const server = app.listen(Number(PORT), "127.0.0.1", () => {
  if (!ORIGIN) origins = ["127.0.0.1", "localhost"].map((name) => `http://${name}:${server.address().port}`);
  console.log(`open ${origins[0]}`);
});
