"""What may have to do with a question: the nearest sentence where nothing answers, and what else might answer."""

from __future__ import annotations

from collections.abc import Sequence

from rag.question.analysis import Question
from rag.reading import Candidate, Evidence, Reader
from rag.types import Span

# What is less likely than this to answer is not offered.
_LEAST = 0.05


def closest(candidates: Sequence[Candidate]) -> Evidence | None:
    """The sentence whose meaning is nearest to the question's; of equals that of the better candidate."""
    found = (
        Evidence(one.document, (sentence,), sentence, cosine)
        for one in candidates
        for sentence, cosine in zip(one.hit.passage.sentences, one.sentence_cosines, strict=True)
    )
    return max(found, key=lambda one: one.score, default=None)


def others(
    question: Question, candidates: Sequence[Candidate], reader: Reader, wrong: Sequence[tuple[str, Span]], most: int
) -> list[Evidence]:
    """What each candidate alone would answer, surest first, without what says the same or overlaps ``wrong``.

    ``wrong`` are places by their documents' ids.
    """
    readings = [reader.read(question, [one]) for one in candidates]
    readings = sorted((one for one in readings if one.confidence >= _LEAST), key=lambda one: -one.confidence)
    found: dict[str, Evidence] = {}
    for one in (one for reading in readings for one in reading.evidence):
        text = "；".join(one.texts)
        if not any(_overlaps(one, *place) for place in wrong):
            found.setdefault(text, one)
    return list(found.values())[:most]


def _overlaps(one: Evidence, doc_id: str, place: Span) -> bool:
    same = one.document.doc_id == doc_id
    return same and any(span.start < place.end and place.start < span.end for span in one.spans)
