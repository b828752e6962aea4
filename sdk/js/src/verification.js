// The side of the device that must type a code.

import { readEvents } from "./events.js";
import { repeated } from "./repeat.js";

/** Bounds of the random wait before a stream that was cut is opened again, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** Where answers cannot be read as they come, how it stands is asked for: first after this many milliseconds, then ever more rarely. */
const FIRST_POLL = 1000;
const LONGEST_POLL = 5000;
const POLL_GROWTH = 1.3;

/** React Native, for one, gives an answer only when it is whole: a live one never is. */
const canStream = () => typeof Response === "function" && "body" in Response.prototype;

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

  /** Follows how it stands until `stop()`, also over lines that are cut. Where no live answer can be read it asks every few seconds. */
  watch() {
    if (this.#watching) return;
    const { signal } = (this.#watching = new AbortController());
    if (canStream()) this.#follow(signal);
    else this.#poll(signal);
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
        if (answer.ok && !answer.body) return this.#poll(signal);
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

  async #poll(signal) {
    for (let wait = FIRST_POLL; !signal.aborted; wait = Math.min(LONGEST_POLL, wait * POLL_GROWTH)) {
      let pause = wait;
      try {
        this.#heard(await this.status());
      } catch (problem) {
        if (signal.aborted) return;
        if (problem.status === 401 || problem.status === 404) return this.#over("gone");
        pause = Math.max(wait, 1000 * (problem.retryAfter ?? 0));
      }
      if (signal.aborted) return;
      // Not in step with others that began at the same time.
      await new Promise((resolve) => setTimeout(resolve, pause * (0.9 + 0.2 * Math.random())));
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
    await this.#call("POST", "/cancel");
  }

  /** Asks for a new code, perhaps by another of the challenge's `methods`. Fails with `resend_too_soon` (`retryAfter`). */
  async resend(method) {
    const { challenge } = await this.#call("POST", "/resend", method ? { method } : {});
    this.challenge = { ...this.challenge, ...challenge };
    return this.challenge;
  }
}
