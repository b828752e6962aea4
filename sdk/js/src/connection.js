// The live connection of a trusted device (subprotocol twostep.v1, docs/websocket-protocol.md): reconnects by itself, obeys goodbye
// and the close codes, and shows nothing twice.

/** First and longest bound of the random wait between two tries, in milliseconds ("full jitter"). */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** How long after its ping should have come a connection counts as dead: the gateway's own patience is 8 s. */
const GRACE = 10_000;
const SUBPROTOCOL = "twostep.v1";

/**
 * Events, each a CustomEvent with what is in braces as `detail`:
 * `state` {state: "connecting" | "open" | "waiting" | "off", until?}, `code`, `code_again`, `challenge_closed`, `security_alert`,
 * `ended` {why: "removed" | "replaced" | "session"}: it does not come back by itself.
 */
export class Connection extends EventTarget {
  #options;
  #socket = null;
  #connecting = false;
  #timer = 0;
  #failures = 0;
  #goodbye = null;
  #renewed = false;
  #seen = new Map();
  #stopped = true;

  /**
   * @param {object} options
   * @param {() => Promise<{url: string | URL, protocols?: string[], headers?: object}>} options.address where to connect, asked anew for
   *   each try: a ticket is good once.
   * @param {() => Promise<void>} options.renew renews the session; fails with code "unauthorized" when it is over.
   * @param {typeof WebSocket} [options.WebSocket] another one than the platform's.
   * @param {() => number} [options.random] from 0 to 1.
   */
  constructor({ address, renew, WebSocket = globalThis.WebSocket, random = Math.random }) {
    super();
    if (!WebSocket) throw new TypeError("This platform has no WebSocket: give one, such as that of the package ws.");
    this.#options = { address, renew, WebSocket, random };
  }

  /** Connects, and stays connected until `stop` or `ended`. */
  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    globalThis.addEventListener?.("online", this.#hurry);
    this.#connect();
  }

  stop() {
    this.#leave();
    this.#socket?.close(1000);
    this.#socket = null;
    this.#tell("state", { state: "off" });
  }

  /** Says that a code is on the screen, or that it is not shown. */
  receipt(code, shown = true) {
    this.#send({ type: "receipt", challenge_id: code.challenge_id, generation: code.generation, shown });
  }

  /** Says "this wasn't me". */
  deny(challengeId) {
    return this.#send({ type: "deny", challenge_id: challengeId });
  }

  /** Keeps the connection with the next access token when the one it was opened with runs out. */
  refresh(accessToken) {
    return this.#send({ type: "refresh", access_token: accessToken });
  }

  #hurry = () => {
    clearTimeout(this.#timer);
    this.#connect();
  };

  /** Whether it was sent. */
  #send(message) {
    const isOpen = this.#socket?.readyState === 1;
    if (isOpen) this.#socket.send(JSON.stringify(message));
    return isOpen;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #leave() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#hurry);
  }

  async #connect() {
    if (this.#stopped || this.#connecting || this.#socket) return;
    this.#connecting = true;
    this.#tell("state", { state: "connecting" });
    try {
      const { url, headers } = await this.#options.address();
      if (this.#stopped) return;
      const address = new URL(url);
      address.protocol = address.protocol.replace("http", "ws");
      const { WebSocket } = this.#options;
      this.#open(headers ? new WebSocket(address, SUBPROTOCOL, { headers }) : new WebSocket(address, SUBPROTOCOL));
    } catch (problem) {
      if (this.#stopped) return;
      if (problem.code === "unauthorized") await this.#sessionEnded();
      else if (problem.code === "device_not_trusted") this.#end("removed");
      else this.#again();
    } finally {
      this.#connecting = false;
    }
  }

  #open(socket) {
    this.#socket = socket;
    socket.onmessage = (event) => this.#socket === socket && this.#take(JSON.parse(event.data));
    // What went wrong is told by the close that follows.
    socket.onerror = () => {};
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#timer);
      if (!this.#stopped) this.#closed(event.code);
    };
  }

  #take(message) {
    if (message.type === "welcome") {
      this.#failures = 0;
      this.#renewed = false;
      this.#watch(message.heartbeat_seconds);
      this.#tell("state", { state: "open" });
    } else if (message.type === "goodbye") {
      this.#goodbye = message.reconnect_after_ms;
    } else if (message.type === "code") {
      this.#code(message);
    } else if (message.type !== "pong") {
      this.#tell(message.type, message);
    }
  }

  /** Asks for a pong as often as the gateway pings, which a script cannot see, and gives a line up that brings none. */
  #watch(seconds) {
    if (!seconds) return;
    const socket = this.#socket;
    let heard = true;
    const look = () => {
      if (this.#socket !== socket) return;
      if (!heard) {
        this.#socket = null;
        socket.close();
        return this.#again();
      }
      heard = false;
      this.#send({ type: "ping" });
      this.#timer = setTimeout(look, seconds * 1000 + GRACE);
    };
    socket.addEventListener("message", () => (heard = true));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(look, seconds * 1000);
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
    if (code === 4401) return this.#sessionEnded();
    this.#again();
  }

  /** It ran out, or somebody ended it: renewing tells which. */
  async #sessionEnded() {
    if (this.#renewed) return this.#end("session");
    this.#renewed = true;
    try {
      await this.#options.renew();
      this.#again(0);
    } catch (problem) {
      if (this.#stopped) return;
      if (problem.code === "unauthorized") this.#end("session");
      else this.#again();
    }
  }

  #again(wait = this.#goodbye ?? this.#options.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures)) {
    this.#failures++;
    this.#goodbye = null;
    this.#tell("state", { state: "waiting", until: Date.now() + wait });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #end(why) {
    this.#leave();
    this.#tell("state", { state: "off" });
    this.#tell("ended", { why });
  }
}
