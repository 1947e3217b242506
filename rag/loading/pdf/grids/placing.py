"""A table of a page: its columns and rows, found by where pieces of text stand, and what is in its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.loading.pdf.glyphs import Line
from rag.loading.tables import Cell
from rag.text.normalization import is_cjk

# In points.
NEAR = 3.0
SAME_EDGE = 6.0
# In ems.
_SAME_ROW = 0.45
_RIVER = 0.25
WRAPPED = 1.7
# So much farther apart than lines of one cell stand those of two, or less if all of the former are nearly alike.
_LARGER_GAP, _ALIKE = 1.35, 1.15
LEAST_ROWS = 3
FULL_ROWS = 0.6
_FIELD = re.compile(r"[^\s：:。，；]{1,20}[：:]")
# A cell of several lines in which text runs on is so wide, in ems; what comes next stands in one piece.
_PROSE = 6.0
_PIECE = re.compile(r"[（(“‘《\[]*(?:[!-~]+|.)[，。、；：！？）”’》\])]*")


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
            abs(a - b) <= 2 * SAME_EDGE for a, b in zip(self.edges, other.edges, strict=True)
        )


def middle(piece: Line) -> float:
    """The height at which a piece's characters have their middle."""
    return piece.y - 0.3 * piece.size


def step(places: Sequence[float], value: float) -> int:
    return max(0, sum(place <= value for place in places[1:-1]))


def has_rows(columns: Iterable[Sequence[Line]]) -> bool:
    """Whether a band between two lines holds several rows: most columns have lines at the same heights."""
    texts = [column for column in columns if column]
    if all(_says_fields(column) for column in texts):
        return False
    filled = [baselines(column) for column in texts]
    heights = len(baselines([piece for column in texts for piece in column]))
    shared = sum(len(own) >= FULL_ROWS * heights for own in filled)
    return heights >= LEAST_ROWS and shared >= max(2, len(filled) / 2) and not _are_wrapped(filled)


def _are_wrapped(columns: Sequence[Sequence[Sequence[Line]]]) -> bool:
    """Whether the lines of columns are those of one row: some have fewer, and the text of all others runs on."""
    several = [column for column in columns if len(column) > 1]
    wide = any(_width(column[0]) >= _PROSE * column[0][0].size for column in several)
    return wide and len(set(map(len, columns))) > 1 and all(map(_runs_on, several))


def _runs_on(lines: Sequence[Sequence[Line]]) -> bool:
    """Whether a cell is filled: above each line there is no room for its beginning."""
    room = max(map(_width, lines))
    return all(_width(above) + _needed(line[0]) > room for above, line in pairwise(lines))


def _needed(piece: Line) -> float:
    """The width of the beginning of a piece: of one character, or of a word."""
    begin = _PIECE.match(piece.text)
    return (piece.x1 - piece.x0) * _breadth(begin[0] if begin else "") / _breadth(piece.text)


def _breadth(text: str) -> int:
    """How wide a text is; Chinese characters are twice as wide as others."""
    return max(1, sum(1 if character.isascii() else 2 for character in text))


def _width(line: Sequence[Line]) -> float:
    return line[-1].x1 - line[0].x0


def is_centred(columns: Iterable[Sequence[Line]]) -> bool:
    """Whether the cells of one row stand at the middle of its height: lines beside the blank between two others."""
    lines = [baselines(column) for column in columns if column]
    gaps = [below[0].y - above[0].y for column in lines for above, below in pairwise(column)]
    if not gaps or max(gaps) > _LARGER_GAP * min(gaps):
        return False
    size, top = lines[0][0][0].size, min(column[0][0].y for column in lines)
    middles = [(column[0][0].y + column[-1][0].y) / 2 for column in lines]
    # What names a row of several stands at the height of the first.
    beside = len({len(column) % 2 for column in lines}) > 1 or lines[0][0][0].y - top > _SAME_ROW * size
    return beside and max(middles) - min(middles) <= _SAME_ROW * size


def _says_fields(column: Sequence[Line]) -> bool:
    """Whether a cell lists several fields with their labels."""
    return len(column) > 1 and sum(bool(_FIELD.match(piece.text)) for piece in column) >= len(column) / 2


