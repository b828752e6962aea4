// Login activity: who signed in or tried to, and what changed.

import { signedCall, words } from "./api.js";
import { announce, ask, h, redrawn } from "./dom.js";
import { dateTime, has, t } from "./text.js";

const PAGE = 20;
const FILTERS = {
  all: () => true,
  sign_ins: (entry) => entry.kind === "sign_in" || entry.kind === "sign_out",
  refused: (entry) => ["denied", "frozen", "expired", "attempts_exhausted"].includes(entry.outcome) || entry.reported_at,
  changes: (entry) => !["sign_in", "sign_out"].includes(entry.kind),
};
/** What an operator does has no device. */
const BY_OPERATOR = ["sign_out", "sign_ins_unfrozen"];
const GOOD = ["succeeded"];
const BAD = ["denied", "frozen", "attempts_exhausted"];

/** The card. `onAlarm()` is called when somebody said "this wasn't me". */
export class Activity {
  constructor({ onAlarm }) {
    this.onAlarm = onAlarm;
    this.entries = [];
    this.cursor = null;
    this.filter = h("select", { id: "activity-filter", onchange: () => this.#draw() }, Object.keys(FILTERS).map((name) => h("option", { value: name }, t(`filter-${name}`))));
    this.list = h("ul", { class: "list" });
    this.more = h("button", { type: "button", hidden: true, onclick: () => this.#load(this.cursor) }, t("more"));
    this.element = h("section", { class: "card", id: "activity", "aria-labelledby": "activity-title" },
      h("div", { class: "head" }, h("h2", { id: "activity-title" }, t("activity")), h("div", { class: "row filters" }, h("label", { for: "activity-filter" }, t("filter")), this.filter)),
      this.list, this.more,
      h("p", { class: "soft small" }, t("location-note")));
  }

  /** Loads the newest entries. */
  refresh() {
    return this.#load(null);
  }

  async #load(cursor) {
    try {
      const page = await signedCall("GET", `/v1/login-activity?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      this.entries = cursor ? [...this.entries, ...page.entries] : page.entries;
      this.cursor = page.next_cursor;
      this.more.hidden = !this.cursor;
      this.#draw();
    } catch (problem) {
      announce(words(problem));
    }
  }

  #draw() {
    const entries = this.entries.filter(FILTERS[this.filter.value]);
    redrawn(() => this.list.replaceChildren(...(entries.length ? entries.map((entry) => this.#item(entry)) : [h("li", { class: "empty" }, t("no-activity"))])));
  }

  #item(entry) {
    const device = entry.device ? deviceOf(entry.device) : BY_OPERATOR.includes(entry.kind) ? t("by-operator") : null;
    const place = [entry.location ? t("about-there", { place: entry.location }) : null, entry.ip].filter(Boolean).join(" · ");
    const colour = GOOD.includes(entry.outcome) ? "good" : BAD.includes(entry.outcome) ? "bad" : "warm";
    const outcome = entry.reported_at ? h("span", { class: "badge bad" }, t("reported")) : entry.outcome !== "succeeded" && h("span", { class: `badge ${colour}` }, t(`outcome-${entry.outcome}`));
    const kind = kindOf(entry);
    return h("li", { "data-kind": entry.kind, "data-entry": entry.id },
      h("div", { class: "what" }, h("div", { class: "row" }, h("h3", {}, entry.about ? `${kind}: ${entry.about}` : kind), outcome), device && h("p", { class: "small" }, device), h("p", { class: "soft small" }, [place, dateTime(entry.at)].filter(Boolean).join(" · "))),
      mayReport(entry) && h("button", { type: "button", class: "plain report", "aria-label": t("not-me-entry", { kind, at: dateTime(entry.at) }), onclick: () => this.#report(entry) }, t("not-me")));
  }

  async #report(entry) {
    const kind = kindOf(entry);
    const facts = [kind, entry.device?.name, entry.location ?? entry.ip, dateTime(entry.at)].filter(Boolean).join(" · ");
    const done = await ask({
      title: t("report-title"), danger: true, confirm: t("report-button"), cancel: t("report-keep"), problem: words,
      content: [h("p", {}, facts), h("p", {}, t("report-lead"))],
      act: () => signedCall("POST", `/v1/login-activity/${entry.id}/report`),
    });
    if (!done) return;
    await this.refresh();
    this.onAlarm();
  }
}

/** Nothing to report: what this session did itself, what an operator or the gateway did, and what only ended a session. */
const mayReport = ({ reported_at: reported, by_this_session: own, device, kind }) =>
  !reported && !own && device && !["sign_out", "session_ended", "device_evicted", "refresh_token_reused", "trust_token_reused"].includes(kind);

const kindOf = ({ kind }) => (has(`kind-${kind}`) ? t(`kind-${kind}`) : kind.replaceAll("_", " "));

/** A device by its name, and by its model where that says more. */
const deviceOf = ({ name, model }) => (model && !name.includes(model) ? `${name} (${model})` : name);
