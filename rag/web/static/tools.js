// Runs once, when the header is on the page: language and theme, and what one does with an answer once it is there.
const root = document.documentElement;

function setLanguage(language) {
  root.dataset.words = language;
  root.lang = language === "en" ? "en" : "zh-CN";
  translate();
}

// What can hold but one language at a time; where there is no keyboard, no key is named.
const touched = window.matchMedia("(pointer: coarse)");
function translate() {
  const language = root.dataset.words === "en" ? "en" : "zh";
  for (const one of document.querySelectorAll("[data-zh]")) {
    const said = (touched.matches && one.dataset[`${language}Touch`]) || one.dataset[language];
    if (one.placeholder !== said) one.placeholder = said;
  }
}

// The framework follows the system; a choice made here outlasts it.
function setTheme(theme) {
  document.body.classList.toggle("dark", theme === "dark");
  remember("wenyuan-theme", theme);
}

let gone = null;
function say(zh, en) {
  const note = find("#said");
  note.textContent = words(zh, en);
  note.dataset.shown = "";
  clearTimeout(gone);
  gone = setTimeout(() => { delete note.dataset.shown; }, 2500);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the clipboard's permission, or on a page that is not served securely.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return say("浏览器不让复制", "The browser does not allow copying");
  }
  say("已复制", "Copied");
}

// A link to the open place beside its question, or from an answer's own button to that answer. On another machine one to this
// machine opens nothing, so that the words go with it.
const OWN_NAMES = /^(localhost|127\..*|\[::1\])$/;
function copyLink(button) {
  const own = button.closest(".turn");
  const question = questionOf(button);
  const turn = turns()[question - 1];
  const place = own ? own.querySelector("[data-open]")?.dataset.open : find("#source .pane").dataset.key;
  const link = `${location.origin}${location.pathname}${addressOf(shown(), question, place)}`;
  const cited = (own || turn?.querySelector(`[data-open="${CSS.escape(place)}"]`)) && turn.querySelector("[data-copy]");
  if (!cited || !OWN_NAMES.test(location.hostname)) copy(link);
  else copy(`${turn.querySelector(".asked").textContent}\n${cited.dataset.copy}\n${link}`);
}

// The conversation is drawn anew with every turn; what was opened in it stays open.
const explained = new Map();
async function explain(details) {
  const { why, doc, start } = details.dataset;
  const only = details.closest(".turn").dataset.only ?? "";
  const id = [why, doc, start, only].join("\n");
  const inside = details.querySelector("div");
  if (!details.open) { explained.delete(id); return; }
  if (inside.childElementCount) return;
  const query = new URLSearchParams(doc ? { question: why, doc_id: doc, start, only } : { question: why, only });
  inside.textContent = words("正在分析…", "Looking into it…");
  try {
    explained.set(id, await (await request(`page/why?${query}`)).text());
    inside.innerHTML = explained.get(id);
    details.scrollIntoView({ block: "nearest" });
  } catch (error) {
    inside.textContent = words(error.zh, error.en);
  }
}
function reopen() {
  for (const details of document.querySelectorAll("#conversation details.because:not([open])")) {
    const { why, doc, start } = details.dataset;
    const html = explained.get([why, doc, start, details.closest(".turn").dataset.only ?? ""].join("\n"));
    if (html) { details.querySelector("div").innerHTML = html; details.open = true; }
  }
}
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.because")) explain(event.target);
  if (event.target.matches?.("details.outline")) lookOver(event.target);
}, true);

