"""Gold pairs to training examples."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from rag.errors import TrainingError
from rag.evaluation.datasets.squad_format import SquadAnswer, SquadArticle, SquadParagraph, SquadQuestion
from rag.indexing.splitting import SplitSettings, split
from rag.question.styles import STYLES, keywords, mistyped, reworded, unmarked, varied
from rag.text.normalization import normalise
from rag.training.examples import Example, ExampleSource, Origin
from rag.training.golds import Gold, as_document, divided, squad_golds, written_golds
from rag.types import Span

FACTS = (
    ("月河大学", "陈远山", "1952年", "江州市"),
    ("云湖大学", "林若水", "1978年", "南屏市"),
    ("青石大学", "周慕白", "1931年", "海宁市"),
    ("东岭大学", "苏明哲", "1966年", "北川市"),
)
ALWAYS = {**dict.fromkeys(list(Origin)[1:], 1.0)}


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


def golds(articles: Sequence[SquadArticle], folder: Path) -> list[Gold]:
    """What is read of a file of ``articles``."""
    file = folder / "pairs.json"
    file.write_bytes(msgspec.json.encode({"data": articles}))
    return squad_golds(file)


VERSIONS = [
    Gold(
        "蓝天公司2022年的差旅标准是多少？",
        made,
        (Span(made.text.index("300"), made.text.index("300") + 4),),
        ("300元",),
        "ver:1",
    )
    for made in [as_document("住宿每晚300元。", "蓝天公司差旅办法（2022年）")]
    if made
] + [
    Gold(
        "蓝天公司2024年的差旅标准是多少？",
        made,
        (Span(made.text.index("450"), made.text.index("450") + 4),),
        ("450元",),
        "ver:1",
    )
    for made in [as_document("住宿每晚450元。", "蓝天公司差旅办法（2024年）")]
    if made
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ExampleSource:
    pairs = golds([article(*facts) for facts in FACTS], tmp_path_factory.mktemp("pairs"))
    return ExampleSource(pairs + VERSIONS)


@pytest.fixture(scope="module")
def groups(source: ExampleSource) -> list[list[Example]]:
    return [group for seed in range(5) for group in source.epoch(random.Random(seed), ALWAYS)]


@pytest.fixture(scope="module")
def examples(groups: list[list[Example]]) -> list[Example]:
    return [example for group in groups for example in group]


def test_of_what_competes_at_most_one_answers_and_an_exchanged_question_stands_alone(
    groups: list[list[Example]],
) -> None:
    assert max(len(group) for group in groups) > 2
    for group in groups:
        assert sum(bool(example.answer) for example in group) <= 1
        assert len(group) == 1 or all(example.origin is not Origin.EXCHANGED for example in group)


def test_another_passage_of_the_document_rather_shares_words_with_the_question(tmp_path: Path) -> None:
    text = "\n\n".join(
        ["泳池夏天开到晚上九点。", *("花园里种着桂花和茶树。" for _ in range(6)), "泳池冬天几点关门另行通知。"]
    )
    question = SquadQuestion("1", "泳池夏天几点关门？", [SquadAnswer("晚上九点", text.index("晚上九点"))])
    (gold,) = golds([SquadArticle([SquadParagraph(text, [question])])], tmp_path)
    source = ExampleSource([gold])
    passages = split(gold.document, SplitSettings(max_chars=15))
    drawn = [source._siblings(0, passages, random.Random(seed), 1)[0].passage for seed in range(20)]
    assert Counter(drawn).most_common(1)[0][0] == "泳池冬天几点关门另行通知。"
    assert source._siblings(0, passages, random.Random(1), 0) == []


def test_every_origin_is_made(examples: list[Example]) -> None:
    assert set(Counter(example.origin for example in examples)) == set(Origin)


def test_a_gold_example_marks_the_answer_in_its_passage(examples: list[Example]) -> None:
    marked = {e.passage[one.start : one.end] for e in examples for one in e.answer}
    assert marked == {word for facts in FACTS for word in facts[1:]} | {"300元", "450元"}
    assert all(bool(example.answer) == (example.origin is Origin.GOLD) for example in examples)


def test_another_version_of_the_document_does_not_answer(examples: list[Example]) -> None:
    others = {(e.question, e.context, e.passage) for e in examples if e.origin is Origin.VERSION}
    assert {(passage, "2024" in context) for question, context, passage in others if "2022" in question} == {
        ("住宿每晚450元。", True)
    }


def test_no_example_without_an_answer_holds_it(source: ExampleSource) -> None:
    by_question = {normalise(pair.question).text: pair.accepted for pair in source.golds}
    made = [source._lookalike, source._removed]
    checked = 0
    for number, pair in enumerate(source.golds):
        passages = source._passages[0][pair.document.doc_id]
        examples = [make(number, passages, random.Random(number)) for make in made]
        for example in (*examples, *source._siblings(number, passages, random.Random(number), 2)):
            if example:
                checked += 1
                assert not any(a in example.passage for a in by_question[normalise(example.question).text])
    assert checked > len(source.golds)


def test_a_document_that_has_all_that_a_question_names_is_no_lookalike() -> None:
    answered = as_document("云湖泳馆夏天开到晚上九点，押金五十元。", "云湖泳馆")
    texts = ("夏天开到晚上十点，押金八十元，跳水池另行收费。", "夏天开到晚上八点，押金三十元，跳水池不收费。")
    others = [as_document(text, name) for text, name in zip(texts, ("东岭泳馆", "夏天须知"), strict=True)]
    assert answered
    assert all(others)
    asked = ("云湖夏天开到几点", "夏天押金多少")
    at = answered.text.index
    answers = [Span(at("晚上九点"), at("晚上九点") + 4), Span(at("五十元"), at("五十元") + 3)]
    golds = [Gold(q, answered, (s,), (answered.text[s.start : s.end],)) for q, s in zip(asked, answers, strict=True)]
    source = ExampleSource([*golds, *(Gold("跳水池怎么收费", one, (), ()) for one in others if one)])
    found = [{source._all[i][0].title for i in places} for places in source._lookalikes[:2]]
    # Only the first says which pool is meant.
    assert found == [{"东岭泳馆", "夏天须知"}, set()]


def test_an_exchanged_question_asks_about_something_else(source: ExampleSource) -> None:
    for number, pair in enumerate(source.golds):
        for seed in range(4):
            passages = source._passages[0][pair.document.doc_id]
            example = source._exchanged(number, passages, random.Random(seed))
            if example:
                assert example.question != normalise(pair.question).text
                assert pair.accepted[0] in example.passage
                assert not example.answer


def test_the_same_seed_draws_the_same_examples(source: ExampleSource) -> None:
    first, second = (list(source.epoch(random.Random(3))) for _ in range(2))
    assert first == second
    assert first != list(source.epoch(random.Random(4)))


def test_an_answer_is_found_by_search_where_its_offset_is_wrong(tmp_path: Path) -> None:
    context = "1999年公司成立。后来，公司在1999年上市，地点是香港。"
    question = SquadQuestion("1", "公司哪一年上市的？", [SquadAnswer("1999年", 7)])
    (gold,) = golds([SquadArticle([SquadParagraph(context, [question])])], tmp_path)
    assert gold.slices == (Span(context.rindex("1999年"), context.rindex("1999年") + 5),)


@pytest.mark.parametrize(
    "question",
    [
        SquadQuestion("1", "哪一年？", [SquadAnswer("2001年")]),
        SquadQuestion("2", "哪一年？", []),
        SquadQuestion("4", " ", [SquadAnswer("1999年")]),
    ],
)
def test_a_pair_without_its_answer_in_the_text_is_left_out(question: SquadQuestion, tmp_path: Path) -> None:
    assert golds([SquadArticle([SquadParagraph("1999年公司成立。", [question])])], tmp_path) == []


def test_a_question_that_is_marked_so_is_not_answered(tmp_path: Path) -> None:
    question = SquadQuestion("3", "哪一年？", [SquadAnswer("1999年")], is_impossible=True)
    (gold,) = golds([SquadArticle([SquadParagraph("1999年公司成立。", [question])])], tmp_path)
    assert gold.slices == ()


def written(folder: Path, *questions: dict[str, object]) -> Path:
    text = {"p": "a", "title": "门票", "text": "成人票80元，学生票40元。\n周一闭馆，电话80元起。"}
    (folder / "a.documents.jsonl").write_bytes(msgspec.json.encode(text))
    file = folder / "a.questions.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode({"p": "a", **question}) for question in questions))
    return file


def test_a_written_question_has_all_its_slices_each_at_its_place(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"q": "有哪些票？", "a": ["成人票", "学生票"]},
        {"q": "电话费多少？", "a": "80元", "near": "电话80元起"},
        {"q": "能带狗吗？", "a": None},
    )
    both, second, none = written_golds(file)
    text = both.document.text
    assert [text[s.start : s.end] for s in both.slices] == ["成人票", "学生票"]
    assert second.slices[0].start == text.rindex("80元")
    assert none.slices == ()


def test_a_written_answer_that_does_not_stand_in_its_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="多少钱"):
        written_golds(written(tmp_path, {"q": "多少钱？", "a": "90元"}))


def test_whole_paragraphs_are_kept_aside_and_versions_together() -> None:
    made = [as_document(f"{i}号文件，" * 12, f"第{i}篇") for i in range(300)]
    family = [f"ver:{i // 2}" for i in range(300)]
    asked = [Gold(f"问{i}", one, (), (), name) for i, (one, name) in enumerate(zip(made, family, strict=True)) if one]
    trained, aside = divided(asked + asked)
    assert len(trained) + len(aside) == 2 * len(asked)
    assert 0.04 < len(aside) / len(asked) / 2 < 0.2
    assert not {gold.family for gold in trained} & {gold.family for gold in aside}


def test_what_shares_a_passage_with_a_paragraph_aside_is_aside_too() -> None:
    asked = [Gold("问", one, (), ()) for i in range(40) if (one := as_document(f"甲{i}" * 40, f"{i}"))]
    _, aside = divided(asked)
    longer = as_document("另起一段。" + aside[0].document.text + "再说一句。", "长文")
    assert longer
    assert longer.doc_id in {gold.document.doc_id for gold in divided([*asked, Gold("问", longer, (), ())])[1]}


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
