// The code on the new device: typing it, how it travels, and what to do when it does not come.

import { call, now, open, secondsUntil, words } from "./api.js";
import { announce, everyTick, field, h, show } from "./dom.js";
import { LastResort } from "./last-resort.js";
import { numbers, readCode } from "./sdk/code.js";
import { readEvents } from "./sdk/events.js";
import { repeated } from "./sdk/repeat.js";
import { clock, grouped, many, t } from "./text.js";

/**
 * Shows the screen of a challenge, with what was `typed` on an earlier one of it. `onDone(answer)`, `onOver(name of a text)` and
 * `onCancel()` say how it went on. `stop()` what it returns before another screen is shown.
 */
export function showVerification({ challenge, typed, onDone, onOver, onCancel }) {
  const screen = new Verification(challenge, { onDone, onOver, onCancel });
  screen.show(typed);
  return screen;
}

/** What a recovery code is good for. */
const PAPER = new Set(["sign_in", "disable_two_step"]);
/** How what is typed is named in the call, by where it comes from: a device or a mail, paper, or the owner's authenticator app. */
const FIELDS = { code: "code", paper: "recovery_code", app: "authenticator" };
/** Digits of an authenticator app's code. */
const APP_DIGITS = 6;

class Verification {
  constructor(challenge, listeners) {
    this.challenge = challenge;
    this.listeners = listeners;
    this.path = `/v1/challenges/${challenge.id}`;
    this.stopped = new AbortController();
    this.lifetime = Math.max(1, secondsUntil(challenge.expires_at));
    this.status = null;
  }

  stop() {
    this.stopped.abort();
  }

  /** What another screen of the same challenge begins with. */
  typed() {
    return { code: this.input.value, recovery: this.recovery.value, from: this.from, trust: this.trust.checked };
  }

  show({ code = "", recovery = "", from = "code", trust = true } = {}) {
    const c = this.challenge;
    this.input = h("input", { id: "code", class: "code", inputmode: "numeric", autocomplete: "one-time-code", spellcheck: "false", required: true, "aria-describedby": "code-hint problem", value: code, oninput: (event) => this.group(event, "code", this.challenge.code_length) });
    this.recovery = h("input", { id: "recovery-code", class: "recovery", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: true, maxlength: 100, "aria-describedby": "recovery-hint problem", value: recovery, oninput: () => this.recovery.removeAttribute("aria-invalid") });
    this.app = h("input", { id: "app-code", class: "code", inputmode: "numeric", autocomplete: "one-time-code", spellcheck: "false", required: true, "aria-describedby": "app-hint problem", oninput: (event) => this.group(event, "app", APP_DIGITS) });
    this.error = h("p", { class: "error", id: "problem", role: "alert" });
    this.button = h("button", { class: "main", type: "submit" }, t("verify-button"));
    this.trust = h("input", { type: "checkbox", id: "trust", checked: trust });
    this.lead = h("p", { class: "soft", id: "destination" });
    this.time = h("span", { id: "time-left" });
    this.attempts = h("span", { id: "attempts-left" });
    this.bar = h("progress", { max: 1, "aria-label": t("time-left-label") });
    this.deliveries = h("ul", { class: "ticks", id: "deliveries", "aria-live": "polite" });
    this.resend = h("button", { type: "button", id: "resend", onclick: () => this.again() }, t("resend"));
    const cancel = h("button", { type: "button", class: "plain", onclick: () => this.cancel() }, t("cancel"));
    this.first = h("div", { class: "note warm", id: "email-first", hidden: true }, h("p", {}, t("nobody-reachable")), h("div", { class: "row" }, h("button", { type: "button", class: "main", onclick: () => this.again("email") }, t("via-email"))));
    this.codeField = field("code", t("code-label"), this.input, h("p", { class: "soft small", id: "code-hint" }, many("code-hint", c.code_length)));
    this.recoveryField = field("recovery-code", t("recovery-label"), this.recovery, h("p", { class: "soft small", id: "recovery-hint" }, t("recovery-hint")));
    this.appField = field("app-code", t("authenticator-label"), this.app, h("p", { class: "soft small", id: "app-hint" }, t("authenticator-hint")));
    this.entry = h("div");
    this.other = h("button", { type: "button", class: "plain", id: "other-code", onclick: () => this.use(this.from === "code" ? "paper" : "code") });
    this.useApp = h("button", { type: "button", class: "plain", id: "use-app", onclick: () => this.use("app") }, t("authenticator-use"));
    const card = h("div", { class: "card" },
      this.first,
      this.form = h("form", { onsubmit: (event) => this.verify(event) },
        this.entry,
        h("div", {}, this.bar, h("div", { class: "facts" }, this.time, this.attempts)),
        this.error,
        c.purpose === "sign_in" && h("label", { class: "check", for: "trust" }, this.trust, h("span", {}, t("trust-device"), h("span", { class: "soft small" }, " ", t("trust-device-hint")))),
        this.button),
      this.deliveries,
      h("div", { class: "row" }, this.resend, cancel),
      PAPER.has(c.purpose) && h("div", { class: "row" }, this.useApp, this.other),
      this.helpPanel = this.help());
    show([h("div", { class: "hello" }, h("h1", {}, t(`verify-title-${c.purpose}`)), this.lead), card], { narrow: true });
    this.use(from);
    everyTick(card, () => this.tick());
    this.watch();
  }

