"""What of a file is not in its document is said: where indexing ends, in lists, and at its place in the document."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
import samples
from conftest import Command
from documents import document, stored
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image as Picture
from PIL import Image
from rich.console import Console

from rag.cli.console import show_document, show_documents, show_report
from rag.contract import documents
from rag.contract.reports import Report
from rag.index.generations import open_generation
from rag.index.store import Store
from rag.indexing.update import index_paths
from rag.loading.blocks import RawBlock
from rag.loading.unread import Lost, Unread
from rag.settings import Settings
from rag.types import BlockKind, Document, IndexReport, Omission
from rag.web.page import sources
from rag.web.page.markup import Place
from rag.wire import to_json

PAGE = "<meta charset=utf-8><body><img src=a><p>甲。</p><p>乙。<img src=b></p><del>旧</del><img src=c><p>丙。</p>"
LACKING = (Omission("picture", (0, 2, 2)), Omission("struck", (2,)))


@pytest.fixture
def page() -> Document:
    return document(PAGE, "a.html")


def printed(show: object, *values: object) -> list[str]:
    stream = io.StringIO()
    assert callable(show)
    show(Console(file=stream, width=200), *values)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_document_knows_after_which_blocks_something_is_lacking(page: Document) -> None:
    assert page.text == "甲。\n乙。\n丙。"
    assert page.omitted == LACKING
    assert page.lacking() == {
        0: [Omission("picture", (0,))],
        2: [Omission("picture", (2, 2)), Omission("struck", (2,))],
    }


def test_of_a_page_it_is_said_after_its_last_block() -> None:
    unread = Unread()
    unread.add(Lost.PICTURE, page=3)
    unread.add(Lost.PICTURE, page=1)
    for number in (1, 1, 2, 5):
        unread.passed(RawBlock(BlockKind.PARAGRAPH, "甲", page=number))
    assert [notice.omitted for notice in unread.notices(Path("a.pdf"))] == [Omission("picture", (2, 3))]
    assert unread.on_pages(Lost.SCAN, (2, 5)) == Omission("scan", (3, 4))


def test_scanned_pages_of_a_pdf_without_letters_are_lacking_where_they_stood() -> None:
    picture = b"q 600 0 0 800 0 0 cm /I Do Q"
    made = samples.load_bytes(samples.pdf([samples.line("One line.", 50, 700), picture, picture]), "a.pdf")
    # Where text in pictures is recognised they were looked at, and hold none.
    assert (made.text, [one.after for one in made.omitted]) == ("One line.", [(1, 1)])
    assert {one.kind for one in made.omitted} <= {"scan", "picture"}


def test_turned_text_of_a_pdf_is_told_with_its_characters() -> None:
    turned = b"BT /F 12 Tf 0 1 -1 0 300 300 Tm (Side ways) Tj ET\n"
    made = samples.load_bytes(samples.pdf([samples.line("An upright line.", 50, 700) + turned]), "a.pdf")
    assert (made.text, made.omitted) == ("An upright line.", (Omission("turned", (1,) * 8),))


def test_pictures_of_markdown_are_told_and_the_words_that_stand_for_them_kept() -> None:
    made = document("# 题\n\n见![云雾茶](a.png)与<img src=b>。\n\n<p><img src=c></p>\n\n完。\n")
    assert made.text == "题\n见云雾茶与。\n完。"
    assert made.omitted == (Omission("linked", (1, 1, 2)),)


def test_pictures_and_hidden_sheets_of_a_workbook_are_told_and_remarks_are_read() -> None:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.active.append(("品名", "单价"))
    book.active.append(("茶", 128))
    book.active["B2"].comment = Comment("含税价", "林溪")
    dot = io.BytesIO()
    Image.new("L", (1, 1)).save(dot, "PNG")
    book.active.add_image(Picture(dot), "D1")
    book.create_sheet("底价").sheet_state = "hidden"
    book.save(stream)
    made = samples.load_bytes(stream.getvalue(), "价目.xlsx")
    assert made.text == "品名 | 单价\n品名：茶；单价：128\n批注（B2）：含税价"
    assert sorted(made.omitted) == [Omission("drawing", (2,)), Omission("sheet", (3,))]


def test_it_is_said_in_both_languages_and_of_what_a_later_version_knows_too() -> None:
    assert Lost.said(Omission("picture", (0,) * 1200)) == ("1,200 张图片", "1,200 pictures")
    assert Lost.said(Omission("hologram", (1,))) == ("1 个读不了的部分", "1 parts that can't be read")


def test_a_store_keeps_it_and_one_of_before_has_none(tmp_path: Path, page: Document) -> None:
    store = stored(tmp_path, (page, Path("/a.html")))
    assert (store.document(page.doc_id), store.records()[0].omitted) == (page, LACKING)
    with closing(sqlite3.connect(tmp_path / "list")) as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN omitted")
        connection.commit()
    before = Store(tmp_path / "list", [tmp_path / "texts"])
    read = before.document(page.doc_id)
    assert read
    assert (read.text, read.omitted, before.records()[0].omitted) == (page.text, (), ())


def test_json_says_how_much_of_what_and_where(page: Document) -> None:
    told = [
        {"kind": "picture", "count": 3, "after": [0, 2], "detail": "3 pictures", "detail_zh": "3 张图片"},
        {
            "kind": "struck",
            "count": 1,
            "after": [2],
            "detail": "1 stretches of struck text",
            "detail_zh": "1 处划掉的文字",
        },
    ]
    assert to_json(documents.Document.of(page))["omitted"] == told
    assert to_json([documents.Omission.of(one) for one in LACKING]) == told


def test_the_terminal_marks_the_places(page: Document) -> None:
    assert printed(show_document, page)[1:] == [
        "      〔没有读入：1 张图片〕",
        "   1  甲。",
        "   2  乙。",
        "      〔没有读入：2 张图片、1 处划掉的文字〕",
        "   3  丙。",
    ]


def test_the_page_says_it_of_the_document_and_marks_the_places(page: Document) -> None:
    shown = sources.document(page, Place(page.doc_id))
    before, _, text = shown.partition('<div class="text">')
    assert "没有读入：3 张图片、1 处划掉的文字" in before
    assert text.count('class="lacking"') == 2
    assert text.startswith('<p class="lacking"><span class="zh">没有读入：1 张图片</span>')


@pytest.fixture
def report(tmp_path: Path, hash_encoder: object) -> IndexReport:  # noqa: ARG001
    """Two pages with pictures, a file that can't be read and one of another format, indexed."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.html").write_text(PAGE, "utf-8")
    (folder / "b.html").write_text("<meta charset=utf-8><body><p>丁。</p><img src=d>", "utf-8")
    (folder / "c.pdf").write_bytes(b"no PDF")
    (folder / "d.mp4").write_bytes(b"film")
    return index_paths([folder], tmp_path / "index", Settings())


