"""Tables in plain text whose cells stand below each other with nothing but blanks between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from rag.loading.tables.cell_text import VALUE, is_name
from rag.loading.tables.filling import Row, filled
from rag.loading.tables.forms import is_form
from rag.loading.tables.heads import names_columns, sets_off
from rag.text.markers import marker
from rag.text.normalization import is_cjk

# A line across a table.
RULE = re.compile(r"[-=─━═]{3,}(?:\s+[-=─━═]{2,})*")
GAP = re.compile(r" {2,}|　+")
_WORD = re.compile(r"[^ 　\t]+")
_FIELD = re.compile(r"[^：:\d]{1,16}[：:]\s*\S")
_LEAST_COLUMNS, _LEAST_ROWS, _LEAST_CELLS = 3, 3, 2
# So many letters a cell may stand beside the beginning of those above it and still be below them.
_BESIDE = 1

# The rows of a table by their lines, counted from 0.
Rows = list[tuple[int, list[str]]]


class Aligned(NamedTuple):
    """A table in lines that are counted from 0: the first, that after the last, and its rows."""

    begin: int
    end: int
    rows: Rows


class _Word(NamedTuple):
    begin: int
    end: int
    text: str


def has_cells(line: str) -> bool:
    """Whether a line has cells that are no fields with their labels."""
    cells = GAP.split(line.strip())
    return len(cells) >= _LEAST_CELLS and not all(map(_FIELD.match, cells))


def goes_on(lines: Sequence[str], at: int, above: str) -> bool:
    """Whether a line that has no cells stands inside of a table, of which ``above`` is the last line with cells.

    It is blank, stands below a cell of that other than its first, or is as narrow as its first.
    """
    line, more = lines[at], at + 1 < len(lines) and has_cells(lines[at + 1])
    if not line.strip():
        return more
    cells, words = list(_cells(above)), list(_words(line, 1))
    begin, end = words[0].begin, words[-1].end
    if marker(line.strip()):
        return False
    below = any(abs(cell.begin - begin) <= _BESIDE for cell in cells[1:])
    return below or (more and abs(begin - cells[0].begin) <= _BESIDE and end < cells[1].begin)


def aligned(lines: Sequence[str], begin: int = 0) -> Iterator[Aligned]:
    """The tables in lines that all have cells, or stand inside of a table; ``begin`` is the number of the first."""
    if rows := _rows(lines):
        yield Aligned(begin, begin + len(lines), [(begin + at, cells) for at, cells in rows])
        return
    parts = _parted(lines, str.strip)
    if len(parts) < 2:
        parts = _parted(lines, lambda line: has_cells(line) or RULE.fullmatch(line.strip()))
    for at, part in parts if [(0, [*lines])] != parts else ():
        yield from aligned(part, begin + at)


def worded(lines: Sequence[str]) -> Rows:
    """The rows of lines of as many words each, if all have numbers below a word.

    The first is Chinese: in languages with blanks between words it might be a sentence.
    """
    rows = [line.split() for line in lines]
    if len(rows) < _LEAST_ROWS or not all(any(map(is_cjk, word)) for word in rows[0]):
        return []
    numbers = any(all(map(VALUE.fullmatch, column[1:])) for column in zip(*rows, strict=True))
    return list(enumerate(rows)) if numbers and _is_headed(rows) else []


def _parted(lines: Sequence[str], belongs: Callable[[str], object]) -> list[tuple[int, list[str]]]:
    """The runs of lines that belong to a table, each with the place of its first."""
    parts: list[tuple[int, list[str]]] = []
    for own, run in groupby(enumerate(lines), key=lambda line: bool(belongs(line[1]))):
        numbered = list(run)
        parts += [(numbered[0][0], [line for _, line in numbered])] if own else []
    return parts


def _rows(lines: Sequence[str]) -> Rows:
    places = [at for at, line in enumerate(lines) if line.strip() and not RULE.fullmatch(line.strip())]
    shown = [lines[at] for at in places]
    if len(shown) < _LEAST_ROWS or marker(shown[0].strip()) or any(map(_FIELD.match, GAP.split(shown[0].strip()))):
        return []
    whole = all(lines[at].strip() for at in range(len(lines)))
    ruled = places[:2] == [places[0], places[0] + 2] and whole
    counted = _counted(shown) if whole else []
    rows = counted or next(filter(None, (_in_columns(shown, wide) for wide in (1, 2))), [])
    if not rows or not all(rows[0][1:]):
        return []
    if len(rows[0]) < _LEAST_COLUMNS and not (_are_pairs(rows, shown) and (ruled or _is_headed(rows))):
        return []
    return list(_joined(zip(places, rows, strict=True), blanks=not whole))


def _counted(lines: Sequence[str]) -> list[list[str]]:
    """The cells of lines that all have as many."""
    rows = [GAP.split(line.strip()) for line in lines]
    return rows if len(set(map(len, rows))) == 1 else []


def _in_columns(lines: Sequence[str], wide: int) -> list[list[str]]:
    """The cells of each line by the columns that blanks part in all lines; none if two cells stand in one column."""
    placed = [list(_words(line, wide)) for line in lines]
    columns = _columns(placed)
    rows = []
    for words in placed:
        cells = [[word for word in words if begin <= word.begin < end] for begin, end in columns]
        if any(after.begin - before.end > 1 for cell in cells for before, after in pairwise(cell)):
            return []
        rows.append([" ".join(word.text for word in cell) for cell in cells])
    return rows


def _columns(placed: Sequence[Sequence[_Word]]) -> list[tuple[int, int]]:
    columns: list[tuple[int, int]] = []
    for begin, end, _ in sorted(word for words in placed for word in words):
        if columns and begin <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(end, columns[-1][1]))
        else:
            columns.append((begin, end))
    parted = columns[:1]
    for left, right in pairwise(columns):
        if right[0] - left[1] > 1 or _part(placed, left, right):
            parted.append(right)
        else:
            parted[-1] = (parted[-1][0], right[1])
    return parted


def _part(placed: Sequence[Sequence[_Word]], *sides: tuple[int, int]) -> bool:
    """Whether one blank parts columns: both are named, and most lines have something in either."""
    for begin, end in sides:
        stands = [any(begin <= word.begin < end for word in words) for words in placed]
        if not stands[0] or sum(stands) <= len(stands) / 2:
            return False
    return True


def _are_pairs(rows: Sequence[Sequence[str]], lines: Sequence[str]) -> bool:
    """Whether two columns are set out: names or values, in widths that differ, beside what begins or ends alike."""
    placed = [list(_cells(line)) for line in lines]
    if any(len(cells) != len(row) for cells, row in zip(placed, rows, strict=True) if all(row)):
        return False
    pairs = [cells for cells in placed if len(cells) == _LEAST_CELLS]
    apart = {second.begin - first.end for first, second in pairs}
    alike = min(len({second.begin for _, second in pairs}), len({second.end for _, second in pairs}))
    if len({row[1][:1] for row in rows}) == 1 and not rows[0][1][:1].isalnum():
        # What parts them is this mark.
        return False
    named = all(is_name(row[0]) or VALUE.fullmatch(row[0]) for row in rows if row[0])
    return named and alike == 1 and len(apart) > 1


def _is_headed(rows: Sequence[Sequence[str]]) -> bool:
    """Whether words stand above numbers, or labels beside their values."""
    lines = list(filled(Row(row) for row in rows))
    headed = names_columns(lines[0], lines[1:]) and sets_off(lines[0], lines[1:])
    return headed or (len(rows[0]) < _LEAST_COLUMNS and is_form(lines))


def _joined(rows: Iterable[tuple[int, list[str]]], *, blanks: bool) -> Rows:
    """The rows, what goes on below a row's cells joined to these; where lines are blank, a row without cells."""
    joined: Rows = []
    last = -1
    for at, row in rows:
        if joined and _hangs(row, joined[-1][1]):
            above = joined[-1][1]
            joined[-1] = joined[-1][0], [_glued(*cells) for cells in zip(above, row, strict=True)]
        else:
            if blanks and joined and at > last + 1:
                joined.append((at - 1, [""] * len(row)))
            joined.append((at, row))
        last = at
    return joined


