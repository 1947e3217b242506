"""Questions to go on with after an answer, made of what stands around it; each is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice, zip_longest

from rag.library import Library
from rag.question.followup import Earlier, resolve
from rag.retrieval.collections import ALL, Choice
from rag.text.normalization import folded, sentences
from rag.types import Block, BlockKind, Citation, Document
from rag.web.suggestions.candidate import Candidate
from rag.web.suggestions.offering import gist, holds, offered
from rag.web.suggestions.structure import QUESTION, of_heading, of_row, of_sentences

# How many of the nearest paragraphs and list items are looked at, and headings on either side.
_BLOCKS, _HEADINGS = 7, 2


def onward(
    library: Library,
    asked: Sequence[Earlier],
    cited: Sequence[Citation],
    choice: Choice = ALL,
    limit: int = 3,
    *,
    tried: int = 6,
) -> Iterator[list[str]]:
    """At most ``limit`` questions that ``library`` answers from around the first of ``cited``; tries at most ``tried``.

    They are given as `offered` does. ``cited`` answered the last of ``asked``, the questions of the conversation, none
    of which comes again; only ``choice`` is asked. Raises as `Library.ask`.
    """
    document = library.document(cited[0].doc_id)
    found = {folded(one.question): one for one in _around(document, document.block_at(cited[0].start))}
    before = {gist(one.question) for one in asked}
    fit = (
        one
        for one in found.values()
        if gist(one.question) not in before and len(one.question) <= QUESTION and not _told(one, cited)
    )
    alone = (one for one in fit if resolve(one.question, asked) == one.question)
    return offered(islice(alone, tried), partial(holds, library, choice=choice), limit)


def _around(document: Document, block: Block) -> Iterator[Candidate]:
    """The row's other columns, what the sentences near by tell and the headings around, by turns, the nearest first."""
    kinds = (of_row(document, block), _near(document, block), _headings(document, block))
    return (one for one in chain.from_iterable(zip_longest(*kinds)) if one)


def _near(document: Document, block: Block) -> Iterator[Candidate]:
    prose = [one for one in document.blocks if one.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)]
    for one in sorted(prose, key=lambda other: abs(other.number - block.number))[:_BLOCKS]:
        yield from of_sentences(document, one, list(sentences(document.text, one.start, one.end)))


def _headings(document: Document, block: Block) -> Iterator[Candidate]:
    """The sections around that of ``block``, each by the block that it begins with; after prose tables come last."""

    def is_table(one: Block) -> bool:
        return one.kind is BlockKind.ROW and block.kind is not BlockKind.ROW

    begins = [one for one in document.blocks[1:] if document.blocks[one.number - 2].kind is BlockKind.HEADING]
    others = [one for one in begins if one.path != block.path and one.kind is not BlockKind.HEADING]
    others.sort(key=lambda one: (is_table(one), abs(one.number - block.number)))
    later = [one for one in others if one.number > block.number][:_HEADINGS]
    earlier = [one for one in others if one.number < block.number][:_HEADINGS]
    for one in sorted([*later, *earlier], key=is_table):
        yield from of_heading(document, one, titled=True)


def _told(candidate: Candidate, cited: Sequence[Citation]) -> bool:
    """Whether the answer to the question was cited already."""
    start, end = candidate.answer
    return any(c.doc_id == candidate.doc_id and c.start < end and start < c.end for c in cited)
