"""Tables in plain text: drawn with lines of characters, or with tabs or spaces between their cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rag.loading.tables import Cell, Row
from rag.text.markers import marker
from rag.text.normalization import is_cjk

# "+---+---+", "├───┼───┤", "|---|---|"
_BORDER = re.compile(r"\s*(?=.*[-=─━═]{2})[+|\u2500-\u257f][-+|=:\s\u2500-\u257f]*[+|\u2500-\u257f]\s*")
# A line across a table that is aligned by spaces.
_RULE = re.compile(r"[-=─━═]{3,}(?:\s+[-=─━═]{2,})*")
_THICK = re.compile("[=━═]{2}")
_WALL = re.compile(r"[|│┃║]")
# What every line of a table has.
_HINT = re.compile(r"\S(?:\t|  |　)|[+|\u2500-\u257f]")
_GAP = re.compile(r" {2,}|　+")
_FIELD = re.compile(r"[^：:\d]{1,16}[：:]\s*\S")
_LEAST_COLUMNS, _LEAST_ROWS, _LEAST_CELLS = 3, 3, 2
# No line of a table is longer.
_LONGEST = 2_000


class Drawn(NamedTuple):
    """A table in lines that are counted from 0: the first, and that after the last; each row with its line.

    ``heads``: so many of the first rows stand above a line that is drawn otherwise than the others.
    """

    begin: int
    end: int
    rows: list[tuple[int, list[str]]]
    heads: int = 0

    def grid(self, line: int) -> Iterator[Row]:
        """Its rows, if the first line has that number."""
        for number, (at, cells) in enumerate(self.rows):
            yield Row([Cell(cell, head=True) for cell in cells] if number < self.heads else cells, line + at)


def drawn_tables(text: str, *, aligned: bool = True) -> Iterator[Drawn]:
    """The tables in a text, in its order; unless ``aligned``, only those with lines between their cells."""
    place = 0
    for kind, group in groupby(text.split("\n") if _HINT.search(text) else (), key=_kind):
        part = list(group)
        rows = _READ[kind](part) if aligned or kind == "drawn" else []
        if rows:
            below = _head_line(part) if kind == "drawn" else 0
            heads = sum(at < below for at, _ in rows)
            yield Drawn(place, place + len(part), [(place + at, cells) for at, cells in rows], heads)
        place += len(part)


def _kind(line: str) -> str:
    stripped = line.strip()
    if len(line) > _LONGEST or not (_HINT.search(stripped) or _RULE.fullmatch(stripped)):
        return ""
    if _BORDER.fullmatch(line) or (len(stripped) > 1 and _WALL.match(stripped) and _WALL.match(stripped[-1])):
        return "drawn"
    if "\t" in stripped and line.count("\t") >= _LEAST_COLUMNS - 1 and not marker(stripped):
        return "tabs"
    if _RULE.fullmatch(stripped):
        return "spaces"
    cells = _GAP.split(stripped)
    return "" if len(cells) < _LEAST_CELLS or marker(stripped) or all(map(_FIELD.match, cells)) else "spaces"


_Rows = list[tuple[int, list[str]]]


def _bordered(lines: Sequence[str]) -> _Rows:
    """The rows between borders: lines of their own below the names, or all that stands between two borders."""
    if not any(map(_BORDER.fullmatch, lines)):
        rows = list(enumerate(map(_cells, lines)))
        return rows if len(rows) > 1 and len({len(cells) for _, cells in rows} - {0, 1}) == 1 else []
    bands = [list(band) for border, band in groupby(enumerate(lines), key=lambda n: _is_border(n[1])) if not border]
    cells = [[(at, _cells(line)) for at, line in band] for band in bands]
    if len(bands) <= 2 or all(len(band) == 1 for band in bands[1:]):
        return [row for band in cells for row in band]
    return [(band[0][0], _joined([row for _, row in band])) for band in cells]


def _head_line(lines: Sequence[str]) -> int:
    """The line below the names of the columns, if it alone is drawn as it is; else 0."""
    inner = [at for at, line in enumerate(lines) if _is_border(line) and 0 < at < len(lines) - 1]
    thick = [at for at in inner if _THICK.search(lines[at])]
    return thick[0] if len(thick) == 1 < len(inner) else 0


def _is_border(line: str) -> bool:
    return bool(_BORDER.fullmatch(line))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _WALL.split(line.strip())[1:-1]]


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The cells of several lines as those of one."""
    width = max(map(len, rows))
    columns = ([row[column] for row in rows if column < len(row) and row[column]] for column in range(width))
    return ["".join(f"{text} " if not is_cjk(text[-1]) else text for text in column).strip() for column in columns]


def _tabbed(lines: Sequence[str]) -> _Rows:
    rows = [line.rstrip("\n").split("\t") for line in lines]
    return list(enumerate(rows)) if len(rows) > 1 and len(rows[0]) == max(map(len, rows)) else []


def _spaced(lines: Sequence[str]) -> _Rows:
    """The rows whose cells stand below each other: as many in each line, or with blanks that all lines share."""
    places = [place for place, line in enumerate(lines) if not _RULE.fullmatch(line.strip())]
    lines = [lines[place] for place in places]
    rows = [_GAP.split(line.strip()) for line in lines]
    if len(lines) < _LEAST_ROWS or any(_FIELD.match(cell) for row in rows for cell in row):
        return []
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if count < len(rows):
        rows = _in_columns(lines)
        width = len(rows[0]) if rows else 0
    return list(zip(places, rows, strict=True)) if width >= _LEAST_COLUMNS and all(rows[0][1:]) else []


def _in_columns(lines: Sequence[str]) -> list[list[str]]:
    """The cells of each line by the columns that blanks part in all lines; none if cells stand in one column."""
    placed = [list(_places(line)) for line in lines]
    taken = sorted((begin, end) for row in placed for begin, end, _ in row)
    columns: list[tuple[int, int]] = []
    for begin, end in taken:
        if columns and begin < columns[-1][1] + 1:
            columns[-1] = (columns[-1][0], max(end, columns[-1][1]))
        else:
            columns.append((begin, end))
    rows = []
    for row in placed:
        cells = [[text for begin, _, text in row if first <= begin < last] for first, last in columns]
        if any(len(cell) > 1 for cell in cells):
            return []
        rows.append(["".join(cell) for cell in cells])
    return rows


def _places(line: str) -> Iterator[tuple[int, int, str]]:
    """Where the cells of a line begin and end, in widths of a letter, and their texts."""
    at = 0
    for text in re.split(rf"({_GAP.pattern})", line):
        wide = at + sum(2 if is_cjk(c) or c >= "\u3000" else 1 for c in text)
        if text.strip():
            yield at, wide, text.strip()
        at = wide


_READ: dict[str, Callable[[Sequence[str]], _Rows]] = {
    "drawn": _bordered,
    "tabs": _tabbed,
    "spaces": _spaced,
    "": lambda _: [],
}
