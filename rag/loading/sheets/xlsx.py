"""XLSX to blocks: the rows of each sheet's tables, under the sheet's name, with the values as they are shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.office.drawings import local
from rag.loading.office.packages import related, tree
from rag.loading.sheets.number_formats import CHINESE, is_date, shown
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# As many as a sheet can have; a file may number them as it likes.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_LONGEST_TAG = 200
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*["\']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})["\']')


def parse_xlsx(data: bytes, name: Path) -> Parsed:
    """The values of all visible sheets and the remarks on them; of formulas the results that were stored with them.

    Raises LoadError.
    """
    from openpyxl import load_workbook

    # It also says how much there is to unpack, before anything is.
    archive, unread = Archive(data, name), Unread()
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        blocks = gather(_blocks(book, archive, unread), name, unread)
        return Parsed(blocks, name.stem, unread.notices(name))
    finally:
        book.close()


def _blocks(book: Any, archive: Archive, unread: Unread) -> Iterator[RawBlock]:
    """A sheet's name is a heading, unless there is only one."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        outline = Outline()
        heading = outline.heading(sheet.title, 1) if len(sheets) > 1 else None
        for block in chain(table(_rows(sheet), outline.path), _beside(archive, sheet, outline.path, unread)):
            if heading:
                yield heading
                heading = None
            yield block
    for sheet in book.worksheets:
        if sheet not in sheets:
            unread.add(Lost.SHEET, under=sheet.title)


def _beside(archive: Archive, sheet: Any, path: tuple[str, ...], unread: Unread) -> Iterator[RawBlock]:
    """The remarks on a sheet's cells; its pictures are told. Charts show what stands in the cells."""
    for part in related(archive, sheet._worksheet_path):  # openpyxl skips both when it only reads
        root = tree(archive, part.part)
        for element in root.iter() if root is not None and part.kind in ("comments", "drawing") else ():
            if local(element) == "pic":
                unread.add(Lost.DRAWING, under=sheet.title)
            elif local(element) == "comment":
                text = "".join(t.text or "" for t in element.iter() if local(t) == "t").strip()
                if text:
                    yield RawBlock(BlockKind.PARAGRAPH, f"批注（{element.get('ref')}）：{text}", path=path)


def _rows(sheet: Any) -> Iterator[Row]:
    merged = _merged(sheet)
    last = max((row + rows for (row, _), (rows, _) in merged.items()), default=0)
    covered: dict[int, int] = {}
    # What a file says of its size may be wrong, and then rows would be missing.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_row=_MOST_ROWS), start=1):
        texts = [_shown(cell) for cell in row]
        yield Row(list(_cells(texts, number, merged, covered)) if number < last else texts, number)


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


def _merged(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """The merged cells, which stand in the file after all rows: row and column to so many rows and columns."""
    from openpyxl.utils import column_index_from_string

    found = {}
    with sheet._get_source() as source:  # openpyxl reads them and tells nobody
        before = b""
        while piece := source.read(2**20):
            for left, top, right, bottom in _MERGED.findall(before + piece):
                first, last = (column_index_from_string(name.decode()) for name in (left, right))
                found[int(top), first] = (max(1, int(bottom) - int(top) + 1), max(1, last - first + 1))
            before = piece[-_LONGEST_TAG:]
    return found


def _shown(cell: Any) -> str:
    """A cell's value as the sheet shows it."""
    match value := cell.value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() | date() | time() | timedelta():
            code = CHINESE.get(cell.style_array.numFmtId) or cell.number_format or ""
            return shown(_moment(value, cell) if is_date(code) else value, code)
        case _:
            return str(value)


def _moment(value: Any, cell: Any) -> Any:
    """A date that openpyxl takes for a number, since its format is one of Chinese spreadsheets alone."""
    from openpyxl.utils.datetime import from_excel

    if not isinstance(value, int | float):
        return value
    try:
        return from_excel(value, cell.parent.parent.epoch)
    except (OverflowError, ValueError):
        return value
