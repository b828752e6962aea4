// The owner's authenticator app: set up with a picture and confirmed with its first code. The key is in its dialog only.

import { remove, signedCall, words } from "./api.js";
import { ask, field, h, ownName } from "./dom.js";
import { t } from "./text.js";

/** Sets an app up: the password, then the picture and the first code. `true` when it is good. */
export async function setUpAuthenticator({ email }) {
  const password = h("input", { id: "authenticator-password", type: "password", autocomplete: "current-password", required: true });
  let made = null;
  const asked = await ask({
    title: t("authenticator-title"), confirm: t("authenticator-next"), cancel: t("cancel"), problem: words,
    content: [h("p", {}, t("authenticator-password-lead")), ownName(email), field("authenticator-password", t("password"), password)].filter(Boolean),
    act: async () => (made = await signedCall("POST", "/v1/login-security/authenticator", { password: password.value })),
  });
  return asked && confirm(made);
}

function confirm({ uri, secret, qr_svg: svg }) {
  const code = h("input", { id: "authenticator-code", class: "code", inputmode: "numeric", autocomplete: "one-time-code", spellcheck: "false", required: true });
  return ask({
    title: t("authenticator-title"), confirm: t("authenticator-confirm"), cancel: t("cancel"), problem: refused,
    content: [
      h("p", {}, t("authenticator-scan")),
      h("div", { class: "picture", role: "img", "aria-label": t("authenticator-picture") }, picture(svg)),
      h("p", {}, h("strong", {}, t("authenticator-key")), " ", h("code", { id: "authenticator-key", translate: "no" }, secret.replace(/(.{4})(?=.)/g, "$1 "))),
      h("p", { class: "small" }, h("a", { href: uri }, t("authenticator-open"))),
      field("authenticator-code", t("authenticator-code"), code)],
    act: () => signedCall("POST", "/v1/login-security/authenticator/confirm", { code: code.value }),
  });
}

const GONE = { wrong_code: "authenticator-wrong", invalid_request: "authenticator-wrong", not_found: "authenticator-gone" };
const refused = (problem) => (GONE[problem.code] ? t(GONE[problem.code]) : words(problem));

/** The gateway's picture, as elements: no part of the page reads it as HTML. */
const picture = (svg) => document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);

/** Forgets the app. `true` when it is gone. */
export function removeAuthenticator() {
  return ask({
    title: t("authenticator-remove-title"), danger: true, confirm: t("authenticator-remove"), cancel: t("keep"), problem: words,
    content: [h("p", {}, t("authenticator-remove-lead"))], act: () => remove("/v1/login-security/authenticator"),
  });
}
