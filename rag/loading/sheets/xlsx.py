"""XLSX to blocks: the rows of each sheet's tables, under the sheet's name, with the values as they are shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.office.charts import title_of
from rag.loading.office.drawings import local, said
from rag.loading.office.packages import related, tree
from rag.loading.office.page_edges import FOOTER, HEADER, Edges
from rag.loading.office.symbols import CHECKED, UNCHECKED
from rag.loading.sheets.remarks import copied, page_lines, remark
from rag.loading.sheets.values import Cells
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# As many as a sheet can have; a file may number them as it likes.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
# More blank rows between two others say no more than so many.
_BLANK_ROWS = 2
_LONGEST_TAG = 4_000
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*["\']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["\']')
# A formula, and the result that was stored with it: none, or in a file whose maker could not calculate, 0.
_FORMULA = re.compile(
    rb"<c\s[^<>]*?\br=\"([A-Z]{1,3}\d{1,7})\"[^<>]*>\s*<f\b(?:[^<>]*/>|[^<>]*>[^<]{0,800}</f>)\s*"
    rb"(?:<v\s*/>|<v>(0?)</v>|(?=</c>))"
)
_EDGE = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(Header|Footer)\b[^<>]*>([^<]{1,3000})<")
_EDGES = {b"Header": HEADER, b"Footer": FOOTER}
_CONTROL = re.compile(rb'<(?:\w+:)?control\s[^<>]*?\bshapeId="(\d+)"[^<>]*?\br:id="(\w+)"')
_BESIDE = ("chart", "comments", "threadedComment", "drawing")
_EMBEDDED = ("oleObject", "package")
_UNCALCULATED = re.compile(rb'\bfullCalcOnLoad="(?:1|true)"')
_WORKBOOK = "xl/workbook.xml"
_STRICT, _USUAL = b"http://purl.oclc.org/ooxml/", b"http://schemas.openxmlformats.org/"
_RENAMED = (
    (_STRICT + b"spreadsheetml/main", _USUAL + b"spreadsheetml/2006/main"),
    (_STRICT + b"officeDocument/", _USUAL + b"officeDocument/2006/"),
)


def parse_xlsx(data: bytes, name: Path) -> Parsed:
    """The values of all visible sheets and the remarks on them; of formulas the results that were stored with them.

    Raises LoadError.
    """
    from openpyxl import load_workbook

    # It also says how much there is to unpack, before anything is.
    archive, unread = Archive(data, name), Unread()
    if _WORKBOOK in archive and _STRICT in archive.read(_WORKBOOK):
        # Its "strict" variant has other names, which openpyxl does not know.
        data = archive.replaced(_RENAMED)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False, rich_text=True)
    try:
        blocks = gather(_blocks(book, archive, unread), name, unread)
        return Parsed(blocks, name.stem, unread.notices(name))
    finally:
        book.close()


def _blocks(book: Any, archive: Archive, unread: Unread) -> Iterator[RawBlock]:
    """A sheet's name is a heading, unless there is only one."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    cells, once = Cells(book, unread), Edges()
    calculated = _WORKBOOK not in archive or not _UNCALCULATED.search(archive.read(_WORKBOOK))
    for sheet in sheets:
        outline = Outline()
        heading = outline.heading(sheet.title, 1) if len(sheets) > 1 else None
        marks = _marks(sheet, calculated=calculated)
        unread.add(Lost.FORMULA, len(marks.unknown), under=sheet.title)
        rows = _rows(cells.rows(sheet), marks)
        path = outline.path
        beside = _beside(archive, sheet._worksheet_path, sheet.title, path, unread, marks.ticked)
        edges = chain.from_iterable(once.lines(name, lines, path) for name, lines in marks.edges)
        for block in chain(once.body(chain(table(rows, path), beside)), edges):
            if heading:
                yield heading
                heading = None
            yield block
    for part in (one.part for one in related(archive, _WORKBOOK) if one.kind == "chartsheet"):
        yield from _beside(archive, part, "", (), unread, {})
    for sheet in book.worksheets:
        if sheet not in sheets:
            unread.add(Lost.SHEET, under=sheet.title)


