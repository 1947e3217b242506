"""The tables of a page: by the lines between their cells, and by cells that stand one below the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.rulings import Ruling, Rulings
from rag.loading.plain import ordinal_of
from rag.loading.tables import Cell
from rag.text.normalization import is_cjk

PLACE = "\ufffc"
# In points.
_NEAR = 3.0
_SAME_EDGE = 6.0
_NARROWEST_TABLE = 60.0
# In ems.
_SAME_ROW = 0.45
_RIVER = 0.25
_PROSE = 8.0
_ROW_GAP = 4.0
_WRAPPED = 1.7
_LARGER_GAP = 1.35
_LEAST_ROWS = 3
_FILLED = 0.55
_FULL_ROWS = 0.6
_LONGEST_NUMBER = 4
_MOST_LINES = 12
_MOST_CELLS = 50_000


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its rows, the edges of its columns, and the size of its type."""

    rows: list[list[Cell]]
    edges: tuple[float, ...]
    size: float

    @property
    def characters(self) -> int:
        """How many characters it holds."""
        return sum(len(cell.text) for row in self.rows for cell in row)

    def goes_on(self, other: Grid) -> bool:
        """Whether ``other``, on the next page, has the same columns."""
        return len(self.edges) == len(other.edges) and all(
            abs(a - b) <= 2 * _SAME_EDGE for a, b in zip(self.edges, other.edges, strict=True)
        )


def with_tables(pieces: Sequence[Line], ruled: Rulings, tables: list[Grid]) -> list[Line]:
    """The pieces with a line in the place of each table, which is added to ``tables``."""
    left = list(pieces)
    for make in (_bordered, _banded):
        for inside, grid in make(left, ruled):
            left = _replaced(left, inside, grid, tables)
    for inside, grid in _aligned(left):
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


# Tables with lines across and down.


