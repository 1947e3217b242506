"""Tables without lines: cells that stand one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from statistics import median

from rag.loading.pdf.columns import runs_on, stands_beside
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
    step,
)
from rag.text.markers import marker

_PROSE = 8.0
_ROW_GAP = 4.0
_FILLED = 0.55
_MOSTLY = 0.8
# A text's columns are so wide, in ems and as a share of the widest, and have so many lines.
_PAGE, _AS_WIDE, _LINES = 14.0, 0.75, 6
_LONGEST_NUMBER = 4
_OVERLAPPING = 0.9
_LEADS = re.compile(r"(?:[.．·…]\s*){6}\Z")
# A cell has no more lines than make this the share of the rows that have several cells.
_LEAST_FULL = 0.25
# Rows of two tables stand so much farther apart than others do; of so many columns fewer rows are a table.
_APART, _MANY_COLUMNS = 1.5, 4


def aligned(pieces: Sequence[Line]) -> Iterator[tuple[list[Line], Grid]]:
    for run in chain.from_iterable(map(_alike, _runs(baselines(pieces)))):
        inside = [piece for row in run for piece in row]
        xs = columns_of(inside)
        if not _has_full_rows(run, len(xs) - 1) or len(xs) < 3 or _is_prose(inside, xs) or _is_beside_text(inside, xs):
            continue
        rows = rows_of(inside, xs)
        if len(rows) >= 2:
            yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _alike(run: list[list[Line]]) -> Iterator[list[list[Line]]]:
    """The rows, or parts that stand apart, if cells of some stand across the columns of others."""
    xs = columns_of([piece for row in run for piece in row])
    if len(run) < LEAST_ROWS or all(
        len({step(xs, (piece.x0 + piece.x1) / 2) for piece in row}) == len(row) for row in run
    ):
        yield run
        return
    gaps = [row[0].y - above[0].y for above, row in pairwise(run)]
    part: list[list[Line]] = []
    for row, gap in zip(run, [0.0, *gaps], strict=True):
        if gap > _APART * median(gaps):
            yield part
            part = []
        if part or _is_tabular(row):
            part.append(row)
    yield part


def _has_full_rows(run: Sequence[list[Line]], columns: int) -> bool:
    """Whether enough rows have several cells; what follows closely under a cell is its next line."""
    full = sum(map(_is_tabular, run))
    apart = sum(not _is_tabular(row) and row[0].y - above[0].y > WRAPPED * row[0].size for above, row in pairwise(run))
    least = LEAST_ROWS if columns < _MANY_COLUMNS else LEAST_ROWS - 1
    return full >= least and full >= FULL_ROWS * (full + apart) and full >= _LEAST_FULL * len(run)


def _is_beside_text(inside: Sequence[Line], xs: Sequence[float]) -> bool:
    """Whether one of the columns is text that runs on beside the others."""
    columns = by_column(inside, xs)
    return any(
        stands_beside([piece for other in columns if other is not column for piece in other], column)
        for column in columns
    )


def _runs(rows: Sequence[list[Line]]) -> Iterator[list[list[Line]]]:
    """Rows of several pieces that follow each other closely; between them may stand lines of one wrapped cell."""
    run: list[list[Line]] = []
    for row in rows:
        inside = any(piece.inside for piece in row)
        near = not run or row[0].y - run[-1][0].y <= _ROW_GAP * max(row[0].size, run[-1][0].size)
        goes_on = _is_tabular(row) or (run and (_continues(row, run) or _is_between(row, run[-1])))
        if inside or not near or not goes_on or _is_text(row, run):
            yield _trimmed(run)
            run = []
        if not inside and (run or _is_tabular(row)):
            run.append(row)
    yield _trimmed(run)


def _is_text(row: Sequence[Line], run: Sequence[Sequence[Line]]) -> bool:
    """Whether a row is the second of a text below a table: lines of one piece that stand apart."""
    if len(run) < 2 or _is_tabular(row) or _is_tabular(run[-1]):
        return False
    first, second = run[-1][0].y - run[-2][0].y, row[0].y - run[-1][0].y
    return min(first, second) > WRAPPED * row[0].size


def _trimmed(run: list[list[Line]]) -> list[list[Line]]:
    while run and not _is_tabular(run[-1]) and run[-1][0].y - run[-2][0].y > WRAPPED * run[-1][0].size:
        run = run[:-1]
    return run


def _is_tabular(row: Sequence[Line]) -> bool:
    """Whether a row has several cells; the number of an item is none, nor that of the page to which dots lead."""
    if any(_LEADS.search(piece.text) for piece in row[:-1]):
        return False
    numbered = len(row[0].text) <= _LONGEST_NUMBER and marker(f"{row[0].text} ") is not None
    return len(row) - numbered > 1


def _continues(row: Sequence[Line], run: Sequence[Sequence[Line]]) -> bool:
    """Whether a single piece is the next line of a cell above it."""
    piece, widest = row[0], max(run[-3:], key=len)
    last = max(p.x1 for above in run[-3:] for p in above)
    under = [p for p in widest if p.x0 - piece.size <= piece.x0 and piece.x1 <= _room(p, widest, last) + piece.size]
    return len(row) == 1 and bool(under) and piece.x0 > widest[0].x0 - piece.size


def _is_between(row: Sequence[Line], above: Sequence[Line]) -> bool:
    """Whether a row stands lower than ``above`` by less than a line: a cell at the middle of others of two lines."""
    return row[0].y - above[0].y < _OVERLAPPING * min(row[0].size, above[0].size)


def _room(piece: Line, row: Sequence[Line], last: float) -> float:
    """Where the next cell begins; of the last one, how far cells reach."""
    return min((p.x0 for p in row if p.x0 > piece.x0), default=last)


def _is_prose(inside: Sequence[Line], xs: Sequence[float]) -> bool:
    """Whether the columns are those of a text set in columns: wide, and filled from edge to edge.

    Beside these there may be a few pieces, as of a figure or numbers of items, if they are long and about as wide, or
    the first is such and lines run on.
    """
    size = median(p.size for p in inside)
    columns = list(filter(None, by_column(inside, xs)))
    prose = [column for column in columns if _is_filled(column, size)]
    said = sum(len(piece.text) for column in prose for piece in column)
    if len(prose) == len(columns) or len(prose) < 2 or said < _MOSTLY * sum(len(piece.text) for piece in inside):
        return len(prose) == len(columns)
    widths = [_width(column) for column in prose]
    pages = min(widths) >= max(_PAGE * size, _AS_WIDE * max(widths)) and min(map(len, prose)) >= _LINES
    return pages or (prose[0] is columns[0] and any(map(runs_on, prose)))


def _width(column: Sequence[Line]) -> float:
    return max(p.x1 for p in column) - min(p.x0 for p in column)


def _is_filled(column: Sequence[Line], size: float) -> bool:
    width = _width(column)
    return width >= _PROSE * size and median(p.x1 - p.x0 for p in column) >= _FILLED * width
