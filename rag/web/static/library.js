// The library's view: the documents, files to add to them, and a document to remove, over the HTTP API.
const root = document.documentElement;
const listing = element.querySelector(".listing");
const uploads = element.querySelector(".uploads");
const choice = element.querySelector("#files");
const dialog = element.querySelector("dialog.removing");
const API = "api/v1/documents";

async function refresh() {
  try {
    [documents, collections] = await Promise.all([API, "api/v1/collections"].map(async (path) => (await request(path)).json()));
  } catch (error) {
    listing.replaceChildren(make("p", { className: "none" }, both(error.zh, error.en)));
    return;
  }
  show();
}

const number = new Intl.NumberFormat("en-US");
const byTitle = (one, other) => one.title.localeCompare(other.title, "zh-CN") || one.source.localeCompare(other.source);
// Each column: its name, how it is ordered when chosen, and the order itself; documents of one rank stand by title.
const COLUMNS = {
  title: { name: ["文章", "Document"], down: false, order: byTitle },
  characters: { name: ["字数", "Characters"], down: true, order: (one, other) => one.characters - other.characters },
  paragraphs: { name: ["段落", "Paragraphs"], down: true, order: (one, other) => one.paragraphs - other.paragraphs },
  modified: { name: ["修改日期", "Modified"], down: true, order: (one, other) => (one.modified ?? "").localeCompare(other.modified ?? "") },
};
let documents = [];
let collections = [];
let sorted = { by: "modified", down: true };

function show() {
  const { order } = COLUMNS[sorted.by];
  const ordered = documents.toSorted((one, other) => (sorted.down ? order(other, one) : order(one, other)) || byTitle(one, other));
  const all = ordered.filter((one) => !one.replaced_by);
  const current = all.filter((one) => [one, ...olderThan(one)].some(isFound));
  const rows = current.flatMap((one) => [one, ...olderThan(one)]).map(line);
  const table = make("table", {}, make("thead", {}, make("tr", {}, Object.keys(COLUMNS).map(head), make("td"))), make("tbody", {}, rows));
  const older = ordered.length - all.length;
  const count = current.length < all.length ? both(`找到 ${current.length} 篇，共 ${all.length} 篇`, `${current.length} of ${all.length} documents`) : both(`共 ${all.length} 篇${older ? `，另有旧版 ${older} 篇` : ""}`, `${all.length} documents${older ? ` and ${older} older versions` : ""}`);
  listing.replaceChildren(parts(), make("p", { className: "count" }, count), table);
  showChosen();
}

// The older versions of a document stand below it, the newest first.
function olderThan({ doc_id }) {
  return documents.filter((one) => one.replaced_by === doc_id).toSorted((one, other) => other.edition.localeCompare(one.edition));
}

// The collections, each to be chosen, as the documents are; see choice.js.
function parts() {
  if (collections.length < 2 && !collections.some((one) => one.own)) return "";
  const labels = collections.map(({ name, documents: count, own }) => {
    const label = make("label", {}, chooser("collections", name), make("span", { textContent: shownCollection(name) }), make("span", { className: "count", textContent: count }));
    if (!own) return label;
    const edit = make("button", { type: "button", className: "edit", textContent: "✎", ariaLabel: `改名或删除 Rename or delete: ${name}` });
    edit.addEventListener("click", () => openNaming(name));
    return make("span", { className: "named" }, label, edit);
  });
  return make("fieldset", { className: "parts" }, make("legend", {}, both("文档集 · 勾选几个，就只问它们", "Collections · choose some to ask only these")), labels);
}

function chooser(kind, value) { return make("input", { type: "checkbox", value, data: { choose: kind } }); }

function head(by) {
  const { name, down } = COLUMNS[by];
  const chosen = sorted.by === by;
  const button = make("button", { type: "button" }, both(...name));
  button.addEventListener("click", () => {
    sorted = { by, down: chosen ? !sorted.down : down };
    show();
    listing.querySelector(`th[data-by=${by}] button`).focus();
  });
  const made = make("th", { className: by === "title" ? "" : "figure", scope: "col", data: { by } }, button);
  if (chosen) made.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
  return made;
}

function line(one) {
  const box = chooser("documents", one.doc_id);
  box.dataset.in = JSON.stringify(one.collections);
  box.ariaLabel = one.replaced_by ? `只问旧版 Ask this older version only: ${one.title} ${one.edition}` : `只问这一篇 Ask this one only: ${one.title}`;
  const file = make("span", { className: "note" }, editionOf(one), shownSource(one.source));
  const entry = make("div", { className: "entry" }, make("label", { className: "tick" }, box), make("div", {}, opener(one, "title"), file, foundIn(one), alsoIn(one), lacking(one)));
  return make("tr", { className: one.replaced_by ? "older" : "" }, make("td", {}, entry),
    figure(number.format(one.characters), " 字", " characters"), figure(number.format(one.paragraphs), " 段", " paragraphs"),
    figure(one.modified ? new Date(one.modified).toLocaleDateString("sv-SE") : "—"), make("td", { className: "doing" }, acts(one)));
}

// What can be done with one document: a newer version takes its place, an older one is current again. See replacing.js.
function acts(one) {
  const other = one.replaced_by ? act("恢复", "Reinstate", () => reinstate(one)) : act("换成新版", "Replace", () => openReplacing(one));
  return [other, act("移除", "Remove", () => ask([one]))];
}

function act(zh, en, done) {
  const button = make("button", { type: "button", className: "act" }, both(zh, en));
  button.addEventListener("click", done);
  return button;
}

