"""Overviews on the web page, in a real browser: the answer, and the fold above a document's source."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from browser import ask, opened, running, shot, sized
from conftest import CORPUS
from playwright.sync_api import Browser, Page, expect
from test_overview import RULE


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Iterator[str]:  # noqa: ARG001
    """The address of the app over the articles and a rule."""
    from rag.indexing.update import index_paths
    from rag.settings import Settings

    folder = tmp_path_factory.mktemp("overview")
    # In one folder: documents are in the order of their paths.
    shutil.copytree(CORPUS, folder / "corpus", ignore=shutil.ignore_patterns("README*"))
    (folder / "考勤.md").write_text(RULE, "utf-8")
    index_paths([folder], folder / "index", Settings())
    with running(folder / "index", folder / "server.log") as served:
        yield served.url


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    with opened(browser, address, {"width": width, "height": height}) as page:
        expect(page.locator("#source .document").first).to_be_visible()
        yield page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_of_all_documents_first_and_of_the_one_that_is_open_then(page: Page) -> None:
    ask(page, "总结一下")
    turn = page.locator(".turn").last
    expect(turn.locator(".of")).to_contain_text("资料共 3 篇")
    expect(turn.locator(".sections .title")).to_have_text(
        ["成果、变化、趋势", "2024-large-model-funnel", "考勤与请假管理办法"]
    )
    expect(page.locator("#source h2")).to_contain_text("资料（3 篇）")
    shot(page, sized(page, "overview-library"))
    turn.locator(".sections .where", has_text="考勤与请假管理办法").click()
    expect(page.locator("#source mark.exact")).to_have_text("为规范考勤，制定本办法。")
    ask(page, "总结一下")
    turn = page.locator(".turn").last
    expect(turn.locator(".of")).to_contain_text("考勤与请假管理办法 共 3 节")
    expect(turn.locator(".sections .title")).to_have_text(["一、工作时间", "二、请假", "三、附则"])
    expect(turn.locator(".cite")).to_have_text(["[1]", "[2]", "[3]", "[4]"])
    shot(page, sized(page, "overview-document"))
    turn.locator(".cite").nth(2).click()
    expect(page.locator("#source mark.exact")).to_have_text("事假每年不超过12天。")
    turn.get_by_role("button", name="目录").click()
    leave = page.locator("#source details.outline .jump", has_text="二、请假")
    expect(leave).to_be_in_viewport()
    expect(page.locator("#source mark.exact")).to_have_count(0)
    shot(page, sized(page, "overview-outline"))
    leave.click()
    expect(page.locator("#source .heading", has_text="二、请假")).to_be_in_viewport()


def test_the_fold_above_a_source_has_outline_and_key_facts_and_stays_open(page: Page) -> None:
    page.locator("#source .document", has_text="成果、变化、趋势").click()
    fold = page.locator("#source details.outline")
    expect(fold.locator("summary")).to_contain_text("概览")
    fold.locator("summary").click()
    expect(fold.locator(".facts .figure .fact").first).to_contain_text("11月月活跃用户近6000万")
    expect(fold.locator(".facts .name .fact", has_text="月之暗面")).to_be_visible()
    shot(page, sized(page, "overview-fold"))
    fold.locator(".figure .fact", has_text="投后估值25亿美元").click()
    expect(page.locator("#source mark.exact")).to_have_text("25亿美元")
    expect(page.locator("#source mark.exact")).to_be_in_viewport()
    expect(fold.locator(".facts .figure .fact").first).to_be_visible()
    fold.locator(".jump", has_text="三、争议事件方面").click()
    expect(page.locator("#source .block[data-number='37']")).to_be_in_viewport()


def test_what_asks_for_kinds_gets_the_headings_that_name_them_each_with_its_place(page: Page) -> None:
    ask(page, "有哪些假期？")
    turn = page.locator(".turn").last
    expect(turn.locator(".of")).to_contain_text("考勤与请假管理办法")
    expect(turn.locator(".sections .title")).to_have_text(["事假", "病假"])
    expect(page.locator("#source mark.exact")).to_have_text("事假每年不超过12天。")
    turn.locator(".cite").nth(1).click()
    expect(page.locator("#source mark.exact")).to_have_text("病假须附医院证明。")
    shot(page, sized(page, "overview-kinds"))


def test_the_contents_are_at_hand_wherever_one_has_scrolled_to(page: Page) -> None:
    page.locator("#source .document", has_text="成果、变化、趋势").click()
    page.locator("#source .text .block").last.scroll_into_view_if_needed()
    expect(page.locator("#source details.outline > summary")).not_to_be_in_viewport()
    contents, more = page.locator("#source header .contents"), page.locator("#source .more summary")

    def unfold() -> None:
        if more.is_visible():
            more.click()
        expect(contents.locator("summary")).to_be_in_viewport(ratio=1)
        contents.locator("summary").click()

    unfold()
    there = contents.locator(".jump", has_text="三、争议事件方面")
    expect(there).to_be_in_viewport()
    shot(page, sized(page, "contents"))
    there.click()
    expect(page.locator("#source .block[data-number='37']")).to_be_in_viewport()
    expect(there).to_be_hidden()
    unfold()
    expect(there).to_be_visible()
    page.keyboard.press("Escape")
    expect(there).to_be_hidden()
    expect(contents.locator("summary")).to_be_focused()
