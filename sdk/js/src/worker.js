// What a service worker does with the pushes of a Twostep gateway: it shows them, says so, and takes "this wasn't me". It imports
// nothing: the gateway serves the same file to its own page as a classic script, which every browser takes for a worker.

/** How long a window may take to say that it shows the code already, in milliseconds. */
const WINDOW_PATIENCE = 300;
/** How long a call may take: a browser lets a click open a window for a few seconds only. */
const CALL_PATIENCE = 4000;
/** Waits before a receipt is sent again. */
const RECEIPT_WAITS = [500, 2000];
/** How long the text that a code is no longer needed stays. */
const WITHDRAWN_FOR = 4000;
/** The cache with the names of this browser's accounts; push.js writes it. A worker cannot read localStorage. */
const ACCOUNTS = "twostep-accounts";

const TEXTS = {
  en: {
    deny: "This wasn’t me", near: (place) => `Near ${place}`,
    denied: ["Request stopped", "Somebody may know your password. Change it now."],
    over: ["This request is already over", "Check your login activity to make sure it was you."],
  },
  de: {
    deny: "Das war ich nicht", near: (place) => `Nahe ${place}`,
    denied: ["Anfrage gestoppt", "Jemand kennt vielleicht Ihr Passwort. Ändern Sie es jetzt."],
    over: ["Diese Anfrage ist schon vorbei", "Sehen Sie in den Anmeldeaktivitäten nach, ob Sie es waren."],
  },
  hu: {
    deny: "Ez nem én voltam", near: (place) => `${place} közelében`,
    denied: ["A kérést leállítottuk", "Valaki ismerheti a jelszavát. Változtassa meg most."],
    over: ["Ez a kérés már véget ért", "Nézze meg a bejelentkezési előzményekben, hogy Ön volt-e."],
  },
};

const texts = (language) => TEXTS[language] ?? TEXTS.en;

/**
 * Takes a `push` event, if it is of a gateway.
 * @param {PushEvent} event
 * @param {object} [options]
 * @param {string} [options.gateway] where the gateway is; the worker's own origin when it is left out.
 * @param {string} [options.icon] a picture for the notifications.
 * @param {string} [options.badge] a small one in one colour.
 * @returns {boolean} whether it was.
 */
export function handlePush(event, options = {}) {
  const message = read(event);
  if (!message) return false;
  event.waitUntil(take(message, options));
  return true;
}

/**
 * Takes a `notificationclick` event, if it is of a notification of `handlePush`: "this wasn't me", or the way to the page.
 * @param {NotificationEvent} event
 * @param {object} [options] those of `handlePush`, and:
 * @param {string} [options.page] the page that shows codes; "/" when it is left out.
 * @returns {boolean} whether it was.
 */
export function handleNotificationClick(event, options = {}) {
  const { notification, action } = event;
  if (!notification.data?.twostep) return false;
  event.waitUntil(action === "deny" ? deny(notification, options) : look(notification, options));
  return true;
}

/** Takes a `pushsubscriptionchange` event: subscribes anew as before. The gateway learns of it by `enablePush` at the next visit. */
export function handleSubscriptionChange(event) {
  const options = event.newSubscription ? null : event.oldSubscription?.options;
  if (options) event.waitUntil(globalThis.registration.pushManager.subscribe(options));
}

/** What a push says. Safari gives a worker no data of what it can show by itself (Declarative Web Push), only that notification. */
function read({ data: pushed, notification, proposedNotification }) {
  try {
    const message = pushed ? pushed.json() : (notification ?? proposedNotification).data;
    return (message.challenge_id ?? message.alert_id) && message.account_tag ? message : null;
  } catch {
    return null;
  }
}

async function take(message, options) {
  const tag = message.challenge_id ?? message.alert_id;
  await closeExpired();
  const [before] = await globalThis.registration.getNotifications({ tag });
  if (message.type === "withdraw") return withdraw(message, tag, options);
  // What is shown is newer, or the same with the code.
  const earlier = before?.data?.generation;
  if (earlier > message.generation) return;
  const isSame = earlier === message.generation;
  if (isSame && message.type === "pending") return;
  // Who has it before their eyes need not be called.
  const isSilent = message.type === "pending" || isSame || (await isOnScreen(message));
  await showCode(message, { tag, silent: isSilent, renotify: Boolean(before) && !isSilent }, options);
}

async function showCode(message, how, options) {
  const isCode = message.type === "code";
  const { icon, badge } = options;
  try {
    await globalThis.registration.showNotification(message.title, {
      ...how, icon, badge, body: await body(message), lang: message.language, timestamp: Date.parse(message.requested_at ?? "") || Date.now(),
      // A code stays until it is used, withdrawn or out of date.
      requireInteraction: isCode, actions: isCode ? actions(message.language) : [], data: data(message),
    });
  } catch (problem) {
    if (isCode) await sayShown(message.receipt, false, options);
    throw problem;
  }
  // The code was used, or somebody gave up, while the push was on its way.
  if (isCode && (await sayShown(message.receipt, true, options)) === 410) await close(how.tag);
}

