"""The newest of the columns of a table that differ in their year alone: 2026年标准 beside 2023年标准."""

from __future__ import annotations

import re
from typing import Final

from rag.question.mentions import dates
from rag.reading.cells.body import is_blank
from rag.text.normalization import normalise
from rag.types import Document, Span

_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)年?度?")
# A question for what was, or for how things changed, does not mean the newest column; nor does one with a date.
_NOT_NOW: Final = re.compile("以前|之前|从前|原来|原先|当时|过去|旧|[变涨降增减差比]")


def newest(document: Document, answer: Span, question: str) -> Span | None:
    """The cell of the answer's row in the newest of the columns that are called as the answer's is, but for the year.

    None where the answer stands in that column, where the cell is blank, and where ``question``, which is in its normal
    form, says of which time it is.
    """
    block = document.block_at(answer.start)
    own = block.cell_at(answer.start)
    if not block.header or own is None or dates(question) or _NOT_NOW.search(question):
        return None
    names = [normalise(name).text for name in document.columns(block)]
    kind = _YEAR.sub("", names[own.column])
    years = {place: year[1] for place, name in enumerate(names) if (year := _YEAR.search(name))}
    alike = [place for place in years if _YEAR.sub("", names[place]) == kind]
    last = max(alike, key=lambda place: years[place]) if own.column in alike else own.column
    cell = next((cell for cell in block.cells if cell.column == last != own.column), None)
    return cell.span if cell and not is_blank(document.text[slice(*cell.span)]) else None