// The pane is drawn anew with every place; the overview of the same document stays open.
let lookedOver = { doc: "", html: "" };
async function lookOver(details) {
  const doc = details.dataset.facts;
  if (!details.open) { lookedOver = { doc: "", html: "" }; return; }
  if (doc === lookedOver.doc) return;
  lookedOver = { doc, html: "" };
  let html;
  try {
    html = await (await request(`page/facts?${new URLSearchParams({ doc_id: doc })}`)).text();
  } catch (error) {
    html = make("p", { textContent: words(error.zh, error.en) }).outerHTML;
  }
  const inside = find(`#source details[data-facts="${CSS.escape(doc)}"] .facts`);
  if (inside) inside.innerHTML = html;
  if (doc === lookedOver.doc) lookedOver.html = html;
}
// Beside an overview a button leads to the outline of its document: the fold is opened once that is there.
let outlined = "";
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-outline]");
  if (button) { outlined = button.dataset.outline; stayOpen(); }
});
function stayOpen() {
  const details = find("#source details.outline");
  if (details && details.dataset.facts === outlined) {
    outlined = "";
    details.open = true;
    details.scrollIntoView({ block: "nearest" });
  }
  if (!details || "drawn" in details.dataset) return;
  details.dataset.drawn = "";
  if (details.dataset.facts !== lookedOver.doc) return;
  details.querySelector(".facts").innerHTML = lookedOver.html;
  details.open = true;
}
let examples = null;
async function suggest() {
  const place = find(".examples[aria-busy]");
  if (!place) return;
  place.removeAttribute("aria-busy");
  examples ??= request("page/examples").then((response) => response.text()).catch(() => { examples = null; return ""; });
  place.innerHTML = await examples;
  if (!place.innerHTML) examples = null;
}

// A place in the source that was selected with the mouse, in code points of the document.
function selected() {
  const selection = window.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const blocks = [range.startContainer, range.endContainer].map((node) => node.parentElement?.closest("#source [data-start]"));
  if (!blocks[0] || blocks[0] !== blocks[1]) return null;
  const offset = (node, at) => {
    for (const [text, before] of textsOf(blocks[0])) if (text === node) return before + [...text.data.slice(0, at)].length;
    return null;
  };
  const start = offset(range.startContainer, range.startOffset);
  const end = offset(range.endContainer, range.endOffset);
  const quote = range.cloneContents().textContent;
  if (start === null || end === null || !quote.trim()) return null;
  return { doc_id: find("#source .pane").dataset.doc, start, end, quote };
}

function lastAsked() {
  const open = find("#conversation [aria-pressed=true]")?.closest(".turn");
  const turn = open ?? [...document.querySelectorAll("#conversation .turn")].at(-1);
  return turn?.querySelector("details.because")?.dataset.why ?? null;
}

const correct = find("#correct");
document.addEventListener("selectionchange", () => {
  const chosen = selected();
  correct.hidden = !(chosen && lastAsked());
  if (correct.hidden) return;
  const box = window.getSelection().getRangeAt(0).getBoundingClientRect();
  correct.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - correct.offsetWidth - 8))}px`;
  correct.style.top = `${Math.max(64, Math.min(box.bottom + 8, window.innerHeight - 48))}px`;
});

new MutationObserver(() => { reopen(); stayOpen(); suggest(); translate(); }).observe(document.body, { childList: true, subtree: true });

// Keeps the selection that the button is about.
correct.addEventListener("mousedown", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  for (const menu of document.querySelectorAll(".menu[open]")) if (summary?.parentElement !== menu) menu.open = false;
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.copy) copy(data.copy);
  else if ("link" in data) copyLink(button);
  else if (button === correct) {
    const place = selected();
    if (place) keep({ question: corrected(), answers: [place.quote], places: [place] });
    window.getSelection().removeAllRanges();
  } else if (data.take) {
    if (shown()) take(`api/v1/conversations/${shown()}/file`, data.take);
    else say("还没有对话可以导出", "There is no conversation to export yet");
  } else if ("language" in data) {
    setLanguage(root.dataset.words === "en" ? "zh" : "en");
    remember("wenyuan-language", root.dataset.words);
  }
  else if ("themeNext" in data) setTheme(document.body.classList.contains("dark") ? "light" : "dark");
});

// A first visit follows the browser.
setLanguage(recall("wenyuan-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
if (recall("wenyuan-theme")) setTheme(recall("wenyuan-theme"));
