"""The lines of a PDF's page: characters that stand side by side on one baseline, with their places."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rag.text import is_cjk

# Distances in ems: characters farther apart are not of one piece, lower or higher ones not on one line.
_GAP = 1.5
_RAISED = 0.45
# pdfium sees a space in any gap; beside a Chinese character it takes one of this width.
_SPACE = 0.5
_PRINTED_TWICE = 0.3
_HYPHENS = {"\x02": "-", "\ufffe": "-", "\u2010": "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text or a piece of one, in points: ``y`` is its baseline and counts from the top of the page."""

    text: str
    x0: float
    x1: float
    y: float
    size: float


class _Glyph(NamedTuple):
    place: int
    character: str
    generated: bool
    x0: float
    x1: float
    y: float
    angle: int


def page_lines(page: Any) -> list[Line]:
    """The pieces of lines of a page in the order of the file; each column of a row is a piece.

    What is not written in the direction of most of the page (a watermark, a stamp in the margin) is left out.
    """
    text = page.get_textpage()
    try:
        glyphs = _glyphs(text)
        angles = Counter(glyph.angle for glyph in glyphs if not glyph.generated and glyph.angle >= 0)
        if not angles:
            return []
        angle = max(sorted(angles), key=lambda one: angles[one])
        width, height = page.get_size()
        return _pieces(text, [g for g in glyphs if g.generated or g.angle == angle], max(width, height))
    finally:
        text.close()


def _glyphs(text: Any) -> list[_Glyph]:
    """All characters, turned so that each would be read from left to right; ``angle`` is -1 if they are aslant."""
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    found = []
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, index)
        character = chr(code) if 0 < code < 0x110000 else ""
        character = _HYPHENS.get(character, character)
        if not character or (ord(character) < 32 and character not in "\t"):
            continue
        generated = pdfium.FPDFText_IsGenerated(text, index) == 1
        pdfium.FPDFText_GetCharOrigin(text, index, x, y)
        pdfium.FPDFText_GetLooseCharBox(text, index, box)
        turned = pdfium.FPDFText_GetCharAngle(text, index) / (math.pi / 2)
        angle = round(turned) % 4 if abs(turned - round(turned)) < 0.1 else -1
        left, right, base = _turned(angle, box, x.value, y.value)
        found.append(_Glyph(index, character, generated, left, right, base, angle))
    return found


def _turned(angle: int, box: Any, x: float, y: float) -> tuple[float, float, float]:
    """Left and right edge and baseline of a character, as if the page were turned so that it stands upright."""
    match angle:
        case 1:
            return -box.top, -box.bottom, -x
        case 2:
            return -box.right, -box.left, -y
        case 3:
            return box.bottom, box.top, x
        case _:
            return box.left, box.right, y


def _pieces(text: Any, glyphs: list[_Glyph], top: float) -> list[Line]:
    pieces: list[Line] = []
    current: Line | None = None
    last: _Glyph | None = None
    space = False
    for glyph in glyphs:
        if glyph.generated or glyph.character.isspace():
            space = True
            if not glyph.generated and current and last and glyph.x1 > current.x1:
                last = last._replace(character=" ")
            continue
        size = _size(text, glyph.place) if last is None or current is None else current.size
        y = top - glyph.y
        if current and last and abs(y - current.y) <= _RAISED * current.size:
            gap = glyph.x0 - current.x1
            if glyph.character == last.character and abs(glyph.x0 - last.x0) < _PRINTED_TWICE * current.size:
                continue
            if -current.size <= gap <= _GAP * current.size:
                between = " " if space and _apart(current.text[-1], glyph.character, gap / current.size, last) else ""
                joined = current.text + between + glyph.character
                current = replace(current, text=joined, x1=max(current.x1, glyph.x1))
                last, space = glyph, False
                continue
        if current:
            pieces.append(current)
        size = _size(text, glyph.place)
        current = Line(glyph.character, glyph.x0, glyph.x1, y, size)
        last, space = glyph, False
    return [*pieces, current] if current else pieces


def _apart(before: str, after: str, gap: float, last: _Glyph) -> bool:
    return last.character == " " or gap >= _SPACE or not (is_cjk(before) or is_cjk(after))


def _size(text: Any, index: int) -> float:
    """The size of a character's font as it is seen."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    scale = math.hypot(matrix.b, matrix.d) if pdfium.FPDFText_GetMatrix(text, index, matrix) else 1.0
    size: float = pdfium.FPDFText_GetFontSize(text, index) * (scale or 1.0)
    return max(1.0, size)
