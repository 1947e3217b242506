// Follows tools.js: a screen reader hears the answer, then its source. The conversation is drawn anew with every turn, which
// would be read from its beginning or not at all.
function spoken(element) {
  const copied = element.cloneNode(true);
  for (const part of copied.querySelectorAll(`.cite, .n, .${root.dataset.words === "en" ? "zh" : "en"}`)) part.remove();
  return [...copied.childNodes].map((part) => part.textContent.trim()).filter(Boolean).join(" ");
}

window.addEventListener("wenyuan-settled", () => requestAnimationFrame(() => {
  const turn = turns().at(-1);
  if (!turn || turn.matches(".pending") || find("#notice .notice")) return;
  const answer = [...turn.querySelectorAll(".lead, .items > li, .none, .missing, .courtesy > p")].map(spoken);
  const sources = [...turn.querySelectorAll(".cards .where")].filter((where) => !where.closest(".nearest")).map(spoken);
  if (sources.length) answer.push(`${words("出处：", "Source: ")}${sources.join(words("；", "; "))}`);
  find("#heard").textContent = answer.join("\n");
}));
