"""Pictures to blocks: files that are one (PNG, JPEG, TIFF, WebP, BMP), and those inside of other documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.images.recognition import RECOGNISER, Looked, frames, how_to_read, is_installed
from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids import Grid
from rag.loading.pdf.reflow import recognised, reflowed
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# In points: what the rebuilding of pages counts in. A picture is taken for a page of A4.
_PAGE_WIDTH = 595.0


def parse_image(data: bytes, name: Path) -> Parsed:
    """The text in a picture; of several (a fax in TIFF) each is a page. Raises LoadError."""
    if not is_installed():
        zh, en = how_to_read()
        raise LoadError(
            f"{name} 是图片，没有读（1 张）。{zh}",
            f"{name} is a picture and was not read (1 picture). {en}",
        )
    unread, tables, pages = Unread(), list[Grid](), list[list[Line]]()
    for number, image in enumerate(frames(data, name), start=1):
        looked = RECOGNISER.page(image) or Looked([], 1, 1)
        unread.add(Lost.LINE, looked.unsure, page=number)
        unread.add(Lost.PICTURE, not looked.lines, page=number)
        pages.append(recognised(looked, _PAGE_WIDTH / max(1, looked.width), tables))
    if not any(pages):
        raise LoadError(
            f"{name} 里没有认出文字，已跳过。",
            f"No text was recognised in {name}; it was skipped.",
        )
    alone = len(pages) == 1
    blocks = (replace(block, page=0) if alone else block for block in reflowed(pages, tables))
    return Parsed(gather(blocks, name, unread), notices=unread.notices(name))


def picture_blocks(data: bytes, unread: Unread, path: tuple[str, ...], *, page: int = 0) -> Iterator[RawBlock]:
    """The blocks of a picture that stands in a document under ``path``; one without text is told."""
    under = next(reversed(path), "")
    looked, again = RECOGNISER.picture(data)
    if again:
        # A logo on every slide.
        return
    if looked is None or not looked.lines:
        unread.add(Lost.PICTURE, under=under, page=page)
        return
    unread.add(Lost.LINE, looked.unsure, under=under, page=page)
    tables: list[Grid] = []
    lines = recognised(looked, _PAGE_WIDTH / max(1, looked.width), tables)
    for block in reflowed([lines], tables):
        # Large type in a picture is no heading of the document that it stands in.
        kind = BlockKind.PARAGRAPH if block.kind is BlockKind.HEADING else block.kind
        level = 0 if kind is BlockKind.PARAGRAPH else block.level
        inner = block.path if block.kind is BlockKind.ROW else ()
        yield replace(block, kind=kind, level=level, path=(*path, *inner), page=page)
