"""The row of a table whose range holds what a question says: 12年 stands in 满10年不满20年, 两天 in 出发前1至3天."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from rag.question.amounts.figures import figures
from rag.reading.cells.body import Table, is_blank
from rag.reading.cells.matching import LEAST, UNIT_IN_NAME
from rag.text.quantities.ranges import Range, ranges
from rag.types import Document, Span

# Rows with a range: one alone may be anything.
_LEAST_TIERS: Final = 2


def tier(document: Document, answer: Span, question: str) -> Span | None:
    """The cell of the only row whose range holds what ``question`` says, in the column of the only name that it says.

    If it says none, or several, that is the column of ``answer``. The ranges stand in another column, whose cells are
    the same but for them. None where it is not plain which quantity is meant: where the question sets a limit, or says
    two quantities. The question is in its normal form.
    """
    block = document.block_at(answer.start)
    own = block.cell_at(answer.start)
    said = figures(question) if block.header and own else {}
    if not said or own is None:
        return None
    table = Table.below(document, block.header)
    named = [place for place, name in enumerate(table.names) if len(name) >= LEAST and name in question]
    column = named[0] if len(named) == 1 else own.column
    for other, name in enumerate(table.written):
        rows = _rows(table.column(other), name, said) if other != column else []
        cells = [cell for row in rows for cell in table.rows[row][0].cells if cell.column == column]
        if len(rows) == len(cells) == 1 and not is_blank(document.text[slice(*cells[0].span)]):
            return cells[0].span
    return None


def _rows(texts: list[str], name: str, said: dict[str, Decimal]) -> list[int]:
    """The rows of a column whose range holds what the question says, if it says one thing in the unit of all ranges."""
    in_name = UNIT_IN_NAME.search(name)
    for unit, number in said.items():
        found = [(row, ranges(text, unit, in_name[1] if in_name else "")) for row, text in enumerate(texts)]
        tiers = [(row, of_row[0], _beside(texts[row], of_row[0])) for row, of_row in found if len(of_row) == 1]
        if len(tiers) >= _LEAST_TIERS and len({beside for _, _, beside in tiers}) == 1:
            return [row for row, one, _ in tiers if one.holds(number)]
    return []


def _beside(text: str, one: Range) -> str:
    return f"{text[: one.span.start]} {text[one.span.end :]}"
