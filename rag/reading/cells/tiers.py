"""The row of a table whose range holds what a question says: 12年 stands in 满10年不满20年, 两天 in 出发前1至3天."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rag.question.limits import BEFORE, BEHIND, limit
from rag.reading.cells.body import Table, is_blank
from rag.text.quantities import Quantity, quantity
from rag.types import Document, Span

_BEFORE: Final = {**BEFORE, "满": (1, True), "未满": (-1, False), ">": (1, False), "<": (-1, False)}
_BEHIND: Final = {**BEHIND, "起": (1, True)}
_LEAST, _MOST = 2, 2
"""Rows with ranges, or characters of a name, and bounds of a range."""
_NUMBER: Final = r"\d[\d,.]*|[一二两三四五六七八九十百千]+"
_UNIT: Final = r"[^\W\d_至到及以不未满起前后内一二两三四五六七八九十百千]{0,4}"
_RANGE: Final = re.compile(
    rf"(?P<above>超过|大于|高于)?(?P<low>{_NUMBER}) ?(?P<unit>{_UNIT}) ?[-–—~至到] ?"
    rf"(?P<high>{_NUMBER}) ?(?P<of_both>{_UNIT})"
)
_BOUND: Final = re.compile(
    f"(?P<before>{'|'.join(sorted(_BEFORE, key=len, reverse=True))}) ?(?P<figure>{_NUMBER}) ?(?P<of_figure>{_UNIT})"
    f"|(?P<number>{_NUMBER}) ?(?P<of_number>{_UNIT})(?P<behind>{'|'.join(sorted(_BEHIND, key=len, reverse=True))})"
)
# No ordinal, and no part of a date.
_FIGURE: Final = re.compile(
    rf"(?<![第\d.,月年])(?!(?:19|20)\d\d年)(?P<number>{_NUMBER})(?![\d月号]) ?(?P<unit>[^\W\d_]{{1,4}})"
)
_IN_NAME: Final = re.compile(r"\(([^()]*)\)$")


class _Tier(NamedTuple):
    """What a cell says of a range: its bounds, each with the sign of what is beyond and whether it belongs to it."""

    bounds: tuple[tuple[Quantity, int, bool], ...]
    beside: str

    def holds(self, value: Quantity) -> bool:
        return all(
            bound.unit == value.unit and ((value.number - bound.number) * sign > 0 or (at and value == bound))
            for bound, sign, at in self.bounds
        )


def tier(document: Document, answer: Span, question: str) -> Span | None:
    """The cell of the only row whose range holds what ``question`` says, in the column of the only name that it says.

    If it says none, or several, that is the column of ``answer``. The ranges stand in another, in words that are the
    same but for them. None where that is not plain, as of a question that sets a limit or says two such quantities.
    The question is in its normal form.
    """
    block = document.block_at(answer.start)
    column = next((cell.column for cell in block.cells if cell.start <= answer.start < cell.end), None)
    if not block.header or column is None or limit(question):
        return None
    table = Table.below(document, block.header)
    named = [place for place, said in enumerate(table.names) if len(said) >= _LEAST and said in question]
    column = named[0] if len(named) == 1 else column
    for other, name in enumerate(table.written):
        rows = _rows(table, other, name, question) if other != column else []
        cells = [cell for row in rows for cell in table.rows[row][0].cells if cell.column == column]
        if len(rows) == len(cells) == 1 and not is_blank(document.text[cells[0].start : cells[0].end]):
            return Span(cells[0].start, cells[0].end)
    return None


def _rows(table: Table, column: int, name: str, question: str) -> list[int]:
    """The rows whose range in a column holds the one quantity of the question that is of its unit."""
    in_name = _IN_NAME.search(name)
    found = {row: _tier(text, in_name[1] if in_name else "") for row, text in enumerate(table.column(column))}
    tiers = {row: one for row, one in found.items() if one}
    units = {bound.unit for one in tiers.values() for bound, _, _ in one.bounds}
    if len(tiers) < _LEAST or len(units) != 1 or len({one.beside for one in tiers.values()}) != 1:
        return []
    said = _said(question, units.pop())
    return [row for row, one in tiers.items() if len(said) == 1 and one.holds(said[0])]


def _said(question: str, unit: str) -> list[Quantity]:
    """The quantities of a unit, if that is any, in a question."""
    found = []
    for match in _FIGURE.finditer(question) if unit else ():
        ends = (quantity(match["number"] + match["unit"][:length]) for length in range(len(match["unit"]), 0, -1))
        found += [next(filter(None, (value for value in ends if value and value.unit == unit)), None)]
    return [value for value in found if value]


def _tier(text: str, unit: str) -> _Tier | None:
    """The range that a cell says, in ``unit`` where it says none; None if it is none."""
    if found := _RANGE.search(text):
        unit = found["of_both"] or unit
        said = [(found["low"] + (found["unit"] or unit), 1, not found["above"]), (found["high"] + unit, -1, True)]
        beside = _RANGE.sub("", text)
    else:
        said = [
            (f"{match['number'] or match['figure']}{match['of_number'] or match['of_figure'] or unit}", *_beyond(match))
            for match in _BOUND.finditer(text)
        ]
        beside = _BOUND.sub("", text)
    bounds = tuple((end, sign, at) for figure, sign, at in said if (end := quantity(figure)))
    return _Tier(bounds, beside) if bounds and len(bounds) == len(said) <= _MOST else None


def _beyond(bound: re.Match[str]) -> tuple[int, bool]:
    return _BEFORE[bound["before"]] if bound["before"] else _BEHIND[bound["behind"]]
