"""What makes the page comfortable, in a real browser: keys, what is heard, previews, questions to go on with."""

from __future__ import annotations

import re

import pytest
from browser import ask, in_view, shot
from playwright.sync_api import Page, expect

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
GPT5 = "GPT-5是什么时候发布的？"


def test_a_slash_leads_to_the_question_from_anywhere_but_is_typed_into_it(page: Page) -> None:
    page.locator(".views [data-view=library]").click()
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    expect(page.locator("#question")).to_have_value("")
    page.keyboard.press("/")
    expect(page.locator("#question")).to_have_value("/")


def test_a_question_mark_opens_the_help_which_escape_closes(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
    shot(page, "keys")
    page.keyboard.press("/")
    expect(page.locator("#question")).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".menu summary").click()
    page.locator(".menu [data-help]").click()
    page.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".menu summary").click()
    page.keyboard.press("Escape")
    expect(page.locator(".menu > div")).to_be_hidden()
    expect(page.locator(".menu summary")).to_be_focused()


def test_the_last_question_comes_back_into_the_empty_box(page: Page) -> None:
    ask(page, DOUBAO)
    page.locator("#question").press("ArrowUp")
    expect(page.locator("#question")).to_have_value(DOUBAO)


def test_what_was_typed_outlasts_a_reload_until_it_is_asked(page: Page) -> None:
    page.locator("#question").fill(DOUBAO)
    page.reload()
    expect(page.locator("#question")).to_have_value(DOUBAO)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn .lead")).to_contain_text("近6000万")
    page.reload()
    expect(page.locator(".turn .lead")).to_contain_text("近6000万")
    expect(page.locator("#question")).to_have_value("")


def test_all_of_the_conversation_is_printed_and_nothing_else(page: Page) -> None:
    for question in (DOUBAO, GPT5, DOUBAO, GPT5):
        ask(page, question)
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#top", "#composer", "#side", ".acts"):
        expect(page.locator(hidden).first).to_be_hidden()
    box = page.locator("#conversation").bounding_box()
    assert box
    assert box["height"] > 4 * 150
    expect(page.locator(".lead").first).to_have_css("color", "rgb(32, 36, 42)")
    shot(page, "printed")


def test_a_screen_reader_hears_the_answer_and_then_its_source(page: Page) -> None:
    ask(page, DOUBAO)
    heard = page.get_by_role("status").filter(has_text="出处")
    expect(heard).to_have_text("近6000万 出处：成果、变化、趋势 第 4 段")
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "off")
    expect(page.locator(".turn")).to_match_aria_snapshot(
        """
        - paragraph: 豆包2024年11月的月活跃用户有多少？
        - paragraph:
          - text: 近6000万
          - button "出处 1 · source 1" [pressed]
        - list:
          - listitem:
            - button /成果、变化、趋势 第 4 段/ [pressed]
            - paragraph:
              - mark: 近6000万
        """
    )
    ask(page, GPT5)
    expect(page.locator("#heard")).to_contain_text("资料里没有找到答案。")


