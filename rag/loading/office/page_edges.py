"""What stands at the edges of pages, on a master of slides or behind the text: read once, after all else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rag.loading.blocks import RawBlock
from rag.types import BlockKind

# Under these names; it belongs to no part of the text.
HEADER, FOOTER, MASTER = "页眉", "页脚", "母版"
_ALONE = re.compile(r"(?:[\W_]|第|共|页|頁|page|of)*", re.IGNORECASE)


class Edges:
    """Keeps what a document says, so that a title in a header and the footer of each section are not said again."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def body(self, blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
        """The ``blocks`` of the text."""
        for block in blocks:
            self._said.add(block.text)
            yield block

    def once(self, name: str, blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
        """Those of ``blocks`` that say more than the number of a page, and were not said, under ``name``."""
        for block in blocks:
            if not _ALONE.fullmatch(block.text) and block.text not in self._said:
                self._said.add(block.text)
                yield replace(block, kind=BlockKind.PARAGRAPH, path=(name, *block.path), level=0, item=0)

    def lines(self, name: str, texts: Iterable[str], path: tuple[str, ...] = ()) -> Iterator[RawBlock]:
        """The same of lines, which stand under ``path``."""
        said = (text.strip() for text in texts)
        return self.once(name, (RawBlock(BlockKind.PARAGRAPH, text, path=path) for text in said if text))
