// A log-in of its own with a second step by Twostep (docs/start.md). Users and sessions are in memory: the rest is as in an app.
import { createPublicKey, randomUUID, scryptSync, timingSafeEqual, verify } from "node:crypto";
import { fileURLToPath } from "node:url";
import express from "express";

const { TWOSTEP_URL = "http://127.0.0.1:8080", TWOSTEP_API_KEY, AUDIENCE = "shop", PORT = 3000 } = process.env;
if (!TWOSTEP_API_KEY) throw new Error("TWOSTEP_API_KEY is not set: make a key with `twostep keys create` (docs/start.md).");
const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const hash = (password) => scryptSync(password, "an app has a salt for each user", 32);
const users = new Map([["ann", hash("correct horse battery staple")]]);
const [sessions, pending] = [new Map(), new Map()];

/** Calls the gateway with this app's key. */
async function twostep(method, path, body) {
  const headers = { authorization: `Bearer ${TWOSTEP_API_KEY}`, "content-type": "application/json", "idempotency-key": randomUUID() };
  const answer = await fetch(new URL(path, TWOSTEP_URL), { method, headers, body: JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.detail), { status: answer.status });
  return content;
}

/** The claims of an assertion, if the gateway signed it for this app (RFC 7519 section 7.2). */
async function claims(token) {
  const [header, body, signature] = token.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url"));
  const { keys } = await (await fetch(new URL("/.well-known/jwks.json", TWOSTEP_URL))).json();
  const key = createPublicKey({ key: keys.find((key) => key.kid === kid) ?? {}, format: "jwk" });
  if (!verify(null, `${header}.${body}`, key, Buffer.from(signature, "base64url"))) throw new Error("not signed by the gateway");
  const found = JSON.parse(Buffer.from(body, "base64url"));
  if (found.aud !== AUDIENCE || found.exp * 1000 < Date.now()) throw new Error("for somebody else, or too old");
  return found;
}

const logIn = (response, name) => {
  const id = randomUUID();
  sessions.set(id, name);
  response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Strict; Path=/`);
};
const userOf = (request) => sessions.get(/(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);

const app = express().use(express.json(), express.static(folder("public")), express.static(folder("../../sdk/js/src")));
app.post("/login", async ({ body, ip }, response) => {
  const known = users.get(body.name);
  if (!known || !timingSafeEqual(known, hash(body.password))) return response.status(401).json({ error: "Name or password is wrong." });
  const sign_in = { subject: body.name, device: body.device, ip, ...(body.trust_token && { trust_token: body.trust_token }) };
  const { status, challenge, session, device } = await twostep("POST", "/v1/verifications", sign_in);
  if (status === "verification_required") pending.set(challenge.id, body.name);
  else logIn(response, body.name);
  response.json({ challenge, session, device });
});
app.post("/login/verified", async ({ body }, response) => {
  const { jti, sub } = await claims(body.assertion);
  if (pending.get(jti) !== sub) return response.status(403).json({ error: "Log in again." });
  pending.delete(jti);
  logIn(response, sub);
  response.json({});
});
app.post("/two-step", async (request, response) => {
  const name = userOf(request);
  if (!name) return response.status(401).json({ error: "Log in first." });
  await twostep("PUT", `/v1/subjects/${name}`, { two_step_enabled: true });
  response.json(await twostep("POST", `/v1/subjects/${name}/devices`, { device: request.body.device, ip: request.ip }));
});
app.use((error, request, response, next) => response.status(error.status ?? 500).json({ error: error.message }));
app.listen(PORT, "127.0.0.1", () => console.log(`open http://127.0.0.1:${PORT}`));
