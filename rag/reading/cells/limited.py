"""The rows of a table that are within a limit: 「单价超过100元」, 「五年以上」."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from rag.question.limits import Limit
from rag.reading.cells.body import Table
from rag.text.quantities import Quantity

_IN_NAME: Final = re.compile(r"\(([^()]*)\)$")
# A shorter part of a column's name stands before a limit by chance.
_LEAST: Final = 2


def within(table: Table, limit: Limit, before: str) -> set[int]:
    """The block numbers of the rows that the limit allows; none where it is not plain which column it is said of.

    ``before`` is what the question says up to the limit. A column is meant whose name or a part of it stands right
    there; else the only one in the limit's unit; else the only one that has the unit in its name.
    """
    found = ((column, name, table.values(column) or ()) for column, name in enumerate(table.written))
    values = {column: quantities for column, name, quantities in found if _fits(name, quantities, limit)}
    shares = {column: _shared(before.rstrip(), table.names[column]) for column in values}
    tests: tuple[Callable[[int], bool], ...] = (
        lambda column: 0 < shares[column] == max(shares.values()),
        lambda column: any(value and value.unit for value in values[column]),
        lambda column: bool(limit.unit) and limit.unit in table.written[column],
    )
    meant = next(filter(None, (list(filter(test, values)) for test in tests)), [])
    if len(meant) != 1:
        return set()
    rows = zip(table.rows, values[meant[0]], strict=True)
    return {row.number for (row, _), value in rows if value is not None and limit.allows(value)}


def _fits(name: str, values: Sequence[Quantity | None], limit: Limit) -> bool:
    """Whether the values of a column can be held against a limit: in its unit, or as the numbers that both say."""
    units = {value.unit for value in values if value}
    in_name = _IN_NAME.search(name)
    as_said = in_name[1] in ("", limit.unit) or not limit.unit if in_name else limit.figure.number == limit.plain
    return units == {limit.figure.unit} or (units == {""} and as_said)


def _shared(said: str, name: str) -> int:
    """How many characters of a column's name, its first or last ones, a text ends with."""
    lengths = (length for length in range(len(name), 0, -1) if length >= _LEAST or length == len(name))
    return next((length for length in lengths if said.endswith((name[:length], name[-length:]))), 0)
