// Follows tools.js: questions to go on with, after the newest answer, fetched once that is on the screen. The conversation is drawn
// anew with every turn; what was fetched is put back.
const further = new Map();

function goOn() {
  const place = find("#conversation .turn:last-child .onward:empty");
  if (!place || !shown()) return;
  const id = `${shown()}/${turns().length}`;
  if (further.get(id)) place.innerHTML = further.get(id);
  if (further.has(id)) return;
  further.set(id, "");
  const query = new URLSearchParams({ conversation: shown(), question: turns().length });
  setTimeout(async () => {
    further.set(id, await request(`page/onward?${query}`).then((response) => response.text()).catch(() => ""));
    goOn();
  }, 300);
}
new MutationObserver(goOn).observe(document.body, { childList: true, subtree: true });
