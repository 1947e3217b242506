"""Where an answer begins and ends."""

from __future__ import annotations

import pytest

from rag.reading.edges import whole
from rag.reading.questions import analyse
from rag.reading.short_answers import items_in
from rag.types import Span


class Everything:
    """A corpus that knows each term."""

    def idf(self, term: str) -> float:  # noqa: ARG002
        return 1.0

    def knows(self, term: str) -> bool:  # noqa: ARG002
        return True


@pytest.mark.parametrize(
    ("question", "text", "seen", "meant"),
    [
        ("豆包的月活有多少？", "豆包11月月活跃用户近6000万，居首。", "000万", "近6000万"),
        ("训练成本是多少？", "训练成本仅为557.6万美元。", "557", "557.6万美元"),
        ("何时发布的？", "公司在2024年12月10日发布了它。", "12月", "2024年12月10日"),
        ("哪个模型？", "其中GPT - 4o表现最好。", "PT - 4", "GPT - 4o"),
        ("出自哪份文件？", "见于《政府工作报告》一文。", "《政府工作报告", "《政府工作报告》"),
        ("出自哪份文件？", "见于《政府工作报告》一文。", "政府工作报告", "《政府工作报告》"),
        ("创始人是谁？", "创始人是杨植麟。", "是杨植麟。", "是杨植麟"),
        ("什么问题？", "难倒众模型的是“9.11和9.9哪个大”。", "“9.11和9.9哪个", "“9.11和9.9哪个大”"),
        ("为什么降价？", "由于竞争激烈，各家纷纷降价，利润变薄。", "竞争激烈", "由于竞争激烈"),
    ],
)
def test_an_answer_cuts_no_number_name_date_or_pair_of_marks(question: str, text: str, seen: str, meant: str) -> None:
    start = text.index(seen)
    found = whole(analyse(question, Everything()), text, Span(start, start + len(seen)))
    assert text[found.start : found.end] == meant


def test_nothing_but_marks_stays_as_it_is() -> None:
    assert whole(analyse("什么？", Everything()), "好。。。", Span(1, 4)) == Span(1, 4)


def test_the_items_of_a_list_are_those_that_the_span_touches() -> None:
    text = "转向智能体的有豆包、kimi和文小言，此外还有天工、通义。"
    start, end = text.index("豆包"), text.index("，")
    assert [text[s.start : s.end] for s in items_in(text, Span(start, end))] == ["豆包", "kimi", "文小言"]


def test_a_span_on_no_list_has_no_items() -> None:
    assert items_in("转向智能体的是豆包。", Span(7, 9)) == ()
