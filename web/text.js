// The page's texts: a small part of Fluent (messages, `{ $name }`, and `-one`/`-other` for plurals by Intl).

export const LANGUAGES = { en: "English", hu: "Magyar", de: "Deutsch" };

let language = "en";
let latest = language;
let messages = new Map();

/** Reads `key = text`; indented lines go on with it, `#` begins a comment. */
export function parse(source) {
  const found = new Map();
  let key = null;
  for (const line of source.split("\n")) {
    const start = /^([a-z][a-z0-9_-]*) = ?(.*)$/.exec(line);
    if (start) found.set((key = start[1]), start[2].trim());
    else if (key && /^\s+\S/.test(line)) found.set(key, `${found.get(key)} ${line.trim()}`.trim());
    else if (!line.startsWith("#")) key = null;
  }
  return found;
}

/** Loads the language that was chosen, or the browser's, or English. */
export async function loadLanguage(chosen = localStorage.getItem("twostep.language")) {
  const wanted = [chosen, ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2));
  const found = wanted.find((tag) => tag in LANGUAGES) ?? "en";
  latest = found;
  const answer = await fetch(new URL(`locales/${found}.ftl`, import.meta.url));
  const source = await answer.text();
  // Another one was chosen meanwhile.
  if (latest !== found) return;
  language = found;
  messages = parse(source);
  document.documentElement.lang = language;
}

export function chooseLanguage(tag) {
  localStorage.setItem("twostep.language", tag);
  return loadLanguage(tag);
}

export const currentLanguage = () => language;
export const has = (key) => messages.has(key);

/** What is written from right to left: Hebrew, Arabic and their kin. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Somebody else's words in a sentence of ours: they do not turn around what stands beside them (UAX 9 section 2.4.2). */
export const isolated = (text) => (RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text);

/** The text of a key with its places filled. */
export function t(key, values = {}) {
  const text = messages.get(key) ?? key;
  return text.replace(/\{ ?\$([a-z]+) ?\}/g, (_, name) => isolated(values[name] ?? ""));
}

/** The text of a key for so many. */
export function many(key, count, values = {}) {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return t(`${key}-${form}`, { count: new Intl.NumberFormat(language).format(count), ...values });
}

export const dateTime = (at) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));

/** Seconds as 4:05. */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

/** A code in groups of three, for reading and typing. */
export const grouped = (code) => code.replace(/(\d{3})(?=\d)/g, "$1 ");