  /** The field for a code `from` a device or a mail, from paper, or from an authenticator app. What is typed in the others stays. */
  use(from) {
    this.from = from;
    clearTimeout(this.submitting);
    this.error.textContent = "";
    this.entry.replaceChildren({ code: this.codeField, paper: this.recoveryField, app: this.appField }[from]);
    this.other.textContent = t(from === "code" ? "recovery-use" : "recovery-back");
    // About the code of a device, which is not what is asked for now.
    for (const element of [this.deliveries, this.resend, this.helpPanel]) element.hidden = from !== "code";
    // The tries of recovery codes are counted apart.
    this.attempts.hidden = from === "paper";
    this.draw();
    this.field.focus();
  }

  /** What is typed into. */
  get field() {
    return { code: this.input, paper: this.recovery, app: this.app }[this.from];
  }

  help() {
    this.hints = h("ul", { class: "ticks", id: "hints" });
    this.viaEmail = h("button", { type: "button", id: "via-email", onclick: () => (this.sendPanel.hidden = false, this.send.focus()) }, t("via-email"));
    this.send = h("button", { type: "button", class: "main", id: "send-code", onclick: () => this.again("email") }, t("send-code"));
    this.sendPanel = h("div", { class: "note", hidden: true }, h("p", {}, t("via-email-explained")), h("div", { class: "row" }, this.send));
    this.support = h("pre", { hidden: true, id: "support", tabindex: "0", "aria-label": t("support-details") });
    this.lastResort = new LastResort({ email: this.challenge.typed_email, onAsked: () => this.look() });
    const copy = h("button", { type: "button", class: "plain", id: "copy-support", onclick: () => this.copySupport() }, t("copy-support"));
    return h("details", { id: "help" }, h("summary", {}, t("no-code")),
      h("div", { class: "stack" }, h("h2", {}, t("what-is-known")), this.hints, this.viaEmail, this.sendPanel, PAPER.has(this.challenge.purpose) && this.paperWay(), this.lastResort.element, copy, this.support));
  }

  paperWay() {
    const use = h("button", { type: "button", id: "use-recovery", onclick: () => this.use("paper") }, t("recovery-use"));
    return h("div", { class: "stack tight" }, h("p", {}, t("recovery-way")), h("div", {}, use));
  }

  /** Groups the digits of a field; a whole code is sent. Once for each, so that a wrong one can be looked at. */
  group(event, from, length) {
    const input = event.target;
    const code = readCode(input.value, length);
    const atEnd = input.selectionStart === input.value.length;
    // A whole code stands alone at once, out of whatever it came with; one that is being typed is grouped.
    if (code) input.value = grouped(code);
    else if (atEnd && !/\p{L}/u.test(input.value)) input.value = grouped(numbers(input.value).join(""));
    input.removeAttribute("aria-invalid");
    clearTimeout(this.submitting);
    if (!code || code === this.tried) return;
    // Who types may still want to look; a code that came whole is sent at once.
    const wait = event.inputType === "insertText" ? 1000 : 0;
    this.submitting = setTimeout(() => this.from === from && code === readCode(input.value, length) && this.form.requestSubmit(), wait);
  }

