// How wide conversation and source are beside each other, in percent: dragged, moved by arrow keys, remembered.
const root = document.documentElement;
const bar = element.querySelector("[role=separator]");
const [LEAST, HALF, MOST] = [25, 50, 75];

function share() { return Number(bar.getAttribute("aria-valuenow")); }

function set(wanted) {
  const percent = Math.round(Math.min(MOST, Math.max(LEAST, wanted)));
  bar.setAttribute("aria-valuenow", String(percent));
  root.style.setProperty("--talk", `${percent}fr`);
  root.style.setProperty("--source", `${100 - percent}fr`);
}

function keep() { remember("wenyuan-split", String(share())); }

bar.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  bar.focus({ focusVisible: false });
  bar.setPointerCapture(event.pointerId);
});
bar.addEventListener("pointermove", (event) => {
  if (!bar.hasPointerCapture(event.pointerId)) return;
  const { left } = document.querySelector("#talk").getBoundingClientRect();
  set((100 * (event.clientX - left)) / (window.innerWidth - left));
});
bar.addEventListener("lostpointercapture", keep);
bar.addEventListener("dblclick", () => { set(HALF); keep(); });
bar.addEventListener("keydown", (event) => {
  const to = { ArrowLeft: share() - 2, ArrowRight: share() + 2, Home: LEAST, End: MOST }[event.key];
  if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  set(to);
  keep();
});
set(Number(recall("wenyuan-split")) || HALF);
