"""Draws a page of a PDF, or of a picture, with the places of its lines. To be called where files are read apart."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.loading.facsimile import Facsimile, PlacedLine
from rag.loading.images.recognition import MOST_SIDE, RECOGNISER, Box, Seen, frames
from rag.loading.pdf.fields import marks
from rag.loading.pdf.glyphs import Glyph, Line, page_text
from rag.text.normalization import is_cjk

if TYPE_CHECKING:
    from PIL.Image import Image

# Dots a point: 150 an inch, as where text is recognised.
_DOTS = 150 / 72
# Of what is shown: no screen has more across a page, and WebP no longer sides.
_MOST_WIDTH, _MOST_PIXELS, _LONGEST = 2_000, 8_000_000, 16_000
_QUALITY, _EFFORT = 80, 2
# A page with more characters is shown without their places: no one reads it.
_MOST_CHARACTERS = 20_000
_GRID = 1_000_000
# A level line stands this far from where it is seen, as a share of the picture's width.
_ASLANT = 0.05


def draw(data: bytes, name: Path, page: int, *, look: bool) -> Facsimile:
    """Page ``page`` (from 1) of a file, whose format the suffix of ``name`` gives.

    ``look``: its text is in a picture, and looked for there. Raises what the libraries do.
    """
    drawn = _of_pdf if name.suffix.lower() == ".pdf" else _of_picture
    return drawn(data, name, page, look=look)


def _of_pdf(data: bytes, name: Path, number: int, *, look: bool) -> Facsimile:  # noqa: ARG001
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    try:
        pages = len(document)
        if not 1 <= number <= pages:
            return Facsimile(pages)
        page = document[number - 1]
        return Facsimile(pages, _packed(_rendered(page)), tuple(_lines(page, document.formenv, look=look)))
    finally:
        document.close()


def _rendered(page: Any) -> Image:
    """A page as it is shown."""
    image: Image = page.render(scale=min(_DOTS, _bounds(*page.get_size())), may_draw_forms=True).to_pil()
    return image


def _lines(page: Any, form: Any, *, look: bool) -> Iterator[PlacedLine]:
    if not look:
        return _written(page, form)
    scale = min(_DOTS, MOST_SIDE / max(1.0, *page.get_size()))
    return _recognised(lambda: page.render(scale=scale).to_pil())


def _of_picture(data: bytes, name: Path, number: int, *, look: bool) -> Facsimile:
    pages, found = 0, Facsimile(0)
    for pages, image in enumerate(frames(data, name), start=1):
        if pages == number:
            found = _seen(image(), look=look)
    return replace(found, pages=pages)


def _seen(image: Image, *, look: bool) -> Facsimile:
    return Facsimile(0, _packed(_shrunk(image)), tuple(_recognised(lambda: image)) if look else ())


def _bounds(width: float, height: float) -> float:
    """The most by which a picture of that size may be enlarged."""
    width, height = max(1.0, width), max(1.0, height)
    return min(_MOST_WIDTH / width, math.sqrt(_MOST_PIXELS / (width * height)), _LONGEST / max(width, height))


def _shrunk(image: Image) -> Image:
    scale = _bounds(*image.size)
    return image if scale >= 1 else image.resize([max(1, int(scale * side)) for side in image.size], reducing_gap=2.0)


def _packed(image: Image) -> bytes:
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "WEBP", quality=_QUALITY, method=_EFFORT)
    return stream.getvalue()


def _written(page: Any, form: Any) -> Iterator[PlacedLine]:
    """The lines that the file has, in its order, and then its filled fields."""
    text = page.get_textpage()
    try:
        if text.count_chars() > _MOST_CHARACTERS:
            return
    finally:
        text.close()
    share = _shares(page)
    said = page_text(page)
    for line, glyphs in zip(said.pieces, said.glyphs, strict=True):
        yield _line(line, ((glyph.character, share(glyph.box)) for glyph in glyphs if _is_whole(glyph)))
    top = page.get_cropbox()[3]
    for field in marks(page, form.raw if form else None, top).fields:
        yield _line(field, _spread(field.text, share(_around(field, top))))


def _is_whole(glyph: Glyph) -> bool:
    """Half of a surrogate pair is no character."""
    return not "\ud800" <= glyph.character <= "\udfff"


def _around(line: Line, top: float) -> Box:
    """Left, bottom, right and top of a line as PDF counts, from the bottom of the page."""
    return line.x0, top - line.y - 0.2 * line.size, line.x1, top - line.y + 0.9 * line.size


def _shares(page: Any) -> Callable[[Box], Box]:
    """What turns a box as PDF counts, from the bottom and before the page is turned, into shares of what is seen."""
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()

    def point(x: float, y: float) -> tuple[float, float]:
        pdfium.FPDF_PageToDevice(page.raw, 0, 0, _GRID, _GRID, 0, x, y, across, down)
        return across.value / _GRID, down.value / _GRID

    def share(box: Box) -> Box:
        (x0, y0), (x1, y1) = point(box[0], box[1]), point(box[2], box[3])
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    return share


def _recognised(picture: Callable[[], Image]) -> Iterator[PlacedLine]:
    """The lines that are recognised in a picture; none where nothing can be."""
    sizes: list[tuple[int, int]] = []

    def drawn() -> Image:
        image = picture()
        sizes.append(image.size)
        return image

    looked = RECOGNISER.page(drawn)
    for line in looked.lines if looked else ():
        width, height = sizes[0]
        left, top, right, bottom = line.box
        box = (left / width, top / height, right / width, bottom / height)
        # Of a line that was read sideways or upside down it is not known where its characters stand.
        upright = right - left >= bottom - top and abs(line.x0 - left) < _ASLANT * width
        yield _line(line, _spread(line.text, box) if upright else ((character, box) for character in line.text))


def _spread(text: str, box: Box) -> Iterator[tuple[str, Box]]:
    """The characters of a line, each with its part of the line's box: Chinese ones are twice as wide as others."""
    left, top, right, bottom = box
    widths = [2 if is_cjk(character) else 1 for character in text]
    step = (right - left) / max(1, sum(widths))
    for character, width in zip(text, widths, strict=True):
        yield character, (left, top, left + step * width, bottom)
        left += step * width


def _line(line: Line | Seen, placed: Iterable[tuple[str, Box]]) -> PlacedLine:
    found = [(character, box) for character, box in placed if not character.isspace()]
    whole = line.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return PlacedLine(whole, "".join(c for c, _ in found), tuple(round(n, 5) for _, box in found for n in box), line.y)
