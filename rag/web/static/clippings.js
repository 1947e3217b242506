// Quotes that are kept aside, each with a note, in this browser; saved as Markdown with a footnote each. Follows addresses.js.
const dialog = element.querySelector("dialog");
const list = dialog.querySelector("ol");
const KEY = "wenyuan-clippings";

function kept() { try { return JSON.parse(recall(KEY)) ?? []; } catch { return []; } }

// Whether the browser kept them.
function keep(clippings) { return remember(KEY, JSON.stringify(clippings)); }

// What the cards of an answer cite: the sentence, or the cells of the row, each after the name of its column.
function cited(turn) {
  return [...turn.querySelectorAll(".reply > .cards > li")].map((card) => {
    const where = card.querySelector(".where");
    const names = [...card.querySelectorAll("th")].map((name) => name.textContent);
    const cells = [...card.querySelectorAll("td")].map(({ textContent: value }, at) => value && (names[at] ? `${names[at]}：${value}` : value)).filter(Boolean);
    const paragraph = (language) => where.querySelector(`.paragraph .${language}`).textContent;
    return {
      place: where.dataset.open, title: where.querySelector(".title").textContent, zh: paragraph("zh"), en: paragraph("en"),
      quote: cells.length ? cells.join(names.length ? "；" : " · ") : card.querySelector(".sentence").textContent,
      question: turn.querySelector(".asked").textContent, note: "",
    };
  });
}

function clip(button) {
  const before = kept();
  const more = cited(button.closest(".turn")).filter((one) => !before.some((other) => other.place === one.place));
  const done = keep([...before, ...more]);
  button.replaceChildren(...(done ? both("已摘录 ✓", "Clipped ✓") : both("浏览器不让保存", "The browser keeps nothing")));
}

function show() {
  list.replaceChildren(...kept().map(line));
  dialog.querySelector("[data-save]").disabled = !list.children.length;
  if (!dialog.open) dialog.showModal();
}

function line(one) {
  const note = make("textarea", { rows: 1, value: one.note, maxLength: 2000, placeholder: words("加注", "Note"), ariaLabel: `加注 Note: ${one.quote.slice(0, 30)}` });
  note.addEventListener("input", () => keep(kept().map((other) => (other.place === one.place ? { ...other, note: note.value } : other))));
  const where = make("button", { type: "button", className: "where", data: { open: one.place } },
    make("span", { className: "title", textContent: one.title }), make("span", { className: "paragraph" }, both(one.zh, one.en)));
  const away = make("button", { type: "button", className: "act" }, both("移除", "Remove"));
  away.addEventListener("click", () => { keep(kept().filter((other) => other.place !== one.place)); show(); });
  return make("li", {}, make("p", { className: "quoted", textContent: one.quote }), where, note, away);
}

// Each character as itself, on one line.
function plain(text) {
  return text.replace(/[\\`*_[\]<>&~$^{}|#!]/g, "\\$&").replace(/\s+/g, " ").trim().replace(/^[-+=:]|^\d{1,9}(?=[.)])/, (begins) => (/\d/.test(begins) ? `${begins}\\` : `\\${begins}`));
}

function markdown(clippings) {
  const base = location.origin + location.pathname;
  const quotes = clippings.map((one, at) => `> ${plain(one.quote)}[^${at + 1}]\n${one.note.trim() ? `\n${one.note.split("\n").map(plain).join("  \n")}\n` : ""}`);
  const notes = clippings.map((one, at) => `[^${at + 1}]: 《${plain(one.title)}》${words(one.zh, one.en)} · ${plain(one.question)} · <${base}#place/${one.place}>`);
  return `# ${words("摘录", "Clippings")}\n\n${quotes.join("\n")}\n${notes.join("\n")}\n`;
}

function save() {
  const url = URL.createObjectURL(new Blob([markdown(kept())], { type: "text/markdown" }));
  make("a", { href: url, download: `${words("摘录", "clippings")}.md` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

dialog.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && "save" in button.dataset) save();
  else if (event.target === dialog || (button && ("close" in button.dataset || button.dataset.open))) dialog.close();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && "clip" in button.dataset) clip(button);
  else if (button && "clippings" in button.dataset) show();
});
