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
    sentences = (
        Evidence(candidate.document, (sentence,), sentence, cosine)
        for candidate in candidates
        for sentence, cosine in zip(candidate.hit.passage.sentences, candidate.sentence_cosines, strict=True)
    )
    return max(sentences, key=lambda evidence: evidence.score, default=None)


def others(
    question: Question, candidates: Sequence[Candidate], reader: Reader, wrong: Sequence[tuple[str, Span]], most: int
) -> list[Evidence]:
    """What each candidate alone would answer, surest first, without what says the same or overlaps ``wrong``.

    ``wrong`` are places by their documents' ids.
    """
    readings = [reader.read(question, [candidate]) for candidate in candidates]
    readings = sorted(
        (reading for reading in readings if reading.confidence >= _LEAST), key=lambda reading: -reading.confidence
    )
    by_text: dict[str, Evidence] = {}
    for evidence in (evidence for reading in readings for evidence in reading.evidence):
        text = "；".join(evidence.texts)
        if not any(_overlaps(evidence, *place) for place in wrong):
            by_text.setdefault(text, evidence)
    return list(by_text.values())[:most]


def _overlaps(one: Evidence, doc_id: str, place: Span) -> bool:
    same = one.document.doc_id == doc_id
    return same and any(span.start < place.end and place.start < span.end for span in one.spans)
