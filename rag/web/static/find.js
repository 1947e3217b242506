// Finds words in the open document, in all of it: the server says where they stand, the pane marks those that it shows, and
// goes to the others. Follows addresses.js.
const form = element.querySelector("form");
const box = form.querySelector("input");
const count = form.querySelector("output");
const side = find("#side");
const narrow = window.matchMedia("(max-width: 860px)");
// Each place is the number of its block, and where it begins and ends, in code points of the document.
let places = [];
let at = -1;
let asked = 0;
let drawn = null;
let searched = "";

function pane() { return find("#source .pane[data-doc]"); }

function open() {
  if (!pane()) return;
  form.hidden = false;
  box.focus();
  box.select();
  seek();
}

function close() {
  form.hidden = true;
  places = [];
  mark();
  const from = find("#source [data-find]");
  (from?.checkVisibility() ? from : find("#source .more > summary"))?.focus();
}

async function seek() {
  const mine = ++asked;
  const words = box.value.trim();
  searched = pane()?.dataset.doc ?? "";
  let failed = null;
  let found = [];
  try {
    if (words) found = await (await request(`page/find?${new URLSearchParams({ doc_id: searched, words })}`)).json();
  } catch (error) {
    failed = error;
  }
  if (mine !== asked || form.hidden) return;
  places = found;
  // The first one from the marked place on, or else the first of all.
  const [, from] = (pane()?.dataset.key ?? "").split(":");
  at = Math.max(0, places.findIndex(([, start]) => start >= Number(from)));
  count.replaceChildren(...(failed ? both(failed.zh, failed.en) : words ? both("没有", "None") : []));
  show();
}

function show() {
  if (places.length) count.textContent = `${at + 1} / ${places.length}`;
  for (const button of form.querySelectorAll("[data-turn]")) button.disabled = places.length < 2;
  mark();
  if (places.length) bring();
}

function turn(by) {
  if (!places.length) return;
  at = (at + by + places.length) % places.length;
  show();
}

// Where a place is in the pane; null where its block is not shown.
function range([number, start, end]) {
  const parts = [...document.querySelectorAll(`#source .block[data-number="${number}"] [data-start]`)];
  const part = parts.findLast((one) => Number(one.dataset.start) <= start);
  if (!part) return null;
  const made = document.createRange();
  let begun = false;
  for (const [text, passed] of textsOf(part)) {
    const points = [...text.data];
    const within = (position) => points.slice(0, position - passed).join("").length;
    if (!begun && start < passed + points.length) { made.setStart(text, within(start)); begun = true; }
    if (begun && end <= passed + points.length) { made.setEnd(text, within(end)); return made; }
  }
  return null;
}

function mark() {
  if (!CSS.highlights) return;
  const ranges = places.map(range);
  CSS.highlights.set("found", new Highlight(...ranges.filter((one, place) => one && place !== at)));
  CSS.highlights.set("found-here", new Highlight(...[ranges[at]].filter(Boolean)));
}

// What of the head of the pane stays in view ends here: all of it or, on a phone, its first line.
function headEnd() {
  const head = find("#source .pane > header");
  return Math.max(...[head, head.firstElementChild].map((one) => one.getBoundingClientRect().bottom));
}

function bring() {
  const there = range(places[at]);
  if (!there) { leaf(places[at]); return; }
  const { top, bottom } = there.getBoundingClientRect();
  const [head, foot] = [headEnd(), form.getBoundingClientRect().top];
  if (top > head && bottom < foot) return;
  bringUp(top);
}

// What is `top` pixels below the window's top comes to a third of the view.
function bringUp(top) {
  if (narrow.matches) window.scrollTo({ top: window.scrollY + top - window.innerHeight / 3 });
  else side.scrollTo({ top: side.scrollTop + top - side.getBoundingClientRect().top - side.clientHeight / 3 });
}

// Of a long document, and of a long block, the pane shows a part: go to that with the place, which is no step to come back from.
function leaf([number, start, end]) {
  const [doc, ...rest] = pane().dataset.key.split(":");
  const cut = find(`#source .block[data-number="${number}"]`);
  const place = [doc, ...(cut ? [start, end, start, end, 0] : [...rest.slice(0, 4), number])].join(":");
  if (place !== pane().dataset.key) location.replace(addressOf(shown(), questionOf(null), place));
}

let typed = null;
box.addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(seek, 200); });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape") { event.stopPropagation(); close(); }
  else if (event.target === box && event.key === "Enter") turn(event.shiftKey ? -1 : 1);
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.turn) turn(Number(button.dataset.turn));
  else if (button) close();
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-find]")) open(); });
// The pane's own Ctrl+F, once one has clicked into it; a second one is the browser's.
side.tabIndex = -1;
side.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "f" || form.contains(event.target) || !pane()) return;
  event.preventDefault();
  open();
});
// The framework changes the pane in place: another place is another key.
new MutationObserver(() => {
  const now = find("#source .pane");
  if (form.hidden || !now || drawn === now.dataset.key) return;
  drawn = now.dataset.key;
  if (!now.dataset.doc) close();
  else if (now.dataset.doc !== searched) seek();
  else requestAnimationFrame(() => { mark(); if (places.length) bring(); });
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
