// The operator's live view of one node: its metrics, asked for every two seconds and drawn.

import { ask, h } from "./dom.js";

const PERIOD = 2000;
/** Samples in a chart: five minutes. */
const KEPT = 150;
const SVG = "http://www.w3.org/2000/svg";
/** Where this tab keeps the operator's token: it goes with the tab, and no other tab or visit has it. */
const TOKEN = "twostep.operator-token";

/** A call of `/admin`, with the token. One that the gateway does not take is forgotten. */
async function admin(method, path, body) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}`, "x-twostep-page": "1", ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(`/admin/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json();
  if (answer.ok) return content;
  if (answer.status === 401) {
    sessionStorage.removeItem(TOKEN);
    drawLockedRollout();
  }
  throw new Error(`${content.title}. ${content.detail}`);
}

/** Reads Prometheus' text format: [{ name, labels, value }]. */
export function parseMetrics(text) {
  const line = /^(\w+)(?:\{(.*)\})? (\S+)$/;
  return text.split("\n").map((row) => line.exec(row)).filter(Boolean).map(([, name, labels = "", value]) => ({
    name, value: Number(value), labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, found]) => [key, found])),
  }));
}

const samples = [];
const card = (id, title, ...content) => h("section", { class: "card", "aria-labelledby": `${id}-title`, id }, h("h2", { id: `${id}-title` }, title), ...content);
const figure = (id, label, unit) => h("div", { class: "card figure" }, h("span", { class: "soft" }, label), h("b", { id }, "–"), h("span", { class: "soft small" }, unit));

const chart = document.createElementNS(SVG, "svg");
chart.setAttribute("class", "chart");
chart.setAttribute("viewBox", "0 0 600 200");
chart.setAttribute("role", "img");
const receipts = h("p", { class: "soft small", id: "receipts" });
const deliveries = h("tbody");
const providers = h("ul", { class: "list" });
const ways = h("ul", { class: "list" });
const parts = h("ul", { class: "list" });
const percent = h("b", { id: "rollout" }, "–");
const mode = h("span", { class: "soft small", id: "rollout-mode" });
const move = h("button", { type: "button", id: "move-rollout", disabled: true, onclick: moveRollout }, "Change");
const held = h("p", { class: "small", id: "rollout-held", role: "alert", hidden: true });
const resume = h("button", { type: "button", id: "resume-rollout", hidden: true, onclick: resumeRollout }, "Go on");
const unlock = h("button", { type: "button", id: "unlock", hidden: true, onclick: askForToken }, "Enter the token");

document.getElementById("main").replaceChildren(
  h("h1", {}, "Live view"),
  h("div", { class: "figures" },
    figure("connections", "Live connections", "now"),
    figure("sign-ins", "Sign-ins", "a minute"),
    figure("codes", "Codes handed on", "a minute"),
    h("div", { class: "card figure" }, h("span", { class: "soft" }, "Two-step verification offered to"), percent, mode, held, h("div", { class: "row" }, move, resume, unlock))),
  h("div", { class: "columns" },
    card("latency", "From code to receipt", chart, h("p", { class: "small" }, h("span", { class: "badge" }, "p50 line"), " ", h("span", { class: "badge warm" }, "p99 dashed")), receipts),
    h("div", { class: "stack" }, card("node", "This node", parts), card("providers", "Providers", providers), card("ways", "Ways in that owners have left", ways),
    card("deliveries", "Deliveries of this node", h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ["Channel", "Outcome", "Total"].map((name) => h("th", { scope: "col" }, name)))), deliveries)))));

async function look() {
  const state = document.getElementById("connection");
  try {
    const [metrics, ready] = await Promise.all([fetch("/metrics"), fetch("/readyz")]);
    const status = (await ready.json()).status;
    state.className = `state ${status === "ready" ? "open" : "waiting"}`;
    state.textContent = status === "ready" ? "Ready" : `Not ready: ${status}`;
    samples.push({ at: performance.now(), metrics: parseMetrics(await metrics.text()) });
    if (samples.length > KEPT) samples.shift();
    draw();
    await lookAtRollout();
  } catch {
    state.className = "state waiting";
    state.textContent = "The node does not answer";
  }
  setTimeout(look, PERIOD);
}

