// Sessions of this app: what a browser has done so far, under a name that nobody guesses.
import { createHash, randomBytes } from "node:crypto";

/** In milliseconds: without use, at most, and while a code is awaited. */
const IDLE = 30 * 60_000;
const LONGEST = 12 * 3_600_000;
const AWAITED = 10 * 60_000;
/** Sessions at most: the oldest go first. */
const MOST = 10_000;

/** Memory holds no name that lets somebody in. */
const hashed = (id) => createHash("sha256").update(id).digest("base64url");

/**
 * `{ user, install, device, passwordAt }` and, while a code is awaited, `waitsFor`: then nobody is in yet. `secondStep` says whether
 * the second step was done in this very session, which nothing that came before it can say.
 */
export class Sessions {
  #cookie;
  #attributes;
  #sessions = new Map();

  /** Over TLS the cookie is for this host alone (RFC 6265bis section 4.1.3.2); on loopback there is no TLS. */
  constructor({ secure }) {
    this.#cookie = secure ? "__Host-session" : "session";
    this.#attributes = `HttpOnly; SameSite=Strict; Path=/${secure ? "; Secure" : ""}`;
  }

  /** The session of a request, if it is good. */
  of(request) {
    const key = this.#key(request);
    const session = key && this.#sessions.get(key);
    if (!session) return undefined;
    const now = Date.now();
    if (now > session.endsAt || now - session.usedAt > IDLE) {
      this.#sessions.delete(key);
      return undefined;
    }
    session.usedAt = now;
    return session;
  }

  /** Begins a session under a new name; the one that the browser had ends, so that nobody fixes the name beforehand. */
  replace(request, response, state) {
    this.end(request);
    const id = randomBytes(32).toString("base64url");
    const now = Date.now();
    if (this.#sessions.size >= MOST) this.#sessions.delete(this.#sessions.keys().next().value);
    this.#sessions.set(hashed(id), { ...state, usedAt: now, endsAt: now + (state.waitsFor ? AWAITED : LONGEST) });
    response.setHeader("set-cookie", `${this.#cookie}=${id}; ${this.#attributes}`);
  }

  /** Ends the session of a request; whether there was one. */
  end(request) {
    const key = this.#key(request);
    return key !== undefined && this.#sessions.delete(key);
  }

  /** Ends every session of a user. */
  endAll(user) {
    for (const [key, session] of this.#sessions) if (session.user === user) this.#sessions.delete(key);
  }

  forget(response) {
    response.setHeader("set-cookie", `${this.#cookie}=; ${this.#attributes}; Max-Age=0`);
  }

  /** A name that comes twice counts as none: one of them was planted. */
  #key(request) {
    const found = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${this.#cookie}=`));
    return found.length === 1 ? hashed(found[0].slice(this.#cookie.length + 1)) : undefined;
  }
}
