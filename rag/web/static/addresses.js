// What is shown stands in the address, so that links, a second tab, reload, Back and Forward work:
// #library, #evaluation, #c/CONVERSATION/QUESTION/PLACE, of which the end may be missing, #place/PLACE of no conversation,
// and ?q=QUESTION, with ?collection=NAME and ?document=DOCUMENT, which may be repeated, to ask only these. QUESTION counts from 1; PLACE is `documents`, or DOCUMENT:… as buttons carry it.
const find = (selector) => document.querySelector(selector);
const VIEWS = ["library", "evaluation"];
const DOCUMENTS = "documents";

// What an address wants; `conversation` is "" for a new one. Without one in it the conversation stays as it is.
function wanted(hash = location.hash) {
  const [first, ...rest] = hash.slice(1).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  if (VIEWS.includes(first)) return { view: first };
  if (first === "place") return { view: "ask", conversation: shown(), question: 0, place: rest.join("/") };
  if (first !== "c") return { view: "ask", conversation: "", question: 0, place: "" };
  return { view: "ask", conversation: rest[0] ?? "", question: Number.parseInt(rest[1], 10) || 0, place: rest[2] ?? "" };
}

// The address of a place beside a question; of a place alone where there is no conversation.
function addressOf(conversation, question, place = "") {
  if (conversation) return ["#c", conversation, question, place].filter(Boolean).join("/");
  return place && place !== DOCUMENTS ? `#place/${place}` : location.pathname;
}

// The conversation that is on the page; "" for a new one.
function shown() { return find("#conversation .log")?.dataset.id ?? ""; }

function turns() { return [...document.querySelectorAll("#conversation .turn")]; }

// The texts of a part of the source, each with where it begins in the document, in code points; what is left out is none.
function* textsOf(part) {
  let start = Number(part.dataset.start);
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (text.parentElement.closest(".cut")) continue;
    yield [text, start];
    start += [...text.data].length;
  }
}

// The number of the question that an element belongs to, or else of the one in the address, or of the last.
function questionOf(element) {
  return turns().indexOf(element?.closest(".turn")) + 1 || wanted().question || turns().length;
}