def _bordered(pieces: list[Line], ruled: Rulings) -> Iterator[tuple[list[Line], Grid]]:
    for across, down in _groups(ruled):
        xs = _places([*(r.at for r in down), min(r.begin for r in across), max(r.end for r in across)])
        ys = _places([*(r.at for r in across), min(r.begin for r in down), max(r.end for r in down)])
        if len(xs) < 3 or len(ys) < 2 or len(xs) * len(ys) > _MOST_CELLS:
            continue
        inside = _within(pieces, xs, ys)
        merged = _merged(xs, ys, across, down)
        rows = list(_cells(inside, xs, ys, merged))
        if sum(any(cell.text for cell in row) for row in rows) > 1 and _is_table(inside, rows):
            yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _is_table(inside: Sequence[Line], rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the cells are cells and not the boxes in which a page is laid out."""
    filled = [cell for row in rows for cell in row if cell.text]
    return len(filled) > 2 and len(inside) <= _MOST_LINES * len(filled)


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
            if d.at > a.end + _NEAR:
                break
            if a.begin - _NEAR <= d.at and d.begin - _NEAR <= a.at <= d.end + _NEAR:
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
        if not places or value - places[-1] > _NEAR:
            places.append(value)
    return places


def _within(pieces: Sequence[Line], xs: Sequence[float], ys: Sequence[float]) -> list[Line]:
    return [p for p in pieces if not p.inside and xs[0] < (p.x0 + p.x1) / 2 < xs[-1] and ys[0] < _middle(p) < ys[-1]]


def _middle(piece: Line) -> float:
    """The height at which a piece's characters have their middle."""
    return piece.y - 0.3 * piece.size


def _merged(
    xs: Sequence[float], ys: Sequence[float], across: Sequence[Ruling], down: Sequence[Ruling]
) -> dict[tuple[int, int], tuple[int, int, int, int]]:
    """By row and column: the first row, first column, rows and columns of the cell that is there."""
    right, below = _walls(xs, ys, down), _walls(ys, xs, across)
    height, width = range(len(ys) - 1), range(len(xs) - 1)
    found: dict[tuple[int, int], tuple[int, int, int, int]] = {}
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
            if abs(ruling.at - place) <= _NEAR:
                for step, (begin, end) in enumerate(pairwise(steps)):
                    if ruling.begin - _NEAR <= (begin + end) / 2 <= ruling.end + _NEAR:
                        walls.add((number, step))
    return walls


def _cells(
    inside: Sequence[Line],
    xs: Sequence[float],
    ys: Sequence[float],
    merged: dict[tuple[int, int], tuple[int, int, int, int]],
) -> Iterator[list[Cell]]:
    texts: dict[tuple[int, int], list[Line]] = {}
    for piece in inside:
        row = _step(ys, _middle(piece))
        top, left, _, _ = merged[row, _step(xs, (piece.x0 + piece.x1) / 2)]
        texts.setdefault((top, left), []).append(piece)
    for row in range(len(ys) - 1):
        columns = [c for c in range(len(xs) - 1) if merged[row, c][:2] == (row, c)]
        band = [piece for c in columns for piece in texts.get((row, c), ())]
        if all(merged[row, c][2] == 1 for c in columns) and _has_rows(texts.get((row, c), ()) for c in columns):
            yield from _rows(band, xs)
        else:
            yield [Cell(_said(texts.get((row, c), ())), merged[row, c][3], merged[row, c][2]) for c in columns]


def _step(places: Sequence[float], value: float) -> int:
    return max(0, sum(place <= value for place in places[1:-1]))


def _has_rows(columns: Iterable[Sequence[Line]]) -> bool:
    """Whether a band between two lines holds several rows: most columns have lines at the same heights."""
    filled = [{round(p.y / 2) for p in column} for column in columns if column]
    heights: set[int] = set().union(*filled)
    shared = sum(len(own) >= _FULL_ROWS * len(heights) for own in filled)
    return len(heights) >= _LEAST_ROWS and shared >= max(2, len(filled) / 2)


# Tables with lines across alone.


def _banded(pieces: list[Line], ruled: Rulings) -> Iterator[tuple[list[Line], Grid]]:
    lines = sorted(ruled.across, key=lambda r: (round(r.begin / _SAME_EDGE), round(r.end / _SAME_EDGE), r.at))
    for _, group in groupby(lines, key=lambda r: (round(r.begin / _SAME_EDGE), round(r.end / _SAME_EDGE))):
        wide = [r for r in group if r.end - r.begin >= _NARROWEST_TABLE]
        for part in _together(pieces, wide):
            inside, edges = _between(pieces, part)
            xs = _columns(inside)
            if len(xs) < 3:
                continue
            bands = [[p for p in inside if top < _middle(p) < bottom] for top, bottom in pairwise(edges)]
            rows: list[list[Cell]] = []
            for band in filter(None, bands):
                several = (len(part) <= _LEAST_ROWS and band is bands[-1]) or _has_rows(_by_column(band, xs))
                rows += _rows(band, xs) if several else [_row(band, xs)]
            if len(rows) > 1:
                yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _together(pieces: Sequence[Line], lines: Sequence[Ruling]) -> Iterator[list[Ruling]]:
    """The lines between which cells stand, without a break."""
    part: list[Ruling] = []
    for ruling in lines:
        inside = [p for p in pieces if part and _stands(p, ruling) and part[-1].at < _middle(p) < ruling.at]
        rows = len({round(p.y / 2) for p in inside})
        if part and (not inside or len(inside) < 2 or rows > 40):
            if len(part) >= _LEAST_ROWS:
                yield part
            part = []
        part.append(ruling)
    if len(part) >= _LEAST_ROWS:
        yield part


def _stands(piece: Line, ruling: Ruling) -> bool:
    return not piece.inside and ruling.begin - _NEAR <= (piece.x0 + piece.x1) / 2 <= ruling.end + _NEAR


def _between(pieces: Sequence[Line], lines: Sequence[Ruling]) -> tuple[list[Line], list[float]]:
    """The pieces of a table, with a row of names that stands above its first line; and the heights of its lines."""
    own = [p for p in pieces if _stands(p, lines[0])]
    inside = [p for p in own if lines[0].at < _middle(p) < lines[-1].at]
    edges = [r.at for r in lines]
    room = max(below - above for above, below in pairwise(edges))
    above = [p for p in own if 0 < lines[0].at - _middle(p) < max(2 * p.size, room)]
    names = _baselines(above)[-1] if above else []
    if len(names) > 1 and len(names) >= len(_columns(inside)) - 2:
        return [*names, *inside], [min(map(_middle, names)) - 1, *edges]
    return inside, edges


def _by_column(pieces: Sequence[Line], xs: Sequence[float]) -> list[list[Line]]:
    return [[p for p in pieces if left < (p.x0 + p.x1) / 2 <= right] for left, right in pairwise(xs)]


# Cells that stand one below the other.


def _aligned(pieces: Sequence[Line]) -> Iterator[tuple[list[Line], Grid]]:
    for run in _runs(_baselines(pieces)):
        inside = [piece for row in run for piece in row]
        xs = _columns(inside)
        full = sum(_is_tabular(row) for row in run)
        if full < _LEAST_ROWS or full < _FULL_ROWS * len(run) or len(xs) < 3 or _is_prose(inside, xs):
            continue
        rows = _rows(inside, xs)
        if len(rows) >= 2:
            yield inside, Grid(rows, tuple(xs), median(p.size for p in inside))


def _baselines(pieces: Sequence[Line]) -> list[list[Line]]:
    found: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda p: p.y):
        if found and abs(piece.y - found[-1][0].y) <= _SAME_ROW * min(piece.size, found[-1][0].size):
            found[-1].append(piece)
        else:
            found.append([piece])
    return [sorted(row, key=lambda p: p.x0) for row in found]


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
    while run and not _is_tabular(run[-1]) and run[-1][0].y - run[-2][0].y > _WRAPPED * run[-1][0].size:
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
    for column in filter(None, _by_column(inside, xs)):
        width = max(p.x1 for p in column) - min(p.x0 for p in column)
        if width < _PROSE * size or median(p.x1 - p.x0 for p in column) < _FILLED * width:
            return False
    return True


