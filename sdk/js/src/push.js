// Codes for a browser whose page is closed: the subscription, and what its worker has to know.

/** Where a push service does not answer, as behind some firewalls, a browser would wait for ever. */
const PATIENCE = 20_000;
/** As in worker.js. */
const ACCOUNTS = "twostep-accounts";

/** Whether this browser can be pushed to. On iOS only a page on the Home Screen can. */
export const supportsPush = () => Boolean(globalThis.navigator?.serviceWorker && globalThis.PushManager && globalThis.Notification);

/**
 * The push address of this browser for `PATCH /v1/devices/current`; it subscribes unless it did so with a key that is still good.
 * @param {ServiceWorkerRegistration} registration with an active worker
 * @param {{public_key: string, accepted_keys: string[]}} keys the answer of `GET /v1/push/web`
 */
export async function pushAddress({ pushManager }, { public_key, accepted_keys }) {
  let subscription = await pushManager.getSubscription();
  if (subscription && !accepted_keys.includes(keyOf(subscription))) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await inTime(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: public_key }));
  const { endpoint, keys } = subscription.toJSON();
  return { provider: "webpush", endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } };
}

function keyOf({ options }) {
  const bytes = new Uint8Array(options?.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("The push service does not answer.")), PATIENCE)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Lets the worker name the account of a notification, where this browser has several. */
export async function rememberAccount(tag, name) {
  const names = await globalThis.caches?.open(ACCOUNTS);
  await names?.put(`/${tag}`, new Response(name));
}

/** Forgets an account, and ends the subscription when it was the last one. */
export async function forgetAccount(registration, tag) {
  const names = await globalThis.caches?.open(ACCOUNTS);
  await names?.delete(`/${tag}`);
  if (names && (await names.keys()).length) return;
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

/** Tells the worker which codes this page shows, so that nobody is called for what they look at. `isShown(challenge id, generation)`. */
export function answerWorker(isShown) {
  globalThis.navigator?.serviceWorker?.addEventListener("message", ({ data, ports: [port] }) => {
    if (data?.type !== "twostep_on_screen") return;
    port.postMessage(document.visibilityState === "visible" && isShown(data.challenge_id, data.generation));
  });
}

/** `enablePush` of the client. */
export async function enablePush(client, { registration, name }) {
  if (!supportsPush()) return "unsupported";
  // First of all: browsers let a page ask only while a click is being handled.
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const keys = await client.call("GET", "/v1/push/web");
  if (!keys.public_key) return "off";
  const push = await pushAddress(registration, keys);
  await client.signedCall("PATCH", "/v1/devices/current", { push, notifications_allowed: true });
  const { account_tag, email } = await client.security();
  await rememberAccount(account_tag, name ?? email ?? "");
  return "on";
}
