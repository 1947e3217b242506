"""The web page, as a user meets it: a real browser on a real server over a real index."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import BREAKS, THREE_SOURCES, ask, in_view, outside, running, settling, shot
from conftest import HOSTILE
from playwright.sync_api import Browser, Page, expect

from rag.errors import ServeError
from rag.settings import Settings

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
GPT5 = "GPT-5是什么时候发布的？"


def test_an_answer_stands_beside_its_source_with_exactly_its_words_marked(page: Page) -> None:
    shot(page, "welcome")
    ask(page, DOUBAO)
    expect(page.locator(".turn .lead")).to_contain_text("近6000万")
    expect(page.locator("#source .block.here")).to_have_attribute("data-number", "4")
    expect(page.locator("#source mark.exact")).to_have_text("近6000万")
    assert "".join(page.locator("#source .here mark").all_inner_texts()) == (
        "字节跳动的豆包大模型自2023年8月推出后不断发展，在2024年5月开始对外服务，11月月活跃用户"
        "近6000万，跃居全球第二大AI应用。"
    )
    in_view(page, "#source mark.exact")
    shot(page, "answer")


def test_each_of_three_citations_opens_its_own_place_and_document(page: Page) -> None:
    ask(page, THREE_SOURCES)
    expect(page.locator(".items li")).to_have_count(3)
    expect(page.locator(".cards li")).to_have_count(3)
    for n, words, title in (
        (3, "可变现的商业通道", "2024-large-model-funnel"),
        (2, "英伟", "成果、变化、趋势"),
        (1, "557万美元", "成果、变化、趋势"),
    ):
        page.locator(".items .cite", has_text=f"[{n}]").click()
        expect(page.locator("#source mark.exact")).to_have_text(words)
        expect(page.locator("#source h2")).to_have_text(title)
        expect(page.locator(".cards [aria-pressed=true] .n")).to_have_text(f"[{n}]")
        in_view(page, "#source mark.exact")
    shot(page, "three-sources")


def test_a_citation_of_an_earlier_turn_still_opens(page: Page) -> None:
    ask(page, DOUBAO)
    ask(page, GPT5)
    page.locator(".turn").first.locator(".where").click()
    expect(page.locator("#source mark.exact")).to_have_text("近6000万")


def test_abstaining_names_the_missing_word_and_offers_the_nearest_passages(page: Page) -> None:
    ask(page, GPT5)
    expect(page.locator(".abstained .none")).to_have_text("资料里没有找到答案。", use_inner_text=True)
    expect(page.locator(".abstained .missing")).to_contain_text("GPT-5")
    expect(page.locator("#source mark.exact").first).to_be_in_viewport()
    expect(page.locator(".abstained .where").first).to_have_attribute("aria-pressed", "true")
    shot(page, "abstention")
    page.locator(".abstained .nearest summary").click()
    page.locator(".abstained .nearest .where").first.click()
    expect(page.locator("#source mark.soft").first).to_be_in_viewport()
    expect(page.locator("#source mark.exact")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "said"), [("", "问题是空的"), ("  ？！。", "只有标点"), ("长" * 1001, "问题太长"), (BREAKS, "意料之外")]
)
def test_what_cannot_be_answered_gives_a_notice_and_loses_nothing(page: Page, typed: str, said: str) -> None:
    ask(page, DOUBAO)
    page.locator("#question").fill(typed)
    page.locator("#question").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("alert")).not_to_contain_text("Traceback")
    expect(page.locator("#question")).to_have_value(typed)
    expect(page.locator("#conversation .turn")).to_have_count(1)


def test_hostile_text_is_shown_as_its_characters(page: Page) -> None:
    question = '<img src=x onerror="window.pwned=3"> **q** $y$ {{z}} 金丝雀项目的暗号是什么？'
    ask(page, question)
    assert page.locator(".asked").inner_text() == question
    page.locator("#conversation .turn").last.locator(".where").first.click()
    assert HOSTILE in page.locator("#source .text").inner_text()
    ask(page, "银丝雀项目的口令是什么？")
    page.locator("#conversation .turn").last.locator(".where").first.click()
    assert "<script>window.pwned=4</script>" in page.locator("#source .text").inner_text()
    shot(page, "hostile")
    assert page.locator("#conversation img, #conversation script, #source img, #source script").count() == 0
    assert page.evaluate("typeof window.pwned") == "undefined"


def test_a_long_article_is_shown_around_the_place_and_can_be_leafed(page: Page) -> None:
    ask(page, "琥珀仓库的管理员是谁？")
    expect(page.locator("#source mark.exact")).to_have_text("欧阳清")
    expect(page.locator("#source .block")).to_have_count(200)
    in_view(page, "#source mark.exact")
    page.locator("#source .leaf").first.click()
    expect(page.locator("#source .block").first).to_have_attribute("data-number", "1")
    expect(page.locator("#source .leaf")).to_have_count(1)


def test_the_interface_changes_to_english_and_remembers_it(page: Page) -> None:
    ask(page, DOUBAO)
    page.get_by_role("button", name="Switch language").click()
    expect(page.locator(".composer .send")).to_have_text("Ask", use_inner_text=True)
    expect(page.locator(".cards .paragraph")).to_have_text("paragraph 4", use_inner_text=True)
    assert "把握" not in page.locator("body").inner_text()
    shot(page, "english")
    page.reload()
    expect(page.locator(".cards .paragraph")).to_have_text("paragraph 4", use_inner_text=True)
    assert page.locator("html").get_attribute("lang") == "en"


def test_everything_works_from_the_keyboard(page: Page) -> None:
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type(THREE_SOURCES)
    page.keyboard.press("Enter")
    third = page.locator(".items .cite").nth(2)
    expect(third).to_be_visible()
    while not third.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#source mark.exact")).to_have_text("可变现的商业通道")


def test_a_phone_shows_the_source_below_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for question in (DOUBAO, THREE_SOURCES, "a" * 900, GPT5):
        ask(page, question)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    shot(page, "phone")
    page.locator(".turn").nth(1).locator(".cite").nth(1).click()
    expect(page.locator("#source mark.exact")).to_have_text("英伟")
    in_view(page, "#source mark.exact")
    shot(page, "phone-source")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_follows_the_system(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.reload()
    ask(page, DOUBAO)
    shot(page, "dark")
    assert page.evaluate("getComputedStyle(document.querySelector('#side')).backgroundColor") == "rgb(28, 32, 38)"


def test_every_request_stays_on_this_machine(browser: Browser, server: str, server_log: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        hosts: set[str | None] = set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.goto(server)
        expect(page.locator(".chip").first).to_be_visible()
        ask(page, DOUBAO)
        page.locator(".where").first.click()
        assert hosts == {"127.0.0.1"}
        assert outside(server_log) == []
        answer = context.request.get(server)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "googleapis" not in answer.text()


def test_without_an_index_the_page_says_what_to_run_and_then_works(
    browser: Browser, shown_index: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    with running(folder, tmp_path / "server.log") as server, browser.new_context(locale="zh-CN") as context:
        page = context.new_page()
        page.goto(server.url)
        expect(page.get_by_role("alert").locator("code").first).to_contain_text("wenyuan index")
        shot(page, "no-index")
        page.locator("#question").fill(DOUBAO)
        with settling(page):
            page.locator("#question").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("还没有索引")
        expect(page.locator("#question")).to_have_value(DOUBAO)
        shutil.copytree(shown_index, folder)
        page.get_by_role("button", name="提问").click()
        expect(page.locator("#source mark.exact")).to_have_text("近6000万", timeout=60_000)
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.locator("#question")).to_have_value("")
        shutil.rmtree(folder / "generations")
        (folder / "CURRENT").write_text("nowhere", "ascii")
        page.locator("#question").fill("还在吗？")
        page.locator("#question").press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("#conversation .turn")).to_have_count(1)
        server.stop()
        page.locator("#question").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("连接不上")
        expect(page.locator("#question")).to_have_value("还在吗？")


def test_a_port_in_use_is_named_with_what_to_do(tmp_path: Path) -> None:
    from rag.web.app import serve

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"{port}.*--port"):
            serve(tmp_path, Settings(), port=port)
