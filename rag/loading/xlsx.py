"""XLSX to blocks: each row is one, under its sheet and the names of its columns."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from rag.loading.archive import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.tables import Row, table

# Shown with so many decimals: "0.00%".
_PERCENT = re.compile(r"0(?:\.(0+))?%")
# As many as a sheet can have; a file may number them as it likes.
_MOST_ROWS = 1_048_576


def parse_xlsx(data: bytes, name: Path) -> Parsed:
    """The values of all visible sheets; of formulas the results that were stored with them. Raises LoadError."""
    from openpyxl import load_workbook

    # It also says how much there is to unpack, before anything is.
    Archive(data, name)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        return Parsed(gather(_blocks(book), name), name.stem)
    finally:
        book.close()


def _blocks(book: Any) -> Iterator[RawBlock]:
    """A sheet's name is a heading, unless there is only one."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        outline = Outline()
        heading = outline.heading(sheet.title, 1) if len(sheets) > 1 else None
        for row in table(_rows(sheet), outline.path):
            if heading:
                yield heading
                heading = None
            yield row


def _rows(sheet: Any) -> Iterator[Row]:
    # What a file says of its size may be wrong, and then rows would be missing.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_row=_MOST_ROWS), start=1):
        if row:
            yield Row([_shown(cell) for cell in row], number)


def _shown(cell: Any) -> str:
    """A cell's value as one would write it down."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case int() | float():
            return _number(value, cell.number_format or "")
        case _:
            return str(value)


def _number(value: float, shown_as: str) -> str:
    percent = _PERCENT.fullmatch(shown_as)
    if percent:
        return f"{value * 100:.{len(percent.group(1) or '')}f}%"
    # Fifteen digits are what a sheet shows; the sixteenth is how 0.1 + 0.2 comes out.
    return f"{value:.15g}" if isinstance(value, float) and abs(value) < 1e15 else str(value)
