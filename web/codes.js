// A trusted device: codes that others ask for, as cards, and "This wasn't me".

import { secondsUntil, signedCall, words } from "./api.js";
import { announce, ask, everyTick, h } from "./dom.js";
import { clock, dateTime, grouped, t } from "./text.js";

/** The place on the page where codes appear. `onAlarm()` is called when somebody said "this wasn't me". */
export class Codes {
  constructor(live, { onAlarm, onChange }) {
    this.element = h("div", { class: "stack", id: "codes", role: "region", "aria-label": t("codes-region") });
    this.element.hidden = true;
    this.cards = new Map();
    Object.assign(this, { live, onAlarm, onChange });
    live.addEventListener("code", (event) => this.#code(event.detail));
    live.addEventListener("challenge_closed", (event) => this.#closed(event.detail));
  }

  #code(code) {
    this.#remove(code.challenge_id);
    const card = this.#card(code);
    this.cards.set(code.challenge_id, card);
    this.element.hidden = false;
    this.element.prepend(card);
    // On the screen only where the page can be seen; a hidden one that may not notify lets push take over.
    const notified = notify(code);
    this.live.receipt(code, document.visibilityState === "visible" || notified);
    document.title = `${grouped(code.code)} · Twostep`;
    everyTick(card, () => this.#tick(card, code));
  }

  #card({ challenge_id: id, code, requester }) {
    const denying = h("button", { type: "button", class: "bad", onclick: () => this.#deny(id) }, t("not-me"));
    const facts = [[t("who"), `${requester.name} (${requester.model})`], [t("where"), requester.location ?? t("place-unknown")], [t("address"), requester.ip], [t("when"), dateTime(Date.now())]];
    return h("section", { class: "card asked", "data-challenge": id, "aria-label": t("code-card") },
      h("div", { role: "alert" }, h("h2", {}, t("code-asked")), h("p", { class: "digits" }, grouped(code)), h("p", { class: "soft" }, t("code-use"))),
      h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("p", { class: "soft small wide" }, t("place-approximate")),
      h("div", { class: "head wide" }, denying, h("span", { class: "soft time" })));
  }

  #tick(card, code) {
    const left = secondsUntil(code.expires_at);
    card.querySelector(".time").textContent = t("good-for", { time: clock(left) });
    if (left <= 0) this.#remove(code.challenge_id);
  }

  #closed({ challenge_id: id, outcome }) {
    if (!this.cards.has(id)) return;
    this.#remove(id);
    announce(t(`card-${outcome}`));
    this.onChange();
  }

  #remove(id) {
    this.cards.get(id)?.remove();
    this.cards.delete(id);
    this.element.hidden = this.cards.size === 0;
    if (this.element.hidden) document.title = t("title");
  }

  async #deny(id) {
    try {
      await signedCall("POST", `/v1/challenges/${id}/deny`);
      this.#remove(id);
      this.onAlarm();
    } catch (problem) {
      if (problem.code === "challenge_closed") this.#remove(id);
      announce(words(problem));
    }
  }
}

/** What to do after "this wasn't me". */
export function advice({ onPassword, onSignOutOthers }) {
  return ask({
    title: t("advice-title"),
    content: [h("p", {}, t("advice-lead")),
      h("ol", { class: "steps" }, h("li", {}, t("advice-password")), h("li", {}, t("advice-strong")), h("li", {}, t("advice-everywhere"))),
      h("div", { class: "row" }, h("button", { type: "button", id: "advice-others", onclick: (event) => { event.target.closest("dialog").close("no"); onSignOutOthers(); } }, t("remove-others")))],
    confirm: t("change-password"), cancel: t("later"), problem: words,
  }).then((yes) => yes && onPassword());
}

function notify({ code, requester, challenge_id: id }) {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return false;
  try {
    const notification = new Notification(t("notification-title", { code: grouped(code) }), { body: t("notification-body", { device: requester.name, place: requester.location ?? requester.ip }), tag: id });
    notification.onclick = () => window.focus();
    return true;
  } catch {
    // Some systems let only service workers notify.
    return false;
  }
}

/** Tells the gateway whether this browser may notify. */
export async function reportPermission() {
  if (typeof Notification === "undefined") return;
  const allowed = Notification.permission === "granted";
  if (localStorage.getItem("twostep.notifications") === String(allowed)) return;
  await signedCall("PATCH", "/v1/devices/current", { notifications_allowed: allowed });
  localStorage.setItem("twostep.notifications", String(allowed));
}
