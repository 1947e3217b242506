// Follows library.js: what is done with several documents at once, the user's own collections, and text that is pasted.
// The documents whose boxes are ticked are meant, whether by themselves or by their collection.
const many = element.querySelector(".many");
const COLLECTIONS = "api/v1/collections";

function chosenDocuments() {
  const ticked = new Set([...listing.querySelectorAll("tbody input[data-choose]:checked")].map((box) => box.value));
  return documents.filter((one) => ticked.has(one.doc_id));
}

function showChosen() {
  const count = chosenDocuments().length;
  many.hidden = !count;
  many.querySelector(".chosen-count").replaceChildren(...both(`选中 ${count} 篇`, `${count} chosen`));
}

// A dialog with a form: shown with what `fill` puts in, closed when `save` has done its work, else with the reason.
function asking(name, save) {
  const dialog = element.querySelector(`dialog.${name}`);
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector(".problem");
  async function attempt(what) {
    try {
      await what(form.elements);
      dialog.close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problem?.replaceChildren(...both(error.zh, error.en));
    }
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); attempt(save); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest("[value=no]")) dialog.close(); });
  return {
    dialog,
    attempt,
    open(fill) {
      form.reset();
      problem?.replaceChildren();
      fill(form.elements);
      dialog.showModal();
    },
  };
}

function of(name) { return `${COLLECTIONS}/${encodeURIComponent(name)}`; }

// Each of the user's collections has a box: ticked if all of the documents are in it, and left alone while it says "some".
const collecting = asking("collecting", async (fields) => {
  const ids = chosenDocuments().map((one) => one.doc_id);
  for (const box of collecting.dialog.querySelectorAll(".own input")) {
    if (box.indeterminate || box.checked === (box.dataset.was === "all")) continue;
    await request(of(box.value), { method: "PATCH", body: box.checked ? { add: ids } : { remove: ids } });
  }
  const name = fields.new.value.trim();
  if (name) await request(COLLECTIONS, { method: "POST", body: { name, documents: ids } });
  refresh();
});

function openCollecting() {
  const some = chosenDocuments();
  collecting.open(() => {
    collecting.dialog.querySelector(".name").textContent = some.map((one) => one.title).join("、");
    collecting.dialog.querySelector(".own").replaceChildren(...collections.filter((one) => one.own).map(({ name }) => {
      const inside = some.filter((one) => one.collections.includes(name)).length;
      const box = make("input", { type: "checkbox", value: name, checked: inside === some.length, indeterminate: inside > 0 && inside < some.length,
        data: { was: inside === some.length ? "all" : "some" } });
      return make("label", {}, box, make("span", { textContent: name }));
    }));
  });
}

let renamed = "";
const naming = asking("naming", async (fields) => {
  const name = fields.name.value.trim();
  await request(of(renamed), { method: "PATCH", body: { name } });
  window.dispatchEvent(new CustomEvent("wenyuan-renamed", { detail: { from: renamed, to: name } }));
  refresh();
});

function openNaming(name) {
  renamed = name;
  naming.open((fields) => { fields.name.value = name; });
}

naming.dialog.querySelector("[value=delete]").addEventListener("click", () => naming.attempt(async () => {
  await request(of(renamed), { method: "DELETE" });
  window.dispatchEvent(new CustomEvent("wenyuan-renamed", { detail: { from: renamed, to: "" } }));
  refresh();
}));

// Without a title the text's first line is one. The server makes a name for the file of it.
const pasting = asking("pasting", async (fields) => {
  const text = fields.text.value;
  const title = (fields.title.value.trim() || text.trim().split("\n")[0]).slice(0, 60).replaceAll(/[\\/:*?"<>|.]/g, " ").trim();
  send([new File([text], `${title || "粘贴的文字"}.txt`, { type: "text/plain" })]);
});

element.querySelector("[data-paste]").addEventListener("click", () => pasting.open(() => {}));
element.querySelector("[data-collect]").addEventListener("click", openCollecting);
element.querySelector("[data-remove-chosen]").addEventListener("click", () => ask(chosenDocuments()));
// Not when a box changes: what is drawn then would have choice.js set it back before it has heard of it.
window.addEventListener("wenyuan-chosen", showChosen);