def test_a_mark_shows_the_words_around_it_to_the_mouse_and_to_the_keyboard(page: Page) -> None:
    ask(page, DOUBAO)
    mark = page.locator(".lead .cite")
    preview = page.get_by_role("tooltip")
    mark.hover()
    expect(preview.locator("mark.exact")).to_have_text("近6000万")
    expect(preview.locator(".where")).to_contain_text("成果、变化、趋势")
    shot(page, "preview")
    preview.locator(".near-by").hover()
    page.wait_for_timeout(400)
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()
    page.locator("#question").hover()
    mark.hover()
    expect(preview).to_be_visible()
    page.locator("#question").hover()
    expect(preview).to_be_hidden()
    page.locator("#question").focus()
    while not mark.evaluate("mark => mark === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    expect(preview).to_be_visible()
    expect(mark).to_have_accessible_description(re.compile("近6000万"))
    page.keyboard.press("Shift+Tab")
    expect(preview).to_be_hidden()


def test_after_an_answer_come_questions_to_go_on_with_and_each_is_answered(page: Page) -> None:
    ask(page, DOUBAO)
    chips = page.locator(".turn:last-child .onward .chip")
    expect(chips.first).to_be_visible()
    assert 1 <= chips.count() <= 3
    assert DOUBAO not in chips.all_inner_texts()
    shot(page, "onward")
    question = chips.first.inner_text()
    chips.first.click()
    page.wait_for_function("document.querySelectorAll('.turn').length === 2 && !document.querySelector('.pending')")
    last = page.locator(".turn").last
    expect(last.locator(".asked")).to_have_text(question)
    expect(last.locator(".meant")).to_have_count(0)
    expect(last.locator(".cite").first).to_be_visible()
    expect(page.locator(".onward .chip").first).to_be_visible()
    assert question not in page.locator(".onward .chip").all_inner_texts()
    expect(page.locator(".turn").first.locator(".onward")).to_be_empty()


@pytest.mark.parametrize(("question", "said"), [(DOUBAO, "近6000万[1]"), (GPT5, "资料里没有找到答案。")])
def test_the_link_of_an_answer_brings_question_and_answer(page: Page, question: str, said: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, question)
    ask(page, "月之暗面的投后估值是多少？")
    page.locator(".turn").first.get_by_role("button", name="复制链接").click()
    expect(page.locator("#said")).to_have_text("已复制")
    asked, answered, *_, link = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert asked == question
    assert answered == said
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").first.locator("[data-open][aria-pressed=true]").first).to_be_visible()
    in_view(page, ".turn:first-child .asked")


def test_on_a_phone_one_line_of_the_sources_head_stays_in_view_and_unfolds_to_the_rest(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, DOUBAO)
    page.locator(".turn .cite").first.click()
    in_view(page, "#source mark.exact")
    head, more, find = (page.locator(f"#source {part}") for part in (".line", ".more summary", "[data-find]"))
    page.wait_for_function("document.querySelector('#source .line').getBoundingClientRect().top === 56")
    assert head.bounding_box() == {"x": 0, "y": 56, "width": 390, "height": 45}
    expect(head.locator("h2")).to_have_css("white-space", "nowrap")
    expect(find).to_be_hidden()
    shot(page, "phone-head")
    more.click()
    small = page.evaluate(
        """() => [...document.querySelectorAll("#source header :is(button, summary)")]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44).map(String)"""
    )
    assert small == []
    for named in ("全部资料", "目录", "复制链接", "下载原件"):
        expect(page.locator("#source header").get_by_text(named, exact=False).first).to_be_visible()
    shot(page, "phone-head-unfolded")
    page.keyboard.press("Escape")
    expect(find).to_be_hidden()
    expect(more).to_be_focused()
    more.click()
    find.click()
    expect(page.get_by_role("searchbox", name="在这篇里查找")).to_be_focused()
    expect(find).to_be_hidden()


def highlighted(page: Page, words: str) -> None:
    """The place that is gone to is marked, and it alone as that."""
    here = "words => [...(CSS.highlights.get('found-here') ?? [])].map(String).join('|') === words"
    page.wait_for_function(here, arg=words)


def test_words_are_found_in_the_open_document_in_any_width_and_script(page: Page) -> None:
    ask(page, DOUBAO)
    page.locator("#source .block").first.click()
    page.keyboard.press("Control+f")
    box = page.get_by_role("searchbox", name="在这篇里查找")
    expect(box).to_be_focused()
    box.fill("ＧＬＭ－４")
    expect(page.locator(".seek output")).to_have_text("1 / 1")
    highlighted(page, "GLM - 4")
    box.fill("月之暗麵")
    count = page.locator(".seek output")
    highlighted(page, "月之暗面")
    most = 1 + page.evaluate("CSS.highlights.get('found').size")
    assert most >= 2
    expect(count).to_have_text(f"1 / {most}")
    box.press("Enter")
    expect(count).to_have_text(f"2 / {most}")
    shot(page, "find")
    box.press("Shift+Enter")
    box.press("Shift+Enter")
    expect(count).to_have_text(f"{most} / {most}")
    box.fill("没有这样的话")
    expect(count).to_have_text("没有", use_inner_text=True)
    box.press("Escape")
    expect(page.get_by_role("search")).to_have_count(0)
    highlighted(page, "")
    expect(page.locator("#source [data-find]")).to_be_focused()


def test_a_document_is_found_by_words_of_its_text_which_are_opened(page: Page) -> None:
    page.locator(".views [data-view=library]").click()
    page.get_by_role("searchbox", name="按名称或正文查找资料").fill("欧阳清")
    found = page.locator("#library .found-in")
    expect(found).to_have_text("琥珀仓库的管理员是欧阳清。")
    shot(page, "library-found")
    found.click()
    expect(page.locator("#source mark.exact")).to_have_text("欧阳清")
    in_view(page, "#source mark.exact")


def test_a_file_that_is_dropped_while_one_asks_is_added_in_the_library(page: Page) -> None:
    files = page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['AC'], '图.dwg')); return d; }"
    )
    page.dispatch_event("#conversation", "drop", {"dataTransfer": files})
    expect(page.locator("#library .uploads .failed .name")).to_have_text("图.dwg")


def test_words_are_found_where_a_long_document_does_not_show_them_yet(page: Page) -> None:
    page.get_by_role("button", name="long", exact=False).first.click()
    page.locator("#source [data-find]").click()
    page.get_by_role("searchbox", name="在这篇里查找").fill("欧阳清")
    expect(page.locator(".seek output")).to_have_text("1 / 1")
    in_view(page, "#source .block[data-number='231']")
    highlighted(page, "欧阳清")


def test_conversation_and_source_share_the_width_as_one_leaves_them(page: Page) -> None:
    bar = page.get_by_role("separator")
    width = "() => document.querySelector('#side').getBoundingClientRect().width"
    assert page.evaluate(width) == 640
    bar.focus()
    bar.press("ArrowLeft")
    expect(bar).to_have_attribute("aria-valuenow", "48")
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, 400)
    page.mouse.down()
    page.mouse.move(400, 400, steps=3)
    page.mouse.up()
    expect(bar).to_have_attribute("aria-valuenow", "31")
    page.reload()
    expect(bar).to_have_attribute("aria-valuenow", "31")
    assert abs(page.evaluate(width) - 883) <= 2
    shot(page, "split")
    bar.dblclick()
    assert page.evaluate(width) == 640
    page.set_viewport_size({"width": 390, "height": 844})
    expect(bar).to_be_hidden()


def test_no_path_of_the_server_is_shown(page: Page) -> None:
    listed = page.locator("#source .document", has_text="hostile.md")
    expect(listed).to_contain_text("hostile.md")
    assert "/tmp" not in page.locator("#source").inner_text()
    listed.click()
    expect(page.locator("#source header .note").first).to_have_text("hostile.md")
    page.locator(".views [data-view=library]").click()
    expect(page.locator("#library tbody tr").first).to_be_visible()
    assert "/tmp" not in page.locator("#library").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(page: Page, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def check() -> None:
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []

    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    ask(page, DOUBAO)
    expect(page.locator(".onward .chip").first).to_be_visible()
    page.locator("#source [data-find]").click()
    page.get_by_role("searchbox", name="在这篇里查找").fill("大模型")
    expect(page.locator(".seek output")).to_contain_text(" / ")
    page.locator(".lead .cite").hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    check()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    check()
