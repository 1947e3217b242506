"""Whether what is cited is there, and is the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.evaluation.gold import GoldQuestion, Located, overlaps
from rag.evaluation.measures.measure import Case, Group, Measure


def citation_precision(question: GoldQuestion, sentences: Sequence[Located]) -> float:
    """The share of cited sentences that overlap one of the question's places."""
    right = [any(overlaps(sentence, place) for place in question.places) for sentence in sentences]
    return sum(right) / len(right)


def citation_recall(question: GoldQuestion, sentences: Sequence[Located]) -> float:
    """The share of the question's facts with a place that a cited sentence overlaps."""
    cited = [any(overlaps(sentence, place) for place in fact for sentence in sentences) for fact in question.evidence]
    return sum(cited) / len(cited)


def _precision(case: Case) -> dict[str, float]:
    if not (case.question.evidence and case.sentences):
        return {}
    return {"citation precision": citation_precision(case.question, case.sentences)}


def _recall(case: Case) -> dict[str, float]:
    if not case.question.evidence:
        return {}
    return {"citation recall": citation_recall(case.question, case.sentences)}


EXACTNESS = Measure(
    names=("citation exactness",),
    group=Group.CITATIONS,
    means=(
        "引文就是文档在其位置上的原文的比例；不是 1 就是程序错误",
        "the share of citations whose quote is the document's text at its positions; anything but 1 is a bug",
    ),
    of_one=lambda case: {"citation exactness": float(np.mean([one.exact for one in case.shown]))} if case.shown else {},
)
PRECISION = Measure(
    names=("citation precision",),
    group=Group.CITATIONS,
    means=(
        "有答案的题的出处里，所在句子碰到标准证据的比例",
        "of the citations for answerable questions, the share whose sentence overlaps a gold place",
    ),
    of_one=_precision,
)
CITATION_RECALL = Measure(
    names=("citation recall",),
    group=Group.CITATIONS,
    means=(
        "题目的事实里，被某条出处的句子碰到的比例；拒答为 0",
        "the share of a question's facts that a citation's sentence overlaps; 0 if declined",
    ),
    of_one=_recall,
)
