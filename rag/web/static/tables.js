// Follows find.js. The names of a table's columns stay in view, under the head of the pane. A table that is wider than there is
// room scrolls by itself, also from the keyboard; in an answer it begins where it is cited.
const sizes = new ResizeObserver(fitSource);
function fitSource() {
  const head = find("#source .pane > header");
  if (!head) return;
  const height = narrow.matches ? find("#top").offsetHeight + head.firstElementChild.offsetHeight : head.offsetHeight;
  find("#source .pane").style.setProperty("--head", `${height}px`);
  document.querySelectorAll("#source .text .table").forEach(fit);
}

function fit(table) {
  const wide = table.firstElementChild.offsetWidth > table.clientWidth + 1;
  table.classList.toggle("wide", wide);
  table.tabIndex = wide ? 0 : -1;
}

function fitCard(table) {
  table.dataset.fit = "";
  fit(table);
  const cited = table.querySelector(".cited");
  if (cited) table.scrollLeft = cited.offsetLeft - (table.clientWidth - cited.offsetWidth) / 2;
}

// The framework changes the pane in place: another place is another key.
let measured = null;
new MutationObserver(() => {
  document.querySelectorAll("#conversation .cards .table:not([data-fit])").forEach(fitCard);
  const now = find("#source .pane");
  if (now?.dataset.key === measured) return;
  measured = now?.dataset.key;
  fitSource();
  sizes.disconnect();
  for (const part of now ? [now, now.querySelector("header")] : []) if (part) sizes.observe(part);
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
