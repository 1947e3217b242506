"""The baseline reader: scores sentences by words and cosine, cuts the short answer out by rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import SettingsError
from rag.reading import Candidate, Evidence, Reading
from rag.reading.features import Sentence, read_sentences, term_set
from rag.reading.lists import read_list
from rag.reading.questions import Kind, Question
from rag.reading.short_answers import answer_spans
from rag.reading.spans import dates
from rag.text import normalise
from rag.types import Role, Span

# An answer found again elsewhere is cited too if its sentence scores at most this much below the best.
_REPEAT_MARGIN = 5.0
_MOST_REPEATS = 3
# Documents that do not contain "GPT-5" hardly answer a question about it, however near they come. Too rare in the
# data of the fit to be learnt there.
_UNKNOWN_NAME = 0.25


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the sentence score (see `score`) and of the confidence, a logistic function of the best sentence.

    Fitted on CMRC 2018 trial, DRCD dev and the tuning questions; see eval/README.md.
    """

    cosine: float = 28.4
    passage: float = 36.4
    own: float = 5.0
    around: float = 3.8
    form: float = 2.1
    off_date: float = -2.0
    heading: float = -0.7
    length: float = 0.8

    confidence_bias: float = -22.8
    confidence_cosine: float = 19.8
    confidence_around: float = 5.6
    confidence_unknown: float = 3.6
    confidence_form: float = 1.3
    confidence_off_date: float = -5.3


class RulesReader:
    """Reads by rule. The evidence is one sentence, and others that say the same; for lists, the items."""

    def __init__(self, weights: Weights | None = None) -> None:
        self.weights = weights or Weights()

    def read(self, question: Question, candidates: Sequence[Candidate]) -> Reading:
        """The best evidence in ``candidates`` and the probability that it answers."""
        ranked = sorted(
            ((self.score(sentence), sentence) for sentence in read_sentences(question, candidates)),
            key=lambda pair: -pair[0],
        )
        if not ranked:
            return Reading((), 0.0, tuple(question.written.values()))
        best = ranked[0][1]
        evidence = read_list(question, candidates, best) if question.kind is Kind.LIST else ()
        evidence = evidence or self._with_repeats(question, ranked)
        held = frozenset().union(
            *(term_set(c.hit.text) | term_set(c.hit.passage.context) for c in candidates if _holds(c, best))
        )
        missing = [written for term, written in question.written.items() if term not in held]
        if best.off_date:
            missing += [question.normalised[start:end] for start, end in dates(question.normalised)]
        return Reading(evidence, self.confidence(question, best), tuple(missing))

    def threshold(self, max_error: float) -> float:
        """Raises SettingsError: the rules' confidence bounds nothing."""
        raise SettingsError(
            f"max_error = {max_error:g} 要和训练的阅读器一起用；reader = rules 时请用 min_confidence。",
            f"max_error = {max_error:g} needs the trained reader; with reader = rules, use min_confidence.",
        )

    def score(self, sentence: Sentence) -> float:
        """How well ``sentence`` fits as evidence; only differences between sentences mean something."""
        w = self.weights
        return (
            w.cosine * sentence.cosine
            + w.passage * sentence.passage
            + w.own * sentence.own
            + w.around * sentence.around
            + w.form * sentence.form
            + w.off_date * sentence.off_date
            + w.heading * sentence.heading
            + w.length * sentence.length
        )

    def confidence(self, question: Question, sentence: Sentence) -> float:
        """The probability that ``sentence`` answers, in [0, 1]."""
        w = self.weights
        logit = (
            w.confidence_bias
            + w.confidence_cosine * sentence.cosine
            + w.confidence_around * sentence.around
            + w.confidence_unknown * question.unknown_share
            + w.confidence_form * sentence.form
            + w.confidence_off_date * sentence.off_date
        )
        chance = 1 / (1 + math.exp(-logit))
        return chance * _UNKNOWN_NAME if question.unknown_names else chance

    def _with_repeats(self, question: Question, ranked: Sequence[tuple[float, Sentence]]) -> tuple[Evidence, ...]:
        best_score = ranked[0][0]
        evidence: list[Evidence] = []
        for score, sentence in ranked:
            if best_score - score > _REPEAT_MARGIN or len(evidence) > _MOST_REPEATS:
                break
            found = _evidence(question, sentence, score, Role.REPEAT if evidence else Role.ANSWER)
            if not evidence or _key(found) == _key(evidence[0]):
                evidence.append(found)
        return tuple(evidence)


def _evidence(question: Question, sentence: Sentence, score: float, role: Role) -> Evidence:
    offset = sentence.span.start
    spans = tuple(Span(offset + s.start, offset + s.end) for s in answer_spans(question, sentence.text))
    return Evidence(sentence.document, spans, sentence.span, score, role)


def _key(evidence: Evidence) -> tuple[str, ...]:
    return tuple(normalise(text).text for text in evidence.texts)


def _holds(candidate: Candidate, sentence: Sentence) -> bool:
    passage = candidate.hit.passage
    return candidate.document is sentence.document and passage.start <= sentence.span.start < passage.end
