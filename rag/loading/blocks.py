"""What every format's parser produces, and how it becomes a Document with exact offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import Block, BlockKind, Document

DOC_ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block before it has a place in a document. ``level`` is the depth of a heading (1 is the highest)
    or of a list item; ``item`` its 1-based place in a list.
    """

    kind: BlockKind
    text: str
    line: int
    path: tuple[str, ...] = ()
    level: int = 0
    item: int = 0


def assemble(raw: Sequence[RawBlock], *, source: str, default_title: str, sha256: str) -> Document:
    """Join blocks with line breaks and number them from 1.

    The title is the heading that the document begins with, or else its first top-level heading, or else
    ``default_title``.
    """
    blocks: list[Block] = []
    position = 0
    for number, block in enumerate(raw, start=1):
        end = position + len(block.text)
        blocks.append(
            Block(number, block.kind, position, end, block.line, block.path, level=block.level, item=block.item)
        )
        position = end + 1
    headings = [b for i, b in enumerate(raw) if b.kind is BlockKind.HEADING and (i == 0 or b.level == 1)]
    return Document(
        doc_id=sha256[:DOC_ID_DIGITS],
        title=headings[0].text if headings else default_title,
        source=source,
        sha256=sha256,
        text="\n".join(b.text for b in raw),
        blocks=tuple(blocks),
    )
