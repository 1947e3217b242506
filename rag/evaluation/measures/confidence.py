"""Whether the confidence tells when to answer: abstention as a detection, confidence as a forecast of being right."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from rag.evaluation.measures.measure import Case, Floats, Group, Measure

BINS: Final = 10


class Bin(NamedTuple):
    """Questions whose confidence is at least ``low`` and below that of the next bin."""

    low: float
    size: int
    confidence: float
    accuracy: float


def auroc(confidences: Floats, answerable: Floats) -> float:
    """The chance that of one answerable and one unanswerable question the first has the higher confidence, ties half.

    That is Mann and Whitney's U over its largest value; NaN where there is none of either.
    """
    # Here, because the web app imports this module when it starts, and scipy takes a second.
    from scipy.stats import rankdata

    positive = answerable > 0
    above, below = int(positive.sum()), int((~positive).sum())
    if not above or not below:
        return math.nan
    u = rankdata(confidences)[positive].sum() - above * (above + 1) / 2
    return float(u / (above * below))


def risk_coverage(confidences: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Coverage and risk (share of wrong answers) of answering the 1, 2, … n most confident questions.

    Questions of equal confidence share their mean risk, so that their order does not matter.
    """
    order = np.argsort(-confidences, kind="stable")
    _, group = np.unique(-confidences[order], return_inverse=True)
    wrong = 1 - right[order]
    means = np.bincount(group, wrong) / np.bincount(group)
    counts = np.arange(1, len(wrong) + 1)
    return counts / len(wrong), np.cumsum(means[group]) / counts


def aurc(confidences: Floats, right: Floats) -> float:
    """The area under the risk-coverage curve (Geifman and El-Yaniv, 2017): the mean risk over all coverages."""
    return float(risk_coverage(confidences, right)[1].mean())


def calibration(confidences: Floats, right: Floats) -> list[Bin]:
    """Ten bins of equal width over [0, 1], those without questions left out."""
    places = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return [
        Bin(place / BINS, int(own.sum()), float(confidences[own].mean()), float(right[own].mean()))
        for place in range(BINS)
        if (own := places == place).any()
    ]


def calibration_error(confidences: Floats, right: Floats) -> float:
    """The expected calibration error (Guo et al., 2017): mean distance of confidence and accuracy over the bins."""
    return sum(b.size * abs(b.confidence - b.accuracy) for b in calibration(confidences, right)) / len(confidences)


def abstention_precision(answered: Floats, answerable: Floats) -> float:
    """Of the declined questions, the share that is unanswerable; 0 if none was declined."""
    declined = answered == 0
    return float(1 - answerable[declined].mean()) if declined.any() else 0.0


def abstention_recall(answered: Floats, answerable: Floats) -> float:
    """Of the unanswerable questions, the share that was declined; NaN if there are none."""
    unanswerable = answerable == 0
    return float(1 - answered[unanswerable].mean()) if unanswerable.any() else math.nan


def _accuracy(case: Case) -> dict[str, float]:
    answered = case.asked.answered
    return {"accuracy": float(answered and case.right if case.question.answerable else not answered)}


ACCURACY = Measure(
    names=("accuracy",),
    group=Group.CONFIDENCE,
    means=(
        "有答案的答对、没答案的拒答为 1，否则 0",
        "1 if an answerable question is answered rightly or an unanswerable one declined, else 0",
    ),
    of_one=_accuracy,
)
ABSTENTION_PRECISION = Measure(
    names=("abstention precision",),
    group=Group.CONFIDENCE,
    means=("拒答的题里确实没有答案的比例", "of the declined questions, the share that is unanswerable"),
    of_all=lambda of: abstention_precision(of.answered, of.answerable),
    refusable=True,
)
ABSTENTION_RECALL = Measure(
    names=("abstention recall",),
    group=Group.CONFIDENCE,
    means=("没有答案的题里拒答的比例", "of the unanswerable questions, the share that was declined"),
    of_all=lambda of: abstention_recall(of.answered, of.answerable),
    refusable=True,
)
AUROC = Measure(
    names=("abstention AUROC",),
    group=Group.CONFIDENCE,
    means=(
        "一道有答案和一道没答案的题，前者可信度更高的机会，相等算一半",
        "the chance that of one answerable and one unanswerable question the answerable one gets the higher "
        "confidence, ties half",
    ),
    of_all=lambda of: auroc(of.confidence, of.answerable),
    refusable=True,
)
AURC = Measure(
    names=("AURC",),
    group=Group.CONFIDENCE,
    means=(
        "只答最有把握的 1、2……n 题时答错比例的平均（Geifman 和 El-Yaniv，2017）；越低越好",
        "the mean share of wrong answers when only the most confident 1, 2, … n questions are answered (Geifman and "
        "El-Yaniv, 2017); lower is better",
    ),
    of_all=lambda of: aurc(of.confidence, of.right),
)
ECE = Measure(
    names=("ECE",),
    group=Group.CONFIDENCE,
    means=(
        "十个等宽的箱，可信度与答对比例的平均距离（Guo 等，2017）；越低越好",
        "ten bins of equal width, mean distance between confidence and share right (Guo et al., 2017); lower is better",
    ),
    of_all=lambda of: calibration_error(of.confidence, of.right),
)
