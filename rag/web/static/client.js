// Stands before each of the page's programs that speak to the server: words in both languages, elements, requests.
function words(zh, en) { return document.documentElement.dataset.words === "en" ? en : zh; }

// What the browser keeps from one visit to the next; private windows may refuse. `remember` says whether it did.
function recall(name) { try { return localStorage.getItem(name); } catch { return null; } }
function remember(name, value) { try { localStorage.setItem(name, value); return true; } catch { return false; } }

// An element with properties and children; strings become text.
function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(properties.data ?? {})) made.dataset[name] = value;
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function both(zh, en) {
  return [make("span", { className: "zh", textContent: zh }), make("span", { className: "en", textContent: en })];
}

// Of a path through the server's folders only the file's name.
function shownSource(source) { return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(source) ? source.split(/[\\/]/).at(-1) : source; }

// What the page adds lies in a folder of the index, whose name nobody gave it.
function shownCollection(name) { return name === "uploads" ? words("上传的文件", "Uploaded files") : name; }

const GONE = {
  detail_zh: "连接不上问源的服务。请确认它还在运行，再试一次。",
  detail: "Wenyuan’s server does not answer. See that it is running, then try again.",
};

// Why a request failed, as the server's problem details say it.
class Problem extends Error {
  constructor(told, status = 0) {
    const detail = told.detail ?? `HTTP ${status}`;
    super(detail);
    Object.assign(this, { zh: told.detail_zh ?? detail, en: detail, status });
  }
}

// The server's response; `body` is sent as JSON, `signal` calls it off. Throws a Problem.
async function request(path, { method = "GET", body, signal } = {}) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  let response;
  try {
    response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal });
  } catch {
    throw new Problem(GONE);
  }
  if (response.ok) return response;
  throw new Problem(await response.json().catch(() => ({})), response.status);
}

// Save what the server makes of one conversation or of all, as `format`: md, html or docx.
function take(path, format) {
  const language = document.documentElement.dataset.words === "en" ? "en" : "zh";
  const query = new URLSearchParams({ format, language, base: location.origin + location.pathname });
  make("a", { href: `${path}?${query}`, download: "" }).click();
}
