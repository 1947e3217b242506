"""Tables with lines across alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids.placing import (
    LEAST_ROWS,
    NEAR,
    SAME_EDGE,
    Grid,
    baselines,
    by_column,
    columns_of,
    has_rows,
    middle,
    row_of,
    rows_of,
)
from rag.loading.pdf.rulings import Ruling, Rulings
from rag.loading.tables import Cell

_NARROWEST_TABLE = 60.0


def banded(pieces: list[Line], ruled: Rulings) -> Iterator[tuple[list[Line], Grid]]:
    lines = sorted(ruled.across, key=lambda r: (round(r.begin / SAME_EDGE), round(r.end / SAME_EDGE), r.at))
    for _, group in groupby(lines, key=lambda r: (round(r.begin / SAME_EDGE), round(r.end / SAME_EDGE))):
        wide = [r for r in group if r.end - r.begin >= _NARROWEST_TABLE]
        for part in _together(pieces, wide):
            inside, edges = _between(pieces, part)
            xs = columns_of(inside)
            if len(xs) < 3:
                continue
            bands = [[p for p in inside if top < middle(p) < bottom] for top, bottom in pairwise(edges)]
            rows: list[list[Cell]] = []
            for band in filter(None, bands):
                several = (len(part) <= LEAST_ROWS and band is bands[-1]) or has_rows(by_column(band, xs))
                rows += rows_of(band, xs) if several else [row_of(band, xs)]
            if len(rows) > 1:
                yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _together(pieces: Sequence[Line], lines: Sequence[Ruling]) -> Iterator[list[Ruling]]:
    """The lines between which cells stand, without a break."""
    part: list[Ruling] = []
    for ruling in lines:
        inside = [p for p in pieces if part and _stands(p, ruling) and part[-1].at < middle(p) < ruling.at]
        rows = len({round(p.y / 2) for p in inside})
        if part and (not inside or len(inside) < 2 or rows > 40):
            if len(part) >= LEAST_ROWS:
                yield part
            part = []
        part.append(ruling)
    if len(part) >= LEAST_ROWS:
        yield part


def _stands(piece: Line, ruling: Ruling) -> bool:
    return not piece.inside and ruling.begin - NEAR <= (piece.x0 + piece.x1) / 2 <= ruling.end + NEAR


def _between(pieces: Sequence[Line], lines: Sequence[Ruling]) -> tuple[list[Line], list[float]]:
    """The pieces of a table, with a row of names that stands above its first line; and the heights of its lines."""
    own = [p for p in pieces if _stands(p, lines[0])]
    inside = [p for p in own if lines[0].at < middle(p) < lines[-1].at]
    edges = [r.at for r in lines]
    room = max(below - above for above, below in pairwise(edges))
    above = [p for p in own if 0 < lines[0].at - middle(p) < max(2 * p.size, room)]
    names = baselines(above)[-1] if above else []
    if len(names) > 1 and len(names) >= len(columns_of(inside)) - 2:
        return [*names, *inside], [min(map(middle, names)) - 1, *edges]
    return inside, edges
