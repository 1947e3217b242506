"""Pictures of text, drawn as a scanner would give them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_NAME = "NotoSansCJK-Regular.ttc"
_FONTS = [Path("/usr/share/fonts") / place / _NAME for place in ("opentype/noto", "truetype/noto", "noto-cjk")]
FONT = next((font for font in _FONTS if font.is_file()), None)


def page(lines: Sequence[tuple[int, int, str]], size: int = 26, width: int = 640, height: int = 300) -> Image.Image:
    """White paper with lines, each given by its left, its top and its text, in pixels."""
    paper = Image.new("L", (width, height), 255)
    pen, font = ImageDraw.Draw(paper), ImageFont.truetype(str(FONT), size, index=2)
    for x, y, text in lines:
        pen.text((x, y), text, font=font, fill=0)
    return paper


def file(image: Image.Image, kind: str = "PNG", more: Sequence[Image.Image] = ()) -> bytes:
    """The bytes of a file of that kind."""
    stream = io.BytesIO()
    image.save(stream, kind, save_all=bool(more), append_images=more)
    return stream.getvalue()
