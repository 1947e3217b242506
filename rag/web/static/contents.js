// Follows tools.js: what unfolds in the head of the source pane. The outline is that of the fold above the text, goes with a choice,
// Esc or a click elsewhere, and is there only while it is open; so goes what a phone has behind ⋯.
function leave(fold, focus = false) {
  const open = find(`#source header ${fold}[open]`);
  if (!open) return;
  open.open = false;
  if (focus) open.querySelector("summary").focus();
}

// The event does not bubble.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.(".contents")) return;
  const headings = event.target.open ? [...document.querySelectorAll("#source .outline > ol > li")] : [];
  event.target.querySelector("ol").replaceChildren(...headings.map((heading) => heading.cloneNode(true)));
}, true);
document.addEventListener("click", ({ target }) => {
  if (target.closest(".contents .jump") || !target.closest(".contents")) leave(".contents");
  if (target.closest("#source header button") || !target.closest("#source header")) leave(".more");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leave(find("#source .contents[open]") ? ".contents" : ".more", true);
});
