"""From what came back to measures: of each question, and of all with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GoldQuestion, Located, holds, overlaps
from rag.evaluation.measures import MEASURES, RIGHT_F1, Case, Columns, Floats, Group, f1, trec
from rag.evaluation.measures.statistics import Estimate, estimate, estimate_of
from rag.evaluation.outcome import Asked, Cuts, Outcome, Stage
from rag.settings import Settings


def measure(dataset: Dataset, asked: Sequence[Asked], corpus: Corpus, settings: Settings) -> list[Outcome]:
    """The outcome of each question, in the order of ``asked``."""
    questions = {question.id: question for question in dataset.questions}
    passages = cited_passages(dataset, corpus)
    ranked = trec.measure(trec.qrels(dataset, passages), trec.run(asked, dataset.unit), dataset.unit)
    outcomes = []
    for one in asked:
        question = questions[one.id]
        right = bool(question.answers) and f1(one.answer, question.answers) >= RIGHT_F1
        case = Case(question, one, corpus, dataset.unit, right)
        measures = ranked.get(one.id, {}) | _of_one(case, has_answers=dataset.has_answers)
        outcomes.append(
            Outcome(
                id=one.id,
                type=question.type,
                style=question.style,
                answerable=question.answerable,
                right=right,
                lost_at=_lost_at(question, one, passages, settings, right=right) if dataset.has_answers else None,
                measures=measures,
                asked=one,
            )
        )
    return outcomes


def cited_passages(dataset: Dataset, corpus: Corpus) -> dict[str, list[Located]]:
    """The passages of the documents that hold evidence, by the document's name."""
    cited = {place.document for question in dataset.questions for place in question.places}
    return {name: corpus.passages(name) for name in corpus.names if name in cited}


def summary(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Every measure over all questions that it applies to, and those of confidence over all."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.measures)
    estimates = {name: estimate(values(outcomes, name)) for name in names}
    return estimates | _of_confidence(outcomes)


def values(outcomes: Iterable[Outcome], name: str) -> Floats:
    """The values of one measure, of the questions that have it."""
    return np.array([outcome.measures[name] for outcome in outcomes if name in outcome.measures])


def confidences(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats, Floats]:
    """Of each question: the confidence, whether its best answer is right, whether it can be answered."""
    return (
        np.array([outcome.asked.confidence for outcome in outcomes]),
        np.array([float(outcome.right) for outcome in outcomes]),
        np.array([float(outcome.answerable) for outcome in outcomes]),
    )


def latencies(outcomes: Sequence[Outcome]) -> dict[str, Cuts]:
    """Milliseconds by stage."""
    stages = dict.fromkeys(stage for outcome in outcomes for stage in outcome.asked.timings_ms)
    cuts = {}
    for stage in stages:
        p50, p95 = np.percentile([outcome.asked.timings_ms[stage] for outcome in outcomes], (50, 95))
        cuts[stage] = Cuts(float(p50), float(p95))
    return cuts


def _of_one(case: Case, *, has_answers: bool) -> dict[str, float]:
    computed = (one.of_one(case) for one in MEASURES if one.of_one and (has_answers or one.group is Group.RETRIEVAL))
    return {name: value for values in computed for name, value in values.items()}


def _of_confidence(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Abstention as the detection of unanswerable questions, and confidence as a forecast of being right."""
    if not any("accuracy" in outcome.measures for outcome in outcomes):
        return {}
    answered = np.array([float(outcome.asked.answered) for outcome in outcomes])
    all_ = Columns(*confidences(outcomes), answered)
    refusable = not all_.answerable.all()
    estimates = {}
    for one in MEASURES:
        if (of_all := one.of_all) and (refusable or not one.refusable):
            (name,) = one.names
            estimates[name] = estimate_of(lambda *columns, of_all=of_all: of_all(Columns(*columns)), *all_)
    return {name: one for name, one in estimates.items() if not math.isnan(one.mean)}


def _lost_at(
    question: GoldQuestion, one: Asked, passages: dict[str, list[Located]], settings: Settings, *, right: bool
) -> Stage | None:
    if not question.answerable:
        return Stage.ANSWER if one.answered else None
    if right:
        return None if one.answered else Stage.DECLINE
    spans = [hit.located for hit in one.hits]
    sentences = [citation.sentence for citation in one.citations]

    def missing(spans: Sequence[Located]) -> bool:
        return any(not any(holds(span, place) for place in fact for span in spans) for fact in question.evidence)

    if missing([passage for place in question.places for passage in passages[place.document]]):
        return Stage.SPLIT
    if missing(spans):
        return Stage.RETRIEVE
    if missing(spans[: settings.read]):
        return Stage.RANK
    # Of an answer that is not in the text word for word, nothing can be said but that it was not cut out.
    if question.evidence and not any(overlaps(s, place) for place in question.places for s in sentences):
        return Stage.READ
    return Stage.EXTRACT
