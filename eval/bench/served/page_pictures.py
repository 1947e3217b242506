"""The pictures of the documentation: the web page as it is now, over the articles in ``corpus/``.

    python -m eval.bench.served.page_pictures [--index DIR] [--folder docs/pictures] [PICTURE…]

serves the index, or one of ``corpus/``, on a free port of this machine and takes all of them, or those that are named.
Look at them before they are committed. Needs what ``make test`` installs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eval.bench.page_speed import FLAGS, installed_chromium
from eval.bench.served import ROOT, index_of_corpus, served

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

_ASKED = "豆包2024年11月的月活跃用户有多少？"
_WIDTH, _HEIGHT = 1280, 800
_SECONDS = 1000
_FILES = {
    "会议记录.txt": "会议记录\n\n周三下午两点，海棠计划的评审会在三楼会议室举行。\n",
    "海棠计划.md": "# 海棠计划\n\n海棠计划的负责人是顾青，预算为八百万元。\n",
    "图纸.dwg": "AC1032",
}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="The pictures of the documentation.")
    parser.add_argument("--index", type=Path, help="else one of corpus/ is made")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help=f"{', '.join(PICTURES)}; all without any")
    options = parser.parse_args()
    with index_of_corpus(options.index) as index, served(index) as server:
        take(server.address, options.folder, options.pictures or list(PICTURES))


def take(address: str, folder: Path, pictures: list[str]) -> None:
    """Save the ``pictures`` of the page at ``address`` in ``folder``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
        context = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="zh-CN")
        for name in pictures:
            page = context.new_page()
            page.set_default_timeout(1000 * _SECONDS)
            page.goto(address)
            page.wait_for_selector("html[data-loaded]", state="attached")
            PICTURES[name](page)
            page.screenshot(path=folder / f"{name}.png", animations="disabled")
            page.close()
        browser.close()


def _answer(page: Page) -> None:
    """An answer beside its source, with questions to go on with."""
    page.locator("#question").fill(_ASKED)
    page.locator("#question").press("Enter")
    page.wait_for_selector(".turn .onward button")


def _why(page: Page) -> None:
    _answer(page)
    page.locator(".because summary").click()
    page.wait_for_selector(".because .why-meter", state="attached")
    page.locator(".because").evaluate("one => one.scrollIntoView({ block: 'start' })")


def _library(page: Page) -> None:
    """Files that were just added, one of which can't be."""
    page.locator(".views [data-view=library]").click()
    page.locator("#files").set_input_files(list(map(_file, _FILES)))
    page.wait_for_function("n => document.querySelectorAll('.uploads .away').length === n", arg=len(_FILES))
    page.wait_for_selector("#library tbody tr >> text=海棠计划")


def _evaluated(page: Page) -> None:
    page.locator(".views [data-view=evaluation]").click()
    page.locator("input[name=sample][value='30']").check(force=True)
    page.locator(".bench form [type=submit]").click()
    page.wait_for_selector(".bench .pictures svg")


def _file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": _FILES[name].encode()}


PICTURES: dict[str, Callable[[Page], None]] = {
    "answer": _answer,
    "why": _why,
    "evaluated": _evaluated,
    "library": _library,
}
"""By the names of their files; the library last, as files are added to it."""

if __name__ == "__main__":
    main()
