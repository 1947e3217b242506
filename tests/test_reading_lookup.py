"""A question for a cell of a table is answered with that cell, and not with what stands beside it where it is blank."""

from __future__ import annotations

import pytest
from documents import document

from rag.reading.cells.lookup import looked_up
from rag.types import Document, Span

TABLE = "姓名,班级,成绩 语文,成绩 英语,英语老师\n赵刚,一班,76,,林溪\n王强,二班,88,79,周宁\n孙悦,二班,90,,周宁\n"


@pytest.fixture(scope="module")
def marks() -> Document:
    return document(TABLE, "成绩.csv")


def cells(made: Document, question: str, answer: str) -> list[str] | None:
    at = made.text.index(answer)
    found = looked_up(made, Span(0, len(made.text)), Span(at, at + len(answer)), question)
    return None if found is None else [made.text[span.start : span.end] for span in found]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("赵刚的英语是多少?", [], id="a cell may be blank"),
        pytest.param("王强的英语是多少?", ["79"], id="or not"),
        pytest.param("赵刚的语文是多少?", ["76"], id="of a name of two levels the lower one is enough"),
        pytest.param("赵刚的英语老师是谁?", ["林溪"], id="a name that is a part of another is not meant"),
        pytest.param("赵刚的语文和英语是多少?", ["76"], id="two columns"),
        pytest.param("二班的语文是多少?", ["88", "90"], id="two rows"),
        pytest.param("二班孙悦的英语是多少?", [], id="the row that most is said of is meant"),
        pytest.param("英语最高是多少?", None, id="no row"),
        pytest.param("赵刚考了多少?", None, id="no column"),
        pytest.param("姓名是赵刚的人怎么样?", None, id="a column that only names the row is not asked for"),
    ],
)
def test_a_row_and_a_column_are_named(marks: Document, question: str, said: list[str] | None) -> None:
    assert cells(marks, question, "79") == said


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        pytest.param("第三天住哪里?", "古城", ["和顺"], id="an ordinal in other numerals"),
        pytest.param("第三天住哪里?", "和顺", None, id="it is the row that was read"),
        pytest.param("双廊那天住哪里?", "古城", None, id="the row is named in part alone"),
        pytest.param("第一天和第三天住哪里?", "客栈", None, id="several rows"),
        pytest.param("第二天住的比第三天贵吗?", "古城", None, id="rows are compared"),
    ],
)
def test_the_only_row_that_is_named_is_meant(question: str, answer: str, said: list[str] | None) -> None:
    made = document("日期,行程,夜里\n第1天,接机,古城\n第2天,双廊古镇,客栈\n第3天,热海,和顺\n", "行程.csv")
    assert cells(made, question, answer) == said


def test_what_stands_in_no_table_may_answer() -> None:
    made = document("# 说明\n\n赵刚的英语为 81 分。\n\n|姓名|英语|\n|-|-|\n|赵刚||\n", "说明.md")
    assert cells(made, "赵刚的英语是多少?", "81") is None


def test_a_number_or_word_that_is_a_part_of_another_names_nothing() -> None:
    made = document("编号,部门,人数\n10,it,7\n11,hr,9\n", "部门.csv")
    assert cells(made, "2010年的人数是多少?", "9") is None
    assert cells(made, "what is 人数 of items?", "9") is None
    assert cells(made, "it 的人数是多少?", "9") == ["7"]


@pytest.mark.parametrize(("mark", "said"), [("—", []), ("--", []), ("／", []), ("√", ["√"]), ("无", ["无"])])
def test_a_cell_of_marks_alone_is_blank_unless_they_are_signs(mark: str, said: list[str]) -> None:
    made = document(f"|姓名|补贴|\n|-|-|\n|赵刚|{mark}|\n|王强|300|\n", "补贴.md")
    assert cells(made, "赵刚的补贴是多少?", "300") == said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("第二节星期一是什么课?", ["语文"], id="a column"),
        pytest.param("第二节礼拜天是什么课?", ["游泳"], id="whose day has five names"),
    ],
)
def test_a_day_of_the_week_is_found_by_its_other_names(question: str, said: list[str] | None) -> None:
    made = document("|节次|周一|周二|周日|\n|-|-|-|-|\n|第一节|数学|美术|休息|\n|第二节|语文|体育|游泳|\n", "课表.md")
    assert cells(made, question, "语文") == said


def test_a_row_of_several_days_is_not_that_of_one() -> None:
    made = document("|日期|开馆时间|\n|-|-|\n|周一至周五|9:00|\n|周六|10:00|\n", "开馆.md")
    assert cells(made, "星期一至星期五的开馆时间是几点?", "10:00") == ["9:00"]
    assert cells(made, "星期一的开馆时间是几点?", "10:00") is None


def test_a_row_that_is_named_takes_the_answer_from_that_of_another() -> None:
    made = document("|姓名|分机|工位|\n|-|-|-|\n|马立群|8520|三层|\n|邹燕|8521|五层|\n", "通讯录.md")
    assert cells(made, "邹燕在哪办公?", "三层") == ["五层"]
    assert cells(made, "邹燕在哪办公?", "五层") is None
    assert cells(made, "邹燕和马立群在哪办公?", "三层") is None


def test_a_unit_or_a_variant_may_be_left_out() -> None:
    made = document("|型号|单价（元/吨）|交货|\n|-|-|-|\n|6061-T6|24800|4月|\n|6063-T5|22600|5月|\n", "合同.md")
    assert cells(made, "6063的单价是多少?", "24800") == ["22600"]
    made = document("|项目|实测 最小|实测 最大|\n|-|-|-|\n|中心距（mm）|124|125|\n|孔径（mm）|61|62|\n", "报告.md")
    assert cells(made, "中心距最大是多少?", "124") == ["125"]


def test_of_a_table_all_rows_may_be_meant_not_only_those_that_were_read() -> None:
    made = document("|日期|夜班|\n|-|-|\n|4月5日|袁帅|\n|4月12日|郭子轩|\n", "值班.md")
    at = made.text.index("袁帅")
    found = looked_up(made, Span(at, at + 2), Span(at, at + 2), "4月12日的夜班是谁?")
    assert [made.text[span.start : span.end] for span in found or ()] == ["郭子轩"]