/** The text, and what it does not say already of who asks, from where and when; and for whom, where that is a question. */
async function body({ body: text, requester, location: place, requested_at: at, language, account_tag: account }) {
  const time = at && new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(at));
  const unsaid = (fact) => fact && !text.includes(fact);
  const facts = [unsaid(requester) && requester, unsaid(place) && texts(language).near(place), time].filter(Boolean);
  return [text, facts.join(" · "), await nameOf(account)].filter(Boolean).join("\n");
}

/** There is no "Copy code": a worker has no clipboard, a page may use it only once it was clicked itself, and the code is for another device. */
const actions = (language) => (globalThis.Notification?.maxActions > 0 ? [{ action: "deny", title: texts(language).deny }] : []);

function data({ challenge_id, alert_id, generation, language, receipt, requested_at, expires_at }) {
  // The clock of this computer may be wrong: how long a code lives at most is counted from its arrival.
  const until = requested_at ? Date.now() + Date.parse(expires_at) - Date.parse(requested_at) : Date.parse(expires_at);
  return { twostep: true, challenge_id, alert_id, generation, language, receipt, until };
}

/** The name of an account, where this browser knows several. */
async function nameOf(account) {
  if (!globalThis.caches) return null;
  const names = await caches.open(ACCOUNTS);
  const found = await names.match(`/${account}`);
  return found && (await names.keys()).length > 1 ? found.text() : null;
}

/** Whether a window that can be seen shows the code: apps answer by `answerWorker` of push.js. */
async function isOnScreen({ challenge_id, generation }) {
  if (!challenge_id) return false;
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const asked = windows.filter((window) => window.visibilityState === "visible").map((window) => ask(window, { type: "twostep_on_screen", challenge_id, generation }));
  return (await Promise.all(asked)).includes(true);
}

function ask(window, question) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (answer) => {
      clearTimeout(timer);
      port1.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), WINDOW_PATIENCE);
    port1.onmessage = (event) => end(event.data === true);
    window.postMessage(question, [port2]);
  });
}

/** Browsers want every push to show something when it was handled: the text that there is nothing to do, for a moment. */
async function withdraw(message, tag, { icon, badge }) {
  // "This wasn't me" was said here, and what to do next is still to be read.
  if ((await globalThis.registration.getNotifications({ tag: deniedTag(tag) })).length) return close(tag);
  const { title, body: text, language, generation } = message;
  const gone = { twostep: true, generation, language, until: Date.now() };
  await globalThis.registration.showNotification(title, { body: text, tag, lang: language, silent: true, icon, badge, data: gone });
  // Not waited for; a worker that is stopped before closes it when it wakes up.
  setTimeout(() => close(tag), WITHDRAWN_FOR);
}

async function close(tag) {
  for (const one of await globalThis.registration.getNotifications({ tag })) one.close();
}

async function closeExpired() {
  for (const one of await globalThis.registration.getNotifications()) if (one.data?.twostep && one.data.until <= Date.now()) one.close();
}

const deniedTag = (tag) => `${tag}.denied`;

async function deny(notification, options) {
  const { receipt, language } = notification.data;
  const status = await post({ receipt, deny: true }, options);
  const said = { 204: texts(language).denied, 410: texts(language).over }[status];
  // It stays, and the page has the same button.
  if (!said) return openPage(options);
  const { icon, badge } = options;
  const until = Date.now() + 600_000;
  await globalThis.registration.showNotification(said[0], {
    body: said[1], tag: deniedTag(notification.tag), lang: language, icon, badge, data: { twostep: true, language, until },
  });
  notification.close();
}

async function look(notification, options) {
  // A code stays, in case the page asks to sign in first.
  if (!notification.data.receipt) notification.close();
  await openPage(options);
}

async function openPage({ page = "/" }) {
  const address = new URL(page, location.href);
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find(({ url }) => new URL(url).origin === address.origin && new URL(url).pathname === address.pathname);
  await (open ? open.focus() : clients.openWindow(address.href));
}

/** Says whether the code is on the screen; again, where no answer comes. Returns the status of the answer. */
async function sayShown(receipt, shown, options) {
  if (!receipt) return 0;
  for (const wait of [...RECEIPT_WAITS, null]) {
    const status = await post({ receipt, shown }, options);
    if ((status && status < 500) || wait === null) return status;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** The status of the answer; 0 when none came. */
async function post(body, { gateway = location.origin }) {
  const signal = AbortSignal.timeout(CALL_PATIENCE);
  const call = { method: "POST", headers: { "content-type": "application/json" }, credentials: "omit", cache: "no-store", signal, body: JSON.stringify(body) };
  return fetch(new URL("/v1/receipts", gateway), call).then(({ status }) => status, () => 0);
}
