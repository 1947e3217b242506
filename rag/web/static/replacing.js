// Follows collecting.js: a newer version of a document, which is a file to upload or another document, and the way back.
const replacing = asking("replacing", async (fields) => {
  const [file] = fields.file.files;
  if (!file && !fields.other.value) throw new Problem({ detail_zh: "请选一个文件，或已有的一篇。", detail: "Choose a file, or another document." });
  if (file) send([file], replaced);
  else {
    await request(`${API}/${replaced.doc_id}`, { method: "PATCH", body: { replaced_by: fields.other.value } });
    refresh();
  }
});
let replaced = null;

function openReplacing(one) {
  replaced = one;
  replacing.open((fields) => {
    replacing.dialog.querySelector(".name").textContent = one.title;
    showPicked(fields.file);
    const others = documents.filter(({ doc_id, replaced_by }) => doc_id !== one.doc_id && !replaced_by).toSorted(byTitle);
    fields.other.closest("label").hidden = !others.length;
    fields.other.replaceChildren(make("option", { value: "" }), ...others.map(({ doc_id, title, source }) =>
      make("option", { value: doc_id, textContent: `${title} · ${shownSource(source)}` })));
  });
}

// A file and a document are one choice: the later one counts.
replacing.dialog.querySelector("form").addEventListener("change", ({ target }) => {
  const { file, other } = target.form.elements;
  if (target === file && file.files.length) other.value = "";
  if (target === other && other.value) file.value = "";
  showPicked(file);
  replacing.dialog.querySelector(".problem").replaceChildren();
});

function showPicked({ files: [file] }) { replacing.dialog.querySelector(".picked").textContent = file?.name ?? ""; }

async function reinstate(one) {
  const row = make("li", { className: "busy" }, make("span", { className: "name", textContent: one.title }), state("正在恢复…", "Reinstating…"));
  uploads.prepend(row);
  try {
    await request(`${API}/${one.doc_id}`, { method: "PATCH", body: { replaced_by: null } });
    finish(row, "done", "已恢复，和新版并列，都会问到", "Current again, beside the newer one; both are asked");
  } catch (error) {
    finish(row, "failed", error.zh, error.en);
  }
  refresh();
}
