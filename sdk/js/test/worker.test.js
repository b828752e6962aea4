import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { TwostepClient } from "../src/index.js";
import { handleNotificationClick, handlePush, handleSubscriptionChange } from "../src/worker.js";

/** What a worker finds around it, in the hands of a test. */
let shown, calls, answers, windows, opened, subscriptions, cache;

class Shown {
  constructor(title, options) {
    Object.assign(this, { title, ...options });
  }
  close() {
    shown = shown.filter((one) => one !== this);
  }
}

const registration = {
  async showNotification(title, options) {
    if (title === "refused") throw new TypeError("no permission");
    shown = [...shown.filter(({ tag }) => tag !== options.tag), new Shown(title, options)];
  },
  getNotifications: async ({ tag } = {}) => shown.filter((one) => !tag || one.tag === tag),
  pushManager: { subscribe: async (options) => subscriptions.push(options) },
};

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-03-05T08:00:10Z") });
  [shown, calls, answers, windows, opened, subscriptions, cache] = [[], [], [], [], [], [], new Map()];
  globalThis.registration = registration;
  globalThis.location = { origin: "https://id.example.com", href: "https://id.example.com/sw.js" };
  globalThis.Notification = { maxActions: 2 };
  globalThis.clients = { matchAll: async () => windows, openWindow: async (url) => opened.push(url) };
  globalThis.fetch = async (url, { body, credentials }) => {
    calls.push([String(url), JSON.parse(body), credentials]);
    const status = answers.shift() ?? 204;
    if (status === 0) throw new TypeError("offline");
    return { status };
  };
  globalThis.caches = { open: async () => ({ match: async (key) => cache.get(key), keys: async () => [...cache.keys()], put: async (key, value) => cache.set(key, value) }) };
});

afterEach(() => mock.timers.reset());

const event = (about) => {
  const works = [];
  return { ...about, works, waitUntil: (work) => works.push(work) };
};

const code = (about) => ({
  type: "code", account_tag: "anna", challenge_id: "c", generation: 1, language: "en", title: "Your sign-in code", body: "123 456 for Phone",
  receipt: "token", code: "123456", requester: "Phone", location: "Budapest", requested_at: "2026-03-05T08:00:00Z", expires_at: "2026-03-05T08:05:00Z", ...about,
});

async function push(message, options) {
  const pushed = event({ data: { json: () => structuredClone(message) } });
  assert.equal(handlePush(pushed, options), true);
  await Promise.all(pushed.works);
}

async function click(action, options) {
  const clicked = event({ notification: shown[0], action });
  assert.equal(handleNotificationClick(clicked, options), true);
  await Promise.all(clicked.works);
}

/** A window that answers whether it shows the code. */
const page = (answer, url = "https://id.example.com/#security") => ({
  url, visibilityState: "visible", focus: async () => opened.push("focused"),
  postMessage: (question, [port]) => answer !== null && port.postMessage(question.type === "twostep_on_screen" && answer),
});

test("a code is shown with who asks, from where and when, and said to be shown", async () => {
  await push(code(), { gateway: "https://gate.example.com", icon: "/icon.png" });
  const [{ title, body, tag, lang, silent, requireInteraction, actions, icon, timestamp }] = shown;
  assert.deepEqual([title, tag, lang, silent, requireInteraction, icon], ["Your sign-in code", "c", "en", false, true, "/icon.png"]);
  const time = new Intl.DateTimeFormat("en", { timeStyle: "short" }).format(timestamp);
  assert.equal(body, `123 456 for Phone\nNear Budapest · ${time}`);
  assert.deepEqual(actions, [{ action: "deny", title: "This wasn’t me" }]);
  assert.deepEqual(calls, [["https://gate.example.com/v1/receipts", { receipt: "token", shown: true }, "omit"]]);
});

