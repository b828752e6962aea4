// Notifications of this browser, and codes while the page is closed (Web Push).

import { call, secondsUntil, signedCall } from "./api.js";
import { answerWorker, forgetAccount, pushAddress, rememberAccount, supportsPush } from "./sdk/push.js";
import { currentLanguage, grouped, t } from "./text.js";

const mayNotify = () => typeof Notification !== "undefined" && Notification.permission === "granted";

/** The account whose codes reach this browser. */
let registered = null;
let isShown = () => false;
answerWorker((...code) => isShown(...code));

/** `answer(challenge id, generation)` says whether a card of that code is on the page. */
export const whenWorkerAsks = (answer) => (isShown = answer);

/** Whether codes reach this browser while the page is closed. */
export class Push {
  /** "unknown", "unavailable", "home_screen" (iOS: not before it is there), "off" or "on". */
  state = "unknown";

  /** Registers this browser for an account as far as its user allows; at each visit, since browsers change their subscriptions. */
  async refresh(security) {
    try {
      this.state = await this.#register(security);
    } catch {
      // What is off can be tried again by hand.
      this.state = this.state === "unknown" ? "unavailable" : "off";
    }
  }

  /** The same by hand: fails where the browser or the gateway does. */
  async turnOn(security) {
    this.state = await this.#register(security);
  }

  async #register({ account_tag: tag, email }) {
    // Safari on iOS alone has this property.
    if (navigator.standalone === false && !supportsPush()) return "home_screen";
    const registration = mayNotify() ? await workerRegistration() : null;
    if (!supportsPush()) return "unavailable";
    const keys = await call("GET", "/v1/push/web");
    if (!keys.public_key) return "unavailable";
    this.state = "off";
    if (!registration) return "off";
    const push = await pushAddress(registration, keys);
    await signedCall("PATCH", "/v1/devices/current", { push, notifications_allowed: true });
    await rememberAccount(tag, email);
    registered = tag;
    return "on";
  }
}

/** The worker of this page; null where browsers have none, as in private windows. */
async function workerRegistration() {
  if (!navigator.serviceWorker) return null;
  await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  return navigator.serviceWorker.ready;
}

const presentRegistration = () => navigator.serviceWorker?.getRegistration("/");

/** No more codes for this account, which signed out or is no longer trusted here. */
export async function forgetPush() {
  const tag = registered;
  registered = null;
  if (tag) await forgetAccount(await presentRegistration(), tag);
}

/** Shows a code beside the page, unless the worker did. Whether it is shown. */
export async function notify({ code, purpose, requester, challenge_id: tag, generation, expires_at }) {
  if (!mayNotify()) return false;
  const title = t("notification-title", { code: grouped(code) });
  const data = { twostep: true, challenge_id: tag, generation, until: Date.now() + 1000 * secondsUntil(expires_at) };
  const options = { body: t(`notification-body-${purpose}`, { device: requester.name, place: requester.location ?? requester.ip }), tag, lang: currentLanguage(), data };
  try {
    const registration = await presentRegistration();
    if (!registration?.active) {
      new Notification(title, options).onclick = () => window.focus();
      return true;
    }
    const [there] = await registration.getNotifications({ tag });
    // That of the worker says more, and takes "this wasn't me".
    if (!there || there.data.generation < generation) await registration.showNotification(title, options);
    return true;
  } catch {
    // Some systems let only service workers notify.
    return false;
  }
}

/** The code of a notification is no longer good. */
export async function closeNotification(tag) {
  const registration = await presentRegistration();
  for (const one of (await registration?.getNotifications({ tag })) ?? []) one.close();
}

/** Tells the gateway whether this browser may notify; one at a time, so that the latest answer is the last one told. */
export function reportPermission() {
  return navigator.locks.request("twostep-permission", async () => {
    if (typeof Notification === "undefined") return;
    const allowed = Notification.permission === "granted";
    if (localStorage.getItem("twostep.notifications") === String(allowed)) return;
    await signedCall("PATCH", "/v1/devices/current", { notifications_allowed: allowed });
    localStorage.setItem("twostep.notifications", String(allowed));
  });
}
