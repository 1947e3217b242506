"""The measures give what one works out by hand from their definitions."""

from __future__ import annotations

import pytest
from conftest import ARTICLE
from hypothesis import given
from hypothesis import strategies as st

from eval.benchmark import Estimate, Outcome, auroc, estimate
from eval.gold import GoldQuestion, Place
from eval.measures import exact_match, f1, facts_found, holds
from rag.reading.questions import Kind
from rag.types import Answer, Document, Hit, Passage, Status


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


def hit(document: Document, start: int, end: int, rank: int = 1) -> Hit:
    passage = Passage(rank, document.doc_id, start, end, 1, "", ())
    return Hit(rank, 1.0, passage, document.text[start:end])


def place(start: int, end: int) -> Place:
    return Place(ARTICLE, start, end, "")


def gold(*facts: tuple[Place, ...]) -> GoldQuestion:
    answers = ("答",) if facts else ()
    return GoldQuestion("1", "问", Kind.WHAT, "plain", answers, facts)


def test_a_place_counts_only_if_it_is_wholly_inside_the_passage(articles: dict[str, Document]) -> None:
    document = articles[ARTICLE]
    assert holds(hit(document, 10, 20), place(10, 20), articles)
    assert not holds(hit(document, 10, 20), place(9, 20), articles)
    assert not holds(hit(document, 10, 20), place(10, 21), articles)


def test_a_place_in_another_document_does_not_count(articles: dict[str, Document]) -> None:
    other = next(d for name, d in articles.items() if name != ARTICLE)
    assert not holds(hit(other, 0, 100), place(10, 20), articles)


def test_recall_is_the_share_of_facts_with_any_of_their_places_found(articles: dict[str, Document]) -> None:
    document = articles[ARTICLE]
    question = gold((place(0, 5), place(100, 105)), (place(50, 55),), (place(200, 205),))
    assert facts_found(question, [hit(document, 90, 120), hit(document, 40, 60)], articles) == pytest.approx(2 / 3)
    assert facts_found(question, [], articles) == 0.0


def outcome(confidence: float, *, answerable: bool) -> Outcome:
    question = gold((place(0, 1),)) if answerable else gold()
    return Outcome(question, Answer("问", Status.ANSWERED, "", "", confidence, (), ()), {})


def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_half() -> None:
    outcomes = [
        *(outcome(confidence, answerable=True) for confidence in (0.9, 0.5, 0.3)),
        *(outcome(confidence, answerable=False) for confidence in (0.5, 0.2)),
    ]
    # 0.9 beats both, 0.5 ties and beats, 0.3 loses and beats: 2 + 1.5 + 1 of 6.
    assert auroc(outcomes) == pytest.approx(4.5 / 6)
    assert auroc(outcomes[:3]) == 0.0


def test_the_interval_is_the_same_every_time_and_holds_the_mean() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 0.5]
    first = estimate(values)
    assert first == estimate(list(values))
    assert first.n == 6
    assert first.mean == pytest.approx(3.5 / 6)
    assert 0.0 <= first.low < first.mean < first.high <= 1.0
    assert estimate([1.0] * 5) == Estimate(1.0, 1.0, 1.0, 5)
