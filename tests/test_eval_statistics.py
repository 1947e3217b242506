"""Intervals and tests give what their definitions say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rag.evaluation.measures.statistics import Estimate, difference, estimate, estimate_of, holm


def test_the_interval_is_the_same_every_time_and_holds_the_mean() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.5])
    first = estimate(values)
    assert first == estimate(values.copy())
    assert first.n == 6
    assert first.mean == pytest.approx(3.5 / 6)
    assert 0.0 <= first.low < first.mean < first.high <= 1.0
    assert estimate(np.ones(5)) == Estimate(1.0, 1.0, 1.0, 5)
    assert estimate(np.array([0.5])) == Estimate(0.5, 0.5, 0.5, 1)


def test_the_interval_of_a_mean_covers_the_truth_about_95_times_in_100() -> None:
    draw = np.random.default_rng(1)
    intervals = [estimate((draw.random(80) < 0.7).astype(float)) for _ in range(200)]
    assert 180 <= sum(one.low <= 0.7 <= one.high for one in intervals) <= 199


def test_samples_of_one_question_are_drawn_together() -> None:
    values = np.arange(20.0)
    found = estimate_of(lambda a, b: float((a - b).max()), values, values)
    assert (found.low, found.high) == (0.0, 0.0)


def test_resamples_without_a_value_are_left_out() -> None:
    found = estimate_of(lambda sample: float("nan") if sample.min() > 0 else 0.25, np.array([0.0, 1.0, 1.0]))
    assert found == Estimate(0.25, 0.25, 0.25, 3)


def test_the_randomisation_test_gives_the_exact_share_of_sign_changes() -> None:
    a, b = np.zeros(6), np.array([0.5, 0.25, 1.0, -0.25, 0.5, 0.75])
    gaps = b - a
    means = [float(np.mean(gaps * signs)) for signs in product((1, -1), repeat=6)]
    exact = sum(abs(mean) >= gaps.mean() - 1e-12 for mean in means) / len(means)
    found = difference(a, b)
    assert found.p == pytest.approx(exact)
    assert (found.wins, found.losses, found.ties) == (5, 1, 0)
    assert found.mean == pytest.approx(gaps.mean())


def test_a_difference_of_many_questions_is_significant_and_one_of_none_is_not() -> None:
    a = np.zeros(100)
    assert difference(a, np.where(np.arange(100) < 20, 1.0, 0.0)).p < 0.001
    assert difference(a, a).p == 1.0
    assert difference(a, np.where(np.arange(100) < 1, 1.0, 0.0)).p == 1.0


def test_holm_multiplies_the_smallest_by_the_number_and_never_falls() -> None:
    # 0.01 * 4; 0.02 * 3; 0.03 * 2 = 0.06; 0.9.
    assert holm([0.03, 0.01, 0.9, 0.02]) == pytest.approx([0.06, 0.04, 0.9, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
