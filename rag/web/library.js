// The library's view: the documents, files to add to them, and a document to remove, over the HTTP API.
const root = document.documentElement;
const listing = element.querySelector(".listing");
const uploads = element.querySelector(".uploads");
const drop = element.querySelector(".drop");
const choice = element.querySelector("#files");
const dialog = element.querySelector("dialog");
const API = "api/v1/documents";

function both(zh, en) {
  const parts = [["zh", zh], ["en", en]].map(([language, said]) => {
    const span = document.createElement("span");
    span.className = language;
    span.textContent = said;
    return span;
  });
  return parts;
}

function make(tag, style, ...content) {
  const made = document.createElement(tag);
  if (style) made.className = style;
  if (tag === "button") made.type = "button";
  made.append(...content);
  return made;
}

async function problem(response) {
  const said = await response.json().catch(() => ({}));
  const detail = said.detail ?? response.statusText;
  return both(said.detail_zh ?? detail, detail);
}

async function refresh() {
  let response;
  try {
    response = await fetch(API, { cache: "no-store" });
  } catch {
    listing.replaceChildren(make("p", "none", ...both("连接不上问源的服务。", "Wenyuan’s server does not answer.")));
    return;
  }
  if (!response.ok) {
    listing.replaceChildren(make("p", "none", ...await problem(response)));
    return;
  }
  const documents = await response.json();
  const rows = documents.map((one) => {
    const title = make("button", "title", one.title);
    title.dataset.open = `${one.doc_id}:0:0:0:0:1`;
    const remove = make("button", "act", ...both("移除", "Remove"));
    remove.addEventListener("click", () => ask(one));
    const number = new Intl.NumberFormat("en-US");
    const size = make("td", "figure", number.format(one.characters));
    return make("tr", "", make("td", "", title, make("span", "note", one.source)), size,
      make("td", "figure", number.format(one.paragraphs)), make("td", "", remove));
  });
  const heads = [["文章", "Document"], ["字数", "Characters"], ["段落", "Paragraphs"]].map((pair, at) => {
    const head = make("th", at ? "figure" : "", ...both(...pair));
    head.scope = "col";
    return head;
  });
  const table = make("table", "", make("thead", "", make("tr", "", ...heads, make("td"))), make("tbody", "", ...rows));
  listing.replaceChildren(make("p", "count", ...both(`共 ${rows.length} 篇`, `${rows.length} documents`)), table);
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
  const row = make("li", "busy", make("span", "name", dialog.querySelector(".name").textContent), make("span", "state", ...both("正在移除…", "Removing…")));
  uploads.prepend(row);
  const response = await fetch(`${API}/${dialog.dataset.id}`, { method: "DELETE" }).catch(() => null);
  row.className = response?.ok ? "done" : "failed";
  const said = response?.ok ? both("已移除", "Removed") : response ? await problem(response) : both("连接不上问源的服务。", "Wenyuan’s server does not answer.");
  row.querySelector(".state").replaceChildren(...said);
  refresh();
});

// One request for all files, so that they become one change of the index; each then has its own result.
function send(files) {
  if (!files.length) return;
  const rows = [...files].map((file) => {
    const row = make("li", "busy", make("span", "name", file.name), make("progress"), make("span", "state", ...both("正在上传…", "Uploading…")));
    row.querySelector("progress").max = 1;
    row.querySelector("progress").value = 0;
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
  const finish = (row, style, said) => {
    row.className = style;
    row.querySelector("progress").remove();
    row.querySelector(".state").replaceChildren(...said);
  };
  http.addEventListener("error", () => {
    for (const row of rows) finish(row, "failed", both("上传中断，请再试一次。", "The upload broke off; try again."));
  });
  http.addEventListener("load", () => {
    let said = {};
    try { said = JSON.parse(http.responseText); } catch { /* an error without a body */ }
    for (const [at, row] of rows.entries()) {
      const one = said.results?.[at];
      if (!one) finish(row, "failed", both(said.detail_zh ?? said.detail ?? http.statusText, said.detail ?? http.statusText));
      else if (one.status === "failed") finish(row, "failed", both(one.problem.detail_zh, one.problem.detail));
      else if (one.status === "duplicate") finish(row, "done", both(`与《${one.title}》内容相同，没有再存`, `The same as ${one.title}; not kept twice`));
      else finish(row, "done", both(["已加入", ...one.notices.map((n) => n.detail_zh)].join("；"), ["Added", ...one.notices.map((n) => n.detail)].join("; ")));
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
