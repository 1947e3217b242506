// The library's view: the documents, files to add to them, and a document to remove, over the HTTP API.
const root = document.documentElement;
const listing = element.querySelector(".listing");
const uploads = element.querySelector(".uploads");
const drop = element.querySelector(".drop");
const choice = element.querySelector("#files");
const dialog = element.querySelector("dialog");
const API = "api/v1/documents";

async function refresh() {
  let documents;
  try {
    documents = await (await request(API)).json();
  } catch (error) {
    listing.replaceChildren(make("p", { className: "none" }, both(error.zh, error.en)));
    return;
  }
  const rows = documents.map((one) => {
    const title = make("button", { type: "button", className: "title", textContent: one.title, data: { open: `${one.doc_id}:0:0:0:0:1` } });
    const remove = make("button", { type: "button", className: "act" }, both("移除", "Remove"));
    remove.addEventListener("click", () => ask(one));
    return make("tr", {}, make("td", {}, title, make("span", { className: "note", textContent: one.source })),
      figure(one.characters), figure(one.paragraphs), make("td", {}, remove));
  });
  const heads = [["文章", "Document"], ["字数", "Characters"], ["段落", "Paragraphs"]].map((pair, at) =>
    make("th", { className: at ? "figure" : "", scope: "col" }, both(...pair)));
  const table = make("table", {}, make("thead", {}, make("tr", {}, heads, make("td"))), make("tbody", {}, rows));
  listing.replaceChildren(make("p", { className: "count" }, both(`共 ${rows.length} 篇`, `${rows.length} documents`)), table);
}

function figure(number) {
  return make("td", { className: "figure", textContent: new Intl.NumberFormat("en-US").format(number) });
}

function ask(one) {
  dialog.querySelector(".name").textContent = one.title;
  dialog.dataset.id = one.doc_id;
  dialog.showModal();
}

dialog.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button && event.target !== dialog) return;
  dialog.close();
  if (button?.value !== "yes") return;
  const row = make("li", { className: "busy" }, make("span", { className: "name", textContent: dialog.querySelector(".name").textContent }), state("正在移除…", "Removing…"));
  uploads.prepend(row);
  try {
    await request(`${API}/${dialog.dataset.id}`, { method: "DELETE" });
    finish(row, "done", "已移除", "Removed");
  } catch (error) {
    finish(row, "failed", error.zh, error.en);
  }
  refresh();
});

function state(zh, en) { return make("span", { className: "state" }, both(zh, en)); }

function finish(row, style, zh, en) {
  row.className = style;
  row.querySelector("progress")?.remove();
  row.querySelector(".state").replaceChildren(...both(zh, en));
}

// One request for all files, so that they become one change of the index; each then has its own result.
function send(files) {
  if (!files.length) return;
  const rows = [...files].map((file) => {
    const row = make("li", { className: "busy" }, make("span", { className: "name", textContent: file.name }), make("progress", { max: 1, value: 0 }), state("正在上传…", "Uploading…"));
    uploads.prepend(row);
    return row;
  });
  const body = new FormData();
  for (const file of files) body.append("files", file);
  const http = new XMLHttpRequest();
  http.open("POST", API);
  http.upload.addEventListener("progress", (event) => {
    for (const row of rows) row.querySelector("progress").value = event.loaded / event.total;
  });
  http.upload.addEventListener("load", () => {
    for (const row of rows) {
      row.querySelector("progress").removeAttribute("value");
      row.querySelector(".state").replaceChildren(...both("正在索引…", "Indexing…"));
    }
  });
  http.addEventListener("error", () => {
    for (const row of rows) finish(row, "failed", "上传中断，请再试一次。", "The upload broke off; try again.");
  });
  http.addEventListener("load", () => {
    let said = {};
    try { said = JSON.parse(http.responseText); } catch { /* an error without a body */ }
    const refused = new Problem(said, http.status);
    for (const [at, row] of rows.entries()) {
      const one = said.results?.[at];
      if (!one) finish(row, "failed", refused.zh, refused.en);
      else if (one.status === "failed") finish(row, "failed", one.problem.detail_zh, one.problem.detail);
      else if (one.status === "duplicate") finish(row, "done", `与《${one.title}》内容相同，没有再存`, `The same as ${one.title}; not kept twice`);
      else finish(row, "done", "已加入", "Added");
    }
    refresh();
  });
  http.send(body);
}

choice.addEventListener("change", () => { send(choice.files); choice.value = ""; });
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  element.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop") send(event.dataTransfer.files);
  });
}
window.addEventListener("wenyuan-view", (event) => { if (event.detail === "library") refresh(); });
if (root.dataset.view === "library") refresh();
