"""Courtesy, refusals, confirmed answers and editions on the web page, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ask, opened, running, shot, sized
from conftest import CORPUS
from playwright.sync_api import Browser, Page, expect

ASKED = "住宿费标准是每人每天多少元？"
GPT5 = "GPT-5是什么时候发布的？"
DOUBAO = "豆包2024年11月的月活跃用户有多少？"
RULE = (
    "# 差旅费管理办法（{year}版）\n\n## 住宿\n\n出差人员的住宿费标准为每人每天{amount}元，超出部分自理。\n\n"
    "本办法自{year}年1月1日起施行。\n"
)
SELECT = """words => {
    const blocks = [...document.querySelectorAll('#source [data-start]')];
    const block = blocks.find(one => one.textContent.includes(words));
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const at = text.data.indexOf(words);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + words.length);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        return;
    }
}"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Path:  # noqa: ARG001
    """An index of the articles and of two editions of a rule."""
    from rag.indexing.update import index_paths
    from rag.settings import Settings

    folder = tmp_path_factory.mktemp("rules")
    for year, amount in ((2023, 80), (2025, 100)):
        (folder / f"差旅费{year}.md").write_text(RULE.format(year=year, amount=amount), "utf-8")
    index_paths([CORPUS, folder], folder / "index", Settings())
    return folder / "index"


@pytest.fixture(scope="module")
def address(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(rules, tmp_path_factory.mktemp("log") / "server.log") as served:
        yield served.url


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    with opened(browser, address, {"width": width, "height": height}) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=120_000)
        yield page


def test_courtesy_gets_a_line_and_no_citation_and_help_comes_with_questions(page: Page) -> None:
    ask(page, "谢谢")
    expect(page.locator(".turn").last.locator(".courtesy")).to_contain_text("不客气")
    expect(page.locator(".turn").last.locator(".cite, .cards, .foot")).to_have_count(0)
    ask(page, "你能做什么？")
    expect(page.locator(".turn").last.locator(".chip").first).to_be_visible()
    shot(page, sized(page, "courtesy"))


def test_a_refusal_opens_the_nearest_sentence_and_offers_questions_that_are_answered(page: Page) -> None:
    ask(page, GPT5)
    turn = page.locator(".turn").last
    expect(turn.locator(".near").first).to_contain_text("可能相关")
    expect(turn.locator(".cards .where").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#source mark.exact").first).to_be_visible()
    expect(turn.locator(".instead .chip").first).to_be_visible(timeout=60_000)
    assert 1 <= turn.locator(".instead .chip").count() <= 3
    shot(page, sized(page, "refusal"))
    turn.locator(".instead .chip").first.click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 2 && !document.querySelector('.pending')")
    expect(page.locator(".turn").last.locator(".cite").first).to_be_visible()


def test_the_sentence_beside_a_refusal_is_the_answer_after_a_click(page: Page, rules: Path) -> None:
    ask(page, GPT5)
    turn = page.locator(".turn").first
    quote = turn.locator(".cards mark").first.inner_text()
    turn.get_by_role("button", name="这就是答案").click()
    note = turn.locator(".corrected-to")
    expect(note).to_contain_text(quote)
    note.get_by_role("button", name="再问一次").click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 2 && !document.querySelector('.pending')")
    expect(page.locator(".turn").last.locator(".lead")).to_contain_text(quote)
    page.locator(".turn").last.locator("[data-kept]").click()
    expect(note).to_have_count(0)
    assert (rules / "gold.jsonl").read_text("utf-8") == ""


def test_of_two_editions_the_newer_comes_first_and_both_say_when_they_are_of(page: Page) -> None:
    ask(page, ASKED)
    sides = page.locator(".turn").last.locator(".side")
    expect(sides).to_have_count(2)
    expect(sides.nth(0).locator("p.newer")).to_have_text("新 · 差旅费管理办法（2025版）", use_inner_text=True)
    expect(sides.nth(0).locator(".lead")).to_contain_text("100元")
    expect(sides.nth(1).locator("p.older")).to_have_text("旧 · 差旅费管理办法（2023版）", use_inner_text=True)
    expect(sides.nth(1).locator(".lead")).to_contain_text("80元")
    shot(page, sized(page, "editions"))


def test_an_answer_is_confirmed_corrected_and_both_are_undone(page: Page, rules: Path) -> None:
    file = rules / "gold.jsonl"
    ask(page, DOUBAO)
    turn = page.locator(".turn").first
    turn.get_by_role("button", name="答对了").click()
    expect(turn.locator("[data-kept]")).to_contain_text("已确认 · 撤销")
    ask(page, "请问2024年11月豆包的月活跃用户是多少？")
    again = page.locator(".turn").last
    expect(again.locator(".confirmed")).to_contain_text("你确认过 · 20")
    expect(again.locator("[data-kept]")).to_contain_text("已确认 · 撤销")
    shot(page, sized(page, "confirmed"))
    turn.locator("[data-kept]").click()
    expect(turn.locator("[data-kept]")).to_contain_text("答对了")
    expect(again.locator(".confirmed")).to_be_hidden()
    assert file.read_text("utf-8") == ""

    turn.get_by_role("button", name="不对").click()
    panel = turn.locator(".wrong-panel")
    expect(panel.locator(".cards li, .others .near").first).to_be_visible(timeout=60_000)
    shot(page, sized(page, "wrong"))
    turn.locator(".foot [data-wrong]").click()
    expect(panel).to_have_count(0)

    turn.get_by_role("button", name="不对").click()
    page.evaluate(SELECT, "近6000")
    page.locator("#correct").click()
    note = turn.locator(".corrected-to")
    expect(note).to_contain_text("近6000")
    assert [json.loads(line)["answers"] for line in file.read_text("utf-8").splitlines()] == [["近6000"]]
    note.get_by_role("button", name="再问一次").click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 3 && !document.querySelector('.pending')")
    expect(page.locator(".turn").last.locator(".lead")).to_contain_text("近6000[1]")
    expect(page.locator(".turn").last.locator(".confirmed").first).to_contain_text("你确认过")
    shot(page, sized(page, "corrected"))

    page.locator(".views [data-view=library]").click()
    row = page.locator(".confirmations tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("在用")
    row.scroll_into_view_if_needed()
    shot(page, sized(page, "confirmations"))
    row.get_by_role("button", name="移除").click()
    expect(row).to_have_count(0)
    assert file.read_text("utf-8") == ""
