"""A table's row knows its cells, whatever format it is read from, and is shown as a table with what is cited marked."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from html import unescape

import openpyxl
import pytest
import samples
from documents import document
from rich.console import Console

from rag.cli.console import show_answer, show_document
from rag.contract.documents import Document as Shown
from rag.types import Answer, AnswerItem, AnswerPart, BlockKind, CellSpan, Citation, Document, Span, Status, TableRow
from rag.web.conversation import Turn
from rag.web.page import answers, sources
from rag.web.page.markup import Place, place_of
from rag.web.page.takeaway import to_html, to_markdown
from rag.wire import to_json

GRID = (("产品", "产地", "单价"), ("云雾茶", "清溪", "128 元"), ("老白茶", "", "260 元"))
HEADER, FULL, GAP = GRID
PLAIN = "产品,产地,单价\n云雾茶,清溪,128 元\n老白茶,,260 元\n"
WHEN = datetime(2025, 1, 2, tzinfo=UTC)


def of_xml(row: str, cell: str) -> str:
    return "".join(row.format("".join(cell.format(text) for text in texts)) for texts in GRID)


def workbook() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for texts in GRID:
        book.active.append(texts)
    book.save(stream)
    return stream.getvalue()


def opendocument() -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    names = "".join(f' xmlns:{one}="{space}:{one}:1.0"' for one in ("office", "table", "text"))
    rows = of_xml("<table:table-row>{}</table:table-row>", "<table:table-cell><text:p>{}</text:p></table:table-cell>")
    body = f"<office:text><table:table>{rows}</table:table></office:text>"
    content = f"<office:document-content{names}><office:body>{body}</office:body></office:document-content>"
    return samples.archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


HTML = f"<table>{of_xml('<tr>{}</tr>', '<td>{}</td>')}</table>"
FORMATS = {
    "a.csv": PLAIN.encode(),
    "a.tsv": PLAIN.replace(",", "\t").encode(),
    "a.md": "|产品|产地|单价|\n|-|-|-|\n|云雾茶|清溪|128 元|\n|老白茶||260 元|\n".encode(),
    "b.md": f"{HTML}\n".encode(),
    "a.html": f"<meta charset=utf-8><body>{HTML}".encode(),
    "a.xlsx": workbook(),
    "a.docx": samples.docx(
        f"<w:tbl>{of_xml('<w:tr>{}</w:tr>', '<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>')}</w:tbl>"
    ),
    "a.odt": opendocument(),
}


def rows(made: Document) -> list[TableRow | None]:
    return [made.row(block) for block in made.blocks if block.kind is BlockKind.ROW]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_cells_with_the_names_of_their_columns(name: str) -> None:
    made = samples.load_bytes(FORMATS[name], name)
    assert rows(made) == [TableRow((), HEADER), TableRow(HEADER, FULL), TableRow(HEADER, GAP)]
    header, _, last = (block for block in made.blocks if block.kind is BlockKind.ROW)
    assert (header.header, last.header) == (header.number, header.number)
    said = [(cell.column, made.text[cell.begin : cell.start], made.text[cell.start : cell.end]) for cell in last.cells]
    assert said == [(0, "产品：", "老白茶"), (2, "单价：", "260 元")]


def test_fields_of_a_record_and_of_a_form_have_the_names_that_stand_before_them() -> None:
    record = document('{"城市": "昆明", "店长": "", "门店数": 7}\n', "a.jsonl")
    assert rows(record) == [TableRow(("城市", "门店数"), ("昆明", "7"))]
    front = document("---\n标题: 茶园\n作者: 林溪\n---\n\n茶园在北坡。\n")
    assert rows(front) == [TableRow(("标题",), ("茶园",)), TableRow(("作者",), ("林溪",))]
    form = document("姓名：,林溪,电话：,8001\n部门：,研发部,备注：,\n", "a.csv")
    assert rows(form) == [TableRow(("姓名", "电话"), ("林溪", "8001")), TableRow(("部门", ""), ("研发部", "备注"))]
    assert [block.header for block in form.blocks] == [0, 0]


def test_a_column_without_a_name_keeps_its_place_and_two_of_one_name_are_one() -> None:
    index = document(",城市,门店数\n0,成都,12\n1,昆明,7\n", "a.csv")
    assert rows(index)[1:] == [
        TableRow(("", "城市", "门店数"), ("0", "成都", "12")),
        TableRow(("", "城市", "门店数"), ("1", "昆明", "7")),
    ]
    twice = document("姓名,备注,备注,姓名\n林溪,甲,乙,\n周宁,,丙,丁\n", "a.csv")
    assert twice.text.split("\n")[1:] == ["姓名：林溪；备注：甲 乙", "姓名：周宁；备注：丙；姓名：丁"]
    assert rows(twice)[1:] == [
        TableRow(("姓名", "备注", "姓名"), ("林溪", "甲 乙", "")),
        TableRow(("姓名", "备注", "姓名"), ("周宁", "丙", "丁")),
    ]


def test_each_of_several_tables_has_its_own_names() -> None:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for texts in (("楼栋", "户数"), ("A 栋", 44), (), ("收费项目", "单价"), ("物业费", 2.6)):
        book.active.append(texts)
    book.save(stream)
    made = samples.load_bytes(stream.getvalue(), "a.xlsx")
    assert rows(made)[1::2] == [
        TableRow(("楼栋", "户数"), ("A 栋", "44")),
        TableRow(("收费项目", "单价"), ("物业费", "2.6")),
    ]
    assert [block.header for block in made.blocks] == [1, 1, 3, 3]


def test_the_quoted_cells_are_cited_and_the_name_of_a_column_cites_its_cell() -> None:
    made = document(PLAIN, "a.csv")
    block = made.blocks[1]
    assert made.text[block.start : block.end] == "产品：云雾茶；产地：清溪；单价：128 元"
    assert block.cells == tuple(
        CellSpan(n, block.start + a, block.start + b, block.start + c)
        for n, a, b, c in ((0, 0, 3, 6), (1, 7, 10, 12), (2, 13, 16, 21))
    )

    def cited(quote: str) -> tuple[int, ...]:
        start = made.text.index(quote, block.start)
        row = made.row(block, (start, start + len(quote)))
        assert row
        return row.cited

    assert [cited(quote) for quote in ("清溪", "28", "单价", "溪；单", "；", "产品：云雾茶；产地：清溪")] == [
        (1,), (2,), (2,), (1, 2), (), (0, 1),
    ]  # fmt: skip


def test_what_is_no_row_or_too_wide_or_too_long_is_not_looked_at_as_one() -> None:
    wide = document(",".join(f"列{n}甲" for n in range(101)) + "\n" + ",".join(["值"] * 101) + "\n", "a.csv")
    assert rows(wide) == [None, None]
    long = document(f"品名,说明\n茶,{'长' * 10_000}\n", "a.csv")
    assert rows(long) == [TableRow((), ("品名", "说明")), None]
    assert document("# 题\n\n一段。\n").row(document("一段。").blocks[0]) is None


def cite(made: Document, number: int, quote: str) -> Citation:
    block = made.blocks[number - 1]
    start = made.text.index(quote, block.start)
    row = made.row(block, (start, start + len(quote)))
    sentence = made.text[block.start : block.end]
    return Citation(
        1, made.doc_id, "茶", "a.csv", number, start, start + len(quote), quote, sentence, block.start, row=row
    )


@pytest.fixture
def priced() -> Document:
    return document("产品,产地,单价|含税\n云雾茶,清溪,128 元\n老白茶,,260 元<b>\n", "a.csv")


@pytest.fixture
def answer(priced: Document) -> Answer:
    citation = cite(priced, 3, "260 元<b>")
    part = AnswerPart("多少钱？", (AnswerItem(citation.quote, (1,)),))
    return Answer(
        "多少钱？", Status.ANSWERED, citation.quote, "260 元<b>[1]\n原文", 0.9, (citation,), (), parts=(part,)
    )


def cells(html: str) -> list[list[str]]:
    """The rows of the tables in ``html``, marked cells in brackets."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", html):
        texts = re.findall(r"<t([dh])[^>]*>(.*?)</t[dh]>", row)
        plain = [re.sub(r"</?(?:bdi|span)[^>]*>", "", text) for _, text in texts]
        found.append([unescape(re.sub(r"<mark[^>]*>(.*?)</mark>", r"[\1]", text)) for text in plain])
    return found


