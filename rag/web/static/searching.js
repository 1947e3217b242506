// Follows replacing.js: the list of documents by words in their names, at once, and in their texts, as soon as they are found.
const sought = element.querySelector("#sought");
const unsought = element.querySelector("#unsought");
// By document the first passage that was found to have the words in it, and where in it they stand.
let texts = new Map();
let seeking = null;

const lower = (text) => text.normalize("NFKC").toLowerCase();

function isFound(one) {
  const words = lower(sought.value.trim());
  return !words || texts.has(one.doc_id) || lower([one.title, shownSource(one.source), ...one.collections].join("\n")).includes(words);
}

async function findTexts() {
  const words = sought.value.trim();
  const found = new Map();
  let said = [];
  try {
    const hits = words ? await (await request(`api/v1/search?${new URLSearchParams({ q: words, k: 200 })}`)).json() : [];
    for (const { doc_id, start, end, text } of hits.toReversed()) {
      const at = text.toLowerCase().indexOf(words.toLowerCase());
      if (at >= 0) found.set(doc_id, { start, end, text, at, words });
    }
  } catch (error) {
    said = both(`只按名称找了，没有查正文：${error.zh ?? error.message}`, `Only names were searched, not the texts: ${error.en ?? error.message}`);
  }
  if (words !== sought.value.trim()) return;
  unsought.replaceChildren(...said);
  texts = found;
  show();
}

// The words of a text that was found, to open them; positions are in code points.
function foundIn({ doc_id }) {
  const found = texts.get(doc_id);
  if (!found) return null;
  const { start, end, text, at, words } = found;
  const exact = start + [...text.slice(0, at)].length;
  const place = [doc_id, exact, exact + [...words].length, start, end, 0].join(":");
  const before = text.slice(0, at).split("\n").at(-1);
  const after = text.slice(at + words.length).split("\n")[0];
  const near = [before.length > 20 ? `…${before.slice(-20)}` : before, make("b", { textContent: text.slice(at, at + words.length) }), after.slice(0, 40)];
  return make("button", { type: "button", className: "found-in", data: { open: place } }, near);
}

function seekSoon() {
  clearTimeout(seeking);
  seeking = setTimeout(findTexts, 250);
}

sought.addEventListener("input", () => {
  texts = new Map();
  show();
  seekSoon();
});
// What failed is tried again with the next key, whether it changes the words or not.
sought.addEventListener("keydown", () => { if (unsought.hasChildNodes()) seekSoon(); });
