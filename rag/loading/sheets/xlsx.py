"""XLSX to blocks: the rows of each sheet's tables, under the sheet's name, with the values as they are shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.office.drawings import chart, local, said
from rag.loading.office.packages import related, tree
from rag.loading.sheets.values import Cells
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# As many as a sheet can have; a file may number them as it likes.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
# More blank rows between two others say no more than so many.
_BLANK_ROWS = 2
_LONGEST_TAG = 1_000
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*["\']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["\']')
# A formula, and the result that was stored with it: none, or in a file whose maker could not calculate, 0.
_FORMULA = re.compile(
    rb"<c\s[^<>]*?\br=\"([A-Z]{1,3}\d{1,7})\"[^<>]*>\s*<f\b(?:[^<>]*/>|[^<>]*>[^<]{0,800}</f>)\s*"
    rb"(?:<v\s*/>|<v>(0?)</v>|(?=</c>))"
)
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
    cells = Cells(book, unread)
    calculated = _WORKBOOK not in archive or not _UNCALCULATED.search(archive.read(_WORKBOOK))
    for sheet in sheets:
        outline = Outline()
        heading = outline.heading(sheet.title, 1) if len(sheets) > 1 else None
        marks = _marks(sheet, calculated=calculated)
        unread.add(Lost.FORMULA, len(marks.unknown), under=sheet.title)
        rows = _rows(cells.rows(sheet), marks)
        for block in chain(table(rows, outline.path), _beside(archive, sheet, outline.path, unread)):
            if heading:
                yield heading
                heading = None
            yield block
    for sheet in book.worksheets:
        if sheet not in sheets:
            unread.add(Lost.SHEET, under=sheet.title)


def _beside(archive: Archive, sheet: Any, path: tuple[str, ...], unread: Unread) -> Iterator[RawBlock]:
    """The boxes of text on a sheet, the remarks on its cells and the titles of its charts; its pictures are told.

    What charts show stands in the cells.
    """
    parts = related(archive, sheet._worksheet_path)  # openpyxl skips them when it only reads
    parts += [inside for part in parts if part.kind == "drawing" for inside in related(archive, part.part)]
    for part in parts:
        root = tree(archive, part.part) if part.kind in ("chart", "comments", "drawing") else None
        if root is not None and part.kind == "chart" and (title := chart(root)[0]):
            yield RawBlock(BlockKind.PARAGRAPH, title, path=path)
        for element in root.iter() if root is not None and part.kind != "chart" else ():
            text = ""
            if local(element) == "pic":
                unread.add(Lost.DRAWING, under=sheet.title)
            elif local(element) == "comment":
                noted = "".join(t.text or "" for t in element.iter() if local(t) == "t").strip()
                text = f"批注（{element.get('ref')}）：{noted}" if noted else ""
            elif local(element) == "sp":
                text = said(element)
            if text:
                yield RawBlock(BlockKind.PARAGRAPH, text, path=path)


@dataclass(slots=True)
class _Marks:
    """What the file of a sheet says besides its values: merged cells, row and column to so many rows and columns;
    and by their names, as B4, the cells of which nobody knows the result.
    """

    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


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
            before = piece[-_LONGEST_TAG:]
    return found
