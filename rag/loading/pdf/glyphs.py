"""The lines of a PDF's page: characters that stand side by side on one baseline, with their places."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from rag.loading.pdf.legible import is_odd
from rag.loading.pdf.rivers import cuts
from rag.loading.pdf.rulings import Rulings, rulings
from rag.loading.scripts import Script, in_line
from rag.text.normalization import is_cjk

# Distances in ems: characters farther apart are not of one piece, lower or higher ones not on one line.
_GAP = 1.5
_RAISED = 0.45
# pdfium finds spaces by their width, but between Chinese characters too many and beside them too few.
_SPACE = 0.5
_SPACE_BESIDE = 0.18
# Where Chinese characters touch, a narrower space than elsewhere is one.
_TOUCHING = 0.06
_CHINESE_WIDTH = 0.96
_CLOSING, _OPENING = "%)]", "(["
# A smaller character this much higher or lower is an exponent or an index.
_SMALLER = 0.86
_SHIFTED = 0.12
# A bracket is higher than the figures beside it: so far up it need hardly be smaller.
_FAR, _HARDLY_SMALLER = 0.3, 0.92
# A space that pdfium finds where a character was printed twice is narrower.
_NO_SPACE = 0.05
# Steps from one character to the one below it, of all on a page that is written from top to bottom.
_VERTICAL_SHARE = 0.6
_LEAST_VERTICAL = 6
_CHINESE = "[\u3400-\u9fff]"
_WIDE = re.compile(rf"(?<!{_CHINESE})(?<!{_CHINESE} )(?:{_CHINESE} ){{2,}}{_CHINESE}(?! ?{_CHINESE})")
_HYPHENS = {"\x02": "-", "\ufffe": "-", "\u2010": "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text or a piece of one, in points: ``y`` is its baseline and counts from the top of the page.

    ``pieces``: so many with wide gaps between them make up the line, as in a row of a table. ``inside``: the number
    of what stands here instead of a line, such as a table; 0 for a line. ``ocr`` is how sure it is that a line which
    was recognised in a picture says this; 0 for text.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    pieces: int = 1
    inside: int = 0
    ocr: float = 0.0


class Glyph(NamedTuple):
    """A character and where it stands, turned so that it is read from left to right.

    ``box`` is where it stands before that: left, bottom, right, top, from the lower left of the page.
    """

    place: int
    character: str
    generated: bool
    x0: float
    x1: float
    y: float
    angle: int
    height: float
    box: tuple[float, float, float, float]


class PageText(NamedTuple):
    """The pieces of lines of a page in the order of the file (each column of a row is a piece), and its height.

    ``odd`` is the share of its characters of which the file does not say which they are, ``unnamed`` their number,
    ``turned`` that of those that are left out for their direction. ``rulings`` are in the lines' places. ``glyphs`` are
    those of each piece, without spaces.
    """

    pieces: list[Line]
    height: float
    odd: float
    rulings: Rulings
    unnamed: int = 0
    turned: int = 0
    glyphs: tuple[list[Glyph], ...] = ()


def page_text(page: Any) -> PageText:
    """The lines of a page.

    What is not written in the direction of most of the page (a watermark, a stamp in the margin) is left out.
    """
    text = page.get_textpage()
    try:
        glyphs, odd, shown = _glyphs(text)
        left, bottom, right, top = page.get_cropbox()
        angles = Counter(glyph.angle for glyph in glyphs if not glyph.generated and glyph.angle >= 0)
        angle = max(range(4), key=lambda one: angles[one])
        turned = sum(not (g.generated or g.angle == angle or g.character.isspace()) for g in glyphs)
        glyphs = [g for g in glyphs if g.generated or g.angle == angle]
        if not angle and _is_vertical(glyphs):
            # Columns from right to left are the lines of a page that is turned.
            angle = 1
            glyphs = [_upright(glyph) for glyph in glyphs if not glyph.generated]
        highest = (top, right, -bottom, -left)[angle]
        ruled = rulings(page, angle, highest)
        pieces = list(_pieces(text, glyphs, highest, ruled, set()))
        if parted := cuts([(line.y, line.size, inside) for line, inside in pieces]):
            pieces = list(_pieces(text, glyphs, highest, ruled, parted))
        height = right - left if angle % 2 else top - bottom
        lines, inside = [line for line, _ in pieces], tuple(glyphs for _, glyphs in pieces)
        return PageText(lines, height, odd / max(1, shown), ruled, odd, turned, inside)
    finally:
        text.close()


def _is_vertical(glyphs: Sequence[Glyph]) -> bool:
    shown = [g for g in glyphs if not g.generated and is_cjk(g.character)]
    below = beside = 0
    for last, glyph in pairwise(shown):
        size = glyph.height or 1.0
        if abs(glyph.x0 - last.x0) < 0.3 * size and 0.5 * size < last.y - glyph.y < 2.5 * size:
            below += 1
        elif abs(glyph.y - last.y) < 0.3 * size and 0 < glyph.x0 - last.x0 < 2.5 * size:
            beside += 1
    return below >= _LEAST_VERTICAL and below > _VERTICAL_SHARE * (below + beside)


def _upright(glyph: Glyph) -> Glyph:
    left, bottom, right, top = glyph.box
    return glyph._replace(x0=-top, x1=-bottom, y=(left + right) / 2)


def _glyphs(text: Any) -> tuple[list[Glyph], int, int]:
    """All characters, turned so that each would be read from left to right; ``angle`` is -1 if they are aslant.

    And how many of how many the file does not name.
    """
    import pypdfium2.raw as pdfium

    raw = text.raw
    x, y = ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    found = []
    odd = shown = 0
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        character = chr(code) if 0 < code < 0x110000 else ""
        generated = pdfium.FPDFText_IsGenerated(raw, index) == 1
        shown += not generated
        if is_odd(character) and not generated:
            unnamed = pdfium.FPDFText_HasUnicodeMapError(raw, index) == 1
            odd += unnamed
            character = "" if unnamed else _HYPHENS.get(character, character)
        if not character or (code < 32 and character not in "\t-"):
            continue
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        turned = pdfium.FPDFText_GetCharAngle(raw, index) / (math.pi / 2)
        angle = round(turned) % 4 if abs(turned - round(turned)) < 0.1 else -1
        left, right, base = _turned(angle, box, x.value, y.value)
        if is_cjk(character):
            # The box is that of its strokes; it begins where it was set.
            left = min(left, (x.value, -y.value, -x.value, y.value)[max(0, angle)])
        edges = (box.left, box.bottom, box.right, box.top)
        height = edges[2] - edges[0] if angle in (1, 3) else edges[3] - edges[1]
        found.append(Glyph(index, character, generated, left, right, base, angle, height, edges))
    return found, odd, shown


def _turned(angle: int, box: Any, x: float, y: float) -> tuple[float, float, float]:
    """Left and right edge and baseline of a character, as if the page were turned so that it stands upright."""
    match angle:
        case 1:
            return -box.top, -box.bottom, x
        case 2:
            return -box.right, -box.left, -y
        case 3:
            return box.bottom, box.top, -x
        case _:
            return box.left, box.right, y


def _pieces(
    text: Any, glyphs: Sequence[Glyph], top: float, ruled: Rulings, parted: Collection[int]
) -> Iterator[tuple[Line, list[Glyph]]]:
    """The pieces of lines; ``parted``: the places of characters that begin one in any case."""
    characters: list[tuple[str, Script]] = []
    inside: list[Glyph] = []
    x0 = x1 = y = size = height = 0.0
    last: Glyph | None = None
    space = written = touching = False
    for glyph in glyphs:
        if glyph.generated or glyph.character.isspace():
            space, written = True, written or not glyph.generated
            continue
        if (
            last
            and abs(top - glyph.y - y) <= _RAISED * size
            and -size <= glyph.x0 - x1 <= _GAP * size
            and glyph.place not in parted
            and not ruled.between(x1, glyph.x0, y)
        ):
            edge = max(x1, last.x0 + _CHINESE_WIDTH * size) if is_cjk(last.character) else x1
            script = _script(glyph, top - y, height, size)
            gap = (glyph.x0 - edge) / size
            # Where an exponent begins or ends, pdfium sees the end of a line.
            seen = space and (script is characters[-1][1] or gap >= _SPACE_BESIDE)
            apart = written or _apart(last.character, glyph.character, gap, seen=seen, touching=touching)
            touching = touching if apart else gap <= _TOUCHING
            if apart:
                characters.append((" ", script if characters[-1][1] is script else Script.LEVEL))
            characters.append((glyph.character, script))
            inside.append(glyph)
            x1 = max(x1, glyph.x1)
        else:
            if characters:
                yield Line(_said(characters), x0, x1, y, size), inside
            characters, inside, touching = [(glyph.character, Script.LEVEL)], [glyph], False
            x0, x1, y, size, height = glyph.x0, glyph.x1, top - glyph.y, _size(text, glyph.place), glyph.height
        last, space, written = glyph, False, False
    if characters:
        yield Line(_said(characters), x0, x1, y, size), inside


def _script(glyph: Glyph, base: float, height: float, size: float) -> Script:
    shift = abs(glyph.y - base)
    least = _SMALLER if shift < _FAR * size else _HARDLY_SMALLER
    if glyph.height > least * height or shift < _SHIFTED * size or is_cjk(glyph.character):
        return Script.LEVEL
    return Script.RAISED if glyph.y > base else Script.LOWERED


def _said(characters: list[tuple[str, Script]]) -> str:
    plain = {script for _, script in characters} == {Script.LEVEL}
    return unspaced("".join([character for character, _ in characters]) if plain else in_line(characters).strip())


def unspaced(text: str) -> str:
    """``text`` without the spaces in words that are set wide: 停 水 通 知, 联 系 人."""
    return _WIDE.sub(lambda word: word.group().replace(" ", ""), text)


def _apart(before: str, after: str, gap: float, *, seen: bool, touching: bool) -> bool:
    """Whether a space stands between two characters; ``seen``: pdfium has found one; ``touching``: none did before."""
    match is_cjk(before) + is_cjk(after):
        case 2:
            return seen and gap >= (_SPACE_BESIDE if touching else _SPACE)
        case 1:
            words = (before.isalnum() or before in _CLOSING) and (after.isalnum() or after in _OPENING)
            return words and gap >= _SPACE_BESIDE
        case _:
            return seen and gap >= _NO_SPACE


def _size(text: Any, index: int) -> float:
    """The size of a character's font as it is seen."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    scale = math.hypot(matrix.b, matrix.d) if pdfium.FPDFText_GetMatrix(text, index, matrix) else 1.0
    size: float = pdfium.FPDFText_GetFontSize(text, index) * (scale or 1.0)
    return max(1.0, size)
