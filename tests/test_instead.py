"""Where nothing answers, other questions are offered in the documents' words; each of them is answered."""

from __future__ import annotations

from documents import document

from rag.library import Library
from rag.question.followup import Earlier, resolve
from rag.types import Status
from rag.web.conversation import Turn
from rag.web.page import answers
from rag.web.page.markup import place_of
from rag.web.page.steps import _first_place
from rag.web.suggestions.instead import _swapped, instead
from rag.web.suggestions.structure import of_heading, of_row

GPT5 = "GPT-5是什么时候发布的？"


def test_a_name_written_like_one_of_the_passage_and_a_year_of_it_are_put_in() -> None:
    assert [c.question for c in _swapped("GPT-5是什么时候发布的？", "OpenAI发布GPT-4o模型。")] == [
        "GPT-4o是什么时候发布的？"
    ]
    assert [c.question for c in _swapped("GPT-5怎么样？", "原始GPT - 4。")] == ["GPT-4怎么样？"]
    assert [c.question for c in _swapped("豆包2025年的月活？", "2024年11月，豆包月活近6000万。")] == [
        "豆包2024年的月活？"
    ]
    assert [c.question for c in _swapped("2024版的补助是多少？", "2025年2月起施行。")] == ["2025版的补助是多少？"]


def test_a_date_of_the_passage_that_is_written_alike_is_put_in() -> None:
    assert [c.question for c in _swapped("12月8日早班是谁？", "日期：12月7日；早班：韩梅")] == ["12月7日早班是谁？"]
    assert [c.question for c in _swapped("十一月份的入库量？", "九月份入库量为2280吨，8月20日盘点。")] == [
        "九月份的入库量？"
    ]


def test_headings_and_columns_become_questions() -> None:
    made = document("# 手册\n\n## 二、报销条件\n\n发票真实，期限之内。\n")
    assert [c.question for c in of_heading(made, made.blocks[-1])] == ["报销条件有哪些？"]
    table = document("| 姓名 | 部门 | 分机 |\n|---|---|---|\n| 葛远舟 | 结构一所 | 6102 |\n")
    row = table.blocks[-1]
    assert [c.question for c in of_row(table, row)] == ["葛远舟的部门是什么？", "葛远舟的分机是多少？"]


def test_a_row_that_begins_with_its_number_has_no_name_to_ask_by() -> None:
    table = document("| 序号 | 部门 |\n|---|---|\n| 12 | 结构一所 |\n")
    assert list(of_row(table, table.blocks[-1])) == []


def test_what_shares_no_word_with_the_question_is_not_offered(plain_library: Library) -> None:
    assert list(instead(plain_library, "有没有班车？"))[-1] == []


def test_each_question_that_is_offered_is_answered_when_it_is_asked(plain_library: Library) -> None:
    *_, offered = instead(plain_library, GPT5)
    assert 1 <= len(offered) <= 3
    for question in offered:
        assert resolve(question, [Earlier(GPT5, "")]) == question
        assert plain_library.ask(question).status is Status.ANSWERED


def test_a_refusal_shows_the_nearest_sentence_and_opens_its_place(plain_library: Library) -> None:
    answer = plain_library.ask(GPT5)
    related = answer.parts[0].related
    assert related is not None
    assert plain_library.document(related.doc_id).text[related.start : related.end] == related.quote
    place = str(place_of(related))
    turn = Turn(GPT5, answer, {})
    assert _first_place([turn]) == place
    assert f'data-open="{place}"' in answers.turn(turn)
