"""Ask the questions of a set as a user would, and write down what came back."""

from __future__ import annotations

from collections.abc import Container, Iterator
from time import perf_counter

import msgspec

from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.outcome import Asked, Cited, Retrieved
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer, Citation, Hit, Status


def measuring_settings(settings: Settings) -> Settings:
    """``settings`` with every candidate listed, so that it can be seen how deep the evidence lies."""
    return msgspec.structs.replace(settings, hits=max(settings.hits, settings.candidates))


def ask_all(library: Library, corpus: Corpus, dataset: Dataset, done: Container[str] = ()) -> Iterator[Asked]:
    """Ask each question whose id is not in ``done``.

    Questions of a set without answers are only searched for. Where a question has a document of its own, that
    document alone is asked as well: the reading task of such sets.
    """
    ask = _ask if dataset.has_answers else search
    for question in dataset.questions:
        if question.id not in done:
            yield ask(question, library, corpus)


def search(question: GoldQuestion, library: Library, corpus: Corpus) -> Asked:
    """Search for passages only, as one question whatever its parts."""
    began = perf_counter()
    hits = library.search(question.question)
    elapsed = round(1000 * (perf_counter() - began), 3)
    return Asked(id=question.id, hits=_retrieved(hits, corpus), timings_ms={"retrieve": elapsed, "total": elapsed})


def _ask(question: GoldQuestion, library: Library, corpus: Corpus) -> Asked:
    answer = library.ask(question.question, confirmed=False)
    best = _best(answer, library)
    own = corpus.doc_id(next(iter(question.documents), ""))
    return Asked(
        id=question.id,
        hits=_retrieved(answer.hits, corpus),
        timings_ms=dict(answer.timings_ms),
        answered=answer.status is Status.ANSWERED,
        answer=best.answer,
        confidence=best.confidence,
        citations=tuple(_cited(citation, library, corpus) for citation in best.citations),
        reading=library.ask(question.question, documents=[own], min_confidence=0.0, confirmed=False).answer
        if own
        else None,
    )


def _best(answer: Answer, library: Library) -> Answer:
    """``answer``, or if there is none what it would have been without a threshold."""
    return (
        answer
        if answer.status is Status.ANSWERED
        else library.ask(answer.question, min_confidence=0.0, confirmed=False)
    )


def _retrieved(hits: tuple[Hit, ...] | list[Hit], corpus: Corpus) -> tuple[Retrieved, ...]:
    return tuple(Retrieved(*corpus.located(hit), hit.score) for hit in hits)


def _cited(citation: Citation, library: Library, corpus: Corpus) -> Cited:
    text = library.document(citation.doc_id).text
    return Cited(
        document=corpus.name(citation.doc_id),
        start=citation.start,
        end=citation.end,
        sentence_start=citation.sentence_start,
        sentence_end=citation.sentence_end,
        exact=text[citation.start : citation.end] == citation.quote,
    )
