// Follows tools.js: keys that work wherever one is on the page, and the help that names them.
const help = find("#help");
const TYPED = "input, textarea, select";

function toQuestion() {
  if (root.dataset.view !== "ask") find(".views [data-view=ask]").click();
  find("#question").focus();
}

// What lies over the page goes first, and the focus goes back to what opened it.
function closeMenu() {
  const menu = find(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

// The last question comes back into the empty box, to be changed and asked again.
function recallQuestion(event) {
  const last = turns().at(-1)?.querySelector(".asked");
  if (!last || event.target.value) return;
  event.preventDefault();
  event.target.value = last.textContent;
  event.target.dispatchEvent(new Event("input"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || find("dialog[open]")) return;
  if (event.key === "Escape") closeMenu();
  else if (event.key === "ArrowUp" && event.target.id === "question") recallQuestion(event);
  else if (event.target.closest(TYPED)) return;
  // The same keys give full-width marks while Chinese is typed.
  else if (["/", "、", "／"].includes(event.key)) { event.preventDefault(); toQuestion(); }
  else if (["?", "？"].includes(event.key)) { event.preventDefault(); help.showModal(); }
});
help.addEventListener("click", (event) => { if (event.target === help || event.target.closest("button")) help.close(); });
document.addEventListener("click", (event) => { if (event.target.closest("[data-help]")) help.showModal(); });