def _columns(inside: Sequence[Line]) -> list[float]:
    """The edges of the columns: where nothing stands in the rows that have most cells."""
    rows = _baselines(inside)
    most = max((len(row) for row in rows), default=0)
    full = [piece for row in rows if len(row) >= max(2, _FULL_ROWS * most) for piece in row]
    if not full:
        return []
    size = median(p.size for p in full)
    edges, reach = [min(p.x0 for p in inside) - 1], -1.0
    for piece in sorted(full, key=lambda p: p.x0):
        if reach >= 0 and piece.x0 - reach > _RIVER * size:
            edges.append((reach + piece.x0) / 2)
        reach = max(reach, piece.x1)
    return [*edges, max(p.x1 for p in inside) + 1]


def _rows(inside: Sequence[Line], xs: Sequence[float]) -> list[list[Cell]]:
    """The rows of pieces that no lines part: cells of several lines are joined."""
    lines = _baselines(inside)
    gaps = [0.0, *(below[0].y - above[0].y for above, below in pairwise(lines))]
    limit = _limit(lines, gaps, median(p.size for p in inside))
    rows: list[list[Line]] = []
    for line, gap in zip(lines, gaps, strict=True):
        if rows and (gap < limit if limit else _is_rest(line, gap, xs)):
            rows[-1] += line
        else:
            rows.append(list(line))
    return [_row(row, xs) for row in rows]


def _limit(lines: Sequence[Sequence[Line]], gaps: Sequence[float], size: float) -> float:
    """The distance that parts rows, where the lines of one cell are clearly closer; 0 where there are no such lines."""
    small = min(gaps[1:], default=0.0)
    limit = _LARGER_GAP * small
    most = max(map(len, lines))
    close = [len(line) < most for line, gap in zip(lines[1:], gaps[1:], strict=True) if gap < limit]
    return limit if small <= _WRAPPED * size and len(close) < len(lines) - 2 and all(close) else 0.0


def _is_rest(line: Sequence[Line], gap: float, xs: Sequence[float]) -> bool:
    """Whether a line holds rests of cells only: its first column is blank, and it stands close."""
    return line[0].x0 >= xs[1] and gap <= _WRAPPED * line[0].size


def _row(pieces: Sequence[Line], xs: Sequence[float]) -> list[Cell]:
    columns: dict[int, list[Line]] = {}
    reach: dict[int, int] = {}
    for piece in pieces:
        first, last = _step(xs, piece.x0 + 0.5 * piece.size), _step(xs, piece.x1 - 0.5 * piece.size)
        columns.setdefault(first, []).append(piece)
        reach[first] = max(reach.get(first, first), last)
    cells, column = [], 0
    while column < len(xs) - 1:
        end = reach.get(column, column)
        while end > column and any(c in columns for c in range(column + 1, end + 1)):
            end -= 1
        cells.append(Cell(_said(columns.get(column, ())), end - column + 1))
        column = end + 1
    return cells


def _said(pieces: Sequence[Line]) -> str:
    """The text of a cell."""
    text = ""
    for row in _baselines(pieces):
        line = " ".join(p.text for p in row)
        glued = not text or is_cjk(text[-1]) or is_cjk(line[0])
        text += line if glued else f" {line}"
    return text
