"""Whether the evidence is among the passages retrieved, and how high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.evaluation.gold import GoldQuestion, Located, holds
from rag.evaluation.measures.measure import Case, Group, Measure

DEPTHS: Final = (1, 5, 10)
BUDGETS: Final = (500, 1000, 2000)


def facts_found(question: GoldQuestion, spans: Sequence[Located]) -> float:
    """The share of the question's facts with at least one of their places wholly inside one of ``spans``.

    Over the first k passages this is Recall@k: subtopic recall (Zhai, Cohen and Lafferty, 2003), a fact being a
    subtopic.
    """
    held = [any(holds(span, place) for place in fact for span in spans) for fact in question.evidence]
    return sum(held) / len(held)


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


def _recall(case: Case) -> dict[str, float]:
    if case.unit == "document" or not case.question.evidence:
        return {}
    return {f"Recall@{depth}": facts_found(case.question, case.passages[:depth]) for depth in DEPTHS}


def _within(case: Case) -> dict[str, float]:
    if not case.question.evidence:
        return {}
    return {f"evidence@{budget}": evidence_recall(case.question, case.passages, budget) for budget in BUDGETS}


RECALL = Measure(
    names=tuple(f"Recall@{depth}" for depth in DEPTHS),
    shown=("Recall@1、@5、@10", "Recall@1, @5, @10"),
    group=Group.RETRIEVAL,
    means=(
        "标准问答：问题的事实里，有多少至少一处在前 k 个段落中；别人的数据集：前 k 个里相关文档的比例",
        "gold questions: the share of the question's facts with at least one of their places in the first k passages. "
        "Sets of others: the share of relevant documents among the first k",
    ),
    of_one=_recall,
    ranked={f"Recall@{depth}": f"R@{depth}" for depth in DEPTHS},
)
EVIDENCE = Measure(
    names=tuple(f"evidence@{budget}" for budget in BUDGETS),
    shown=("evidence@500、@1000、@2000", "evidence@500, @1000, @2000"),
    group=Group.RETRIEVAL,
    means=(
        "每个事实都有一处完整落在检出的前 500（1,000、2,000）字里为 1：切分不同的系统之间用它比",
        "1 if every fact has a place wholly inside the first 500 (1,000, 2,000) characters retrieved: the measure "
        "between systems that split differently",
    ),
    of_one=_within,
)
