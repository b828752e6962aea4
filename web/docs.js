// The API reference: what is searched for stays, the rest is hidden.

const field = document.querySelector("#search-field");
const search = document.querySelector("#search");
const found = document.querySelector("#found");
const calls = [...document.querySelectorAll("article.call")].map((element) => ({ element, text: element.textContent.toLowerCase() }));

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { element, text } of calls) {
    const isFound = words.every((word) => text.includes(word));
    count += isFound;
    element.hidden = !isFound;
    document.querySelector(`[data-call="${element.id}"]`).hidden = !isFound;
  }
  for (const group of document.querySelectorAll("section.group, nav section:has(ul)")) {
    group.hidden = ![...group.querySelectorAll("article.call, li")].some((one) => !one.hidden);
  }
  found.textContent = words.length ? `${count} of ${calls.length} calls` : "";
}

// Without scripts there is the browser's own search.
field.hidden = false;
search.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea")) return;
  event.preventDefault();
  search.focus();
});
// A link to what is hidden shows everything again.
window.addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.closest("[hidden]")) return;
  search.value = "";
  show();
  target.scrollIntoView();
});
