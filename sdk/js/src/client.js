// Calls to a gateway, and the session of this device.

import { Connection } from "./connection.js";
import { TwostepError } from "./problem.js";
import { enablePush, forgetAccount } from "./push.js";
import { repeated } from "./repeat.js";
import { Verification } from "./verification.js";

/** An access token that ends within this many milliseconds is renewed before it is used. */
const RENEW_BEFORE = 30_000;

/** Remembers nothing beyond the page or process. */
export class MemoryStorage {
  #values = new Map();
  getItem(key) {
    return this.#values.get(key) ?? null;
  }
  setItem(key, value) {
    this.#values.set(key, value);
  }
  removeItem(key) {
    this.#values.delete(key);
  }
}

/** One gateway, one account of one device. */
export class TwostepClient {
  #base;
  #fetch;
  #storage;
  #prefix;
  #renewal = null;

  /**
   * @param {string | URL} base where the gateway is, such as https://id.example.com
   * @param {object} [options]
   * @param {typeof fetch} [options.fetch]
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} [options.storage] where the session, the trust token and the
   *   installation's id are kept: localStorage where there is one. Whoever reads it is this device.
   * @param {string} [options.account] tells accounts of one browser apart.
   */
  constructor(base, { fetch = globalThis.fetch, storage = globalThis.localStorage ?? new MemoryStorage(), account = "" } = {}) {
    this.#base = new URL(base);
    this.#fetch = (...all) => fetch(...all);
    this.#storage = storage;
    this.#prefix = `twostep.${account && `${account}.`}`;
  }

  /** One call; `token` is sent as a bearer token. Fails with a TwostepError. */
  async call(method, path, { token, body, signal } = {}) {
    const answer = await this.open(method, path, { token, body, signal });
    const text = await answer.text();
    const content = text && /json/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : {};
    if (!answer.ok) throw new TwostepError(answer.status, content);
    return content;
  }

  /** The bare answer of one call. */
  async open(method, path, { token, body, signal } = {}) {
    const headers = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    try {
      return await this.#fetch(new URL(path, this.#base), { method, headers, signal, cache: "no-store", credentials: "omit", body: body === undefined ? undefined : JSON.stringify(body) });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new TwostepError(0);
    }
  }

  /** The id of this installation, made once. */
  get installId() {
    let id = this.#storage.getItem("twostep.install");
    if (!id) this.#storage.setItem("twostep.install", (id = crypto.randomUUID()));
    return id;
  }

  /** What this installation says of itself; give it to your server with the log-in. */
  device(about = {}) {
    return { install_id: this.installId, name: "Browser", model: "Browser", platform: "web", os_version: "1", app_version: "1", ...about };
  }

  /** What shows that this device is trusted, for the next log-in; null when it is not. */
  get trustToken() {
    return this.#read("trust");
  }

  get #session() {
    return JSON.parse(this.#read("session") ?? "null");
  }

  get isSignedIn() {
    return this.#session !== null;
  }

