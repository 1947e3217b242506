"""How far to trust a figure: bootstrap intervals, and tests of differences between two systems."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from rag.evaluation.measures.measure import Floats

_RESAMPLES = 1000
_PERMUTATIONS = 9999
_BATCH = 100


class Estimate(msgspec.Struct, frozen=True):
    """A value, its 95 % interval by percentile bootstrap over questions, and the number of questions."""

    mean: float
    low: float
    high: float
    n: int


class Difference(msgspec.Struct, frozen=True):
    """``b - a`` over the questions of both: wins, losses and ties of b, and the p value of Fisher's test."""

    mean: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    p: float


def estimate(values: Floats) -> Estimate:
    """The mean of ``values``. The same values give the same interval."""
    return estimate_of(lambda sample: float(sample.mean()), values)


def estimate_of(statistic: Callable[..., float], *samples: Floats) -> Estimate:
    """``statistic(*samples)``; ``samples`` have one value a question each and are resampled together.

    Resamples on which the statistic is not defined (NaN) are left out of the interval.
    """
    value, size = statistic(*samples), len(samples[0])
    if size < 2:
        return Estimate(value, value, value, size)
    draw = np.random.default_rng(0)
    drawn = [
        statistic(*(sample[chosen] for sample in samples)) for chosen in draw.integers(0, size, (_RESAMPLES, size))
    ]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return Estimate(value, float(low), float(high), size)


def difference(a: Floats, b: Floats) -> Difference:
    """Compare two systems on the same questions.

    p is the two-sided value of Fisher's randomisation test: how often swapping the two systems' values question by
    question gives a mean difference at least as large (Smucker, Allan and Carterette, 2007).
    """
    gaps = b - a
    mean = estimate(gaps)
    return Difference(
        mean=mean.mean,
        low=mean.low,
        high=mean.high,
        wins=int((gaps > 0).sum()),
        losses=int((gaps < 0).sum()),
        ties=int((gaps == 0).sum()),
        p=_fisher(gaps),
    )


def _fisher(gaps: Floats) -> float:
    if len(gaps) < 2 or not gaps.any():
        return 1.0
    from scipy import stats

    test = stats.permutation_test(
        (gaps,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_PERMUTATIONS,
        batch=_BATCH,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values corrected for their number by the step-down method of Holm (1979), in the order given."""
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = highest
    return corrected


__all__ = ["Difference", "Estimate", "difference", "estimate", "estimate_of", "holm"]
