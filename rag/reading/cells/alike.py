"""All rows of a table that a question names: 「周四有哪些课」, 「销售部有哪几个人」."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.question.amounts.limits import limit
from rag.question.amounts.superlatives import LIMITS
from rag.question.analysis import Question
from rag.question.kinds import Kind
from rag.reading.cells.body import Table
from rag.reading.cells.limited import within
from rag.reading.cells.matching import LEAST, content_words, stands_in
from rag.text.quantities.numbers import value
from rag.text.quantities.quantity import DATE, quantity
from rag.text.tokenization import alike
from rag.types import Block, Document, Span

# Negations and comparisons, which are not worked out here: the rows that are named may be those that are not wanted.
_CONDITION: Final = re.compile(rf"[没未非不最]|{LIMITS}")
_SO_MANY: Final = re.compile("哪([两二三四五六七八九十])")
_MONTH: Final = re.compile(r"(?<![\d十])(\d{1,2}|十[一二]?|[一二三四五六七八九])月(?!\d|[一二三四五六七八九十]+[日号])")


def rows_alike(document: Document, answer: Span, asked: Question) -> list[Span]:
    """The cells of the column where ``answer`` stands, of the rows that ``asked`` wants.

    These are the rows of which it says most, within the limit that it sets, 单价超过100元的. Empty where it asks for no
    list, where it says nothing that tells rows apart, where it is not plain which ones it means, or not so many as it
    asks for; and where it sets a condition of another kind.
    """
    block = document.block_at(answer.start)
    own = block.cell_at(answer.start)
    if Kind.LIST not in asked.kinds or not block.header or own is None:
        return []
    question, bound = asked.normalised, limit(asked.normalised)
    if bound:
        question = f"{question[: bound.start]} {question[bound.end :]}"
    if _CONDITION.search(question):
        return []
    table = Table.below(document, block.header)
    rows = _named(table, block, _said(table, own.column, asked, question))
    if bound:
        allowed = within(table, bound, question[: bound.start])
        rows = [row for row in rows if row.number in allowed]
    cells = [cell.span for row in rows for cell in row.cells if cell.column == own.column]
    so_many = _SO_MANY.search(question)
    is_wrong = len(rows) == len(table.rows) or (so_many and value(so_many[1]) != len(cells))
    # A single row that is named is found by reading as well; one within a limit is not.
    least = 1 if bound else 2
    return [] if is_wrong or len({document.text[start:end] for start, end in cells}) < least else cells


def _named(table: Table, answer: Block, said: Sequence[frozenset[tuple[int, str]]]) -> list[Block]:
    """The rows of which the question says most; all rows if it says nothing of any.

    Where it says as much of several rows, but different things, those of which it says what it says of the answer's
    row; none if that is not one of them.
    """
    most = max(map(len, said), default=0)
    best = {row.number: names for (row, _), names in zip(table.rows, said, strict=True) if len(names) == most}
    meant = {best[answer.number]} if answer.number in best else set(best.values())
    return [row for row, _ in table.rows if best.get(row.number) in meant] if len(meant) == 1 else []


def _said(table: Table, column: int, asked: Question, question: str) -> list[frozenset[tuple[int, str]]]:
    """What a question says of each row beside a column: its cells, or words in them, with the columns of these.

    Not what it says of all rows, or what columns are called. Of a date it may say the month.
    """
    month = _MONTH.search(question)
    called, question = alike(" ".join(table.written)), alike(question)
    words = {word for word in content_words(asked) if len(word) >= LEAST and word in question and word not in called}
    said = []
    for _, texts in table.rows:
        names = set()
        for place, text in ((place, alike(text)) for place, text in texts.items()):
            is_said = len(text) >= LEAST and stands_in(text, question)
            held = {text} if is_said else {word for word in words if stands_in(word, text)}
            held |= {month[0]} if month and _month(text) == value(month[1]) else set()
            names |= {(place, word) for word in held if place != column}
        said.append(frozenset(names))
    of_all = frozenset.intersection(*said) if said else frozenset()
    return [names - of_all for names in said]


def _month(text: str) -> int | None:
    """The month of a cell that is a date: 2026-03-08, 2026年3月, 3月8日."""
    found = quantity(text)
    if not found or found.unit not in (f"{DATE}0", f"{DATE}1", f"{DATE}2"):
        return None
    return int(found.number) % 100 if found.unit == f"{DATE}1" else int(found.number) // 100 % 100
