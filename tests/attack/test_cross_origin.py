"""Pages of other origins, in a real browser, try what pages can: they read nothing, and nothing of theirs gets in.

What each page read is what its own scripts say; what got in is what the server answered to its requests.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from victims import everything

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Frame, Page
    from victims import Answered, Victim

_SANDBOX = '<iframe sandbox="allow-scripts allow-forms allow-popups" srcdoc="x"></iframe>'
# Where a page of another origin lies: its address, whether at the server's own port, the frame in it that acts, and by
# what name it calls the server.
ORIGINS = {
    "another port": ("127.0.0.1", False, "", "127.0.0.1"),
    "another port by name": ("localhost", False, "", "localhost"),
    "another name": ("localhost", False, "", "127.0.0.1"),
    "another address": ("127.0.0.2", True, "", "127.0.0.1"),
    "IPv6": ("::1", True, "", "127.0.0.1"),
    "IPv6 by name": ("::1", False, "", "localhost"),
    "a sandbox": ("127.0.0.1", False, _SANDBOX, "127.0.0.1"),
    "a data address": ("127.0.0.2", True, '<iframe src="data:text/html,x"></iframe>', "localhost"),
}
READ = (
    "", "health", "favicon.ico", "config", "page/examples", "api/v1/documents", "api/v1/search?q=暗号", "api/v1/gold",
    "gradio_api/queue/data?session_hash=abc",
)  # fmt: skip
CHANGED = {
    "api/v1/ask": '{"question":"暗号是什么？"}',
    "api/v1/gold": '{"question":"暗号是什么？","answers":["琥珀"]}',
    "api/v1/evaluations": "{}",
    "api/v1/documents": (
        '--x\r\ncontent-disposition: form-data; name="files"; filename="evil.md"\r\n\r\nevil words\r\n--x--\r\n'
    ),
    "gradio_api/queue/join": '{"data":[],"fn_index":0,"session_hash":"abc","event_data":{"question":"暗号？"}}',
    "gradio_api/mcp/": '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
}
TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json")
ELEMENTS = ("img", "script", "module", "link", "iframe", "object", "embed", "video")
# By element or means: it gives what it could read, or nothing.
TRY = """
async ([means, url, options]) => {
  const settled = (start) => new Promise((done) => {
    setTimeout(() => done(""), 60000);
    Promise.resolve().then(() => start(done)).catch(() => done(""));
  });
  const shown = (element, what) => settled((done) => {
    element.addEventListener(element.tagName === "VIDEO" ? "loadedmetadata" : "load", () => {
      try { done(what(element)); } catch { done(""); }
    });
    element.addEventListener("error", () => done(""));
    document.body.append(element);
  });
  const made = (tag, more) => Object.assign(document.createElement(tag), more);
  const inside = (frame) => frame.contentDocument?.body?.innerText ?? "";
  const worked = () => "loaded";
  switch (means) {
    case "fetch": return settled(async (done) => done(await (await fetch(url, options)).text()));
    case "xhr": return settled((done) => {
      const request = new XMLHttpRequest();
      request.open(options.method, url);
      request.withCredentials = true;
      request.onloadend = () => done(request.responseText);
      request.send(options.body);
    });
    case "beacon": navigator.sendBeacon(url, new Blob([options.body], { type: options.type })); return "";
    case "img": return shown(made("img", { src: url }), (image) => image.naturalWidth ? "pixels" : "");
    case "script": return shown(made("script", { src: url }), worked);
    case "module": return shown(made("script", { src: url, type: "module" }), worked);
    case "link": return shown(made("link", { href: url, rel: "stylesheet" }), worked);
    case "video": return shown(made("video", { src: url }), worked);
    case "iframe": return shown(made("iframe", { src: url }), inside);
    case "object": return shown(made("object", { data: url }), inside);
    case "embed": return shown(made("embed", { src: url }), (embed) => embed.getSVGDocument()?.body?.innerText ?? "");
    case "import": return settled(async (done) => { await import(url); done("loaded"); });
    case "font": return settled(async (done) => { await new FontFace("x", `url("${url}")`).load(); done("loaded"); });
    case "worker": return settled((done) => {
      const code = `try { importScripts(${JSON.stringify(url)}); postMessage("loaded"); } catch { postMessage(""); }`;
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      worker.onmessage = (said) => done(said.data);
      worker.onerror = () => done("");
    });
    case "events": return settled((done) => {
      const source = new EventSource(url, { withCredentials: true });
      source.onopen = () => { source.close(); done("opened"); };
      source.onerror = () => { source.close(); done(""); };
    });
    case "socket": return settled((done) => {
      const opened = new WebSocket(url.replace("http:", "ws:"));
      opened.onopen = () => done("opened");
      opened.onerror = () => done("");
    });
    case "form": {
      const name = `f${Math.random()}`;
      const frame = made("iframe", { name });
      document.body.append(frame);
      const form = made("form", { action: url, method: options.method, enctype: options.type, target: name });
      form.append(made("input", { name: '{"question":"暗号", "x":"', value: '"}' }));
      document.body.append(form);
      const arrived = settled((done) => frame.addEventListener("load", () => {
        try { done(inside(frame)); } catch { done(""); }
      }));
      form.submit();
      return arrived;
    }
  }
}
"""

Attempt = tuple[str, str, dict[str, Any]]


def attempts(documents: str) -> Iterator[Attempt]:
    """What each page tries: means, path, options. ``documents`` is the path of a document."""
    reading = [{"mode": mode, "credentials": sent} for mode in ("cors", "no-cors") for sent in ("include", "omit")]
    yield from (("fetch", path, options) for path, options in product(READ, reading))
    yield from (("fetch", path, {"mode": "same-origin"}) for path in READ[:2])
    for (path, body), kind, mode in product(CHANGED.items(), TYPES, ("cors", "no-cors")):
        options = {"method": "POST", "body": body, "headers": {"content-type": kind}, "mode": mode}
        yield "fetch", path, options | {"credentials": "include"}
    yield from (("fetch", documents, {"method": method}) for method in ("DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"))
    yield from (("xhr", path, {"method": "GET"}) for path in READ[:6])
    for path, body in CHANGED.items():
        yield "xhr", path, {"method": "POST", "body": body}
        yield from (("form", path, {"method": "post", "type": kind}) for kind in TYPES[:2])
        yield from (("beacon", path, {"body": body, "type": kind}) for kind in (TYPES[0], TYPES[3]))
    yield from (("form", path, {"method": "get"}) for path in READ[:2])
    yield from ((means, path, {}) for means, path in product(ELEMENTS, ("favicon.ico", "", "api/v1/documents")))
    yield from ((means, path, {}) for means, path in product(("import", "font", "worker"), ("theme.css", "health")))
    streams = ("gradio_api/queue/data?session_hash=abc", "gradio_api/heartbeat/abc")
    yield from ((means, path, {}) for means, path in product(("events", "socket"), streams))


class Empty(BaseHTTPRequestHandler):
    """A page with nothing on it, but for a frame that the server was given."""

    frame = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>evil</title><body>{self.frame}</body>".encode())

    def log_message(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(host: str, port: int, frame: str) -> Iterator[str]:
    """The address of a page of another origin."""
    handler = type("Framed", (Empty,), {"frame": frame})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = type("Server", (ThreadingHTTPServer,), {"address_family": family})
    try:
        server = kind((host, port), handler)
    except OSError as error:
        pytest.skip(f"{host} is not to be had here: {error}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def tried(where: Page | Frame, url: str, all_attempts: list[Attempt]) -> list[str]:
    """What each attempt read, in order; they are made at once."""
    code = f"(all) => {{ const attempt = {TRY}; return Promise.all(all.map((one) => attempt(one))); }}"
    read: list[str] = where.evaluate(code, [[means, url + path, options] for means, path, options in all_attempts])
    return read


def sent_by_pages(victim: Victim, since: int) -> list[Answered]:
    return [one for one in victim.answered(since) if one.site]


@contextmanager
def visited(browser: Browser, victim: Victim, origin: str) -> Iterator[tuple[Page, str]]:
    """A page of ``origin``, and the server's address as that page calls it."""
    host, own_port, frame, name = ORIGINS[origin]
    with (
        serving(host, victim.port if own_port else 0, frame) as url,
        browser.new_context() as context,
        context.new_page() as page,
    ):
        page.goto(url)
        yield page, f"http://{name}:{victim.port}/"


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_of_another_origin_reads_nothing_and_nothing_of_it_gets_in(
    victim: Victim, browser: Browser, plain_index: Path, origin: str
) -> None:
    made = list(attempts(f"api/v1/documents/{victim.document()}"))
    assert len(made) * len(ORIGINS) > 1_000
    before, since = everything(plain_index), len(victim.answered())
    with visited(browser, victim, origin) as (page, url):
        read = tried(page.frames[-1], url, made)
    assert [(attempt, said) for attempt, said in zip(made, read, strict=True) if said] == []
    sent = sent_by_pages(victim, since)
    assert {one.status for one in sent} == {403}
    assert {one.site for one in sent} <= {"cross-site", "same-site"}
    # Some the browser keeps back by itself.
    assert len(sent) > len(made) / 2
    assert everything(plain_index) == before


def test_its_own_page_reads_what_others_can_not(victim: Victim, browser: Browser) -> None:
    gets = [one for one in attempts("") if one[2].get("method", "GET").upper() == "GET"]
    reading = [one for one in gets if one[0] != "beacon"]
    with browser.new_context() as context, context.new_page() as page:
        page.goto(f"{victim.url}robots.txt")
        read = tried(page.main_frame, victim.url, reading)
    told = {means for (means, *_), said in zip(reading, read, strict=True) if said}
    assert told >= {"fetch", "xhr", "img", "iframe", "form"}
