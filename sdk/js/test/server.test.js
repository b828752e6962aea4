// What an app's server believes: messages signed by a library that nobody here wrote, and what somebody changed in them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Webhooks } from "../server/index.js";

const secret = () => `whsec_${randomBytes(32).toString("base64")}`;
const BODY = JSON.stringify({ type: "verification.verified", timestamp: "2026-11-27T12:00:00Z", data: { id: "1", subject: "user-7", status: "verified" } });

function signed(by, { id = "msg_1", at = new Date(), body = BODY } = {}) {
  const headers = { "webhook-id": id, "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": new Webhook(by).sign(id, at, body) };
  return { headers, body };
}

test("what the secret's owner signed is believed, from either kind of headers and with either secret of two", () => {
  const [old, next] = [secret(), secret()];
  const webhooks = new Webhooks({ secret: [next, old] });
  for (const by of [old, next]) {
    const { headers, body } = signed(by);
    for (const event of [webhooks.check(headers, body), webhooks.check(new Headers(headers), Buffer.from(body))]) {
      assert.deepEqual([event.id, event.type, event.data.subject], ["msg_1", "verification.verified", "user-7"]);
    }
    const both = { ...headers, "webhook-signature": `v1a,AAAA v1,AAAA ${headers["webhook-signature"]}` };
    assert.equal(webhooks.check(both, body).id, "msg_1");
  }
});

test("what somebody else signed, changed, or kept is not", () => {
  const ours = secret();
  const webhooks = new Webhooks({ secret: ours });
  const { headers, body } = signed(ours);
  const changed = [
    signed(secret()),
    { headers, body: body.replace("user-7", "user-8") },
    { headers: { ...headers, "webhook-id": "msg_2" }, body },
    { headers: { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) }, body },
    { headers: { ...headers, "webhook-signature": "" }, body },
    { headers: { ...headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,") }, body },
    { headers: {}, body },
    signed(ours, { at: new Date(Date.now() - 6 * 60_000) }),
    signed(ours, { at: new Date(Date.now() + 6 * 60_000) }),
    signed(ours, { body: "not JSON" }),
  ];
  for (const { headers: sent, body: text } of changed) assert.equal(webhooks.check(sent, text), null);
  assert.ok(webhooks.check(headers, body));
});

test("a secret that is none is refused at once", () => {
  for (const wrong of [undefined, "", "whsec_", "whsec_c2hvcnQ=", Buffer.alloc(32).toString("base64")]) assert.throws(() => new Webhooks({ secret: wrong }), /whsec_/);
});
