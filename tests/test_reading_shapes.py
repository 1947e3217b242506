"""From what the network saw to what the question asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_reading_edges import Everything

from rag.reading.questions import analyse
from rag.reading.shapes import shaped
from rag.types import Span


def judged(text: str, **margins: float) -> Callable[[Span], float]:
    """A network that gives some parts of ``text`` a margin, and everything else -9."""
    return lambda span: margins.get(text[span.start : span.end], -9.0)


def answers(question: str, text: str, seen: str, **margins: float) -> list[str]:
    start = text.index(seen)
    span = Span(start, start + len(seen))
    found = shaped(analyse(question, Everything()), text, span, judged(text, **{seen: 5.0, **margins}))
    return [text[one.start : one.end] for one in found]


def test_when_is_answered_with_a_date_though_the_network_saw_another_thing_first() -> None:
    text = "2月，月之暗面宣布完成超10亿美元融资。"
    assert answers("月之暗面几月宣布融资？", text, "超10亿美元", **{"2月": 1.0}) == ["2月"]


def test_of_several_figures_the_network_chooses() -> None:
    text = "豆包日活近900万，月活近6000万。"
    assert answers("月活有多少？", text, "近900万，月活近6000万", 近900万=1.0, 近6000万=2.0) == ["近6000万"]


def test_a_form_that_the_network_finds_absurd_is_not_taken() -> None:
    text = "基础大模型已“去九存一”，其中第三方占5家。"
    assert answers("创始人是谁？", text, "去九存一") == ["去九存一"]


def test_a_list_gives_its_items() -> None:
    text = "转向智能体的有豆包、kimi和文小言。"
    assert answers("哪些助手转向了智能体？", text, "豆包、kimi和文小言") == ["豆包", "kimi", "文小言"]


@pytest.mark.parametrize(
    ("question", "seen"),
    [
        ("规模定律失效了吗？", "仍未失效"),
        ("为什么规模定律受关注？", "规模定律"),
        ("怎样看规模定律？", "2024年规模定律"),
    ],
)
def test_clauses_are_answered_with_whole(question: str, seen: str) -> None:
    text = "这是重资产行业，2024年规模定律仍未失效，竞争激烈。"
    assert answers(question, text, seen) == ["2024年规模定律仍未失效"]


def test_two_kinds_asked_at_once_get_an_answer_each() -> None:
    text = "Henry Chesbrough在2003年提出开放式创新。"
    found = answers("谁在什么时候提出了开放式创新？", text, "Henry Chesbrough", **{"2003年": 1.0})
    assert found == ["Henry Chesbrough", "2003年"]


def test_a_clause_by_rule_is_taken_where_the_network_judges_it_hardly_worse() -> None:
    text = "六小虎中，零一万物明确表示不会放弃预训练模型。"
    ruled = "零一万物明确表示不会放弃预训练模型"
    assert answers("零一万物打算放弃预训练吗？", text, "六小虎中", **{ruled: 2.0}) == [ruled]
    assert answers("零一万物打算放弃预训练吗？", text, "六小虎中", **{ruled: 0.0}) == ["六小虎中"]
