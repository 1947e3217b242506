// Runs once, when the composer is on the page. `element` is the composer, `trigger` sends an event to the server.
// The server's answers replace the conversation and the source pane; what is kept here is only what it can't know.
const root = document.documentElement;
const box = element.querySelector("textarea");
const find = (selector) => document.querySelector(selector);
const narrow = window.matchMedia("(max-width: 860px)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let sent = "";
let waiting = false;
let askedAt = 0;
// Asked while another question waits: sent when that one is done.
let next = null;
let pressed = false;

function setLanguage(language) {
  root.dataset.words = language;
  root.lang = language === "en" ? "en" : "zh-CN";
  box.placeholder = box.dataset[language];
  try { localStorage.setItem("wenyuan-language", language); } catch { /* private windows may refuse */ }
}

function fit() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

function ask(question) {
  if (waiting) {
    // The same question at once, or while it is being answered, is a key pressed twice.
    const twice = question === sent && (performance.now() - askedAt < 500 || find("#conversation .pending"));
    if (!twice) next = question;
    return;
  }
  waiting = true;
  askedAt = performance.now();
  sent = question;
  find("#notice .local")?.remove();
  trigger("ask", { question });
  watch();
}

// What was typed leaves the box once the server has it, and comes back if it was not answered.
function taken() {
  if (waiting && box.value === sent) { box.value = ""; fit(); }
}

function settle() {
  requestAnimationFrame(() => {
    waiting = false;
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
      if (turn > 5 && !find("#conversation .pending")) settle();
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

function place(button) {
  const pane = find("#source .pane");
  pressed = true;
  if (pane?.dataset.key === button.dataset.open) showPlace(false);
  else trigger("place", { place: button.dataset.open });
}

// Bring the marked words into view: within the pane where it scrolls itself, and the pane itself only after a click.
function showPlace(instant) {
  const pane = find("#source .pane");
  const target = pane?.querySelector("mark.exact") ?? pane?.querySelector("mark.soft") ?? pane?.querySelector(".here");
  const behavior = instant || still.matches ? "auto" : "smooth";
  if (narrow.matches) {
    if (pressed) (target ?? pane)?.scrollIntoView({ block: "center", behavior });
  } else {
    const side = find("#side");
    const at = target ? target.getBoundingClientRect().top - side.getBoundingClientRect().top + side.scrollTop : 0;
    side.scrollTo({ top: Math.max(0, at - side.clientHeight / 3), behavior });
  }
  pressed = false;
}

let key = null;
let count = 0;
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

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.open) place(button);
  else if (button.dataset.ask) ask(button.dataset.ask);
  else if ("home" in button.dataset) trigger("home", {});
  else if ("fresh" in button.dataset) { trigger("fresh", {}); box.focus(); }
  else if ("up" in button.dataset) find("#conversation [aria-pressed=true]")?.scrollIntoView({ block: "center" });
  else if ("language" in button.dataset) setLanguage(root.dataset.words === "en" ? "zh" : "en");
});
element.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); ask(box.value); });
box.addEventListener("input", fit);
box.addEventListener("keydown", (event) => {
  // While an input method composes, Enter belongs to it (229 is how Safari says so).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  ask(box.value);
});
window.addEventListener("wenyuan-settled", settle);

let queued = false;
new MutationObserver(() => {
  if (queued) return;
  queued = true;
  requestAnimationFrame(() => { queued = false; changed(); });
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });

let stored = null;
try { stored = localStorage.getItem("wenyuan-language"); } catch { /* private windows may refuse */ }
setLanguage(stored === "en" ? "en" : "zh");
changed();
if (!narrow.matches) box.focus();
