"""The cells of a table that a question names by a row and a column: one, blank ones, or several."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from rag.reading.cells.body import is_blank
from rag.text.normalization import normalise
from rag.text.tokenization import alike
from rag.types import Block, Document, Span

LEAST: Final = 2
"""A shorter name or value stands in questions by chance."""


def looked_up(document: Document, around: Span, answer: Span, question: str) -> list[Span] | None:
    """The values of the cells that ``question`` asks for in the table where ``answer`` stands; none if they are blank.

    None if it does not name a column by its name and a row by what else stands in it. Of the rows those count that
    begin in ``around`` and that it names best. The question is in its normal form.
    """
    block = document.block_at(answer.start)
    columns = _named(document.columns(block) if block.header else (), question)
    rows = list(_best_named(document, around, block.header, question)) if columns else []
    asked = columns - {column for _, mentioned in rows for column in mentioned}
    if not asked or not rows:
        return None
    meant = (cell for row, _ in rows for cell in row.cells if cell.column in asked)
    return [Span(cell.start, cell.end) for cell in meant if not is_blank(document.text[cell.start : cell.end])]


def _named(names: Collection[str], question: str) -> set[int]:
    """The columns whose names stand in a question, of two levels the lower, and not as a part of another's."""
    said = {
        column: said_in(name, question) or said_in(name.rpartition(" ")[2], question)
        for column, name in enumerate(names)
    }
    return {column for column, name in said.items() if name and not _is_part(name, said)}


def _is_part(name: str, said: Mapping[int, str]) -> bool:
    return any(name != other and name in other for other in said.values())


def _best_named(document: Document, around: Span, header: int, question: str) -> Iterator[tuple[Block, frozenset[int]]]:
    """The rows of which most cells stand in a question, each with the columns of these."""
    found = []
    for row in _rows(document, around, header):
        cells = (cell for cell in row.cells if said_in(document.text[cell.start : cell.end], question))
        found.append((row, frozenset(cell.column for cell in cells)))
    most = max((len(mentioned) for _, mentioned in found), default=0)
    return ((row, mentioned) for row, mentioned in found if most and len(mentioned) == most)


def _rows(document: Document, around: Span, header: int) -> Iterator[Block]:
    """The rows below one header that begin in a range."""
    first = document.block_at(around.start).number
    for block in document.blocks[first - 1 :]:
        if block.start >= around.end:
            return
        if block.header == header != block.number:
            yield block


def said_in(text: str, question: str) -> str:
    """What a cell says, if a question has it, or words that are the same; else ""."""
    said = normalise(text).text.strip()
    is_said = len(said) >= LEAST and (stands_in(said, question) or stands_in(alike(said), alike(question)))
    return said if is_said else ""


def stands_in(part: str, text: str) -> bool:
    """Whether a text has a part, and not inside of a number or of a word in Latin letters; both in the normal form."""
    return part in text and (
        not part.isascii() or re.search(rf"(?<![a-z\d]){re.escape(part)}(?![a-z\d])", text) is not None
    )
