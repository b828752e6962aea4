// What the owner can still come in by on a new device, and the codes to keep on paper. Those are in memory and in their dialog only.

import { now, signedCall, words } from "./api.js";
import { removeAuthenticator, setUpAuthenticator } from "./authenticator.js";
import { ask, field, h, ownName } from "./dom.js";
import { dateTime, many, t } from "./text.js";

/** So few codes are soon none. */
const FEW = 2;

/** The card of the ways. `onChange(text)` says that something is different now. */
export class Ways {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.element = h("section", { class: "card", id: "ways", "aria-labelledby": "ways-title" });
    this.offerNote = null;
  }

  draw(security, isTrusted) {
    this.security = security;
    const { ways, two_step: { enabled } } = security;
    // While the password alone is enough, nothing else is needed.
    this.element.hidden = !enabled;
    if (ways.recovery_codes.left > 0) this.offerNote?.remove();
    if (!enabled) return this.element.replaceChildren();
    this.element.replaceChildren(
      h("div", { class: "head" }, h("h2", { id: "ways-title" }, t("ways"))),
      h("p", { class: "soft" }, t("ways-lead")),
      ...warning(ways),
      h("ul", { class: "list" }, devices(ways.trusted_devices), this.#codes(ways.recovery_codes, isTrusted), this.#authenticator(ways.authenticator, isTrusted), mailbox(ways, security.email)));
  }

  #codes({ left, made_at: at }, isTrusted) {
    const text = left > 0 ? many("ways-codes", left, { at: dateTime(at) }) : t(at ? "ways-codes-used" : "ways-codes-none");
    return way("codes", left > FEW ? "ready" : left > 0 ? "few" : "none", text,
      isTrusted
        ? h("div", { class: "row" }, h("button", { type: "button", id: "make-codes", onclick: () => this.make() }, t(at ? "codes-make-again" : "codes-make")))
        : h("p", { class: "soft small" }, t("ways-codes-elsewhere")));
  }

  #authenticator(app, isTrusted) {
    const text = app ? t("ways-authenticator", { at: dateTime(app.made_at) }) : t("ways-authenticator-none");
    const button = (id, name, act) => h("button", { type: "button", id, onclick: act }, t(name));
    return way("authenticator", app ? "ready" : "none", text,
      isTrusted
        ? h("div", { class: "row" }, button("set-up-authenticator", app ? "authenticator-set-up-again" : "authenticator-set-up", () => this.#setUp()), app && button("remove-authenticator", "authenticator-remove", () => this.#forget()))
        : !app && h("p", { class: "soft small" }, t("authenticator-elsewhere")));
  }

  async #setUp() {
    if (await setUpAuthenticator({ email: this.security.full_email })) this.onChange(t("authenticator-done"));
  }

  async #forget() {
    if (await removeAuthenticator()) this.onChange(t("authenticator-removed"));
  }

  /** What is best done at once when two-step verification was turned on. `onDone` is called when it was answered. */
  offer(onDone) {
    const later = () => (this.offerNote.remove(), onDone(), document.getElementById("make-codes")?.focus());
    const make = async () => (await this.make()) && onDone();
    this.offerNote = h("div", { class: "note", id: "offer-codes" }, h("p", {}, t("codes-offer")),
      h("div", { class: "row" }, h("button", { type: "button", class: "main", onclick: make }, t("codes-make")), h("button", { type: "button", class: "plain", onclick: later }, t("later"))));
    return this.offerNote;
  }

  /** Makes codes with the password, and shows them once. */
  async make() {
    const { full_email: email, ways: { recovery_codes: { left } } } = this.security;
    const password = h("input", { id: "codes-password", type: "password", autocomplete: "current-password", required: true });
    let codes = [];
    const done = await ask({
      title: t("codes-make"), confirm: t("codes-make-button"), cancel: t("cancel"), problem: words,
      content: [h("p", {}, t("codes-make-lead")), left > 0 && h("p", { class: "note warm" }, t("codes-replace")), ownName(email), field("codes-password", t("password"), password)].filter(Boolean),
      act: async () => ({ codes } = await signedCall("POST", "/v1/login-security/recovery-codes", { password: password.value })),
    });
    if (!done) return false;
    await keep(codes, this.security.email);
    document.getElementById("make-codes")?.focus();
    this.onChange(t("codes-made"));
    return true;
  }
}

/** One row: what it is, whether it works now, and more about it. */
function way(name, state, text, ...more) {
  const look = { ready: "good", open: "warm", few: "warm" }[state] ?? "";
  return h("li", { "data-way": name }, h("div", { class: "what" },
    h("div", { class: "row" }, h("h3", {}, t(`way-${name}`)), h("span", { class: `badge ${look}` }, t(`way-state-${state}`))),
    h("p", { class: "soft small" }, text), ...more));
}

function devices({ count, reachable, last_seen_at: seen }) {
  const state = reachable > 0 ? "ready" : count > 0 ? "open" : "none";
  return way("devices", state, count > 0 ? many("ways-devices", count, { reachable }) : t("ways-devices-none"), proven(seen));
}

function mailbox({ email, email_proven_at: at }, address) {
  return way("mail", email ? "ready" : "off", email ? t("ways-mail", { address }) : t("ways-mail-off"), email && proven(at));
}

/** When a way was last seen to work. */
const proven = (at) => at && h("p", { class: "soft small" }, t("ways-proven", { at: dateTime(at) }));

function warning({ trusted_devices: { count }, recovery_codes: { left }, authenticator, email }) {
  const ways = [count > 0, left > 0, authenticator, email].filter(Boolean).length;
  const said = [ways === 0 && t("ways-left-none"), ways === 1 && t("ways-left-single"), left > 0 && left <= FEW && many("ways-few", left)].filter(Boolean);
  return said.length ? [h("div", { class: "note warm", id: "ways-warning" }, said.map((text) => h("p", {}, text)))] : [];
}

/** Shows the codes until their owner says that they are kept. They are nowhere else, and leave the page with the dialog. */
async function keep(codes, email) {
  const name = { service: `Twostep (${location.host})` };
  const what = [t("codes-paper-title", name), t("codes-paper-use", name), t("codes-paper-made", { at: dateTime(now()), account: email ?? location.host })];
  const said = h("p", { class: "soft small", id: "codes-said", role: "status" });
  const say = (key) => (said.textContent = t(key));
  const button = (id, text, act) => h("button", { type: "button", id, onclick: act }, t(text));
  await ask({
    title: t("codes-title"), confirm: t("codes-kept"), kind: "paper",
    content: [
      h("p", { class: "no-paper" }, t("codes-lead")),
      h("p", { class: "paper-only strong" }, what[0]),
      h("p", { class: "paper-only" }, what[1]),
      h("ul", { class: "paper-codes", id: "paper-codes", translate: "no", "aria-label": t("way-codes") }, codes.map((code) => h("li", {}, code))),
      h("p", { class: "paper-only" }, what[2]),
      h("div", { class: "row" },
        button("copy-codes", "codes-copy", () => navigator.clipboard.writeText(codes.join("\n")).then(() => say("codes-copied"), () => say("codes-copy-failed"))),
        button("download-codes", "codes-download", () => (download([what[0], what[1], "", ...codes, "", what[2], ""]), say("codes-downloaded"))),
        button("print-codes", "codes-print", () => window.print())),
      said],
  });
}

function download(lines) {
  const address = URL.createObjectURL(new Blob([lines.join("\r\n")], { type: "text/plain" }));
  h("a", { href: address, download: "twostep-recovery-codes.txt" }).click();
  // Not before the browser has read it.
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