def test_indexing_ends_with_what_was_left_out_by_kind_and_file(report: IndexReport, tmp_path: Path) -> None:
    a, b = tmp_path / "docs" / "a.html", tmp_path / "docs" / "b.html"
    lines = printed(show_report, report)
    assert lines[-4:] == [
        f"没有读入：4 张图片（{a} 3、{b} 1）",
        f"没有读入：1 处划掉的文字（{a} 1）",
        "没有读入：1 个读不了的文件（.pdf 1）",
        "没有读入：1 个其他格式的文件（.mp4 1）",
    ]
    assert lines[-5].startswith("索引完成：2 篇文档")
    assert to_json(Report.of(report))["omitted"][0] == {"source": str(a), **to_json(documents.Omission.of(LACKING[0]))}


def test_only_the_files_with_the_most_of_it_are_named() -> None:
    omitted = tuple((f"{n}.html", Omission("picture", (0,) * n)) for n in range(1, 8))
    report = IndexReport((), (), (), (), (), (), (), (), omitted, 7, 7, 0.0)
    said = "7.html 7、6.html 6、5.html 5、4.html 4、3.html 3"
    assert printed(show_report, report)[-1] == f"没有读入：28 张图片（{said} 等 7 个）"


def test_lists_have_it(report: IndexReport, tmp_path: Path) -> None:
    assert report.documents == 2
    records = open_generation(tmp_path / "index").store.records()
    assert [[one.count for one in documents.Record.of(record).omitted] for record in records] == [[3, 1], [1]]
    assert "没有读入：3 张图片、1 处划掉的文字" in "".join(printed(show_documents, records, {}))


def test_the_command_lists_it_as_json(report: IndexReport, tmp_path: Path, wenyuan: Command) -> None:
    assert report.documents == 2
    listed = json.loads(wenyuan("list", "--json", "--index", tmp_path / "index").out)
    assert [one["omitted"][0]["detail_zh"] for one in listed] == ["3 张图片", "1 张图片"]