def _hangs(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row goes on with cells of that above: with few, none the first or a number."""
    own = [column for column, text in enumerate(row) if text]
    few = len(own) <= len(row) / 2 and len(own) < len(row) - 1 + (len(row) == _LEAST_CELLS)
    return few and own[0] > 0 and all(above[c] and not VALUE.fullmatch(row[c]) for c in own)


def _glued(above: str, below: str) -> str:
    tight = not (above and below) or (is_cjk(above[-1]) and is_cjk(below[0]))
    return above + below if tight else f"{above} {below}"


def _cells(line: str) -> Iterator[_Word]:
    """Where the cells of a line begin and end, in widths of a letter, and their texts."""
    begin = 0
    for text in re.split(rf"({GAP.pattern})", line):
        end = begin + _width(text, 1)
        if text.strip():
            shift = _width(text[: len(text) - len(text.lstrip())], 1)
            yield _Word(begin + shift, end, text.strip())
        begin = end


def _words(line: str, wide: int) -> Iterator[_Word]:
    """The words of a line; ``wide`` letters takes a character that may stand narrow or wide."""
    begin = last = 0
    for found in _WORD.finditer(line):
        begin += _width(line[last : found.start()], wide)
        end = begin + _width(found[0], wide)
        yield _Word(begin, end, found[0])
        begin, last = end, found.end()


def _width(text: str, wide: int) -> int:
    widths = {"W": 2, "F": 2, "A": wide}
    return sum(widths.get(unicodedata.east_asian_width(character), 1) for character in text)
