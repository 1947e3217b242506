"""The cells of a table that a question names by a row and a column: one, blank ones, or several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rag.reading.cells.body import is_blank
from rag.reading.cells.matching import said_in
from rag.reading.cells.newest import newest
from rag.reading.cells.rows import beside_named
from rag.reading.cells.tiers import tier
from rag.types import Block, Document, Span


def looked_up(document: Document, around: Span, answer: Span, question: str) -> list[Span] | None:
    """The values of the cells that ``question`` asks for in the table where ``answer`` stands; none if they are blank.

    None if it does not name a column by its name and a row by what else stands in it, or says what is in the range of
    only one row; nor means the newest of some columns, nor names another row than that of ``answer``: see `tiers`,
    `newest` and `rows`. Of the rows those count that begin in
    ``around`` and that it names best. The question is in its normal form.
    """
    if cell := tier(document, answer, question) or newest(document, answer, question):
        return [cell]
    block = document.block_at(answer.start)
    columns = _named(document.columns(block) if block.header else (), question)
    rows = list(_best_named(document, around, block.header, question)) if columns else []
    asked = columns - {column for _, mentioned in rows for column in mentioned}
    if not columns and block.header:
        return beside_named(document, block, answer, question)
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
    rows = []
    for row in _rows(document, around, header):
        cells = (cell for cell in row.cells if said_in(document.text[cell.start : cell.end], question))
        rows.append((row, frozenset(cell.column for cell in cells)))
    most = max((len(mentioned) for _, mentioned in rows), default=0)
    return ((row, mentioned) for row, mentioned in rows if most and len(mentioned) == most)


def _rows(document: Document, around: Span, header: int) -> Iterator[Block]:
    """The rows below one header that begin in a range."""
    first = document.block_at(around.start).number
    for block in document.blocks[first - 1 :]:
        if block.start >= around.end:
            return
        if block.header == header != block.number:
            yield block
