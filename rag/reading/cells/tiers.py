"""The row of a table whose range holds what a question says: 12年 stands in 满10年不满20年, 两天 in 出发前1至3天."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from rag.question.amounts.figures import figures
from rag.reading.cells.body import Table, is_blank
from rag.text.quantities.ranges import Range, ranges
from rag.types import Document, Span

_LEAST: Final = 2
"""Rows with ranges, or characters of a name."""
_IN_NAME: Final = re.compile(r"\(([^()]*)\)$")


def tier(document: Document, answer: Span, question: str) -> Span | None:
    """The cell of the only row whose range holds what ``question`` says, in the column of the only name that it says.

    If it says none, or several, that is the column of ``answer``. The ranges stand in another, in words that are the
    same but for them. None where that is not plain, as of a question that sets a limit or says two such quantities.
    The question is in its normal form.
    """
    block = document.block_at(answer.start)
    column = next((cell.column for cell in block.cells if cell.start <= answer.start < cell.end), None)
    said = figures(question) if block.header and column is not None else {}
    if not said or column is None:
        return None
    table = Table.below(document, block.header)
    named = [place for place, name in enumerate(table.names) if len(name) >= _LEAST and name in question]
    column = named[0] if len(named) == 1 else column
    for other, name in enumerate(table.written):
        rows = _rows(table.column(other), name, said) if other != column else []
        cells = [cell for row in rows for cell in table.rows[row][0].cells if cell.column == column]
        if len(rows) == len(cells) == 1 and not is_blank(document.text[cells[0].start : cells[0].end]):
            return Span(cells[0].start, cells[0].end)
    return None


def _rows(texts: list[str], name: str, said: dict[str, Decimal]) -> list[int]:
    """The rows of a column whose range holds what the question says, if it says one thing in the unit of all ranges."""
    in_name = _IN_NAME.search(name)
    for unit, number in said.items():
        found = [(row, ranges(text, unit, in_name[1] if in_name else "")) for row, text in enumerate(texts)]
        tiers = [(row, of_row[0], _beside(texts[row], of_row[0])) for row, of_row in found if len(of_row) == 1]
        if len(tiers) >= _LEAST and len({beside for _, _, beside in tiers}) == 1:
            return [row for row, one, _ in tiers if one.holds(number)]
    return []


def _beside(text: str, one: Range) -> str:
    return f"{text[: one.span.start]} {text[one.span.end :]}"
