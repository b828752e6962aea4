// Calls of this app's server to the gateway (docs/server-api.md).
import { randomUUID } from "node:crypto";

/** No answer by then is none, in milliseconds. */
const PATIENCE = 10_000;

/** The gateway refused or did not answer. The text is for our log, and never goes to a client. */
export class GatewayProblem extends Error {
  constructor(text, code, retryAfter) {
    super(text);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export class Gateway {
  #url;
  #key;

  constructor(url, key) {
    this.#url = url;
    this.#key = key;
  }

  /** Tells that somebody with the right password logs in on a device. */
  begin(signIn) {
    return this.#call("POST", "/v1/verifications", signIn);
  }

  /** How a user stands. A change of nothing answers with it, so that no further scope is needed. */
  subject(name) {
    return this.#call("PUT", `/v1/subjects/${encodeURIComponent(name)}`, {});
  }

  turnOn(name) {
    return this.#call("PUT", `/v1/subjects/${encodeURIComponent(name)}`, { two_step_enabled: true });
  }

  /** Says that a device is its user's. The gateway may know better (`verification_needed`): it is never overridden. */
  vouch(name, device) {
    return this.#call("POST", `/v1/subjects/${encodeURIComponent(name)}/devices`, device);
  }

  async #call(method, path, body) {
    const headers = { authorization: `Bearer ${this.#key}`, "content-type": "application/json", "idempotency-key": randomUUID() };
    let answer, content;
    try {
      answer = await fetch(new URL(path, this.#url), { method, headers, body: JSON.stringify(body), redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
      content = await answer.json();
    } catch (cause) {
      throw new GatewayProblem(`the gateway does not answer: ${cause.message}`);
    }
    if (!answer.ok) throw new GatewayProblem(`the gateway answered ${answer.status} ${content?.code}`, content?.code, Number(answer.headers.get("retry-after")) || undefined);
    return content;
  }
}
