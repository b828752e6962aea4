// Webhooks: the end of a verification, signed as Standard Webhooks says (https://www.standardwebhooks.com/).
import { createHmac, timingSafeEqual } from "node:crypto";

/** A message is good for so many seconds before and after its time. */
const TOLERANCE = 5 * 60;
const PREFIX = "whsec_";

export class Webhooks {
  #keys;

  /** `secret` is that of the gateway's settings (`webhooks.secret`), or a list while one takes the place of another. */
  constructor({ secret }) {
    const secrets = Array.isArray(secret) ? secret : [secret];
    this.#keys = secrets.map((one) => {
      const key = Buffer.from(String(one).startsWith(PREFIX) ? one.slice(PREFIX.length) : "", "base64");
      if (key.length < 24) throw new Error(`a webhook secret is "${PREFIX}" and the base64 of 24 bytes or more`);
      return key;
    });
  }

  /**
   * The event of a message that the gateway signed and that is of now, with the `id` by which one that comes twice is known; null for anything
   * else. `body` is the request's body as it came, not parsed. `headers` is an object, as of Node.js, or a `Headers`.
   */
  check(headers, body) {
    const read = (name) => (typeof headers.get === "function" ? headers.get(name) : headers[name]) ?? "";
    const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => String(read(name)));
    const age = Math.abs(Date.now() / 1000 - Number(timestamp));
    if (!id || !/^\d{1,12}$/.test(timestamp) || age > TOLERANCE) return null;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    const expected = this.#keys.map((key) => createHmac("sha256", key).update(`${id}.${timestamp}.`).update(bytes).digest());
    const given = signatures.split(" ").filter((one) => one.startsWith("v1,")).map((one) => Buffer.from(one.slice(3), "base64"));
    const isSigned = given.some((one) => expected.some((good) => one.length === good.length && timingSafeEqual(one, good)));
    if (!isSigned) return null;
    try {
      return { ...JSON.parse(bytes.toString("utf8")), id };
    } catch {
      return null;
    }
  }
}
