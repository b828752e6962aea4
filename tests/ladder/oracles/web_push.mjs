// As web_push.py, with http_ece and the jws of web-push for Node.js. `node web_push.mjs`, with ORACLE_MODULES.

import { createECDH, createPublicKey, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const from = createRequire(process.env.ORACLE_MODULES + "/");
const ece = from("http_ece");
const jws = createRequire(from.resolve("web-push"))("jws");

const device = createECDH("prime256v1");
device.generateKeys();
const auth = randomBytes(16);

function vapid(authorization) {
  const [, token, key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(authorization);
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const pem = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" }).export({ type: "spki", format: "pem" });
  return jws.verify(token, "ES256", pem);
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const answer =
    question.do === "keys" ? { p256dh: device.getPublicKey("base64url"), auth: auth.toString("base64url") } :
    question.do === "open" ? { content: ece.decrypt(Buffer.from(question.body, "base64url"), { version: "aes128gcm", privateKey: device, authSecret: auth }).toString() } :
    { good: vapid(question.authorization) };
  console.log(JSON.stringify(answer));
}
