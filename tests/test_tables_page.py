"""Tables and long documents on the page, in a real browser: whole amounts, names of columns, the chapter one reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import ask, opened, running, shot, sized
from playwright.sync_api import Browser, Page, ViewportSize, expect

from rag.indexing.update import index_paths
from rag.settings import Settings

SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 800}, {"width": 390, "height": 844})
NAMES = "型号,名称,零售价（元）,批发价（元）,起订量,质保（月）,产地,交货期"
PRICE = "KL-124的批发价是多少？"
KEY = "备用钥匙放在哪里？"
# The names of the columns stand below what stays in view of the pane's head, and the row that is cited below them.
NAMED = """() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const head = box(innerWidth > 860 ? "#source .pane > header" : "#source .pane .line");
    const [names, row] = [box("#source thead"), box("#source tr.here")];
    return names.top >= head.bottom - 2 && row.top >= names.bottom - 2 && row.bottom <= innerHeight;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Iterator[str]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("tables")
    rows = [f"KL-{n},挂壁式换气扇（低噪声型）,{n}9,{n}0,{n % 9 + 4},36,宁波,{n % 20 + 3}天" for n in range(100, 140)]
    (folder / "价格表.csv").write_text("\n".join([NAMES, *rows]), "utf-8")
    chapters = [f"## 第{n}章 机房{n}\n\n机房{n}由值班员每天巡检。" for n in range(1, 41)]
    chapters[30] += "\n\n备用钥匙放在消控室三号柜。"
    (folder / "规程.md").write_text("# 机房规程\n\n" + "\n\n".join(chapters), "utf-8")
    index_paths([folder], folder / "index", Settings())
    with running(folder / "index", folder / "server.log") as served:
        yield served.url


def lines(page: Page, selector: str) -> set[int]:
    """On how many lines the texts of such elements stand: none is half as high as a line away from the others."""
    count = """cells => cells.map(cell => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        const bottoms = [...range.getClientRects()].map(line => line.bottom);
        return 1 + Math.round((Math.max(...bottoms) - Math.min(...bottoms)) / 24);
    })"""
    return set(page.locator(selector).evaluate_all(count))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_amounts_stand_on_one_line_under_the_names_of_their_columns(
    browser: Browser, address: str, size: ViewportSize
) -> None:
    with opened(browser, address, size) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=90_000)
        ask(page, PRICE)
        cited = page.locator(".cards td.cited")
        expect(cited).to_have_text("1240")
        expect(cited).to_be_in_viewport(ratio=1)
        shot(page, sized(page, "row"))
        page.locator(".cards .where").click()
        expect(page.locator("#source td.cited")).to_be_in_viewport(ratio=1)
        shot(page, sized(page, "row-in-source"))
        assert lines(page, "td[data-short]:not(:empty)") == {1}
        page.wait_for_function(NAMED)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_a_clipped_row_says_which_column_each_cell_is_of(browser: Browser, address: str) -> None:
    with opened(browser, address, SIZES[0]) as page:
        ask(page, PRICE)
        page.locator(".turn [data-clip]").click()
        page.locator(".menu summary").click()
        page.locator("[data-clippings]").click()
        expect(page.locator("#clippings .quoted")).to_contain_text(
            "零售价（元）：1249；批发价（元）：1240；起订量：11；"
        )


def test_the_outline_opens_at_the_chapter_that_is_read(browser: Browser, address: str) -> None:
    with opened(browser, address, SIZES[0]) as page:
        ask(page, KEY)
        expect(page.locator("#source mark.exact")).to_have_text("消控室三号柜")
        page.wait_for_timeout(600)
        page.locator("#source .contents summary").click()
        here = page.locator("#source .contents [aria-current]")
        expect(here).to_have_text("第31章 机房31")
        expect(here).to_be_in_viewport(ratio=1)
        shot(page, "outline-here")
