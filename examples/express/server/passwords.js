// Passwords: scrypt with a salt each (RFC 7914; OWASP's Password Storage Cheat Sheet), and the same work whether or not there is a user.
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 };
const BYTES = 32;
/** Hashes at the same time: each takes 32 MiB. */
const AT_ONCE = 4;

export class Passwords {
  #hash;
  #decoy = { salt: randomBytes(16), hash: randomBytes(BYTES) };
  #running = 0;
  #waiting = [];

  /** `hash(password, salt, bytes, cost)` is scrypt: tests count what is done. */
  constructor(hash = promisify(scrypt)) {
    this.#hash = hash;
  }

  async hash(password) {
    const salt = randomBytes(16);
    return { salt, hash: await this.#derive(password, salt) };
  }

  /** Whether a password is that of a kept hash; where there is none nothing is, and it takes as long. */
  async matches(password, kept) {
    const { salt, hash } = kept ?? this.#decoy;
    const is = timingSafeEqual(await this.#derive(password, salt), hash);
    return is && kept !== undefined;
  }

  /** In turn, so that many at once do not take all memory. */
  async #derive(password, salt) {
    if (this.#running >= AT_ONCE) await new Promise((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await this.#hash(password.normalize("NFC"), salt, BYTES, COST);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
