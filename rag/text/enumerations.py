"""Enumerations: what a document lists over several of its blocks, and what introduces the list.

Four shapes are recognised: list items, sibling headings, paragraphs that begin with ordinals
("首先…", "其次…"), and paragraphs with a short first sentence after a lead that ends with a colon.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rag.text.markers import MARKER, marker
from rag.text.normalization import sentences
from rag.types import Block, BlockKind, Document, Span

_NUMERAL = "一二三四五六七八九十"
_ENUMERATOR = re.compile(
    rf"\s*(?:{MARKER}|"
    rf"第[{_NUMERAL}\d]+(?:[章节部篇]|[是，,、：:])|[{_NUMERAL}]+(?:是|、|[，,])|"
    rf"(?:主题|趋势|问题|阶段|部分)[{_NUMERAL}][，,、：:是]?|(?:首先|其次|再次|再者|然后|最后)(?:是|[，,])?)\s*"
)
_ORDINALS = (
    re.compile(r"(?:首先|第一[，,、是]|一方面)"),
    re.compile(r"(?:其次|再次|再者|然后|最后|此外|第[二三四五六七八九十][，,、是]|另一方面)"),
)
# Neither in 8:30 nor in 4,299.
_CLAUSE_END, _COLON = re.compile(r"[，。；;：！？!?\n]|[,:](?!\d)"), re.compile(r"：|:(?!\d)")
_CLAUSE_BEGIN = re.compile(r"(?:^|[：:；;，,。！？!?\n])\s*")
_ITEM_END, _AFTER_ITEM, _SENTENCE_ENDS = re.compile("[；;。！？!?\n]"), "，,；;。 \n", "。！？!?\n"
_LONGEST_MARKER = 8
_LEAD_END = ("：", ":")
_SHORT_SENTENCE = 14
# Of the items that answer questions for a list in the training data 99 % are not as long.
_LONGEST_ITEM = 40
_LONGEST_LEAD = 120
# Lists within lists are looked for in runs of so many paragraphs at most.
_LONG_RUN = 30


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its block, and the span of the words that name it, without enumerator and punctuation.

    ``said`` is its first sentence where that is short and has no colon; else its name.
    """

    block: Block
    head: Span
    said: Span


@dataclass(frozen=True, slots=True)
class Enumeration:
    """At least two items in reading order. ``lead`` is the sentence or heading before them; None if nothing is."""

    lead: Span | None
    items: tuple[Item, ...]


@lru_cache(maxsize=512)
def enumerations(document: Document) -> tuple[Enumeration, ...]:
    """All enumerations of ``document``, in the order of their first items."""
    above = _above(document)
    groups = [
        *_numbered(document, BlockKind.LIST_ITEM),
        *_numbered(document, BlockKind.HEADING),
        *_ordinal_paragraphs(document),
        *_after_colon(document),
    ]
    made = [
        Enumeration(_lead(document, group[0], above), tuple(_item(document, block) for block in group))
        for group in groups
        if len(group) > 1
    ]
    return tuple(sorted(made, key=lambda enumeration: enumeration.items[0].block.number))


def counted_in(document: Document, block: Block) -> Iterator[tuple[Span, list[Span]]]:
    """The lists inside of a block, of several items that are counted from 1: what leads up to each, and its items."""
    text = document.text[block.start : block.end]
    for run in _counted_runs(text):
        begin = max(text.rfind(mark, 0, run[0].start) for mark in _SENTENCE_ENDS) + 1
        ends = [after.start for after in run[1:]]
        last = _ITEM_END.search(text, run[-1].end)
        items = zip((one.end for one in run), [*ends, last.start() if last else len(text)], strict=True)
        spans = [Span(a, a + len(text[a:b].rstrip(_AFTER_ITEM))) for a, b in items]
        lead = Span(begin, run[0].start)
        yield lead.moved(block.start), [span.moved(block.start) for span in spans]


class _Counted(NamedTuple):
    """An item's number in a text: where it begins and ends, what it is like, and what it is."""

    start: int
    end: int
    kind: str
    number: int


