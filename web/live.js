// The live connection of a trusted device: reconnects by itself, obeys goodbye and the close codes, shows nothing twice.

import { now, renew, signedCall, Problem } from "./api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** Events: `state` {state, until}, `code`, `code_again`, `challenge_closed`, `security_alert`, `ended` {why}. */
export class Live extends EventTarget {
  #socket = null;
  #connecting = false;
  #timer = 0;
  #failures = 0;
  #goodbye = null;
  #renewed = false;
  #seen = new Map();
  #stopped = false;

  start() {
    this.#stopped = false;
    this.#connect();
    addEventListener("online", this.#hurry);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#hurry);
    this.#socket?.close(1000);
    this.#socket = null;
    this.#tell("state", { state: "off" });
  }

  receipt(code, shown) {
    this.#send({ type: "receipt", challenge_id: code.challenge_id, generation: code.generation, shown });
  }

  #hurry = () => {
    clearTimeout(this.#timer);
    this.#connect();
  };

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async #connect() {
    if (this.#stopped || this.#connecting || this.#socket) return;
    this.#connecting = true;
    this.#tell("state", { state: "connecting" });
    try {
      const { ticket } = await signedCall("POST", "/v1/connect/ticket");
      if (this.#stopped) return;
      const address = new URL(`/v1/connect?ticket=${encodeURIComponent(ticket)}`, location.href);
      address.protocol = location.protocol.replace("http", "ws");
      const socket = new WebSocket(address, "twostep.v1");
      this.#socket = socket;
      socket.onmessage = (event) => this.#socket === socket && this.#take(JSON.parse(event.data));
      socket.onclose = (event) => {
        if (this.#socket !== socket) return;
        this.#socket = null;
        if (!this.#stopped) this.#closed(event.code);
      };
    } catch (problem) {
      if (this.#stopped || (problem instanceof Problem && problem.code === "unauthorized")) return;
      if (problem.code === "device_not_trusted") this.#end("removed");
      else this.#again();
    } finally {
      this.#connecting = false;
    }
  }

  #take(message) {
    if (message.type === "welcome") {
      this.#failures = 0;
      this.#renewed = false;
      this.#tell("state", { state: "open" });
    } else if (message.type === "goodbye") {
      this.#goodbye = message.reconnect_after_ms;
    } else if (message.type === "code") {
      this.#code(message);
    } else {
      this.#tell(message.type, message);
    }
  }

  #code(message) {
    const seen = this.#seen.get(message.challenge_id) ?? 0;
    if (message.generation < seen) return;
    this.#seen.set(message.challenge_id, message.generation);
    this.#tell(message.generation === seen ? "code_again" : "code", message);
  }

  async #closed(code) {
    if (code === 4403) return this.#end("removed");
    if (code === 4409) return this.#end("replaced");
    if (code !== 4401) return this.#again();
    if (this.#renewed) return this.#end("session");
    // It ran out, or somebody ended it: renewing tells which.
    this.#renewed = true;
    try {
      await renew();
      this.#connect();
    } catch (problem) {
      if (this.#stopped) return;
      if (problem.code === "unauthorized") this.#end("session");
      else this.#again();
    }
  }

  #again() {
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++);
    const wait = this.#goodbye ?? FIRST_WAIT / 2 + Math.random() * most;
    this.#goodbye = null;
    this.#tell("state", { state: "waiting", until: now() + wait });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #end(why) {
    this.#stopped = true;
    this.#tell("state", { state: "off" });
    this.#tell("ended", { why });
  }
}
