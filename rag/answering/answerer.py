"""A question to its answer: retrieve for each of its parts, read, look at other editions, compose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Literal

from rag.answering.compose import Part, compose
from rag.answering.confirmed import Confirmation, Told, matching, told
from rag.answering.editions import Families, differ, is_dated
from rag.answering.listing import listed, nth_item
from rag.answering.related import closest, newest
from rag.models import Models
from rag.question.analysis import Question
from rag.question.spelling import understood
from rag.reading import Candidate, Evidence, Reader, Reading
from rag.reading.labels import of_another
from rag.retrieval.collections import Scope
from rag.retrieval.ranking import Search, reranked
from rag.settings import Settings
from rag.text.normalization import normalise
from rag.text.tokenization import Cut
from rag.types import Answer, Role

# Passages of another edition that are read for what the first one answers.
_EDITION_READ = 3
# The least confidence in an item that is counted off in a list. The network has not read it, so its margin says
# nothing; what may be wrong is the list, and of that the question repeats what leads up to it.
_COUNTED = 0.6
Stage = Literal["load", "retrieve", "read"]


def threshold(settings: Settings, models: Models) -> float:
    """The confidence below which is abstained: that of the settings, or what their ``max_error`` comes to."""
    allowed = settings.max_error
    return settings.min_confidence if allowed is None else models.reader.get().threshold(allowed)


def read(reader: Reader, question: Question, candidates: Sequence[Candidate]) -> Reading:
    """What ``reader`` reads for a question, or the item of a list that it asks for by its number.

    The confidence is 0 where the evidence is said of another party, year or version; see `of_another`.
    """
    reading = reader.read(question, candidates)
    if item := nth_item(question.normalised, (one.document for one in candidates)):
        return replace(reading, evidence=(item,), confidence=max(reading.confidence, _COUNTED), missing=())
    is_of_another = any(_is_of_another(question, one) for one in reading.evidence[:1])
    return replace(reading, confidence=0.0) if is_of_another else reading


def _nearest(question: Question, reading: Reading, candidates: Sequence[Candidate]) -> Evidence | None:
    """What is shown where nothing answers, of the newest edition unless the question says of which."""
    found = reading.evidence[0] if reading.evidence else closest(candidates)
    return newest(found, candidates) if found and not is_dated(question) else found


def _is_of_another(question: Question, evidence: Evidence) -> bool:
    document = evidence.document
    block = document.block_at(evidence.sentence.start)
    said, above = document.text[slice(*evidence.sentence)], "\n".join(document.above(block))
    return of_another(question.normalised, normalise(said).text, normalise(above).text)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions as far as ``search`` looks for them.

    ``confirmations`` are those answers that may be given again, newest first; ``older`` are the editions of the older
    versions of documents, by their ids.
    """

    search: Search
    models: Models
    families: Families
    confirmations: Sequence[Confirmation] = ()
    older: Mapping[str, str] = field(default_factory=dict)

    def answer(
        self, question: str, parts: Sequence[Cut], min_confidence: float | None, stage: Callable[[Stage], object]
    ) -> tuple[Answer, float]:
        """The answer to ``question``, which has these parts, and the seconds that it took to retrieve.

        ``min_confidence`` takes the place of that of the settings; ``stage`` is told what begins.
        """
        parts_read: list[Part] = []
        titles: dict[str, str] = {}
        seconds = 0.0
        for part in parts:
            began = perf_counter()
            stage("retrieve")
            asked = understood(part, self.search.generation)
            candidates = self.search.candidates(asked)
            seconds += perf_counter() - began
            stage("read")
            parts_read.append(self._read(part.text, asked, candidates))
            titles |= {one.document.doc_id: one.document.title for one in candidates}
        settings = self.search.settings
        least = self._threshold if min_confidence is None else min_confidence
        answer = compose(
            question, parts_read, titles=titles, older=self.older, min_confidence=least, language=settings.language
        )
        if len(parts_read) == 1:
            documents = (one.document for one in candidates[: settings.read])
            answer = listed(parts_read[0].question.text, answer, documents, settings.language) or answer
        return answer, seconds

    def told(self, question: str) -> Told:
        """What the user has confirmed of ``question``, where it stands in the documents that are asked."""
        if not self.confirmations:
            return Told()
        settings = self.search.settings
        cosine = None if settings.retrieval == "bm25" else self._cosine
        found = matching(question, self.confirmations, cosine, settings.dictionary_path)
        return told(found, self.search.generation.store, self.search.scope) if found else Told()

    @property
    def _threshold(self) -> float:
        return threshold(self.search.settings, self.models)

    def _cosine(self, one: str, other: str) -> float:
        first, second = self.search.encoder().encode_queries([one, other])
        return float(first @ second)

    def _read(self, text: str, asked: Question, candidates: Sequence[Candidate]) -> Part:
        """What is read for one part of what was asked, unless the user has confirmed an answer to it."""
        settings, known = self.search.settings, self.told(text)
        reading = known.reading
        if reading is None:
            reading = read(self.models.reader.get(), asked, candidates[: settings.read])
            reading = self._with_editions(asked, reading)
        hits = reranked(candidates, reading.ranking)[: settings.hits]
        return Part(asked, reading, hits, _nearest(asked, reading, candidates), known.confirmed, known.outdated)

    def _with_editions(self, asked: Question, reading: Reading) -> Reading:
        """``reading`` with what another edition of its document answers instead, if it has only one answer so far.

        It does where it speaks of all that ``reading``'s evidence speaks of.
        """
        first = reading.evidence[0] if len(reading.evidence) == 1 else None
        if first is None or reading.confidence < self._threshold or is_dated(asked):
            return reading
        generation, scope = self.search.generation, self.search.scope
        for doc_id in self.families.others(first.document.doc_id):
            if scope and doc_id not in scope:
                continue
            alone = replace(self.search, scope=Scope(frozenset([doc_id]), (generation.ordinals(doc_id),)))
            other = read(self.models.reader.get(), asked, alone.candidates(asked, _EDITION_READ))
            is_sure = other.confidence >= self._threshold and set(other.missing) <= set(reading.missing)
            if other.evidence and is_sure and differ(first, other.evidence[0]):
                return replace(reading, evidence=(first, replace(other.evidence[0], role=Role.DIFFERENT)))
        return reading
