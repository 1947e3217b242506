"""What one does on the web page beside asking, in a real browser on a real server over a real index."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import THREE_SOURCES, ask, in_view, shot
from conftest import CORPUS, FUNNEL
from playwright.sync_api import Browser, Page, expect

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
GPT5 = "GPT-5是什么时候发布的？"
MOONSHOT = "月之暗面的投后估值是多少？"


def view(page: Page, name: str) -> None:
    page.locator(f".views [data-view={name}]").click()


def test_a_follow_up_shows_what_it_was_taken_to_mean_and_can_be_changed(page: Page) -> None:
    ask(page, MOONSHOT)
    ask(page, "它是谁创办的？")
    last = page.locator(".turn").last
    expect(last.locator(".asked")).to_have_text("它是谁创办的？")
    expect(last.locator(".meant q")).to_have_text("月之暗面是谁创办的？")
    expect(last.locator(".lead")).to_contain_text("杨植麟")
    shot(page, "follow-up")
    last.get_by_role("button", name="改一改").click()
    expect(page.locator("#question")).to_have_value("月之暗面是谁创办的？")
    expect(page.locator("#question")).to_be_focused()


def test_why_an_answer_is_shown_on_demand_and_stays_open_while_one_asks_on(page: Page) -> None:
    ask(page, DOUBAO)
    because = page.locator("details.because").first
    because.locator("summary").click()
    expect(because.locator(".why-words")).to_contain_text("豆包")
    expect(because).to_contain_text("把握")
    shot(page, "why")
    ask(page, GPT5)
    expect(page.locator("details.because").first.locator(".why-words")).to_be_visible()
    page.locator("details.because").last.locator("summary").click()
    expect(page.locator("details.because").last).to_contain_text("需要一份写明")
    shot(page, "why-not")


def test_a_link_with_a_question_asks_it(browser: Browser, server: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{server}?q={DOUBAO}")
        expect(page.locator(".turn .lead")).to_contain_text("近6000万")
        assert "q=" not in page.url


def test_the_link_of_a_citation_opens_the_same_words_anywhere(page: Page, browser: Browser) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, DOUBAO)
    page.locator("#source [data-link]").click()
    expect(page.locator("#said")).to_have_text("已复制")
    link = page.evaluate("navigator.clipboard.readText()").splitlines()[-1]
    with browser.new_context() as other:
        opened = other.new_page()
        opened.goto(link)
        expect(opened.locator("#source mark.exact")).to_have_text("近6000万")
        in_view(opened, "#source mark.exact")
        opened.goto(link.rpartition(":")[0])
        opened.reload()
        expect(opened.get_by_role("alert")).to_contain_text("链接不完整")


def test_citations_are_stepped_through_by_keyboard_and_the_back_button_returns(page: Page) -> None:
    ask(page, THREE_SOURCES)
    marked = page.locator("#source mark.exact")
    for words, at in (("英伟", "2 / 3"), ("可变现的商业通道", "3 / 3"), ("557万美元", "1 / 3")):
        page.keyboard.press("Alt+ArrowDown")
        expect(marked).to_have_text(words)
        expect(page.locator("#source .steps .at")).to_have_text(at)
    page.keyboard.press("Alt+ArrowUp")
    expect(marked).to_have_text("可变现的商业通道")
    page.go_back()
    expect(marked).to_have_text("557万美元")
    expect(page.locator(".items .cite").first).to_have_attribute("aria-pressed", "true")


def test_the_outline_leads_to_a_heading(page: Page) -> None:
    ask(page, DOUBAO)
    page.locator("#source .outline summary").click()
    expect(page.locator("#source .outline .facts .fact").first).to_be_visible()
    page.locator("#source .outline .jump", has_text="三、争议事件方面").click()
    expect(page.locator("#source .block[data-number='37']")).to_be_in_viewport(ratio=1)
    expect(page.locator("#source mark.exact")).to_have_text("近6000万")


def test_an_answer_is_copied_with_its_source(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, DOUBAO)
    page.locator(".turn").get_by_role("button", name="复制", exact=True).click()
    expect(page.locator("#said")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("近6000万[1]\n原文：")
    assert "《成果、变化、趋势》第 4 段" in copied


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_a_conversation_is_taken_away_as_markdown_and_as_a_page(page: Page, server: str, tmp_path: Path) -> None:
    ask(page, DOUBAO)
    ask(page, GPT5)
    found = {}
    for kind in ("md", "html"):
        page.locator(".menu summary").click()
        with page.expect_download() as download:
            page.locator(f"[data-take={kind}]").click()
        named = rf"\d{{4}}-\d\d-\d\d {re.escape(DOUBAO)}\.{kind}"
        assert re.fullmatch(named, download.value.suggested_filename)
        download.value.save_as(tmp_path / kind)
        found[kind] = (tmp_path / kind).read_text("utf-8")
    assert "> 近6000万[^1]" in found["md"]
    assert "资料里没有找到答案。" in found["md"]
    parsed = _Text()
    parsed.feed(found["html"])
    assert "近6000万" in parsed.words
    assert parsed.links
    assert all(link.startswith(("#", f"{server}#place/")) for link in parsed.links)


def test_a_file_is_added_asked_cited_and_removed_while_its_citation_is_open(page: Page, tmp_path: Path) -> None:
    (tmp_path / "海棠.md").write_text("# 海棠计划\n\n海棠计划的负责人是周明远。\n", "utf-8")
    (tmp_path / "空.txt").write_bytes(b"")
    (tmp_path / "图.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "表.mp4").write_bytes(b"PK")
    (tmp_path / "同.txt").write_bytes((CORPUS / FUNNEL).read_bytes())
    view(page, "library")
    expect(page.locator("#library tbody tr")).to_have_count(5)
    names = ("海棠.md", "空.txt", "图.txt", "表.mp4", "同.txt")
    page.set_input_files("#files", [tmp_path / name for name in names])
    for name, said in zip(names, ("已加入", "没有文字", "不是文本文件", "不支持这种文件", "内容相同"), strict=True):
        row = page.locator(".uploads li", has=page.get_by_text(name, exact=True))
        expect(row.locator(".state")).to_contain_text(said, timeout=60_000)
    expect(page.locator("#library tbody tr")).to_have_count(6)
    shot(page, "library")
    view(page, "ask")
    ask(page, "海棠计划的负责人是谁？")
    expect(page.locator("#source mark.exact")).to_have_text("周明远")
    view(page, "library")
    row = page.locator("#library tbody tr", has_text="海棠计划")
    row.get_by_role("button", name="移除").click()
    shot(page, "remove")
    page.get_by_role("button", name="保留").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name="移除").click()
    page.get_by_role("dialog").get_by_role("button", name="移除").click()
    expect(row).to_have_count(0, timeout=60_000)
    view(page, "ask")
    expect(page.locator("#source mark.exact")).to_have_text("周明远")
    page.locator("#source [data-home]").click()
    expect(page.locator("#source h2")).to_contain_text("资料（5 篇）")
    page.locator(".turn .where").first.click()
    expect(page.get_by_role("alert")).to_contain_text("已不在索引里")
    expect(page.locator(".turn .lead")).to_contain_text("周明远")


def test_a_checked_answer_and_a_corrected_one_become_gold_pairs(page: Page, shown_index: Path) -> None:
    ask(page, DOUBAO)
    with page.expect_response("**/api/v1/gold"):
        page.get_by_role("button", name="答对了").click()
    expect(page.locator("#said")).to_contain_text("已存为")
    ask(page, MOONSHOT)
    page.evaluate(
        """() => {
            const text = document.querySelector('#source mark.soft').firstChild;
            const range = document.createRange();
            range.setStart(text, 0);
            range.setEnd(text, 4);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }"""
    )
    # What was said of the first pair may still stand there.
    with page.expect_response("**/api/v1/gold"):
        page.get_by_role("button", name="存为正确答案").click()
    expect(page.locator(".turn").last.locator(".corrected-to")).to_contain_text("已存为正确答案")
    pairs = [json.loads(line) for line in (shown_index / "gold.jsonl").read_text("utf-8").splitlines()]
    assert [pair["question"] for pair in pairs] == [DOUBAO, MOONSHOT]
    assert pairs[0]["answers"] == ["近6000万"]
    text = (CORPUS / "2024-ai-models-in-review.md").read_text("utf-8")
    corrected = pairs[1]["evidence"][0][0]
    assert pairs[1]["answers"] == [corrected["quote"]]
    assert len(corrected["quote"]) == 4
    assert corrected["quote"] in text
    view(page, "evaluation")
    page.locator(".care summary").click()
    expect(page.locator(".care .pairs li")).to_have_count(2)
    shot(page, "evaluation")


def test_an_evaluation_runs_shows_where_it_is_and_a_failing_question_is_asked_in_the_chat(page: Page) -> None:
    view(page, "evaluation")
    page.get_by_text("抽 30 题").click()
    page.get_by_role("button", name="运行评测").click()
    expect(page.locator(".running")).to_be_visible()
    expect(page.locator("article.result")).to_be_visible(timeout=300_000)
    shot(page, "evaluated")
    failing = page.locator("article.result [data-ask]").first
    question = failing.get_attribute("data-ask") or ""
    failing.click()
    expect(page.locator(".turn .asked")).to_have_text(question)


def test_the_theme_that_is_chosen_stays(page: Page) -> None:
    page.get_by_role("button", name="深色或浅色").click()
    page.reload()
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    ask(page, DOUBAO)
    shot(page, "dark-chosen")
    page.get_by_role("button", name="深色或浅色").click()
    expect(page.locator("body")).not_to_have_class(re.compile(r"\bdark\b"))


def test_two_tabs_have_a_conversation_each(page: Page, server: str) -> None:
    ask(page, DOUBAO)
    other = page.context.new_page()
    other.goto(server)
    ask(other, GPT5)
    expect(other.locator(".turn")).to_have_count(1)
    ask(page, MOONSHOT)
    expect(page.locator(".turn")).to_have_count(2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    ask(page, DOUBAO)
    page.locator("details.because summary").click()
    expect(page.locator(".why-words")).to_be_visible()
    for name in ("ask", "library", "evaluation"):
        view(page, name)
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
