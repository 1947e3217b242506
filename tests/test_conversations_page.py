"""Conversations that last, as a user meets them: kept, found again, left and come back to, in a real browser."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from browser import THREE_SOURCES, ask, running, shot
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from rag.types import Answer, Status
from rag.web.conversation import Turn
from rag.web.conversations.conversation_file import NAME, ConversationFile

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
GPT5 = "GPT-5是什么时候发布的？"
MOONSHOT = "月之暗面的投后估值是多少？"
FOUNDER = "它的创始人是谁？"
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def conversation(page: Page) -> str:
    """The conversation that the address names, with the question and the place in it: "3/…"."""
    named = re.compile(r"#c/([\w-]{12})(?:/|$)")
    expect(page).to_have_url(named)
    found = named.search(page.url)
    assert found
    return found[1]


def within(page: Page) -> str:
    """What follows the conversation in the address."""
    return page.url.partition("#c/")[2].partition("/")[2]


def row(page: Page, name: str) -> Locator:
    return page.locator("#conversations li", has=page.get_by_text(name, exact=True))


@pytest.fixture
def wide(page: Page) -> Page:
    page.set_viewport_size(WIDE)
    expect(page.locator("#conversations .find")).to_be_visible()
    return page


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_newest_question_stands_at_the_top_of_the_view_with_its_answer_under_it(
    page: Page, size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    for number, question in enumerate((DOUBAO, GPT5, MOONSHOT, FOUNDER), start=1):
        ask(page, question)
        last = page.locator(".turn").last
        expect(last.locator(".asked")).to_be_in_viewport(ratio=1)
        expect(last.locator(".lead, .none")).to_be_in_viewport(ratio=1)
        box = last.locator(".asked").bounding_box()
        assert box is not None
        assert 56 <= box["y"] <= 110, number
    shot(page, f"fourth-question-{size['width']}")


def test_a_conversation_survives_reload_and_a_second_tab_goes_on_in_it(page: Page) -> None:
    ask(page, MOONSHOT)
    ask(page, DOUBAO)
    here = conversation(page)
    page.reload()
    expect(page.locator(".turn .asked")).to_have_text([MOONSHOT, DOUBAO])
    expect(page.locator("#source mark.exact")).to_have_text("近6000万")
    other = page.context.new_page()
    other.goto(page.url.partition("#")[0] + f"#c/{here}/1")
    expect(other.locator(".turn .asked")).to_have_text([MOONSHOT, DOUBAO])
    ask(other, THREE_SOURCES)
    assert conversation(other) == here
    ask(page, GPT5)
    expect(page.locator(".turn .asked")).to_have_text([MOONSHOT, DOUBAO, THREE_SOURCES, GPT5])


def test_a_follow_up_is_understood_after_a_reload(page: Page) -> None:
    ask(page, MOONSHOT)
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    ask(page, FOUNDER)
    expect(page.locator(".turn").last.locator(".meant q")).to_have_text("月之暗面的创始人是谁？")


def test_conversations_survive_the_server(browser: Browser, shown_index: Path, tmp_path: Path) -> None:
    shutil.copytree(shown_index, tmp_path / "index", ignore=shutil.ignore_patterns("conversations.sqlite*"))
    with browser.new_context(locale="zh-CN", viewport=WIDE) as context:
        page = context.new_page()
        with running(tmp_path / "index", tmp_path / "first.log") as server:
            page.goto(server.url)
            ask(page, DOUBAO)
            here = conversation(page)
        with running(tmp_path / "index", tmp_path / "second.log") as server:
            page.goto(f"{server.url}#c/{here}")
            expect(page.locator(".turn .asked")).to_have_text([DOUBAO])
            expect(row(page, DOUBAO)).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_back_and_forward_go_from_question_to_citation_to_question(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    ask(page, DOUBAO)
    page.locator(".turn .cite").first.click()
    marked = page.locator("#source mark.exact")
    expect(marked).to_be_in_viewport()
    cited = within(page)
    assert re.fullmatch(r"1/[0-9a-f]+(:\d+){5}", cited)
    ask(page, THREE_SOURCES)
    page.locator(".turn").last.locator(".cite").nth(1).click()
    expect(marked).to_have_text("英伟")
    second = page.locator(".turn").nth(1).locator(".asked")
    for back, words, seen in (("2", "557万美元", second), (cited, "近6000万", marked)):
        page.go_back()
        expect(marked).to_have_text(words)
        expect(seen).to_be_in_viewport()
        assert within(page) == back
    page.go_back()
    assert within(page) == "1"
    expect(page.locator(".turn .asked").first).to_be_in_viewport(ratio=1)
    page.go_back()
    expect(page.locator(".welcome")).to_be_visible()
    for there in ("1", cited, "2"):
        page.go_forward()
        expect(page.locator(".turn")).to_have_count(2)
        assert within(page) == there
    expect(second).to_be_in_viewport(ratio=1)


def test_leaving_for_the_library_and_coming_back_changes_nothing(page: Page) -> None:
    ask(page, THREE_SOURCES)
    page.locator(".items .cite").nth(2).click()
    expect(page.locator("#source mark.exact")).to_have_text("可变现的商业通道")
    address = page.url
    page.locator(".views [data-view=library]").click()
    page.locator(".views [data-view=ask]").click()
    assert page.url == address
    expect(page.locator("#source mark.exact")).to_have_text("可变现的商业通道")
    page.go_back()
    expect(page.locator("#library")).to_be_visible()


def test_the_list_names_finds_renames_and_deletes_with_a_way_back(wide: Page) -> None:
    page = wide
    ask(page, MOONSHOT)
    ask(page, DOUBAO)
    first = conversation(page)
    # Asked at once, it is asked in the new one.
    page.locator("[data-fresh]").click()
    page.locator("#question").fill(GPT5)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn .asked")).to_have_text([GPT5])
    # An earlier try may have left one: last used first.
    expect(row(page, GPT5).first.locator("a")).to_have_attribute("aria-current", "true")
    expect(page.locator("#conversations h2").first).to_have_text("今天", use_inner_text=True)
    shot(page, "conversations-1440")
    page.locator("#conversations .find").fill("近６０００萬")
    there = page.locator(f'#conversations li[data-id="{first}"]')
    expect(there.locator(".also")).to_have_text(DOUBAO)
    expect(row(page, GPT5)).to_have_count(0)
    shot(page, "conversations-found")
    there.locator("a").click()
    expect(page.locator(".turn .asked")).to_have_text([MOONSHOT, DOUBAO])
    assert within(page) == "2"
    page.locator("#conversations .find").fill("")
    there.locator(".more").click()
    there.get_by_role("button", name="改名").click()
    page.keyboard.type("模型公司")
    page.keyboard.press("Enter")
    expect(row(page, "模型公司")).to_be_visible()
    there.locator(".more").click()
    there.get_by_role("button", name="删除").click()
    expect(there).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    shot(page, "conversations-deleted")
    page.get_by_role("button", name="撤销").click()
    expect(row(page, "模型公司")).to_be_visible()
    row(page, "模型公司").locator("a").click()
    expect(page.locator(".turn .asked")).to_have_text([MOONSHOT, DOUBAO])


def test_of_many_conversations_the_list_shows_those_used_last_and_more_on_demand(
    browser: Browser, shown_index: Path, tmp_path: Path
) -> None:
    shutil.copytree(shown_index, tmp_path / "index", ignore=shutil.ignore_patterns(f"{NAME}*"))
    kept = ConversationFile(tmp_path / "index" / NAME)
    for number in range(70):
        asked = f"第 {number} 个问题"
        kept.append("", Turn(asked, Answer(asked, Status.ABSTAINED, "", "没有答案", 0.0, (), (), ()), {}))
    with (
        browser.new_context(locale="zh-CN", viewport=WIDE) as context,
        running(tmp_path / "index", tmp_path / "log") as at,
    ):
        page = context.new_page()
        page.goto(at.url)
        links = page.locator("#conversations li a")
        expect(links).to_have_count(60)
        expect(links.first).to_have_text("第 69 个问题")
        page.locator("#conversations .earlier").click()
        expect(links).to_have_count(70)
        expect(links.nth(60)).to_be_focused()
        expect(page.locator("#conversations .earlier")).to_have_count(0)
        page.locator("#conversations .find").fill("第 3 个")
        expect(links).to_have_text(["第 3 个问题"])


def test_the_tab_is_called_by_the_question_that_is_shown(page: Page) -> None:
    expect(page).to_have_title("问源 Wenyuan")
    ask(page, DOUBAO)
    ask(page, GPT5)
    expect(page).to_have_title(f"{GPT5} · 问源")
    page.go_back()
    expect(page).to_have_title(f"{DOUBAO} · 问源")
    page.locator(".views [data-view=library]").click()
    expect(page).to_have_title("问源 Wenyuan")


def test_the_address_of_a_deleted_conversation_says_so_and_still_opens_the_place(page: Page) -> None:
    ask(page, DOUBAO)
    page.locator(".turn .cite").first.click()
    address = page.url
    assert page.request.delete(f"{address.partition('#')[0]}api/v1/conversations/{conversation(page)}").ok
    other = page.context.new_page()
    other.goto(address)
    expect(other.get_by_role("alert")).to_contain_text("这个对话不在了")
    expect(other.locator("#source mark.exact")).to_have_text("近6000万")
    expect(other.locator(".welcome")).to_be_visible()


def test_a_copied_link_brings_question_and_answer_with_it(page: Page, browser: Browser) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, DOUBAO)
    page.locator("#source [data-link]").click()
    expect(page.locator("#said")).to_have_text("已复制")
    asked, answered, *_, link = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert (asked, answered) == (DOUBAO, "近6000万[1]")
    with browser.new_context() as elsewhere:
        opened = elsewhere.new_page()
        opened.goto(link)
        expect(opened.locator(".turn .asked")).to_have_text(DOUBAO)
        expect(opened.locator(".turn .lead")).to_contain_text("近6000万")
        expect(opened.locator("#source mark.exact")).to_have_text("近6000万")


def test_one_and_all_are_saved(wide: Page, tmp_path: Path) -> None:
    page = wide
    ask(page, DOUBAO)
    here = page.locator(f'#conversations li[data-id="{conversation(page)}"]')
    here.locator(".more").click()
    with page.expect_download() as one:
        here.get_by_role("button", name="存为 Markdown").click()
    assert one.value.suggested_filename.endswith(f" {DOUBAO}.md")
    with page.expect_download() as everything:
        page.get_by_role("button", name="全部存为网页").click()
    everything.value.save_as(tmp_path / "all.zip")
    names = zipfile.ZipFile(tmp_path / "all.zip").namelist()
    assert all(name.endswith(".html") for name in names)
    assert any("豆包2024年11月的月活跃用户有多少？" in name for name in names)


def test_on_a_phone_the_list_comes_over_the_page_and_goes_with_escape(page: Page) -> None:
    page.set_viewport_size(PHONE)
    ask(page, DOUBAO)
    page.locator("button[data-list]").click()
    expect(page.locator("#conversations .find")).to_be_focused()
    expect(row(page, DOUBAO).first).to_be_visible()
    shot(page, "conversations-390")
    page.keyboard.press("Escape")
    expect(page.locator("#conversations")).to_be_hidden()
    expect(page.locator("button[data-list]")).to_be_focused()
    page.locator("button[data-list]").click()
    page.mouse.click(375, 500)
    expect(page.locator("#conversations")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_first_visit_follows_the_language_of_the_browser(browser: Browser, server: str) -> None:
    for locale, words in (("de-DE", "Ask"), ("zh-TW", "提问")):
        with browser.new_context(locale=locale) as context:
            page = context.new_page()
            page.goto(server)
            expect(page.locator(".composer .send")).to_have_text(words, use_inner_text=True)


def test_what_is_touched_on_a_phone_is_44_pixels_high(browser: Browser, server: str) -> None:
    with browser.new_context(locale="zh-CN", viewport=PHONE, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(server)
        ask(page, DOUBAO)
        page.locator("button[data-list]").click()
        expect(row(page, DOUBAO).first).to_be_visible()
        low = page.evaluate(
            """() => [...document.querySelectorAll("button:not(.cite), summary, textarea, .kept :is(a, input)")]
                .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)
                .map((one) => one.outerHTML.slice(0, 100))"""
        )
        assert low == []
        shot(page, "touch-list")
        page.keyboard.press("Escape")
        page.locator(".menu summary").click()
        page.locator(".menu [data-theme-next]").click()
        expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
        shot(page, "touch-dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_list(wide: Page, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = wide
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    ask(page, DOUBAO)
    here = page.locator(f'#conversations li[data-id="{conversation(page)}"]')
    here.locator(".more").click()
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    here.get_by_role("button", name="删除").click()
    expect(page.get_by_role("button", name="撤销")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
