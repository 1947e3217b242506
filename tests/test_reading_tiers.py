"""A question that says how much is answered from the row of a table in whose range that lies."""

from __future__ import annotations

import pytest
from documents import document

from rag.reading.cells.lookup import looked_up
from rag.types import Span

LEAVE = "工龄,年假\n不满1年,无\n满1年不满10年,5天\n满10年不满20年,10天\n20年以上,15天\n"
REFUND = "取消时间,扣费\n出发前7天以上,10%\n出发前4至6天,20%\n出发前1至3天,40%\n出发当天,60%\n"
GAS = "阶梯,年用气量（立方米）,单价\n第一档,0—220,3.30\n第二档,221—400,3.96\n第三档,400以上,4.95\n"
POST = "重量,首都,外省\n1公斤以内,8元,12元\n超过1公斤至3公斤,,18元\n3公斤以上,20元,30元\n"
PHASE = "时间,扣费\n开班前1至3天,20%\n开班后1至3天,50%\n"


@pytest.mark.parametrize(
    ("table", "answer", "question", "said"),
    [
        pytest.param(LEAVE, "5天", "我工作12年了,年假几天?", "10天", id="two bounds of a range"),
        pytest.param(LEAVE, "10天", "工作二十年的年假几天?", "15天", id="a bound that belongs to it"),
        pytest.param(LEAVE, "5天", "2014年入职的年假几天?", None, id="a year is no quantity"),
        pytest.param(LEAVE, "5天", "工龄超过10年的年假几天?", None, id="a limit is no value"),
        pytest.param(LEAVE, "5天", "工作3年和12年的年假各几天?", None, id="two quantities"),
        pytest.param(LEAVE, "满1年", "工作12年的在哪一档?", None, id="the column of the ranges is asked for"),
        pytest.param(
            REFUND, "60%", "出发前两天取消扣多少?", "40%", id="from one to another, and a row without a range"
        ),
        pytest.param(REFUND.replace("4至6天", "6天至4天"), "60%", "出发前五天取消扣多少?", "20%", id="counted down"),
        pytest.param(REFUND, "60%", "6月2日出发的团取消扣多少?", None, id="a date is no quantity"),
        pytest.param(GAS, "3.30", "用了300立方米,单价是多少?", "3.96", id="the unit stands in the name of the column"),
        pytest.param(GAS, "0—220", "用了300立方米,单价是多少?", "3.96", id="the name of a column is said"),
        pytest.param(GAS, "3.30", "用了400立方米,单价是多少?", None, id="in the ranges of two rows"),
        pytest.param(POST, "12元", "寄外省5斤要多少钱?", "18元", id="another writing of the unit"),
        pytest.param(POST, "8元", "寄首都5斤要多少钱?", None, id="a blank cell"),
        pytest.param(PHASE, "50%", "提前2天退班扣多少?", None, id="ranges of other things"),
    ],
)
def test_a_quantity_lies_in_the_range_of_one_row(table: str, answer: str, question: str, said: str | None) -> None:
    made = document(table, "表.csv")
    at = made.text.index(answer)
    found = looked_up(made, Span(at, at + len(answer)), Span(at, at + len(answer)), question)
    assert [made.text[span.start : span.end] for span in found or ()] == ([said] if said else [])
