"""From retrieved passages to evidence: what a reader takes and what it gives.

A reader decides which spans answer and how sure that is. `rag.reading.trained` is the one that is shipped; another
implements the same Protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rag.types import Document, Hit, Role, Span

if TYPE_CHECKING:
    from rag.question.analysis import Question


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to read: its hit, its document, and the cosine of the question with each of its sentences."""

    hit: Hit
    document: Document
    sentence_cosines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Spans of a document that answer (several are items of one list), inside ``sentence``: the sentences around them.

    ``score`` compares the evidence of one reader for one question, and means nothing beside others.
    """

    document: Document
    spans: tuple[Span, ...]
    sentence: Span
    score: float
    role: Role = Role.ANSWER

    @property
    def texts(self) -> tuple[str, ...]:
        """The document's own words in each span."""
        return tuple(self.document.text[slice(*span)] for span in self.spans)


class Opinion(NamedTuple):
    """What a trained reader thinks of one passage, each from 0 to 1.

    ``relevance``: that it speaks of what is asked. ``margin``: that its best span answers rather than nothing in it.
    ``answers``: the calibrated probability, from both, that the passage answers.
    """

    relevance: float
    margin: float
    answers: float


class Ranked(NamedTuple):
    """A candidate's place among those given to the reader, from 0, its score after reading, and the opinion behind."""

    candidate: int
    score: float
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read out of the candidates: evidence, best first or in list order, and a probability that it is right.

    ``missing`` are the question's names and nouns that the evidence should hold and does not. ``ranking`` has the
    candidates that were read, best first; empty if the reader has no opinion of their order.
    """

    evidence: tuple[Evidence, ...]
    confidence: float
    missing: tuple[str, ...] = ()
    ranking: tuple[Ranked, ...] = ()


class Reader(Protocol):
    """Reads candidates for one question. Pure: the same input gives the same reading."""

    def read(self, question: Question, candidates: Sequence[Candidate]) -> Reading: ...

    def threshold(self, max_error: float) -> float:
        """The confidence from which to answer so that at most ``max_error`` of all questions get a wrong answer.

        Raises SettingsError if the reader can't promise that.
        """
        ...


__all__ = ["Candidate", "Evidence", "Opinion", "Ranked", "Reader", "Reading"]
