// The side of the device that must type a code.

import { readEvents } from "./events.js";
import { repeated } from "./repeat.js";

/** Bounds of the random wait before a stream that was cut is opened again, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** Events: `status`, with how the challenge stands as `detail`; `over` {state} when it ended otherwise than by its code. */
export class Verification extends EventTarget {
  #client;
  #token;
  #watching = null;

  /** Made by `TwostepClient.verification`. */
  constructor(client, challenge) {
    super();
    this.#client = client;
    this.#token = challenge.token;
    this.challenge = challenge;
  }

  #call(method, tail, body) {
    return this.#client.call(method, `/v1/challenges/${this.challenge.id}${tail}`, { token: this.#token, body });
  }

  /** How it stands: state, deliveries and hints, in words for people. */
  status() {
    return this.#call("GET", "");
  }

  /** Follows how it stands until `stop()`, also over lines that are cut. */
  watch() {
    if (this.#watching) return;
    const stopped = (this.#watching = new AbortController());
    this.#follow(stopped.signal);
  }

  stop() {
    this.#watching?.abort();
    this.#watching = null;
  }

  async #follow(signal) {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const path = `/v1/challenges/${this.challenge.id}/events`;
        const answer = await this.#client.open("GET", path, { token: this.#token, signal });
        if (answer.status === 401 || answer.status === 404) return this.#over("gone");
        if (answer.ok) {
          failures = 0;
          await readEvents(answer.body, (status) => this.#heard(status));
        }
      } catch {
        // The line was cut, or nobody follows any more.
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures)));
    }
  }

  #heard(status) {
    if (!this.#watching) return;
    this.challenge = { ...this.challenge, ...status.challenge, token: this.#token };
    this.dispatchEvent(new CustomEvent("status", { detail: status }));
    if (status.state !== "open") {
      this.stop();
      // Its own right code ends it too, and the answer to that call goes on.
      if (status.state !== "verified") this.#over(status.state);
    }
  }

  #over(state) {
    this.stop();
    this.dispatchEvent(new CustomEvent("over", { detail: { state } }));
  }

  /**
   * Types the code. The answer's session and trust token are kept; `assertion` is for your server.
   * Fails with `wrong_code` (`attemptsLeft` says how often still), `challenge_closed`, `too_many_attempts`, …
   */
  async verify(code, { trustDevice = true } = {}) {
    const answer = await repeated(() => this.#call("POST", "/verify", { code, trust_device: trustDevice }));
    this.stop();
    if (answer.session) this.#client.signIn(answer);
    return answer;
  }

  /** Gives up: its code is good for nothing from here on, and trusted devices stop showing it. */
  async cancel() {
    this.stop();
    await this.#call("DELETE", "");
  }

  /** Asks for a new code, perhaps by another of the challenge's `methods`. Fails with `resend_too_soon` (`retryAfter`). */
  async resend(method) {
    const { challenge } = await this.#call("POST", "/resend", method ? { method } : {});
    this.challenge = { ...this.challenge, ...challenge };
    return this.challenge;
  }
}
