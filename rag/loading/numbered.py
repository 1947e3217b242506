"""Headings that are told by what was typed before them alone: "第二章 职责", "（一）范围", "3.2 安装", "议题1：预算";
and those that are paragraphs in bold.

Of one form most must have text below them: lines that count without any are items of a list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from rag.loading.blocks import Places, RawBlock, gather, path_name
from rag.loading.lists import Placed, with_items
from rag.loading.tables.cell_text import is_name
from rag.text.markers import marker
from rag.text.quantities.numbers import value
from rag.types import BlockKind

_LONGEST, _LONGEST_QUESTION = 30, 120
_NUMERALS = "一二三四五六七八九十百"
# Of official papers, from the outer to the inner: 编, 章, 节, 条, then "一、" and "（一）".
_OFFICIAL = re.compile(
    rf"第[{_NUMERALS}\d]+(?P<unit>[编篇部章回节条])|(?P<numeral>[{_NUMERALS}]{{1,3}}、\s*\S)"
    rf"|[（(][{_NUMERALS}]{{1,3}}[）)]\s*\S"
)
_UNITS = {"编": 1, "篇": 1, "部": 1, "章": 2, "回": 2, "节": 3, "条": 4}
_NUMERAL, _INSIDE = 5, 6
# Those of which one alone is enough.
_CHAPTERS = 3
# "3、安装", above 3.1; "3 安装", after 2; "3.2 安装", after 3.1.
_CHAPTER = re.compile(r"(\d{1,2})(\s*[、.．\s]\s*)[^\W\d]")
_DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,3})\.?\s*[^\W\d]{2}")
# "议题1：预算", "步骤二 断电", "Part 3: Safety"
_WORDED = re.compile(
    rf"([\u4e00-\u9fff]{{2,4}}?|[A-Za-z]{{3,9}}\s)(\d{{1,2}}|[{_NUMERALS}]{{1,3}})[：:、，,.．\s]\s*\S"
)
_TITLED = re.compile(r"【[^【】\n]{1,20}】")
_QUESTION = re.compile(r"(?:问题?|[Qq])\s*\d{0,3}\s*[：:]\s*\S")
_ANSWER = re.compile(r"(?:回?答案?|[Aa])\s*\d{0,3}\s*[：:]\s*\S")
_ASKS = ("？", "?")
_NO_HEADING = tuple("。！!；;，,、")
_LEADS = ("：", ":")
_TEXT = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
# Not as high as a title; so many of one form at least, and of all of the form this share.
_HIGHEST, _LEAST, _MOST = 2, 2, 0.6


class _Form(NamedTuple):
    """How a block begins: in a ``family`` of forms, of which those with a higher ``rank`` stand inside of others.

    ``head``: it may be a heading. ``alone``: this needs no others of the form. ``number``: its own, if they count on.
    """

    family: str
    rank: int = 0
    head: bool = True
    alone: bool = False
    number: int = 0

    def ends(self, other: _Form) -> bool:
        """Whether what stands under ``other`` ends with this."""
        return self.family == other.family and self.rank <= other.rank


def structured(blocks: Sequence[RawBlock], apart: Collection[int] = ()) -> tuple[RawBlock, ...]:
    """``blocks`` with the headings and lists that are told by what was typed.

    Paragraphs are headings of what follows where most of one form have text below them. Blank lines stand above the
    lines ``apart``.
    """
    forms = _forms(blocks)
    judged = list(_judged(forms)) if any(forms) else []
    placed = _headed(blocks, judged) if any(judged) else ((block, block.path) for block in blocks)
    return tuple(with_items(placed, apart))


def outlined(blocks: Iterable[RawBlock], name: Path, unread: Places) -> tuple[RawBlock, ...]:
    """`gather` ``blocks``, `structured`: what most loaders do with what they have read. Raises LoadError."""
    return structured(gather(lines_apart(blocks), name, unread))


def lines_apart(blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
    """``blocks``, paragraphs with line breaks of which several lines begin with numbers line by line."""
    for block in blocks:
        lines = block.text.split("\n") if block.kind is BlockKind.PARAGRAPH and "\n" in block.text else []
        if sum(is_numbered(line) for line in lines) < _LEAST:
            yield block
            continue
        begin = 0
        for line in lines:
            end = begin + len(line)
            cut = (min(max(place, begin), end) - begin for place in block.bold)
            bold = (place for pair in zip(cut, cut, strict=True) if pair[0] < pair[1] for place in pair)
            if line.strip():
                yield replace(block, text=line, bold=tuple(bold))
            begin = end + 1


def is_numbered(line: str) -> bool:
    """Whether a line begins with the number of a part or an item."""
    found = marker(line)
    return bool((found and found.number) or _OFFICIAL.match(line))


def _forms(blocks: Sequence[RawBlock]) -> list[_Form | None]:
    """By block how it begins, if it may be a heading or end what is under one."""
    counted = _Decimals()
    texts = [*(block.text for block in blocks), ""]
    return [
        _form(text, after, counted) or _set_off(block) if block.kind in _TEXT and not block.ocr else None
        for block, (text, after) in zip(blocks, pairwise(texts), strict=True)
    ]


def _set_off(block: RawBlock) -> _Form | None:
    """A paragraph that is a name in bold, in one line."""
    text = block.text
    if block.kind is not BlockKind.PARAGRAPH or block.bold != (0, len(text)) or len(text) > _LONGEST or "\n" in text:
        return None
    return _Form("粗") if is_name(text) and not text.endswith((*_NO_HEADING, *_LEADS)) else None


def _form(text: str, after: str, counted: _Decimals) -> _Form | None:
    first = text[:1]
    if first in "问Qq" and len(text) <= _LONGEST_QUESTION and _QUESTION.match(text) and _ANSWER.match(after):
        return _Form("问", alone=True)
    if first == "【" and (titled := _TITLED.match(text)):
        return _Form("【】", head=titled.end() == len(text), alone=True)
    brief = len(text) <= _LONGEST and not text.endswith(_NO_HEADING)
    if official := _OFFICIAL.match(text):
        unit = official["unit"]
        rank = _UNITS[unit] if unit else _NUMERAL if official["numeral"] else _INSIDE
        return _Form("第", rank, brief)
    if first.isdecimal():
        return counted.form(text, after, plain=brief and not text.endswith((*_LEADS, *_ASKS))) or _asked(text)
    worded = _WORDED.match(text) if len(text) <= _LONGEST else None
    if worded:
        return _Form(worded[1], head=not text.endswith(("；", ";", "，", ",")), number=_number(worded[2]))
    return None


def _asked(text: str) -> _Form | None:
    """A question with its number."""
    found = marker(text) if text.endswith(_ASKS) and len(text) <= _LONGEST_QUESTION else None
    return _Form(f"{found.kind}？") if found else None


def _number(written: str) -> int:
    return int(written) if written.isdecimal() else int(value(written) or 0)


class _Decimals:
    """Follows the numbers of parts, which count on: 1, 1.1, 1.2, 2."""

    def __init__(self) -> None:
        self.chapter = 0
        self.numbers: set[str] = set()

    def form(self, text: str, after: str, *, plain: bool) -> _Form | None:
        number = _DECIMAL.match(text)
        if number:
            above, _, last = number[1].rpartition(".")
            if last != "1" and f"{above}.{int(last) - 1}" not in self.numbers:
                return None
            self.numbers.add(number[1])
            return _Form("1", 1 + number[1].count("."), plain, alone=True)
        whole = _CHAPTER.match(text) if plain else None
        goes_on = whole and not whole[2].strip() and self.chapter == int(whole[1]) - 1 > 0
        if whole and (goes_on or after.startswith(f"{whole[1]}.1")):
            self.chapter = int(whole[1])
            return _Form("1", 1, alone=True)
        return None


def _judged(forms: Sequence[_Form | None]) -> Iterator[_Form | None]:
    """The forms of headings, and of what ends what is under one; None of all others."""
    last = _Form("第", head=False)
    heads: list[_Form | None] = []
    for form, after in zip(forms, [*forms[1:], last], strict=False):
        above = form is not None and form.head and not (after is last or (after and after.ends(form)))
        heads.append(form if above else None)
    counts = Counter((form.family, form.rank) for form in forms if form)
    brief = Counter((form.family, form.rank) for form in heads if form)
    # A table of contents names the chapters once more.
    named = Counter(
        (form.family, form.rank)
        for form, head in zip(forms, heads, strict=True)
        if form and form.head and not head and form.family == "第" and form.rank <= _UNITS["条"]
    )
    counting = _counting(forms)
    for form, head in zip(forms, heads, strict=True):
        key = (form.family, form.rank) if form else ("", 0)
        least = 1 if form and (form.alone or (form.family == "第" and form.rank <= _CHAPTERS)) else _LEAST
        enough = brief[key] >= max(least, 0 if form and form.alone else _MOST * (counts[key] - named[key]))
        if form is None or not enough or (form.number and form.family not in counting):
            yield None
        else:
            yield form._replace(head=head is not None)


def _counting(forms: Sequence[_Form | None]) -> set[str]:
    """The families whose numbers count on."""
    last: dict[str, int] = {}
    found: set[str] = set()
    for form in forms:
        if form and form.number:
            if form.number == last.get(form.family, 0) + 1 > 1:
                found.add(form.family)
            last[form.family] = form.number
    return found


def _headed(blocks: Sequence[RawBlock], forms: Sequence[_Form | None]) -> Iterator[Placed]:
    level = _HIGHEST - 1
    path: tuple[str, ...] = ()
    above: list[tuple[_Form, str]] = []
    whole = path
    for block, form in zip(blocks, forms, strict=True):
        if block.kind is BlockKind.HEADING:
            level, path, above = max(_HIGHEST - 1, block.level), (*block.path, path_name(block.text)), []
            whole = path
        if form:
            outer = next((n for n, (other, _) in enumerate(above) if form.ends(other)), len(above))
            del above[outer:]
            whole = (*path, *(text for _, text in above))
        if form and form.head:
            place = _under(block.path, path, whole)
            above.append((form, path_name(block.text)))
            whole = (*whole, path_name(block.text))
            heading = RawBlock(BlockKind.HEADING, block.text, block.line, place, level + len(above), page=block.page)
            yield heading, place
        else:
            yield block, _under(block.path, path, whole)


def _under(own: tuple[str, ...], path: tuple[str, ...], whole: tuple[str, ...]) -> tuple[str, ...]:
    """The path of what stands under ``path`` with the headings found below that, in ``whole``."""
    if own == path:
        return whole
    if len(whole) == len(path) or own[: len(path)] != path:
        return own
    names = whole[len(path) :]
    return (*whole, *(name for name in own[len(path) :] if name not in names))
