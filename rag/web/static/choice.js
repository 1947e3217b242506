// Which documents are asked: collections by name, documents by id; all where nothing is chosen. Check boxes in the panes
// say it, and the line above the question shows it. It stands before page.js, which sends it with each question; a
// conversation that is opened brings that of its last question.
let choice = { collections: [], documents: [] };
let sentChoice = null;
let recalled = "";

function chosen() { return choice.collections.length || choice.documents.length ? JSON.stringify([choice.collections, choice.documents]) : ""; }

function sendChoice() { return (sentChoice = chosen()); }

function choose(said) {
  const [collections, documents] = said ? JSON.parse(said) : [[], []];
  choice = { collections, documents };
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

// A document in a chosen collection is asked with it, so its own box can't be changed.
function tick() {
  for (const box of document.querySelectorAll("input[data-choose]")) {
    const inside = JSON.parse(box.dataset.in ?? "[]").some((name) => choice.collections.includes(name));
    const checked = inside || choice[box.dataset.choose].includes(box.value);
    if (box.checked !== checked) box.checked = checked;
    if (box.disabled !== inside) box.disabled = inside;
  }
}

function change(kind, value, wanted) {
  const others = choice[kind].filter((one) => one !== value);
  choice = { ...choice, [kind]: wanted ? [...others, value] : others };
  tick();
  showChoice();
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches?.("input[data-choose]")) change(box.dataset.choose, box.value, box.checked);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-drop]");
  if (!button) return;
  if (button.dataset.drop) change(button.dataset.drop, button.value, false);
  else choose("");
});
window.addEventListener("wenyuan-conversation", (event) => {
  if (event.detail === recalled) return;
  const said = find("#conversation .log")?.dataset.only ?? "";
  // The first answer makes the conversation; what was chosen while it was on its way stays.
  if (recalled || said !== sentChoice) choose(said);
  recalled = event.detail;
});
new MutationObserver(tick).observe(document.body, { childList: true, subtree: true });
