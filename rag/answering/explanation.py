"""Why a passage was found and chosen for a question, and what was lacking where nothing answered: as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rag.question.kinds import Kind
from rag.reading import Opinion
from rag.types import Passage, Span


class Where(StrEnum):
    """Where a word of the question stands, as seen from one passage."""

    TEXT = "text"
    CONTEXT = "context"
    PARTLY = "partly"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question, as ``written`` and as an index ``term``, and what it has to do with a passage.

    ``where``: in the passage's own text, in its context (headings) only, in neither but for some of its characters, or
    nowhere. ``known``: whether any document has it. ``score`` is what it adds to the passage's BM25 score, ``share``
    which part of it that is, from 0 to 1.
    """

    written: str
    term: str
    where: Where
    known: bool
    score: float
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """A rank from 1 and the score behind it; both None where a stage did not return the passage."""

    rank: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one passage came to be found for ``question``, a part of what was asked, and what was made of it.

    ``words``: those of the question in order; their scores add up to the passage's BM25 score. Its places in the order
    of the stages are ``by_meaning`` (the score is the mean of the cosines with the passage and with its best sentence),
    ``by_words`` (BM25), ``fused``, and ``read``, which counts the hits of this part. ``nearest`` is the sentence most
    like the question in meaning and ``cosine`` how like; None where BM25 alone is asked. ``opinion`` is None where the
    passage was not read. ``answered``: whether this part is; ``cited``: whether by quoting the passage.
    """

    question: str
    passage: Passage
    title: str
    words: tuple[Word, ...]
    by_meaning: Place
    by_words: Place
    fused: Place
    read: Place
    nearest: Span | None
    nearest_text: str
    nearest_paragraph: int
    cosine: float | None
    opinion: Opinion | None
    confidence: float
    threshold: float
    answered: bool
    cited: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """The passage that holds most of a question's words, by weight: those it has, and the known ones that it lacks."""

    passage: Passage
    title: str
    held: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Abstention:
    """What was lacking to answer ``question``, a part of what was asked. All words are as written.

    ``unknown`` are in no document. ``coverage`` says which of the others stand together; None if there are none.
    ``kind`` and ``subject`` (its words, neighbours joined) say what a document that helps would have to state.
    """

    question: str
    kind: Kind
    subject: tuple[str, ...]
    unknown: tuple[str, ...]
    coverage: Coverage | None
    confidence: float
    threshold: float


__all__ = ["Abstention", "Coverage", "Explanation", "Place", "Where", "Word"]
