// The evaluation's view: runs, their results and gold pairs of one's own, over the HTTP API. `element` is its box.
// Whatever the server says becomes text or an allowed SVG element, never HTML.
const POLL = 1000;
const FIRST = 10;
const HEADLINE = {
  accuracy: ["答对", "right"],
  F1: ["F1", "F1"],
  "citation exactness": ["引文准确", "citations exact"],
  "Recall@5": ["Recall@5", "Recall@5"],
};
const DOING = {
  starting: ["正在载入模型…", "Loading the model…"],
  asking: ["正在提问", "Asking"],
  measuring: ["正在计算指标、画图…", "Computing measures and drawing…"],
};
const SETS = { gold: ["自带的问题", "Built-in questions"], mine: ["我的问答", "My gold pairs"] };
const DRAWN = new Set(["svg", "g", "path", "defs", "clipPath", "rect", "use", "text", "tspan", "circle", "line"]);

// A picture's SVG with nothing in it but shapes and text.
function drawn(source) {
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || !DRAWN.has(node.localName)) return null;
    const made = document.createElementNS("http://www.w3.org/2000/svg", node.localName);
    for (const { localName, value } of node.attributes) {
      const safe = localName === "href" ? value.startsWith("#") : !localName.startsWith("on");
      if (safe) made.setAttribute(localName, value);
    }
    made.append(...[...node.childNodes].map(copy).filter(Boolean));
    return made;
  };
  return copy(new DOMParser().parseFromString(source.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '), "image/svg+xml").documentElement);
}

function time(seconds) {
  if (seconds < 60) return words(`${Math.max(1, Math.round(seconds))} 秒`, `${Math.max(1, Math.round(seconds))} s`);
  return words(`${Math.round(seconds / 60)} 分钟`, `${Math.round(seconds / 60)} min`);
}

function day(iso) {
  return new Date(iso).toLocaleString(words("zh-CN", "en"), { dateStyle: "medium", timeStyle: "short" });
}

function mount(root, base = "api/v1/") {
  const find = (selector) => root.querySelector(selector);
  const form = find(".start");
  const state = { sets: [], runs: [], pairs: [], open: null, detail: null, stage: "", most: FIRST, watching: "" };

  async function call(path, method = "GET", body = undefined) {
    const response = await request(base + path, { method, body });
    return response.status === 204 ? null : response.json();
  }

  // Do what a click asked for; say in the page what went wrong.
  async function attempt(action) {
    find(".alerts").hidden = true;
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      alert(error);
      return null;
    }
  }

  function alert({ zh, en }) {
    find(".alerts").replaceChildren(make("p", { className: "notice" }, both(zh, en)));
    find(".alerts").hidden = false;
  }

  async function refresh() {
    const [{ sets, runs }, { pairs }] = await Promise.all([call("evaluations"), call("gold")]);
    Object.assign(state, { sets, runs, pairs });
    const running = runs.find((run) => DOING[run.state]);
    if (running) watch(running);
    const finished = runs.filter((run) => run.state === "finished");
    if (!finished.some((run) => run.id === state.open)) Object.assign(state, { open: null, detail: null });
    show();
    if (!state.open && finished.length) await open(finished[0].id);
    const failed = runs.find((run) => run.state === "failed");
    if (failed) alert(failed.error);
  }

  async function start(questions, sample) {
    const run = await attempt(() => call("evaluations", "POST", { questions, sample: sample ? Number(sample) : null }));
    if (run) watch(run);
  }

  // Follow a run until it ends.
  async function watch(run) {
    if (state.watching) return;
    state.watching = run.id;
    let misses = 0;
    while (DOING[run.state]) {
      progress(run);
      await new Promise((resume) => setTimeout(resume, POLL));
      try {
        run = await call(`evaluations/${run.id}`);
        misses = 0;
      } catch (error) {
        // A run that was stopped, here or elsewhere, is not there any more; a server that is slow comes back.
        if (error.status === 404) break;
        misses += 1;
        if (misses === 3) { await attempt(() => { throw error; }); break; }
      }
    }
    state.watching = "";
    progress(null);
    if (run.state === "finished") state.open = null;
    await attempt(refresh);
  }

  async function stop() {
    if (state.watching) await attempt(() => call(`evaluations/${state.watching}`, "DELETE"));
  }

  async function open(id) {
    const detail = await attempt(() => call(`evaluations/${id}`));
    if (!detail?.view) return;
    Object.assign(state, { open: id, detail, stage: "", most: FIRST });
    show();
  }

  function progress(run) {
    const panel = find(".running");
    panel.hidden = !run;
    form.hidden = Boolean(run);
    find("[data-run-mine]").disabled = Boolean(run);
    if (!run) return;
    find(".doing").textContent = words(...DOING[run.state]);
    const bar = find("progress");
    bar.max = run.total;
    if (run.state === "starting") bar.removeAttribute("value");
    else bar.value = run.asked;
    find(".count").textContent = `${run.asked} / ${run.total}`;
    const left = run.state === "asking" && run.asked > 2 ? time(run.seconds_left) : "";
    find(".left").textContent = left && words(`大约还要 ${left}`, `about ${left} left`);
  }

  function show() {
    showSets();
    showRuns();
    showResult();
    showPairs();
  }

  function showSets() {
    for (const { name, total, problem } of state.sets) {
      find(`[data-total=${name}]`).textContent = total || "";
      const input = find(`input[value=${name}]`);
      input.disabled = Boolean(problem);
      if (problem && input.checked) input.checked = false;
    }
    const ready = state.sets.filter((set) => !set.problem);
    if (!find("input[name=questions]:checked") && ready.length) find(`input[value=${ready[0].name}]`).checked = true;
    form.querySelector("[type=submit]").disabled = !ready.length;
    const why = state.sets.find((set) => set.name === "gold")?.problem;
    find("[data-hint]").replaceChildren(...(why ? both(why.zh, why.en) : []));
    const mine = state.sets.find((set) => set.name === "mine");
    find("[data-run-mine]").hidden = Boolean(!mine || mine.problem);
  }

  function showRuns() {
    const finished = state.runs.filter((run) => run.state === "finished");
    find(".results .empty").hidden = finished.length > 0;
    find(".runs").replaceChildren(...finished.map((run) => {
      const figures = Object.entries(HEADLINE).filter(([name]) => run.summary[name]).map(([name, said]) =>
        make("span", { className: "figure" }, both(...said), " ", make("b", { textContent: run.summary[name].mean.toFixed(3) })));
      const code = run.commit ? run.commit.slice(0, 7) + (run.changed ? "+" : "") : run.version;
      const button = make("button", { type: "button", className: "run", data: { run: run.id } },
        make("span", { className: "what" }, make("b", {}, both(...(SETS[run.questions] ?? [run.questions, run.questions]))), " ",
          make("span", { className: "small" }, both(`${run.total} 题`, `${run.total} questions`))),
        make("span", { className: "figures" }, figures),
        make("span", { className: "small when" }, make("time", { dateTime: run.created, textContent: day(run.created) }), ` · ${code}`));
      button.setAttribute("aria-pressed", String(run.id === state.open));
      const remove = make("button", { type: "button", className: "quiet remove", data: { removeRun: run.id } }, both("删除", "Delete"));
      return make("li", {}, button, remove);
    }));
  }

  function showResult() {
    const place = find(".result");
    place.hidden = !state.detail;
    if (!state.detail) return place.replaceChildren();
    const { view, id } = state.detail;
    const language = words("zh", "en");
    const shown = view[language];
    const report = make("a", { className: "quiet", href: `${base}evaluations/${id}/report?language=${language}`, target: "_blank", rel: "noopener" }, both("打开完整报告", "Open the full report"));
    place.replaceChildren(
      make("div", { className: "line" }, make("h3", {}, both("这次的结果", "This result")), report),
      make("div", { className: "headline" }, shown.headline.map(figure)),
      make("p", { className: "small" }, both("区间是对题目自助重采样的 95% 区间。", "Intervals are 95% bootstrap intervals over questions.")),
      make("div", { className: "pictures" }, shown.pictures.map(picture)),
      ...failures(view.failures, shown.stages),
      make("details", { className: "all" }, make("summary", {}, both("全部表格", "All tables")), make("div", { className: "tables" }, shown.tables.map(table))),
    );
  }

  function figure({ name, found, says }) {
    const track = make("span", { className: "track" }, make("i"), make("b"));
    for (const part of ["low", "high", "mean"]) track.style.setProperty(`--${part}`, Math.min(1, Math.max(0, found[part] ?? 0)));
    const number = (value) => (value === null ? "—" : value.toFixed(3));
    return make("div", { className: "tile" },
      make("p", { className: "name", textContent: name }), make("p", { className: "value", textContent: number(found.mean) }), track,
      make("p", { className: "small", textContent: `${number(found.low)}–${number(found.high)}` }), make("p", { className: "small", textContent: says }));
  }

  function picture({ title, svg, says, caption }) {
    const art = make("div", { className: "drawn" }, drawn(svg));
    art.setAttribute("role", "img");
    art.setAttribute("aria-label", says);
    return make("figure", { className: "sheet" }, make("h4", { textContent: title }), art, make("figcaption", { textContent: caption }));
  }

  function table({ title, columns, rows, words: textual, note }) {
    const style = (column) => (column > 0 && !textual.includes(columns[column]) ? "number" : "");
    const head = make("tr", {}, columns.map((column, i) => make("th", { scope: "col", className: style(i), textContent: column })));
    const body = rows.map((row) => make("tr", {}, row.map((cell, i) => make(i ? "td" : "th", { className: style(i), textContent: cell }))));
    return make("div", { className: "sheet" }, make("h4", { textContent: title }),
      make("div", { className: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, body))), note ? make("p", { className: "small", textContent: note }) : null);
  }

  function failures(all, stages) {
    const title = make("h3", {}, both("答错的问题", "Failing questions"), " ", make("span", { className: "small", textContent: `${all.length} / ${state.detail.total}` }));
    if (!all.length) return [title, make("p", { className: "empty" }, both("没有。", "None."))];
    const counts = new Map();
    for (const { stage } of all) counts.set(stage, (counts.get(stage) ?? 0) + 1);
    const chips = [...Object.keys(stages)].filter((stage) => counts.has(stage)).map((stage) => {
      const chip = make("button", { type: "button", className: "stage", title: stages[stage][1], data: { stage } }, `${stages[stage][0]} `, make("b", { textContent: counts.get(stage) }));
      chip.setAttribute("aria-pressed", String(stage === state.stage));
      return chip;
    });
    const chosen = all.filter(({ stage }) => !state.stage || stage === state.stage);
    const listed = chosen.slice(0, state.most).map((one) => failure(one, stages));
    const rest = chosen.length - listed.length;
    const more = rest ? make("button", { type: "button", className: "quiet", data: { more: "" } }, both(`再看其余 ${rest} 题`, `Show the other ${rest}`)) : null;
    return [title, make("div", { className: "stages" }, chips),
      make("p", { className: "small", textContent: state.stage ? stages[state.stage][1] : "" }), make("ul", { className: "failures" }, listed), more].filter(Boolean);
  }

  function failure({ question, stage, expected, evidence, answered, answer, cited }, stages) {
    const again = make("button", { type: "button", className: "quiet again", data: { ask: question } }, both("问一遍", "Ask it"));
    const right = expected.length ? expected.join(" / ") : words("资料里没有，应拒答", "not in the documents: to be declined");
    const given = answer || words("没有答案", "no answer");
    return make("li", {},
      make("div", { className: "line" }, make("p", { className: "question", textContent: question }), again),
      make("p", { className: "small lost", textContent: `${stages[stage][0]} · ${stages[stage][1]}` }),
      make("dl", {},
        make("div", {}, make("dt", {}, both("应答", "expected")), make("dd", {}, make("p", { className: "words", textContent: right }), evidence.map(quote))),
        make("div", {}, make("dt", {}, both("所答", "answered")), make("dd", {},
          make("p", { className: "words" }, given, !answered && answer ? make("span", { className: "small" }, both("（可信度不够，没有显示）", " (not shown: too little confidence)")) : null), cited.map(quote)))));
  }

  function quote({ document: name, paragraph, before, words: cited, after }) {
    const where = `${name} · ${words(`第 ${paragraph} 段`, `paragraph ${paragraph}`)}`;
    return make("p", { className: "quote" }, before, make("mark", { className: "soft", textContent: cited }), after, make("span", { className: "small", textContent: where }));
  }

  function showPairs() {
    find("[data-kept]").textContent = state.pairs.length || "";
    find(".care .empty").hidden = state.pairs.length > 0;
    find(".care .actions").hidden = !state.pairs.length;
    find("[data-download]").href = `${base}gold.jsonl`;
    find(".pairs").replaceChildren(...state.pairs.map(({ pair, problem }) => {
      const places = (pair.evidence ?? []).flat();
      const right = pair.answers?.length ? pair.answers.join(" / ") : words("资料里没有", "not in the documents");
      return make("li", {},
        make("div", { className: "line" }, make("p", { className: "question", textContent: pair.question }),
          make("button", { type: "button", className: "quiet again", data: { ask: pair.question } }, both("问一遍", "Ask it")),
          make("button", { type: "button", className: "quiet", data: { removePair: pair.id } }, both("删除", "Delete"))),
        make("p", { className: "words", textContent: right }),
        places.map((place) => make("p", { className: "quote" }, place.quote, make("span", { className: "small", textContent: place.document }))),
        problem ? make("p", { className: "problem" }, both(problem.zh, problem.en)) : null);
    }));
  }

  // A second click within four seconds deletes: a question without a dialog.
  function sure(button) {
    if (button.dataset.sure) return true;
    const before = [...button.childNodes];
    button.dataset.sure = "1";
    button.replaceChildren(...both("确定删除？", "Delete it?"));
    setTimeout(() => { delete button.dataset.sure; button.replaceChildren(...before); }, 4000);
    return false;
  }

  async function remove(path) {
    await attempt(async () => { await call(path, "DELETE"); await refresh(); });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new FormData(form);
    start(chosen.get("questions"), chosen.get("sample"));
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { run, removeRun, removePair, stage } = button.dataset;
    if (run) open(run);
    else if (removeRun && sure(button)) remove(`evaluations/${removeRun}`);
    else if (removePair && sure(button)) remove(`gold/${encodeURIComponent(removePair)}`);
    else if (stage) { Object.assign(state, { stage: stage === state.stage ? "" : stage, most: FIRST }); showResult(); }
    else if ("more" in button.dataset) { state.most = Infinity; showResult(); }
    else if ("stop" in button.dataset) stop();
    else if ("runMine" in button.dataset) start("mine", "");
  });
  new MutationObserver(show).observe(document.documentElement, { attributes: true, attributeFilter: ["data-words"] });
  const again = () => attempt(refresh);
  return { refresh: again };
}

const { refresh } = mount(element.querySelector(".bench"), "api/v1/");
window.addEventListener("wenyuan-view", (event) => { if (event.detail === "evaluation") refresh(); });
window.addEventListener("wenyuan-gold", refresh);