def by_column(pieces: Sequence[Line], xs: Sequence[float]) -> list[list[Line]]:
    return [[p for p in pieces if left < (p.x0 + p.x1) / 2 <= right] for left, right in pairwise(xs)]


def baselines(pieces: Sequence[Line]) -> list[list[Line]]:
    found: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda p: p.y):
        if found and abs(piece.y - found[-1][0].y) <= _SAME_ROW * min(piece.size, found[-1][0].size):
            found[-1].append(piece)
        else:
            found.append([piece])
    return [sorted(row, key=lambda p: p.x0) for row in found]


def columns_of(inside: Sequence[Line]) -> list[float]:
    """The edges of the columns: where nothing stands in the rows that have most cells."""
    rows = baselines(inside)
    most = max((len(row) for row in rows), default=0)
    full = [piece for row in rows if len(row) >= max(2, FULL_ROWS * most) for piece in row]
    if not full:
        return []
    size = median(p.size for p in full)
    edges, reach = [min(p.x0 for p in inside) - 1], -1.0
    for piece in sorted(full, key=lambda p: p.x0):
        if reach >= 0 and piece.x0 - reach > _RIVER * size:
            edges.append((reach + piece.x0) / 2)
        reach = max(reach, piece.x1)
    return [*edges, max(p.x1 for p in inside) + 1]


def rows_of(inside: Sequence[Line], xs: Sequence[float]) -> list[list[Cell]]:
    """The rows of pieces that no lines part: cells of several lines are joined."""
    lines = baselines(inside)
    gaps = [0.0, *(below[0].y - above[0].y for above, below in pairwise(lines))]
    limit = _limit(lines, gaps, median(p.size for p in inside))
    rows: list[list[Line]] = []
    for line, gap in zip(lines, gaps, strict=True):
        if rows and (gap < limit if limit else _is_rest(line, gap, xs)):
            rows[-1] += line
        else:
            rows.append(list(line))
    return [row_of(row, xs) for row in rows]


def _limit(lines: Sequence[Sequence[Line]], gaps: Sequence[float], size: float) -> float:
    """The distance that parts rows, where the lines of one cell are clearly closer; 0 where there are no such lines."""
    distances = sorted(gaps[1:])
    small = distances[0] if distances else 0.0
    limit = _LARGER_GAP * small
    for last, distance in pairwise(distances):
        if distance > _ALIKE * last:
            limit = min(limit, max((last + distance) / 2, _ALIKE * small))
            break
    most = max(map(len, lines))
    # Of two lines of one row, one is not full.
    several = zip(pairwise(map(len, lines)), gaps[1:], strict=True)
    close = [min(lengths) < most for lengths, gap in several if gap < limit]
    return limit if small <= WRAPPED * size and len(close) < len(lines) - 2 and all(close) else 0.0


def _is_rest(line: Sequence[Line], gap: float, xs: Sequence[float]) -> bool:
    """Whether a line holds rests of cells only: its first column is blank, and it stands close."""
    return line[0].x0 >= xs[1] and gap <= WRAPPED * line[0].size


def row_of(pieces: Sequence[Line], xs: Sequence[float]) -> list[Cell]:
    columns: dict[int, list[Line]] = {}
    reach: dict[int, int] = {}
    for piece in pieces:
        first, last = step(xs, piece.x0 + 0.5 * piece.size), step(xs, piece.x1 - 0.5 * piece.size)
        columns.setdefault(first, []).append(piece)
        reach[first] = max(reach.get(first, first), last)
    cells, column = [], 0
    while column < len(xs) - 1:
        end = reach.get(column, column)
        while end > column and any(c in columns for c in range(column + 1, end + 1)):
            end -= 1
        cells.append(Cell(said_in(columns.get(column, ())), end - column + 1))
        column = end + 1
    return cells


def said_in(pieces: Sequence[Line]) -> str:
    """The text of a cell."""
    text = ""
    for row in baselines(pieces):
        line = " ".join(p.text for p in row)
        glued = not text or ((is_cjk(text[-1]) or is_cjk(line[0])) and not _FIELD.match(line))
        text += line if glued else f" {line}"
    return text
