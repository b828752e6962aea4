// What the declarations promise: this file is only compiled.

import { Assertions, Webhooks } from "../server/index.js";
import { MemoryStorage, TwostepClient, TwostepError } from "../src/index.js";
import { handleNotificationClick, handlePush } from "../src/worker.js";

const client = new TwostepClient("https://id.example.com", { storage: new MemoryStorage() });
const connection = client.connection();
connection.addEventListener("code", (event) => {
  const digits: string = event.detail.code;
  connection.receipt(event.detail, digits.length > 0);
});
connection.addEventListener("ended", ({ detail }) => {
  const why: "removed" | "replaced" | "session" = detail.why;
  console.log(why);
});
export async function verify(): Promise<string | undefined> {
  const verification = client.verification({
    id: "", token: "", purpose: "sign_in", method: "app", methods: ["app"], code_length: 6,
    expires_at: "", resend_at: "", attempts_left: 5, destination: 1,
  });
  verification.addEventListener("over", (event) => console.log(event.detail.state));
  try {
    return (await verification.verify("123456", { trustDevice: false })).assertion;
  } catch (problem) {
    if (problem instanceof TwostepError && problem.code === "wrong_code") return String(problem.attemptsLeft);
    throw problem;
  }
}
export async function look(): Promise<string[]> {
  const { entries, next_cursor: cursor } = await client.activity({ limit: 5 });
  const security = await client.security();
  const trusted: boolean = security.trusted_devices.some((device) => device.this_device);
  if (trusted && security.sign_ins_frozen_at) await client.unfreeze();
  return [...entries.map((entry) => entry.kind), ...(await client.sessions()).map((one) => one.device.name), cursor ?? ""];
}
export async function reach(registration: ServiceWorkerRegistration): Promise<boolean> {
  const state: "on" | "denied" | "off" | "unsupported" = await client.enablePush({ registration, name: "Ann" });
  return state === "on";
}
export function serve(event: { waitUntil(work: Promise<unknown>): void; data: { json(): unknown }; notification: Notification; action: string }): boolean {
  return handlePush(event, { gateway: "https://id.example.com" }) || handleNotificationClick(event, { page: "/account" });
}
// @ts-expect-error there is no such method
client.verification({}).guess();
export async function believe(token: unknown, headers: Headers, body: string): Promise<string | undefined> {
  const assertions = new Assertions({ url: "https://id.example.com", issuer: "https://id.example.com", audience: "shop" });
  const claims = await assertions.check(token);
  const event = new Webhooks({ secret: ["whsec_a", "whsec_b"] }).check(headers, body);
  return event?.data.status === "verified" ? claims?.sub : undefined;
}
