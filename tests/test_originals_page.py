"""The page of a PDF beside the question, in a real browser: framed words, leaves, the file to save."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import samples
from axe_playwright_python.sync_playwright import Axe
from browser import ask, opened, running, shot, sized
from playwright.sync_api import Browser, Page, ViewportSize, expect
from test_facsimile import LONG, printed_by

from rag.indexing.update import index_paths
from rag.settings import Settings

SIZES: tuple[ViewportSize, ...] = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
QUESTION = "外勤人员每月迟到几次以内不扣款？"
REMARK = "It has to be handed in again by the end of June."
FRAMES = "#source .facsimile .sheet i"


@pytest.fixture(scope="module")
def folder(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a PDF that a browser has printed, one with a remark, and a text."""
    folder = tmp_path_factory.mktemp("originals")
    (folder / "考勤制度.pdf").write_bytes(printed_by(browser))
    annotation = b"/Annots [<</Type /Annot /Subtype /Text /Rect [72 600 90 620] /Contents (%s)>>]" % REMARK.encode()
    remarked = samples.pdf([samples.line("The plan was read in May.", 72, 700)])
    (folder / "批注.pdf").write_bytes(remarked.replace(b"/MediaBox", annotation + b" /MediaBox"))
    (folder / "说明.txt").write_text("食堂说明\n食堂每天中午十一点半开门。\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Iterator[str]:  # noqa: ARG001
    index = tmp_path_factory.mktemp("originals-index") / "index"
    index_paths([folder], index, Settings())
    with running(index, index.parent / "server.log") as served:
        yield served.url


def framed_words(page: Page) -> None:
    """The first frame is in view, over the picture, and not larger than a line of it."""
    expect(page.locator(FRAMES).first).to_be_visible()
    frame, sheet = page.locator(FRAMES).first.bounding_box(), page.locator("#source .sheet").bounding_box()
    assert frame
    assert sheet
    assert sheet["x"] - 4 <= frame["x"] <= frame["x"] + frame["width"] <= sheet["x"] + sheet["width"] + 4
    assert frame["height"] < 0.05 * sheet["height"]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_the_words_of_an_answer_are_framed_on_the_page_itself(
    browser: Browser, address: str, size: ViewportSize
) -> None:
    with opened(browser, address, size) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=90_000)
        ask(page, QUESTION)
        page.locator(".turn .cite").first.click()
        expect(page.locator("#source mark.exact")).to_be_visible()
        switch = page.get_by_role("group", name="看文字还是原页")
        expect(switch.get_by_role("button", name="文字")).to_have_attribute("aria-pressed", "true")
        shot(page, sized(page, "page-switch"))
        switch.get_by_role("button", name="原页").focus()
        page.keyboard.press("Enter")
        expect(switch.get_by_role("button", name="原页")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#source mark.exact")).to_be_hidden()
        expect(page.get_by_role("img", name="第 1 页的样子")).to_be_visible()
        expect(page.locator("#source .leaf-now")).to_contain_text("第 1 / 2 页")
        framed_words(page)
        expect(page.locator(FRAMES).first).to_be_in_viewport()
        if size["width"] < 860:
            buttons = page.locator("#source :is(.original, .leaves) button")
            assert min(box["height"] for one in buttons.all() if (box := one.bounding_box())) >= 44
        shot(page, sized(page, "page-framed"))
        page.evaluate("document.body.classList.add('dark')")
        shot(page, sized(page, "page-framed-dark"))
        page.evaluate("document.body.classList.remove('dark')")
        page.get_by_role("button", name="放大").click()
        shot(page, sized(page, "page-large"))
        expect(page.locator(FRAMES).first).to_be_in_viewport()
        page.get_by_role("button", name="放大").click()
        page.get_by_role("button", name="下一页").click()
        expect(page.locator("#source .leaf-now")).to_contain_text("第 2 / 2 页")
        expect(page.locator(FRAMES)).to_have_count(0)
        expect(page.get_by_role("button", name="下一页")).to_be_disabled()
        found = Axe().run(page, context="#source")
        assert [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")] == []


def test_the_page_stays_chosen_and_a_citation_opens_on_its_own_one(browser: Browser, address: str) -> None:
    with opened(browser, address, SIZES[0]) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=90_000)
        page.locator("#source .document", has_text="考勤制度").click()
        page.get_by_role("button", name="原页").click()
        expect(page.locator("#source .leaf-now")).to_contain_text("第 1 / 2 页")
        doc = page.locator("#source .pane[data-doc]").get_attribute("data-doc")
        text = page.request.get(f"{address}api/v1/documents/{doc}").json()["text"]
        start = text.index("最后由总经理签字")
        page.goto(f"{address}#place/{doc}:{start}:{start + 8}:{start}:{start + 8}:0")
        expect(page.locator("#source .leaf-now")).to_contain_text("第 2 / 2 页")
        expect(page.locator(FRAMES)).to_have_count(1)
        start = text.index(LONG)
        page.goto(f"{address}#place/{doc}:{start}:{start + len(LONG)}:{start}:{start + len(LONG)}:0")
        expect(page.locator("#source .leaf-now")).to_contain_text("第 1 / 2 页")
        page.reload()
        expect(page.locator("#source .leaf-now")).to_contain_text("第 1 / 2 页")
        page.locator("#source [data-find]").click()
        expect(page.locator("#source .text")).to_be_visible()
        page.get_by_role("button", name="全部资料").click()
        page.locator("#source .document", has_text="说明.txt").click()
        expect(page.locator("#source .text")).to_be_visible()
        expect(page.get_by_role("button", name="原页")).to_have_count(0)


def test_words_that_can_not_be_placed_leave_the_page_and_a_line_that_says_so(browser: Browser, address: str) -> None:
    with opened(browser, address, SIZES[0]) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=90_000)
        page.locator("#source .document", has_text="批注").click()
        doc = page.locator("#source .pane[data-doc]").get_attribute("data-doc")
        start = page.request.get(f"{address}api/v1/documents/{doc}").json()["text"].index(REMARK)
        page.goto(f"{address}#place/{doc}:{start}:{start + len(REMARK)}:{start}:{start + len(REMARK)}:0")
        page.get_by_role("button", name="原页").click()
        expect(page.locator("#source .facsimile .note")).to_contain_text("没能在原页上找到这段话的位置")
        expect(page.get_by_role("img", name="第 1 页的样子")).to_be_visible()
        shot(page, "page-unframed")


def test_the_file_is_saved_and_one_that_has_gone_says_why(browser: Browser, address: str, folder: Path) -> None:
    with opened(browser, address, SIZES[0]) as page:
        expect(page.locator(".chip").first).to_be_visible(timeout=90_000)
        page.locator("#source .document", has_text="说明.txt").click()
        with page.expect_download() as saved:
            page.get_by_role("button", name="下载原件").click()
        assert saved.value.suggested_filename == "说明.txt"
        assert Path(saved.value.path()).read_bytes() == (folder / "说明.txt").read_bytes()
        kept = (folder / "说明.txt").read_bytes()
        (folder / "说明.txt").write_text("改了。\n", "utf-8")
        page.get_by_role("button", name="下载原件").click()
        expect(page.locator("#source .said")).to_contain_text("服务器上没有 说明.txt 的原件了")
        expect(page.locator("#source .said")).not_to_contain_text(str(folder))
        shot(page, "original-gone")
        (folder / "说明.txt").write_bytes(kept)
