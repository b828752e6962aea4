// A generated client creates an account, turns two-step verification on, and signs in on a second device.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./twostep.js";

type Challenge = components["schemas"]["ChallengeAnswer"];

const base = process.argv[2]!;
const client = createClient<paths>({ baseUrl: base });
const email = `${randomUUID()}@example.com`;
const password = "correct horse battery";
const read = new Set<string>();

const device = (): components["schemas"]["DeviceBody"] => ({
  install_id: randomUUID(), name: "Phone", model: "Pixel 7", platform: "android", os_version: "15", app_version: "1.0",
});
const bearer = (token: string | null | undefined) => ({ headers: { authorization: `Bearer ${token}` } });

/** The code of the next mail, which the gateway keeps in development mode instead of sending it. */
async function mailedCode(): Promise<string> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const { messages } = await (await fetch(`${base}/dev/outbox.json`)).json() as { messages: { id: string; to: string; text: string }[] };
    for (const { id, to, text } of messages) {
      const code = /\b\d{3} \d{3}\b/.exec(text)?.[0];
      if (to !== email || read.has(id) || !code) continue;
      read.add(id);
      return code;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("no mail with a code");
}

const verify = (challenge: Challenge, code: string) => client.POST("/v1/challenges/{id}/verify", {
  params: { path: { id: challenge.id } }, body: { code }, ...bearer(challenge.token),
});

const created = await client.POST("/v1/accounts", { body: { email, password, device: device() } });
const confirming = created.data!.challenge;
const wrong = await verify(confirming, "000000");
assert.equal(wrong.error?.code, "wrong_code");
const owner = (await verify(confirming, await mailedCode())).data;
assert(owner?.status === "signed_in");
const session = bearer(owner.session.access_token);

assert.equal((await client.GET("/v1/login-security", session)).data?.two_step.enabled, false);
const enabling = await client.POST("/v1/login-security/two-step", { body: { enabled: true }, ...session });
const enabled = (await verify(enabling.data!.challenge, await mailedCode())).data;
assert(enabled?.status === "two_step_enabled");
assert.equal(enabled.device.id, owner.device.id);

const asked = (await client.POST("/v1/sign-in", { body: { email, password, device: device() } })).data;
assert(asked?.status === "verification_required");
assert.equal(asked.challenge.purpose, "sign_in");
assert.equal((await client.GET("/v1/sessions", session)).data?.sessions.length, 1);