  draw() {
    const { challenge: c, status } = this;
    this.useApp.hidden = this.from === "app" || !c.methods.includes("authenticator");
    if (this.from === "paper") this.lead.textContent = t("recovery-lead");
    else if (this.from === "app") this.lead.textContent = t("authenticator-lead");
    else this.lead.textContent = c.method === "email" ? t("goes-to-mail", { address: (c.purpose === "create_account" && c.typed_email) || c.destination }) : c.destination === 0 ? t("goes-nowhere") : many("goes-to-devices", c.destination);
    this.attempts.textContent = many("attempts-left", c.attempts_left);
    const offersEmail = c.methods.includes("email") && c.method !== "email";
    this.viaEmail.hidden = !offersEmail;
    const nobody = c.method === "app" && (c.destination === 0 || (status?.hints ?? []).some((hint) => hint.code === "no_trusted_device_reachable"));
    this.first.hidden = this.from !== "code" || !(offersEmail && nobody);
    if (!offersEmail) this.sendPanel.hidden = true;
    this.lastResort.draw(status?.last_resort, c.methods.includes("email"));
    const deliveries = status?.deliveries ?? [];
    const total = c.method === "app" ? new Set(deliveries.map((one) => one.destination)).size : 0;
    const shown = new Set(deliveries.filter((one) => one.state === "shown").map((one) => one.destination)).size;
    const lines = deliveries.map((one) => h("li", { class: { shown: "good", accepted: "good", unreachable: "bad", failed: "bad" }[one.state] ?? "" }, one.text));
    if (total) lines.unshift(h("li", { class: shown ? "good" : "", id: "shown" }, many("shown-on", total, { shown })));
    this.replace(this.deliveries, lines);
    const hints = (status?.hints ?? []).filter((hint) => !hint.code.startsWith("resend_"));
    this.replace(this.hints, hints.length ? hints.map((hint) => h("li", { "data-hint": hint.code }, hint.text)) : [h("li", {}, t("nothing-known"))]);
    this.tick();
  }

  /** Replaces lines only when they say something else: a screen reader is not told twice. */
  replace(list, lines) {
    const said = lines.map((line) => line.textContent).join("\n");
    if (list.dataset.said !== said) list.replaceChildren(...lines);
    list.dataset.said = said;
  }

  tick() {
    const left = secondsUntil(this.challenge.expires_at);
    this.bar.value = Math.max(0, Math.min(1, left / this.lifetime));
    this.time.textContent = left > 0 ? t(this.from === "code" ? "good-for" : "request-open-for", { time: clock(left) }) : t("code-expired");
    const wait = secondsUntil(this.challenge.resend_at);
    this.resend.disabled = wait > 0;
    this.resend.textContent = wait > 0 ? t("resend-in", { time: clock(wait) }) : t("resend");
  }

  async verify(event) {
    event.preventDefault();
    clearTimeout(this.submitting);
    if (this.button.disabled || this.stopped.signal.aborted) return;
    this.error.textContent = "";
    this.button.disabled = true;
    const { from } = this;
    if (from !== "paper") this.tried = readCode(this.field.value, from === "app" ? APP_DIGITS : this.challenge.code_length);
    const body = { [FIELDS[from]]: this.field.value, trust_device: this.trust.checked };
    try {
      const answer = await repeated(() => call("POST", `${this.path}/verify`, body));
      // Also when another screen came meanwhile: the gateway has let this browser in.
      this.stop();
      this.listeners.onDone(answer);
    } catch (problem) {
      this.button.disabled = false;
      if (from === "paper" && (problem.code === "wrong_code" || problem.code === "invalid_request")) this.recoveryRefused(problem);
      else this.refused(problem);
    }
  }

