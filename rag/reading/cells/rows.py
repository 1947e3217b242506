"""The row that a question names where no column is named: 第三天住哪里 is of 第3天, whichever row was read."""

from __future__ import annotations

import re
from typing import Final

from rag.reading.cells.body import Table, is_blank
from rag.reading.cells.matching import LEAST, stands_in
from rag.text.quantities.numbers import value
from rag.types import Block, Document, Span

_NTH: Final = re.compile("第([一二三四五六七八九十]+)")
# What is compared, left out or denied is not what is asked of.
_OF_OTHERS: Final = re.compile("[比跟和与除最]|不是|以外|之外")


def beside_named(document: Document, block: Block, answer: Span, question: str) -> list[Span] | None:
    """The cell of the column of ``answer`` in the only row of which a cell stands in ``question``, if not its own row.

    ``block`` is the row of ``answer``. None where a cell of its own is said, where that of several rows is or of none,
    where the cell is blank, and where the question compares. It is in its normal form.
    """
    column = next((cell.column for cell in block.cells if cell.start <= answer.start < cell.end), None)
    if column is None or _OF_OTHERS.search(question):
        return None
    asked = _counted(question)
    named = [
        row
        for row, texts in Table.below(document, block.header).rows
        if any(
            len(text) >= LEAST and stands_in(_counted(text), asked) for place, text in texts.items() if place != column
        )
    ]
    cell = next((cell for row in named for cell in row.cells if cell.column == column), None)
    if len(named) != 1 or named[0] == block or cell is None:
        return None
    return None if is_blank(document.text[cell.start : cell.end]) else [Span(cell.start, cell.end)]


def _counted(text: str) -> str:
    """A text with its ordinals in digits."""
    return _NTH.sub(lambda match: f"第{value(match[1])}", text)