def _beside(
    archive: Archive, part: str, under: str, path: tuple[str, ...], unread: Unread, ticked: Mapping[str, str]
) -> Iterator[RawBlock]:
    """The boxes of text on a sheet, the remarks on its cells and the titles of its charts; other things are told.

    What charts show stands in the cells. ``ticked`` has by shape the relation to what a tick box says.
    """
    parts = related(archive, part)  # openpyxl skips them when it only reads
    parts += [inside for one in parts if one.kind == "drawing" for inside in related(archive, one.part)]
    unread.add(Lost.EMBEDDED, sum(one.kind in _EMBEDDED for one in parts), under=under)
    states = {one.id: _state(archive, one.part) for one in parts if one.kind == "ctrlProp"}
    threads = any(one.kind == "threadedComment" for one in parts)
    for one in parts:
        root = tree(archive, one.part) if one.kind in _BESIDE else None
        if root is not None and one.kind == "chart" and (title := title_of(root)):
            yield RawBlock(BlockKind.PARAGRAPH, title, path=path)
        copies = copied(root) if root is not None and one.kind == "comments" else ()
        for element in root.iter() if root is not None and one.kind != "chart" else ():
            text = ""
            if local(element) == "pic":
                unread.add(Lost.DRAWING, under=under)
            elif local(element) in ("comment", "threadedComment"):
                text = remark(element, copies, threads=threads)
            elif local(element) == "sp":
                shape = next((e.get("id") or "" for e in element.iter() if local(e) == "cNvPr"), "")
                text = f"{states.get(ticked.get(shape, ''), '')}{said(element)}"
            if text:
                yield RawBlock(BlockKind.PARAGRAPH, text, path=path)


def _state(archive: Archive, part: str) -> str:
    """Whether a box is ticked; "" of other controls."""
    root = tree(archive, part)
    if root is None or root.get("objectType") not in ("CheckBox", "Radio"):
        return ""
    return CHECKED if root.get("checked") == "Checked" else UNCHECKED


@dataclass(slots=True)
class _Marks:
    """What the file of a sheet says besides its values: merged cells, row and column to so many rows and columns;
    by their names, as B4, the cells of which nobody knows the result; the headers and footers; and by shape the
    relation to what a control on the sheet says.
    """

    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    edges: list[tuple[str, list[str]]] = field(default_factory=list)
    ticked: dict[str, str] = field(default_factory=dict)


def _rows(rows: Iterator[tuple[int, list[str]]], marks: _Marks) -> Iterator[Row]:
    last = max((row + height for (row, _), (height, _) in marks.merged.items()), default=0)
    covered: dict[int, int] = {}
    before = 0
    for number, texts in rows:
        if number > _MOST_ROWS:
            return
        yield from [Row([])] * min(_BLANK_ROWS, number - before - 1)
        before = number
        if marks.unknown:
            texts = [_known(text, column, number, marks.unknown) for column, text in enumerate(texts, start=1)]
        yield Row(list(_cells(texts, number, marks.merged, covered)) if number < last else texts, number)


def _known(text: str, column: int, row: int, unknown: set[str]) -> str:
    from openpyxl.utils import get_column_letter

    return "" if text and f"{get_column_letter(column)}{row}" in unknown else text


def _cells(
    texts: list[str], row: int, merged: dict[tuple[int, int], tuple[int, int]], covered: dict[int, int]
) -> Iterator[Cell]:
    """The cells of ``row`` that no merged one covers. ``covered``: up to which row columns are."""
    beside = 0
    for column, text in enumerate(texts, start=1):
        if column <= beside or covered.get(column, 0) >= row:
            continue
        rows, columns = merged.get((row, column), (1, 1))
        beside = column + columns - 1
        if rows > 1:
            covered |= dict.fromkeys(range(column, column + min(columns, _MOST_COLUMNS)), row + rows - 1)
        yield Cell(text, columns, rows)


def _marks(sheet: Any, *, calculated: bool) -> _Marks:
    """The merged cells, which stand in the file after all rows, and the formulas without a result."""
    from openpyxl.utils import column_index_from_string

    found = _Marks()
    with sheet._get_source() as source:  # openpyxl reads them and tells nobody
        before = b""
        while piece := source.read(2**20):
            for left, top, right, bottom in _MERGED.findall(before + piece):
                first, last = (column_index_from_string(name.decode()) for name in (left, right))
                found.merged[int(top), first] = (max(1, int(bottom) - int(top) + 1), max(1, last - first + 1))
            for cell, result in _FORMULA.findall(before + piece):
                found.unknown |= set() if result and calculated else {cell.decode()}
            for edge, codes in _EDGE.findall(before + piece):
                found.edges.append((_EDGES[edge], page_lines(codes.decode("utf-8", "replace"))))
            found.ticked |= {shape.decode(): id_.decode() for shape, id_ in _CONTROL.findall(before + piece)}
            before = piece[-_LONGEST_TAG:]
    return found
