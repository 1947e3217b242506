"""Plain text to blocks: a line is a paragraph, unless the lines were wrapped at a fixed width."""

from __future__ import annotations

import re
from pathlib import Path

from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.loading.lists import Lists
from rag.text.markers import marker
from rag.text.normalization import is_cjk
from rag.types import BlockKind

_SHORT = 30
_CHINESE_NUMERALS = "一二三四五六七八九十"
_HEADING = re.compile(
    rf"第[{_CHINESE_NUMERALS}百0-9]+[章节篇回部]|[{_CHINESE_NUMERALS}]+、|(?:主题|问题|趋势|阶段|部分)[{_CHINESE_NUMERALS}]"
)
_ENDS = "。！？!?…：:；;”」』）)"


def parse_txt(data: bytes, name: Path) -> Parsed:
    """The paragraphs of a text. Raises LoadError."""
    return Parsed(gather(parse_plain(decode(data, name)), name))


def parse_plain(text: str) -> list[RawBlock]:
    """Blocks in reading order, without blank lines. Short lines that begin like a heading are headings."""
    blocks: list[RawBlock] = []
    headings: tuple[str, ...] = ()
    lists = Lists()
    lines = ["", *text.split("\n")]
    for line, content in _paragraphs(text):
        if len(content) <= _SHORT and _HEADING.match(content) and not content.endswith(("：", ":")):
            blocks.append(RawBlock(BlockKind.HEADING, content, line, level=2))
            headings = (content,)
            lists.end()
        else:
            blocks.append(lists.block(content, headings, line=line, apart=not lines[line - 1].strip()))
    return blocks


def ordinal_of(text: str) -> int | None:
    """The place in a list that ``text`` begins with; 1 after a bullet, None if it begins like no list item."""
    found = marker(text)
    return (found.number or 1) if found else None


def _paragraphs(text: str) -> list[tuple[int, str]]:
    """``(line, paragraph)``: the lines between two blank ones are joined if they look wrapped."""
    paragraphs: list[tuple[int, str]] = []
    group: list[tuple[int, str]] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        content = line.strip()
        if not content or marker(content):
            if _is_wrapped([line for _, line in group]):
                paragraphs.append((group[0][0], _join([line for _, line in group])))
            else:
                paragraphs.extend(group)
            group = []
        if content:
            group.append((number, content))
    return paragraphs


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the lines were cut at a width: all but the last about as long as the longest, most cut mid-sentence."""
    if len(lines) < 2:
        return False
    full = lines[:-1]
    widest = max(map(_width, lines))
    cut = sum(not line.endswith(tuple(_ENDS)) for line in full)
    return 40 <= widest <= 160 and all(_width(line) >= 0.75 * widest for line in full) and cut >= 0.6 * len(full)


def _width(line: str) -> int:
    return sum(2 if is_cjk(c) else 1 for c in line)


def _join(lines: list[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        text += line if is_cjk(text[-1]) and is_cjk(line[0]) else f" {line}"
    return text
