// The page itself instead of its text, where a document's file has pages: its picture, with a frame around each line of the
// citation; and the file, to be saved. Follows find.js.
const shownAs = document.documentElement.dataset;

function lookAs(how, kept = true) {
  shownAs.look = how;
  if (kept) remember("wenyuan-look", how);
  lookAtPage();
}

// What is drawn belongs to a place; the pane is changed in place, or made anew.
let looked = { key: "", frames: [], pages: 0, page: 1 };
async function lookAtPage() {
  for (const button of document.querySelectorAll("#source [data-look]")) {
    button.setAttribute("aria-pressed", String(button.dataset.look === (shownAs.look ?? "text")));
  }
  const figure = find("#source .facsimile");
  const key = pane()?.dataset.key;
  if (!figure || shownAs.look !== "page" || (looked.key === key && figure.querySelector("img[src]"))) return;
  const [doc, ...numbers] = key.split(":");
  const [start, end, from, to, block] = numbers.map(Number);
  const [first, last] = end > start ? [start, end] : [from, to];
  looked = { key, doc, frames: [], pages: 0 };
  turnTo(Number(figure.dataset.page));
  // In a picture the words have to be recognised once more.
  setTimeout(() => { if (looked.key === key && !looked.pages && !told) tellOfPage("正在找这段话…", "Looking for the words…"); }, 500);
  let told = null;
  try {
    told = await (await request(`api/v1/citations/${doc}/${first}/${last}/frames`)).json();
  } catch (error) {
    told = error;
    if (looked.key === key) tellOfPage(error.zh, error.en);
    return;
  }
  if (looked.key !== key || !find("#source .facsimile")) return;
  Object.assign(looked, told);
  turnTo(block || !told.frames.length ? looked.page : told.frames[0].page);
  if (last > first && !told.frames.length) {
    tellOfPage("没能在原页上找到这段话的位置，所以没有框出来；文字里有标出。", "These words could not be found on the page, which has no frames; the text has them marked.");
  }
}

function tellOfPage(zh, en) { find("#source .facsimile .note").replaceChildren(...(zh ? both(zh, en) : [])); }

function turnTo(number) {
  const figure = find("#source .facsimile");
  const [image, over] = figure.querySelector(".sheet").children;
  looked.page = number;
  tellOfPage();
  figure.querySelector(".leaf-now").replaceChildren(...(looked.pages
    ? both(`第 ${number} / ${looked.pages} 页`, `Page ${number} of ${looked.pages}`) : both(`第 ${number} 页`, `Page ${number}`)));
  figure.querySelector("[data-leaf='-1']").disabled = number <= 1;
  figure.querySelector("[data-leaf='1']").disabled = number >= looked.pages;
  const address = `api/v1/documents/${looked.doc}/pages/${number}`;
  if (image.getAttribute("src") !== address) image.src = address;
  image.alt = words(`第 ${number} 页的样子`, `What page ${number} looks like`);
  over.replaceChildren(...looked.frames.filter((frame) => frame.page === number).map((frame) => {
    const [width, height] = [frame.right - frame.left, frame.bottom - frame.top];
    const edges = { left: frame.left, top: frame.top, width, height };
    return make("i", { style: Object.entries(edges).map(([edge, share]) => `${edge}: ${(100 * share).toFixed(3)}%`).join("; ") });
  }));
  image.decode().then(bringFrame, () => image.complete && !image.naturalWidth && whyNotDrawn(address));
}

// A picture that does not come says nothing; asked for once more, the server says why.
async function whyNotDrawn(address) {
  try { await request(address); } catch (error) { if (find(`#source .facsimile [src="${address}"]`)) tellOfPage(error.zh, error.en); }
}

// The first frame comes into view; on a phone only if the page is there already.
function bringFrame() {
  const frame = find("#source .facsimile .sheet i");
  if (!frame || shownAs.look !== "page") return;
  const { top, bottom, left } = frame.getBoundingClientRect();
  const scroll = frame.closest(".scroll");
  scroll.scrollLeft += left - scroll.getBoundingClientRect().left - scroll.clientWidth / 4;
  const figure = find("#source .facsimile").getBoundingClientRect();
  if (top > headEnd() + 8 && bottom < window.innerHeight - 80) return;
  if (!narrow.matches || (figure.top < window.innerHeight && figure.bottom > 0)) bringUp(top);
}

// The file is saved once it is there whole; why it is not stands beside the button.
async function saveOriginal(button) {
  const said = button.parentElement.querySelector(".said");
  said.replaceChildren();
  button.disabled = true;
  try {
    const response = await request(`api/v1/documents/${pane().dataset.doc}/original`);
    const name = decodeURIComponent(response.headers.get("content-disposition").split("''")[1]);
    const url = URL.createObjectURL(await response.blob());
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    said.replaceChildren(...both(error.zh ?? error.message, error.en ?? error.message));
  }
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("#source button");
  if (!button) return;
  const { look, leaf } = button.dataset;
  if (look) lookAs(look);
  else if (leaf) turnTo(looked.page + Number(leaf));
  else if ("original" in button.dataset) saveOriginal(button);
  else if ("large" in button.dataset) {
    const large = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(large));
    find("#source .facsimile").classList.toggle("large", large);
    bringFrame();
  }
});
// Words are found in the text.
form.addEventListener("focusin", () => lookAs("text", false));
new MutationObserver(() => { if (find("#source [data-look]")) lookAtPage(); })
  .observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-key"] });
lookAs(recall("wenyuan-look") ?? "text", false);
