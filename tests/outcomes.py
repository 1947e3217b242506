"""Gold questions and outcomes made by hand, for tests of what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluation.gold import GoldQuestion, Located, Place
from rag.evaluation.outcome import Asked, Outcome, Retrieved


def place(start: int, end: int, document: str = "a.md") -> Place:
    return Place(document, start, end, "证" * (end - start))


def span(start: int, end: int, document: str = "a.md") -> Located:
    return Located(document, start, end)


def question(*facts: Sequence[Place], qid: str = "1") -> GoldQuestion:
    return GoldQuestion(
        id=qid, question="问？", answers=("答",) if facts else (), evidence=tuple(tuple(fact) for fact in facts)
    )


def asked(qid: str, *hits: Located, answered: bool = True, confidence: float = 0.5) -> Asked:
    return Asked(
        id=qid,
        hits=tuple(Retrieved(*hit, 1.0) for hit in hits),
        timings_ms={"total": 1.0},
        answered=answered,
        answer="答",
        confidence=confidence,
    )


def outcome(qid: str, answerable: bool = True, confidence: float = 0.5, **measures: float) -> Outcome:
    named = {name.replace("_at_", "@"): value for name, value in measures.items()}
    return Outcome(id=qid, answerable=answerable, measures=named, asked=asked(qid, confidence=confidence))
