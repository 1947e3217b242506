"""How fast the web page is: open, asked by one, asked by eight at once, and first of all, in a real browser.

    python -m eval.bench.page_speed [--index DIR] [--seconds 60]

serves the index on a free port of this machine, prints the figures and saves them in ``eval/results/page-speed.json``.
Needs what ``make test`` installs.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from eval.bench.served import ROOT, served
from rag.errors import EvaluationError
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.gold import GOLD, load_gold
from rag.evaluation.results import RESULTS, pretty

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

_PEOPLE = 8
_OPENED = 7
_STARTED = 5
_ASKED = 40
# Questions to a conversation.
_CONVERSATION = 8
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Types a question and waits until its reply has been painted; gives milliseconds, or an error.
ASK = """
async (question) => {
  const turns = () => document.querySelectorAll("#conversation .turn:not(.pending)").length;
  const before = turns();
  const box = document.querySelector("#question");
  const settled = new Promise((done) => addEventListener("wenyuan-settled", done, { once: true }));
  const start = performance.now();
  box.value = question;
  document.querySelector("form.composer").requestSubmit();
  while (turns() <= before) {
    if (document.querySelector("#notice .notice")) return document.querySelector("#notice").innerText;
    if (performance.now() - start > 60000) return "no reply in a minute";
    await new Promise(requestAnimationFrame);
  }
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  const took = performance.now() - start;
  await settled;
  await new Promise(requestAnimationFrame);
  return took;
}
"""


class Times(msgspec.Struct, frozen=True):
    """Milliseconds: median, 95th percentile, and of how many."""

    p50: float
    p95: float
    n: int


class PageSpeed(msgspec.Struct, frozen=True):
    """``interactive``: from opening the address until a question can be asked; ``answer``: from Enter to paint.

    ``together``: the same with eight people asking without a pause; ``errors`` are those that any of them saw.
    ``first``: from the line in which a server that has just started says so until its first page can be asked.
    """

    created: str
    code: Code
    machine: Machine
    interactive: Times
    answer: Times
    together: Times
    seconds: int
    errors: tuple[str, ...]
    first: Times | None = None


def installed_chromium() -> str | None:
    """The program of an installed browser; None leaves it to the one that playwright brought."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description="How fast the web page is.")
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--seconds", type=int, default=60, help="how long eight people ask")
    options = parser.parse_args()
    questions = [one.question for one in load_gold(GOLD) if one.answerable and one.style == "plain"]
    with served(options.index) as server:
        interactive, answer, together, errors = asyncio.run(_measure(server.address, questions, options.seconds))
    first = asyncio.run(_first(options.index))
    found = PageSpeed(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        code=code(),
        machine=machine(),
        interactive=interactive,
        answer=answer,
        together=together,
        seconds=options.seconds,
        errors=tuple(errors),
        first=first,
    )
    named = {"interactive": interactive, "answer painted": answer, f"{_PEOPLE} people": together, "first page": first}
    for name, times in named.items():
        print(f"{name:15} p50 {times.p50:7.0f} ms   p95 {times.p95:7.0f} ms   n {times.n}")
    print(f"errors          {len(errors)}")
    (ROOT / RESULTS / "page-speed.json").write_bytes(pretty(found))


async def _measure(address: str, questions: Sequence[str], seconds: int) -> tuple[Times, Times, Times, list[str]]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
        # The model is loaded, and the browser's own caches are filled.
        first = await _opened(browser, address)
        for question in questions[:3]:
            await first.evaluate(ASK, question)
        opened = [await _interactive(browser, address) for _ in range(_OPENED)]
        alone = await _asking(first, questions[:_ASKED])
        pages = [await _opened(browser, address) for _ in range(_PEOPLE)]
        until = time.monotonic() + seconds
        many = await asyncio.gather(
            *(_asking(page, questions[at::_PEOPLE], until=until) for at, page in enumerate(pages))
        )
        await browser.close()
    together = [one for found in many for one in found]
    errors = [one for one in [*alone, *together] if isinstance(one, str)]
    return _times(opened), _times(alone), _times(together), errors


async def _first(index: Path) -> Times:
    """From a server's line until its first page can be asked."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
        took = []
        for _ in range(_STARTED + 1):
            with served(index, ready=False) as server:
                began = time.perf_counter()
                page = await _opened(browser, server.address)
                took.append(1000 * (time.perf_counter() - began))
                await page.context.close()
        await browser.close()
    return _times(took[1:])


async def _asking(page: Page, questions: Sequence[str], *, until: float | None = None) -> list[float | str]:
    """Ask each question, or all of them over and over ``until`` a time; what each took, or what went wrong."""
    found: list[float | str] = []
    while True:
        for number, question in enumerate(questions):
            if until is not None and time.monotonic() > until:
                return found
            if number % _CONVERSATION == 0:
                await page.locator("[data-fresh]").click()
                await page.wait_for_selector(".welcome")
            found.append(await page.evaluate(ASK, question))
        if until is None:
            return found


async def _opened(browser: Browser, address: str) -> Page:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_selector("html[data-loaded]", state="attached")
    return page


async def _interactive(browser: Browser, address: str) -> float:
    page = await _opened(browser, address)
    took: float = await page.evaluate("Number(document.documentElement.dataset.loaded)")
    await page.context.close()
    return took


def _times(found: Sequence[Any]) -> Times:
    taken = [one for one in found if isinstance(one, float | int)]
    if not taken:
        raise EvaluationError("没有一次成功，无法统计。", f"Nothing succeeded: {found[:1]}")
    return Times(round(float(np.median(taken)), 1), round(float(np.percentile(taken, 95)), 1), len(taken))


if __name__ == "__main__":
    main()
