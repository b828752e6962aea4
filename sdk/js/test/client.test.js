import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStorage, TwostepClient, TwostepError, readCode } from "../src/index.js";

/** A gateway that answers as it is told, and what it was asked. */
function gateway(...answers) {
  const asked = [];
  const fetch = async (url, { method, headers, body }) => {
    asked.push({ path: new URL(url).pathname, method, token: headers.authorization, body: body && JSON.parse(body) });
    const [status, content] = answers.shift() ?? assert.fail(`nobody expected ${method} ${url}`);
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(content === undefined ? null : JSON.stringify(content), { status, headers: { "content-type": type } });
  };
  return { asked, client: new TwostepClient("https://id.example.com", { fetch, storage: new MemoryStorage() }) };
}

const session = (number, expires_in = 900) => ({ access_token: `a${number}`, refresh_token: `r${number}`, expires_in });

test("a problem is an error with its code", async () => {
  const { client } = gateway([429, { code: "resend_too_soon", retry_after: 30, detail: "No new code was sent." }]);
  const failed = client.verification({ id: "c", token: "t" }).resend();
  await assert.rejects(failed, (error) => error instanceof TwostepError && error.code === "resend_too_soon" && error.retryAfter === 30);
});

test("no answer is offline", async () => {
  const client = new TwostepClient("https://id.example.com", { fetch: () => Promise.reject(new TypeError()), storage: new MemoryStorage() });
  await assert.rejects(client.call("GET", "/"), { code: "offline", status: 0 });
});

test("the right code keeps session and trust, and hands the assertion on", async () => {
  const { client, asked } = gateway([200, { status: "signed_in", session: session(1), device: { id: "d", trust_token: "tt" }, assertion: "jwt" }], [200, { ok: true }]);
  const answer = await client.verification({ id: "c", token: "t" }).verify("123 456");
  assert.deepEqual(asked[0], { path: "/v1/challenges/c/verify", method: "POST", token: "Bearer t", body: { code: "123 456", trust_device: true } });
  assert.deepEqual([answer.assertion, client.trustToken, client.isSignedIn], ["jwt", "tt", true]);
  await client.signedCall("GET", "/v1/login-security");
  assert.equal(asked[1].token, "Bearer a1");
});

test("a session that runs out is renewed once for all who ask", async () => {
  const { client, asked } = gateway([200, { session: session(2) }], [200, {}], [200, {}]);
  client.signIn({ session: session(1, 1) });
  await Promise.all([client.signedCall("GET", "/x"), client.signedCall("GET", "/y")]);
  assert.deepEqual(asked.map(({ path, token }) => [path, token]), [["/v1/sessions/refresh", undefined], ["/x", "Bearer a2"], ["/y", "Bearer a2"]]);
});

test("a session that ended elsewhere is forgotten, and trust stays", async () => {
  const { client } = gateway([401, { code: "unauthorized" }], [401, { code: "unauthorized" }]);
  client.signIn({ session: session(1), device: { trust_token: "tt" } });
  await assert.rejects(client.signedCall("GET", "/x"), { code: "unauthorized" });
  assert.deepEqual([client.isSignedIn, client.trustToken], [false, "tt"]);
});

test("the installation keeps its id", () => {
  const { client } = gateway();
  assert.equal(client.device({ name: "Ann's" }).install_id, client.installId);
  assert.equal(client.device().install_id, client.installId);
});

test("a code is read however it is written, by the gateway's rule", () => {
  const written = ["123 456", "123\u00a0456", "123-456", "1 2 3 4 5 6", "١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६", "１２３４５６", "𝟏𝟐𝟑𝟒𝟓𝟔", "\u202b123\u2069 456\u202c", "Your sign-in code is 123 456.", "Code: 123456\nIt expires in 10 minutes (14:05)."];
  for (const text of written) assert.equal(readCode(text, 6), "123456", text);
  for (const text of ["", "12345", "1234567", "123a456", "123456 or 654321", "12. 3456"]) assert.equal(readCode(text, 6), null, text);
});

test("a lost answer is asked for again, and a refusal is not", async () => {
  const { client, asked } = gateway([503, { code: "service_unavailable" }], [200, { session: session(2) }]);
  client.signIn({ session: session(1, 0) });
  await client.renew();
  assert.deepEqual(asked.map(({ body }) => body.refresh_token), ["r1", "r1"]);
  const other = gateway([422, { code: "wrong_code", attempts_left: 5, earlier_code: true }]);
  await assert.rejects(other.client.verification({ id: "c", token: "t" }).verify("123456"), { code: "wrong_code", isEarlierCode: true });
  assert.equal(other.asked.length, 1);
});
