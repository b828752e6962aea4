// Assertions: what the gateway says of a code that was right, as a JSON Web Token (RFC 7519, RFC 8725).
import { createPublicKey, verify } from "node:crypto";

/** The public keys are good for so long, in milliseconds, and are asked for no more often than the second for keys that we do not know. */
const KEPT = 5 * 60_000;
const ASKED_AGAIN = 10_000;
/** Clocks differ by so many seconds at most. */
const LEEWAY = 30;
const PATIENCE = 5000;
const LONGEST = 4096;
/** The names of the one signature that we take, each with what the token then says that it is. */
const TYPES = new Map([["EdDSA", "JWT"], ["Ed25519", "twostep-verification+jwt"]]);

export class Assertions {
  #url;
  #issuer;
  #audience;
  #keys = new Map();
  #askedAt = 0;

  constructor({ url, issuer, audience }) {
    this.#url = url;
    this.#issuer = issuer;
    this.#audience = audience;
  }

  /** The claims of a token that the gateway signed for this app and that is good now; null for anything else. */
  async check(token) {
    const parts = typeof token === "string" && token.length <= LONGEST ? token.split(".") : [];
    const header = read(parts[0]);
    // The algorithm is ours to choose, not the token's: one signature by two names, each with its type (assertions.algorithm).
    const isKnown = header?.typ !== undefined && TYPES.get(header.alg) === header.typ;
    if (parts.length !== 3 || !isKnown || typeof header.kid !== "string" || header.crit !== undefined) return null;
    const key = await this.#key(header.kid);
    const isSigned = key && verify(null, Buffer.from(`${parts[0]}.${parts[1]}`), key, Buffer.from(parts[2], "base64url"));
    const claims = isSigned ? read(parts[1]) : null;
    return claims && this.#isGood(claims) ? claims : null;
  }

  #isGood({ iss, aud, sub, jti, iat, exp }) {
    const now = Date.now() / 1000;
    const isForUs = iss === this.#issuer && aud === this.#audience;
    const isNow = Number.isFinite(exp) && now < exp + LEEWAY && Number.isFinite(iat) && iat <= now + LEEWAY;
    return isForUs && isNow && [sub, jti].every((text) => typeof text === "string" && text !== "");
  }

  async #key(kid) {
    const age = Date.now() - this.#askedAt;
    if (age > KEPT || (!this.#keys.has(kid) && age > ASKED_AGAIN)) await this.#ask();
    return this.#keys.get(kid);
  }

  async #ask() {
    const answer = await fetch(new URL("/.well-known/jwks.json", this.#url), { redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(`the gateway's public keys are not to be had: ${answer.status}`);
    const { keys } = await answer.json();
    const fits = ({ kty, crv, kid }) => kty === "OKP" && crv === "Ed25519" && typeof kid === "string";
    this.#keys = new Map(keys.filter(fits).map((key) => [key.kid, createPublicKey({ key, format: "jwk" })]));
    this.#askedAt = Date.now();
  }
}

function read(part) {
  try {
    const found = JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8"));
    return typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}
