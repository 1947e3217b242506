"""What a question says how much there is of, as something that may lie in a range."""

from __future__ import annotations

import pytest

from rag.question.amounts.figures import figures


@pytest.mark.parametrize(
    ("question", "unit", "number"),
    [
        pytest.param("我工作12年了,年假几天?", "月", 144, id="years"),
        pytest.param("保价三百块收多少?", "人民币", 300, id="as people say it"),
        pytest.param("室温15°c退多少?", "摄氏度", 15, id="a sign"),
        pytest.param("qj-100d到手二十天还能换吗?", "天", 20, id="beside a name"),
        pytest.param("工龄超过10年的年假几天?", "月", None, id="a limit"),
        pytest.param("没满十年能办吗?", "月", None, id="less than it says"),
        pytest.param("孩子1米3买什么票?", "米", None, id="more than it says"),
        pytest.param("用了四年半能换吗?", "月", None, id="and a half"),
        pytest.param("住到第十六天能退吗?", "天", None, id="an ordinal"),
        pytest.param("十二月还开吗?", "月", None, id="a month of the year"),
        pytest.param("租3天和5天各多少?", "天", None, id="two"),
        pytest.param("寄存一天收几块?", "天", None, id="a rate"),
    ],
)
def test_a_quantity_is_said_plainly_or_not_at_all(question: str, unit: str, number: int | None) -> None:
    assert figures(question).get(unit) == number
