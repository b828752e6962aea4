// The page: which screen is shown, and what leads to the next.

import { Activity } from "./activity.js";
import { secondsUntil, signedCall, whenSignedOut, words } from "./api.js";
import { Codes, advice, reportPermission } from "./codes.js";
import { announce, h, show } from "./dom.js";
import { Live } from "./live.js";
import { Security } from "./security.js";
import { showSignIn } from "./sign-in.js";
import { LANGUAGES, chooseLanguage, clock, currentLanguage, loadLanguage, t } from "./text.js";
import { showVerification } from "./verify.js";

// Not secret: whether it is worth asking the gateway, and the challenge without its token.
const SIGNED_IN = "twostep.signed-in";
const CHALLENGE = "twostep.challenge";

let live = null;
let home = null;
let redraw = () => {};

function begin() {
  const open = JSON.parse(sessionStorage.getItem(CHALLENGE) ?? "null");
  if (open && secondsUntil(open.expires_at) > 0) return verification(open);
  if (localStorage.getItem(SIGNED_IN)) return goHome();
  signIn();
}

function signIn(options = {}) {
  stop();
  redraw = () => signIn(options);
  sessionStorage.removeItem(CHALLENGE);
  drawBar(false);
  document.title = t("title");
  showSignIn({ ...options, onChallenge: verification, onSignedIn: goHome });
}

function verification(challenge) {
  redraw = () => verification(challenge);
  sessionStorage.setItem(CHALLENGE, JSON.stringify(challenge));
  // Asked for by somebody who is signed in.
  const enabling = challenge.purpose === "enable_two_step" || challenge.purpose === "disable_two_step";
  drawBar(enabling);
  document.title = t("title");
  const back = (notice) => {
    sessionStorage.removeItem(CHALLENGE);
    if (!enabling) return signIn({ notice });
    if (notice) announce(notice);
    goHome();
  };
  showVerification({
    challenge, onOver: back, onCancel: () => back(null),
    onDone: () => {
      sessionStorage.removeItem(CHALLENGE);
      if (enabling) announce(t(challenge.purpose === "enable_two_step" ? "on-done" : "off-done"));
      goHome();
    },
  });
}

async function goHome() {
  stop();
  redraw = goHome;
  localStorage.setItem(SIGNED_IN, "1");
  let security;
  try {
    security = await signedCall("GET", "/v1/login-security");
  } catch (problem) {
    if (problem.code === "unauthorized") return;
    return unreachable(problem);
  }
  live = new Live();
  const codes = new Codes(live, { onAlarm: alarm, onChange: refresh });
  const cards = new Security({ onChallenge: verification, onChange: refresh, onSignedOut: () => leave(t("signed-out-removed")) });
  const activity = new Activity({ onAlarm: alarm });
  home = { codes, cards, activity, connected: false };
  follow(live);
  drawBar(true);
  cards.draw(security);
  show([
    h("div", { class: "head" }, h("h1", {}, t("login-security")), h("p", { class: "soft", id: "account" }, security.email)),
    h("div", { class: "note warm", id: "paused", hidden: true }, h("p", {}, t("replaced")), h("div", { class: "row" }, h("button", { type: "button", onclick: goHome }, t("use-here")))),
    codes.element,
    h("div", { class: "columns" }, h("div", { class: "stack" }, cards.twoStep, cards.devices, cards.password), activity.element),
  ]);
  connect(security);
  await activity.refresh();
}

/** Only a trusted device may connect. */
function connect(security) {
  const isTrusted = security.trusted_devices.some((device) => device.this_device);
  if (!isTrusted || home.connected) return;
  home.connected = true;
  live.start();
  reportPermission().catch((problem) => announce(words(problem)));
}

async function refresh() {
  if (!home) return;
  const { cards, activity } = home;
  try {
    const security = await signedCall("GET", "/v1/login-security");
    cards.draw(security);
    connect(security);
    await activity.refresh();
  } catch (problem) {
    if (problem.code !== "unauthorized") announce(words(problem));
  }
}

function alarm() {
  refresh();
  advice({ onPassword: () => home?.cards.changePassword(true), onSignOutOthers: () => home?.cards.removeOthers() });
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
    else leave(t(why === "removed" ? "signed-out-removed" : "signed-out-session"));
  });
}

function drawState({ state, until }) {
  const element = document.getElementById("connection");
  if (!element) return;
  element.className = `state ${state}`;
  clearInterval(drawState.timer);
  const write = () => (element.textContent = t(`connection-${state}`, { time: until ? clock(secondsUntil(new Date(until).toISOString())) : "" }));
  write();
  if (state === "waiting") drawState.timer = setInterval(write, 500);
}

function unreachable(problem) {
  drawBar(true);
  show(h("div", { class: "card" }, h("h1", {}, t("unreachable")), h("p", { role: "alert" }, words(problem)), h("div", { class: "row" }, h("button", { class: "main", type: "button", onclick: goHome }, t("try-again")))), { narrow: true });
}

async function signOut() {
  try {
    await signedCall("DELETE", "/v1/sessions/current");
  } catch (problem) {
    if (problem.code === "unauthorized") return;
    return announce(words(problem));
  }
  leave(null);
}

function leave(notice) {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close("no");
  localStorage.removeItem(SIGNED_IN);
  localStorage.removeItem("twostep.notifications");
  signIn({ notice });
}

function stop() {
  live?.stop();
  live = null;
  home = null;
}

function drawBar(signedIn) {
  const languages = h("select", { id: "language", "aria-label": t("language"), onchange: (event) => chooseLanguage(event.target.value).then(() => redraw()) },
    Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, selected: tag === currentLanguage(), lang: tag }, name)));
  const state = signedIn && home ? h("span", { class: "state off", id: "connection", role: "status" }, t("connection-off")) : null;
  const out = signedIn ? h("button", { type: "button", id: "sign-out", onclick: signOut }, t("sign-out")) : null;
  document.getElementById("bar-end").replaceChildren(...[state, languages, out].filter(Boolean));
  document.getElementById("skip").textContent = t("skip");
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
whenSignedOut(() => leave(t("signed-out-session")));
await loadLanguage();
begin();