def _counted_runs(text: str) -> Iterator[list[_Counted]]:
    run: list[_Counted] = []
    for clause in _CLAUSE_BEGIN.finditer(text):
        mark = marker(text[clause.end() : clause.end() + _LONGEST_MARKER])
        if mark is None or not mark.number:
            continue
        one = _Counted(clause.end(), clause.end() + mark.end, mark.kind, mark.number)
        if run and (one.kind, one.number) == (run[-1].kind, run[-1].number + 1):
            run.append(one)
        elif one.number == 1:
            yield from [run] if len(run) > 1 else []
            run = [one]
    yield from [run] if len(run) > 1 else []


def _numbered(document: Document, kind: BlockKind) -> list[list[Block]]:
    """Runs of list items, or of sibling headings, that stand under the same path at the same level."""
    groups: dict[tuple[tuple[str, ...], int], list[Block]] = {}
    finished: list[list[Block]] = []
    for block in document.blocks:
        if block.kind is not kind:
            continue
        key = (block.path, block.level)
        group = groups.setdefault(key, [])
        if kind is BlockKind.LIST_ITEM and group and block.item <= group[-1].item:
            finished.append(group)
            group = groups[key] = []
        group.append(block)
    return finished + list(groups.values())


def _ordinal_paragraphs(document: Document) -> list[list[Block]]:
    groups: list[list[Block]] = []
    first, later = _ORDINALS
    for block in document.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        text = document.text[block.start : block.end]
        if first.match(text):
            groups.append([block])
        elif later.match(text) and groups and block.path == groups[-1][-1].path:
            groups[-1].append(block)
    return groups


def _after_colon(document: Document) -> list[list[Block]]:
    """The rest of a run after each of its blocks that ends with a colon; of a long run, after the first only."""
    groups: list[list[Block]] = []
    run: list[Block] = []
    leads: list[int] = []
    for block in document.blocks:
        if block.kind is not BlockKind.PARAGRAPH or not leads or not _begins_short(document, block):
            groups += _suffixes(run, leads)
            run, leads = [], []
        else:
            run.append(block)
        if document.text.endswith(_LEAD_END, block.start, block.end):
            leads.append(len(run))
    return groups + _suffixes(run, leads)


def _suffixes(run: list[Block], begins: list[int]) -> list[list[Block]]:
    return [run[begin:] for begin in (begins if len(run) <= _LONG_RUN else begins[:1])]


def _begins_short(document: Document, block: Block) -> bool:
    spans = sentences(document.text, block.start, block.end)
    return len(spans) > 1 and spans[0].end - spans[0].start <= _SHORT_SENTENCE


def _item(document: Document, block: Block) -> Item:
    text = document.text[block.start : block.end]
    enumerator = _ENUMERATOR.match(text)
    begin = enumerator.end() if enumerator else 0
    head, said = (
        Span(begin, end.start() if (end := mark.search(text, begin + 1)) else len(text))
        for mark in (_CLAUSE_END, _ITEM_END)
    )
    is_name = said.end - begin > _LONGEST_ITEM or _COLON.search(text, *said)
    return Item(block, head.moved(block.start), (head if is_name else said).moved(block.start))


def _above(document: Document) -> dict[str, list[Block]]:
    """By text: the blocks that other blocks may stand under."""
    blocks: dict[str, list[Block]] = {block.path[-1]: [] for block in document.blocks if block.path}
    for block in document.blocks:
        text = document.text[block.start : block.end]
        if text in blocks:
            blocks[text].append(block)
    return blocks


def _lead(document: Document, first: Block, blocks_above: dict[str, list[Block]]) -> Span | None:
    """The last sentence of the block before ``first``; among sibling headings, the heading above them."""
    if first.number == 1:
        return None
    before = document.blocks[first.number - 2]
    text = document.text[before.start : before.end]
    if first.path and before.kind is not BlockKind.HEADING and not text.endswith(_LEAD_END):
        above = blocks_above[first.path[-1]]
        place = bisect_left(above, first.number, key=lambda block: block.number)
        if place:
            return above[place - 1].span
    last: Sequence[Span] = sentences(document.text, before.start, before.end)
    return last[-1] if last and last[-1].end - last[-1].start <= _LONGEST_LEAD else None
