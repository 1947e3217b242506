"""Tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich import table as rich
from rich.console import Console
from rich.markup import escape

from rag.evaluation.report.tables import Table

_WIDE = 200


def show(console: Console, tables: Iterable[Table]) -> None:
    """Print ``tables``, an empty line between them; as wide as it takes where nobody's window is the limit."""
    if not console.is_terminal:
        console.width = _WIDE
    for table in tables:
        console.print(table.title, style="bold", markup=False)
        if table.rows:
            console.print(_rich(table))
        if table.note:
            console.print(table.note, style="dim", markup=False)
        console.print()


def _rich(table: Table) -> rich.Table:
    shown = rich.Table(box=None, header_style="bold")
    for number, column in enumerate(table.columns):
        shown.add_column(
            column,
            justify="right" if table.is_number(number) else "left",
            overflow="fold",
            no_wrap=table.is_number(number),
        )
    for row in table.rows:
        shown.add_row(*map(escape, row))
    return shown
