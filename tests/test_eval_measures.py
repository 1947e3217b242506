"""The measures give what one works out by hand from their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import place, question, span

from rag.evaluation.gold import Located, holds
from rag.evaluation.measures import (
    aurc,
    auroc,
    calibration,
    calibration_error,
    citation_precision,
    citation_recall,
    evidence_recall,
    exact_match,
    f1,
    facts_found,
    risk_coverage,
)


@pytest.mark.parametrize(
    ("answer", "accepted", "score"),
    [
        ("近6000万", ["6000万", "近6000万"], 1.0),
        ("近6000万", ["6000万"], 0.0),
        ("《政府工作报告》。", ["政府工作报告"], 1.0),
        ("GPT-4", ["gpt4"], 1.0),
        (" 大戏 ", ["大戏"], 1.0),
        # Commas and full stops of ASCII are not among the marks that CMRC 2018 removes.
        ("3.33", ["333"], 0.0),
        ("", ["大戏"], 0.0),
        ("大戏", [], 0.0),
    ],
)
def test_exact_match_folds_case_and_the_listed_marks(answer: str, accepted: list[str], score: float) -> None:
    assert exact_match(answer, accepted) == score


@pytest.mark.parametrize(
    ("answer", "accepted", "score"),
    [
        ("近6000万", ["近6000万"], 1.0),
        # Tokens 近 6000 万 and 6000 万: a common run of 2; precision 2/3, recall 2/2.
        ("近6000万", ["6000万"], 0.8),
        # A common run of 2 of 4 and 4, though all characters are shared.
        ("甲乙丙丁", ["丙丁甲乙"], 0.5),
        # The longest run counts, not the sum of runs: 甲乙, 丙丁 around another character.
        ("甲乙戊丙丁", ["甲乙己丙丁"], 0.4),
        ("甲", ["乙"], 0.0),
        ("", ["甲"], 0.0),
        ("甲乙", ["乙", "甲乙丙"], 0.8),
        # A name in Latin script is one token: half of it is nothing.
        ("DeepSeek", ["DeepSeek V3"], 2 / 3),
        ("Deep", ["DeepSeek"], 0.0),
        ("3.33万亿", ["3.33万亿美元"], 2 * (1 * 3 / 5) / (1 + 3 / 5)),
    ],
)
def test_f1_is_that_of_the_longest_common_contiguous_run(answer: str, accepted: list[str], score: float) -> None:
    assert f1(answer, accepted) == pytest.approx(score)


@given(st.text("甲乙丙a1，。 ", max_size=12), st.text("甲乙丙a1，。 ", max_size=12))
def test_f1_is_symmetric_and_one_exactly_where_the_tokens_are_equal(left: str, right: str) -> None:
    assert f1(left, [right]) == pytest.approx(f1(right, [left]))
    assert 0.0 <= f1(left, [right]) <= 1.0
    if exact_match(left, [right]) and f1(left, [left]):
        assert f1(left, [right]) == 1.0


def test_a_place_counts_only_if_it_is_wholly_inside_the_passage() -> None:
    assert holds(span(10, 20), place(10, 20))
    assert not holds(span(10, 20), place(9, 20))
    assert not holds(span(10, 20), place(10, 21))
    assert not holds(span(10, 20, "b.md"), place(10, 20))


def test_recall_is_the_share_of_facts_with_any_of_their_places_found() -> None:
    asked = question([place(0, 5), place(100, 105)], [place(50, 55)], [place(200, 205)])
    assert facts_found(asked, [span(90, 120), span(40, 60)]) == pytest.approx(2 / 3)
    assert facts_found(asked, []) == 0.0


@pytest.mark.parametrize(
    ("spans", "budget", "found"),
    [
        ([span(0, 400), span(400, 500)], 500, 1.0),
        # The second fact ends at 500: one character fewer cuts it.
        ([span(0, 400), span(400, 500)], 499, 0.0),
        # What comes first spends the budget.
        ([span(600, 1000), span(0, 400), span(400, 500)], 500, 0.0),
        ([span(600, 1000), span(0, 400), span(400, 500)], 900, 1.0),
        # The second fact lies across two spans that touch, in whatever order they come.
        ([span(495, 600), span(100, 495)], 500, 1.0),
        ([span(496, 600), span(100, 495)], 500, 0.0),
        # Another document's characters of the same positions are not the evidence.
        ([span(0, 500, "b.md")], 500, 0.0),
        ([], 500, 0.0),
    ],
)
def test_evidence_recall_needs_every_fact_whole_inside_the_first_characters(
    spans: list[Located], budget: int, found: float
) -> None:
    asked = question([place(200, 210)], [place(490, 500)])
    assert evidence_recall(asked, spans, budget) == found


def test_evidence_recall_takes_any_place_of_a_fact() -> None:
    assert evidence_recall(question([place(900, 910), place(5, 9)]), [span(0, 10)], 10) == 1.0


def test_citations_are_right_where_their_sentence_overlaps_a_place() -> None:
    asked = question([place(0, 10), place(300, 310)], [place(50, 60)])
    sentences = [span(9, 30), span(30, 50), span(30, 50, "b.md"), span(305, 400)]
    assert citation_precision(asked, sentences) == 2 / 4
    assert citation_recall(asked, sentences) == 1 / 2
    assert citation_recall(asked, []) == 0.0


def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_half() -> None:
    confidences, answerable = np.array([0.9, 0.5, 0.3, 0.5, 0.2]), np.array([1.0, 1, 1, 0, 0])
    # 0.9 beats both, 0.5 ties and beats, 0.3 loses and beats: 2 + 1.5 + 1 of 6.
    assert auroc(confidences, answerable) == pytest.approx(4.5 / 6)
    assert np.isnan(auroc(confidences[:3], answerable[:3]))


def test_risk_is_the_share_wrong_among_the_most_confident() -> None:
    coverage, risk = risk_coverage(np.array([0.2, 0.9, 0.8, 0.4]), np.array([0.0, 1, 0, 1]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    # In order of confidence: right, wrong, right, wrong.
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert aurc(np.array([0.2, 0.9, 0.8, 0.4]), np.array([0.0, 1, 0, 1])) == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)


@pytest.mark.parametrize("right", [[1.0, 0.0], [0.0, 1.0]])
def test_the_order_of_questions_of_equal_confidence_does_not_matter(right: list[float]) -> None:
    assert risk_coverage(np.array([0.5, 0.5]), np.array(right))[1].tolist() == [0.5, 0.5]


def test_calibration_error_is_the_mean_distance_over_ten_bins() -> None:
    confidences, right = np.array([0.95, 1.0, 0.92, 0.15]), np.array([1.0, 1, 0, 0])
    low, high = calibration(confidences, right)
    assert (low.low, low.size, low.confidence, low.accuracy) == (0.1, 1, 0.15, 0.0)
    assert (high.low, high.size) == (0.9, 3)
    assert high.accuracy == pytest.approx(2 / 3)
    assert high.confidence == pytest.approx((0.95 + 1.0 + 0.92) / 3)
    assert calibration_error(confidences, right) == pytest.approx((3 * (2.87 / 3 - 2 / 3) + 0.15) / 4)
