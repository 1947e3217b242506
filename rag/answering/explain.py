"""Finds out why, by going through the stages of `rag.library.Library.ask` again and watching them.

Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from rag.answering.answerer import read
from rag.answering.explanation import Abstention, Coverage, Explanation, Place, Where, Word
from rag.errors import NotFoundError
from rag.index.protocols import Snapshot
from rag.question.analysis import Question
from rag.question.spelling import understood
from rag.reading import Candidate, Reader, Reading
from rag.retrieval.ranking import Search, reranked
from rag.settings import Settings
from rag.text.tokenization import Cut
from rag.types import Hit, Passage, Span

if TYPE_CHECKING:
    from rag.types import Vectors


@dataclass(frozen=True, slots=True)
class _Asked:
    """One part of what was asked, gone through as `rag.library.Library.ask` does, with every candidate kept."""

    question: Question
    vector: Vectors | None
    candidates: Sequence[Candidate]
    reading: Reading
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains what is answered to a question of so many parts, as far as ``search`` looks for it."""

    parts: Sequence[Cut]
    search: Search
    reader: Reader
    threshold: float

    def passage(self, doc_id: str, start: int) -> Explanation:
        """Why the passage that holds position ``start`` of a document was found and chosen.

        Of the parts of a question, it is explained for the one whose answer quotes it, or else that ranks it best.
        Raises NotFoundError.
        """
        passage = self._passage(doc_id, start)
        asked = [self._ask(part) for part in self.parts]
        return min(
            (self._explain(one, passage) for one in asked),
            key=lambda found: (not found.cited, found.read.rank or self._settings.hits + 1),
        )

    def abstentions(self) -> tuple[Abstention, ...]:
        """What was lacking, for each part that is not answered."""
        asked = [self._ask(part) for part in self.parts]
        return tuple(self._lacking(one) for one in asked if not self._answers(one.reading))

    def _ask(self, part: Cut) -> _Asked:
        settings = self._settings
        asked = understood(part, self._generation)
        # At least as many as `Search.retrieve` itself looks at, so that the order is that of `ask`, only longer.
        retrieved = self.search.retrieve(asked, self._depth)
        candidates = self.search.candidates_of(retrieved)
        reading = read(self.reader, asked, candidates[: settings.read])
        hits = reranked(candidates, reading.ranking)[: settings.hits]
        return _Asked(asked, retrieved.vector, candidates, reading, hits)

    def _explain(self, asked: _Asked, passage: Passage) -> Explanation:
        ordinal, question = passage.ordinal, asked.question
        document = self._generation.document(passage.doc_id)
        nearest, cosine = self._nearest(asked, passage)
        fused = [(c.hit.passage.ordinal, c.hit.score) for c in asked.candidates]
        opinions = {asked.candidates[r.candidate].hit.passage.ordinal: r.opinion for r in asked.reading.ranking}
        answered = self._answers(asked.reading)
        return Explanation(
            question=question.text,
            passage=passage,
            title=document.title,
            words=self._words(question, ordinal),
            by_meaning=_place(self._by_meaning(asked), ordinal),
            by_words=_place(self._by_words(asked), ordinal),
            fused=_place(fused, ordinal),
            read=_place([(hit.passage.ordinal, hit.score) for hit in asked.hits], ordinal),
            nearest=nearest,
            nearest_text=document.text[slice(*nearest)] if nearest else "",
            nearest_paragraph=document.block_at((nearest or passage).start).number,
            cosine=cosine,
            opinion=opinions.get(ordinal),
            confidence=asked.reading.confidence,
            threshold=self.threshold,
            answered=answered,
            cited=answered and _quotes(asked.reading, passage),
        )

    def _by_meaning(self, asked: _Asked) -> Sequence[tuple[int, float]]:
        if asked.vector is None:
            return ()
        return self._generation.dense.search(asked.vector, self._depth, self.search.within)

    def _by_words(self, asked: _Asked) -> Sequence[tuple[int, float]]:
        if self._settings.retrieval == "dense":
            return ()
        return self._generation.sparse.search(asked.question.searched, self._depth, self.search.within)

    def _nearest(self, asked: _Asked, passage: Passage) -> tuple[Span | None, float | None]:
        """The sentence of a passage that is most like the question in meaning, and its cosine."""
        if asked.vector is None:
            return None, None
        (cosines,) = self._generation.dense.sentence_cosines(asked.vector, [passage.ordinal])
        cosine = max(cosines)
        return passage.sentences[cosines.index(cosine)], cosine

    def _words(self, question: Question, ordinal: int) -> tuple[Word, ...]:
        """The question's words, each with its part of the passage's BM25 score.

        What a pair of characters that spans two words adds is shared between them, half each.
        """
        sparse, cut, searched = self._generation.sparse, question.cut, question.searched
        owners = cut.owners(cut.skipped)
        scores: dict[str, float] = {}
        added = sparse.contributions(searched, ordinal)
        for term, (body, context) in zip(searched, added, strict=True):
            for owner in owners[term]:
                scores[owner] = scores.get(owner, 0.0) + (body + context) / len(owners[term])
        total = sum(scores.values())
        written = {term: cut.written(word) for term, word in cut.content(cut.skipped).items()}
        direct = dict(zip(written, sparse.contributions(list(written), ordinal), strict=True))
        return tuple(
            Word(
                written=as_written,
                term=term,
                where=_where(*direct[term], scores[term]),
                known=sparse.knows(term),
                score=scores[term],
                share=scores[term] / total if total else 0.0,
            )
            for term, as_written in written.items()
        )

    def _lacking(self, asked: _Asked) -> Abstention:
        question = asked.question
        known = {term: weight for term, weight in question.terms.items() if term not in question.unknown}
        return Abstention(
            question=question.text,
            kind=question.kind,
            subject=_subject(question.text, list(question.written.values())),
            unknown=question.unknown_named,
            coverage=self._coverage(question.written, known),
            confidence=asked.reading.confidence,
            threshold=self.threshold,
        )

    def _coverage(self, written: Mapping[str, str], known: Mapping[str, float]) -> Coverage | None:
        ordinal = self._generation.sparse.covering(known, self.search.within)
        if ordinal is None:
            return None
        (passage,) = self._generation.store.passages([ordinal])
        added = self._generation.sparse.contributions(list(known), ordinal)
        held = [term for term, scores in zip(known, added, strict=True) if sum(scores) > 0]
        return Coverage(
            passage=passage,
            title=self._generation.document(passage.doc_id).title,
            held=tuple(written[term] for term in held),
            missed=tuple(written[term] for term in known if term not in held),
        )

    def _passage(self, doc_id: str, position: int) -> Passage:
        for passage in self._generation.store.passages_between(self._generation.ordinals(doc_id)):
            if passage.start <= position < passage.end:
                return passage
        raise NotFoundError(
            f"文档 {doc_id} 的位置 {position} 没有可检索的文字。请给出引用里的位置（start）。",
            f"Document {doc_id} has no indexed text at position {position}. Give the start of a citation or hit.",
        )

    def _answers(self, reading: Reading) -> bool:
        return bool(reading.evidence) and reading.confidence >= self.threshold

    @property
    def _generation(self) -> Snapshot:
        return self.search.generation

    @property
    def _settings(self) -> Settings:
        return self.search.settings

    @property
    def _depth(self) -> int:
        return max(self._settings.hits, self._settings.read, self._settings.candidates)


def _place(ranking: Sequence[tuple[int, float]], ordinal: int) -> Place:
    return next((Place(rank, score) for rank, (one, score) in zip(count(1), ranking) if one == ordinal), Place())


def _where(body: float, context: float, score: float) -> Where:
    if body > 0:
        return Where.TEXT
    if context > 0:
        return Where.CONTEXT
    return Where.PARTLY if score > 0 else Where.NOWHERE


def _quotes(reading: Reading, passage: Passage) -> bool:
    spans = (span for one in reading.evidence if one.document.doc_id == passage.doc_id for span in one.spans)
    return any(span.overlaps(passage.span) for span in spans)


def _subject(question: str, written: Sequence[str]) -> tuple[str, ...]:
    """The words as ``question`` has them, in order; neighbours are joined."""
    found: list[str] = []
    end = 0
    for word in written:
        start = question.find(word, end)
        if found and start == end:
            found[-1] += word
        else:
            found.append(word)
        end = start + len(word) if start >= 0 else end
    return tuple(found)