  #read(name) {
    return this.#storage.getItem(this.#prefix + name);
  }

  #keep(name, value) {
    if (value === null || value === undefined) this.#storage.removeItem(this.#prefix + name);
    else this.#storage.setItem(this.#prefix + name, value);
  }

  /** Takes the session and the trust token of an answer: of `verify`, or handed on by your server. */
  signIn({ session, device }) {
    const { access_token, refresh_token, expires_in } = session;
    this.#keep("session", JSON.stringify({ access: access_token, refresh: refresh_token, until: Date.now() + 1000 * expires_in }));
    if (device) this.#keep("trust", device.trust_token ?? null);
  }

  /** Forgets the session; what shows trust stays. */
  forget() {
    this.#keep("session", null);
  }

  /** Renews the session: once, however many ask. A lost answer is asked for again: it is the same until its tokens were used. */
  renew() {
    this.#renewal ??= this.#alone(async (before) => {
      const session = this.#session;
      if (!session) throw new TwostepError(401, { code: "unauthorized", title: "This device has no session." });
      // Another tab was faster.
      if (session.refresh !== before) return;
      try {
        const answer = await repeated(() => this.call("POST", "/v1/sessions/refresh", { body: { refresh_token: session.refresh } }));
        this.signIn(answer);
      } catch (problem) {
        if (problem.code === "unauthorized") this.forget();
        throw problem;
      }
    }).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** Runs something in one tab at a time, where tabs can tell. */
  #alone(work) {
    const before = this.#session?.refresh;
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request(`${this.#prefix}renew`, () => work(before)) : work(before);
  }

  async #accessToken() {
    if ((this.#session?.until ?? 0) - Date.now() < RENEW_BEFORE) await this.renew();
    return this.#session.access;
  }

  /** One call with the session, renewed when it ran out. */
  async signedCall(method, path, body) {
    try {
      return await this.call(method, path, { token: await this.#accessToken(), body });
    } catch (problem) {
      if (problem.code !== "unauthorized" || !this.isSignedIn) throw problem;
    }
    await this.renew();
    return this.call(method, path, { token: this.#session.access, body });
  }

  /** Ends the session, here and at the gateway. */
  async signOut() {
    if (this.isSignedIn) await this.signedCall("DELETE", "/v1/sessions/current");
    this.forget();
  }

  /** How the account's security stands: the switch, a freeze, the address, the trusted devices. */
  security() {
    return this.signedCall("GET", "/v1/login-security");
  }

  /** Lets new devices sign in again after "this wasn't me". Trusted devices only. */
  async unfreeze() {
    await this.signedCall("POST", "/v1/login-security/unfreeze");
  }

  /** The trusted devices, most recently used first. */
  async devices() {
    return (await this.signedCall("GET", "/v1/trusted-devices")).devices;
  }

  async renameDevice(id, name) {
    await this.signedCall("PATCH", `/v1/trusted-devices/${encodeURIComponent(id)}`, { name });
  }

  /** Ends the trust in a device, its sessions and its connection. */
  async removeDevice(id) {
    await this.#remove(`/v1/trusted-devices/${encodeURIComponent(id)}`);
  }

  /** What is gone already, by a lost answer or from another device, is removed. */
  async #remove(path) {
    try {
      await this.signedCall("DELETE", path);
    } catch (error) {
      if (error.code !== "not_found") throw error;
    }
  }

  async removeOtherDevices() {
    await this.signedCall("DELETE", "/v1/trusted-devices");
  }

  /** Where the account is signed in. */
  async sessions() {
    return (await this.signedCall("GET", "/v1/sessions")).sessions;
  }

  async endSession(id) {
    await this.#remove(`/v1/sessions/${encodeURIComponent(id)}`);
  }

  async endOtherSessions() {
    await this.signedCall("DELETE", "/v1/sessions");
  }

  /** A page of the login activity, newest first; `cursor` is the `next_cursor` of the page before. */
  activity({ cursor, limit } = {}) {
    const query = new URLSearchParams({ ...(limit && { limit: String(limit) }), ...(cursor && { cursor }) }).toString();
    return this.signedCall("GET", `/v1/login-activity${query && `?${query}`}`);
  }

  /** "This wasn't me", of an entry of the activity. */
  async report(id) {
    await this.signedCall("POST", `/v1/login-activity/${encodeURIComponent(id)}/report`);
  }

  /** "This wasn't me", of a challenge whose code this device shows. */
  async deny(challengeId) {
    await this.signedCall("POST", `/v1/challenges/${encodeURIComponent(challengeId)}/deny`);
  }

  /** The live connection of this device, if it is trusted; `start()` it. In Node.js 20 give a WebSocket, such as that of the package ws. */
  connection({ WebSocket, random } = {}) {
    const address = async () => {
      const { ticket } = await this.signedCall("POST", "/v1/connect/ticket");
      return { url: new URL(`/v1/connect?ticket=${encodeURIComponent(ticket)}`, this.#base) };
    };
    return new Connection({ address, renew: () => this.renew(), WebSocket, random });
  }

  /**
   * Lets codes reach this browser while your page is closed. Call it in a click, and at each visit where `Notification.permission` is
   * "granted" already: browsers change their subscriptions.
   * @param {object} options
   * @param {ServiceWorkerRegistration} options.registration of your worker, which hands its events to worker.js.
   * @param {string} [options.name] what the account is called in notifications, where this browser has several; its masked address.
   * @returns {Promise<"on" | "denied" | "off" | "unsupported">} "off": the gateway has no Web Push.
   */
  enablePush(options) {
    return enablePush(this, options);
  }

  /** No more notifications for this account; call it before `signOut`. */
  async disablePush({ registration }) {
    const { account_tag } = await this.security();
    await forgetAccount(registration, account_tag);
  }

  /** A challenge that was begun for this device: by your server, or by a sign-in. */
  verification(challenge) {
    return new Verification(this, challenge);
  }
}
