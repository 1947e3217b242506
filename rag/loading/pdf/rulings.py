"""What is drawn on a page: straight lines, which are the borders of tables, and the dots before items of lists."""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# In points: what is thinner is a line, what is shorter none, and so far may two lie apart and be one.
_THIN = 3.0
_SHORTEST = 4.0
_NEAR = 2.0
# A page with more is a drawing.
_MOST = 3_000
_DEEPEST = 4
# What is as high as wide and no larger may be a bullet.
_SMALLEST_DOT, _LARGEST_DOT, _ROUND = 1.5, 12.0, 1.0
_MOST_DOTS = 500


@dataclass(frozen=True, slots=True, order=True)
class Ruling:
    """A line at ``at`` from ``begin`` to ``end``: across at a height from the page's top, or down at an x."""

    at: float
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Rulings:
    """The lines across and down a page, in order, and dots: left and right edge, height of the middle."""

    across: tuple[Ruling, ...] = ()
    down: tuple[Ruling, ...] = ()
    dots: tuple[tuple[float, float, float], ...] = ()

    def between(self, left: float, right: float, y: float) -> bool:
        """Whether a line goes down between two characters on the baseline ``y``."""
        if not self.down:
            return False
        first = bisect_left(self.down, Ruling(left - _NEAR, 0.0, 0.0))
        for ruling in self.down[first:]:
            if ruling.at > right + _NEAR:
                return False
            if ruling.begin - _NEAR <= y <= ruling.end + _NEAR:
                return True
        return False


def rulings(page: Any, angle: int, highest: float) -> Rulings:
    """The lines of a page that is read at ``angle`` (quarters of a turn), whose top is then at ``highest``."""
    across: list[Ruling] = []
    down: list[Ruling] = []
    dots: list[tuple[float, float, float]] = []
    for element, matrix in _paths(page):
        for x0, y0, x1, y1 in _dots(element, matrix) if len(dots) < _MOST_DOTS else ():
            (left, low), (right, high) = _turned(angle, x0, y0), _turned(angle, x1, y1)
            dots.append((min(left, right), max(left, right), highest - (low + high) / 2))
        for x0, y0, x1, y1 in _straight(element, matrix):
            (left, low), (right, high) = _turned(angle, x0, y0), _turned(angle, x1, y1)
            if abs(low - high) <= abs(left - right):
                across.append(Ruling(highest - (low + high) / 2, min(left, right), max(left, right)))
            else:
                down.append(Ruling((left + right) / 2, highest - max(low, high), highest - min(low, high)))
        if len(across) + len(down) > _MOST:
            return Rulings()
    return Rulings(_merged(across), _merged(down), tuple(dots) if len(dots) < _MOST_DOTS else ())


def _turned(angle: int, x: float, y: float) -> tuple[float, float]:
    return ((x, y), (-y, x), (-x, -y), (y, -x))[angle]


def _merged(found: list[Ruling]) -> tuple[Ruling, ...]:
    """Pieces of one line joined."""
    merged: list[Ruling] = []
    for ruling in sorted(found, key=lambda r: (round(r.at / _NEAR), r.begin)):
        last = merged[-1] if merged else None
        if last and abs(last.at - ruling.at) <= _NEAR and ruling.begin <= last.end + _NEAR:
            merged[-1] = Ruling(last.at, last.begin, max(last.end, ruling.end))
        else:
            merged.append(ruling)
    return tuple(sorted(r for r in merged if r.end - r.begin >= _SHORTEST))


def _paths(page: Any) -> Iterator[tuple[Any, tuple[float, ...]]]:
    """What is drawn, each with what turns its places to those of the page."""
    import pypdfium2.raw as pdfium

    identity = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    holders: list[tuple[Any, int, Any, tuple[float, ...], int]] = [
        (page.raw, pdfium.FPDFPage_CountObjects(page.raw), pdfium.FPDFPage_GetObject, identity, 0)
    ]
    while holders:
        holder, count, get, outer, depth = holders.pop()
        for index in range(count):
            element = get(holder, index)
            kind = pdfium.FPDFPageObj_GetType(element)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                yield element, _product(_matrix(element), outer)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                inside = max(0, pdfium.FPDFFormObj_CountObjects(element))
                matrix = _product(_matrix(element), outer)
                holders.append((element, inside, pdfium.FPDFFormObj_GetObject, matrix, depth + 1))


def _dots(path: Any, matrix: tuple[float, ...]) -> Iterator[tuple[float, float, float, float]]:
    """The corners of a path that is as small and round as a bullet."""
    points = [point for part in _outlines(path, matrix, curved=True) for point in part]
    if points:
        (x0, x1), (y0, y1) = ((min(places), max(places)) for places in zip(*points, strict=True))
        width, height = x1 - x0, y1 - y0
        if _SMALLEST_DOT <= width <= _LARGEST_DOT and abs(width - height) <= _ROUND:
            yield x0, y0, x1, y1


def _straight(path: Any, matrix: tuple[float, ...]) -> Iterator[tuple[float, float, float, float]]:
    """The lines of a path that go across or down: of what is filled those that are thin."""
    import pypdfium2.raw as pdfium

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    for points in _outlines(path, matrix):
        xs, ys = [x for x, _ in points], [y for _, y in points]
        width, height = max(xs) - min(xs), max(ys) - min(ys)
        if min(width, height) <= _THIN and len(points) > 1:
            if max(width, height) >= _SHORTEST:
                middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
                if width >= height:
                    yield min(xs), middle_y, max(xs), middle_y
                else:
                    yield middle_x, min(ys), middle_x, max(ys)
        elif stroke.value:
            for (x0, y0), (x1, y1) in pairwise(points):
                if min(abs(x0 - x1), abs(y0 - y1)) <= 1.0 and max(abs(x0 - x1), abs(y0 - y1)) >= _SHORTEST:
                    yield x0, y0, x1, y1


def _outlines(path: Any, matrix: tuple[float, ...], *, curved: bool = False) -> Iterator[list[tuple[float, float]]]:
    """The corners of each part of a path; a part with curves is none, unless ``curved``."""
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_float(), ctypes.c_float()
    a, b, c, d, e, f = matrix
    points: list[tuple[float, float]] = []
    bent = False
    for index in range(min(pdfium.FPDFPath_CountSegments(path), _MOST)):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        place = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            if points and (curved or not bent):
                yield points
            points, bent = [], False
        bent = bent or kind == pdfium.FPDF_SEGMENT_BEZIERTO
        points.append(place)
        if pdfium.FPDFPathSegment_GetClose(segment) and points:
            points.append(points[0])
    if points and (curved or not bent):
        yield points


def _matrix(element: Any) -> tuple[float, ...]:
    import pypdfium2.raw as pdfium

    m = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(element, m)
    return m.a, m.b, m.c, m.d, m.e, m.f


def _product(inner: tuple[float, ...], outer: tuple[float, ...]) -> tuple[float, ...]:
    a, b, c, d, e, f = inner
    A, B, C, D, E, F = outer  # noqa: N806
    return a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F
