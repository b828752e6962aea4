// The page: which screen is shown, and what leads to the next.

import { Problem, signedCall, whenSignedOut, words } from "./api.js";
import { announce, h, hush, show } from "./dom.js";
import { showSignIn } from "./sign-in.js";
import { LANGUAGES, chooseLanguage, clock, currentLanguage, loadLanguage, t } from "./text.js";
import { showVerification } from "./verify.js";

// Not secret: whether it is worth asking the gateway, and the challenge without its token.
const SIGNED_IN = "twostep.signed-in";
const CHALLENGE = "twostep.challenge";

/** What only somebody who is signed in needs; not loaded before. */
const PARTS = ["activity", "codes", "live", "push", "security"];
let parts = null;
let live = null;
let home = null;
/** Outlives a home that is drawn anew, not its account. */
let push = null;
/** The screen before signing in, or of a challenge; null at home. */
let screen = null;
/** Counts what was shown: who waited for an answer sees whether it is still wanted. */
let run = 0;
let redraw = () => {};
/** Our own sign-out ends the live connection, often before its answer is here. */
let isSigningOut = false;
/** The sign-in form is shown: a second reason to show it is no news, and it may be filled in already. */
let isOut = false;
/** Each screen has an address, so that Back and Forward lead from one to the other. */
const SCREENS = ["sign-in", "create", "forgot", "code", "security"];
/** What the link of a mail holds, `kind`, `id` and `secret`: in memory only. */
let link = null;
/** Where the address leads once a link is taken out of it. */
const LINKS = { reset: "new-password", "undo-email": "undo" };
/** Two-step verification was turned on here, and recovery codes are not made or put off yet. */
let isJustOn = false;
/** Back or Forward led here: what is shown instead takes its place, so that the way back stays open. */
let isMoving = false;

