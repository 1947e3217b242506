"""What the trained reader makes of its network's scores. The scores here are set by hand: the network is not what is
tested, but what follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from documents import document
from test_reading_edges import Everything

from rag.indexing.splitting import SplitSettings, split
from rag.loading import parse
from rag.question.analysis import Question, analyse
from rag.reading import Candidate
from rag.reading.calibration import Calibration, Logistic
from rag.reading.decoding import Window
from rag.reading.scoring import Text, TextReader, TextScores
from rag.reading.trained import CHOICE, TrainedReader, _has
from rag.text.tokenization import Cutting
from rag.types import Hit, Role, Span

BY_MARGIN = Calibration(
    {name: float(name == "margin") for name in CHOICE},
    Logistic(-4.0, {"margin": 1.0}),
    (),
    Logistic(0.0, {"margin": 1.0}),
    0.3,
)


class Marked:
    """A network that sees given words, with given margins, and nothing else; all of them if ``several``."""

    def __init__(self, several: bool = False, /, **margins: float) -> None:
        self.margins = margins
        self.several = several
        self.read_at_once: list[int] = []

    def read(self, question: str, texts: Sequence[Text]) -> list[TextScores]:  # noqa: ARG002
        self.read_at_once.append(len(texts))
        return [self._scores(text) for text in texts]

    def _scores(self, text: Text) -> TextScores:
        start, end, inside = (np.full(len(text.passage), -9.0, dtype=np.float32) for _ in range(3))
        for word, margin in self.margins.items():
            place = text.passage.find(word)
            if place >= 0:
                start[place] = end[place + len(word) - 1] = margin / 2
                inside[place : place + len(word)] = 1.0
        characters = tuple(Span(i, i + 1) for i in range(len(text.passage)))
        window = Window(characters, start, end, inside, 0.0, 1.0 if self.several else -1.0)
        return TextScores(tuple(window.extracts(text.sentences)), 0.0, (window,))


def candidates(*texts: str) -> list[Candidate]:
    found = []
    for rank, text in enumerate(texts, start=1):
        made = document(text, f"{rank}.txt")
        (passage,) = split(made, SplitSettings(), rank)
        hit = Hit(rank, passage, 1 - rank / 10, text)
        found.append(Candidate(hit, made, (0.9,) * len(passage.sentences)))
    return found


def asked_for(question: str) -> Question:
    return analyse(Cutting()(question), Everything())


def reader(**margins: float) -> TrainedReader:
    return TrainedReader(cast("TextReader", Marked(False, **margins)), BY_MARGIN)


FOUNDER = asked_for("月之暗面的创始人是谁？")


def test_the_best_span_of_all_passages_answers_with_its_sentence() -> None:
    given = candidates("大模型很多。融资也很多。", "月之暗面成立很早。它的创始人是杨植麟。")
    reading = reader(杨植麟=6.0).read(FOUNDER, given)
    (evidence,) = reading.evidence
    assert evidence.texts == ("杨植麟",)
    assert evidence.document.text[evidence.sentence.start : evidence.sentence.end] == "它的创始人是杨植麟。"
    assert reading.confidence == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_a_passage_that_answers_rises_and_no_score_grows_by_more_than_the_weight() -> None:
    given = candidates("大模型很多。", "融资也很多。", "它的创始人是杨植麟。")
    ranking = reader(杨植麟=9.0).read(FOUNDER, given).ranking
    assert [one.candidate for one in ranking] == [2, 0, 1]
    assert all(0 <= one.score - given[one.candidate].hit.score <= 0.3 for one in ranking)


def test_the_best_four_stretches_are_read_at_once() -> None:
    given = candidates("大模型很多。", "融资也很多。", "投资人也很多。", "它的创始人是杨植麟。", "别的公司也很多。")
    network = Marked(杨植麟=6.0)
    reading = TrainedReader(cast("TextReader", network), BY_MARGIN).read(FOUNDER, given)
    assert reading.evidence[0].texts == ("杨植麟",)
    assert network.read_at_once == [4]
    assert sorted(one.candidate for one in reading.ranking) == [0, 1, 2, 3]


def test_several_slices_over_the_lines_of_a_list_are_cited_line_by_line() -> None:
    made = document("申请须带：\n身份证原件。\n租房合同。\n另附照片。", "1.txt")
    first, *_ = split(made, SplitSettings(min_chars=20), 1)
    given = [Candidate(Hit(1, first, 0.9, made.text[first.start : first.end]), made, (0.9,) * len(first.sentences))]
    asked = asked_for("申请要带什么？")
    network = Marked(True, 身份证原件=6.0, 租房合同=5.0)
    reading = TrainedReader(cast("TextReader", network), BY_MARGIN).read(asked, given)
    assert [(e.role, e.texts) for e in reading.evidence] == [
        (Role.ANSWER, ("身份证原件",)),
        (Role.ANSWER, ("租房合同",)),
    ]


def test_other_sources_that_agree_are_cited_as_repeating() -> None:
    given = candidates("创始人杨植麟很年轻。", "它由杨植麟创立。", "别的公司很多。")
    roles = [(e.role, e.texts) for e in reader(杨植麟=6.0).read(FOUNDER, given).evidence]
    assert roles == [(Role.ANSWER, ("杨植麟",)), (Role.REPEAT, ("杨植麟",))]


@pytest.mark.parametrize(
    ("text", "part", "held"),
    [
        ("15天", "5天", False),
        ("2399", "399", False),
        ("3.5%", "3", False),
        ("5.5天", "5天", False),
        ("共5天", "5天", True),
        ("5天,即5月1日至5日", "5月1日至5日", True),
        ("3元", "元", True),
    ],
)
def test_a_number_is_no_part_of_a_longer_one(text: str, part: str, held: bool) -> None:
    assert _has(text, part) is held


def test_another_source_that_says_otherwise_about_as_surely_is_shown_as_different() -> None:
    asked = asked_for("豆包的月活有多少？")
    given = candidates("豆包月活近6000万。", "豆包月活达5900万。")
    sure = reader(近6000万=6.0, 达5900万=5.5).read(asked, given).evidence
    assert [(e.role, e.document.source) for e in sure] == [(Role.ANSWER, "1.txt"), (Role.DIFFERENT, "2.txt")]
    unsure = reader(近6000万=6.0, 达5900万=2.0).read(asked, given).evidence
    assert [e.role for e in unsure] == [Role.ANSWER]


def test_an_answer_over_two_sentences_is_cited_with_both() -> None:
    given = candidates("原因有二。成本太高。竞争太激烈。")
    asked = asked_for("为什么降价？")
    (evidence,) = reader(**{"成本太高。竞争太激烈": 6.0}).read(asked, given).evidence
    assert evidence.document.text[evidence.sentence.start : evidence.sentence.end] == "成本太高。竞争太激烈。"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("问：断交了，能补吗？答：可以补三个月。", "三个月"),
        ("他问：“能补吗？”柜台说可以补三个月。", "三个月"),
        ("客户问能补吗。柜台说可以补三个月。", "三个月"),
        ("可以补三个月，能补吗", "能补吗"),
        ("断交了，能补吗？", "能补吗"),
    ],
)
def test_a_question_in_the_text_answers_nothing_where_more_follows(text: str, answer: str) -> None:
    reading = reader(能补吗=9.0, 三个月=5.0).read(asked_for("断缴了能补吗"), candidates(text))
    assert reading.evidence[0].texts == (answer,)


def test_what_begins_in_a_question_answers_nothing_though_it_ends_after_it() -> None:
    given = candidates("美国客户那个单定了吗？\n定了，周五走柜。")
    network = {"客户那个单定了吗？\n定了": 9.0, "周五": 5.0}
    assert reader(**network).read(asked_for("美国客户那个单定了吗"), given).evidence[0].texts == ("周五",)


def test_a_line_that_says_who_speaks_answers_nothing() -> None:
    chat = "张三 2024-10-01 08:35:20\n店几点关门？\n李四 2024-10-01 08:40:11\n五点半\n"
    made = parse(chat.encode(), source="chat.txt", name=Path("chat.txt"))
    passages = split(made, SplitSettings(), 1)
    given = [Candidate(Hit(1, one, 0.9, ""), made, (0.9,) * len(one.sentences)) for one in passages]
    reading = reader(**{"08:40:11": 9.0, "五点半": 5.0}).read(asked_for("店几点关门"), given)
    assert reading.evidence[0].texts == ("五点半",)


@pytest.mark.parametrize(("other", "texts"), [("城南馆周日休息。", ["不营业", "休息"]), ("体检周日不做。", ["不营业"])])
def test_what_lacks_a_name_of_the_question_says_nothing_else_of_it(other: str, texts: list[str]) -> None:
    given = candidates("城南馆周日不营业。", other)
    reading = reader(不营业=6.0, 休息=6.0, 不做=6.0).read(asked_for("城南馆周日开门吗"), given)
    assert [text for one in reading.evidence for text in one.texts] == texts


def test_only_names_and_nouns_are_said_to_be_missing() -> None:
    given = candidates("蓝天公司在2023年成立。")
    reading = reader(**{"2023年": 6.0}).read(asked_for("滤芯分别多久要换一次？"), given)
    assert reading.missing == ("滤芯",)


def test_the_column_of_a_blank_cell_is_not_said_to_be_missing() -> None:
    table = "| 品名 | 单价 | 保质期 |\n|---|---|---|\n| 面粉 | 4元 | 半年 |\n| 鸡蛋 | 7元 | |\n"
    made = parse(table.encode(), source="a.md", name=Path("a.md"))
    (passage,) = split(made, SplitSettings(), 1)
    given = [Candidate(Hit(1, passage, 0.9, made.text), made, (0.9,) * len(passage.sentences))]
    assert reader(**{"7元": 6.0}).read(asked_for("鸡蛋的保质期和产地"), given).missing == ("产地",)


def test_nothing_to_read_is_no_evidence() -> None:
    reading = reader().read(FOUNDER, [])
    assert (reading.evidence, reading.confidence) == ((), 0.0)


FEES = "# 社团收费\n\n各社团的收费如下。\n\n|社团|收费|\n|-|-|\n|书法社|320元|\n|击剑社|1150元|\n"


@pytest.mark.parametrize(
    ("text", "margins", "answer"),
    [
        pytest.param(FEES, {"各社团的收费": 6.0, "书法社": 1.0}, "击剑社", id="a note leaves it to the only table"),
        pytest.param(
            f"{FEES}\n## 去年\n\n|社团|收费|备注|\n|-|-|-|\n|合唱团|20元|无|\n|象棋社|90元|无|\n",
            {"各社团的收费": 6.0, "书法社": 1.0, "合唱团": 1.0},
            "各社团的收费",
            id="but not to one of two",
        ),
    ],
)
def test_an_end_of_a_column_is_sought_where_the_best_span_stands_in_no_table(
    text: str, margins: dict[str, float], answer: str
) -> None:
    made = document(text, "收费.md")
    given = [
        Candidate(Hit(rank, passage, 0.9, ""), made, (0.9,) * len(passage.sentences))
        for rank, passage in enumerate(split(made, SplitSettings(), 1), start=1)
    ]
    reading = reader(**margins).read(asked_for("哪个社团收费最高？"), given)
    assert reading.evidence[0].texts == (answer,)
