// Follows tools.js: what the user says of an answer (right, wrong, this instead), and other questions after a refusal.
// The conversation is drawn anew with every turn; what belongs to its answers is put back by `dress`.
let confirmed = [];
let byQuestion = new Map();
const wrong = new Map();
const instead = new Map();

async function learn() {
  try {
    ({ confirmed } = await (await request("api/v1/confirmed")).json());
    byQuestion = new Map(confirmed.toReversed().map((one) => [folded(one.question), one]));
  } catch { /* without an index there are none */ }
  dress();
  list();
}

async function changed() {
  await learn();
  window.dispatchEvent(new Event("wenyuan-gold"));
}

async function keep(pair) {
  try {
    await request("api/v1/gold", { method: "POST", body: { ...pair, confirmed: true } });
    wrong.delete(pair.question);
    say("已存为你确认过的答案，下次就这样答", "Kept as confirmed; it is the answer from now on");
  } catch (error) {
    say(error.zh, error.en);
  }
  await changed();
}

async function forget(id, said = ["已撤销", "Undone"]) {
  try {
    await request(`api/v1/gold/${encodeURIComponent(id)}`, { method: "DELETE" });
    say(...said);
  } catch (error) {
    say(error.zh, error.en);
  }
  await changed();
}

const button = (zh, en, data) => make("button", { type: "button", className: "act", data }, both(zh, en));
// What the library takes for the same words, too: marks, blanks and case make no other question.
const folded = (question) => question.normalize("NFKC").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
const of = (question) => byQuestion.get(folded(question));
const same = (one, pair) => one.answers.join("\n") === pair.answers.join("\n");

function dress() {
  for (const turn of document.querySelectorAll("#conversation .turn:not(.pending)")) {
    const question = turn.querySelector("details.because")?.dataset.why;
    if (question) dressTurn(turn, question);
  }
  for (const place of document.querySelectorAll("#conversation .instead:empty")) offer(place);
}

function dressTurn(turn, question) {
  const right = turn.querySelector(".foot [data-keep]");
  const pair = right && JSON.parse(right.dataset.keep);
  // An answer that was confirmed for another wording says so itself.
  const mark = turn.querySelector(".confirmed:not(.corrected-to)");
  const one = of(question) ?? (mark && confirmed.find((other) => same(other, pair)));
  const kept = one?.holds && pair && same(one, pair) ? one : null;
  if (mark) mark.hidden = !kept;
  if (right && right.dataset.kept !== (kept?.id ?? "")) {
    right.dataset.kept = kept?.id ?? "";
    right.replaceChildren("✓ ", ...(kept ? both("已确认 · 撤销", "Confirmed · undo") : both("答对了", "Right")));
  }
  const other = one?.holds && !kept ? one : null;
  if ((turn.dataset.other ?? "") !== (other?.id ?? "")) {
    turn.querySelector(".corrected-to")?.remove();
    turn.dataset.other = other?.id ?? "";
    if (other) turn.querySelector(".foot").before(correction(other));
  }
  const no = turn.querySelector("[data-wrong]");
  const panel = turn.querySelector(".wrong-panel");
  if (!no || wrong.has(question) === Boolean(panel)) return;
  no.setAttribute("aria-expanded", String(!panel));
  turn.querySelector(".reply").classList.toggle("is-wrong", !panel);
  if (panel) panel.remove();
  else turn.querySelector(".foot").after(doubt(question));
}

function correction(one) {
  return make("p", { className: "confirmed corrected-to" }, both("✓ 已存为正确答案：", "✓ Kept as right: "),
    make("q", { textContent: one.answers.join("；") }), button("再问一次", "Ask again", { ask: one.question }), button("撤销", "Undo", { forget: one.id }));
}

// What to do with a wrong answer: take another, select the right words, or take it back.
function doubt(question) {
  const others = make("div", { className: "others" });
  others.innerHTML = wrong.get(question).html;
  return make("div", { className: "wrong-panel", role: "group" }, others,
    make("p", { className: "near" }, both("都不是？在原文里选中正确的词，存为正确答案。", "None of these? Select the right words in the source and keep them.")),
    button("没错，撤销", "It was right: undo", { right: question }));
}

