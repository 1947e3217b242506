"""The tables of a page: by the lines between their cells, and by cells that stand one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids.aligned import aligned
from rag.loading.pdf.grids.banded import banded
from rag.loading.pdf.grids.bordered import bordered
from rag.loading.pdf.grids.placing import Grid
from rag.loading.pdf.rulings import Rulings

PLACE = "\ufffc"


def with_tables(pieces: Sequence[Line], ruled: Rulings, tables: list[Grid], before: Sequence[Line] = ()) -> list[Line]:
    """The pieces with a line in the place of each table, which is added to ``tables``.

    ``before``: the pieces of the page before, whose last table may go on.
    """
    left = list(pieces)
    last = max((piece for piece in before if piece.inside), key=lambda p: p.y, default=None)
    for inside, grid in bordered(left, ruled, tables[last.inside - 1] if last else None):
        left = _replaced(left, inside, grid, tables)
    for inside, grid in banded(left, ruled):
        left = _replaced(left, inside, grid, tables)
    for inside, grid in aligned(left):
        left = _replaced(left, inside, grid, tables)
    return left


def _replaced(pieces: list[Line], inside: Sequence[Line], grid: Grid, tables: list[Grid]) -> list[Line]:
    gone = set(map(id, inside))
    if not gone or not gone <= set(map(id, pieces)):
        return pieces
    tables.append(grid)
    first = min(inside, key=lambda p: p.y)
    place = Line(PLACE, min(p.x0 for p in inside), max(p.x1 for p in inside), first.y, 0.01, inside=len(tables))
    place = replace(place, ocr=min(p.ocr for p in inside))
    at = next(n for n, piece in enumerate(pieces) if id(piece) in gone)
    kept = [(n, piece) for n, piece in enumerate(pieces) if id(piece) not in gone]
    return [*(p for n, p in kept if n < at), place, *(p for n, p in kept if n > at)]


__all__ = ["Grid", "with_tables"]
