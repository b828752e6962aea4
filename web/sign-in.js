// Create an account, or sign in.

import { call, device, words } from "./api.js";
import { field, h, show } from "./dom.js";
import { t } from "./text.js";

/**
 * Shows the screen. `onChallenge(challenge)` and `onSignedIn()` say how it went on, `onSwitch(options)` asks for the other
 * form, `onForgot(options)` for a new password. The `typed()` of what it returns is what another such screen begins with.
 */
export function showSignIn({ mode = "sign-in", notice = null, email = "", secret = "", onChallenge, onSignedIn, onSwitch, onForgot }) {
  const isOpen = document.body.dataset.registration !== "closed";
  const creating = mode === "create" && isOpen;
  const address = h("input", { id: "email", type: "email", name: "email", autocomplete: "username", required: true, maxlength: 254, value: email, "aria-describedby": "problem" });
  const password = h("input", { id: "password", type: "password", name: "password", required: true, autocomplete: creating ? "new-password" : "current-password", minlength: creating ? 8 : null, maxlength: 128, value: secret, "aria-describedby": creating ? "password-rule problem" : "problem" });
  const error = h("p", { class: "error", id: "problem", role: "alert" });
  const button = h("button", { class: "main", type: "submit" }, t(creating ? "create-button" : "sign-in-button"));
  const other = () => onSwitch({ mode: creating ? "sign-in" : "create", email: address.value });

  async function submit(event) {
    event.preventDefault();
    error.textContent = "";
    for (const input of [address, password]) input.removeAttribute("aria-invalid");
    button.disabled = true;
    try {
      const body = { email: address.value.trim(), password: password.value, device: device() };
      const answer = await call("POST", creating ? "/v1/accounts" : "/v1/sign-in", body);
      // What was typed comes back with Cancel, and shows a typing error before a mail is waited for.
      if (answer.challenge) onChallenge({ ...answer.challenge, typed_email: body.email });
      else onSignedIn();
    } catch (problem) {
      error.textContent = words(problem);
      if (problem.code === "invalid_credentials") password.setAttribute("aria-invalid", "true");
      password.focus();
      button.disabled = false;
    }
  }

  show([
    h("div", { class: "hello" }, h("h1", {}, t(creating ? "create-title" : "sign-in-title")), h("p", { class: "soft" }, t(creating ? "create-lead" : "sign-in-lead"))),
    notice && h("div", { class: `note ${notice === "reset-done" ? "good" : "warm"}`, role: "alert", id: "notice" }, t(notice)),
    h("div", { class: "card" },
      h("form", { onsubmit: submit, id: "sign-in" },
        field("email", t("email"), address),
        field("password", t("password"), password, creating && h("p", { class: "soft small", id: "password-rule" }, t("password-rule")), creating && strength(password, address)),
        error, button),
      h("div", { class: "links small" },
        !creating && h("p", {}, h("button", { class: "plain", type: "button", id: "forgot", onclick: () => onForgot({ email: address.value }) }, t("forgot"))),
        isOpen && h("p", {}, t(creating ? "have-account" : "no-account"), " ",
          h("button", { class: "plain", type: "button", id: "other-mode", onclick: other }, t(creating ? "sign-in-button" : "create-button"))))),
  ].filter(Boolean), { narrow: true, focus: !notice });
  (address.value ? password : address).focus();
  return { typed: () => ({ email: address.value, secret: password.value }) };
}

/** How strong a new password is, as the gateway sees it; nothing where it does not say. */
export function strength(password, address = null) {
  const bars = [1, 2, 3, 4].map(() => h("i"));
  const text = h("p", { class: "soft small", "aria-live": "polite" });
  const meter = h("div", { class: "strength" }, h("div", { class: "meter", "aria-hidden": "true" }, bars), text);
  let timer = 0;
  password.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!password.value) return draw(-1, "");
      const asked = password.value;
      try {
        const found = await call("POST", "/v1/password-strength", { password: asked, ...(address?.value.includes("@") && { email: address.value.trim() }) });
        if (asked === password.value) draw(found.score, [t(`strength-${found.score}`), found.is_common ? t("strength-common") : found.warning?.text, found.suggestions?.[0]?.text].filter(Boolean).join(" "));
      } catch {
        // The gateway says it when the password is sent.
        draw(-1, "");
      }
    }, 300);
  });
  function draw(score, words) {
    bars.forEach((bar, at) => bar.classList.toggle("on", at < Math.max(score, score < 0 ? 0 : 1)));
    text.textContent = words;
  }
  return meter;
}
