"""What is measured, one definition each: answers as in CMRC 2018, evidence, citations, confidence.

Measures of ranked lists (MRR, nDCG …) come from ir_measures; see `rag.evaluation.measures.trec`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.gold import GoldQuestion, Place

Floats = NDArray[np.float64]

BUDGETS = (500, 1000, 2000)
BINS = 10
# An answer counts as right from this F1 on: it need not be cut exactly as the accepted one.
RIGHT_F1 = 0.5

# The marks that CMRC 2018's evaluation script removes; commas and full stops of ASCII are not among them.
_REMOVED = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
# A token is a Chinese character, a word or number in another script, or any other mark.
_TOKEN = re.compile(r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,][^\W\u4e00-\u9fa5]+)*|[^\s\w]")


class Located(NamedTuple):
    """A span ``[start, end)`` of a document, by the document's file name."""

    document: str
    start: int
    end: int


class Bin(NamedTuple):
    """Questions whose confidence is at least ``low`` and below that of the next bin."""

    low: float
    size: int
    confidence: float
    accuracy: float


def exact_match(answer: str, accepted: Sequence[str]) -> float:
    """1 if ``answer`` equals an accepted one after lower-casing and removing marks; else 0 (CMRC 2018's EM)."""
    return float(any(folded(answer) == folded(one) for one in accepted))


def f1(answer: str, accepted: Sequence[str]) -> float:
    """CMRC 2018's F1: over the longest common contiguous run of tokens, the best of the accepted answers.

    After lower-casing and removing marks, a token is a Chinese character, a word or a number (Cui et al., 2019).
    """
    return max((_run_f1(_tokens(answer), _tokens(one)) for one in accepted), default=0.0)


def facts_found(question: GoldQuestion, spans: Sequence[Located]) -> float:
    """The share of the question's facts with at least one of their places wholly inside one of ``spans``.

    Over the first k passages this is Recall@k: subtopic recall (Zhai, Cohen and Lafferty, 2003), a fact being a
    subtopic.
    """
    found = [any(holds(span, place) for place in fact for span in spans) for fact in question.evidence]
    return sum(found) / len(found)


def evidence_recall(question: GoldQuestion, spans: Sequence[Located], budget: int) -> float:
    """1 if every fact of the question has a place wholly inside the first ``budget`` characters retrieved, else 0.

    ``spans`` are taken in order, the last one cut at the budget; a place may lie across spans that touch. Systems
    that split differently can be compared by it.
    """
    taken: list[Located] = []
    left = budget
    for span in spans:
        if left <= 0:
            break
        taken.append(Located(span.document, span.start, min(span.end, span.start + left)))
        left -= span.end - span.start
    joined = _joined(taken)
    return float(all(any(holds(span, place) for place in fact for span in joined) for fact in question.evidence))


def holds(span: Located, place: Place) -> bool:
    """Whether ``span`` contains the whole place."""
    return span.document == place.document and span.start <= place.start and place.end <= span.end


def overlaps(span: Located, place: Place) -> bool:
    """Whether ``span`` and the place have a character in common."""
    return span.document == place.document and span.start < place.end and place.start < span.end


def citation_precision(question: GoldQuestion, sentences: Sequence[Located]) -> float:
    """The share of cited sentences that overlap one of the question's places."""
    right = [any(overlaps(sentence, place) for place in question.places) for sentence in sentences]
    return sum(right) / len(right)


def citation_recall(question: GoldQuestion, sentences: Sequence[Located]) -> float:
    """The share of the question's facts with a place that a cited sentence overlaps."""
    cited = [any(overlaps(sentence, place) for place in fact for sentence in sentences) for fact in question.evidence]
    return sum(cited) / len(cited)


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


def _joined(spans: Sequence[Located]) -> list[Located]:
    """Spans that touch or overlap as one."""
    joined: list[Located] = []
    for span in sorted(spans):
        last = joined[-1] if joined else None
        if last and last.document == span.document and span.start <= last.end:
            joined[-1] = Located(last.document, last.start, max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def folded(text: str) -> str:
    """``text`` as it is compared: in lower case, without marks."""
    return text.lower().translate(_REMOVED).strip()


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(folded(text))


def _run_f1(answer: list[str], gold: list[str]) -> float:
    common = _longest_common_run(answer, gold)
    if not common:
        return 0.0
    precision, recall = common / len(answer), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _longest_common_run(left: list[str], right: list[str]) -> int:
    lengths = [0] * (len(right) + 1)
    longest = 0
    for token in left:
        previous = 0
        for column, other in enumerate(right, start=1):
            lengths[column], previous = (previous + 1 if token == other else 0), lengths[column]
            longest = max(longest, lengths[column])
    return longest
