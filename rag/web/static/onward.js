// Follows tools.js: questions to go on with, after the newest answer, fetched once that is on the screen. The conversation is drawn
// anew with every turn; what was fetched is put back.
const further = new Map();
// Nobody waits for what belongs to an answer that is no longer the newest.
let leaving = new AbortController();

function goOn() {
  const place = turns().at(-1)?.querySelector(".onward:empty");
  if (!place || !shown()) return;
  const id = `${shown()}/${turns().length}`;
  if (further.get(id)) place.innerHTML = further.get(id);
  if (further.has(id)) return;
  further.set(id, "");
  leaving.abort();
  const { signal } = leaving = new AbortController();
  const query = new URLSearchParams({ conversation: shown(), question: turns().length });
  setTimeout(async () => {
    const html = await request(`page/onward?${query}`, { signal }).then((response) => response.text()).catch(() => "");
    if (signal.aborted) further.delete(id);
    else further.set(id, html);
    goOn();
  }, 300);
}
new MutationObserver(goOn).observe(document.body, { childList: true, subtree: true });
