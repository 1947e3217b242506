"""RTF to blocks, by striprtf: lines as of plain text, rows of tables as rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.plain import parse_plain
from rag.loading.tables import Row, table
from rag.loading.unread import Lost, Unread

_CELL = "|"
_LOST = ((r"\\pict\b", Lost.PICTURE), (r"\\(?:footnote|annotation)\b", Lost.PART), (r"\\objdata\b", Lost.EMBEDDED))


def parse_rtf(data: bytes, name: Path) -> Parsed:
    """The text and tables; pictures and notes are told. Raises LoadError."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError(
            f"无法读取 {name}：文件已损坏，或不是 .rtf 格式。请重新导出后再索引。",
            f"Can't read {name}: damaged, or not an .rtf file. Export it again.",
        )
    source = data.decode("latin-1")
    unread = Unread()
    for pattern, kind in _LOST:
        for _ in re.finditer(pattern, source):
            unread.add(kind)
    return Parsed(gather(_blocks(rtf_to_text(source, errors="ignore")), name), notices=unread.notices(name))


def _blocks(text: str) -> Iterator[RawBlock]:
    path: tuple[str, ...] = ()
    for in_table, lines in groupby(text.split("\n"), key=lambda line: line.rstrip().endswith(_CELL)):
        if in_table:
            rows = (Row(line.rstrip().removesuffix(_CELL).split(_CELL)) for line in lines)
            yield from table(rows, path)
            continue
        for block in parse_plain("\n".join(lines)):
            yield replace(block, line=0)
            path = (*block.path, block.text) if block.level and block.kind == "heading" else block.path
