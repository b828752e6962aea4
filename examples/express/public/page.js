import { TwostepClient } from "./index.js";

const twostep = new TwostepClient("http://127.0.0.1:8080");
const device = () => twostep.device({ name: navigator.userAgent.includes("Mobile") ? "Phone" : "Computer", model: "Browser", os_version: navigator.platform || "web" });
const at = (id) => document.getElementById(id);
const say = (text) => (at("said").textContent = text);

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

/** Does what a form or button is for, and says what went wrong. */
const on = (id, name, act) => at(id).addEventListener(name, async (event) => {
  event.preventDefault();
  say("");
  await act(event.target).catch((problem) => say(problem.message));
});

let verification, connection;

function inside() {
  at("log-in").hidden = at("second-step").hidden = true;
  at("inside").hidden = false;
  if (twostep.trustToken) showCodes();
}

/** Shows codes for other devices from now on. */
function showCodes() {
  at("turn-on").hidden = true;
  say("Codes for your other devices appear here.");
  connection ??= twostep.connection();
  connection.addEventListener("code", ({ detail: code }) => {
    at("who").textContent = `${code.requester.name} wants to log in. Type this code there:`;
    at("shown").textContent = code.code;
    at("deny").onclick = () => connection.deny(code.challenge_id);
    at("code").hidden = false;
    connection.receipt(code);
  });
  connection.addEventListener("challenge_closed", ({ detail }) => {
    at("code").hidden = true;
    say(detail.outcome === "verified" ? "Your other device is in." : "That log-in is over.");
    showFreeze();
  });
  // Such as that somebody denied a log-in, here or on another device.
  connection.addEventListener("security_alert", showFreeze);
  connection.addEventListener("ended", () => say("This device shows no codes any more."));
  connection.start();
  showFreeze();
}

/** Only a trusted device may allow new log-ins again. */
async function showFreeze() {
  try {
    at("frozen").hidden = !(await twostep.security()).sign_ins_frozen_at;
  } catch (problem) {
    say(problem.message);
  }
}

on("log-in", "submit", async (form) => {
  const { name, password } = Object.fromEntries(new FormData(form));
  const answer = await post("/login", { name, password, device: device(), trust_token: twostep.trustToken });
  if (!answer.challenge) {
    twostep.signIn(answer);
    return inside();
  }
  verification = twostep.verification(answer.challenge);
  verification.addEventListener("over", () => say("That log-in is over. Log in again."));
  verification.watch();
  form.hidden = true;
  at("second-step").hidden = false;
});
on("second-step", "submit", async (form) => {
  const { assertion } = await verification.verify(new FormData(form).get("code"));
  await post("/login/verified", { assertion });
  inside();
});
on("turn-on", "click", async () => {
  twostep.signIn(await post("/two-step", { device: device() }));
  showCodes();
});
on("allow", "click", async () => {
  await twostep.unfreeze();
  at("frozen").hidden = true;
  say("New devices can log in again.");
});
on("log-out", "click", async () => {
  await post("/logout", {});
  location.reload();
});