test("a notification that cannot be shown is said not to be", async () => {
  await assert.rejects(push(code({ title: "refused" })), TypeError);
  assert.deepEqual(calls[0][1], { receipt: "token", shown: false });
});

test("a receipt is sent again where no answer came", async () => {
  answers = [0, 503, 204];
  const pushed = push(code());
  while (calls.length < 3) {
    await new Promise(setImmediate);
    mock.timers.tick(2000);
  }
  await pushed;
  assert.equal(calls.length, 3);
});

test("a code that was used meanwhile goes at once", async () => {
  answers = [410];
  await push(code());
  assert.deepEqual(shown, []);
});

test("a newer code rings in the place of the older one, which never comes back", async () => {
  await push(code());
  await push(code({ generation: 2, body: "654 321 for Phone" }));
  assert.deepEqual([shown.length, shown[0].data.generation, shown[0].renotify, shown[0].silent], [1, 2, true, false]);
  await push(code());
  assert.deepEqual([shown.length, shown[0].data.generation, calls.length], [1, 2, 2]);
});

test("the same code rings once, and not for whoever looks at it", async () => {
  await push(code());
  await push(code());
  assert.deepEqual([shown.length, shown[0].silent, shown[0].renotify], [1, true, false]);
  windows = [page(false), page(true)];
  await push(code({ challenge_id: "other" }));
  assert.equal(shown.at(-1).silent, true);
  windows = [page(false), { ...page(true), visibilityState: "hidden" }];
  await push(code({ challenge_id: "third" }));
  assert.equal(shown.at(-1).silent, false);
});

test("a window that says nothing keeps nobody waiting", async () => {
  windows = [page(null)];
  const pushed = push(code());
  while (!shown.length) {
    await new Promise(setImmediate);
    mock.timers.tick(300);
  }
  await pushed;
  assert.equal(shown[0].silent, false);
});

test("what waits is silent, and no code is said to be shown", async () => {
  await push(code({ type: "pending", title: "A code is waiting", body: "Open the app." }));
  assert.deepEqual([shown[0].silent, shown[0].requireInteraction, shown[0].actions, calls], [true, false, [], []]);
});

test("a code that is over is closed, with a silent word that goes by itself", async () => {
  await push(code());
  await push({ ...code(), type: "withdraw", title: "No longer needed", body: "Nothing needs to be done." });
  assert.deepEqual([shown.length, shown[0].title, shown[0].silent], [1, "No longer needed", true]);
  mock.timers.tick(4000);
  await new Promise(setImmediate);
  assert.deepEqual(shown, []);
});

test("what is out of date goes when the worker wakes up, and nothing else", async () => {
  await registration.showNotification("of the app", { tag: "app", data: {} });
  await push(code());
  mock.timers.setTime(Date.now() + 300_001);
  await push(code({ challenge_id: "next", requested_at: new Date().toISOString(), expires_at: new Date(Date.now() + 300_000).toISOString() }));
  assert.deepEqual(shown.map(({ tag }) => tag), ["app", "next"]);
});

test("this was not me ends it, and says what to do next", async () => {
  await push(code({ language: "de" }));
  await click("deny");
  assert.deepEqual(calls[1][1], { receipt: "token", deny: true });
  assert.deepEqual([shown.length, shown[0].title, opened], [1, "Anfrage gestoppt", []]);
  // The withdrawal that follows says less.
  await push({ ...code(), type: "withdraw" });
  assert.deepEqual(shown.map(({ title }) => title), ["Anfrage gestoppt"]);
  await click("");
  assert.deepEqual([shown, opened], [[], ["https://id.example.com/"]]);
});

test("where it is over already that is said, and where it cannot be said the page is opened", async () => {
  await push(code());
  answers = [410];
  await click("deny");
  assert.equal(shown[0].title, "This request is already over");
  shown = [];
  await push(code());
  answers = [0];
  await click("deny", { page: "/account" });
  assert.deepEqual([shown.length, opened], [1, ["https://id.example.com/account"]]);
});

