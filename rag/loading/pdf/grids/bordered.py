"""Tables with lines across and down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids.aligned import aligned
from rag.loading.pdf.grids.placing import NEAR, Grid, has_rows, is_centred, middle, rows_of, said_in, step
from rag.loading.pdf.rulings import Ruling, Rulings
from rag.loading.tables import Cell

_MOST_LINES = 12
_MOST_CELLS = 50_000
# First row, first column, rows, columns.
_Merged = tuple[int, int, int, int]


def bordered(pieces: list[Line], ruled: Rulings, above: Grid | None = None) -> Iterator[tuple[list[Line], Grid]]:
    """The tables with what is inside them; a single row is one if it has the columns of ``above``, a table before."""
    for across, down in _groups(ruled):
        xs = _places([*(r.at for r in down), min(r.begin for r in across), max(r.end for r in across)])
        ys = _places([*(r.at for r in across), min(r.begin for r in down), max(r.end for r in down)])
        if len(xs) < 3 or len(ys) < 2 or len(xs) * len(ys) > _MOST_CELLS:
            continue
        merged = _merged(xs, ys, across, down)
        parts = list(_parts(_within(pieces, xs, ys), xs, ys, merged))
        for bands in filter(None, parts):
            inside = _within(pieces, xs, ys[bands.start : bands.stop + 1])
            rows = list(_cells(inside, xs, ys, merged, bands))
            several = sum(any(cell.text for cell in row) for row in rows) > 1
            if not inside or not _is_table(inside, rows, least=3 if several else 2):
                continue
            grid = Grid(rows, tuple(xs), median(p.size for p in inside))
            if several or len(parts) > 1 or (above and above.goes_on(grid)):
                yield inside, grid


def _parts(
    inside: Sequence[Line], xs: Sequence[float], ys: Sequence[float], merged: dict[tuple[int, int], _Merged]
) -> Iterator[range]:
    """The bands of a table, parted by frames around another one whose cells no lines part."""
    begin = 0
    for band in range(len(ys) - 1):
        top, _, height, width = merged[band, 0]
        if width == len(xs) - 1 and height == 1 and any(aligned(_within(inside, xs, ys[top : top + 2]))):
            yield range(begin, band)
            begin = band + 1
    yield range(begin, len(ys) - 1)


def _is_table(inside: Sequence[Line], rows: Sequence[Sequence[Cell]], least: int) -> bool:
    """Whether the cells are cells and not the boxes in which a page is laid out."""
    filled = [cell for row in rows for cell in row if cell.text]
    return len(filled) >= least and len(inside) <= _MOST_LINES * len(filled)


def _groups(ruled: Rulings) -> Iterator[tuple[list[Ruling], list[Ruling]]]:
    """The lines that meet each other."""
    parent = list(range(len(ruled.across) + len(ruled.down)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for i, a in enumerate(ruled.across):
        for j, d in enumerate(ruled.down, start=len(ruled.across)):
            if d.at > a.end + NEAR:
                break
            if a.begin - NEAR <= d.at and d.begin - NEAR <= a.at <= d.end + NEAR:
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Ruling], list[Ruling]]] = {}
    for n in range(len(parent)):
        group = groups.setdefault(root(n), ([], []))
        if n < len(ruled.across):
            group[0].append(ruled.across[n])
        else:
            group[1].append(ruled.down[n - len(ruled.across)])
    return (group for group in groups.values() if len(group[0]) > 1 and group[1])


def _places(values: Iterable[float]) -> list[float]:
    """The values that lie apart."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > NEAR:
            places.append(value)
    return places


def _within(pieces: Sequence[Line], xs: Sequence[float], ys: Sequence[float]) -> list[Line]:
    return [p for p in pieces if not p.inside and xs[0] < (p.x0 + p.x1) / 2 < xs[-1] and ys[0] < middle(p) < ys[-1]]


def _merged(
    xs: Sequence[float], ys: Sequence[float], across: Sequence[Ruling], down: Sequence[Ruling]
) -> dict[tuple[int, int], _Merged]:
    """By row and column: the first row, first column, rows and columns of the cell that is there."""
    right, below = _walls(xs, ys, down), _walls(ys, xs, across)
    height, width = range(len(ys) - 1), range(len(xs) - 1)
    found: dict[tuple[int, int], _Merged] = {}
    for top in height:
        for left in width:
            if (top, left) in found:
                continue
            stack, members = [(top, left)], {(top, left)}
            while stack:
                row, column = stack.pop()
                nexts = (
                    ((row, column + 1), (column + 1, row) in right),
                    ((row, column - 1), (column, row) in right),
                    ((row + 1, column), (row + 1, column) in below),
                    ((row - 1, column), (row, column) in below),
                )
                for place, wall in nexts:
                    if not wall and place not in members and place[0] in height and place[1] in width:
                        members.add(place)
                        stack.append(place)
            rows, columns = {row for row, _ in members}, {column for _, column in members}
            whole = len(members) == len(rows) * len(columns) and not members & found.keys()
            cell = (min(rows), min(columns), len(rows), len(columns))
            found |= {place: cell if whole else (*place, 1, 1) for place in members}
    return found


def _walls(places: Sequence[float], steps: Sequence[float], lines: Sequence[Ruling]) -> set[tuple[int, int]]:
    """``(place, step)``: a line at that place runs along that step."""
    walls = set()
    for number, place in enumerate(places):
        for ruling in lines:
            if abs(ruling.at - place) <= NEAR:
                for step, (begin, end) in enumerate(pairwise(steps)):
                    if ruling.begin - NEAR <= (begin + end) / 2 <= ruling.end + NEAR:
                        walls.add((number, step))
    return walls


def _cells(
    inside: Sequence[Line],
    xs: Sequence[float],
    ys: Sequence[float],
    merged: dict[tuple[int, int], _Merged],
    bands: range,
) -> Iterator[list[Cell]]:
    texts: dict[tuple[int, int], list[Line]] = {}
    for piece in inside:
        row = step(ys, middle(piece))
        top, left, _, _ = merged[row, step(xs, (piece.x0 + piece.x1) / 2)]
        texts.setdefault((top, left), []).append(piece)
    for row in bands:
        columns = [c for c in range(len(xs) - 1) if merged[row, c][:2] == (row, c)]
        band = [piece for c in columns for piece in texts.get((row, c), ())]
        parts = [texts.get((row, c), []) for c in columns]
        if all(merged[row, c][2] == 1 for c in columns) and has_rows(parts) and not is_centred(parts):
            yield from rows_of(band, xs)
        else:
            yield [Cell(said_in(texts.get((row, c), ())), merged[row, c][3], merged[row, c][2]) for c in columns]
