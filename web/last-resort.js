// The last resort: asked for by whoever waits for a code and has no other way in, and cancelled by whoever is signed in.

import { call, remove, words } from "./api.js";
import { announce, ask, field, h } from "./dom.js";
import { repeated } from "./sdk/repeat.js";
import { dateTime, t } from "./text.js";

/** On the screen of a challenge: how to ask, or what was asked for. `email` is what the sign-in began with. */
export class LastResort {
  constructor({ email, onAsked }) {
    Object.assign(this, { email, onAsked });
    this.element = h("div", { class: "stack tight", id: "last-resort", hidden: true });
  }

  /** `offer` is the `last_resort` of the challenge's state; `isByEmail` says that the code can go by email anyway. */
  draw(offer, isByEmail) {
    const recovery = offer?.recovery;
    const said = !offer || (isByEmail && !recovery) ? "" : recovery ? `${recovery.state} ${recovery.ready_at}` : "offered";
    this.element.hidden = said === "";
    if (this.said === said) return;
    this.said = said;
    const hours = offer?.wait_hours;
    if (recovery) this.element.replaceChildren(h("div", { class: "note", id: "last-resort-asked" }, h("p", {}, t(`last-resort-${recovery.state}`, { at: dateTime(recovery.ready_at) }))));
    else if (said) this.element.replaceChildren(h("p", {}, t("last-resort-way", { hours })), h("div", {}, h("button", { type: "button", id: "ask-last-resort", onclick: () => this.#ask(hours) }, t("last-resort-ask"))));
  }

  async #ask(hours) {
    const email = h("input", { id: "last-resort-email", type: "email", autocomplete: "username", required: true, maxlength: 254, value: this.email ?? "" });
    const done = await ask({
      title: t("last-resort-title"), confirm: t("last-resort-confirm"), cancel: t("cancel"), problem: refused,
      content: [h("p", {}, t("last-resort-lead", { hours })), field("last-resort-email", t("email"), email)],
      act: () => repeated(() => call("POST", "/v1/recoveries", { email: email.value.trim() })),
    });
    if (!done) return;
    announce(t("last-resort-done"));
    this.onAsked();
  }
}

const refused = (problem) => (problem.code === "unauthorized" ? t("last-resort-refused") : words(problem));

/** On Login Security: that somebody asked, and the button that ends it. `onCancelled()` says that it did. */
export function recoveryNote({ id, state, asked_at: at, ready_at: ready, device, location: place }, onCancelled) {
  const cancel = h("button", { type: "button", class: "bad", id: "cancel-recovery", onclick: end }, t("recovery-cancel"));
  const from = place ? t("recovery-from-place", { device: device.name, place }) : device.name;

  async function end() {
    cancel.disabled = true;
    try {
      await remove(`/v1/recoveries/${id}`);
      onCancelled();
    } catch (problem) {
      announce(words(problem));
      cancel.disabled = false;
    }
  }

  return h("div", { class: "note bad", id: "recovery" },
    h("p", {}, t(`recovery-${state}`, { at: dateTime(at), ready: dateTime(ready), from })),
    h("p", {}, t("recovery-advice")), h("div", { class: "row" }, cancel));
}
