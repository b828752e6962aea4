// Elements, dialogs and messages. Text goes in as text: nothing here parses HTML.

/** Makes an element. `props`: `on*` listeners, `class`, and attributes (false and null: left out). */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Shows a screen and takes the keyboard there. */
export function show(screen, { narrow = false, focus = true } = {}) {
  const main = document.getElementById("main");
  main.className = narrow ? "page narrow" : "page";
  main.replaceChildren(...[screen].flat());
  const heading = main.querySelector("h1");
  if (focus && heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
}

/** Says something to everybody: on the screen for a while, and to screen readers. */
export function announce(text) {
  const toast = h("div", { class: "toast" }, text);
  // One at a time: the latest is what counts, and nothing piles up over buttons.
  document.getElementById("announcer").replaceChildren(toast);
  setTimeout(() => toast.remove(), 7000);
}

/** Takes back what was said: it is of another account. */
export function hush() {
  document.getElementById("announcer").replaceChildren();
}

/** A labelled field; `error` below it is announced. */
export function field(id, label, input, ...more) {
  return h("div", { class: "field" }, h("label", { for: id }, label), input, ...more);
}

/** For password managers: whose password a dialog asks for. Nobody sees it. */
export const ownName = (email) => email && h("input", { type: "text", name: "username", autocomplete: "username", readonly: true, hidden: true, value: email });

/** A way to find an element again after a redraw: by its id, or by its row and class; null for others. */
function place(element) {
  const row = element?.closest("[data-device], [data-entry], [data-session]");
  if (element?.id) return () => document.getElementById(element.id);
  if (!row || row === element) return null;
  const [name, value] = Object.entries(row.dataset).find(([name]) => ["device", "entry", "session"].includes(name));
  const found = `[data-${name}="${CSS.escape(value)}"]`;
  return () => document.querySelector(`${found} ${[element.localName, ...element.classList].join(".")}`);
}

/** Draws anew; the keyboard stays where it was, or at least on the same card. */
export function redrawn(draw) {
  const before = document.activeElement;
  const find = place(before);
  const card = before.closest("section[id]");
  draw();
  if (before.isConnected) return;
  const same = find?.();
  if (same) return same.focus();
  const heading = card?.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** Asks in a dialog. `content` may hold fields; `act` is called on the main button and may throw to keep it open. Without a `cancel` only that button closes it. */
export function ask({ title, content = [], confirm, cancel, kind = null, danger = false, act = async () => {}, problem }) {
  return new Promise((resolve) => {
    const error = h("p", { class: "error", role: "alert" });
    const button = h("button", { class: danger ? "bad" : "main", type: "submit" }, confirm);
    const form = h("form", { method: "dialog" }, h("h2", { id: "dialog-title" }, title), ...content, error,
      h("div", { class: "row" }, button, cancel && h("button", { type: "button", onclick: () => dialog.close("no") }, cancel)));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await act();
        dialog.close("yes");
      } catch (caught) {
        error.textContent = problem(caught);
        button.disabled = false;
      }
    });
    const opener = place(document.activeElement);
    const dialog = h("dialog", { class: kind, "aria-labelledby": "dialog-title", oncancel: (event) => cancel || event.preventDefault() }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      // What opened it may have been drawn anew.
      if (document.activeElement === document.body) opener?.()?.focus();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Calls `step` every half second until the element is gone. */
export function everyTick(element, step) {
  step();
  const timer = setInterval(() => (element.isConnected ? step() : clearInterval(timer)), 500);
}
