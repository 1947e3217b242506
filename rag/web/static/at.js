// After @ in the question: collections and documents to be asked alone, by what follows it. It stands between choice.js,
// which keeps what is chosen, and page.js, which would send the question with Enter.
const question = element.querySelector("textarea");
const menu = element.querySelector(".at");
// An @ inside of an address of mail, or of a name, is none.
const AT = /(?:^|[^\w.@])@([^\s@]{0,40})$/;
const MOST = 8;
let offered = null;
let at = 0;

function typed() { return AT.exec(question.value.slice(0, question.selectionStart))?.[1]; }

async function offer() {
  if (typed() === undefined) { closeMenu(); return; }
  offered ??= Promise.all(["collections", "documents"].map(async (kind) => (await request(`api/v1/${kind}`)).json()))
    .then(([collections, documents]) => [
      ...collections.map(({ name, documents: count }) => ({ kind: "collections", value: name, shown: shownCollection(name), note: [`${count} 篇`, `${count} documents`] })),
      ...documents.map(({ doc_id, title, source, edition }) => ({ kind: "documents", value: doc_id, shown: title,
        note: edition ? [`旧版 ${edition} · ${shownSource(source)}`, `Older version ${edition} · ${shownSource(source)}`] : Array(2).fill(shownSource(source)) })),
    ]).catch(() => []);
  const all = await offered;
  const said = typed();
  if (said === undefined) { closeMenu(); return; }
  const found = all.filter(({ kind, value, shown, note }) => `${shown} ${kind === "collections" ? value : ""} ${note[0]}`.toLowerCase().includes(said.toLowerCase()));
  at = 0;
  menu.replaceChildren(...found.slice(0, MOST).map((one) => {
    const option = make("li", { role: "option" }, make("span", { textContent: one.shown }), make("span", { className: "note" }, both(...one.note)));
    // Not a click: the box must not lose its caret first.
    option.addEventListener("pointerdown", (event) => { event.preventDefault(); pick(one); });
    return Object.assign(option, { picked: one });
  }));
  menu.hidden = !found.length;
  mark();
}

function mark() {
  for (const [place, option] of [...menu.children].entries()) option.ariaSelected = String(place === at);
  menu.children[at]?.scrollIntoView({ block: "nearest" });
}

function closeMenu() { menu.hidden = true; offered = null; }

function pick({ kind, value }) {
  const end = question.selectionStart;
  const start = end - typed().length - 1;
  question.setRangeText("", start, end, "end");
  change(kind, value, true);
  closeMenu();
  question.focus();
}

question.addEventListener("input", offer);
question.addEventListener("blur", closeMenu);
question.addEventListener("keydown", (event) => {
  if (menu.hidden || event.isComposing || event.keyCode === 229) return;
  const count = menu.children.length;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { at = (at + (event.key === "ArrowDown" ? 1 : count - 1)) % count; mark(); }
  else if (event.key === "Enter" || event.key === "Tab") pick(menu.children[at].picked);
  else if (event.key === "Escape") closeMenu();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
});
