"""The cells of an XLSX as they are shown: numbers by their formats, exponents raised, what is struck out left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from rag.loading.scripts import Script, in_line
from rag.loading.sheets.number_formats import CHINESE, is_date, shown
from rag.loading.unread import Lost, Unread

_SCRIPTS = {"superscript": Script.RAISED, "subscript": Script.LOWERED}
# Formats with a number below this are built in.
_OWN_FORMATS = 164
# Characters that XML does not have: _x000D_.
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# How WPS puts a picture into a cell.
_PICTURE = re.compile(r"=(?:_xlfn\.)?DISPIMG\(", re.IGNORECASE)


class _Style(NamedTuple):
    """The code of a style's numbers, whether this makes dates of them, and whether it strikes text out."""

    code: str
    is_date: bool
    struck: bool


class Cells:
    """Shows the cells of a workbook; what they do not carry over is added to ``unread``."""

    def __init__(self, book: Any, unread: Unread) -> None:
        self._book = book
        self._unread = unread
        self._style = lru_cache(maxsize=None)(self._read_style)

    def rows(self, sheet: Any) -> Iterator[tuple[int, list[str]]]:
        """The number of each row that the sheet has, and its texts from its first column on."""
        from openpyxl.worksheet._reader import WorkSheetParser

        book = self._book
        with sheet._get_source() as source:  # openpyxl's own reader of rows leaves the looks of text out
            parser = WorkSheetParser(
                source, sheet._shared_strings, True, book.epoch, book._date_formats, book._timedelta_formats, True
            )
            for number, cells in parser.parse():
                yield number, self._texts(cells, sheet.title)

    def _texts(self, cells: Sequence[dict[str, Any]], sheet: str) -> list[str]:
        texts = [""] * max((cell["column"] for cell in cells), default=0)
        for cell in cells:
            if cell["value"] is not None:
                texts[cell["column"] - 1] = self._shown(cell["value"], self._style(cell["style_id"]), sheet)
        return texts

    def _read_style(self, number: int) -> _Style:
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        styles = self._book._cell_styles
        if not 0 <= number < len(styles):
            # Programs other than Excel write numbers of styles that the workbook lacks.
            return _Style("", is_date=False, struck=False)
        style = styles[number]
        at, own = style.numFmtId, self._book._number_formats
        usual = BUILTIN_FORMATS.get(at, "") if at < _OWN_FORMATS else ""
        code = CHINESE.get(at) or usual or (own[at - _OWN_FORMATS] if 0 <= at - _OWN_FORMATS < len(own) else "")
        fonts = self._book._fonts
        struck = style.fontId < len(fonts) and bool(fonts[style.fontId].strike)
        return _Style(code, is_date(code), struck)

    def _shown(self, value: Any, style: _Style, sheet: str) -> str:
        """A cell's value as the sheet shows it."""
        if style.struck:
            self._unread.add(Lost.STRUCK, under=sheet)
            return ""
        match value:
            case bool():
                return "TRUE" if value else "FALSE"
            case int() | float() | date() | time() | timedelta():
                return shown(self._moment(value) if style.is_date else value, style.code)
            case list():
                return in_line(self._pieces(value, sheet))
            case str() if _PICTURE.match(value):
                self._unread.add(Lost.DRAWING, under=sheet)
                return ""
            case _:
                return _decoded(str(value))

    def _pieces(self, runs: Sequence[Any], sheet: str) -> Iterator[tuple[str, Script]]:
        """The runs of a text that does not look the same all over."""
        for run in runs:
            font = getattr(run, "font", None)
            if font is not None and font.strike:
                self._unread.add(Lost.STRUCK, under=sheet)
            else:
                yield _decoded(str(run)), _SCRIPTS.get(getattr(font, "vertAlign", None) or "", Script.LEVEL)

    def _moment(self, value: Any) -> Any:
        """A date that openpyxl takes for a number, since its format is one of Chinese spreadsheets alone."""
        from openpyxl.utils.datetime import from_excel

        if not isinstance(value, int | float):
            return value
        try:
            return from_excel(value, self._book.epoch)
        except (OverflowError, ValueError):
            return value


def _decoded(text: str) -> str:
    return _CODED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text
