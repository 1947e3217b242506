"""How quick the web page stays when very much has been asked, in a real browser.

    python -m eval.bench.served.many_conversations [--index DIR] [20 200]

copies the index, or one of ``corpus/``, keeps as many conversations beside it as each of the numbers says, with the
answers to the gold questions, and prints in milliseconds: opening the page, the list's request and a search for words
that one of them has, opening one of the conversations, and asking in it until it is full. Needs what ``make test``
installs.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from eval.bench.page_speed import ASK, FLAGS, installed_chromium
from eval.bench.served import index_of_corpus, served
from rag.evaluation.gold import GOLD, load_gold
from rag.library import Library
from rag.settings import Settings
from rag.web.conversation import Turn
from rag.web.conversations.conversation_file import MOST_TURNS, NAME, ConversationFile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ANSWERS = 60
_TIMES = 7
_TURNS = MOST_TURNS - _TIMES
_RARE = "这几个字只问过一次"
_LISTED = "#conversations li a"
# From a click on a conversation of the list until its last turn has been painted.
_OPEN = """
async (at) => {
  const link = document.querySelectorAll("#conversations li a")[at];
  const id = link.closest("li").dataset.id;
  const start = performance.now();
  link.click();
  while (document.querySelector("#conversation .log")?.dataset.id !== id) await new Promise(requestAnimationFrame);
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  return performance.now() - start;
}
"""
_REQUEST = """
async (words) => {
  const start = performance.now();
  await (await fetch(`api/v1/conversations?${new URLSearchParams({ q: words, count: 61 })}`)).json();
  return performance.now() - start;
}
"""


def main() -> None:
    """Make the conversations, measure and print."""
    parser = argparse.ArgumentParser(description="How quick the page is with many conversations.")
    parser.add_argument("--index", type=Path, help="else one of corpus/ is made")
    parser.add_argument("conversations", type=int, nargs="*", default=[20, 200], help="how many; 20 and 200 without")
    options = parser.parse_args()
    with index_of_corpus(options.index) as index:
        turns = list(_turns(index))
        for many in options.conversations:
            with tempfile.TemporaryDirectory() as folder:
                copied = Path(folder) / "index"
                shutil.copytree(index, copied, ignore=shutil.ignore_patterns(f"{NAME}*"))
                _fill(copied / NAME, turns, many)
                print(f"{many} conversations of {_TURNS} turns, {(copied / NAME).stat().st_size / 1e6:.0f} MB")
                with served(copied) as server:
                    _print(server.address)


def _turns(index: Path) -> Iterator[Turn]:
    library = Library.open(index, Settings())
    plain = (one.question for one in load_gold(GOLD) if one.style == "plain")
    for question in islice(plain, _ANSWERS):
        answer = library.ask(question)
        yield Turn(question, answer, {one.doc_id: one.title for one in answer.citations})


def _fill(file: Path, turns: list[Turn], many: int) -> None:
    """The last of them, which was used first, says what no other does."""
    kept, answers = ConversationFile(file), cycle(turns)
    for number in range(many):
        conversation = ""
        for turn in islice(answers, _TURNS):
            asked = turn.asked if number or conversation else f"{_RARE}：{turn.asked}"
            conversation = kept.append(conversation, Turn(asked, turn.answer, turn.titles))


def _print(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
        page = _opened(browser, address)
        page.evaluate(ASK, "豆包的月活有多少？")
        measured: dict[str, Callable[[int], float]] = {
            "page with list": lambda _: _until_listed(browser, address),
            "list": lambda _: page.evaluate(_REQUEST, ""),
            "search": lambda _: page.evaluate(_REQUEST, _RARE),
            "open": lambda at: page.evaluate(_OPEN, 2 + at),
            "ask in it": lambda _: page.evaluate(ASK, "豆包的月活有多少？"),
        }
        for name, measure in measured.items():
            took = [measure(at) for at in range(_TIMES)]
            print(f"  {name:15} p50 {statistics.median(took):6.0f} ms   most {max(took):6.0f} ms")
        browser.close()


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN").new_page()
    page.goto(address)
    page.wait_for_selector("html[data-loaded]", state="attached")
    page.wait_for_selector(_LISTED)
    return page


def _until_listed(browser: Browser, address: str) -> float:
    began = time.perf_counter()
    page = _opened(browser, address)
    took = 1000 * (time.perf_counter() - began)
    page.context.close()
    return took


if __name__ == "__main__":
    main()
