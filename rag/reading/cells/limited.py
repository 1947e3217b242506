"""The rows of a table that are within a limit: 「单价超过100元」, 「五年以上」."""

from __future__ import annotations

from collections.abc import Sequence

from rag.question.amounts.limits import Limit
from rag.reading.cells.body import Table
from rag.reading.cells.matching import UNIT_IN_NAME, nearest, shared
from rag.text.quantities.quantity import Quantity


def within(table: Table, limit: Limit, before: str) -> set[int]:
    """The block numbers of the rows that the limit allows; none where it is not plain which column it is said of.

    ``before`` is what the question says up to the limit. A column is meant whose name or a part of it stands right
    there; else the only one in the limit's unit; else the only one that has the unit in its name.
    """
    columns = ((column, name, table.values(column) or ()) for column, name in enumerate(table.written))
    values = {column: quantities for column, name, quantities in columns if _fits(name, quantities, limit)}
    meant = (
        nearest({column: shared(before.rstrip(), table.names[column]) for column in values})
        or [column for column in values if any(value and value.unit for value in values[column])]
        or [column for column in values if limit.unit and limit.unit in table.written[column]]
    )
    if len(meant) != 1:
        return set()
    rows = zip(table.rows, values[meant[0]], strict=True)
    return {row.number for (row, _), value in rows if value is not None and limit.allows(value)}


def _fits(name: str, values: Sequence[Quantity | None], limit: Limit) -> bool:
    """Whether the values of a column can be held against a limit: in its unit, or as the numbers that both say."""
    units = {value.unit for value in values if value}
    in_name = UNIT_IN_NAME.search(name)
    as_said = in_name[1] in ("", limit.unit) or not limit.unit if in_name else limit.figure.number == limit.plain
    return units == {limit.figure.unit} or (units == {""} and as_said)
