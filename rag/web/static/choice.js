// Which documents are asked: collections by name, documents by id; all where nothing is chosen. Of a chosen collection single
// documents may be left out. Check boxes in the panes
// say it, and the line above the question shows it. It stands before page.js, which sends it with each question; a
// conversation that is opened brings that of its last question.
let choice = { collections: [], documents: [], without: [] };
let sentChoice = null;
let recalled = "";

function chosen() { return choice.collections.length || choice.documents.length ? JSON.stringify([choice.collections, choice.documents, choice.without]) : ""; }

function sendChoice() { return (sentChoice = chosen()); }

function choose(said) {
  const [collections = [], documents = [], without = []] = said ? JSON.parse(said) : [];
  choice = { collections, documents, without };
  tick();
  showChoice();
}

async function showChoice() {
  const said = chosen();
  let html = "";
  if (said) {
    try {
      html = await (await request(`page/chosen?${new URLSearchParams({ only: said })}`)).text();
    } catch (error) {
      html = make("span", { textContent: words(error.zh, error.en) }).outerHTML;
    }
  }
  if (said !== chosen()) return;
  for (const line of document.querySelectorAll(".only")) {
    line.innerHTML = html;
    line.hidden = !html;
  }
}

// The chosen collections that a document's box says it is in.
function within(box) { return JSON.parse(box.dataset.in ?? "[]").filter((name) => choice.collections.includes(name)); }

// A document in a chosen collection is asked with it, unless it is left out; then the collection's box says that not all is.
function tick() {
  let changed = false;
  const broken = new Set();
  for (const box of document.querySelectorAll("input[data-choose=documents]")) {
    const inside = within(box);
    const left = choice.without.includes(box.value);
    if (left) for (const name of inside) broken.add(name);
    changed = set(box, choice.documents.includes(box.value) || (inside.length > 0 && !left)) || changed;
  }
  for (const box of document.querySelectorAll("input[data-choose=collections]")) {
    changed = set(box, choice.collections.includes(box.value)) || changed;
    if (box.indeterminate !== broken.has(box.value)) box.indeterminate = broken.has(box.value);
  }
  if (changed) window.dispatchEvent(new Event("wenyuan-chosen"));
}

function set(box, checked) {
  const changed = box.checked !== checked;
  if (changed) box.checked = checked;
  return changed;
}

function change(kind, value, wanted) {
  const others = choice[kind].filter((one) => one !== value);
  choice = { ...choice, [kind]: wanted ? [...others, value] : others };
  // What is left out is so of a collection: with the last that has it the exception goes.
  const boxes = [...document.querySelectorAll("input[data-choose=documents]")];
  const free = (doc) => boxes.some((box) => box.value === doc && !within(box).length);
  choice.without = choice.collections.length ? choice.without.filter((doc) => !free(doc)) : [];
  tick();
  showChoice();
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches?.("input[data-choose]")) return;
  const inside = within(box).length > 0;
  const wanted = box.checked;
  if (inside) change("documents", box.value, false);
  change(inside ? "without" : box.dataset.choose, box.value, inside !== wanted);
  window.dispatchEvent(new Event("wenyuan-chosen"));
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-drop]");
  if (!button) return;
  if (button.dataset.drop) change(button.dataset.drop, button.value, false);
  else choose("");
});
// A collection has another name now, or is gone.
window.addEventListener("wenyuan-renamed", ({ detail: { from, to } }) => {
  if (!choice.collections.includes(from)) return;
  const names = choice.collections.flatMap((one) => (one !== from ? [one] : to ? [to] : []));
  choose(names.length || choice.documents.length ? JSON.stringify([names, choice.documents, names.length ? choice.without : []]) : "");
});
window.addEventListener("wenyuan-conversation", (event) => {
  if (event.detail === recalled) return;
  const said = find("#conversation .log")?.dataset.only ?? "";
  // The first answer makes the conversation; what was chosen while it was on its way stays.
  if (recalled || said !== sentChoice) choose(said);
  recalled = event.detail;
});
new MutationObserver(tick).observe(document.body, { childList: true, subtree: true });
