"""Blanks that lines share: they part the cells of a table that stands so tight that each line looks like one piece."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from rag.text.markers import marker
from rag.text.normalization import is_cjk

if TYPE_CHECKING:
    from rag.loading.pdf.glyphs import Glyph

# A piece of a line: its height, its size and its characters.
Piece = tuple[float, float, Sequence["Glyph"]]
# In ems: a blank, one between words of letters, what lines must share of it, and how far they lie apart.
_BLANK, _BETWEEN_WORDS, _SHARED, _NEAR = 0.62, 1.0, 0.3, 4.0
# Narrower blanks part cells if no row is without one, and several such go down side by side.
_NARROW, _NARROW_SHARED, _LEAST_SIDE_BY_SIDE = 0.28, 0.25, 2
# So many times a letter: in a font whose letters are wide, blanks are, too.
_WIDER = 1.5
_SAME_ROW = 0.45
_CHINESE_WIDTH = 0.96
_LEAST_ROWS = 3
# "(a)", "[12]", "[Lin20]"
_NUMBER = re.compile(r"[\[(（]?[\w+-]{1,8}[\])）.．、]")
_MOST_MISSED = 2
# Of a page with more rows the rest is not looked at.
_MOST_ROWS = 500


class _Blank(NamedTuple):
    """A blank in a row, before the character at ``place``; ``parts``: it is not only one that sets a word wide.

    ``wide``: as wide as between cells usually.
    """

    left: float
    right: float
    place: int
    parts: bool
    wide: bool


class _Row(NamedTuple):
    y: float
    size: float
    left: float
    right: float
    blanks: list[_Blank]


def cuts(pieces: Sequence[Piece]) -> set[int]:
    """The places of the characters before which such a blank ends inside of a piece."""
    rows = [_row(row) for row in _rows(pieces)][:_MOST_ROWS]
    found: set[int] = set()
    for at, row in enumerate(rows):
        narrow: list[list[_Blank]] = []
        for blank in row.blanks:
            if blank.parts and blank.place not in found:
                river = list(_river(islice(rows, at, None), row.y, blank)) if blank.wide else []
                if sum(one.parts for one in river) >= _LEAST_ROWS:
                    found.update(one.place for one in river)
                else:
                    narrow.append(list(_river(islice(rows, at, None), row.y, blank, narrow=True)))
        narrow = [river for river in narrow if sum(one.parts for one in river) >= _LEAST_ROWS]
        if len(narrow) >= _LEAST_SIDE_BY_SIDE:
            found.update(one.place for river in narrow for one in river)
    return found.difference(inside[0].place for _, _, inside in pieces)


def _rows(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece[0]):
        if row and piece[0] - row[0][0] > _SAME_ROW * min(piece[1], row[0][1]):
            yield row
            row = []
        row.append(piece)
    if row:
        yield row


def _row(pieces: Sequence[Piece]) -> _Row:
    glyphs = [glyph for _, _, inside in sorted(pieces, key=lambda piece: piece[2][0].x0) for glyph in inside]
    y, size, _ = pieces[0]
    least = _NARROW * size
    # Most characters follow each other closely.
    apart = [n for n, (last, glyph) in enumerate(pairwise(glyphs), start=1) if glyph.x0 - last.x1 >= least]
    ends = [n for n in apart if _is_blank(glyphs[n - 1], glyphs[n], size)] if apart else []
    texts = ["".join(glyph.character for glyph in glyphs[a:b]) for a, b in pairwise([0, *ends, len(glyphs)])]
    blanks = [
        _Blank(
            _edge(glyphs[n - 1], size),
            glyphs[n].x0,
            glyphs[n].place,
            _parts(before, after),
            _is_wide(glyphs[n - 1], glyphs[n], size),
        )
        for n, (before, after) in zip(ends, pairwise(texts), strict=True)
    ]
    return _Row(y, size, glyphs[0].x0, glyphs[-1].x1, blanks)


def _is_blank(last: Glyph, glyph: Glyph, size: float) -> bool:
    """Whether two characters of a row stand as far apart as cells do."""
    beside = last.character + glyph.character
    words = beside.isascii() and not any(map(str.isdigit, beside))
    said = last.character.isalnum() and glyph.character.isalnum()
    least = (_NARROW if said else _BLANK) * size
    least = max(_BETWEEN_WORDS * size, _WIDER * (last.x1 - last.x0)) if words else least
    return glyph.x0 - _edge(last, size) >= least


def _is_wide(last: Glyph, glyph: Glyph, size: float) -> bool:
    return glyph.x0 - _edge(last, size) >= _BLANK * size


def _edge(glyph: Glyph, size: float) -> float:
    return max(glyph.x1, glyph.x0 + _CHINESE_WIDTH * size) if is_cjk(glyph.character) else glyph.x1


def _parts(before: str, after: str) -> bool:
    """Whether the blank between two texts is not that in a word that is set wide, nor that after an item's number."""
    wide = len(before) == len(after) == 1 and is_cjk(before) and is_cjk(after)
    return not (wide or _NUMBER.fullmatch(before) or marker(f"{before} "))


def _river(rows: Iterable[_Row], y: float, first: _Blank, *, narrow: bool = False) -> Iterator[_Blank]:
    """The blanks of rows from the height ``y`` on that share a part with ``first`` and each other.

    Wide ones, of which some rows may have none; or ``narrow`` ones, too, of which all must have one.
    """
    share, most = (_NARROW_SHARED, 0) if narrow else (_SHARED, _MOST_MISSED)
    left, right, missed = first.left, first.right, 0
    for row in rows:
        if row.y - y > _NEAR * row.size:
            return
        y, least = row.y, share * row.size
        blanks = row.blanks if narrow else [one for one in row.blanks if one.wide]
        shared = (one for one in blanks if min(right, one.right) - max(left, one.left) >= least)
        blank = next(shared, None)
        if blank is not None:
            left, right, missed = max(left, blank.left), min(right, blank.right), 0
            yield blank
        elif (row.left < right and left < row.right) or missed == most:
            return
        else:
            missed += 1