const sum = (sample, name, where = () => true) => sample.metrics.filter((one) => one.name === name && where(one.labels)).reduce((total, one) => total + one.value, 0);
/** Above so many times is the share `q`, in milliseconds: from the buckets of a histogram, straight within each, as Prometheus' histogram_quantile does. */
export function quantile(metrics, name, q) {
  const buckets = metrics.filter((one) => one.name === `${name}_bucket`).map(({ labels, value }) => ({ to: labels.le === "+Inf" ? Infinity : Number(labels.le), count: value })).sort((a, b) => a.to - b.to);
  const rank = q * (buckets.at(-1)?.count ?? 0);
  if (!rank) return 0;
  const at = buckets.findIndex((bucket) => bucket.count >= rank);
  const { to: from, count: below } = buckets[at - 1] ?? { to: 0, count: 0 };
  // Beyond the last bound nothing more is known.
  return 1000 * (buckets[at].to === Infinity ? from : from + ((buckets[at].to - from) * (rank - below)) / (buckets[at].count - below));
}
const handedOn = (labels) => labels.outcome === "accepted" || labels.outcome === "shown";

function draw() {
  const last = samples.at(-1);
  const first = samples.find((sample) => last.at - sample.at <= 60_000);
  const minutes = (last.at - first.at) / 60_000;
  const rate = (name, where) => (minutes ? ((sum(last, name, where) - sum(first, name, where)) / minutes).toFixed(0) : "–");
  document.getElementById("connections").textContent = sum(last, "twostep_connections_open");
  document.getElementById("sign-ins").textContent = rate("twostep_sign_ins_total");
  document.getElementById("codes").textContent = rate("twostep_deliveries_total", (labels) => labels.outcome === "accepted");
  drawChart();
  const rows = last.metrics.filter((one) => one.name === "twostep_deliveries_total").sort((a, b) => b.value - a.value);
  deliveries.replaceChildren(...(rows.length ? rows.map(({ labels, value }) => h("tr", {}, [labels.channel, labels.outcome.replaceAll("_", " "), value].map((cell) => h("td", {}, String(cell))))) : [h("tr", {}, h("td", { colspan: 3, class: "soft" }, "None since this node started."))]));
  drawNode(last);
  drawProviders(last);
  drawWays(last);
}

const WAYS = { 0: "None: locked out on a new device", 1: "One", 2: "Two", "3+": "Three or more" };

/** How many owners could come in on a new device, and by how many ways. One node counts, and all say the same. */
function drawWays(sample) {
  const counted = sample.metrics.filter((one) => one.name === "twostep_accounts_by_ways_left");
  const total = counted.reduce((sum, one) => sum + one.value, 0);
  const share = (value) => (total ? `${((100 * value) / total).toFixed(1)} %` : "–");
  const items = Object.entries(WAYS).map(([number, name]) => {
    const value = counted.find((one) => one.labels.ways === number)?.value ?? 0;
    const look = number !== "0" ? "" : value ? "bad" : "good";
    return h("li", {}, h("div", { class: "what" }, h("h3", {}, name), h("p", { class: "soft small" }, `${value} ${value === 1 ? "account" : "accounts"}`)), h("span", { class: `badge ${look}` }, share(value)));
  });
  ways.replaceChildren(...(counted.length ? items : [h("li", { class: "empty" }, "Not counted yet.")]));
}

