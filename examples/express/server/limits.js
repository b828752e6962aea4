// How often somebody may try. In memory: an app with several processes counts in its database.

/** Tries of one name from one address, and of one address, within the window; right ones do not count. */
const OF_NAME = 10;
const OF_ADDRESS = 50;
/** In milliseconds. */
const WINDOW = 5 * 60_000;
/** Counters at most: the oldest go first. */
const MOST = 10_000;

export class Limits {
  #counters = new Map();

  /** Counts a try before anything is compared, so that many at once do not slip through; seconds to wait where there were too many. */
  take(name, address) {
    const counters = this.#of(name, address);
    const full = counters.find(({ counter, most }) => counter.count >= most);
    if (full) return Math.max(1, Math.ceil((full.counter.until - Date.now()) / 1000));
    for (const { counter } of counters) counter.count += 1;
    return 0;
  }

  /** Takes back what a right password counted. */
  giveBack(name, address) {
    for (const { counter } of this.#of(name, address)) counter.count = Math.max(0, counter.count - 1);
  }

  #of(name, address) {
    return [[`${address} ${name}`, OF_NAME], [address, OF_ADDRESS]].map(([key, most]) => ({ counter: this.#counter(key), most }));
  }

  #counter(key) {
    const now = Date.now();
    const found = this.#counters.get(key);
    if (found && found.until > now) return found;
    this.#counters.delete(key);
    if (this.#counters.size >= MOST) this.#counters.delete(this.#counters.keys().next().value);
    const counter = { count: 0, until: now + WINDOW };
    this.#counters.set(key, counter);
    return counter;
  }
}
