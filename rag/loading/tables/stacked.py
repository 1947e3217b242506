"""Tables that stand below each other without a blank row, each below a title of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile

from rag.loading.tables.filling import Line
from rag.loading.tables.forms import is_form
from rag.loading.tables.heads import names_columns, sets_off

# So many rows below a title tell whether they are a table of their own.
_LOOKED_AT = 4


def parts_apart(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines; a title above the names of other columns stands as if below a blank row."""
    below = deque(islice(lines, _LOOKED_AT))
    name: str | None = None
    while below:
        line = below.popleft()
        below.extend(islice(lines, 1))
        if len(line.own) > 1 and name is None:
            # The fields of a form stand below titles, too, and under no names.
            name = "" if is_form(_rows([line, *below])) else line.texts[0]
        elif name and line.own == [0] and _begins(_rows(below), name):
            line.blanks, name = max(line.blanks, 1), None
        yield line


def _rows(lines: Iterable[Line]) -> list[Line]:
    """The first lines with several cells."""
    return list(takewhile(lambda line: len(line.own) > 1, lines))


def _begins(rows: Sequence[Line], name: str) -> bool:
    """Whether the first of ``rows`` names columns: its own first as the last such did, or one of numbers."""
    if len(rows) < 2 or not names_columns(rows[0], rows[1:]):
        return False
    return rows[0].texts[0] == name or sets_off(rows[0], rows[1:])