function at(name) {
  const here = location.hash.slice(1);
  if (here === name) return;
  const url = `${location.pathname}${location.search}#${name}`;
  if (SCREENS.includes(here) && !isMoving) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

/** Takes the link of a mail out of the address, where histories and shoulders would read it; says whether there was one. */
function takeLink() {
  const found = /^#(reset|undo-email)=([^.]*)\.?(.*)$/.exec(location.hash);
  if (!found) return false;
  history.replaceState(null, "", `${location.pathname}${location.search}#${LINKS[found[1]]}`);
  link = { kind: found[1], id: found[2], secret: found[3] };
  return true;
}

/** Back and Forward. A challenge that was left stays open until it is cancelled or over. */
function goTo(name) {
  if (!window.isSecureContext) return;
  if (takeLink()) return openLink();
  isMoving = true;
  document.querySelector("dialog[open]")?.close("no");
  const open = openChallenge();
  const signedIn = localStorage.getItem(SIGNED_IN);
  if (name === "code" && open) verification(open);
  else if (signedIn) goHome();
  else if (name === "forgot") forgot({ email: open?.typed_email });
  else signIn({ mode: name === "create" ? "create" : "sign-in", email: open?.typed_email, keepsChallenge: true });
  isMoving = false;
}

const openChallenge = () => JSON.parse(sessionStorage.getItem(CHALLENGE) ?? "null");

function begin() {
  // Without TLS a browser gives a page neither ids nor locks, and cookies for this page are not kept.
  if (!window.isSecureContext) return insecure();
  // Whoever is signed in here: that is what was asked for.
  if (link) return openLink();
  const open = openChallenge();
  // Whether it is still open the gateway says: the clock of this computer may be wrong.
  if (open) return verification(open);
  if (localStorage.getItem(SIGNED_IN)) return goHome();
  if (location.hash === "#forgot") return forgot();
  // A link that was opened and not used is in the mail still.
  if (location.hash === "#new-password") return signIn({ notice: "link-again-from-mail" });
  signIn({ mode: location.hash === "#create" ? "create" : "sign-in" });
}

function insecure() {
  drawBar(false);
  show(h("div", { class: "card", id: "insecure" }, h("h1", {}, t("insecure-title")), h("p", {}, t("insecure-lead", { address: location.href.replace(/^http:/, "https:") }))), { narrow: true });
}

/** Makes place for a screen of somebody who is not signed in. */
function outside(name) {
  stop();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close("no");
  isOut = true;
  at(name);
  drawBar(false);
  document.title = t("title");
}

function signIn(options = {}) {
  outside(options.mode === "create" ? "create" : "sign-in");
  redraw = () => signIn({ ...options, ...screen.typed() });
  if (!options.keepsChallenge) sessionStorage.removeItem(CHALLENGE);
  screen = showSignIn({ ...options, onChallenge: verification, onSignedIn: goHome, onSwitch: signIn, onForgot: forgot });
}

const withResets = (name, draw, again) => withLoaded("reset", name, draw, again);

/** Shows a screen of a file: what few need is not loaded before. `again` draws it with what was typed. */
async function withLoaded(file, name, draw, again) {
  const mine = run;
  let screens;
  try {
    screens = await import(`./${file}.js`);
  } catch (problem) {
    if (mine !== run) return;
    return screen ? announce(t("problem-offline")) : unreachable(problem);
  }
  if (mine !== run) return;
  outside(name);
  redraw = () => again(screen.typed());
  screen = draw(screens);
}

function forgot(options) {
  return withResets("forgot", ({ showForgot }) => showForgot({ ...options, onBack: (email) => signIn({ email }) }), forgot);
}

function openLink() {
  return link.kind === "reset" ? newPassword() : undoEmail();
}

/** The address before gets its account back. */
function undoEmail() {
  const used = (next) => ((link = null), next());
  const draw = ({ showUndo }) => showUndo({ link, onDone: () => used(() => undoEnded("showUndone")), onOver: () => used(() => undoEnded("showUndoOver")), onBack: () => used(signInHere) });
  return withLoaded("email", "undo", draw, undoEmail);
}

/** What an undo came to: drawn again in another language, it says the same. */
function undoEnded(name) {
  return withLoaded("email", "undo", (screens) => screens[name](signInHere), () => undoEnded(name));
}

function signInHere() {
  at("sign-in");
  begin();
}

function newPassword(typed) {
  const used = (next) => ((link = null), next());
  const draw = ({ showNewPassword }) => showNewPassword({ ...typed, link, onOver: () => used(linkOver), onDone: () => used(() => signIn({ notice: "reset-done" })), onCancel: () => used(signInHere) });
  return withResets("new-password", draw, newPassword);
}

function linkOver() {
  return withResets("new-password", ({ showLinkOver }) => showLinkOver({ onAgain: () => forgot(), onBack: () => signIn() }), linkOver);
}

function verification(challenge, typed) {
  stop();
  isOut = false;
  redraw = () => verification(screen.challenge, screen.typed());
  sessionStorage.setItem(CHALLENGE, JSON.stringify(challenge));
  at("code");
  const said = { enable_two_step: "on-done", disable_two_step: "off-done", change_email: "email-done" }[challenge.purpose];
  // Asked for by somebody who is signed in; a sign-in may turn two-step verification on as well.
  const enabling = Boolean(said) && challenge.typed_email === undefined;
  drawBar(enabling);
  document.title = t("title");
  const back = (notice) => {
    sessionStorage.removeItem(CHALLENGE);
    if (!enabling) return signIn({ notice, email: challenge.typed_email });
    if (notice) announce(t(notice));
    goHome();
  };
  screen = showVerification({
    challenge, typed, onOver: back, onCancel: () => back(null),
    onDone: () => {
      sessionStorage.removeItem(CHALLENGE);
      isJustOn = challenge.purpose === "enable_two_step";
      if (said) announce(t(said));
      goHome();
    },
  });
}

async function goHome() {
  stop();
  isOut = false;
  const mine = run;
  redraw = goHome;
  localStorage.setItem(SIGNED_IN, "1");
  at("security");
  const waiting = setTimeout(() => mine === run && loading(), 500);
  let security;
  try {
    [security] = await Promise.all([signedCall("GET", "/v1/login-security"), loadParts()]);
  } catch (problem) {
    if (problem.code === "unauthorized" || mine !== run) return;
    return unreachable(problem);
  } finally {
    clearTimeout(waiting);
  }
  if (mine !== run) return;
  const { Activity, Codes, Live, Push, Security } = parts;
  live = new Live();
  const codes = new Codes(live, { onAlarm: alarm, onChange: refresh });
  push ??= new Push();
  const cards = new Security(push, { onChallenge: verification, onChange: refresh, onSignedOut: () => leave("signed-out-removed") });
  const activity = new Activity({ onAlarm: alarm });
  home = { codes, cards, activity, push, connected: false };
  follow(live);
  drawBar(true);
  cards.draw(security);
  cards.loadSessions();
  show([
    h("div", { class: "head" }, h("h1", {}, t("login-security")), h("p", { class: "soft", id: "account" }, ...ownAddress(security))),
    h("div", { class: "note warm", id: "paused", hidden: true }, h("p", {}, t("replaced")), h("div", { class: "row" }, h("button", { type: "button", onclick: goHome }, t("use-here")))),
    codes.element,
    isJustOn && security.ways.recovery_codes.left === 0 && cards.ways.offer(() => (isJustOn = false)),
    h("div", { class: "columns" }, h("div", { class: "stack" }, cards.twoStep, cards.ways.element, cards.devices, cards.sessions, cards.password), activity.element),
  ].filter(Boolean));
  connect(security);
  await activity.refresh();
}

async function loadParts() {
  parts ??= Object.assign({}, ...(await Promise.all(PARTS.map((name) => import(`./${name}.js`)))));
}

/** Masked, for whoever looks over the shoulder, and in full where the owner asks. */
function ownAddress(security) {
  const { email, full_email: full } = security;
  if (!full) return [];
  const text = h("span", {}, email);
  const button = h("button", { type: "button", class: "plain", id: "show-address", onclick: () => (text.textContent = full, button.remove()) }, t("show-address"));
  const change = isTrusted(security) && h("button", { type: "button", class: "plain", id: "change-email", onclick: () => changeEmail(full) }, t("change-email"));
  return [text, " ", button, change && " ", change].filter(Boolean);
}

async function changeEmail(email) {
  try {
    (await import("./email.js")).changeEmail({ email, onChallenge: verification });
  } catch {
    announce(t("problem-offline"));
  }
}

function loading() {
  show(h("div", { class: "card", id: "loading" }, h("p", { role: "status" }, t("loading"))), { narrow: true });
}

const isTrusted = (security) => security.trusted_devices.some((device) => device.this_device);

/** Only a trusted device may connect. */
function connect(security) {
  if (!isTrusted(security) || home.connected) return;
  home.connected = true;
  live.start();
  notifications();
}

/** Brings what the browser allows to the gateway, and what comes of it to the page. */
async function notifications() {
  const { cards, push } = home;
  await parts.reportPermission().catch((problem) => announce(words(problem)));
  await push.refresh(cards.security);
  if (home?.cards === cards) cards.drawNotifications();
}

async function refresh() {
  if (!home) return;
  const mine = run;
  const { cards, activity } = home;
  try {
    const security = await signedCall("GET", "/v1/login-security");
    if (mine !== run) return;
    cards.draw(security);
    connect(security);
    await Promise.all([activity.refresh(), cards.loadSessions()]);
  } catch (problem) {
    if (problem.code !== "unauthorized") announce(words(problem));
  }
}

function alarm() {
  if (home) home.cards.alarmedAt = Date.now();
  refresh();
  if (home) parts.advice({ isTrusted: isTrusted(home.cards.security), onPassword: () => home?.cards.changePassword(true), onSignOutOthers: () => home?.cards.removeOthers(), onUndo: () => home?.cards.unfreeze() });
}

function follow(connection) {
  connection.addEventListener("state", ({ detail }) => drawState(detail));
  connection.addEventListener("security_alert", ({ detail }) => {
    // A dialog that is open says more.
    if (!document.querySelector("dialog[open]")) announce(detail.text);
    refresh();
  });
  connection.addEventListener("ended", ({ detail: { why } }) => {
    if (why === "replaced") document.getElementById("paused").hidden = false;
    else if (!isSigningOut) leave(why === "removed" ? "signed-out-removed" : "signed-out-session");
  });
}

function drawState({ state, until }) {
  const element = document.getElementById("connection");
  if (!element) return;
  element.className = `state ${state}`;
  clearInterval(drawState.timer);
  const write = () => (element.textContent = t(`connection-${state}`, { time: until ? clock((until - Date.now()) / 1000) : "" }));
  write();
  if (state === "waiting") drawState.timer = setInterval(write, 500);
}

function unreachable(problem) {
  // What did not load, a browser may not ask for again; a new gateway has other addresses.
  const again = problem instanceof Problem ? goHome : () => location.reload();
  drawBar(true);
  show(h("div", { class: "card" }, h("h1", {}, t("unreachable")), h("p", { role: "alert" }, words(problem)), h("div", { class: "row" }, h("button", { class: "main", type: "button", onclick: again }, t("try-again")))), { narrow: true });
}

async function signOut() {
  isSigningOut = true;
  try {
    await signedCall("DELETE", "/v1/sessions/current");
  } catch (problem) {
    if (problem.code === "unauthorized") return;
    return announce(words(problem));
  } finally {
    isSigningOut = false;
  }
  leave(null);
}

/** `why` is the name of a text, which the sign-in screen shows. */
function leave(why) {
  // A refused call may come before the connection says why.
  if (isOut && why !== "signed-out-removed") return;
  hush();
  localStorage.removeItem(SIGNED_IN);
  localStorage.removeItem("twostep.notifications");
  push = null;
  isJustOn = false;
  // A session that only ran out is when codes are needed most.
  if (why !== "signed-out-session") parts?.forgetPush().catch(() => {});
  signIn({ notice: why });
}

function stop() {
  run++;
  screen?.stop?.();
  screen = null;
  live?.stop();
  live = null;
  home = null;
}

/** The list stays the same element: it may be in use. */
const languages = h("select", { id: "language", onchange: takeLanguage }, Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag }, name)));

