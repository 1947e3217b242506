"""Gold pairs to training examples."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from rag.squad import SquadAnswer, SquadArticle, SquadParagraph, SquadQuestion
from rag.text import normalise
from rag.training.examples import Example, ExampleSource, Origin, gold_pairs
from rag.training.styles import STYLES, keywords, mistyped, reworded, unmarked, varied

FACTS = (
    ("月河大学", "陈远山", "1952年", "江州市"),
    ("云湖大学", "林若水", "1978年", "南屏市"),
    ("青石大学", "周慕白", "1931年", "海宁市"),
    ("东岭大学", "苏明哲", "1966年", "北川市"),
)
ALWAYS = dict.fromkeys(list(Origin)[1:], 1.0)


def article(name: str, founder: str, year: str, city: str) -> SquadArticle:
    filler = f"{name}的校园占地很广，图书馆藏书丰富，学生来自全国各地，每年都会举办运动会和音乐节，深受欢迎。"
    context = (
        f"{name}是一所综合性大学。{name}由{founder}在{year}创立。{filler * 4}{name}的校徽是一只白鹤。"
        f"学校后来迁到{city}，并在那里建成了新的实验楼。{filler * 4}"
    )
    asked = ((f"{name}是谁创立的？", founder), (f"{name}是在哪一年创立的？", year), (f"{name}后来迁到了哪里？", city))
    questions = [
        SquadQuestion(f"{name}-{i}", question, [SquadAnswer(answer, context.index(answer))])
        for i, (question, answer) in enumerate(asked)
    ]
    return SquadArticle([SquadParagraph(context, questions)], name)


@pytest.fixture(scope="module")
def source() -> ExampleSource:
    return ExampleSource(gold_pairs([article(*facts) for facts in FACTS]))


@pytest.fixture(scope="module")
def examples(source: ExampleSource) -> list[Example]:
    return [example for seed in range(5) for example in source.epoch(random.Random(seed), ALWAYS)]


def test_every_origin_is_made(examples: list[Example]) -> None:
    assert set(Counter(example.origin for example in examples)) == set(Origin)


def test_a_gold_example_marks_the_answer_in_its_passage(examples: list[Example]) -> None:
    marked = {e.passage[e.answer.start : e.answer.end] for e in examples if e.answer}
    assert marked == {word for facts in FACTS for word in facts[1:]}
    assert all((example.answer is not None) == (example.origin is Origin.GOLD) for example in examples)


def test_no_example_without_an_answer_holds_it(source: ExampleSource) -> None:
    by_question = {normalise(pair.question).text: pair.answers for pair in source.pairs}
    made = [source._sibling, source._lookalike, source._removed]
    checked = 0
    for number, pair in enumerate(source.pairs):
        passages = source._passages[0][pair.document.doc_id]
        for make in made:
            example = make(number, passages, random.Random(number))
            if example:
                checked += 1
                assert not any(a in example.passage for a in by_question[normalise(example.question).text])
    assert checked > len(source.pairs)


def test_an_exchanged_question_asks_about_something_else(source: ExampleSource) -> None:
    for number, pair in enumerate(source.pairs):
        for seed in range(4):
            passages = source._passages[0][pair.document.doc_id]
            example = source._exchanged(number, passages, random.Random(seed))
            if example:
                assert example.question != normalise(pair.question).text
                assert pair.answers[0] in example.passage
                assert example.answer is None


def test_the_same_seed_draws_the_same_examples(source: ExampleSource) -> None:
    first, second = (list(source.epoch(random.Random(3))) for _ in range(2))
    assert first == second
    assert first != list(source.epoch(random.Random(4)))


def test_an_answer_is_found_by_search_where_its_offset_is_wrong() -> None:
    context = "1999年公司成立。后来，公司在1999年上市，地点是香港。"
    question = SquadQuestion("1", "公司哪一年上市的？", [SquadAnswer("1999年", 7)])
    (pair,) = gold_pairs([SquadArticle([SquadParagraph(context, [question])])])
    assert pair.document.text[pair.answer.start : pair.answer.end] == "1999年"


@pytest.mark.parametrize(
    "question",
    [
        SquadQuestion("1", "哪一年？", [SquadAnswer("2001年")]),
        SquadQuestion("2", "哪一年？", []),
        SquadQuestion("3", "哪一年？", [SquadAnswer("1999年")], is_impossible=True),
        SquadQuestion("4", " ", [SquadAnswer("1999年")]),
    ],
)
def test_a_pair_without_its_answer_in_the_text_is_left_out(question: SquadQuestion) -> None:
    assert gold_pairs([SquadArticle([SquadParagraph("1999年公司成立。", [question])])]) == []


def test_each_style_changes_what_it_says() -> None:
    rng = random.Random(0)
    question = "月之暗面的创始人是谁？"
    assert unmarked(question, rng) == "月之暗面的创始人是谁"
    assert set(keywords(question, rng).replace(" ", "")) < set(question)
    assert reworded("公司什么时候成立的？", rng) != "公司什么时候成立的？"
    assert sum(a != b for a, b in zip(question, mistyped(question, rng), strict=True)) == 1


def test_most_questions_keep_their_words_and_each_style_occurs() -> None:
    rng = random.Random(1)
    question = "这家公司的创始人是谁，它是什么时候成立的？"
    made = Counter(varied(question, rng) for _ in range(2000))
    unchanged = 1 - sum(share for _, share in STYLES)
    assert made[question] / 2000 == pytest.approx(unchanged, abs=0.06)
    assert len(made) > len(STYLES)
