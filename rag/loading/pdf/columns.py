"""The reading order of a page: column by column where there are columns, else from top to bottom.

A page is cut at the gutter that leaves the most lines on its two sides; what crosses it (a title, a wide table)
divides the page into bands, each of which is read left, then right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from rag.loading.pdf.glyphs import Line, unspaced
from rag.text.markers import marker

# In ems.
_GUTTER = 0.7
_NARROWEST = 8.0
# A column's lines fill this share of its width at least; the cells of a table do not.
_FILLED = 0.55
_LEAST_ROWS = 4
_MOST_COLUMNS_DEEP = 3
# What stands beside a text has so many lines; the text a paragraph of so many full ones, which stand close.
_LEAST_NOTE, _LONG_PARAGRAPH = 2, 5
_NARROWEST_NOTE, _FULL, _CLOSE = 3.0, 0.85, 1.3
# A page with more pieces is a map or a plan.
_MOST_PIECES = 4000
_SAME_ROW = 0.45
_LONGEST_NUMBER = 4
_SEVERAL = 6


@dataclass(frozen=True, slots=True)
class Column:
    """Lines one below the other, and the edges between which they stand. ``beside``: they are no part of the text."""

    lines: tuple[Line, ...]
    left: float
    right: float
    beside: bool = False


def reading_order(pieces: Sequence[Line]) -> list[Column]:
    """The columns of a page in reading order."""
    if not pieces or len(pieces) > _MOST_PIECES:
        return [_column(pieces)] if pieces else []
    parts = _parts(sorted(pieces, key=lambda p: (p.y, p.x0)), _MOST_COLUMNS_DEEP)
    return [replace(_column(part), beside=beside) for part, beside in parts]


def rows(pieces: Sequence[Line]) -> list[Line]:
    """Pieces that stand on one baseline joined to lines, from top to bottom."""
    found: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda p: p.y):
        if found and _on_one_line(piece, found[-1][0]):
            found[-1].append(piece)
        else:
            found.append([piece])
    return [_joined(sorted(row, key=lambda p: p.x0)) for row in found]


def _on_one_line(piece: Line, other: Line) -> bool:
    alone = piece.inside or other.inside
    return not alone and abs(piece.y - other.y) <= _SAME_ROW * min(piece.size, other.size)


def _joined(row: list[Line]) -> Line:
    longest = max(row, key=lambda p: len(p.text))
    text, x1 = unspaced(" ".join(p.text for p in row)), max(p.x1 for p in row)
    # What is set off is the item's number, not a cell.
    numbered = len(row[0].text) <= _LONGEST_NUMBER and marker(f"{row[0].text} ") is not None
    pieces, ocr = len(row) - (numbered and len(row) > 1), min(p.ocr for p in row)
    return replace(longest, text=text, x0=row[0].x0, x1=x1, pieces=pieces, ocr=ocr)


def _column(pieces: Sequence[Line]) -> Column:
    lines = rows(pieces)
    edges = sorted((line.x1 for line in lines), reverse=True)
    size = max(line.size for line in lines)
    # Among several one line alone may stick out.
    steps = list(pairwise(edges)) if len(edges) >= _SEVERAL else []
    right = next((edge for edge, next_edge in steps if edge - next_edge < size), edges[0])
    return Column(tuple(lines), min(line.x0 for line in lines), right)


def _parts(pieces: list[Line], deep: int, *, beside: bool = False) -> Iterator[tuple[list[Line], bool]]:
    """The pieces of each column, and whether it stands beside the text."""
    gutter = _gutter(pieces) if deep else None
    if gutter is None:
        yield pieces, beside
        return
    bands = [(crossing, list(band)) for crossing, band in groupby(pieces, key=lambda p: _crosses(p, gutter))]
    for (crossing, part), (_, after) in zip(bands, [*bands[1:], (False, [])], strict=True):
        if crossing:
            yield [*part, after.pop(0)] if _ends(part[-1], after) else part, beside
            continue
        left, right = [p for p in part if p.x0 < gutter], [p for p in part if p.x0 >= gutter]
        if left and right and not _are_columns(left, right):
            yield part, beside
            continue
        for side, other in ((left, right), (right, left)):
            if side:
                yield from _parts(side, deep - 1, beside=beside or (not _is_prose(side) and stands_beside(side, other)))


def _ends(line: Line, after: list[Line]) -> bool:
    """Whether the first piece after a line that crosses the gutter is the short last line of the same paragraph."""
    if len(after) < 2 or after[0].size != line.size:
        return False
    return after[0].y - line.y < after[1].y - after[0].y - _SAME_ROW * line.size


def _gutter(pieces: list[Line]) -> float | None:
    """Where the gutter is that has the most rows of prose on both of its sides; None if there is none."""
    em = median(p.size for p in pieces)
    first, last = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    best, found = 0, None
    for x in sorted({round(p.x0) - _GUTTER * em / 2 for p in pieces}):
        if x - first < _NARROWEST_NOTE * em or last - x < _NARROWEST_NOTE * em:
            continue
        score = 0
        for crossing, band in groupby(pieces, key=lambda p: _crosses(p, x)):
            part = [] if crossing else list(band)
            left, right = [p for p in part if p.x0 < x], [p for p in part if p.x0 >= x]
            score += min(len(left), len(right)) if _are_columns(left, right, _LEAST_ROWS) else 0
        if score > best:
            best, found = score, x
    return found


def _crosses(piece: Line, gutter: float) -> bool:
    half = _GUTTER * piece.size / 4
    return piece.x0 < gutter < piece.x1 + half


def _are_columns(left: list[Line], right: list[Line], least: int = 1) -> bool:
    """Whether left and right are each read by themselves: both are prose of so many lines, or one stands beside it."""
    if min(len(left), len(right)) < min(least, _LEAST_NOTE):
        return False
    prose = _is_prose(left), _is_prose(right)
    if all(prose):
        return min(len(left), len(right)) >= least
    return (prose[0] and stands_beside(right, left)) or (prose[1] and stands_beside(left, right))


def stands_beside(side: Sequence[Line], text: Sequence[Line]) -> bool:
    """Whether ``side`` stands beside the middle of a paragraph of ``text``: cells stand beside where another begins."""
    if len(side) < _LEAST_NOTE or len(text) < _LONG_PARAGRAPH:
        return False
    longest = max(_inside_paragraphs(rows(text)), key=len)
    if len(longest) < _LONG_PARAGRAPH or max(line.x1 - line.x0 for line in longest) < _NARROWEST * longest[0].size:
        return False
    first, last = longest[0].y - _SAME_ROW * longest[0].size, longest[-1].y + _SAME_ROW * longest[0].size
    inside = sum(first < piece.y < last for piece in side)
    return inside >= _LEAST_NOTE and 2 * inside > len(side)


def runs_on(column: Sequence[Line]) -> bool:
    """Whether most lines of a column go on with the one above."""
    lines = rows(column)
    return 2 * sum(map(len, _inside_paragraphs(lines))) >= len(lines)


def _inside_paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of each paragraph but its first: they stand close below one that fills the width."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    edge = left + _FULL * (right - left)
    distances = sorted(line.y - above.y for above, line in pairwise(lines))
    close = _CLOSE * distances[len(distances) // 4] if distances else 0.0
    run: list[Line] = []
    for above, line in pairwise(lines):
        if above.x1 < edge or line.y - above.y > close:
            yield run
            run = []
        else:
            run.append(line)
    yield run


def _is_prose(pieces: list[Line]) -> bool:
    """Whether the lines fill the width that they have; a single one always does."""
    lines = rows(pieces)
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    return len(lines) < 2 or (
        width >= _NARROWEST * median(line.size for line in lines)
        and median(line.x1 - line.x0 for line in lines) >= _FILLED * width
    )