/** What the node stands on: the database, the other nodes, its own threads and the passwords that wait for one. */
function drawNode(sample) {
  const all = (name) => sample.metrics.filter((one) => one.name === name);
  const isReady = (cause) => all("twostep_ready").every((one) => one.labels.cause !== cause || one.value > 0);
  const row = (name, text, word, look) => h("li", {}, h("div", { class: "what" }, h("h3", {}, name), h("p", { class: "soft small" }, text)), h("span", { class: `badge ${look}` }, word));
  const [used, most] = ["in_use", "max"].map((end) => sum(sample, `twostep_database_connections_${end}`));
  const database = !isReady("database") ? ["Takes no writes", "bad"] : used >= most ? ["Full", "bad"] : ["Healthy", "good"];
  const [joined] = all("twostep_bus_joined");
  const bus = !joined ? ["Alone", ""] : joined.value ? ["Joined", "good"] : ["Cut off", "bad"];
  const waiting = Math.max(0, ...all("twostep_password_hashes_waiting").map((one) => one.value));
  const places = sum(sample, "twostep_password_hashes_max");
  const hashes = !isReady("workers") ? ["Held up", "bad"] : waiting > places / 2 ? ["Busy", "bad"] : ["Healthy", "good"];
  const ended = all("twostep_connections_closed_total").filter((one) => one.value > 0).sort((a, b) => b.value - a.value);
  const isOurs = ended.some((one) => one.labels.reason === "internal_error");
  parts.replaceChildren(
    row("Database", `${used} of ${most} connections in use`, ...database),
    row("Other nodes", joined ? "Over NATS" : "No bus is set", ...bus),
    row("Threads", `${waiting} of ${places} places for passwords taken`, ...hashes),
    row("Connections that ended", ended.length ? ended.map((one) => `${one.labels.reason.replaceAll("_", " ")}: ${one.value}`).join(", ") : "None since this node started", isOurs ? "Look" : "Healthy", isOurs ? "bad" : "good"));
}

function drawProviders(sample) {
  const lights = sample.metrics.filter((one) => one.name === "twostep_push_breaker_open");
  const alarms = new Map(sample.metrics.filter((one) => one.name === "twostep_push_dead_token_alarm").map((one) => [one.labels.provider, one.value]));
  const items = lights.map(({ labels: { provider }, value }) => {
    const isBad = value > 0 || alarms.get(provider) > 0;
    const held = sum(sample, "twostep_pushes_held", (labels) => labels.provider === provider);
    return h("li", {}, h("div", { class: "what" }, h("h3", {}, provider.toUpperCase()), h("p", { class: "soft small" }, `${held} pushes under way`)), h("span", { class: `badge ${isBad ? "bad" : "good"}` }, value > 0 ? "Turned away" : isBad ? "Dead addresses" : "Healthy"));
  });
  const mails = sample.metrics.filter((one) => one.name === "twostep_mail_tries_total");
  if (mails.length) items.push(h("li", {}, h("div", { class: "what" }, h("h3", {}, "Mail"), h("p", { class: "soft small" }, mails.map((one) => `${one.labels.outcome.replaceAll("_", " ")}: ${one.value}`).join(", ")))));
  providers.replaceChildren(...(items.length ? items : [h("li", { class: "empty" }, "No push provider is in use.")]));
}

function drawChart() {
  const series = [0.5, 0.99].map((q) => samples.map((sample) => quantile(sample.metrics, "twostep_receipt_seconds", q)));
  const top = Math.max(10, ...series.flat()) * 1.15;
  const place = (value, at) => [75 + (520 * at) / (KEPT - 1), 185 - (165 * value) / top];
  const make = (tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return element;
  };
  const offset = KEPT - samples.length;
  const lines = [0, 0.5, 1].flatMap((share) => {
    const [, y] = place((top / 1.15) * share, 0);
    return [make("line", { x1: 75, x2: 595, y1: y, y2: y }), make("text", { x: 66, y: y + 4, "text-anchor": "end" }, `${((top / 1.15) * share).toFixed(0)} ms`)];
  });
  const paths = series.map((values, which) => make("path", { class: which ? "p99" : "p50", d: values.map((value, at) => `${at ? "L" : "M"}${place(value, at + offset).map((one) => one.toFixed(1)).join(" ")}`).join("") }));
  // Receipts over loopback take less than a millisecond: two digits tell it from nothing.
  const [p50, p99] = series.map((values) => Number(values.at(-1).toPrecision(2)));
  const count = sum(samples.at(-1), "twostep_receipt_seconds_count");
  chart.setAttribute("aria-label", `Time from code to receipt over five minutes: p50 ${p50} ms, p99 ${p99} ms`);
  receipts.textContent = count ? `p50 ${p50} ms · p99 ${p99} ms · ${count} ${count === 1 ? "receipt" : "receipts"} since this node started` : "No receipt since this node started.";
  chart.replaceChildren(...lines, ...paths);
}

