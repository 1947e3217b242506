// Runs once, when the composer is on the page. `element` is the composer, `trigger` sends an event to the server.
// The server's answers replace the conversation and the source pane; what is kept here is only what it can't know.
// What is shown is in the address: see addresses.js, which stands before this.
const root = document.documentElement;
const box = element.querySelector("textarea");
const narrow = window.matchMedia("(max-width: 860px)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let sent = "";
let waiting = false;
// Asked while another question waits: sent when that one is done.
let next = null;
let pressed = false;
// Until the server's first view is there, the address says what is wanted, not what is shown.
let loaded = false;

function fit() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

function ask(question) {
  if (waiting) {
    // The same question at once, or while it is being answered, is a key pressed twice.
    if (question !== sent) next = question;
    return;
  }
  if (moving()) {
    next = question;
    return;
  }
  waiting = true;
  sent = question;
  find("#notice .local")?.remove();
  showWaiting(question);
  if (root.dataset.view !== "ask") { history.pushState(null, "", lastAsk); view("ask"); }
  trigger("ask", { question, conversation: shown(), only: sendChoice(), beside: shownPlace() });
  watch();
}

// Whether the conversation that the address names is still on its way: a question waits for it, or it would be asked in
// the one before.
function moving() {
  const to = wanted();
  return to.view === "ask" && to.conversation !== shown() && !find("#notice .notice");
}

function askNext() {
  if (next === null || waiting || moving()) return;
  const question = next;
  next = null;
  ask(question);
}

// The question stands in the conversation at once; what the server sends takes its place.
function showWaiting(question) {
  if (!question.trim()) return;
  const turn = document.createElement("article");
  turn.className = "turn pending";
  turn.innerHTML = '<p class="asked"></p><p class="waiting" role="status"><i></i>' +
    '<span class="zh">正在查找原文…</span><span class="en">Looking for passages…</span></p>';
  turn.firstChild.textContent = question.trim();
  find("#conversation .log")?.append(turn);
}

// What was typed leaves the box once the server has it, and comes back if it was not answered.
function taken() {
  if (waiting && box.value === sent) { box.value = ""; fit(); }
}

function settle() {
  requestAnimationFrame(() => {
    waiting = false;
    find("#conversation .pending")?.remove();
    if (find("#notice .notice") && !box.value && sent.trim()) { box.value = sent; fit(); }
    // What was chosen may be gone.
    if (find("#notice .notice")) showChoice();
    askNext();
  });
}

// A server that is gone sends nothing: see now and then whether it is there, for as long as a question is open.
async function watch() {
  const question = sent;
  for (let turn = 0; waiting && sent === question; turn += 1) {
    await new Promise((resume) => setTimeout(resume, 2000));
    try {
      await fetch("robots.txt", { cache: "no-store" });
      if (turn > 60) settle();
    } catch {
      if (!waiting) return;
      find("#conversation .pending")?.remove();
      find("#notice .html-container > div").append(make("div", { className: "notice local", role: "alert" }, both(GONE.detail_zh, GONE.detail)));
      settle();
      return;
    }
  }
}

// Go to where `address` leads, as a step to come back from.
function go(address) {
  if (address !== here()) history.pushState(null, "", address);
  route();
}

function open(button) {
  const block = button.dataset.jump && find(`#source .block[data-number="${button.dataset.jump}"]`);
  if (block?.getClientRects().length) { scrollTo(block, false, 140); return; }
  pressed = true;
  go(addressOf(shown(), questionOf(button), button.dataset.open));
}

// The last address of the view in which one asks, to come back to from the others.
let lastAsk = location.pathname;
function view(name) {
  root.dataset.view = name;
  for (const tab of document.querySelectorAll("[data-view]")) {
    if (tab === root) continue;
    if (tab.dataset.view === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  window.dispatchEvent(new CustomEvent("wenyuan-view", { detail: name }));
}

// Tabs and the browser's history are told apart by the question.
function entitle() {
  const asked = root.dataset.view === "ask" && turns()[questionOf(null) - 1]?.querySelector(".asked").textContent;
  document.title = asked ? `${asked} · 问源` : "问源 Wenyuan";
}

// The address decides what is shown, whether it was a click, the back button or a link that changed it.
function route() {
  const to = wanted();
  view(to.view);
  entitle();
  if (to.view !== "ask") return;
  lastAsk = here();
  pressed &&= Boolean(to.place);
  const anew = to.conversation !== shown();
  if (!anew && (to.question || !to.place) && !(narrow.matches && pressed)) toQuestion(to.question, to.place ? "nearest" : "start");
  if (!anew && to.place && to.place === shownPlace()) showPlace(false);
  else show({ conversation: to.conversation, question: String(to.question), place: to.place, anew: anew ? "yes" : "" });
}

// One at a time, for what comes last must win; of steps that follow each other quickly those between are left out. After a
// while one whose end is not heard of no longer counts.
let showing = 0;
let again = false;
function show(what) {
  again = Date.now() - showing < 5000;
  if (again) return;
  showing = Date.now();
  trigger("show", what);
}

function shownPlace() { return find("#source .pane")?.dataset.key ?? DOCUMENTS; }

// Bring a question to the top of the view, its answer under it; with "nearest" only if none of it is in view.
function toQuestion(number, block = "start") {
  const turn = turns().at(number ? number - 1 : -1);
  if (!turn) return;
  const box = turn.getBoundingClientRect();
  if (block === "nearest" && box.bottom > 64 && box.top < window.innerHeight - 80) return;
  if (narrow.matches) window.scrollTo({ top: box.top + window.scrollY - 64 });
  else {
    const log = find("#conversation");
    log.scrollTo({ top: box.top - log.getBoundingClientRect().top + log.scrollTop - 8 });
  }
}

// Bring `target` into view with some of the pane `above` it; without a target, the beginning of the pane.
function scrollTo(target, instant = false, above = find("#side").clientHeight / 3) {
  const behavior = instant || still.matches ? "auto" : "smooth";
  // A wide table scrolls by itself: in it the place comes into view, and the table under the head of the pane.
  const wide = target?.closest(".table.wide");
  if (wide) {
    target.scrollIntoView({ block: "center", inline: "center" });
    wide.scrollIntoView({ block: "start", behavior });
    return;
  }
  if (narrow.matches) {
    target?.scrollIntoView({ block: "center", behavior });
    return;
  }
  const side = find("#side");
  const top = target ? target.getBoundingClientRect().top - side.getBoundingClientRect().top + side.scrollTop : 0;
  side.scrollTo({ top: Math.max(0, top - above), behavior });
}

// Bring the marked words into view: within the pane where it scrolls itself, and the pane itself only after a click.
function showPlace(instant) {
  const pane = find("#source .pane");
  const leafed = Number(shownPlace().split(":").at(-1)) > 0;
  let target = (leafed ? null : pane?.querySelector("mark.exact") ?? pane?.querySelector("mark.soft"))
    ?? pane?.querySelector(".here");
  // Where the page is shown instead of the text, the frame in it is brought there by facsimile.js.
  if (target && !target.getClientRects().length) target = pane.querySelector(".facsimile");
  if (!narrow.matches) scrollTo(target, instant || !target);
  else if (pressed) scrollTo(target ?? pane, instant);
  pressed = false;
}

// The citations of the turn whose citation is open, in order, and which of them that is.
function around() {
  const turn = find("#conversation [aria-pressed=true]")?.closest(".turn");
  const buttons = turn ? [...turn.querySelectorAll(".cite, .cards .where")] : [];
  const places = [...new Set(buttons.map((button) => button.dataset.open))];
  return { turn, places, at: places.indexOf(shownPlace()) };
}

function step(by) {
  const { turn, places, at } = around();
  if (places.length < 2 || at < 0) return;
  const there = places[(at + by + places.length) % places.length];
  open(turn.querySelector(`[data-open="${CSS.escape(there)}"]`));
}

// An answer is a step of its own, from which the question before it is one step back. It is taken as soon as the answer is
// there, not when it is drawn: whoever leaves the page in between comes back to it.
let answered = { conversation: "", number: 0 };
function takeStep() {
  const before = answered;
  answered = { conversation: shown(), number: turns().filter((turn) => !turn.matches(".pending")).length };
  const same = answered.conversation === before.conversation;
  if (!waiting || (same ? answered.number <= before.number : answered.conversation === wanted().conversation)) return;
  lastAsk = addressOf(answered.conversation, answered.number);
  if (root.dataset.view === "ask") history.pushState(null, "", lastAsk);
}

let key = null;
let drawn = "";
function changed() {
  const pane = find("#source .pane");
  const now = pane ? pane.dataset.key ?? "" : null;
  if (now !== key) {
    const same = key && now && key.split(":")[0] === now.split(":")[0];
    key = now;
    showPlace(!same);
  }
  for (const button of document.querySelectorAll("#conversation [data-open]")) {
    const current = button.dataset.open === key;
    if ((button.getAttribute("aria-pressed") === "true") !== current) button.setAttribute("aria-pressed", String(current));
  }
  const { places, at } = around();
  const steps = pane?.querySelector(".steps");
  if (steps) {
    steps.hidden = places.length < 2 || at < 0;
    const said = `${at + 1} / ${places.length}`;
    if (steps.querySelector(".at").textContent !== said) steps.querySelector(".at").textContent = said;
  }
  if (loaded && (shown() === wanted().conversation || find("#notice .notice"))) delete root.dataset.opening;
  const drawing = [shown(), answered.number, turns().length].join("/");
  if (drawing === drawn) { askNext(); return; }
  drawn = drawing;
  entitle();
  if (waiting) taken();
  toQuestion(waiting ? 0 : wanted().question);
  window.dispatchEvent(new CustomEvent("wenyuan-conversation", { detail: shown() }));
  askNext();
}

function here() { return location.hash || location.pathname; }

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.open) open(button);
  else if (data.ask) { if ("all" in data) choose(""); ask(data.ask); }
  else if (data.edit) { box.value = data.edit; fit(); box.focus(); }
  else if (data.view) go(data.view === "ask" ? lastAsk : `#${data.view}`);
  else if (data.step) step(Number(data.step));
  else if ("home" in data) go(addressOf(shown(), questionOf(null), DOCUMENTS));
  else if ("fresh" in data) { go(location.pathname); box.focus(); }
  else if ("up" in data) find("#conversation [aria-pressed=true]")?.scrollIntoView({ block: "center" });
});
element.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); ask(box.value); });
box.addEventListener("input", fit);
// What was typed and not sent outlasts a reload.
const TYPED = "wenyuan-typed";
try {
  box.value = sessionStorage.getItem(TYPED) ?? "";
  fit();
} catch { /* private windows may refuse */ }
window.addEventListener("pagehide", () => { try { sessionStorage.setItem(TYPED, box.value); } catch { /* the same */ } });
box.addEventListener("keydown", (event) => {
  // While an input method composes, Enter belongs to it (229 is how Safari says so).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  ask(box.value);
});
document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  step(event.key === "ArrowDown" ? 1 : -1);
});
window.addEventListener("wenyuan-settled", settle);
window.addEventListener("wenyuan-shown", () => {
  showing = 0;
  if (!again) return;
  again = false;
  requestAnimationFrame(route);
});
window.addEventListener("popstate", () => { pressed = true; route(); });
history.scrollRestoration = "manual";

let queued = false;
new MutationObserver(() => {
  takeStep();
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; changed(); });
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });

// Events reach the server once the page has had its first view from it, which may be there before this program.
function begin() {
  if (loaded) return;
  const query = new URLSearchParams(location.search);
  const question = query.get("q");
  if (query.has("collection") || query.has("document")) choose(JSON.stringify([query.getAll("collection"), query.getAll("document"), []]));
  if (question) history.replaceState(null, "", location.pathname + location.hash);
  loaded = true;
  root.dataset.loaded = String(Math.round(performance.now()));
  if (location.hash) route();
  if (question) ask(question);
}
window.addEventListener("wenyuan-loaded", begin);
if (root.dataset.served) requestAnimationFrame(begin);
root.dataset.view = "ask";
if (wanted().conversation) root.dataset.opening = "";
if (!narrow.matches) box.focus();