def test_a_citation_in_json_has_the_row(answer: Answer) -> None:
    assert to_json(answer.citations[0])["row"] == {
        "header": ["产品", "产地", "单价|含税"],
        "cells": ["老白茶", "", "260 元<b>"],
        "cited": [2],
    }
    elsewhere = Citation(1, "d", "题", "a.md", 1, 0, 1, "甲", "甲。", 0)
    assert to_json(elsewhere)["row"] is None


def test_a_document_in_json_has_the_cells_that_are_not_blank() -> None:
    header, _, last = to_json(Shown.of(document(PLAIN, "a.csv")))["blocks"]
    assert (header["header"], last["header"]) == (1, 1)
    assert [cell["name"] for cell in header["cells"]] == ["", "", ""]
    start = last["start"]
    assert last["cells"] == [
        {"column": 0, "name": "产品", "start": start + 3, "end": start + 6},
        {"column": 2, "name": "单价", "start": start + 10, "end": start + 15},
    ]


def test_the_page_shows_a_cited_row_as_a_table(answer: Answer) -> None:
    shown = answers.turn(Turn("多少钱？", answer, {}))
    assert cells(shown) == [["产品", "产地", "单价|含税"], ["老白茶", "", "[260 元<b>]"]]
    assert 'class="sentence"' not in shown