async function takeLanguage() {
  try {
    await chooseLanguage(languages.value);
  } catch {
    languages.value = currentLanguage();
    return announce(t("problem-offline"));
  }
  // Another one was chosen meanwhile.
  if (languages.value !== currentLanguage()) return;
  await redraw();
  languages.focus();
  if (!localStorage.getItem(SIGNED_IN)) return;
  // Mails and push messages come in the language of the device.
  signedCall("PATCH", "/v1/devices/current", { locale: currentLanguage() }).catch((problem) => announce(words(problem)));
}

function drawBar(signedIn) {
  for (const other of languages.parentElement.querySelectorAll(":not(#language, #language *)")) other.remove();
  if (signedIn && home) languages.before(h("span", { class: "state off", id: "connection", role: "status" }, t("connection-off")));
  if (signedIn) languages.after(h("button", { type: "button", id: "sign-out", onclick: signOut }, t("sign-out")));
  languages.value = currentLanguage();
  languages.setAttribute("aria-label", t("language"));
  document.getElementById("skip").textContent = t("skip");
}

/** What the browser allows can change beside the page. */
async function watchPermission() {
  const permission = await navigator.permissions?.query({ name: "notifications" }).catch(() => null);
  permission?.addEventListener("change", () => {
    if (home?.connected) notifications();
  });
}

takeLink();
window.addEventListener("popstate", () => goTo(location.hash.slice(1)));
// What another tab did: signed in, or signed out.
window.addEventListener("storage", ({ key, newValue }) => {
  if (key !== SIGNED_IN) return;
  if (newValue && !home && !link && !openChallenge()) goHome();
  else if (!newValue && home) leave("signed-out-session");
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && home?.codes.seen());
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
whenSignedOut(() => leave("signed-out-session"));
await loadLanguage();
document.getElementById("bar-end").append(languages);
watchPermission();
begin();
