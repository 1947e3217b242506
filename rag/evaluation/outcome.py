"""What came back for each question, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from rag.evaluation.gold import GoldQuestion, Located, holds


class Retrieved(msgspec.Struct, frozen=True, array_like=True):
    """A passage ``[start, end)`` of a document in a ranking, with its score."""

    document: str
    start: int
    end: int
    score: float

    @property
    def located(self) -> Located:
        """Where it stands."""
        return Located(self.document, self.start, self.end)


class Cited(msgspec.Struct, frozen=True, array_like=True):
    """A citation with its sentence; ``exact``: the quote is the document's text at its positions."""

    document: str
    start: int
    end: int
    sentence_start: int
    sentence_end: int
    exact: bool

    @property
    def sentence(self) -> Located:
        """Where its sentence stands."""
        return Located(self.document, self.sentence_start, self.sentence_end)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for one question.

    ``answer``, ``confidence`` and ``citations`` are those of the best answer that there was, which was shown only if
    ``answered``. ``reading`` is the best answer out of the question's own document alone, None if not asked for.
    """

    id: str
    hits: tuple[Retrieved, ...]
    timings_ms: dict[str, float]
    answered: bool = False
    answer: str = ""
    confidence: float = 0.0
    citations: tuple[Cited, ...] = ()
    reading: str | None = None


class Stage(StrEnum):
    """Where a question was lost; docs/en/evaluation.md says what each means."""

    SPLIT = "split"
    RETRIEVE = "retrieve"
    RANK = "rank"
    READ = "read"
    EXTRACT = "extract"
    DECLINE = "decline"
    ANSWER = "answer"


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question as asked, with its measures by name; a measure that does not apply is absent.

    ``right``: the best answer that there was is right, shown or not. ``lost_at`` is None if all went well.
    """

    id: str
    type: str | None = None
    style: str = "plain"
    answerable: bool
    right: bool = False
    lost_at: Stage | None = None
    measures: dict[str, float]
    asked: Asked


class Cuts(msgspec.Struct, frozen=True):
    """Median and 95th percentile."""

    p50: float
    p95: float


def evidence_ranks(question: GoldQuestion, hits: Sequence[Retrieved], *, documents: bool = False) -> list[int | None]:
    """At which rank each fact of the question is first held by a passage whole, None for nowhere.

    Where no spans are known, or with ``documents``: of each relevant document among the different documents in order.
    """
    if documents or not question.evidence:
        names = list(dict.fromkeys(hit.document for hit in hits))
        return [names.index(name) + 1 if name in names else None for name in question.documents]
    spans = [hit.located for hit in hits]
    return [
        next((rank for rank, span in enumerate(spans, start=1) if any(holds(span, place) for place in fact)), None)
        for fact in question.evidence
    ]
