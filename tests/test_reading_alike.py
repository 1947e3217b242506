"""What asks for all rows that say something is answered with all of them, or with what was read."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import document
from test_reading_trained import asked_for

from rag.library import Library
from rag.reading.cells.alike import rows_alike
from rag.types import Document, Role, Span

LESSONS = """# 青禾培训 秋季课表

| 课程 | 时间 | 教师 | 教室 | 学费 |
|---|---|---|---|---|
| 少儿口才 | 周二、周四 17:00 | 苗青 | 305 | 880 |
| 素描提高 | 周日 9:00 | 阮沛（外聘） | 202 | 1520 |
| 播音主持 | 周四 19:00 | 苗青 | 1305 | 1120 |
| 机器人 | 周六 14:00 | 翟博 | 402 | 1120 |
| 图形编程 | 周日 14:00 | 翟博 | 402 | 1680 |
| 水彩入门 | 周日 14:00 | 阮沛（外聘） | 202 | 980 |
"""


@pytest.fixture(scope="module")
def lessons() -> Document:
    return document(LESSONS, "课表.md")


def rows(made: Document, question: str, answer: str) -> list[str]:
    at = made.text.index(answer)
    return [made.text[a:b] for a, b in rows_alike(made, Span(at, at + len(answer)), asked_for(question))]


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        pytest.param("翟博教哪几门?", "机器人", ["机器人", "图形编程"], id="rows with a cell that the question says"),
        pytest.param("周四有哪些课?", "播音主持", ["少儿口才", "播音主持"], id="or with a word of it in a cell"),
        pytest.param("礼拜四有哪些课?", "播音主持", ["少儿口才", "播音主持"], id="or with another word for the same"),
        pytest.param("周日在402的有哪些课?", "图形编程", [], id="one row is no list"),
        pytest.param("周日在202上的有哪几门?", "水彩入门", ["素描提高", "水彩入门"], id="of which most is said"),
        pytest.param("翟博教哪几门?", "素描提高", ["机器人", "图形编程"], id="also where another row was read"),
        pytest.param("翟博教哪两门?", "机器人", ["机器人", "图形编程"], id="as many as are asked for"),
        pytest.param("翟博教哪三门?", "机器人", [], id="and no others"),
        pytest.param("翟博和苗青教哪几门?", "素描提高", [], id="rows of two kinds, and what was read is of neither"),
        pytest.param("305教室有哪些课?", "少儿口才", [], id="a number inside of another is not said"),
        pytest.param("不在周日上的有哪些课?", "机器人", [], id="what is denied is no row's"),
        pytest.param("学费最高的有哪些课?", "图形编程", [], id="nor what is compared"),
        pytest.param("有哪些课程?", "机器人", [], id="nothing said"),
        pytest.param("翟博用哪几间教室?", "402", [], id="all the same"),
    ],
)
def test_a_list_is_of_all_rows_that_say_what_the_question_says(
    lessons: Document, question: str, answer: str, said: list[str]
) -> None:
    assert rows(lessons, question, answer) == said


ORDERS = """# 秋季报名

| 课程 | 教师 | 学费（元） | 人数 | 时长 | 起始 |
|---|---|---|---|---|---|
| 口才 | 苗青 | 880 | 20人 | 40分钟 | 9月1日 |
| 素描 | 阮沛 | 1520 | 12人 | 1小时 | 9月3日 |
| 主持 | 苗青 | 1,120 | 15人 | 90分钟 | 9月4日 |
| 编程 | 翟博 | 1120 | | 2小时 | 9月6日 |
"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("学费超过1120元的有哪些课?", ["素描"], id="above a limit"),
        pytest.param("学费不低于1120元的有哪些课?", ["素描", "主持", "编程"], id="or at it"),
        pytest.param("学费1120以下的有哪几门?", ["口才", "主持", "编程"], id="said behind it, without the unit"),
        pytest.param("十五人以上的有哪些课?", ["口才", "主持"], id="the only column in its unit"),
        pytest.param("时长不足1小时的有哪些课?", ["口才"], id="in another unit of the same kind"),
        pytest.param("苗青的课学费超过1000元的有哪些?", ["主持"], id="of the rows that are named"),
        pytest.param("学费低于0.2万元的有哪些课?", [], id="numbers in a unit that is another are not compared"),
        pytest.param("学费超过900元、人数15人以上的有哪些课?", [], id="two limits"),
        pytest.param("超过一半的有哪些课?", [], id="no quantity"),
        pytest.param("学费超过2000元的有哪些课?", [], id="no row"),
    ],
)
def test_a_limit_keeps_the_rows_that_it_allows(question: str, said: list[str]) -> None:
    assert rows(document(ORDERS, "报名.md"), question, "编程") == said


PRICES = "# 价目\n\n|品名|单价（元）|单价折扣（元）|人数|\n|-|-|-|-|\n|笔|80|120|20|\n|尺|130|20|3|\n|本|150|30|2|\n"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("单价超过100元的有哪些品名?", ["尺", "本"], id="a name that begins another's"),
        pytest.param("单价折扣不到100元的有哪些品名?", ["尺", "本"], id="the longer one"),
        pytest.param("人少于10的有哪些品名?", ["尺", "本"], id="人 are counted in 人数"),
    ],
)
def test_a_limit_is_of_the_column_that_is_named_as_a_whole(question: str, said: list[str]) -> None:
    assert rows(document(PRICES, "价目.md"), question, "笔") == said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param("三月份花了哪些钱?", ["保教费", "学费"], id="a month in figures"),
        pytest.param("12月交了哪些费?", ["燃气费", "取暖费"], id="of two digits"),
        pytest.param("3月8日花了哪些钱?", [], id="a day is no month"),
    ],
)
def test_rows_of_a_month_are_those_with_a_date_in_it(question: str, said: list[str]) -> None:
    text = (
        "日期,项目,金额\n2026-03-02,保教费,1240\n2026-03-15,学费,5980\n2026-12-03,燃气费,98\n2026-12-13,取暖费,1080\n"
    )
    assert rows(document(text, "开支.csv"), question, "保教费") == said


def test_what_stands_in_no_table_is_no_row() -> None:
    made = document("# 课表\n\n周四的课有口才、主持。\n\n|课程|时间|\n|-|-|\n|口才|周四|\n|主持|周四|\n", "课表.md")
    assert rows(made, "周四有哪些课?", "口才、") == []


def test_each_row_is_cited(tmp_path: Path) -> None:
    (tmp_path / "课表.md").write_text(LESSONS)
    Library.index([tmp_path / "课表.md"], tmp_path / "index")
    answer = Library.open(tmp_path / "index").ask("翟博带的课有哪几门？")
    assert answer.answer == "机器人；图形编程"
    assert [(one.quote, one.role) for one in answer.citations] == [
        ("机器人", Role.ANSWER),
        ("图形编程", Role.ANSWER),
    ]
