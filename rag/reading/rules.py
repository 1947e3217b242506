"""The baseline reader: scores sentences by words and cosine, cuts the short answer out by rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.reading import Candidate, Evidence, Reading
from rag.reading.features import Sentence, read_sentences, term_set
from rag.reading.lists import read_list
from rag.reading.questions import Kind, Question
from rag.reading.short_answers import answer_spans, has_form
from rag.text import normalise
from rag.types import Span

# An answer found again elsewhere counts as the same if its sentence scores at least this share of the best.
_REPEAT_SHARE = 0.8
_MOST_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the sentence score (see `score`) and of the confidence, a logistic function of the best sentence.

    Fitted by ``python -m eval.calibrate`` on the trial set of CMRC 2018 and the tuning questions.
    """

    cosine: float = 1.0
    passage: float = 0.5
    own: float = 0.35
    around: float = 0.1
    form: float = 0.1
    off_date: float = -0.2

    confidence_bias: float = -12.0
    confidence_cosine: float = 10.0
    confidence_around: float = 4.0
    confidence_form: float = 1.0
    confidence_off_date: float = -2.0


class RulesReader:
    """Reads by rule. The evidence is one sentence, and others that say the same; for lists, the items."""

    def __init__(self, weights: Weights | None = None) -> None:
        self.weights = weights or Weights()

    def read(self, question: Question, candidates: Sequence[Candidate]) -> Reading:
        """The best evidence in ``candidates`` and the probability that it answers."""
        ranked = sorted(
            ((self.score(question, sentence), sentence) for sentence in read_sentences(question, candidates)),
            key=lambda pair: -pair[0],
        )
        if not ranked:
            return Reading((), 0.0, tuple(question.terms))
        best = ranked[0][1]
        evidence = read_list(question, candidates, best) if question.kind is Kind.LIST else ()
        if not evidence:
            evidence = self._with_repeats(question, ranked)
        held = term_set(best.text) | frozenset().union(
            *(term_set(c.hit.text) | term_set(c.hit.passage.context) for c in candidates if _holds(c, best))
        )
        missing = tuple(term for term in question.terms if term not in held)
        return Reading(tuple(evidence), self.confidence(question, best), missing)

    def score(self, question: Question, sentence: Sentence) -> float:
        """How well ``sentence`` fits as evidence; only differences between sentences mean something."""
        w = self.weights
        return (
            w.cosine * sentence.cosine
            + w.passage * sentence.passage
            + w.own * sentence.own
            + w.around * sentence.around
            + w.form * has_form(question, sentence.text)
            + w.off_date * sentence.off_date
        )

    def confidence(self, question: Question, sentence: Sentence) -> float:
        """The probability that ``sentence`` answers, in [0, 1]."""
        w = self.weights
        logit = (
            w.confidence_bias
            + w.confidence_cosine * sentence.cosine
            + w.confidence_around * sentence.around
            + w.confidence_form * has_form(question, sentence.text)
            + w.confidence_off_date * sentence.off_date
        )
        return 1 / (1 + math.exp(-logit))

    def _with_repeats(self, question: Question, ranked: Sequence[tuple[float, Sentence]]) -> list[Evidence]:
        best_score = ranked[0][0]
        evidence: list[Evidence] = []
        for score, sentence in ranked:
            if score < _REPEAT_SHARE * best_score or len(evidence) > _MOST_REPEATS:
                break
            found = _evidence(question, sentence, score, repeats=bool(evidence))
            if not evidence or _key(found) == _key(evidence[0]):
                evidence.append(found)
        return evidence


def _evidence(question: Question, sentence: Sentence, score: float, *, repeats: bool) -> Evidence:
    offset = sentence.span.start
    spans = tuple(Span(offset + s.start, offset + s.end) for s in answer_spans(question, sentence.text))
    return Evidence(sentence.document, spans, sentence.span, score, repeats)


def _key(evidence: Evidence) -> tuple[str, ...]:
    return tuple(normalise(text).text for text in evidence.texts)


def _holds(candidate: Candidate, sentence: Sentence) -> bool:
    passage = candidate.hit.passage
    return candidate.document is sentence.document and passage.start <= sentence.span.start < passage.end
