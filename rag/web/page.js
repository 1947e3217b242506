// Runs once, when the composer is on the page. `element` is the composer, `trigger` sends an event to the server.
// The server's answers replace the conversation and the source pane; what is kept here is only what it can't know.
// What is shown is in the address, so that links, the back button and a reload work:
// #library, #evaluation, #place/DOCUMENT:…, and ?q=QUESTION.
const root = document.documentElement;
const box = element.querySelector("textarea");
const find = (selector) => document.querySelector(selector);
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
  waiting = true;
  sent = question;
  find("#notice .local")?.remove();
  showWaiting(question);
  if (root.dataset.view !== "ask") { history.pushState(null, "", here()); route(); }
  trigger("ask", { question });
  watch();
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
    const question = next;
    next = null;
    if (question !== null) ask(question);
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
      find("#notice .html-container > div").insertAdjacentHTML("beforeend",
        '<div class="notice local" role="alert"><span class="zh">连接不上问源的服务。请确认它还在运行，再试一次。</span>' +
        '<span class="en">Wenyuan’s server does not answer. See that it is running, then try again.</span></div>');
      settle();
      return;
    }
  }
}

const PLACE = "#place/";

function open(button) {
  pressed = true;
  const block = button.dataset.jump && find(`#source .block[data-number="${button.dataset.jump}"]`);
  if (block) scrollTo(block, false, 140);
  else if (shownPlace() === button.dataset.open) showPlace(false);
  else location.hash = PLACE + button.dataset.open;
}

// The address decides what is shown, whether it was a click, the back button or a link that changed it.
function route() {
  const view = { "#library": "library", "#evaluation": "evaluation" }[location.hash] ?? "ask";
  root.dataset.view = view;
  for (const tab of document.querySelectorAll("[data-view]")) {
    if (tab === root) continue;
    if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  window.dispatchEvent(new CustomEvent("wenyuan-view", { detail: view }));
  if (location.hash.startsWith(PLACE)) {
    const place = decodeURIComponent(location.hash.slice(PLACE.length));
    if (place !== shownPlace()) trigger("place", { place });
  }
}

function shownPlace() { return find("#source .pane")?.dataset.key ?? ""; }

// Bring `target` into view with some of the pane `above` it; without a target, the beginning of the pane.
function scrollTo(target, instant = false, above = find("#side").clientHeight / 3) {
  const behavior = instant || still.matches ? "auto" : "smooth";
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
  const target = (leafed ? null : pane?.querySelector("mark.exact") ?? pane?.querySelector("mark.soft"))
    ?? pane?.querySelector(".here");
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

let key = null;
let count = 0;
function changed() {
  const pane = find("#source .pane");
  const now = pane ? pane.dataset.key ?? "" : null;
  if (now !== key) {
    const same = key && now && key.split(":")[0] === now.split(":")[0];
    key = now;
    // A new answer opens its source by itself; that is not a step to come back to.
    const address = now ? PLACE + now : "";
    if (loaded && root.dataset.view === "ask" && decodeURIComponent(location.hash) !== address) {
      history.replaceState(null, "", address || here());
    }
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
  const turns = document.querySelectorAll("#conversation .turn");
  if (turns.length > count) {
    taken();
    const last = turns[turns.length - 1];
    if (narrow.matches) window.scrollTo({ top: last.getBoundingClientRect().top + window.scrollY - 64 });
    else {
      const log = find("#conversation");
      log.scrollTo({ top: last.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop - 8 });
    }
  }
  count = turns.length;
}

function here() { return location.pathname; }

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.open) open(button);
  else if (data.ask) ask(data.ask);
  else if (data.edit) { box.value = data.edit; fit(); box.focus(); }
  else if (data.view) location.hash = data.view === "ask" ? (key ? PLACE + key : "") : data.view;
  else if (data.step) step(Number(data.step));
  else if ("home" in data) { history.pushState(null, "", here()); trigger("home", {}); }
  else if ("fresh" in data) { history.pushState(null, "", here()); route(); trigger("fresh", {}); box.focus(); }
  else if ("up" in data) find("#conversation [aria-pressed=true]")?.scrollIntoView({ block: "center" });
});
element.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); ask(box.value); });
box.addEventListener("input", fit);
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
window.addEventListener("hashchange", route);
window.addEventListener("popstate", () => {
  if (!location.hash && key) trigger("home", {});
});

let queued = false;
new MutationObserver(() => {
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; changed(); });
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });

// Events reach the server once the page has had its first view from it.
window.addEventListener("wenyuan-loaded", () => {
  const question = new URLSearchParams(location.search).get("q");
  if (question) history.replaceState(null, "", here() + location.hash);
  loaded = true;
  root.dataset.loaded = String(Math.round(performance.now()));
  route();
  if (question) ask(question);
}, { once: true });
root.dataset.view = "ask";
if (!narrow.matches) box.focus();
