// A forgotten password: asking for a link by mail, and choosing a new one with what the link holds.

import { call, words } from "./api.js";
import { field, h, show } from "./dom.js";
import { repeated } from "./sdk/repeat.js";
import { strength } from "./sign-in.js";
import { t } from "./text.js";

const hello = (title, lead) => h("div", { class: "hello" }, h("h1", {}, t(title)), lead && h("p", { class: "soft" }, t(lead)));

/** Asks whose password. `onBack(email)` leads to the form for signing in. */
export function showForgot({ email = "", isAsked = false, onBack }) {
  const address = h("input", { id: "email", type: "email", name: "email", autocomplete: "username", required: true, maxlength: 254, value: email, "aria-describedby": "problem" });
  const error = h("p", { class: "error", id: "problem", role: "alert" });
  const button = h("button", { class: "main", type: "submit" }, t("forgot-button"));
  const back = () => h("button", { type: "button", class: "plain", id: "back", onclick: () => onBack(address.value) }, t("back-to-sign-in"));

  async function submit(event) {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    try {
      await call("POST", "/v1/password-resets", { email: address.value.trim() });
      asked();
    } catch (problem) {
      error.textContent = words(problem);
      address.focus();
    }
    button.disabled = false;
  }

  function form() {
    isAsked = false;
    show([hello("forgot-title", "forgot-lead"), h("div", { class: "card" },
      h("form", { onsubmit: submit, id: "forgot-form" }, field("email", t("email"), address), error, button), h("div", { class: "row" }, back()))], { narrow: true, focus: false });
    address.focus();
  }

  /** The same for every address: who has an account is nobody's business. */
  function asked() {
    isAsked = true;
    show([hello("forgot-asked-title"), h("div", { class: "card", id: "asked-for-link" },
      h("p", { role: "alert" }, t("forgot-asked")),
      h("h2", {}, t("forgot-none")),
      h("ul", { class: "ticks" }, [t("forgot-none-spam"), t("forgot-none-address", { address: address.value.trim() }), t("forgot-none-mailbox")].map((text) => h("li", {}, text))),
      h("div", { class: "row" }, h("button", { type: "button", id: "forgot-again", onclick: form }, t("forgot-again")), back()))], { narrow: true });
  }

  if (isAsked) asked();
  else form();
  return { typed: () => ({ email: address.value, isAsked }) };
}

/** Asks for a new password. `link` has `id` and `secret`; `onDone()`, `onOver()` and `onCancel()` say how it went on. */
export function showNewPassword({ link, secret = "", onDone, onOver, onCancel }) {
  const password = h("input", { id: "reset-password", type: "password", name: "password", required: true, autocomplete: "new-password", minlength: 8, maxlength: 128, value: secret, "aria-describedby": "password-rule problem" });
  const error = h("p", { class: "error", id: "problem", role: "alert" });
  const button = h("button", { class: "main", type: "submit" }, t("change-password"));

  async function submit(event) {
    event.preventDefault();
    error.textContent = "";
    password.removeAttribute("aria-invalid");
    button.disabled = true;
    const body = { secret: link.secret, password: password.value };
    try {
      await repeated(() => call("POST", `/v1/password-resets/${encodeURIComponent(link.id)}`, body));
      return onDone();
    } catch (problem) {
      if (problem.code === "unauthorized" || problem.code === "not_found") return onOver();
      error.textContent = words(problem);
      if (problem.status === 400) password.setAttribute("aria-invalid", "true");
      password.focus();
      button.disabled = false;
    }
  }

  show([hello("reset-title", "reset-lead"), h("div", { class: "card" },
    h("form", { onsubmit: submit, id: "reset-form" },
      field("reset-password", t("next-password"), password, h("p", { class: "soft small", id: "password-rule" }, t("password-rule")), strength(password)),
      error, h("div", { class: "row" }, button, h("button", { type: "button", class: "plain", onclick: onCancel }, t("cancel")))))], { narrow: true, focus: false });
  password.focus();
  return { typed: () => ({ secret: password.value }) };
}

/** Says that a link is worth nothing any more. */
export function showLinkOver({ onAgain, onBack }) {
  show([hello("link-over-title"), h("div", { class: "card", id: "link-over" }, h("p", { role: "alert" }, t("link-over")),
    h("div", { class: "row" }, h("button", { type: "button", class: "main", id: "link-again", onclick: onAgain }, t("link-again")), h("button", { type: "button", class: "plain", id: "back", onclick: onBack }, t("back-to-sign-in"))))], { narrow: true });
  return { typed: () => ({}) };
}
