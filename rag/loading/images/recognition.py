"""The lines of text in a picture, by PP-OCR on OpenVINO (the extra ``ocr``; the networks are inside rapidocr's wheel).

On two cores of a machine that was busy with other things OpenVINO took 6.6 s of computing for a page of 624
characters, onnxruntime 10.3 s, to the same text; and OpenVINO is here anyway.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.errors import LoadError

if TYPE_CHECKING:
    from PIL.Image import Image

INSTALL = 'pip install "wenyuan[ocr]"'
"""What makes pictures readable."""
MOST_PICTURES = 1_000
"""Of one file; a long one counts for each of its parts."""
MOST_PIXELS = 100_000_000
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
# Of a page at 150 dpi and a line's height, in pixels. Smaller pictures are ornaments.
MOST_SIDE = 2_000
_LEAST_WIDTH, _LEAST_HEIGHT = 120, 24
# A picture so much longer than wide (a chat's, a web page's) is cut where nothing stands, this share before the end.
_LONG, _LOOKED_AT = 2.2, 0.25
# What is less sure than this is no text.
_SURE = 0.5
_SIDEWAYS = 1.5
# Sizes of type that differ by less are one: a network's boxes are not exact to the pixel.
_ONE_SIZE = 1.3
# A Chinese character's share of its box's height, which leaves room for marks above and below.
_TYPE = 0.8


Box = tuple[float, float, float, float]


class Seen(NamedTuple):
    """A line in pixels from the left and top of the picture as it reads best: ``y`` is its baseline.

    ``sure`` is in (0, 1]. ``box`` is where it stands in the picture as it was given: left, top, right, bottom.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    sure: float
    box: Box = (0.0, 0.0, 0.0, 0.0)


class Looked(NamedTuple):
    """The lines of a picture with its size as it stands upright; and how many lines can't be made out."""

    lines: list[Seen]
    width: int
    height: int
    unsure: int = 0


@cache
def is_installed() -> bool:
    """Whether there is what recognises text."""
    return find_spec("rapidocr") is not None


def how_to_read() -> tuple[str, str]:
    """What to do about pictures that were not read, in Chinese and English."""
    if is_installed():
        return (
            f"一个文件最多识别 {MOST_PICTURES:,} 张图片，请拆成几个文件。",
            f"At most {MOST_PICTURES:,} pictures of a file are recognised: divide it into several files.",
        )
    return (
        f"要识别其中的文字，请运行 {INSTALL}，再索引一次。",
        f"To recognise text in them: {INSTALL}, and index again.",
    )


class Recogniser:
    """Reads picture after picture. ``begin`` a file with what is to be told of each picture's number beforehand."""

    def __init__(self) -> None:
        self.begin(lambda _: None)

    def begin(self, tell: Callable[[int], None]) -> None:
        """Another file begins, of which no picture has been read."""
        self._tell, self._done = tell, 0
        self._met: set[bytes] = set()

    def page(self, draw: Callable[[], Image]) -> Looked | None:
        """What stands in a picture; None if nothing can be recognised, or not any more in this file."""
        if not is_installed() or self._done >= MOST_PICTURES:
            return None
        image = draw().convert("RGB")
        if not is_worth(*image.size):
            return Looked([], *image.size)
        parts = list(_parts(image))
        found = []
        for top, part in parts:
            if self._done >= MOST_PICTURES:
                return None
            self._done += 1
            self._tell(self._done)
            found.append((top, _upright(part) if len(parts) == 1 else _looked(part)))
        if len(found) == 1:
            return found[0][1]
        lines = [_lower(line, top) for top, looked in found for line in looked.lines]
        return Looked(_sized(lines), *image.size, sum(looked.unsure for _, looked in found))

    def picture(self, data: bytes) -> tuple[Looked | None, bool]:
        """What stands in a picture inside of a file, None also if it is too small; and whether it was met before."""
        image = opened(data) if is_installed() else None
        if image is None:
            return None, False
        digest = hashlib.sha256(data).digest()
        again = digest in self._met
        self._met.add(digest)
        return (None, True) if again else (self.page(lambda: image), False)


def opened(data: bytes) -> Image | None:
    """A picture as it is to be seen; None if it is damaged, too small to hold text, or too large."""
    try:
        with _unpacked(data) as image:
            return _seen_upright(image) if is_worth(*image.size) else None
    except MemoryError:
        raise
    except Exception:
        # Whatever a damaged picture makes Pillow throw.
        return None


def frames(data: bytes, name: Path) -> Iterator[Callable[[], Image]]:
    """The pictures of a file, each to be called before the next comes. Raises LoadError."""
    try:
        with _unpacked(data) as image:
            # The pictures of an animation show the same.
            for number in range(getattr(image, "n_frames", 1) if image.format == "TIFF" else 1):
                image.seek(number)
                _bounded(image)
                yield lambda: _seen_upright(image)
    except (MemoryError, LoadError):
        raise
    except Exception as error:
        reason = type(error).__name__
        raise LoadError(
            f"无法读取 {name}：图片已损坏、太大，或不是 {name.suffix} 格式（{reason}）。请重新保存后再索引。",
            f"Can't read {name}: damaged, too large, or not a {name.suffix} picture ({reason}). Save it again.",
        ) from error


def _unpacked(data: bytes) -> Any:
    """A picture of a kind that is read. Raises what Pillow does."""
    from PIL import Image

    image = Image.open(io.BytesIO(data), formats=_FORMATS)
    _bounded(image)
    return image


