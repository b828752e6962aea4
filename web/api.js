// Calls to the gateway. Tokens are in cookies that this script cannot read; the header says that the page itself calls.

import { repeated } from "./sdk/repeat.js";
import { currentLanguage, has, t } from "./text.js";

/** What the gateway answered instead of what was asked for. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title ?? `HTTP ${status}`);
    Object.assign(this, { status, code: body.code ?? "offline", retryAfter: body.retry_after, attemptsLeft: body.attempts_left, isEarlierCode: body.earlier_code === true });
  }
}

/** A gateway that says nothing for this long, in milliseconds, is taken for one that cannot be reached. */
const PATIENCE = 20_000;

let clockAhead = 0;
let onSignedOut = () => {};

/** The gateway's time in milliseconds, as far as its answers tell: the clock of this computer may be wrong. */
export const now = () => Date.now() + clockAhead;
export const secondsUntil = (at) => (Date.parse(at) - now()) / 1000;
export const whenSignedOut = (listener) => (onSignedOut = listener);

export async function open(method, path, body, signal) {
  const headers = { "x-twostep-page": "1", "accept-language": currentLanguage() };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  const date = Date.parse(answer.headers.get("date") ?? "");
  // The header counts whole seconds: a smaller difference says nothing.
  if (date && Math.abs(date - Date.now()) > 2000) clockAhead = date - Date.now();
  return answer;
}

async function once(method, path, body) {
  let answer;
  let text;
  try {
    answer = await open(method, path, body, AbortSignal.timeout(PATIENCE));
    text = await answer.text();
  } catch {
    throw new Problem(0, {});
  }
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  const content = isJson && text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Problem(answer.status, content);
  return content;
}

/** One call on a challenge or without a session. */
export const call = once;

/** Renews the session, one tab at a time. */
export function renew() {
  const before = localStorage.getItem("twostep.renewed");
  return navigator.locks.request("twostep-renew", async () => {
    if (localStorage.getItem("twostep.renewed") !== before) return;
    await repeated(() => once("POST", "/v1/sessions/refresh"));
    localStorage.setItem("twostep.renewed", String(Date.now()));
  });
}

/** One call with the session, renewed when it ran out. */
export async function signedCall(method, path, body) {
  try {
    return await once(method, path, body);
  } catch (problem) {
    if (problem.code !== "unauthorized") throw problem;
  }
  try {
    await renew();
    return await once(method, path, body);
  } catch (problem) {
    if (problem.code === "unauthorized") onSignedOut();
    throw problem;
  }
}

/** Removes something; what is gone already, by a lost answer or from another tab, is removed. */
export async function remove(path) {
  try {
    await signedCall("DELETE", path);
  } catch (problem) {
    if (problem.code !== "not_found") throw problem;
  }
}

/** A problem in words of the page: those of the gateway are for developers. */
export function words(problem) {
  if (!(problem instanceof Problem)) return t("problem-unknown");
  if (problem.isEarlierCode) return t("earlier-code");
  const key = `problem-${problem.code}`;
  return has(key) ? t(key, { seconds: problem.retryAfter ?? 1 }) : t("problem-unknown");
}

/** What this browser says of itself. Its id is made once; it is no secret. */
export function device() {
  let install = localStorage.getItem("twostep.install");
  if (!install) localStorage.setItem("twostep.install", (install = crypto.randomUUID()));
  const agent = navigator.userAgent;
  const [browser, version] = [["Edge", /Edg\/([\d.]+)/], ["Opera", /OPR\/([\d.]+)/], ["Firefox", /Firefox\/([\d.]+)/], ["Chrome", /Chrome\/([\d.]+)/], ["Safari", /Version\/([\d.]+)/]]
    .map(([name, pattern]) => [name, pattern.exec(agent)?.[1]]).find(([, found]) => found) ?? ["Browser", "1"];
  const system = [["iPhone", /iPhone/], ["iPad", /iPad/], ["Android", /Android/], ["Windows", /Windows/], ["Mac", /Mac OS/], ["Linux", /Linux/]].find(([, pattern]) => pattern.test(agent))?.[0] ?? "Web";
  return { install_id: install, name: t("device-name", { browser, system }), model: browser, platform: "web", os_version: system, app_version: version.slice(0, 50), locale: currentLanguage(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
