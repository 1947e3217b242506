"""Two saved results side by side: what differs by more than chance, and on which questions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rag.errors import EvaluationError
from rag.evaluation.benchmark import values
from rag.evaluation.measures import NAMES
from rag.evaluation.measures.statistics import Difference, difference, holm
from rag.evaluation.outcome import Outcome
from rag.evaluation.report.tables import Table
from rag.evaluation.results import Result
from rag.messages import text

SIGNIFICANT = 0.05
_NAMED = 5
_LISTED = 20


class Row(msgspec.Struct, frozen=True):
    """One measure of both, and ``b - a``; ``p`` is corrected for the number of measures (Holm)."""

    measure: str
    a: float
    b: float
    difference: Difference
    p: float

    @property
    def significant(self) -> bool:
        return self.p < SIGNIFICANT


class Changed(msgspec.Struct, frozen=True):
    """A question on which b does better or worse than a, by the first measure that tells them apart."""

    id: str
    measure: str
    a: float
    b: float


class Comparison(msgspec.Struct, frozen=True):
    """``a`` and ``b`` are the results' names."""

    a: str
    b: str
    questions: int
    rows: tuple[Row, ...]
    won: tuple[Changed, ...]
    lost: tuple[Changed, ...]


def compare(a: tuple[Result, Sequence[Outcome]], b: tuple[Result, Sequence[Outcome]]) -> Comparison:
    """Compare two results on the same questions. Raises EvaluationError if one lacks questions of the other."""
    first = {outcome.id: outcome for outcome in a[1]}
    second = {outcome.id: outcome for outcome in b[1]}
    for name, here, there in ((a[0].name, first, second), (b[0].name, second, first)):
        missing = [question for question in there if question not in here]
        if missing:
            named = "、".join(missing[:_NAMED]) + ("…" if len(missing) > _NAMED else "")
            raise EvaluationError(
                f"结果 {name} 缺少 {len(missing)} 个问题（{named}），不能比较。请在同一问题集上重新评测。",
                f"Result {name} lacks {len(missing)} questions ({named}): they can't be compared. Run both on one set.",
            )
    pairs = [(outcome, second[outcome.id]) for outcome in a[1]]
    rows = compare_outcomes(pairs)
    changed = [change for pair in pairs if (change := _changed(*pair))]
    return Comparison(
        a=a[0].name,
        b=b[0].name,
        questions=len(pairs),
        rows=tuple(rows),
        won=tuple(one for one in changed if one.b > one.a),
        lost=tuple(one for one in changed if one.b < one.a),
    )


def compare_outcomes(pairs: Sequence[tuple[Outcome, Outcome]]) -> list[Row]:
    """Each measure that both systems have on some questions, over those questions."""
    compared = []
    for measure in NAMES:
        both = [(a, b) for a, b in pairs if measure in a.measures and measure in b.measures]
        if both:
            left, right = (values(side, measure) for side in zip(*both, strict=True))
            compared.append((measure, float(left.mean()), float(right.mean()), difference(left, right)))
    corrected = holm([one.p for *_, one in compared])
    return [Row(*one, p) for one, p in zip(compared, corrected, strict=True)]


def comparison_tables(comparison: Comparison) -> list[Table]:
    """The measures, then the questions won and lost."""
    a, b = comparison.a, comparison.b
    verdict = text("结论", "verdict")
    columns = (
        text("指标", "measure"), a, b, text("差", "difference"), text("95% 区间", "95% interval"),
        text("胜", "wins"), text("负", "losses"), text("平", "ties"), "p (Holm)", verdict,
    )  # fmt: skip
    rows = tuple(
        (
            row.measure,
            f"{row.a:.3f}",
            f"{row.b:.3f}",
            f"{row.difference.mean:+.3f}",
            f"{row.difference.low:+.3f} … {row.difference.high:+.3f}",
            str(row.difference.wins),
            str(row.difference.losses),
            str(row.difference.ties),
            f"{row.p:.4f}",
            _verdict(row),
        )
        for row in comparison.rows
    )
    note = text(
        f"{comparison.questions} 题；胜负是 {b} 对 {a}；p 为费雪随机化检验，按指标个数作 Holm 校正。",
        f"{comparison.questions} questions; wins and losses are of {b} against {a}; p by Fisher's randomisation test, "
        "corrected for the number of measures (Holm).",
    )
    made = [Table(text(f"{b} 对比 {a}", f"{b} against {a}"), columns, rows, (verdict,), note)]
    for title, changed in (
        (text("变好的问题", "Questions won"), comparison.won),
        (text("变差的问题", "Questions lost"), comparison.lost),
    ):
        listed = tuple((one.id, one.measure, f"{one.a:.2f}", f"{one.b:.2f}") for one in changed[:_LISTED])
        if listed:
            measure = text("指标", "measure")
            made.append(Table(f"{title} ({len(changed)})", (text("编号", "id"), measure, a, b), listed, (measure,)))
    return made


def _verdict(row: Row) -> str:
    if not row.significant:
        return text("看不出差别", "no difference shown")
    return text("更好", "better") if row.difference.mean > 0 else text("更差", "worse")


def _changed(a: Outcome, b: Outcome) -> Changed | None:
    for measure in ("accuracy", "nDCG@10", "F1"):
        before, after = a.measures.get(measure), b.measures.get(measure)
        if before is not None and after is not None and before != after:
            return Changed(a.id, measure, before, after)
    return None