def _bounded(image: Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"{image.width} x {image.height} > {MOST_PIXELS:,}")


def _seen_upright(image: Image) -> Image:
    from PIL import ImageOps

    return _on_white(ImageOps.exif_transpose(image))


def is_worth(width: float, height: float) -> bool:
    """Whether a picture of so many pixels may hold a line of text."""
    return width >= _LEAST_WIDTH and height >= _LEAST_HEIGHT


def _on_white(image: Image) -> Image:
    from PIL import Image as Images

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    paper = Images.new("RGBA", seen.size, "white")
    return Images.alpha_composite(paper, seen).convert("RGB")


def _parts(image: Image) -> Iterator[tuple[int, Image]]:
    """A long picture in parts, each with where it begins."""
    import numpy as np

    width, height = image.size
    top = 0
    while height - top > _LONG * width:
        end = top + int(_LONG * width)
        begin = end - int(_LOOKED_AT * _LONG * width)
        rows = np.asarray(image.crop((0, begin, width, end)).convert("L"), dtype=np.float32).std(axis=1)
        cut = begin + int(len(rows) - 1 - rows[::-1].argmin())
        yield top, image.crop((0, top, width, cut))
        top = cut
    yield top, image.crop((0, top, width, height)) if top else image


def _upright(image: Image) -> Looked:
    """What stands in a picture, turned if that reads better."""
    looked = _looked(image)
    tall = sum(line.size > _SIDEWAYS * (line.x1 - line.x0) for line in looked.lines)
    sideways = tall > len(looked.lines) / 2
    if not sideways and looked.unsure <= len(looked.lines):
        return looked
    turned = [_turned(image, quarters) for quarters in ((1, 3) if sideways else (2,))]
    # Tall boxes may be read well, but their lines stand beside each other.
    return max(turned if sideways else [looked, *turned], key=_said)


def _lower(line: Seen, by: int) -> Seen:
    left, top, right, bottom = line.box
    return line._replace(y=line.y + by, box=(left, top + by, right, bottom + by))


def _turned(image: Image, quarters: int) -> Looked:
    """What stands in a picture that is turned to the left by so many quarters; boxes are those before that."""
    looked = _looked(image.rotate(90 * quarters, expand=True))
    width, height = looked.width, looked.height

    def back(box: Box) -> Box:
        left, top, right, bottom = box
        match quarters:
            case 1:
                return height - bottom, left, height - top, right
            case 2:
                return width - right, height - bottom, width - left, height - top
            case _:
                return top, width - right, bottom, width - left

    return looked._replace(lines=[line._replace(box=back(line.box)) for line in looked.lines])


def _said(looked: Looked) -> float:
    return sum(line.sure**4 * len(line.text) for line in looked.lines)


def _looked(image: Image) -> Looked:
    import numpy as np

    width, height = image.size
    scale = min(1.0, MOST_SIDE / max(width, height))
    if scale < 1.0:
        image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))))
    found = _engine()(np.asarray(image)[:, :, ::-1])
    if found.boxes is None or getattr(found, "txts", None) is None:
        return Looked([], width, height)
    boxes = np.asarray(found.boxes, dtype=np.float64) / scale
    rows = list(zip(_level(boxes), boxes, found.txts, found.scores, strict=True))
    lines = [_seen(*row) for row in rows if row[3] >= _SURE and row[2].strip()]
    unsure = sum(sure < _SURE and bool(text.strip()) for _, _, text, sure in rows)
    return Looked(_sized(lines), width, height, unsure)


def _level(boxes: Any) -> Any:
    """Boxes (n, 4, 2), corners clockwise from the upper left, turned so that most of their lines are level."""
    import numpy as np

    tops = boxes[:, 1] - boxes[:, 0]
    angles = np.arctan2(tops[:, 1], tops[:, 0])
    wide = tops[:, 0] >= np.median(tops[:, 0])
    angle = float(np.median(angles[wide]))
    if abs(angle) > math.pi / 8:
        return boxes
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return boxes @ turn


def _seen(level: Any, box: Any, text: str, sure: float) -> Seen:
    (left, top), (right, bottom) = level.min(axis=0), level.max(axis=0)
    size, sure = _TYPE * float(bottom - top), min(1.0, float(sure))
    x0, y0, x1, y1 = map(float, (*box.min(axis=0), *box.max(axis=0)))
    return Seen(text.strip(), float(left), float(right), float(bottom) - 0.15 * size, size, sure, (x0, y0, x1, y1))


def _sized(lines: list[Seen]) -> list[Seen]:
    """The lines with sizes that are exactly alike where they are about alike."""
    groups: list[list[float]] = []
    for size in sorted(line.size for line in lines):
        if groups and size <= _ONE_SIZE * groups[-1][0]:
            groups[-1].append(size)
        else:
            groups.append([size])
    alike = {size: group[len(group) // 2] for group in groups for size in group}
    return [line._replace(size=alike[line.size]) for line in lines]


@cache
def _engine() -> Any:
    """What recognises. Its networks are named, so that it looks for none elsewhere."""
    from rag.inference.graph import openvino

    openvino()
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    engine = rapidocr.EngineType.OPENVINO
    found = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
    settings: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Global.text_score": 0.0,
        "Global.max_side_len": MOST_SIDE,
        "EngineConfig.openvino.enable_cpu_pinning": False,
    }
    for part, name in found.items():
        settings |= {f"{part}.engine_type": engine, f"{part}.model_path": str(models / name)}
    return rapidocr.RapidOCR(params=settings)


RECOGNISER = Recogniser()
