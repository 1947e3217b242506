"""Documents to passages: whole paragraphs where they fit, sentences where they do not, with exact offsets.

The passages of a document do not overlap and together hold every character of it that is not white space.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import PurePath

from rag.settings import SplitSettings as SplitSettings
from rag.text.enumerations import enumerations
from rag.text.normalization import HAN, statements
from rag.types import Block, BlockKind, Document, Passage, Span

SPLITTER = 2
"""Of this code, for indexes: passages of another version are made anew."""
_HAN = re.compile(HAN)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def split(document: Document, settings: SplitSettings, first_ordinal: int = 0) -> list[Passage]:
    """Split ``document`` into passages in reading order, numbered from ``first_ordinal``."""
    context = _contexts(document) if settings.context else {}
    called = _called(document) if settings.context else ()
    passages: list[Passage] = []
    for group in _groups(document, settings):
        spans = [part for block in group for part in _sentences(document, block, settings.max_chars)]
        for part in _pack(spans, settings.max_chars):
            first = bisect_right(group, part[0].start, key=lambda b: b.end)
            inside = group[first : bisect_left(group, part[-1].end, key=lambda b: b.start)]
            main = next((b for b in inside if b.kind is not BlockKind.HEADING), inside[0])
            passages.append(
                Passage(
                    ordinal=first_ordinal + len(passages),
                    doc_id=document.doc_id,
                    start=part[0].start,
                    end=part[-1].end,
                    paragraph=main.number,
                    context=_context(document, called, context, main, inside) if settings.context else "",
                    sentences=tuple(part),
                )
            )
    return passages


def _groups(document: Document, settings: SplitSettings) -> Iterator[list[Block]]:
    """Blocks that belong in one passage: headings and captions with what follows them, short blocks together."""
    group: list[Block] = []
    length = 0
    has_body = False
    for block in document.blocks:
        starts_section = block.kind is BlockKind.HEADING and has_body
        too_long = length + block.end - block.start > settings.max_chars
        if group and (starts_section or (has_body and (length >= settings.min_chars or too_long))):
            yield group
            group, length, has_body = [], 0, False
        group.append(block)
        has_body = has_body or block.kind is not BlockKind.HEADING
        length += block.end - block.start
    if group:
        yield group


def _sentences(document: Document, block: Block, longest: int) -> Iterator[Span]:
    for span in statements(document, block):
        for start in range(span.start, span.end, longest):
            yield Span(start, min(start + longest, span.end))


def _pack(spans: list[Span], longest: int) -> Iterator[list[Span]]:
    """Cut into as few parts as fit, of about equal length."""
    total = spans[-1].end - spans[0].start
    target = total / -(-total // longest)
    part: list[Span] = []
    for span in spans:
        if part and (span.end - part[0].start > longest or span.start - part[0].start >= target):
            yield part
            part = []
        part.append(span)
    yield part


def _contexts(document: Document) -> dict[int, str]:
    """By block number: the list that a block introduces or belongs to."""
    contexts: dict[int, str] = {}
    for enumeration in enumerations(document):
        heads = "；".join(document.text[item.head.start : item.head.end] for item in enumeration.items)
        lead = enumeration.lead
        if lead is None:
            continue
        contexts[document.block_at(lead.start).number] = heads
        for item in enumeration.items:
            contexts.setdefault(item.block.number, document.text[lead.start : lead.end])
    return contexts


def _called(document: Document) -> tuple[str, ...]:
    """The title, and before it the file's name if that has a year of its own: that of an edition, of a report.

    Not the name of a file that is called in Latin letters, which say nothing to questions in Chinese.
    """
    name = PurePath(document.source).stem
    is_dated = not set(_YEAR.findall(name)) <= set(_YEAR.findall(document.title))
    return (name, document.title) if is_dated and _HAN.search(name) else (document.title,)


def _context(
    document: Document, called: tuple[str, ...], lists: dict[int, str], main: Block, inside: list[Block]
) -> str:
    def own(part: str) -> bool:
        # Of a block that is very long, no copy is made for each of its passages.
        return any(b.end - b.start == len(part) and document.text.startswith(part, b.start) for b in inside)

    above = [part for part in dict.fromkeys((*called, *main.path)) if not own(part)]
    neighbours = [lists[b.number] for b in inside if b.number in lists and not own(lists[b.number])]
    return " ".join(dict.fromkeys([*above, *neighbours]))
