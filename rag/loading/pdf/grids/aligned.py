"""Tables without lines: cells that stand one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids.placing import (
    FULL_ROWS,
    LEAST_ROWS,
    WRAPPED,
    Grid,
    baselines,
    by_column,
    columns_of,
    rows_of,
)
from rag.loading.plain import ordinal_of

_PROSE = 8.0
_ROW_GAP = 4.0
_FILLED = 0.55
_LONGEST_NUMBER = 4


def aligned(pieces: Sequence[Line]) -> Iterator[tuple[list[Line], Grid]]:
    for run in _runs(baselines(pieces)):
        inside = [piece for row in run for piece in row]
        xs = columns_of(inside)
        full = sum(_is_tabular(row) for row in run)
        if full < LEAST_ROWS or full < FULL_ROWS * len(run) or len(xs) < 3 or _is_prose(inside, xs):
            continue
        rows = rows_of(inside, xs)
        if len(rows) >= 2:
            yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _runs(rows: Sequence[list[Line]]) -> Iterator[list[list[Line]]]:
    """Rows of several pieces that follow each other closely; between them may stand lines of one wrapped cell."""
    run: list[list[Line]] = []
    for row in rows:
        inside = any(piece.inside for piece in row)
        near = not run or row[0].y - run[-1][0].y <= _ROW_GAP * max(row[0].size, run[-1][0].size)
        if inside or not near or not (_is_tabular(row) or (run and _continues(row, run))):
            yield _trimmed(run)
            run = []
        if not inside and (run or _is_tabular(row)):
            run.append(row)
    yield _trimmed(run)


def _trimmed(run: list[list[Line]]) -> list[list[Line]]:
    while run and not _is_tabular(run[-1]) and run[-1][0].y - run[-2][0].y > WRAPPED * run[-1][0].size:
        run = run[:-1]
    return run


def _is_tabular(row: Sequence[Line]) -> bool:
    """Whether a row has several cells; the number of an item is none."""
    numbered = len(row[0].text) <= _LONGEST_NUMBER and ordinal_of(f"{row[0].text} ") is not None
    return len(row) - numbered > 1


def _continues(row: Sequence[Line], run: Sequence[Sequence[Line]]) -> bool:
    """Whether a single piece is the next line of a cell above it."""
    piece, widest = row[0], max(run[-3:], key=len)
    under = [p for p in widest if p.x0 - piece.size <= piece.x0 and piece.x1 <= _room(p, widest) + piece.size]
    return len(row) == 1 and bool(under) and piece.x0 > widest[0].x0 - piece.size


def _room(piece: Line, row: Sequence[Line]) -> float:
    """Where the next cell begins."""
    return min((p.x0 for p in row if p.x0 > piece.x0), default=max(piece.x1, row[-1].x1))


def _is_prose(inside: Sequence[Line], xs: Sequence[float]) -> bool:
    """Whether the columns are those of a text set in columns: wide, and filled from edge to edge."""
    size = median(p.size for p in inside)
    for column in filter(None, by_column(inside, xs)):
        width = max(p.x1 for p in column) - min(p.x0 for p in column)
        if width < _PROSE * size or median(p.x1 - p.x0 for p in column) < _FILLED * width:
            return False
    return True
