"""The term index ranks by BM25, counts a heading less than the text, and breaks ties by passage."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rag.index import sparse

Terms = list[tuple[int, list[str], list[str]]]


def index(folder: Path, passages: Terms) -> sparse.SparseIndex:
    with sparse.writing(folder / "terms") as add:
        for n, body, context in passages:
            add(n, " ".join(body), " ".join(context))
    return sparse.SparseIndex(folder / "terms")


def ordinals(found: list[tuple[int, float]]) -> list[int]:
    return [ordinal for ordinal, _ in found]


def test_the_score_is_bm25(tmp_path: Path) -> None:
    found = index(
        tmp_path, [(0, ["豆包", "月活"], []), (1, ["文心", "日均", "调用", "量"], []), (2, ["豆包", "豆包"], [])]
    )
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    average = (2 + 4 + 2) / 3

    def bm25(frequency: int, length: int) -> float:
        return idf * frequency * 2.2 / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / average))

    assert found.idf("豆包") == pytest.approx(idf)
    ranking = found.search(["豆包"], 5)
    assert ordinals(ranking) == [2, 0]
    assert dict(ranking) == pytest.approx({2: bm25(2, 2), 0: bm25(1, 2)}, rel=1e-5)


def test_no_passage_scores_above_the_bound(tmp_path: Path) -> None:
    found = index(tmp_path, [(n, ["甲"] * (n + 1) + ["乙"] * (n % 2), []) for n in range(30)])
    for query in (["甲"], ["乙"], ["甲", "乙"]):
        assert found.search(query, 1)[0][1] < found.bound(query)


def test_a_term_in_the_text_counts_more_than_in_the_context(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, ["甲"], ["豆包"]), (1, ["豆包"], ["甲"])])
    assert ordinals(found.search(["豆包"], 5)) == [1, 0]


def test_ties_go_to_the_earlier_passage(tmp_path: Path) -> None:
    found = index(tmp_path, [(n, ["同"], []) for n in range(20)])
    assert ordinals(found.search(["同"], 20)) == list(range(20))


def test_ties_at_the_cut_go_to_the_earlier_passage(tmp_path: Path) -> None:
    found = index(tmp_path, [(n, ["同"], []) for n in range(20)])
    assert ordinals(found.search(["同"], 3)) == [0, 1, 2]


def test_what_no_passage_holds_finds_nothing(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, ["甲"], ["乙"])])
    assert found.search(["丙"], 5) == []
    assert found.search([], 5) == []
    assert (found.knows("甲"), found.knows("乙"), found.knows("丙")) == (True, True, False)
    assert found.idf("丙") > found.idf("甲")


def test_terms_are_matched_whole_whatever_they_hold(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, ["gpt4o", "3.33", "c++"], []), (1, ["gpt4", "3", "33"], [])])
    assert ordinals(found.search(["gpt4o"], 5)) == [0]
    assert ordinals(found.search(["3.33"], 5)) == [0]
    assert ordinals(found.search(["gpt4"], 5)) == [1]


def test_a_long_term_is_not_dropped(tmp_path: Path) -> None:
    long = "a" * 300
    assert ordinals(index(tmp_path, [(0, [long], [])]).search([long], 1)) == [0]


def test_a_folder_that_is_no_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"meta\.json"):
        sparse.SparseIndex(tmp_path)


def test_a_search_within_some_passages_finds_the_others_not_and_scores_the_same(tmp_path: Path) -> None:
    found = index(tmp_path, [(n, ["同", "甲"] if n % 2 else ["同"], []) for n in range(20)])
    everywhere = dict(found.search(["同", "甲"], 20))
    within = found.search(["同", "甲"], 20, [range(5, 9)])
    assert ordinals(within) == [5, 7, 6, 8]
    assert dict(within) == pytest.approx({n: everywhere[n] for n in range(5, 9)})
    assert found.search(["乙"], 20, [range(5, 9)]) == []


def test_what_each_term_adds_is_the_score_taken_apart(tmp_path: Path) -> None:
    found = index(tmp_path, [(n, ["同", "甲"] if n % 2 else ["同"], ["甲", "乙"]) for n in range(8)])
    terms = ["甲", "同", "乙", "丙"]
    scores = dict(found.search(terms, 8))
    for ordinal in range(8):
        added = found.contributions(terms, ordinal)
        assert sum(map(sum, added)) == pytest.approx(scores[ordinal], rel=1e-6)
        assert (added[0][0] > 0) == (ordinal % 2 == 1)
        assert added[0][1] > 0 == added[1][1]
        assert added[3] == (0, 0)


def test_the_fullest_passage_holds_the_heaviest_terms_however_often(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, ["甲"] * 9, []), (1, ["甲", "丙"], ["乙"]), (2, ["乙", "丙"], ["甲"])])
    assert found.covering({"甲": 1.0}) == 0
    assert found.covering({"甲": 1.0, "乙": 1.0}) == 1
    assert found.covering({"甲": 1.0, "乙": 1.0}, [range(2, 3)]) == 2
    assert found.covering({"甲": 3.0, "乙": 1.0}, [range(1)]) == 0
    assert found.covering({"丁": 1.0}) is None
    assert found.covering({}) is None
