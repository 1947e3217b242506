"""A real browser and a real server for `test_app`.

``python tests/browser.py INDEX`` serves INDEX on a free port with two changes: two questions have made-up
outcomes (see `THREE_SOURCES` and `BREAKS`), and any connection that leaves this machine is printed.
"""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from eval.bench.page_speed import FLAGS, installed_chromium

ROOT = Path(__file__).parents[1]
ARTEFACTS = Path(__file__).parent / "artefacts"
# Answered from three places in two documents, whatever the reader at hand makes of such questions.
THREE_SOURCES = "列出三处出处"
# Raises an exception that nobody expects.
BREAKS = "触发意外"
_OUTSIDE = "OUTSIDE"
# What the framework says of its stream of events when the page is left while it is open.
_CUT = (
    "AbortError: signal is aborted without reason",
    "Connection errored out.",
    "Unexpected error Connection errored out.",
)
# The machine may be busy, and a first question waits for the model.
expect.set_options(timeout=60_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """An installed Chromium, or else the one that playwright installed; fails the test if there is neither."""
    with sync_playwright() as playwright:
        found = installed_chromium() or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.fail(
                "No Chromium for the browser tests. Run: make browser, or: apt-get install chromium", pytrace=False
            )
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


class Server:
    """The app over ``index`` in a process of its own, at ``url``."""

    def __init__(self, index: Path, log: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.log = log
        with log.open("w") as output:
            command = [sys.executable, str(Path(__file__)), str(index)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        self.url = self._address()

    def stop(self) -> None:
        """End it as Ctrl-C does, which must be quiet."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(30) == 0, self.log.read_text()
            assert "KeyboardInterrupt" not in self.log.read_text()

    def _address(self) -> str:
        until = time.monotonic() + 90
        while time.monotonic() < until and self.process.poll() is None:
            ready = re.search(r"http://\S+", self.log.read_text())
            if ready:
                return ready.group()
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")


@contextmanager
def running(index: Path, log: Path) -> Iterator[Server]:
    """A server that is stopped in the end."""
    server = Server(index, log)
    try:
        yield server
        server.stop()
    finally:
        server.process.kill()


def outside(log: Path) -> list[str]:
    """The connections that a server tried to make to other machines."""
    return [line for line in log.read_text().splitlines() if line.startswith(_OUTSIDE)]


def ask(page: Page, question: str) -> None:
    """Type ``question``, press Enter and wait for the reply."""
    turns = page.locator("#conversation .turn").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('#conversation .turn').length > n && !document.querySelector('.pending')",
        arg=turns,
    )


def failures(page: Page, *, logged: bool = False) -> list[str]:
    """Gains the message of each program of ``page`` that fails from now on; and what is ``logged`` as an error."""
    errors: list[str] = []

    def note(message: str) -> None:
        if not message.startswith(_CUT):
            errors.append(message)

    page.on("pageerror", lambda error: note(str(error)))
    if logged:
        page.on("console", lambda said: note(said.text) if said.type == "error" else None)
    return errors


@contextmanager
def opened(browser: Browser, address: str, size: ViewportSize) -> Iterator[Page]:
    """The page at ``address`` in a window of such a size; none of its programs may have failed in the end."""
    with browser.new_context(viewport=size, locale="zh-CN") as context:
        page = context.new_page()
        errors = failures(page)
        page.goto(address)
        yield page
        assert errors == []


def sized(page: Page, what: str) -> str:
    """A screenshot's name, with the width of the window."""
    return f"{what}-{page.viewport_size['width'] if page.viewport_size else 0}"


@contextmanager
def settling(page: Page) -> Iterator[None]:
    """Leave only when the question that is asked inside has been dealt with and another one is taken."""
    page.evaluate(
        "void (window.settled = new Promise(done => addEventListener('wenyuan-settled', done, { once: true })))"
    )
    yield
    page.evaluate("window.settled.then(() => new Promise(requestAnimationFrame))")


def in_view(page: Page, selector: str) -> None:
    """The element is wholly inside the window once scrolling has come to rest."""
    page.wait_for_function(
        """selector => new Promise(done => {
            const top = () => document.querySelector(selector)?.getBoundingClientRect().top;
            const before = top();
            setTimeout(() => done(before !== undefined && before === top()), 150);
        })""",
        arg=selector,
    )
    expect(page.locator(selector)).to_be_in_viewport(ratio=1)


def shot(page: Page, name: str) -> None:
    """Save what the page looks like in tests/artefacts/."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def _watch_connections() -> None:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def is_outside(host: object) -> bool:
        if host in (None, "", "localhost"):
            return False
        try:
            return not ipaddress.ip_address(str(host)).is_loopback and str(host) != "0.0.0.0"
        except ValueError:
            return True

    def watched_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and is_outside(address[0]):
            print(_OUTSIDE, address, flush=True)
        connect(self, address)

    def watched_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if is_outside(host):
            print(_OUTSIDE, host, flush=True)
        return look_up(host, *rest, **named)

    socket.socket.connect = watched_connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = watched_look_up


def _make_up_outcomes() -> None:
    from rag.library import Library
    from rag.types import Answer, AnswerItem, AnswerPart, Citation, Status

    really = Library.ask

    def cite(library: Library, n: int, words: str) -> Citation:
        document = next(d for d in (library.document(r.doc_id) for r in library.documents()) if words in d.text)
        start = document.text.index(words)
        block = document.block_at(start)
        sentence = document.text[block.start : block.end]
        return Citation(
            n,
            document.doc_id,
            document.title,
            document.source,
            block.number,
            start,
            start + len(words),
            words,
            sentence,
            block.start,
        )

    def asked(library: Library, question: str, **options: Any) -> Answer:
        if question == BREAKS:
            raise RuntimeError("made up")
        if question != THREE_SOURCES:
            return really(library, question, **options)
        cited = tuple(
            cite(library, n, words) for n, words in enumerate(("557万美元", "英伟", "可变现的商业通道"), start=1)
        )
        answer = "；".join(citation.quote for citation in cited)
        part = AnswerPart(question, tuple(AnswerItem(citation.quote, (citation.n,)) for citation in cited))
        return Answer(question, Status.ANSWERED, answer, f"共 3 项：\n{answer}", 0.7, cited, (), parts=(part,))

    Library.ask = asked  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    _watch_connections()
    from rag.settings import Settings
    from rag.web.app import serve

    _make_up_outcomes()
    serve(Path(sys.argv[1]), Settings(), port=0)
