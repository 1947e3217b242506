// Follows tools.js: the words around a citation on its mark, for whoever points at it or comes to it by key. It can be pointed
// at itself, and goes with Esc. A finger opens the source at once.
const preview = find("#preview");
const points = window.matchMedia("(hover: hover)");
const glimpses = new Map();
let previewed = null;
let coming = null;
// What was clicked last: it is open in the source pane, and its preview would lie over the other marks.
let opened = "";

async function glimpse(place) {
  if (!glimpses.has(place)) {
    const html = await request(`page/glimpse?${new URLSearchParams({ place })}`).then((response) => response.text()).catch(() => "");
    if (html) glimpses.set(place, html);
  }
  return glimpses.get(place);
}

async function showPreview(mark) {
  const html = await glimpse(mark.dataset.open);
  if (mark !== previewed || !html || !mark.isConnected) return;
  preview.innerHTML = html;
  preview.hidden = false;
  mark.setAttribute("aria-describedby", "preview");
  const at = mark.getBoundingClientRect();
  const left = Math.min(at.left - 16, window.innerWidth - preview.offsetWidth - 8);
  const above = at.top - preview.offsetHeight - 6;
  preview.style.left = `${Math.max(8, left)}px`;
  // Over the answer's own card only where there is no room above.
  preview.style.top = `${above > 60 ? above : at.bottom + 6}px`;
}

function leavePreview() {
  clearTimeout(coming);
  previewed?.removeAttribute("aria-describedby");
  previewed = null;
  preview.hidden = true;
}

function toPreview(mark, after) {
  clearTimeout(coming);
  if (mark === previewed) return;
  coming = setTimeout(() => {
    leavePreview();
    previewed = mark;
    if (mark) showPreview(mark);
  }, after);
}

document.addEventListener("pointerover", (event) => {
  if (!points.matches || event.target.closest("#preview")) { clearTimeout(coming); return; }
  const pointed = event.target.closest(".cite");
  const mark = pointed?.dataset.open === opened ? null : pointed;
  if (mark || previewed) toPreview(mark, mark ? 150 : 200);
  else clearTimeout(coming);
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".cite:focus-visible")) toPreview(event.target, 0);
  else if (previewed) leavePreview();
});
document.addEventListener("click", (event) => {
  opened = event.target.closest("[data-open]")?.dataset.open ?? opened;
  if (!event.target.closest("#preview")) leavePreview();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && previewed) leavePreview(); });
document.addEventListener("scroll", (event) => { if (previewed && event.target !== preview) leavePreview(); }, true);
window.addEventListener("wenyuan-conversation", leavePreview);
