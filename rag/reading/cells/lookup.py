"""The cells of a table that a question names by a row and a column: one, blank ones, or several."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from rag.reading.cells.body import MOST_ROWS, is_blank
from rag.reading.cells.matching import said_in
from rag.reading.cells.newest import newest
from rag.reading.cells.tiers import tier
from rag.text.quantities.numbers import value
from rag.types import Block, Document, Span

# With these words the row that is named is compared with, left out or denied, and may not be the one that is asked for.
_OF_OTHERS: Final = re.compile("[比跟和与除最]|不是|以外|之外")
_NTH: Final = re.compile("第([一二三四五六七八九十]+)")


def looked_up(document: Document, around: Span, answer: Span, question: str) -> list[Span] | None:
    """The values of the cells that ``question`` asks for in the table where ``answer`` stands; none if they are blank.

    None if it does not name a row by what stands in it, and a column by its name or by the answer in another row;
    nor says what is in the range of only one row, nor means the newest of some columns: see `tiers` and `newest`.
    Of the rows those count that it names best; of very many only such as begin in ``around``. The question is in its
    normal form.
    """
    if cell := tier(document, answer, question) or newest(document, answer, question):
        return [cell]
    block = document.block_at(answer.start)
    rows = list(_best_named(document, _rows(document, around, block.header), question)) if block.header else []
    mentioned = {column for _, columns in rows for column in columns}
    asked = _named(document.columns(block), question) - mentioned if rows else set()
    is_of_another = not asked and len(rows) == 1 and rows[0][0] is not block and not _OF_OTHERS.search(question)
    if is_of_another:
        # 邹燕在哪办公, 第三天住哪里: answered from the row of another.
        own = block.cell_at(answer.start)
        asked = {own.column} - mentioned if own else set()
    meant = (cell for row, _ in rows for cell in row.cells if cell.column in asked)
    told = [cell.span for cell in meant if not is_blank(document.text[slice(*cell.span)])]
    return told if told or (asked and not is_of_another) else None


def _named(names: Collection[str], question: str) -> set[int]:
    """The columns whose names stand in a question, of two levels the lower, and not as a part of another's."""
    said = {
        column: said_in(name, question) or said_in(name.rpartition(" ")[2], question)
        for column, name in enumerate(names)
    }
    return {column for column, name in said.items() if name and not _is_part(name, said)}


def _is_part(name: str, said: Mapping[int, str]) -> bool:
    return any(name != other and name in other for other in said.values())


def _best_named(document: Document, rows: Sequence[Block], question: str) -> Iterator[tuple[Block, frozenset[int]]]:
    """The rows of which most cells stand in a question, each with the columns of these."""
    named, asked = [], _counted(question)
    for row in rows:
        cells = (cell for cell in row.cells if said_in(_counted(document.text[slice(*cell.span)]), asked))
        named.append((row, frozenset(cell.column for cell in cells)))
    most = max((len(mentioned) for _, mentioned in named), default=0)
    return ((row, mentioned) for row, mentioned in named if most and len(mentioned) == most)


def _rows(document: Document, around: Span, header: int) -> list[Block]:
    """The rows below one header; of more than a table has that is read whole, those that begin in a range."""
    rows = [block for block in document.blocks if block.header == header != block.number]
    return rows if len(rows) <= MOST_ROWS else [row for row in rows if around.start <= row.start < around.end]


def _counted(text: str) -> str:
    """A text with its ordinals in digits."""
    return _NTH.sub(lambda match: f"第{value(match[1])}", text)
