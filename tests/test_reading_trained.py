"""What the trained reader makes of its network's scores. The scores here are set by hand: the network is not what is
tested, but what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from documents import document
from test_reading_edges import Everything

from rag.reading import Candidate
from rag.reading.calibration import Calibration, Logistic
from rag.reading.decoding import Window
from rag.reading.questions import analyse
from rag.reading.scoring import PassageReader, PassageScores, Text
from rag.reading.trained import CHOICE, TrainedReader
from rag.splitting import SplitSettings, split
from rag.types import Hit, Role, Span

BY_MARGIN = Calibration(
    {name: float(name == "margin") for name in CHOICE},
    Logistic(-4.0, {"margin": 1.0}),
    (),
    Logistic(0.0, {"margin": 1.0}),
    0.3,
)


class Marked:
    """A network that sees given words, with given margins, and nothing else."""

    def __init__(self, **margins: float) -> None:
        self.margins = margins
        self.read_at_once: list[int] = []

    def start(self, question: str, texts: Sequence[Text]) -> Callable[[], list[PassageScores]]:  # noqa: ARG002
        self.read_at_once.append(len(texts))
        return lambda: [self._scores(text) for text in texts]

    def _scores(self, text: Text) -> PassageScores:
        start, end = (np.full(len(text.passage), -9.0, dtype=np.float32) for _ in range(2))
        for word, margin in self.margins.items():
            place = text.passage.find(word)
            if place >= 0:
                start[place] = end[place + len(word) - 1] = margin / 2
        characters = tuple(Span(i, i + 1) for i in range(len(text.passage)))
        window = Window(characters, start, end, 0.0)
        return PassageScores(tuple(window.extracts(text.sentences)), 0.0, (window,))


def candidates(*texts: str) -> list[Candidate]:
    found = []
    for rank, text in enumerate(texts, start=1):
        made = document(text, f"{rank}.txt")
        (passage,) = split(made, SplitSettings(), rank)
        hit = Hit(rank, 1 - rank / 10, passage, text)
        found.append(Candidate(hit, made, (0.9,) * len(passage.sentences)))
    return found


def reader(**margins: float) -> TrainedReader:
    return TrainedReader(cast("PassageReader", Marked(**margins)), BY_MARGIN)


FOUNDER = analyse("月之暗面的创始人是谁？", Everything())


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


def test_what_the_first_two_passages_settle_is_read_in_them_alone() -> None:
    given = candidates("它的创始人是杨植麟。", "大模型很多。", "融资也很多。", "别的公司也很多。")
    network = Marked(杨植麟=6.0)
    reading = TrainedReader(cast("PassageReader", network), BY_MARGIN).read(FOUNDER, given)
    assert reading.evidence[0].texts == ("杨植麟",)
    assert [one.candidate for one in reading.ranking] == [0, 1]
    assert network.read_at_once == [2]


def test_the_other_passages_are_read_where_the_first_two_leave_a_doubt() -> None:
    given = candidates("大模型很多。", "融资也很多。", "它的创始人是杨植麟。", "别的公司也很多。")
    network = Marked(杨植麟=6.0)
    reading = TrainedReader(cast("PassageReader", network), BY_MARGIN).read(FOUNDER, given)
    assert reading.evidence[0].texts == ("杨植麟",)
    assert network.read_at_once == [2, 2]


def test_a_passage_that_comes_as_near_as_the_first_is_read_too_for_it_may_say_otherwise() -> None:
    asked = analyse("豆包的月活有多少？", Everything())
    first, second, third = candidates("豆包月活近6000万。", "大模型很多。", "豆包月活达5900万。")
    close = replace(third, hit=replace(third.hit, score=first.hit.score - 0.01))
    marked = reader(近6000万=6.0, 达5900万=5.5)
    assert [e.role for e in marked.read(asked, [first, second, close]).evidence] == [Role.ANSWER, Role.DIFFERENT]
    assert [e.role for e in marked.read(asked, [first, second, third]).evidence] == [Role.ANSWER]


def test_other_sources_that_agree_are_cited_as_repeating() -> None:
    given = candidates("创始人杨植麟很年轻。", "它由杨植麟创立。", "别的公司很多。")
    roles = [(e.role, e.texts) for e in reader(杨植麟=6.0).read(FOUNDER, given).evidence]
    assert roles == [(Role.ANSWER, ("杨植麟",)), (Role.REPEAT, ("杨植麟",))]


def test_another_source_that_says_otherwise_about_as_surely_is_shown_as_different() -> None:
    asked = analyse("豆包的月活有多少？", Everything())
    given = candidates("豆包月活近6000万。", "豆包月活达5900万。")
    sure = reader(近6000万=6.0, 达5900万=5.5).read(asked, given).evidence
    assert [(e.role, e.document.source) for e in sure] == [(Role.ANSWER, "1.txt"), (Role.DIFFERENT, "2.txt")]
    unsure = reader(近6000万=6.0, 达5900万=2.0).read(asked, given).evidence
    assert [e.role for e in unsure] == [Role.ANSWER]


def test_an_answer_over_two_sentences_is_cited_with_both() -> None:
    given = candidates("原因有二。成本太高。竞争太激烈。")
    asked = analyse("为什么降价？", Everything())
    (evidence,) = reader(**{"成本太高。竞争太激烈": 6.0}).read(asked, given).evidence
    assert evidence.document.text[evidence.sentence.start : evidence.sentence.end] == "成本太高。竞争太激烈。"


def test_a_name_that_no_document_knows_lowers_the_confidence() -> None:
    class Ignorant(Everything):
        def knows(self, term: str) -> bool:
            return "gpt" not in term

    given = candidates("GPT-4在2023年发布。")
    known, unknown = (
        reader(**{"2023年": 6.0}).read(analyse("GPT-5是什么时候发布的？", corpus), given)
        for corpus in (Everything(), Ignorant())
    )
    assert unknown.confidence == pytest.approx(known.confidence / 4)
    assert unknown.missing == ("GPT-5",)


def test_nothing_to_read_is_no_evidence() -> None:
    reading = reader().read(FOUNDER, [])
    assert (reading.evidence, reading.confidence) == ((), 0.0)
