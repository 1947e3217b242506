"""Whether the system got worse than the committed baseline by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rag.errors import EvaluationError
from rag.evaluation.compare import SIGNIFICANT, compare_outcomes
from rag.evaluation.outcome import Outcome

BASELINE = Path(__file__).parents[1] / "results" / "baseline"


class Regression(msgspec.Struct, frozen=True):
    """A measure that fell from ``before`` to ``after``, on which questions; ``p`` is corrected (Holm)."""

    measure: str
    before: float
    after: float
    p: float
    questions: tuple[str, ...]

    def __str__(self) -> str:
        lost = ", ".join(self.questions)
        return f"{self.measure} fell from {self.before:.3f} to {self.after:.3f} (p = {self.p:.4f}) on {lost}"


def regressions(baseline: Sequence[Outcome], now: Sequence[Outcome]) -> list[Regression]:
    """The measures that are significantly lower than in ``baseline``, over the same questions.

    Raises EvaluationError if they are not the same: then the baseline has to be renewed.
    """
    before, after = ({outcome.id: outcome for outcome in outcomes} for outcomes in (baseline, now))
    if before.keys() != after.keys():
        changed = ", ".join(sorted(before.keys() ^ after.keys())[:5])
        raise EvaluationError(
            f"问题集和基线的不同（{changed}…）。请更新基线：make baseline",
            f"The questions are not those of the baseline ({changed}…). Renew it: make baseline",
        )
    pairs = [(outcome, after[outcome.id]) for outcome in baseline]
    return [
        Regression(row.measure, row.a, row.b, row.p, _fallen(row.measure, pairs))
        for row in compare_outcomes(pairs)
        if row.p < SIGNIFICANT and row.difference.mean < 0
    ]


def _fallen(measure: str, pairs: Sequence[tuple[Outcome, Outcome]]) -> tuple[str, ...]:
    return tuple(
        a.id
        for a, b in pairs
        if measure in a.measures and measure in b.measures and b.measures[measure] < a.measures[measure]
    )