async function doubted({ wrong: question, places }, only, kept) {
  if (wrong.has(question)) return trusted(question);
  const before = confirmed.find((one) => one.id === kept);
  wrong.set(question, { before, html: `<p class="near">${words("正在找别的可能…", "Looking for others…")}</p>` });
  dress();
  if (before) await forget(before.id, ["不再用这个答案", "No longer used"]);
  try {
    wrong.get(question).html = await (await request(`page/others?${new URLSearchParams({ question, wrong: places, only })}`)).text();
  } catch (error) {
    if (wrong.has(question)) wrong.get(question).html = `<p class="near">${words(error.zh, error.en)}</p>`;
  }
  const panels = [...document.querySelectorAll("#conversation .turn")].filter((turn) => turn.querySelector("details.because")?.dataset.why === question);
  for (const turn of panels) {
    const place = turn.querySelector(".others");
    if (place && wrong.has(question)) place.innerHTML = wrong.get(question).html;
  }
}

// What was confirmed before it was called wrong is so again.
async function trusted(question) {
  const { before } = wrong.get(question);
  wrong.delete(question);
  const places = before?.places.filter((place) => place.start !== null) ?? [];
  if (!places.length) return dress();
  await keep({ question: before.question, answers: before.answers, places: places.map(({ doc_id, start, end, quote }) => ({ doc_id, start, end, quote })) });
}

// The question whose answer is being corrected: of the turn whose citation is open (of several the one called wrong, or
// the last), or the one called wrong last.
function corrected() {
  const opened = [...document.querySelectorAll("#conversation .turn:has([aria-pressed=true])")];
  const open = opened.findLast((turn) => turn.querySelector(".wrong-panel")) ?? opened.at(-1);
  return open?.querySelector("details.because")?.dataset.why ?? [...wrong.keys()].at(-1) ?? lastAsked();
}

async function offer(place) {
  const query = String(new URLSearchParams({ question: place.dataset.instead, only: place.closest(".turn").dataset.only ?? "" }));
  if (instead.get(query)) place.innerHTML = instead.get(query);
  // Of a long conversation that is opened, only for the newest: each takes as long as several answers.
  if (instead.has(query) || place.closest(".turn") !== turns().at(-1)) return;
  instead.set(query, "");
  instead.set(query, await request(`page/instead?${query}`).then((response) => response.text()).catch(() => ""));
  dress();
}

// All of them, in the library's view.
function list() {
  const box = find("#library .confirmations");
  if (!box) return;
  const rows = confirmed.map((one) => make("tr", { className: one.holds ? "" : "changed" },
    make("td", {}, make("button", { type: "button", className: "title", textContent: one.question, data: { ask: one.question } }),
      make("span", { className: "note", textContent: one.answers.join("；") })),
    make("td", {}, one.places.map((place) => (place.start === null ? make("span", { className: "note", textContent: place.title })
      : make("button", { type: "button", className: "where", textContent: place.title, data: { open: `${place.doc_id}:${place.start}:${place.end}:${place.start}:${place.end}:0` } })))),
    make("td", { className: "figure" }, one.confirmed),
    make("td", {}, one.holds ? both("在用", "In use") : both("原文已变，不再用", "Text changed; not used")),
    make("td", {}, button("移除", "Remove", { forget: one.id }))));
  const head = [["问题和答案", "Question and answer"], ["出处", "Source"], ["确认于", "Confirmed"], ["状态", "State"]]
    .map((name, at) => make("th", { scope: "col", className: at === 2 ? "figure" : "" }, both(...name)));
  box.hidden = !rows.length;
  box.replaceChildren(make("h3", {}, both(`你确认过的答案（${rows.length}）`, `Answers that you confirmed (${rows.length})`)),
    make("a", { href: "api/v1/gold.jsonl", download: "gold.jsonl", className: "act" }, both("导出为问答集", "Export as gold pairs")),
    make("table", {}, make("thead", {}, make("tr", {}, head, make("td"))), make("tbody", {}, rows)));
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  const data = pressed?.dataset;
  if (!data) return;
  if (data.keep) { if (data.kept) forget(data.kept); else keep(JSON.parse(data.keep)); }
  else if (data.wrong) doubted(data, pressed.closest(".turn").dataset.only ?? "", pressed.closest(".foot").querySelector("[data-kept]")?.dataset.kept);
  else if (data.right) trusted(data.right);
  else if (data.forget) forget(data.forget);
});
window.addEventListener("wenyuan-view", (event) => { if (event.detail === "library") learn(); });
new MutationObserver(dress).observe(document.body, { childList: true, subtree: true });
learn();
