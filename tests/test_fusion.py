"""Fusion adds what both rankings say, and breaks ties by the order of the passages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.fusion import Fused, fuse

RANKING = st.dictionaries(st.integers(0, 9), st.floats(0, 1), max_size=8).map(lambda scores: list(scores.items()))


def none_lacking(ordinals: Sequence[int]) -> list[float]:
    assert not ordinals, "their scores were known"
    return []


def test_the_score_is_the_dense_one_and_a_share_of_bm25() -> None:
    assert fuse([(3, 0.8)], [(3, 5.0)], dense_scores=none_lacking, bound=10.0, weight=0.2) == [Fused(3, 0.9, 0.8, 5.0)]


def test_fusion_prefers_the_passage_both_rankings_place_high() -> None:
    fused = fuse(
        [(0, 0.80), (1, 0.79), (2, 0.60)],
        [(2, 8.0), (1, 7.0)],
        dense_scores=none_lacking,
        bound=10.0,
        weight=0.1,
    )
    assert [one.ordinal for one in fused] == [1, 0, 2]
    assert [one.sparse for one in fused] == [7.0, None, 8.0]


def test_a_passage_that_only_bm25_found_gets_its_own_dense_score() -> None:
    fused = fuse(
        [(0, 0.5)],
        [(7, 10.0)],
        dense_scores=lambda ordinals: [{7: 0.45}[one] for one in ordinals],
        bound=10.0,
        weight=0.1,
    )
    assert [(one.ordinal, one.dense) for one in fused] == [(7, 0.45), (0, 0.5)]
    assert fused[0].score == pytest.approx(0.55)


def test_ties_go_to_the_earlier_passage() -> None:
    fused = fuse([(5, 0.5), (2, 0.5), (9, 0.5)], [], dense_scores=none_lacking, bound=0.0, weight=0.15)
    assert [one.ordinal for one in fused] == [2, 5, 9]


def test_without_bm25_the_cosine_stands() -> None:
    assert fuse([(1, 0.7)], [], dense_scores=none_lacking, bound=0.0, weight=1.0) == [Fused(1, 0.7, 0.7, None)]


def test_nothing_gives_nothing() -> None:
    assert fuse([], [], dense_scores=none_lacking, bound=3.0, weight=0.5) == []


@given(RANKING, RANKING, st.floats(0, 1))
def test_every_passage_of_either_ranking_comes_once_and_in_order(
    dense: list[tuple[int, float]], sparse: list[tuple[int, float]], weight: float
) -> None:
    fused = fuse(dense, sparse, dense_scores=lambda found: [0.0 for _ in found], bound=1.0, weight=weight)
    assert sorted(one.ordinal for one in fused) == sorted(dict(dense).keys() | dict(sparse).keys())
    keys = [(-one.score, one.ordinal) for one in fused]
    assert keys == sorted(keys)


@given(RANKING, RANKING)
def test_the_order_of_the_input_does_not_matter(
    dense: list[tuple[int, float]], sparse: list[tuple[int, float]]
) -> None:
    one = fuse(dense, sparse, dense_scores=lambda found: [0.1 for _ in found], bound=2.0, weight=0.3)
    other = fuse(dense[::-1], sparse[::-1], dense_scores=lambda found: [0.1 for _ in found], bound=2.0, weight=0.3)
    assert one == other
