// Follows tools.js: the outline from the head of the source pane, which stays in view. It is that of the fold above the text,
// goes with a choice, Esc or a click elsewhere, and is there only while it is open.
function openContents() { return find("#source .contents[open]"); }

function leaveContents(focus = false) {
  const contents = openContents();
  if (!contents) return;
  contents.open = false;
  if (focus) contents.querySelector("summary").focus();
}

// The event does not bubble.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.(".contents")) return;
  const headings = event.target.open ? [...document.querySelectorAll("#source .outline > ol > li")] : [];
  event.target.querySelector("ol").replaceChildren(...headings.map((heading) => heading.cloneNode(true)));
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest(".contents .jump") || !event.target.closest(".contents")) leaveContents();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") leaveContents(true); });