/** The rollout is for who has the token; what the gateway says against it is on the card by then. */
async function lookAtRollout() {
  if (!sessionStorage.getItem(TOKEN)) return drawLockedRollout();
  try {
    drawRollout(await admin("GET", "rollout"));
  } catch {
    move.disabled = true;
  }
}

function drawLockedRollout() {
  percent.textContent = "–";
  mode.textContent = "The operator's token shows it.";
  move.disabled = true;
  held.hidden = resume.hidden = true;
  unlock.hidden = false;
}

/** Asks for the token until it is right, or nobody wants to. */
function askForToken() {
  const input = h("input", { id: "token", type: "password", required: true, autocomplete: "current-password" });
  return ask({
    title: "The operator's token", confirm: "Go on", cancel: "Cancel", problem: (error) => error.message,
    content: [h("p", {}, "It is in the file that operator.token_file names. This tab keeps it until it is closed."), h("div", { class: "field" }, h("label", { for: "token" }, "Token"), input)],
    act: async () => {
      sessionStorage.setItem(TOKEN, input.value.trim());
      drawRollout(await admin("GET", "rollout"));
    },
  });
}

function drawRollout(rollout) {
  unlock.hidden = true;
  percent.textContent = `${rollout.percent} %`;
  percent.dataset.percent = rollout.percent;
  mode.textContent = rollout.mode === "shadow" ? "of accounts, in shadow: they are counted, and nothing is offered" : "of accounts";
  move.disabled = false;
  held.hidden = resume.hidden = !rollout.held;
  const told = rollout.held ? `Held at ${rollout.held.percent} %: ${heldBecause(rollout.held)}` : "";
  // Said once: what is written again is read aloud again.
  if (held.textContent !== told) held.textContent = told;
}

const HAPPENED = { unreachable: "had a sign-in whose code reached no trusted device", abandoned: "did not finish their sign-in", recovered: "used a way back" };
const heldBecause = ({ cause, newest, before }) => `${newest.count} of ${newest.of} accounts of the newest batch (${newest.percent} %) ${HAPPENED[cause] ?? cause}, ${before.percent} % of the batch before at the same age.`;

/** Lets a rollout go on that stopped itself. */
function resumeRollout() {
  return ask({
    title: "Let the rollout go on", confirm: "Go on", cancel: "Cancel", problem: (error) => error.message,
    content: [h("p", {}, held.textContent), h("p", {}, "Find out why first. The newest batch is offered two-step verification again, and watched anew.")],
    act: async () => drawRollout(await admin("POST", "rollout/resume")),
  });
}

async function moveRollout() {
  const input = h("input", { id: "percent", type: "number", min: 0, max: 100, step: "any", required: true, value: percent.dataset.percent });
  await ask({
    title: "Offer two-step verification", confirm: "Change", cancel: "Cancel", problem: (error) => error.message,
    content: [h("p", {}, "Accounts that have it on keep it. The others see it in their Login Security, or no longer."), h("div", { class: "field" }, h("label", { for: "percent" }, "Share of accounts, in percent"), input)],
    act: async () => {
      drawRollout(await admin("PUT", "rollout", { percent: Number(input.value) }));
    },
  });
}

look();
if (!sessionStorage.getItem(TOKEN)) askForToken();
