"""From what came back to measures: of each question, and of all with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import msgspec
import numpy as np

from rag.evaluation.asking import Asked
from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.measures import (
    BUDGETS,
    RIGHT_F1,
    Floats,
    Located,
    aurc,
    auroc,
    calibration_error,
    citation_precision,
    citation_recall,
    evidence_recall,
    exact_match,
    f1,
    facts_found,
    folded,
    holds,
    overlaps,
    trec,
)
from rag.evaluation.measures.statistics import Estimate, estimate, estimate_of
from rag.settings import Settings


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


def measure(dataset: Dataset, asked: Sequence[Asked], corpus: Corpus, settings: Settings) -> list[Outcome]:
    """The outcome of each question, in the order of ``asked``."""
    questions = {question.id: question for question in dataset.questions}
    passages = cited_passages(dataset, corpus)
    ranked = trec.measure(trec.qrels(dataset, passages), trec.run(asked, dataset.unit), dataset.unit)
    outcomes = []
    for one in asked:
        question = questions[one.id]
        measures = ranked.get(one.id, {}) | _of_evidence(question, one, dataset)
        right = bool(question.answers) and f1(one.answer, question.answers) >= RIGHT_F1
        if dataset.has_answers:
            measures |= _of_answer(question, one, right=right)
            if question.evidence:
                measures["right and cited"] = float(one.answered and _is_right_and_cited(question, one, corpus))
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
    found = {name: estimate(values(outcomes, name)) for name in names}
    return found | _of_confidence(outcomes)


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
    found = {}
    for stage in stages:
        p50, p95 = np.percentile([outcome.asked.timings_ms[stage] for outcome in outcomes], (50, 95))
        found[stage] = Cuts(float(p50), float(p95))
    return found


def _of_evidence(question: GoldQuestion, one: Asked, dataset: Dataset) -> dict[str, float]:
    if not question.evidence:
        return {}
    spans = [Located(hit.document, hit.start, hit.end) for hit in one.hits]
    found = {}
    if dataset.unit == "passage":
        found = {f"Recall@{depth}": facts_found(question, spans[:depth]) for depth in trec.DEPTHS}
    return found | {f"evidence@{budget}": evidence_recall(question, spans, budget) for budget in BUDGETS}


def _of_answer(question: GoldQuestion, one: Asked, *, right: bool) -> dict[str, float]:
    shown = one.citations if one.answered else ()
    found = {}
    if shown:
        found["citation exactness"] = float(np.mean([cited.exact for cited in shown]))
    if question.answers:
        answer = one.answer if one.answered else ""
        found["EM"] = exact_match(answer, question.answers)
        found["F1"] = f1(answer, question.answers)
    if question.evidence:
        sentences = [Located(c.document, c.sentence_start, c.sentence_end) for c in shown]
        if sentences:
            found["citation precision"] = citation_precision(question, sentences)
        found["citation recall"] = citation_recall(question, sentences)
    if one.reading is not None:
        found["reading EM"] = exact_match(one.reading, question.answers)
        found["reading F1"] = f1(one.reading, question.answers)
    found["accuracy"] = float(one.answered and right if question.answerable else not one.answered)
    return found


def _is_right_and_cited(question: GoldQuestion, one: Asked, corpus: Corpus) -> bool:
    """Whether the answer holds an accepted one, or each of several parts, and a paragraph that holds it is cited.

    Case and marks do not count.
    """
    said = folded(one.answer)
    parts = question.parts or (question.answers,)
    if not all(any(folded(wording) in said for wording in part) for part in parts):
        return False
    paragraphs = {(place.document, corpus.paragraph(place.document, place.start)) for place in question.places}
    return any((cited.document, corpus.paragraph(cited.document, cited.start)) in paragraphs for cited in one.citations)


def _of_confidence(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Abstention as the detection of unanswerable questions, and confidence as a forecast of being right."""
    if not any("accuracy" in outcome.measures for outcome in outcomes):
        return {}
    confidence, right, answerable = confidences(outcomes)
    answered = np.array([float(outcome.asked.answered) for outcome in outcomes])
    named: dict[str, tuple[Callable[..., float], tuple[Floats, ...]]] = {
        "AURC": (aurc, (confidence, right)),
        "ECE": (calibration_error, (confidence, right)),
    }
    if not answerable.all():
        named = {
            "abstention precision": (_abstention_precision, (answered, answerable)),
            "abstention recall": (_abstention_recall, (answered, answerable)),
            "abstention AUROC": (auroc, (confidence, answerable)),
        } | named
    found = {name: estimate_of(statistic, *samples) for name, (statistic, samples) in named.items()}
    return {name: one for name, one in found.items() if not math.isnan(one.mean)}


def _abstention_precision(answered: Floats, answerable: Floats) -> float:
    """Of the declined questions, the share that is unanswerable; 0 if none was declined."""
    declined = answered == 0
    return float(1 - answerable[declined].mean()) if declined.any() else 0.0


def _abstention_recall(answered: Floats, answerable: Floats) -> float:
    """Of the unanswerable questions, the share that was declined; NaN if there are none."""
    unanswerable = answerable == 0
    return float(1 - answered[unanswerable].mean()) if unanswerable.any() else float("nan")


def _lost_at(
    question: GoldQuestion, one: Asked, passages: dict[str, list[Located]], settings: Settings, *, right: bool
) -> Stage | None:
    if not question.answerable:
        return Stage.ANSWER if one.answered else None
    if right:
        return None if one.answered else Stage.DECLINE
    spans = [Located(hit.document, hit.start, hit.end) for hit in one.hits]
    sentences = [Located(c.document, c.sentence_start, c.sentence_end) for c in one.citations]

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
