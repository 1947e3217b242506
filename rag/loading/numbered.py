"""Headings that are told by their numbers alone: "第二章 职责", "一、总则", "（一）范围", as in official papers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.loading.blocks import RawBlock, path_name
from rag.types import BlockKind

_LONGEST = 30
_NUMERALS = "一二三四五六七八九十百"
# From the outer to the inner.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"第[{_NUMERALS}\d]+[编篇部]\s*\S",
        rf"第[{_NUMERALS}\d]+章\s*\S",
        rf"第[{_NUMERALS}\d]+节\s*\S",
        rf"[{_NUMERALS}]{{1,3}}、\s*\S",
        rf"[（(][{_NUMERALS}]{{1,3}}[）)]\s*\S",
    )
)
# Those that one alone says.
_CHAPTERS = 3
_NO_HEADING = tuple("。！？!?；;，,：:、")
_TEXT = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
# Not as high as a title; so many of one form at least, and of all of the form this share.
_HIGHEST, _LEAST, _MOST = 2, 2, 0.6


def with_numbered_headings(blocks: tuple[RawBlock, ...]) -> tuple[RawBlock, ...]:
    """``blocks`` with such paragraphs as headings of what follows, where most of one form have text below them."""
    forms = list(_forms(blocks)) if blocks else []
    return tuple(_headed(blocks, forms)) if any(forms) else blocks


def _forms(blocks: Sequence[RawBlock]) -> Iterator[int]:
    """By block the number of its form, from 1: below 0 of what is no heading and ends what was under one; else 0."""
    forms = [_form(block) for block in blocks]
    heads = [
        form if _is_brief(block.text) and not 0 < after <= form else 0
        for block, form, after in zip(blocks, forms, [*forms[1:], 1], strict=True)
    ]
    counts, brief = Counter(forms), Counter(heads)
    for form, head in zip(forms, heads, strict=True):
        enough = brief[form] >= max(1 if form <= _CHAPTERS else _LEAST, _MOST * counts[form])
        yield (head or -form) if form and enough else 0


def _form(block: RawBlock) -> int:
    if block.kind not in _TEXT or block.ocr:
        return 0
    return next((number for number, form in enumerate(_FORMS, start=1) if form.match(block.text)), 0)


def _is_brief(text: str) -> bool:
    return len(text) <= _LONGEST and not text.endswith(_NO_HEADING)


def _headed(blocks: Sequence[RawBlock], forms: Sequence[int]) -> Iterator[RawBlock]:
    level = _HIGHEST - 1
    path: tuple[str, ...] = ()
    above: list[tuple[int, str]] = []
    for block, form in zip(blocks, forms, strict=True):
        if block.kind is BlockKind.HEADING:
            level, path, above = max(_HIGHEST - 1, block.level), (*block.path, path_name(block.text)), []
        above = [(outer, text) for outer, text in above if not form or outer < abs(form)]
        names = tuple(text for _, text in above)
        under = names and block.path[: len(path)] == path
        rest = tuple(name for name in block.path[len(path) :] if name not in names)
        placed = replace(block, path=(*path, *names, *rest)) if under else block
        if form > 0:
            above.append((form, path_name(block.text)))
            placed = replace(placed, kind=BlockKind.HEADING, level=level + len(above), item=0, marker="", bold=())
        yield placed
