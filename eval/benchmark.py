"""Ask every gold question and measure retrieval, answers, citations and abstention."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any

import ir_measures
from ir_measures import RR, Success, nDCG

from eval.gold import GoldQuestion, check_places
from eval.measures import exact_match, f1, facts_found, holds
from rag.library import Library
from rag.types import Answer, Document, Hit, Status

_RANKED = {Success @ 1: "Success@1", Success @ 5: "Success@5", RR @ 10: "MRR@10", nDCG @ 10: "nDCG@10"}
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question as answered, with its measures by name; a measure that does not apply is absent."""

    gold: GoldQuestion
    answer: Answer
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, the 95 % interval of it by bootstrap over questions, and the number of questions."""

    mean: float
    low: float
    high: float
    n: int


def run(library: Library, questions: Sequence[GoldQuestion], *, progress: bool = False) -> list[Outcome]:
    """Ask all ``questions``. Raises EvaluationError if their evidence is not in the library's documents."""
    from tqdm import tqdm

    documents = {Path(r.source).name: library.document(r.doc_id) for r in library.documents()}
    check_places(questions, documents)
    outcomes = []
    for question in tqdm(questions, desc="评测 eval", unit="q", disable=not progress):
        answer = library.ask(question.question)
        outcomes.append(Outcome(question, answer, _measure(question, answer, documents)))
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Every measure over all questions that it applies to, and abstention over all."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.measures)
    found = {name: estimate([o.measures[name] for o in outcomes if name in o.measures]) for name in names}
    return found | _abstention(outcomes)


def latencies(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """p50 and p95 in milliseconds by stage."""
    found = {}
    for stage in ("retrieve", "read", "total"):
        cuts = quantiles([outcome.answer.timings_ms[stage] for outcome in outcomes], n=100)
        found[stage] = {"p50": cuts[49], "p95": cuts[94]}
    return found


def estimate(values: Sequence[float], of: Callable[[Sequence[Any]], float] = fmean) -> Estimate:
    """``of(values)`` with a percentile bootstrap interval; the same values give the same interval."""
    resample = random.Random(0)
    drawn = sorted(of(resample.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    low, high = drawn[int(0.025 * _RESAMPLES)], drawn[int(0.975 * _RESAMPLES) - 1]
    return Estimate(of(values), low, high, len(values))


def _measure(question: GoldQuestion, answer: Answer, documents: dict[str, Document]) -> dict[str, float]:
    by_id = {document.doc_id: document for document in documents.values()}
    measures = {}
    if answer.citations:
        exact = [by_id[c.doc_id].text[c.start : c.end] == c.quote for c in answer.citations]
        measures["citation exactness"] = fmean(map(float, exact))
    if not question.answerable:
        return measures
    measures |= _retrieval(question, answer.hits, documents)
    measures["EM"] = exact_match(answer.answer, question.answers)
    measures["F1"] = f1(answer.answer, question.answers)
    if answer.citations:
        right = [_is_supported(c.doc_id, c.sentence_start, c.sentence, question, documents) for c in answer.citations]
        measures["citation precision"] = fmean(map(float, right))
    return measures


def _retrieval(question: GoldQuestion, hits: Sequence[Hit], documents: dict[str, Document]) -> dict[str, float]:
    measures = {f"Recall@{k}": facts_found(question, hits[:k], documents) for k in (1, 5, 10)}
    places = [place for fact in question.evidence for place in fact]
    relevant = {str(h.passage.ordinal): 1 for h in hits if any(holds(h, place, documents) for place in places)}
    # Places in passages that were not retrieved count as relevant too, so that nDCG can see what it lost.
    lost = [p for p in places if not any(holds(hit, p, documents) for hit in hits)]
    relevant |= {f"lost-{p.document}-{p.start}": 1 for p in lost}
    run_of_one = {question.id: {str(hit.passage.ordinal): float(-hit.rank) for hit in hits}}
    ranked = ir_measures.calc_aggregate(list(_RANKED), {question.id: relevant}, run_of_one)
    return measures | {name: float(ranked[measure]) for measure, name in _RANKED.items()}


def _is_supported(
    doc_id: str, start: int, sentence: str, question: GoldQuestion, documents: dict[str, Document]
) -> bool:
    """Whether a cited sentence overlaps a gold place."""
    return any(
        documents[place.document].doc_id == doc_id and start < place.end and place.start < start + len(sentence)
        for fact in question.evidence
        for place in fact
    )


def _abstention(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Of abstaining as the detection of questions that the documents do not answer: precision, recall, AUROC."""

    def precision(sample: Sequence[Outcome]) -> float:
        return _share(o.gold.answerable is False for o in sample if o.answer.status is Status.ABSTAINED)

    def recall(sample: Sequence[Outcome]) -> float:
        return _share(o.answer.status is Status.ABSTAINED for o in sample if not o.gold.answerable)

    named = {"abstention precision": precision, "abstention recall": recall, "abstention AUROC": auroc}
    if all(o.gold.answerable for o in outcomes):
        return {}
    return {name: estimate(outcomes, measure) for name, measure in named.items()}  # type: ignore[arg-type]


def auroc(outcomes: Sequence[Outcome]) -> float:
    """The chance that an answerable question gets the higher confidence of two, ties half."""
    above = [o.answer.confidence for o in outcomes if o.gold.answerable]
    below = [o.answer.confidence for o in outcomes if not o.gold.answerable]
    if not above or not below:
        return 0.0
    wins = sum((a > b) + (a == b) / 2 for a in above for b in below)
    return wins / (len(above) * len(below))


def _share(flags: Iterable[bool]) -> float:
    counted = [float(flag) for flag in flags]
    return fmean(counted) if counted else 0.0
