// Login Security: two-step verification, trusted devices, the password.

import { signedCall, words } from "./api.js";
import { announce, ask, field, h, redrawn } from "./dom.js";
import { reportPermission } from "./codes.js";
import { strength } from "./sign-in.js";
import { dateTime, t } from "./text.js";

/** The cards of an account. `onChallenge`, `onChange` and `onSignedOut` say what goes on. */
export class Security {
  constructor(listeners) {
    this.listeners = listeners;
    this.twoStep = h("section", { class: "card", id: "two-step", "aria-labelledby": "two-step-title" });
    this.devices = h("section", { class: "card", id: "devices", "aria-labelledby": "devices-title" });
    this.password = h("section", { class: "card", id: "password-card", "aria-labelledby": "password-title" });
  }

  draw(security) {
    this.security = security;
    // Only a trusted device may let new ones in and rename, and while two-step verification is on, remove.
    this.isTrusted = security.trusted_devices.some((device) => device.this_device);
    this.mayRemove = this.isTrusted || !security.two_step.enabled;
    redrawn(() => {
      this.#drawTwoStep();
      this.#drawDevices();
      this.#drawPassword();
    });
  }

  #drawTwoStep() {
    const { two_step: { available, enabled }, email, sign_ins_frozen_at: frozen } = this.security;
    const words = enabled ? "on" : available ? "off" : "unavailable";
    const turn = h("button", { type: "button", class: "switch", id: "two-step-switch", role: "switch", "aria-checked": String(enabled), "aria-labelledby": "two-step-title", disabled: !available && !enabled, onclick: () => this.#turn(!enabled) }, h("i", { "aria-hidden": "true" }));
    this.twoStep.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "two-step-title" }, t("two-step")), h("span", { class: "row" }, h("span", { class: `badge ${enabled ? "good" : "warm"}` }, t(`two-step-badge-${words}`)), turn)),
      h("p", { class: "soft" }, t(`two-step-${words}`, { email })),
      ...(frozen ? [this.#frozen(frozen)] : []));
  }

  #frozen(at) {
    return h("div", { class: "note warm" }, h("p", {}, t("frozen", { at: dateTime(at) }), " ", t(this.isTrusted ? "frozen-advice" : "frozen-elsewhere")), this.isTrusted && h("div", { class: "row" },
      h("button", { type: "button", id: "unfreeze", onclick: () => this.#do(() => signedCall("POST", "/v1/login-security/unfreeze"), t("unfrozen")) }, t("unfreeze"))));
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
      content: [h("p", {}, t("off-lead")), field("off-password", t("password"), password)],
      act: async () => (answer = await signedCall("POST", "/v1/login-security/two-step", { enabled: false, password: password.value })),
    });
    // On a device that is not trusted a code is asked for as well.
    if (done && answer.challenge) this.listeners.onChallenge(answer.challenge);
    else if (done) this.#changed(t("off-done"));
  }

  #drawDevices() {
    const { trusted_devices: devices } = this.security;
    const items = devices.map((device) => h("li", { "data-device": device.id },
      h("div", { class: "what" },
        h("div", { class: "row" }, h("h3", {}, device.name), device.this_device && h("span", { class: "badge" }, t("this-device"))),
        h("p", { class: "soft small" }, [device.model, device.os_version, t("app-version", { version: device.app_version })].join(" · ")),
        h("p", { class: "soft small" }, [t("last-seen", { at: dateTime(device.last_seen_at) }), device.location && t("about-there", { place: device.location })].filter(Boolean).join(" · "))),
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

  #notifications() {
    if (!this.isTrusted || typeof Notification === "undefined") return [];
    const state = Notification.permission;
    if (state === "granted") return [];
    return [h("div", { class: "note" }, h("p", {}, t(state === "denied" ? "notifications-denied" : "notifications-ask")),
      ...(state === "default" ? [h("div", { class: "row" }, h("button", { type: "button", id: "allow-notifications", onclick: () => this.#allow() }, t("notifications-allow")))] : []))];
  }

  async #allow() {
    await Notification.requestPermission();
    await this.#do(reportPermission);
    this.#drawDevices();
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
      content: [h("p", {}, t(device.this_device ? "remove-lead-this" : "remove-lead"))],
      act: () => signedCall("DELETE", `/v1/trusted-devices/${device.id}`),
    });
    if (done && device.this_device) this.listeners.onSignedOut();
    else if (done) this.#changed(t("removed"));
  }

  /** Trusts and keeps signed in this device only. */
  async removeOthers() {
    const act = () => signedCall("DELETE", "/v1/trusted-devices");
    const done = await ask({ title: t("remove-others"), danger: true, confirm: t("remove"), cancel: t("keep"), problem: words, act, content: [h("p", {}, t("remove-others-lead"))] });
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
      content: [everywhere && h("p", {}, t("everywhere-lead")), field("current-password", t("current-password"), current),
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
