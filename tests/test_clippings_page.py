"""Quotes that are kept aside with notes, and saved with footnotes, in a real browser."""

from __future__ import annotations

from pathlib import Path

from browser import ask, shot
from playwright.sync_api import Page, expect

DOUBAO = "豆包2024年11月的月活跃用户有多少？"


def test_a_quote_is_clipped_annotated_saved_with_a_footnote_and_removed(page: Page, tmp_path: Path) -> None:
    ask(page, DOUBAO)
    page.locator(".turn [data-clip]").click()
    expect(page.locator(".turn [data-clip]")).to_have_text("已摘录 ✓", use_inner_text=True)
    page.locator(".turn [data-clip]").click()
    page.reload()
    page.locator(".menu summary").click()
    page.locator("[data-clippings]").click()
    clippings = page.get_by_role("dialog", name="摘录").locator("li")
    expect(clippings).to_have_count(1)
    expect(clippings.locator(".quoted")).to_contain_text("近6000万")
    clippings.get_by_role("textbox").fill("写进*报告*")
    shot(page, "clippings")
    with page.expect_download() as download:
        page.get_by_role("button", name="存为 Markdown").last.click()
    assert download.value.suggested_filename == "摘录.md"
    download.value.save_as(tmp_path / "saved.md")
    lines = (tmp_path / "saved.md").read_text("utf-8").splitlines()
    assert lines[2].startswith("> 字节跳动的豆包大模型")
    assert lines[2].endswith("[^1]")
    assert lines[4] == "写进\\*报告\\*"
    assert lines[6].startswith(f"[^1]: 《成果、变化、趋势》第 4 段 · {DOUBAO} · <http://127.0.0.1:")
    clippings.locator(".where").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#source mark.exact")).to_have_text("近6000万")
    page.locator(".menu summary").click()
    page.locator("[data-clippings]").click()
    expect(clippings.get_by_role("textbox")).to_have_value("写进*报告*")
    clippings.get_by_role("button", name="移除").click()
    expect(clippings).to_have_count(0)