  /** The tries of recovery codes are counted apart: when they are used up, the code of a device still works. */
  recoveryRefused(problem) {
    const left = problem.attemptsLeft;
    this.error.textContent = left === undefined ? t("recovery-malformed") : left > 0 ? many("recovery-wrong", left) : t("recovery-used-up");
    if (this.from !== "paper") return;
    this.recovery.setAttribute("aria-invalid", "true");
    this.recovery.select();
    this.recovery.focus();
  }

  refused(problem) {
    const left = problem.attemptsLeft;
    const isOver = problem.code === "challenge_closed" || problem.code === "unauthorized" || left === 0;
    if (isOver) return this.leave(() => this.listeners.onOver(`problem-${problem.code}`));
    if (problem.code === "wrong_code") {
      this.field.setAttribute("aria-invalid", "true");
      this.field.select();
      this.challenge.attempts_left = left;
      this.draw();
      this.error.textContent = problem.isEarlierCode ? words(problem) : many("wrong-code", left);
    } else {
      this.error.textContent = words(problem);
    }
    this.field.focus();
  }

  async again(method) {
    this.error.textContent = "";
    try {
      const answer = await call("POST", `${this.path}/resend`, method ? { method } : {});
      this.take(answer.challenge);
      this.sendPanel.hidden = true;
      this.input.value = "";
      announce(t(method === "email" ? "sent-by-mail" : "sent-again"));
      this.input.focus();
    } catch (problem) {
      if (problem.code === "challenge_closed") return this.refused(problem);
      if (problem.retryAfter) this.challenge.resend_at = new Date(now() + 1000 * problem.retryAfter).toISOString();
      this.error.textContent = words(problem);
      this.draw();
    }
  }

  /** Ends the challenge, so that no device goes on showing its code; whoever cannot reach the gateway leaves all the same. */
  cancel() {
    call("POST", `${this.path}/cancel`).catch(() => {});
    this.leave(this.listeners.onCancel);
  }

  take(challenge) {
    const isNew = challenge.expires_at !== this.challenge.expires_at;
    this.challenge = { ...this.challenge, ...challenge };
    if (isNew) this.lifetime = Math.max(1, secondsUntil(challenge.expires_at));
    this.draw();
  }

  /** Follows the live state; comes back when the line was cut. */
  async watch() {
    for (let failures = 0; !this.stopped.signal.aborted; failures++) {
      try {
        const answer = await open("GET", `${this.path}/events`, undefined, this.stopped.signal);
        if (answer.status === 401 || answer.status === 404) return this.leave(() => this.listeners.onOver("problem-challenge_closed"));
        if (answer.ok) {
          failures = 0;
          await readEvents(answer.body, (status) => this.heard(status));
        }
      } catch {
        // The line was cut, or the screen was left.
      }
      await new Promise((resolve) => setTimeout(resolve, 250 + Math.random() * Math.min(10_000, 500 * 2 ** failures)));
    }
  }

  /** Looks again: what was asked for is no event of the challenge. */
  async look() {
    this.heard(await call("GET", this.path));
  }

  heard(status) {
    this.status = status;
    if (status.state !== "open") {
      // Our own right code ends it too, and the answer to that call goes on.
      if (status.state !== "verified") this.leave(() => this.listeners.onOver(`over-${status.state}`));
      return;
    }
    this.take(status.challenge);
  }

  async copySupport() {
    let details;
    try {
      details = await call("GET", `${this.path}/support`);
    } catch {
      const { typed_email: _, ...challenge } = this.challenge;
      details = { at: new Date(now()).toISOString(), challenge, deliveries: this.status?.deliveries, hints: this.status?.hints };
    }
    this.support.textContent = JSON.stringify(details, null, 2);
    this.support.hidden = false;
    try {
      await navigator.clipboard.writeText(this.support.textContent);
      announce(t("copied"));
    } catch {
      this.support.focus();
      announce(t("copy-by-hand"));
    }
  }

  leave(next) {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    next();
  }
}
