// The list of kept conversations: found, opened, renamed, deleted and taken away, over the HTTP API.
const root = document.documentElement;
const search = element.querySelector(".find");
const lists = element.querySelector(".lists");
const undo = element.querySelector(".undo");
const API = "api/v1/conversations";
// Where there is room the list stands beside the conversation, elsewhere it comes over it.
const wide = window.matchMedia("(min-width: 1360px)");
const others = new BroadcastChannel("wenyuan-conversations");
const button = () => document.querySelector("button[data-list]");
const current = () => document.querySelector("#conversation .log")?.dataset.id ?? "";
let listed = [];
let lasting = true;
let asked = 0;
// So many are shown at first, and so many more with each click.
const MANY = 60;
let most = MANY;
// What the list was drawn from, and whose menu is open: it is drawn again only for something new, and leaves the menu open.
let drawn = "";
let opened = "";

async function refresh() {
  const mine = ++asked;
  const words = search.value.trim();
  try {
    const found = await (await request(`${API}?${new URLSearchParams({ q: words, count: most + 1 })}`)).json();
    if (mine !== asked || lists.querySelector(".renaming")) return;
    const told = JSON.stringify([words, found, new Date().toDateString()]);
    if (told === drawn) return mark();
    drawn = told;
    ({ conversations: listed, lasting } = found);
    show(words);
  } catch (error) {
    if (mine !== asked) return;
    drawn = "";
    lists.replaceChildren(make("p", { className: "hint" }, both(error.zh, error.en)));
  }
}

function show(words) {
  const today = new Date().toDateString();
  const of = (is) => listed.slice(0, most).filter((one) => (new Date(one.used).toDateString() === today) === is);
  const parts = [group("今天", "Today", of(true)), group("更早", "Earlier", of(false))].flat();
  if (!parts.length) parts.push(words ? hint("没有对话提到它", "No conversation mentions this") : hint("问过的会留在这里", "What you ask stays here"));
  if (listed.length > most) parts.push(act("更早的…", "Earlier…", showMore, "earlier"));
  if (!lasting) parts.unshift(hint("索引文件夹不可写：这些对话只保留到服务结束", "The index folder can’t be written: these last until the server ends"));
  lists.replaceChildren(...parts);
  element.querySelector("footer").hidden = !listed.length || Boolean(words);
  mark();
}

async function showMore() {
  const shown = most;
  most += MANY;
  await refresh();
  lists.querySelectorAll("a")[shown]?.focus();
}

function hint(zh, en) { return make("p", { className: "hint" }, both(zh, en)); }

function group(zh, en, some) {
  return some.length ? [make("h2", {}, both(zh, en)), make("ul", {}, some.map(line))] : [];
}

function line(one) {
  const link = make("a", { href: `#c/${one.id}${one.found ? `/${one.found.question}` : ""}` }, make("span", { className: "name", textContent: one.name }));
  if (one.found && one.found.asked !== one.name) link.append(make("span", { className: "also", textContent: one.found.asked }));
  const acts = make("div", { className: "acts", hidden: opened !== one.id },
    act("改名", "Rename", () => rename(one)), act("存为 Markdown", "Save as Markdown", () => take(`${API}/${one.id}/file`, "md")),
    act("存为网页", "Save as a web page", () => take(`${API}/${one.id}/file`, "html")),
    act("存为 Word 文档", "Save as a Word document", () => take(`${API}/${one.id}/file`, "docx")), act("删除", "Delete", () => remove(one), "delete"));
  const more = make("button", { type: "button", className: "more", textContent: "⋯", ariaLabel: `更多 More: ${one.name}`, ariaExpanded: String(!acts.hidden) });
  more.addEventListener("click", () => {
    acts.hidden = !acts.hidden;
    opened = acts.hidden ? "" : one.id;
    more.ariaExpanded = String(!acts.hidden);
  });
  return make("li", { data: { id: one.id } }, link, more, acts);
}

function act(zh, en, does, className = "") {
  const made = make("button", { type: "button", className }, both(zh, en));
  made.addEventListener("click", does);
  return made;
}

function item(id) { return lists.querySelector(`li[data-id="${CSS.escape(id)}"]`); }

function mark() {
  for (const link of lists.querySelectorAll("a")) {
    if (link.parentElement.dataset.id === current()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function rename(one) {
  const box = make("input", { className: "renaming", value: one.name, maxLength: 100, ariaLabel: "名称 Name" });
  const row = item(one.id);
  let left = false;
  const leave = async (saves) => {
    if (left) return;
    left = true;
    if (saves && box.value.trim() && box.value.trim() !== one.name) await change(one, "PATCH", { name: box.value.trim() });
    box.remove();
    await refresh();
    item(one.id)?.querySelector(".more").focus();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.stopPropagation();
    if (event.key === "Escape" || (event.key === "Enter" && !event.isComposing)) leave(event.key === "Enter");
  });
  box.addEventListener("blur", () => leave(true));
  drawn = opened = "";
  row.replaceChildren(box);
  box.select();
  box.focus();
}

async function remove(one) {
  if (!await change(one, "DELETE")) return;
  const back = act("撤销", "Undo", async () => {
    undo.replaceChildren();
    await change(one, "PATCH", { deleted: false });
    refresh();
  });
  undo.replaceChildren(make("span", {}, both(`已删除“${one.name}”`, `Deleted “${one.name}”`)), back);
  if (one.id === current()) document.querySelector("[data-fresh]").click();
  await refresh();
  back.focus();
}

// Whether the server took a change; what is wrong is said where the undo stands.
async function change(one, method, body = undefined) {
  try {
    await request(`${API}/${one.id}`, { method, body });
    others.postMessage("");
    return true;
  } catch (error) {
    undo.replaceChildren(make("span", {}, both(error.zh, error.en)));
    return false;
  }
}

function toggle(open) {
  root.dataset.list = open ? "open" : "closed";
  button()?.setAttribute("aria-expanded", String(open));
  if (open) refresh();
}

function isOpen() { return root.dataset.list === "open"; }

function close() {
  if (!isOpen() || wide.matches) return;
  toggle(false);
  button().focus();
}

let typed = null;
search.addEventListener("input", () => { most = MANY; clearTimeout(typed); typed = setTimeout(refresh, 150); });
element.addEventListener("click", (event) => {
  const all = event.target.closest("[data-all]");
  if (all) take(`${API}.zip`, all.dataset.all);
  if (event.target.closest("a")) close();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("button[data-list]")) {
    if (root.dataset.view !== "ask") document.querySelector("[data-view=ask]").click();
    toggle(root.dataset.view !== "ask" || !isOpen());
    remember("wenyuan-list", root.dataset.list);
    if (isOpen()) search.focus();
  } else if (isOpen() && !wide.matches && !element.contains(event.target)) {
    // Beside the drawer a click only closes it.
    event.preventDefault();
    event.stopPropagation();
    close();
  }
}, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
window.addEventListener("wenyuan-conversation", mark);
window.addEventListener("wenyuan-settled", () => { others.postMessage(""); if (isOpen()) refresh(); });
for (const [whose, name] of [[others, "message"], [window, "focus"]]) whose.addEventListener(name, () => { if (isOpen()) refresh(); });
wide.addEventListener("change", () => toggle(wide.matches));
toggle(wide.matches && recall("wenyuan-list") !== "closed");
