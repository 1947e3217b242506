"""Tables in plain text: drawn with lines of characters, or with tabs or spaces between their cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, starmap, takewhile
from typing import NamedTuple

from rag.loading.blocks import RawBlock
from rag.loading.sheets.spaced import RULE, Rows, aligned, goes_on, has_cells, worded
from rag.loading.tables import Cell, Row, table
from rag.loading.tables.filling import filled
from rag.loading.tables.heads import names_columns
from rag.text.markers import marker
from rag.text.normalization import is_cjk
from rag.types import BlockKind

# "+---+---+", "├───┼───┤", "|---|---|"
_BORDER = re.compile(r"\s*(?=.*[-=─━═]{2})[+|\u2500-\u257f][-+|=:\s\u2500-\u257f]*[+|\u2500-\u257f]\s*")
# "----+----", below the names of a table without lines around it.
_OPEN_BORDER = re.compile(r"\s*[-=─━═]{2,}(?:[+|\u2500-\u257f][-=─━═]{2,})+\s*")
_CROSSING = re.compile(r"[+|\u2502-\u254b\u254e-\u257f]")
_THICK = re.compile("[=━═]{2}")
_WALL = re.compile(r"[|│┃║]")
# What every line of a table has.
_HINT = re.compile(r"\S(?:\t|  |　)|[+|\u2500-\u257f]|\S \S+ \S")
# Words with single blanks between them, each as long as a cell may be.
_WORDS = re.compile(r"[^\s：:]{1,24}(?: [^\s：:]{1,24}){2,}")
_LEAST_COLUMNS = 3
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

    def grid(self, line: int, said: Callable[[str], str] = str) -> Iterator[Row]:
        """Its rows, if the first line has that number; ``said``: what the text of a cell says."""
        for number, (at, texts) in enumerate(self.rows):
            cells = list(map(said, texts))
            yield Row([Cell(cell, head=True) for cell in cells] if number < self.heads else cells, line + at)


def drawn_tables(text: str) -> Iterator[Drawn]:
    """The tables in a text, in its order."""
    lines = text.split("\n") if _HINT.search(text) else []
    place = 0
    for kind, group in groupby(zip(lines, _kinds(lines), strict=True), key=lambda pair: pair[1]):
        part = [line for line, _ in group]
        if kind:
            yield from _READ[kind.rstrip("0123456789")](part, place)
        place += len(part)


def divided(text: str) -> Iterator[tuple[int, str | Drawn]]:
    """The tables in a text and the lines between them, each with the number of its first line, from 0."""
    lines, last = text.split("\n"), 0
    for found in [*drawn_tables(text), None]:
        between = "\n".join(lines[last : found.begin if found else None])
        if between.strip():
            yield last, between
        if found:
            yield found.begin, found
            last = found.end


def listing(text: str, line: int, path: tuple[str, ...]) -> Iterator[RawBlock]:
    """The blocks of a text whose blanks count: code as it is, or a table that is most of it, with its names."""
    parts = list(divided(text))
    grids = [part for _, part in parts if isinstance(part, Drawn) and _is_named(part)]
    in_tables = sum(grid.end - grid.begin for grid in grids)
    if 2 * in_tables <= sum(map(bool, map(str.strip, text.split("\n")))):
        parts, grids = [(0, text)], []
    for offset, part in parts:
        if isinstance(part, str):
            yield RawBlock(BlockKind.CODE, part.strip("\n"), line + offset, path)
        else:
            yield from table(part.grid(line), path)


def _is_named(grid: Drawn) -> bool:
    """Whether the first row of a table names its columns."""
    lines = list(filled(grid.grid(0)))
    return len(lines) > 1 and (grid.heads > 0 or names_columns(lines[0], lines[1:]))


def _kinds(lines: Sequence[str]) -> list[str]:
    """By line how it is drawn; what stands inside of an aligned table is of it."""
    kinds = [_kind(line) for line in lines]
    for at, line in enumerate(lines):
        for near in _beside(lines, at) if _OPEN_BORDER.fullmatch(line) else ():
            kinds[near] = "drawn"
    last = ""
    for at, line in enumerate(lines):
        last = line if kinds[at] == "spaces" and has_cells(line) else last if at and kinds[at - 1] == "spaces" else ""
        if not kinds[at] and last and goes_on(lines, at, last):
            kinds[at] = "spaces"
    return kinds


def _beside(lines: Sequence[str], at: int) -> Iterator[int]:
    """The lines above and below a border that have as many walls as it has crossings, and its own."""
    walls = len(_CROSSING.findall(lines[at]))
    yield at
    for side in (range(at - 1, -1, -1), range(at + 1, len(lines))):
        yield from takewhile(lambda near: len(_WALL.findall(lines[near])) == walls, side)


def _kind(line: str) -> str:
    stripped = line.strip()
    if len(line) > _LONGEST or not (_HINT.search(stripped) or RULE.fullmatch(stripped)):
        return ""
    if _BORDER.fullmatch(line) or (len(stripped) > 1 and _WALL.match(stripped) and _WALL.match(stripped[-1])):
        return "drawn"
    if "\t" in stripped and line.count("\t") >= _LEAST_COLUMNS - 1 and not marker(stripped):
        return "tabs"
    if RULE.fullmatch(stripped) or has_cells(line):
        return "spaces"
    # Lines of so many words each.
    return f"words{stripped.count(' ')}" if _WORDS.fullmatch(stripped) else ""


def _whole(rows: Rows, place: int, count: int, below: int = 0) -> Iterator[Drawn]:
    """The table of so many lines from a place, if they have rows; names of columns stand ``below`` a line."""
    if rows:
        heads = sum(at < below for at, _ in rows)
        yield Drawn(place, place + count, [(place + at, cells) for at, cells in rows], heads)


def _bordered(lines: Sequence[str]) -> Rows:
    """The rows between borders: lines of their own below the names, or all that stands between two borders."""
    if not any(map(_is_border, lines)):
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
    return bool(_BORDER.fullmatch(line) or _OPEN_BORDER.fullmatch(line))


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in _WALL.split(line.strip())]
    return cells if cells[0] or cells[-1] else cells[1:-1]


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    """The cells of several lines as those of one."""
    width = max(map(len, rows))
    columns = ([row[column] for row in rows if column < len(row) and row[column]] for column in range(width))
    return ["".join(f"{text} " if not is_cjk(text[-1]) else text for text in column).strip() for column in columns]


def _tabbed(lines: Sequence[str]) -> Rows:
    rows = [line.rstrip("\n").split("\t") for line in lines]
    return list(enumerate(rows)) if len(rows) > 1 and len(rows[0]) == max(map(len, rows)) else []


_READ: dict[str, Callable[[Sequence[str], int], Iterable[Drawn]]] = {
    "drawn": lambda lines, place: _whole(_bordered(lines), place, len(lines), _head_line(lines)),
    "tabs": lambda lines, place: _whole(_tabbed(lines), place, len(lines)),
    "spaces": lambda lines, place: starmap(Drawn, aligned(lines, place)),
    "words": lambda lines, place: _whole(worded(lines), place, len(lines)),
}
