"""The lines of a PDF's page: characters that stand side by side on one baseline, with their places."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from rag.text import is_cjk

# Distances in ems: characters farther apart are not of one piece, lower or higher ones not on one line.
_GAP = 1.5
_RAISED = 0.45
# pdfium finds spaces by their width, but between Chinese characters too many and beside them too few.
_SPACE = 0.5
_SPACE_BESIDE = 0.18
_CHINESE_WIDTH = 0.96
_HYPHENS = {"\x02": "-", "\ufffe": "-", "\u2010": "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text or a piece of one, in points: ``y`` is its baseline and counts from the top of the page.

    ``pieces``: so many with wide gaps between them make up the line, as in a row of a table.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    pieces: int = 1


class _Glyph(NamedTuple):
    place: int
    character: str
    generated: bool
    x0: float
    x1: float
    y: float
    angle: int


def page_lines(page: Any) -> tuple[list[Line], float]:
    """The pieces of lines of a page in the order of the file (each column of a row is a piece), and its height.

    What is not written in the direction of most of the page (a watermark, a stamp in the margin) is left out.
    """
    text = page.get_textpage()
    try:
        glyphs = _glyphs(text)
        left, bottom, right, top = page.get_cropbox()
        angles = Counter(glyph.angle for glyph in glyphs if not glyph.generated and glyph.angle >= 0)
        angle = max(range(4), key=lambda one: angles[one])
        highest = (top, right, -bottom, -left)[angle]
        pieces = _pieces(text, [g for g in glyphs if g.generated or g.angle == angle], highest)
        return pieces, right - left if angle % 2 else top - bottom
    finally:
        text.close()


def _glyphs(text: Any) -> list[_Glyph]:
    """All characters, turned so that each would be read from left to right; ``angle`` is -1 if they are aslant."""
    import pypdfium2.raw as pdfium

    raw = text.raw
    x, y = ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    found = []
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        character = chr(code) if 0 < code < 0x110000 else ""
        character = _HYPHENS.get(character, character)
        if not character or (code < 32 and character not in "\t-"):
            continue
        generated = pdfium.FPDFText_IsGenerated(raw, index) == 1
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        pdfium.FPDFText_GetLooseCharBox(raw, index, box)
        turned = pdfium.FPDFText_GetCharAngle(raw, index) / (math.pi / 2)
        angle = round(turned) % 4 if abs(turned - round(turned)) < 0.1 else -1
        left, right, base = _turned(angle, box, x.value, y.value)
        found.append(_Glyph(index, character, generated, left, right, base, angle))
    return found


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


def _pieces(text: Any, glyphs: list[_Glyph], top: float) -> list[Line]:
    pieces: list[Line] = []
    characters: list[str] = []
    x0 = x1 = y = size = 0.0
    last: _Glyph | None = None
    space = written = False
    for glyph in glyphs:
        if glyph.generated or glyph.character.isspace():
            space, written = True, written or not glyph.generated
            continue
        if last and abs(top - glyph.y - y) <= _RAISED * size and -size <= glyph.x0 - x1 <= _GAP * size:
            edge = max(x1, last.x0 + _CHINESE_WIDTH * size) if is_cjk(last.character) else x1
            if written or _apart(last.character, glyph.character, (glyph.x0 - edge) / size, seen=space):
                characters.append(" ")
            x1 = max(x1, glyph.x1)
        else:
            if characters:
                pieces.append(Line("".join(characters), x0, x1, y, size))
            characters = []
            x0, x1, y, size = glyph.x0, glyph.x1, top - glyph.y, _size(text, glyph.place)
        characters.append(glyph.character)
        last, space, written = glyph, False, False
    return [*pieces, Line("".join(characters), x0, x1, y, size)] if characters else pieces


def _apart(before: str, after: str, gap: float, *, seen: bool) -> bool:
    """Whether a space stands between two characters; ``seen``: pdfium has found one."""
    match is_cjk(before) + is_cjk(after):
        case 2:
            return seen and gap >= _SPACE
        case 1:
            return before.isalnum() and after.isalnum() and gap >= _SPACE_BESIDE
        case _:
            return seen


def _size(text: Any, index: int) -> float:
    """The size of a character's font as it is seen."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    scale = math.hypot(matrix.b, matrix.d) if pdfium.FPDFText_GetMatrix(text, index, matrix) else 1.0
    size: float = pdfium.FPDFText_GetFontSize(text, index) * (scale or 1.0)
    return max(1.0, size)
