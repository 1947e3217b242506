"""What is read at once: a passage that was found, with what stands around it in its document.

Passages are indexed small, so that they are found by what they say. A list, a table or a rule with its exceptions goes
over several of them, and is read in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.loading.talk import LEVEL as SPEAKER_LEVEL
from rag.loading.talk import speaks
from rag.reading import Candidate
from rag.text.normalization import statements
from rag.types import Block, BlockKind, Document, Span

LONGEST: Final = 400
"""Characters, as the reader was trained on."""
MOST: Final = 4
"""Stretches that are read for a question: more of them answer no more, and more often where nothing answers."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of a document with its sentences, and what stands above it.

    ``candidates`` are the places of the candidates that lie in it, among all of them, the best first.
    """

    document: Document
    span: Span
    sentences: tuple[Span, ...]
    context: str
    candidates: tuple[int, ...]

    @property
    def text(self) -> str:
        return self.document.text[slice(*self.span)]


def names_speaker(document: Document, block: Block) -> bool:
    """Whether a block is the heading that says who speaks in a chat."""
    is_level = block.kind is BlockKind.HEADING and block.level == SPEAKER_LEVEL
    return is_level and speaks(document.text[slice(*block.span)])


def stretches(candidates: Sequence[Candidate], most: int) -> list[Stretch]:
    """At most ``most`` stretches that hold the best of ``candidates``, in the order of the best in each.

    A candidate that lies in one, headings that it begins with aside, does not begin another.
    """
    begun: list[Stretch] = []
    held: list[list[int]] = []
    for place, candidate in enumerate(candidates):
        passage, document = candidate.hit.passage, candidate.document
        body = _body(document, passage.span)
        own = next((i for i, stretch in enumerate(begun) if _holds(stretch, document, body)), None)
        if own is not None:
            held[own].append(place)
        elif len(begun) < most:
            sentences = _grown(document, passage.span)
            span = Span(sentences[0].start, sentences[-1].end)
            begun.append(Stretch(document, span, sentences, passage.context, ()))
            held.append([place])
    return [replace(stretch, candidates=tuple(places)) for stretch, places in zip(begun, held, strict=True)]


def _holds(one: Stretch, document: Document, body: Span) -> bool:
    return one.document.doc_id == document.doc_id and one.span.start <= body.start and body.end <= one.span.end


def _body(document: Document, span: Span) -> Span:
    """A passage without the headings that it begins with: a stretch stops before these, and has them as context."""
    block = document.block_at(span.start)
    while block.kind is BlockKind.HEADING and block.end < span.end:
        block = document.blocks[block.number]
    return Span(max(span.start, block.start), span.end)


def _grown(document: Document, span: Span) -> tuple[Span, ...]:
    """The sentences of ``span``, and in turn those after and before it, as long as there is room.

    It stops at headings, since what stands under another one is about something else. It goes on past those that only
    say who speaks: in a chat the answer stands under another name than the question.
    """
    first, last = document.block_at(span.start), document.block_at(span.end - 1)
    inside = [s for block in document.blocks[first.number - 1 : last.number] for s in statements(document, block)]
    parts = [s for s in inside if s.overlaps(span)]
    # A passage that begins or ends inside a sentence is not grown to the whole of it.
    parts[0], parts[-1] = Span(span.start, parts[0].end), Span(parts[-1].start, span.end)
    after = _following([s for s in inside if s.start >= span.end], document, last)
    before = _preceding([s for s in inside if s.end <= span.start], document, first)
    sides = [True, False]
    while sides:
        is_after = sides.pop(0)
        more = next(after if is_after else before, None)
        if more is None or max(more.end, parts[-1].end) - min(more.start, parts[0].start) > LONGEST:
            continue
        parts = [*parts, more] if is_after else [more, *parts]
        sides.append(is_after)
    return tuple(parts)


def _following(rest: Sequence[Span], document: Document, last: Block) -> Iterator[Span]:
    yield from rest
    for block in document.blocks[last.number :]:
        if _begins_matter(document, block):
            return
        yield from statements(document, block)


def _preceding(rest: Sequence[Span], document: Document, first: Block) -> Iterator[Span]:
    yield from reversed(rest)
    if _begins_matter(document, first):
        return
    for block in reversed(document.blocks[: first.number - 1]):
        if _begins_matter(document, block):
            return
        yield from reversed(statements(document, block))


def _begins_matter(document: Document, block: Block) -> bool:
    return block.kind is BlockKind.HEADING and not names_speaker(document, block)