def test_the_source_shows_its_rows_as_one_table_with_their_numbers(priced: Document, answer: Answer) -> None:
    shown = sources.document(priced, place_of(answer.citations[0]))
    assert cells(shown) == [
        ["1", "产品", "产地", "单价|含税"],
        ["2", "云雾茶", "清溪", "128 元"],
        ["3", "[老白茶]", "", "[260 元<b>]"],
    ]
    assert re.findall(r'<tr class="block row here" data-number="(\d)">', shown) == ["3"]
    assert re.findall(r'<mark class="exact">(.*?)</mark>', shown) == ["260 元&lt;b&gt;"]
    assert re.findall(r'<td class="cited" data-start="(\d+)">', shown) == [str(answer.citations[0].start)]


def test_a_window_that_begins_inside_of_a_table_has_the_names_above_it() -> None:
    made = document("楼号,面积\n" + "".join(f"{n} 号楼,{n * 10}\n" for n in range(1, 301)), "a.csv")
    block = made.blocks[250]
    shown = cells(sources.document(made, Place(made.doc_id, Span(block.start, block.end))))
    assert (len(shown), shown[0], shown[1]) == (201, ["", "楼号", "面积"], ["102", "101 号楼", "1010"])


def test_a_form_in_the_source_has_its_labels_before_its_values() -> None:
    made = document('{"城市": "昆明", "店长": "吴丹"}\n', "a.jsonl")
    shown = sources.document(made, Place(made.doc_id))
    assert cells(shown) == [["1", "城市", "昆明", "店长", "吴丹"]]
    assert shown.count('<th scope="row">') == 2


def shown_in(width: int, made: Document, said: Answer | None = None) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    if said:
        show_answer(console, said, lambda _: made)
    else:
        show_document(console, made)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_the_terminal_shows_a_document_with_its_tables(priced: Document) -> None:
    assert shown_in(80, priced)[1:] == [
        "   1  产品    产地  单价|含税",
        "      ───────────────────────",
        "   2  云雾茶  清溪  128 元",
        "   3  老白茶        260 元<b>",
    ]


def test_the_terminal_shows_a_cited_row_as_a_table(priced: Document, answer: Answer) -> None:
    assert shown_in(80, priced, answer)[4:7] == [
        "    产品     产地   单价|含税",
        "    ─────────────────────────",
        "    老白茶          260 元<b>",
    ]


def test_what_is_taken_away_has_the_row_as_a_table(answer: Answer) -> None:
    turns = [Turn("多少钱？", answer, {})]
    text = to_markdown(turns, language="zh", generated=WHEN, version="1")
    assert (
        text.split("\n\n")[4] == "| 产品 | 产地 | 单价\\|含税 |\n| --- | --- | --- |\n| 老白茶 |  | **260 元\\<b\\>** |"
    )
    page = to_html(turns, language="zh", generated=WHEN, version="1")
    assert cells(page) == [["产品", "产地", "单价|含税"], ["老白茶", "", "[260 元<b>]"]]
    assert "<blockquote" not in page
