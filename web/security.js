// Login Security: two-step verification, trusted devices, the password.

import { remove, signedCall, words } from "./api.js";
import { announce, ask, field, h, ownName, redrawn } from "./dom.js";
import { recoveryNote } from "./last-resort.js";
import { reportPermission } from "./push.js";
import { strength } from "./sign-in.js";
import { dateTime, t } from "./text.js";
import { Ways } from "./ways.js";

/** How long after a report, in milliseconds, "Undo" is the word for allowing new sign-ins again. */
const UNDO_WITHIN = 600_000;

/** The cards of an account. `push` says whether codes reach this browser; `onChallenge`, `onChange` and `onSignedOut` what goes on. */
export class Security {
  constructor(push, listeners) {
    Object.assign(this, { push, listeners });
    this.twoStep = h("section", { class: "card", id: "two-step", "aria-labelledby": "two-step-title" });
    this.ways = new Ways({ onChange: (said) => this.#changed(said) });
    this.devices = h("section", { class: "card", id: "devices", "aria-labelledby": "devices-title" });
    this.sessions = h("section", { class: "card", id: "sessions", "aria-labelledby": "sessions-title" });
    this.goingOn = [];
    /** When somebody said on this page that it was not them, in milliseconds. */
    this.alarmedAt = -Infinity;
    this.password = h("section", { class: "card", id: "password-card", "aria-labelledby": "password-title" });
  }

  draw(security) {
    this.security = security;
    // Only a trusted device may let new ones in and rename, and while two-step verification is on, remove.
    this.isTrusted = security.trusted_devices.some((device) => device.this_device);
    this.mayRemove = this.isTrusted || !security.two_step.enabled;
    redrawn(() => {
      this.#drawTwoStep();
      this.ways.draw(security, this.isTrusted);
      this.#drawDevices();
      this.#drawSessions();
      this.#drawPassword();
    });
  }

  #drawTwoStep() {
    const { two_step: { available, enabled, required, due_at: due }, email, sign_ins_frozen_at: frozen, recovery } = this.security;
    const words = enabled ? "on" : available ? "off" : "unavailable";
    const turn = h("button", { type: "button", class: "switch", id: "two-step-switch", role: "switch", "aria-checked": String(enabled), "aria-labelledby": "two-step-title", disabled: enabled ? required : !available, onclick: () => this.#turn(!enabled) }, h("i", { "aria-hidden": "true" }));
    this.twoStep.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "two-step-title" }, t("two-step")), h("span", { class: "row" }, h("span", { class: `badge ${enabled ? "good" : "warm"}` }, t(`two-step-badge-${words}`)), turn)),
      h("p", { class: "soft" }, t(`two-step-${words}`, { email })),
      ...(enabled && required ? [h("p", { class: "soft small", id: "two-step-required" }, t("two-step-required"))] : []),
      ...(due ? [h("div", { class: "note warm", id: "two-step-due" }, h("p", {}, t("two-step-due", { at: dateTime(due) })))] : []),
      ...(recovery ? [recoveryNote(recovery, () => this.#changed(t("recovery-cancelled")))] : []),
      ...(frozen ? [this.#frozen(frozen)] : []));
  }

  #frozen(at) {
    // What others caused, as by wrong codes, is not undone but allowed.
    const isOwn = Date.now() - this.alarmedAt < UNDO_WITHIN;
    return h("div", { class: "note warm" }, h("p", {}, t("frozen", { at: dateTime(at) }), " ", t(this.isTrusted ? "frozen-advice" : "frozen-elsewhere")), this.isTrusted && h("div", { class: "row" },
      h("button", { type: "button", id: "unfreeze", onclick: () => this.unfreeze() }, t(isOwn ? "undo" : "unfreeze"))));
  }

  /** Lets new devices sign in again. */
  unfreeze() {
    return this.#do(() => signedCall("POST", "/v1/login-security/unfreeze"), t("unfrozen"));
  }

  async #turn(on) {
    if (on) {
      await this.#do(async () => this.listeners.onChallenge((await signedCall("POST", "/v1/login-security/two-step", { enabled: true })).challenge));
      return;
    }
    const password = h("input", { id: "off-password", type: "password", autocomplete: "current-password", required: true });
    let answer = {};
    const done = await ask({
      title: t("off-title"), danger: true, confirm: t("off-button"), cancel: t("cancel"), problem: words,
      content: [h("p", {}, t("off-lead")), ownName(this.security.full_email), field("off-password", t("password"), password)].filter(Boolean),
      act: async () => (answer = await signedCall("POST", "/v1/login-security/two-step", { enabled: false, password: password.value })),
    });
    // On a device that is not trusted a code is asked for as well.
    if (done && answer.challenge) this.listeners.onChallenge(answer.challenge);
    else if (done) this.#changed(t("off-done"));
  }

  #drawDevices() {
    const { trusted_devices: devices } = this.security;
    const thisFirst = [...devices].sort((one, other) => other.this_device - one.this_device);
    const items = thisFirst.map((device) => h("li", { "data-device": device.id },
      icon(device.platform),
      h("div", { class: "what" },
        h("div", { class: "row" }, h("h3", {}, device.name), device.this_device && h("span", { class: "badge" }, t("this-device"))),
        h("p", { class: "soft small" }, described(device)),
        h("p", { class: "soft small" }, [device.this_device ? t("active-now") : t("last-seen", { at: dateTime(device.last_seen_at) }), device.location && t("about-there", { place: device.location })].filter(Boolean).join(" · "))),
      this.mayRemove && h("div", { class: "row actions" },
        this.isTrusted && h("button", { type: "button", class: "plain rename", "aria-label": t("rename-device", { name: device.name }), onclick: () => this.#rename(device) }, t("rename")),
        h("button", { type: "button", class: "icon remove", "aria-label": t("remove-device", { name: device.name }), onclick: () => this.#remove(device) }, "✕"))));
    this.devices.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "devices-title" }, t("devices")),
        this.isTrusted && devices.length > 1 && h("button", { type: "button", class: "plain", id: "remove-others", onclick: () => this.removeOthers() }, t("remove-others"))),
      devices.length ? h("ul", { class: "list" }, items) : h("p", { class: "empty" }, t("no-devices")),
      ...(devices.length && !this.mayRemove ? [h("p", { class: "note", id: "not-trusted" }, t("not-trusted"))] : []),
      ...this.#notifications());
  }

  /** Loads where the account is signed in. */
  async loadSessions() {
    try {
      this.goingOn = (await signedCall("GET", "/v1/sessions")).sessions;
      redrawn(() => this.#drawSessions());
    } catch (problem) {
      if (problem.code !== "unauthorized") announce(words(problem));
    }
  }

  #drawSessions() {
    const mayEnd = this.isTrusted || (!this.security.two_step.enabled && this.security.trusted_devices.length === 0);
    const thisFirst = [...this.goingOn].sort((one, other) => other.this_session - one.this_session);
    const items = thisFirst.map((session) => h("li", { "data-session": session.id },
      icon(session.device.platform),
      h("div", { class: "what" },
        h("div", { class: "row" }, h("h3", {}, session.device.name), session.this_session && h("span", { class: "badge" }, t("this-session")), !session.device.trusted && this.security.two_step.enabled && h("span", { class: "badge warm" }, t("not-a-trusted-device"))),
        h("p", { class: "soft small" }, [session.this_session ? t("active-now") : t("last-seen", { at: dateTime(session.last_used_at) }), session.location && t("about-there", { place: session.location })].filter(Boolean).join(" · "))),
      mayEnd && !session.this_session && h("div", { class: "row actions" },
        h("button", { type: "button", class: "plain end", "aria-label": t("end-session", { name: session.device.name }), onclick: () => this.#end(session) }, t("end")))));
    this.sessions.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "sessions-title" }, t("sessions")),
        mayEnd && this.goingOn.length > 1 && h("button", { type: "button", class: "plain", id: "end-others", onclick: () => this.#endOthers() }, t("end-others"))),
      h("ul", { class: "list" }, items));
  }

  async #end(session) {
    const done = await ask({
      title: t("end-title", { name: session.device.name }), danger: true, confirm: t("end"), cancel: t("keep"), problem: words,
      content: [h("p", {}, t("end-lead"))], act: () => remove(`/v1/sessions/${session.id}`),
    });
    if (done) this.#changed(t("ended"));
  }

  async #endOthers() {
    const act = () => signedCall("DELETE", "/v1/sessions");
    const done = await ask({ title: t("end-others-title"), danger: true, confirm: t("end-others"), cancel: t("keep"), problem: words, act, content: [h("p", {}, t("end-others-lead"))] });
    if (done) this.#changed(t("ended-others"));
  }

  /** What this browser allows, or could, changed. */
  drawNotifications() {
    redrawn(() => this.#drawDevices());
  }

  #notifications() {
    const { state } = this.push;
    if (!this.isTrusted || state === "unknown") return [];
    const note = (text, ...buttons) => [h("div", { class: "note", id: "notifications" }, h("p", {}, text), buttons.length > 0 && h("div", { class: "row" }, buttons))];
    const turnOn = (name) => h("button", { type: "button", id: "allow-notifications", onclick: (event) => this.#allow(event.target) }, name);
    if (state === "home_screen") return note(t("push-home-screen"));
    if (typeof Notification === "undefined") return [];
    if (Notification.permission === "denied") return note(t("notifications-denied"));
    if (Notification.permission === "default") return note(t(state === "off" ? "push-ask" : "notifications-ask"), turnOn(t("notifications-allow")));
    if (state === "off") return note(t("push-off"), turnOn(t("push-turn-on")));
    if (state === "on") return note(t("push-on"), h("button", { type: "button", id: "test-notification", onclick: () => this.#test() }, t("push-test")));
    return [];
  }

  async #allow(button) {
    // In the click itself: browsers do not ask later.
    const asked = Notification.requestPermission();
    button.disabled = true;
    await asked;
    try {
      await reportPermission();
      await this.push.turnOn(this.security);
    } catch (problem) {
      announce(problem.code ? words(problem) : t("push-failed"));
    }
    this.drawNotifications();
  }

  async #test() {
    await this.#do(async () => {
      const { outcome } = await signedCall("POST", "/v1/push/test");
      announce(t(outcome === "accepted" ? "push-tested" : "push-test-failed"));
    });
  }

  async #rename(device) {
    const name = h("input", { id: "new-name", required: true, maxlength: 100, value: device.name });
    const act = () => signedCall("PATCH", `/v1/trusted-devices/${device.id}`, { name: name.value });
    const done = await ask({ title: t("rename-device", { name: device.name }), content: [field("new-name", t("new-name"), name)], confirm: t("save"), cancel: t("cancel"), act, problem: words });
    if (done) this.#changed(t("renamed"));
  }

  async #remove(device) {
    const done = await ask({
      title: t("remove-title", { name: device.name }), danger: true, confirm: t("remove"), cancel: t("keep"), problem: words,
      content: [h("p", {}, t(device.this_device ? "remove-lead-this" : "remove-lead")), this.#lastWay(device.this_device ? 0 : 1)],
      act: () => remove(`/v1/trusted-devices/${device.id}`),
    });
    if (done && device.this_device) this.listeners.onSignedOut();
    else if (done) this.#changed(t("removed"));
  }

  /** What to know before so many of the other trusted devices go, where nothing else lets the owner in. */
  #lastWay(going) {
    const { trusted_devices: { count }, recovery_codes: { left }, authenticator, email } = this.security.ways;
    const isLast = this.security.two_step.enabled && count <= going && left === 0 && !authenticator && !email;
    return isLast ? h("p", { class: "note warm", id: "last-way" }, t("remove-last-way")) : "";
  }

  /** Trusts and keeps signed in this device only. */
  async removeOthers() {
    const act = () => signedCall("DELETE", "/v1/trusted-devices");
    const done = await ask({ title: t("remove-others"), danger: true, confirm: t("remove"), cancel: t("keep"), problem: words, act, content: [h("p", {}, t("remove-others-lead")), this.#lastWay(Infinity)] });
    if (done) this.#changed(t("removed"));
  }

  #drawPassword() {
    this.password.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "password-title" }, t("password"))),
      h("p", { class: "soft" }, t("password-lead")),
      h("div", { class: "row" },
        h("button", { type: "button", id: "change-password", onclick: () => this.changePassword() }, t("change-password")),
        h("button", { type: "button", class: "bad", id: "everywhere", onclick: () => this.changePassword(true) }, t("everywhere"))));
  }

  /** Asks for a new password; every other session ends. */
  async changePassword(everywhere = false) {
    const current = h("input", { id: "current-password", type: "password", autocomplete: "current-password", required: true });
    const next = h("input", { id: "next-password", type: "password", autocomplete: "new-password", required: true, minlength: 8, maxlength: 128, "aria-describedby": "next-rule" });
    const forget = h("input", { id: "forget-devices", type: "checkbox", checked: everywhere && this.mayRemove });
    const done = await ask({
      title: t(everywhere ? "everywhere" : "change-password"), confirm: t("change-password"), cancel: t("cancel"), problem: words,
      content: [everywhere && h("p", {}, t("everywhere-lead")), ownName(this.security.full_email), field("current-password", t("current-password"), current),
        field("next-password", t("next-password"), next, h("p", { class: "soft small", id: "next-rule" }, t("password-rule")), strength(next)),
        this.mayRemove && h("label", { class: "check", for: "forget-devices" }, forget, h("span", {}, t("forget-devices")))].filter(Boolean),
      act: () => signedCall("POST", "/v1/login-security/password", { current: current.value, new: next.value, forget_devices: forget.checked }),
    });
    if (done) this.#changed(t("password-changed"));
  }

  async #do(act, said) {
    try {
      await act();
      if (said) this.#changed(said);
    } catch (problem) {
      announce(words(problem));
    }
  }

  #changed(said) {
    announce(said);
    this.listeners.onChange();
  }
}

const PICTURES = {
  android: "M7 2h10a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm0 3v12h10V5zm5 13.2a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2z",
  web: "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-6v2h3v2H7v-2h3v-2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm0 2v9h16V6z",
  other: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zm1 2v10h14V7zm2.2 2 3 3-3 3-1.4-1.4L7.4 12 5.8 10.4zM11 13.5h5v1.8h-5z",
};

/** What kind of device it is, for the eye alone: its name says it in words. */
function icon(platform) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", class: "platform", "aria-hidden": "true" })) svg.setAttribute(name, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PICTURES[platform === "ios" ? "android" : platform] ?? PICTURES.other);
  svg.append(path);
  return svg;
}

/** What a device is, without saying anything twice; versions of an app tell nobody anything who looks at a browser. */
function described({ name, model, os_version: system, app_version: version, platform }) {
  const parts = platform === "web" ? [model, system] : [model, system, t("app-version", { version })];
  return parts.filter((part, at) => part && part !== "unknown" && part !== name && parts.indexOf(part) === at).join(" · ");
}
