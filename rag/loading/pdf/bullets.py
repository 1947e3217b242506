"""Bullets that are drawn and not written: a page that a browser prints has such before the items of its lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.loading.pdf.glyphs import Line

BULLET = "•"
# In ems: the largest bullet, the distance to what it stands before, and how far it may be off the middle of the line.
_LARGEST, _BEFORE, _OFF = 0.55, 2.5, 0.25
_MIDDLE = 0.36


def with_bullets(pieces: Sequence[Line], dots: Sequence[tuple[float, float, float]]) -> list[Line]:
    """The pieces, those before which a dot stands with a bullet."""
    marked = list(pieces)
    for left, right, y in dots:
        before = [n for n, piece in enumerate(pieces) if _stands_before(left, right, y, piece)]
        nearest = min(before, key=lambda n: pieces[n].x0, default=None)
        if nearest is not None and marked[nearest] is pieces[nearest]:
            marked[nearest] = replace(pieces[nearest], text=f"{BULLET} {pieces[nearest].text}", x0=left)
    return marked


def _stands_before(left: float, right: float, y: float, piece: Line) -> bool:
    size = piece.size
    return (
        right - left <= _LARGEST * size
        and 0 <= piece.x0 - right <= _BEFORE * size
        and abs(piece.y - _MIDDLE * size - y) <= _OFF * size
    )