function editionOf({ edition }) {
  return edition ? make("span", { className: "edition" }, both(`旧版 ${edition}`, `Older version ${edition}`)) : null;
}

function opener({ doc_id, title }, className = "") {
  return make("button", { type: "button", className, textContent: title, data: { open: `${doc_id}:0:0:0:0:1` } });
}

// Files of the same bytes by their names, documents that are almost the same to be opened; its versions stand beside it.
function alsoIn({ doc_id, also_in, replaced_by }) {
  if (!also_in.length) return null;
  const current = replaced_by || doc_id;
  const versions = documents.filter((one) => (one.replaced_by || one.doc_id) === current).map((one) => one.doc_id);
  const others = also_in.filter((other) => other.doc_id === doc_id || !versions.includes(other.doc_id));
  if (!others.length) return null;
  const names = others.flatMap((other) => ["、", other.doc_id === doc_id ? shownSource(other.source) : opener(other)]).slice(1);
  return make("p", { className: "also" }, both("另见 ", "Also in "), names);
}

// What of its file was not read.
function lacking({ omitted }) {
  if (!omitted.length) return null;
  return make("p", { className: "lacking" }, both(`没有读入：${omitted.map((one) => one.detail_zh).join("、")}`, `Not read: ${omitted.map((one) => one.detail).join(", ")}`));
}

// On a phone, where no column's name is above it, a figure says what it counts.
function figure(shown, zh = "", en = "") {
  return make("td", { className: "figure" }, shown, make("span", { className: "unit" }, both(zh, en)));
}

function ask(some) {
  dialog.querySelector(".name").textContent = some.map((one) => one.title).join("、");
  going = some;
  dialog.showModal();
}
let going = [];

dialog.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button && event.target !== dialog) return;
  dialog.close();
  if (button?.value !== "yes") return;
  for (const one of going) {
    const row = make("li", { className: "busy" }, make("span", { className: "name", textContent: one.title }), state("正在移除…", "Removing…"));
    uploads.prepend(row);
    try {
      await request(`${API}/${one.doc_id}`, { method: "DELETE" });
      finish(row, "done", "已移除", "Removed");
    } catch (error) {
      finish(row, "failed", error.zh, error.en);
    }
  }
  refresh();
});

function state(zh, en) { return make("span", { className: "state" }, both(zh, en)); }

function finish(row, style, zh, en) {
  row.className = style;
  row.querySelector("progress")?.remove();
  row.querySelector(".state").replaceChildren(...both(zh, en));
  const away = make("button", { type: "button", className: "away", textContent: "×", ariaLabel: `不再显示 Dismiss: ${row.querySelector(".name").textContent}` });
  away.addEventListener("click", () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector(".away") ?? choice).focus();
  });
  row.append(away);
}

// One request for all files, so that they become one change of the index; each then has its own result, and each file in an archive.
// A file that `replaces` a document comes alone.
function send(files, replaces = null) {
  if (!files.length) return;
  const add = (name) => {
    const row = make("li", { className: "busy" }, make("span", { className: "name", textContent: name }), make("progress", { max: 1, value: 0 }), state("正在上传…", "Uploading…"));
    uploads.prepend(row);
    return row;
  };
  const rows = [...files].map((file) => add(file.name));
  const body = new FormData();
  for (const file of files) body.append("files", file);
  if (replaces) body.append("replaces", replaces.doc_id);
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
    for (const row of rows.splice(said.results?.length ?? rows.length)) row.remove();
    for (const [at, one] of (said.results ?? []).entries()) (rows[at] ??= add("")).querySelector(".name").textContent = one.name;
    for (const [at, row] of rows.entries()) {
      const one = said.results?.[at];
      if (one?.doc_id) row.querySelector(".name").replaceChildren(opener({ ...one, title: one.name }));
      if (!one) finish(row, "failed", refused.zh, refused.en);
      else if (one.status === "failed") finish(row, "failed", one.problem.detail_zh, one.problem.detail);
      else if (replaces) finish(row, "done", `已是《${replaces.title}》的新版，原来的留作旧版`, `Now the current version of ${replaces.title}; the one before is kept as an older version`);
      else if (one.status === "duplicate") finish(row, "done", `与《${one.title}》内容相同，没有再存`, `The same as ${one.title}; not kept twice`);
      else finish(row, "done", ["已加入", ...one.notices.map((n) => n.detail_zh)].join("；"), ["Added", ...one.notices.map((n) => n.detail)].join("; "));
    }
    refresh();
  });
  http.send(body);
}

choice.addEventListener("change", () => { send(choice.files); choice.value = ""; });
// A file may be dropped anywhere on the page, which would else be left for it; in a dialog that asks for one it is the one.
// What is dragged from the page itself, as the picture of a page, is none.
let inside = false;
for (const name of ["dragstart", "dragend"]) document.addEventListener(name, () => { inside = name === "dragstart"; });
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    if (inside || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    root.toggleAttribute("data-over", over);
    if (name === "drop") receive(event.dataTransfer.files);
  });
}
function receive(files) {
  const wanted = element.querySelector("dialog[open] input[type=file]");
  if (wanted) {
    wanted.files = files;
    wanted.dispatchEvent(new Event("change", { bubbles: true }));
  } else if (!document.querySelector("dialog[open]")) {
    document.querySelector("[data-view=library]:not(html)")?.click();
    send(files);
  }
}
window.addEventListener("wenyuan-view", (event) => { if (event.detail === "library") refresh(); });
if (root.dataset.view === "library") refresh();
