// Follows tools.js: what unfolds in the head of the source pane. The outline is that of the fold above the text, goes with a choice,
// Esc or a click elsewhere, and is there only while it is open; so goes what a phone has behind ⋯. It opens where one reads.
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
  const list = event.target.querySelector("ol");
  list.replaceChildren(...headings.map((heading) => heading.cloneNode(true)));
  markHere(list);
}, true);

// The heading above what is read: the marked place if it is in view, else the first block that is.
function markHere(list) {
  const above = find("#source .pane > header").getBoundingClientRect().bottom;
  const seen = [...document.querySelectorAll("#source .text .block")].filter((block) => {
    const { top, bottom } = block.getBoundingClientRect();
    return bottom > above && top < window.innerHeight;
  });
  const read = seen.find((block) => block.matches(".here")) ?? seen[0];
  const number = Number(read?.dataset.number ?? 0);
  const here = [...list.querySelectorAll(".jump")].findLast((jump) => Number(jump.dataset.jump) <= number);
  here?.setAttribute("aria-current", "true");
  if (here) list.scrollTop = here.offsetTop - list.clientHeight / 3;
}
document.addEventListener("click", ({ target }) => {
  if (target.closest(".contents .jump") || !target.closest(".contents")) leave(".contents");
  if (target.closest("#source header button") || !target.closest("#source header")) leave(".more");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leave(find("#source .contents[open]") ? ".contents" : ".more", true);
});