test("a click leads to the window that is open, and the code stays", async () => {
  await push(code());
  windows = [page(false, "https://id.example.com/docs"), page(false)];
  await click("");
  assert.deepEqual([opened, shown.length], [["focused"], 1]);
});

test("an account is named where this browser has several", async () => {
  cache.set("/anna", { text: async () => "a•••@example.com" });
  await push(code());
  assert.ok(!shown[0].body.includes("@"));
  cache.set("/ben", { text: async () => "b•••@example.com" });
  await push(code());
  assert.ok(shown[0].body.endsWith("\na•••@example.com"));
});

test("what a browser could show by itself is read from the notification", async () => {
  const pushed = event({ data: null, notification: { data: code() } });
  assert.equal(handlePush(pushed), true);
  await Promise.all(pushed.works);
  assert.deepEqual([shown.length, calls[0][1]], [1, { receipt: "token", shown: true }]);
});

test("what is of somebody else is left to the app", async () => {
  for (const json of [() => ({ title: "News" }), () => JSON.parse("?")]) {
    assert.equal(handlePush(event({ data: { json } })), false);
  }
  assert.equal(handlePush(event({ data: null })), false);
  assert.equal(handlePush(event({ data: null, notification: { data: null } })), false);
  assert.equal(handleNotificationClick(event({ notification: { data: null }, action: "" })), false);
});

test("a subscription that a browser ended is made again as it was", async () => {
  const options = { userVisibleOnly: true };
  const changed = event({ oldSubscription: { options } });
  handleSubscriptionChange(changed);
  await Promise.all(changed.works);
  assert.deepEqual(subscriptions, [options]);
});

test("enablePush subscribes with a good key, and tells the gateway and the worker", async () => {
  const asked = [];
  const fetch = async (url, { method, body }) => {
    const { pathname } = new URL(url);
    asked.push([method, pathname, body && JSON.parse(body)]);
    const content = { "/v1/push/web": { public_key: "BA", accepted_keys: ["BA", "BQ"] }, "/v1/login-security": { account_tag: "anna", email: "a•••@example.com" } }[pathname];
    return new Response(JSON.stringify(content ?? {}), { headers: { "content-type": "application/json" } });
  };
  const made = (key) => ({ options: { applicationServerKey: Uint8Array.of(...key).buffer }, toJSON: () => ({ endpoint: "https://push.example", expirationTime: null, keys: { p256dh: "p", auth: "a" } }), unsubscribe: async () => (current = null) });
  let current = made([8]);
  const pushManager = { getSubscription: async () => current, subscribe: async (options) => (subscriptions.push(options), (current = made([4]))) };
  Object.defineProperty(globalThis, "navigator", { value: { serviceWorker: {} }, configurable: true });
  globalThis.PushManager = class {};
  const storage = new Map();
  const client = new TwostepClient("https://id.example.com", { fetch, storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) } });
  client.signIn({ session: { access_token: "a", refresh_token: "r", expires_in: 900 } });

  globalThis.Notification = { requestPermission: async () => "denied" };
  assert.equal(await client.enablePush({ registration: { pushManager } }), "denied");
  globalThis.Notification = { requestPermission: async () => "granted" };
  // The key of the subscription is good no more; the one after it is.
  for (const subscribed of [1, 1]) {
    assert.equal(await client.enablePush({ registration: { pushManager } }), "on");
    assert.deepEqual(subscriptions, Array(subscribed).fill({ userVisibleOnly: true, applicationServerKey: "BA" }));
  }
  const push = { provider: "webpush", endpoint: "https://push.example", keys: { p256dh: "p", auth: "a" } };
  assert.deepEqual(asked.find(([method]) => method === "PATCH"), ["PATCH", "/v1/devices/current", { push, notifications_allowed: true }]);
  assert.equal(await cache.get("/anna").text(), "a•••@example.com");
});
