"""The library's view in a real browser, over made-up documents of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser import shot
from conftest import ROOT
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

WEB = ROOT / "rag" / "web" / "static"
HOSTILE = "<img src=x onerror='window.pwned=1'>"


def record(doc_id: str, title: str, characters: int, modified: str | None, *also_in: tuple[str, str]) -> dict[str, Any]:
    others = [{"doc_id": other, "title": f"题{other}", "source": source} for other, source in also_in]
    size = {"characters": characters, "paragraphs": 3, "passages": 2}
    return {
        "doc_id": doc_id,
        "title": title,
        "source": f"{doc_id}.md",
        "modified": modified,
        "also_in": others,
        "collections": [],
        "omitted": [],
        "replaced_by": None,
        "edition": None,
        **size,
    }


DOCUMENTS = [
    record("a", "甲", 12345, "2025-03-01T12:00:00+00:00", ("a", f"备份/{HOSTILE}.md"), ("b", "b.md")),
    record("b", "一篇标题很长很长的文章，长到在手机上一行放不下，要折成两行才行", 70, "2025-05-01T12:00:00+00:00"),
    record("c", "丙", 900, None),
]


# What becomes of a note and of an archive of two files.
UPLOADED = [
    {"name": "便笺.md", "status": "added", "doc_id": "n", "notices": []},
    {"name": "资料.zip/内/a.txt", "status": "duplicate", "title": "甲", "notices": []},
    {"name": "资料.zip/b.exe", "status": "failed", "problem": {"detail_zh": "不支持这种文件", "detail": "no"}},
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    scripts = ("client.js", "library.js", "collecting.js", "replacing.js", "searching.js")
    names = ("page.css", "reading.css", "library.html", *scripts)
    parts = {name: (WEB / name).read_text("utf-8") for name in names}
    html = (
        f'<!doctype html><html data-words="zh" data-view="library"><style>{parts["page.css"]}'
        f"{parts['reading.css']}</style>"
        f'<body class="gradio-container"><div id="library">{parts["library.html"]}</div>'
        f"<script>const element = document.body;\n{''.join(parts[name] for name in scripts)}</script>"
    )

    def answer(route: Route) -> None:
        if route.request.method == "DELETE":
            route.fulfill(status=409, json={"detail_zh": "正在写", "detail": "busy"})
        elif route.request.url.endswith("/collections"):
            route.fulfill(json=[])
        elif "/search?" in route.request.url:
            route.fulfill(json=[{"doc_id": "c", "start": 100, "end": 120, "text": "𠮷日，Wi-Fi 的口令是琥珀。"}])
        elif route.request.method == "POST":
            route.fulfill(status=207, json={"results": UPLOADED})
        else:
            route.fulfill(json=DOCUMENTS)

    with browser.new_context(timezone_id="UTC") as context:
        opened = context.new_page()
        opened.route("**/*", lambda route: route.abort())
        opened.route(
            "http://page.test/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
        )
        opened.route("**/api/v1/**", answer)
        opened.goto("http://page.test/")
        expect(opened.locator("tbody tr")).to_have_count(3)
        yield opened
        assert opened.evaluate("window.pwned ?? null") is None


def titles(page: Page) -> list[str]:
    return [title[0] for title in page.locator("tbody .title").all_inner_texts()]


def test_the_newest_document_is_first_and_a_heading_changes_the_order(page: Page) -> None:
    assert titles(page) == ["一", "甲", "丙"]
    size = page.get_by_role("button", name="字数")
    size.click()
    assert titles(page) == ["甲", "丙", "一"]
    expect(size).to_be_focused()
    size.click()
    assert titles(page) == ["一", "丙", "甲"]
    expect(page.locator("th[data-by=characters]")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="文章", exact=True).click()
    assert titles(page) == ["丙", "甲", "一"]


def test_a_line_says_size_date_and_where_the_text_stands_too(page: Page) -> None:
    line = page.locator("tbody tr", has_text="备份")
    expect(line.locator(".figure")).to_have_text(["12,345", "3", "2025-03-01"], use_inner_text=True)
    expect(line.locator(".also")).to_have_text(f"另见 备份/{HOSTILE}.md、题b", use_inner_text=True)
    expect(line.locator(".also button")).to_have_attribute("data-open", "b:0:0:0:0:1")
    assert page.locator("tbody tr", has_text="c.md").locator(".figure").last.inner_text() == "—"
    expect(page.locator(".also")).to_have_count(1)


def dropped(page: Page, name: str, onto: str) -> None:
    """A file of this name is dropped onto an element."""
    files = page.evaluate_handle(
        "name => { const d = new DataTransfer(); d.items.add(new File(['a'], name)); return d; }", name
    )
    page.dispatch_event(onto, "drop", {"dataTransfer": files})


def test_documents_are_found_by_name_and_by_the_words_of_their_text(page: Page) -> None:
    box = page.get_by_role("searchbox", name="按名称或正文查找资料")
    box.fill("Ｃ.md")
    assert titles(page) == ["丙"]
    expect(page.locator(".count")).to_have_text("找到 1 篇，共 3 篇", use_inner_text=True)
    box.fill("没有说过")
    expect(page.locator("tbody tr")).to_have_count(0)
    box.fill("wi-fi")
    there = page.locator("tbody tr", has_text="丙").locator(".found-in")
    expect(there).to_have_text("𠮷日，Wi-Fi 的口令是琥珀。")
    expect(there).to_have_attribute("data-open", "c:103:108:100:120:0")
    assert titles(page) == ["丙"]
    box.fill("")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator(".found-in")).to_have_count(0)


def test_that_only_names_were_searched_is_said_and_tried_again_with_the_next_key(page: Page) -> None:
    box, said = page.get_by_role("searchbox", name="按名称或正文查找资料"), page.locator("#unsought")
    page.route("**/api/v1/search?**", lambda route: route.abort())
    box.fill("wi-fi")
    expect(said).to_have_text(
        "只按名称找了，没有查正文：连接不上问源的服务。请确认它还在运行，再试一次。", use_inner_text=True
    )
    expect(said.locator(".en")).to_have_text(re.compile("^Only names were searched, not the texts: Wenyuan’s server"))
    expect(page.locator("tbody tr")).to_have_count(0)
    shot(page, "library-unsought")
    page.unroute("**/api/v1/search?**")
    box.press("Enter")
    expect(page.locator(".found-in")).to_have_count(1)
    expect(said).to_be_empty()


def test_a_file_that_is_dropped_is_added_and_in_a_dialog_that_asks_for_one_it_is_that(page: Page) -> None:
    dropped(page, "便笺.md", "body")
    expect(page.locator(".uploads li", has_text="便笺.md")).to_have_count(1)
    expect(page.locator(".uploads .name button")).to_have_attribute("data-open", "n:0:0:0:0:1")
    count = page.locator(".uploads li").count()
    page.get_by_role("button", name="换成新版").first.click()
    dropped(page, "新版.md", "dialog.replacing .note")
    expect(page.locator(".replacing .picked")).to_have_text("新版.md")
    expect(page.locator(".uploads li")).to_have_count(count)


def test_a_document_that_cannot_be_removed_says_why_until_that_is_dismissed(page: Page) -> None:
    page.get_by_role("button", name="移除").first.click()
    page.get_by_role("dialog").get_by_role("button", name="移除").click()
    expect(page.locator(".uploads .failed .state")).to_have_text("正在写", use_inner_text=True)
    page.get_by_role("button", name="不再显示 Dismiss").click()
    expect(page.locator(".uploads li")).to_have_count(0)
    expect(page.locator("#files")).to_be_focused()


def test_an_uploaded_archive_has_a_line_for_each_file_in_it(page: Page) -> None:
    note: FilePayload = {"name": "便笺.md", "mimeType": "text/markdown", "buffer": b"a"}
    packed: FilePayload = {"name": "资料.zip", "mimeType": "application/zip", "buffer": b"PK"}
    page.locator("#library #files").set_input_files([note, packed])
    lines = page.locator("li:has(.name)")
    expect(lines).to_have_count(3)
    expect(page.locator("li.failed .name")).to_have_text("资料.zip/b.exe", use_inner_text=True)
    said = dict(zip(lines.locator(".name").all_inner_texts(), lines.locator(".state").all_inner_texts(), strict=True))
    assert said == {
        "便笺.md": "已加入",
        "资料.zip/内/a.txt": "与《甲》内容相同，没有再存",
        "资料.zip/b.exe": "不支持这种文件",
    }


def test_nothing_is_wider_than_a_phone_and_figures_say_what_they_count(page: Page) -> None:
    shot(page, "library-wide")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    figures = page.locator("tbody tr", has_text="备份").locator(".figure")
    expect(figures).to_have_text(["12,345 字", "3 段", "2025-03-01"], use_inner_text=True)
    shot(page, "library-phone")
