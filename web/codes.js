// A trusted device: codes that others ask for, as cards, and "This wasn't me".

import { secondsUntil, signedCall, words } from "./api.js";
import { announce, ask, everyTick, h } from "./dom.js";
import { closeNotification, notify, whenWorkerAsks } from "./push.js";
import { clock, dateTime, grouped, isolated, t } from "./text.js";

// When each challenge was first heard of: a later code, or the same one after a reconnect, does not make it younger.
const firstSent = new Map();

const isVisible = () => document.visibilityState === "visible";

/** The place on the page where codes appear. `onAlarm()` is called when somebody said "this wasn't me". */
export class Codes {
  constructor(live, { onAlarm, onChange }) {
    this.element = h("div", { class: "stack", id: "codes", role: "region", "aria-label": t("codes-region") });
    this.element.hidden = true;
    /** By challenge: { card, code, notified, said }; `notified` promises whether a notification is shown, `said` is the latest receipt. */
    this.shown = new Map();
    Object.assign(this, { live, onAlarm, onChange });
    whenWorkerAsks((id, generation) => this.shown.get(id)?.code.generation >= generation);
    live.addEventListener("code", (event) => this.#code(event.detail));
    live.addEventListener("code_again", (event) => this.#again(event.detail));
    live.addEventListener("challenge_closed", (event) => this.#closed(event.detail));
  }

  /** The page can be seen again: so can the cards that were put on it meanwhile. */
  seen() {
    for (const one of this.shown.values()) if (!one.said) this.#confirm(one);
  }

  #code(code) {
    const id = code.challenge_id;
    this.#remove(id);
    if (!firstSent.has(id)) firstSent.set(id, code.sent_at);
    const one = { card: this.#card(code), code, notified: notify(code), said: false };
    this.shown.set(id, one);
    this.element.hidden = false;
    this.element.prepend(one.card);
    this.#confirm(one);
    document.title = `${grouped(code.code)} · Twostep`;
    everyTick(one.card, () => this.#tick(one.card, code));
  }

  /** It was sent again, after a reconnect: what is true now may differ from what was said. */
  #again(code) {
    const one = this.shown.get(code.challenge_id);
    if (one) this.#confirm(one);
    else this.live.receipt(code, false);
  }

  /** On the screen only where the page can be seen; a hidden one that may not notify lets push take over. */
  async #confirm(one) {
    const said = isVisible() || (await one.notified);
    if (this.shown.get(one.code.challenge_id) !== one) return;
    one.said = said;
    this.live.receipt(one.code, said);
  }

  #card({ challenge_id: id, code, purpose, requester }) {
    const denying = h("button", { type: "button", class: "bad", onclick: () => this.#deny(id) }, t("not-me"));
    const facts = [[t("who"), `${isolated(requester.name)} (${isolated(requester.model)})`], [t("where"), requester.location ?? t("place-unknown")], [t("address"), requester.ip], [t("when"), dateTime(firstSent.get(id))]];
    return h("section", { class: "card asked", "data-challenge": id, "data-purpose": purpose, "aria-label": t("code-card") },
      h("div", { role: "alert" }, h("h2", {}, t(`code-asked-${purpose}`)), h("p", { class: "digits" }, grouped(code)), h("p", { class: "soft" }, t("code-use"))),
      h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("p", { class: "soft small wide" }, t("place-approximate")),
      h("div", { class: "head wide" }, denying, h("span", { class: "soft time" })));
  }

  #tick(card, code) {
    const left = secondsUntil(code.expires_at);
    card.querySelector(".time").textContent = t("good-for", { time: clock(left) });
    if (left <= 0) this.#over(code.challenge_id);
  }

  #closed({ challenge_id: id, outcome }) {
    firstSent.delete(id);
    closeNotification(id);
    if (!this.shown.has(id)) return;
    this.#remove(id);
    announce(t(`card-${outcome}`));
    this.onChange();
  }

  #over(id) {
    this.#remove(id);
    closeNotification(id);
  }

  #remove(id) {
    this.shown.get(id)?.card.remove();
    this.shown.delete(id);
    this.element.hidden = this.shown.size === 0;
    if (this.element.hidden) document.title = t("title");
  }

  async #deny(id) {
    try {
      await signedCall("POST", `/v1/challenges/${id}/deny`);
      this.#over(id);
      this.onAlarm();
    } catch (problem) {
      if (problem.code === "challenge_closed") this.#over(id);
      announce(words(problem));
    }
  }
}

/** What to do after "this wasn't me". Only a trusted device can remove the others. */
export function advice({ isTrusted, onPassword, onSignOutOthers, onUndo }) {
  return ask({
    title: t("advice-title"),
    content: [h("p", {}, t("advice-lead")),
      h("ol", { class: "steps" }, h("li", {}, t("advice-password")), h("li", {}, t("advice-strong")), h("li", {}, t("advice-everywhere"))),
      isTrusted && h("div", { class: "row" }, leaving("advice-others", t("remove-others"), onSignOutOthers)),
      isTrusted && onUndo && h("div", { class: "note" }, h("p", {}, t("advice-undo")), h("div", { class: "row" }, leaving("advice-undo", t("undo"), onUndo)))].filter(Boolean),
    confirm: t("change-password"), cancel: t("later"), problem: words,
  }).then((yes) => yes && onPassword());
}

/** A button that closes its dialog and goes on elsewhere. */
function leaving(id, text, next) {
  return h("button", { type: "button", id, onclick: (event) => { event.target.closest("dialog").close("no"); next(); } }, text);
}
