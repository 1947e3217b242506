"""What may have to do with a question: the nearest sentence where nothing answers, and what else might answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from rag.answering.editions import editions
from rag.question.analysis import Question
from rag.reading import Candidate, Evidence, Reader
from rag.types import BlockKind, Span

# What is less likely than this to answer is not offered.
_LEAST = 0.05
# The share of its characters that a sentence has in common with that of another edition which says the same anew.
_ALIKE = 0.6


def closest(candidates: Sequence[Candidate]) -> Evidence | None:
    """The sentence whose meaning is nearest to the question's; of equals that of the better candidate."""
    return max(_sentences(candidates), key=lambda evidence: evidence.score, default=None)


def newest(one: Evidence, candidates: Sequence[Candidate]) -> Evidence:
    """What the newest edition of its document says in nearly the words of ``one``, among candidates; else ``one``."""
    found, said = one, one.document.text[slice(*one.sentence)]
    by_document = groupby(sorted(_sentences(candidates), key=_id), key=_id)
    for sentences in (list(group) for _, group in by_document):
        both = editions(found.document, sentences[0].document)
        if both is None or both[0].key > both[1].key:
            continue
        shares = [(SequenceMatcher(None, said, other.texts[0]).ratio(), other) for other in sentences]
        share, best = max(shares, key=lambda pair: pair[0])
        found = best if share >= _ALIKE else found
    return found


def _sentences(candidates: Sequence[Candidate]) -> Iterator[Evidence]:
    return (
        Evidence(candidate.document, (sentence,), sentence, cosine)
        for candidate in candidates
        for sentence, cosine in zip(candidate.hit.passage.sentences, candidate.sentence_cosines, strict=True)
    )


def _id(one: Evidence) -> str:
    return one.document.doc_id


def others(
    question: Question, candidates: Sequence[Candidate], reader: Reader, wrong: Sequence[tuple[str, Span]], most: int
) -> list[Evidence]:
    """What each candidate alone would answer, surest first, then the sentences nearest to the question; none of them
    overlaps ``wrong`` or says the same as another.

    ``wrong`` are places by their documents' ids.
    """
    readings = [reader.read(question, [candidate]) for candidate in candidates]
    readings = sorted(
        (reading for reading in readings if reading.confidence >= _LEAST), key=lambda reading: -reading.confidence
    )
    read = [evidence for reading in readings for evidence in reading.evidence]
    near = sorted(_sentences(candidates), key=lambda evidence: -evidence.score)
    found: dict[str, Evidence] = {}
    for evidence in (*read, *(one for one in near if _states(one))):
        elsewhere = not any(_overlaps(evidence, *place) for place in wrong)
        if elsewhere and not any(_overlaps(evidence, one.document.doc_id, one.sentence) for one in found.values()):
            found.setdefault("；".join(evidence.texts), evidence)
    return list(found.values())[:most]


def _states(one: Evidence) -> bool:
    """Whether a sentence may answer: it is no heading and asks nothing."""
    is_heading = one.document.block_at(one.sentence.start).kind is BlockKind.HEADING
    return not is_heading and not one.texts[0].rstrip().endswith(("？", "?"))


def _overlaps(one: Evidence, doc_id: str, place: Span) -> bool:
    same = one.document.doc_id == doc_id
    return same and any(span.overlaps(place) for span in one.spans)
