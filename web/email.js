// Another address for an account, and the way back from it.

import { call, signedCall, words } from "./api.js";
import { ask, field, h, ownName, show } from "./dom.js";
import { repeated } from "./sdk/repeat.js";
import { t } from "./text.js";

/** Asks for the new address and the password. `onChallenge(challenge)` goes on with the code that was sent there. */
export async function changeEmail({ email, onChallenge }) {
  const address = h("input", { id: "new-email", type: "email", autocomplete: "email", required: true, maxlength: 254 });
  const password = h("input", { id: "email-password", type: "password", autocomplete: "current-password", required: true });
  let answer = {};
  const done = await ask({
    title: t("email-title"), confirm: t("email-button"), cancel: t("cancel"), problem: words,
    content: [h("p", {}, t("email-lead")), ownName(email), field("new-email", t("new-email"), address), field("email-password", t("password"), password)],
    act: async () => (answer = await signedCall("POST", "/v1/login-security/email", { email: address.value.trim(), password: password.value })),
  });
  if (done) onChallenge(answer.challenge);
}

/** The change was undone. */
export const showUndone = (onBack) => ended("undo-email-done-title", "undo-email-done", onBack);

/** The link was used, or is too old. */
export const showUndoOver = (onBack) => ended("link-over-title", "undo-email-over", onBack);

function ended(title, text, onBack) {
  const button = h("button", { type: "button", class: "main", id: "back", onclick: onBack }, t("undo-email-next"));
  show([h("div", { class: "hello" }, h("h1", {}, t(title))), h("div", { class: "card", id: text }, h("p", { role: "alert" }, t(text)), h("div", { class: "row" }, button))], { narrow: true });
  return { typed: () => ({}) };
}

/** Undoes a change with what a link holds. Only by hand: programs that look through mails open links too. */
export function showUndo({ link, onDone, onOver, onBack }) {
  const error = h("p", { class: "error", id: "problem", role: "alert" });
  const later = h("button", { type: "button", class: "plain", id: "back", onclick: onBack }, t("undo-email-later"));
  const button = h("button", { type: "button", class: "bad", id: "undo-email", onclick: undo }, t("undo-email-button"));

  async function undo() {
    error.textContent = "";
    button.disabled = true;
    try {
      await repeated(() => call("POST", `/v1/email-changes/${encodeURIComponent(link.id)}/undo`, { secret: link.secret }));
      onDone();
    } catch (problem) {
      if (problem.code === "unauthorized" || problem.code === "not_found") return onOver();
      error.textContent = words(problem);
      button.disabled = false;
    }
  }

  show([h("div", { class: "hello" }, h("h1", {}, t("undo-email-title"))), h("div", { class: "card" }, h("p", {}, t("undo-email-lead")), error, h("div", { class: "row" }, button, later))], { narrow: true });
  return { typed: () => ({}) };
}
