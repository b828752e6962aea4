// Does what docs/start.md says, in a clean clone and a real browser: node test/start.js CLONE
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [clone] = process.argv.slice(2);
const page = readFileSync(`${clone}/docs/start.md`, "utf8");
const PATIENCE = 15 * 60_000;
const STEP = 30_000;
const started = [];

/** The commands of a block of the page. */
function block(name) {
  const found = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]*?)^\`\`\``, "m").exec(page);
  assert.ok(found, `docs/start.md has no block named ${name}`);
  return found[1];
}

/** Runs a block until it says that it is ready. */
function run(name) {
  const ready = /It is ready when it says `([^`]+)`/.exec(page.slice(page.indexOf(`\`\`\`sh ${name}`)))[1];
  const child = spawn("bash", ["-euo", "pipefail", "-c", block(name)], { cwd: clone, stdio: ["ignore", "pipe", "inherit"], detached: true });
  started.push(child);
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (text) => (said += text, said.includes(ready) && resolve()));
    child.on("exit", (status) => reject(new Error(`${name} ended with ${status}: ${said}`)));
    setTimeout(() => reject(new Error(`${name} is not ready: ${said}`)), PATIENCE).unref();
  });
}

const ADDRESS = /Open <([^>]+)>/.exec(page)[1];
const [, NAME, PASSWORD] = /Log in as `([^`]+)` with the password `([^`]+)`/.exec(page);
const [, TURN_ON] = /Press \*\*(Turn[^*]+)\*\*/.exec(page);
const [, ALLOW] = /press \*\*(Allow[^*]+)\*\*/.exec(page);
const [, DENY] = /press \*\*(This[^*]+)\*\*/.exec(page);

async function logIn(window) {
  await window.goto(ADDRESS);
  await window.getByLabel("Name").fill(NAME);
  await window.getByLabel("Password").fill(PASSWORD);
  await window.getByRole("button", { name: "Log in" }).click();
}

async function play(browser) {
  const open = async () => {
    const window = await (await browser.newContext()).newPage();
    window.setDefaultTimeout(STEP);
    return window;
  };
  const first = await open();
  await logIn(first);
  await first.getByText("You are in.").waitFor();
  await first.getByRole("button", { name: TURN_ON }).click();
  await first.getByText("Codes for your other devices appear here.").waitFor();

  const second = await open();
  await logIn(second);
  const code = first.locator("#shown");
  await code.filter({ hasText: /^\d{6}$/ }).waitFor();
  assert.match(await first.locator("#who").innerText(), /Computer wants to log in/);
  await second.getByLabel("Code from").fill(await code.innerText());
  await second.getByRole("button", { name: "Go on" }).click();
  await second.getByText("You are in.").waitFor();
  await first.getByText("Your other device is in.").waitFor();
  await logIn(second);
  await second.getByText("You are in.").waitFor();

  const intruder = await open();
  await logIn(intruder);
  await first.getByRole("button", { name: DENY }).click();
  await intruder.getByText("That log-in is over. Log in again.").waitFor();
  await logIn(intruder);
  await intruder.locator("#said", { hasText: "not theirs" }).waitFor();

  await first.getByRole("button", { name: ALLOW }).click();
  await first.getByText("New devices can log in again.").waitFor();
  await logIn(intruder);
  await intruder.getByLabel("Code from").waitFor();
  await code.filter({ hasText: /^\d{6}$/ }).waitFor();
}

let failed = false;
try {
  await run("gateway");
  await run("app");
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  const browser = await chromium.launch({ executablePath, args });
  await play(browser).finally(() => browser.close());
  console.log("docs/start.md does what it says");
} catch (problem) {
  failed = true;
  console.error(problem);
} finally {
  for (const child of started) {
    child.removeAllListeners("exit");
    if (child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  }
  await Promise.all(started.map((child) => child.exitCode === null && new Promise((resolve) => child.on("exit", resolve))));
}
process.exitCode = failed ? 1 : 0;
