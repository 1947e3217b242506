"""After an answer, questions to go on with: made of what stands around it, and each of them is answered."""

from __future__ import annotations

import pytest
from documents import document

from rag.library import Library
from rag.models import Models
from rag.question.followup import Earlier, resolve
from rag.question.kinds import Kind
from rag.settings import Settings
from rag.types import Span, Status
from rag.web.suggestions.candidate import Candidate
from rag.web.suggestions.offering import offered
from rag.web.suggestions.onward import _around, onward
from rag.web.suggestions.stated import stated
from rag.web.suggestions.structure import of_row
from rag.web.suggestions.suggest import candidates

PHONES = (
    "# 结构院通讯录\n\n| 姓名 | 部门 | 分机 |\n|---|---|---|\n"
    "| 葛远舟 | 结构一所 | 6102 |\n| 陆知微 | 结构二所 | 6207 |\n"
)
TRAVEL = (
    "# 差旅费管理办法\n\n## 二、住宿标准\n\n出差人员的住宿费标准为每人每天380元。\n\n"
    "## 三、报销流程\n\n员工应在返程后十个工作日内提交报销单。部门负责人三个工作日内审核完毕。\n"
)
PROSE = (
    "# 差旅费管理办法\n\n## 一、适用范围\n\n本办法适用于全体员工。\n\n## 二、住宿标准\n\n"
    "出差人员的住宿费标准为每人每天380元。省会城市的住宿费标准为每人每天450元。\n\n"
    "## 三、补助标准\n\n| 地区 | 补助 |\n|---|---|\n| 省内 | 80元 |\n\n"
    "## 四、报销流程\n\n员工应在返程后十个工作日内提交报销单。\n"
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, plain_models: Models) -> Library:
    folder, settings = tmp_path_factory.mktemp("office"), Settings(retrieval="bm25")
    (folder / "phones.md").write_text(PHONES, "utf-8")
    (folder / "travel.md").write_text(TRAVEL, "utf-8")
    Library.index([folder], folder / "index", settings)
    return Library.open(folder / "index", settings, models=plain_models)


def test_a_question_on_a_cell_asks_in_its_unit_puts_a_date_first_and_asks_for_what_stands_there() -> None:
    names = "指标,2024年,金额（元）,金额（万元）,宽度(cm),启用日期,备注"
    table = document(f"{names}\n用电量（万度）,91,80,8,30,2025年3月1日,2022年购置\n", "a.csv")
    assert [c.question for c in of_row(table, table.blocks[-1])] == [
        "2024年的用电量是多少万度？",
        "用电量（万度）的金额（元）是多少？",
        "用电量（万度）的金额（万元）是多少？",
        "用电量（万度）的宽度是多少cm？",
        "用电量（万度）的启用日期是什么时候？",
        "用电量（万度）的备注是什么？",
    ]


def test_a_row_is_called_by_two_cells_where_the_first_is_not_its_own_and_a_person_is_asked_for_by_who() -> None:
    lines = "项目,方式,单价（元）,份数（含备份）,经办人\n装裱,手工,35,3,陆知微\n"
    lines += "装裱,机器,22,2,葛远舟\n拓印,手工,40,1,葛远舟\n"
    table = document(lines, "a.csv")
    assert [[c.question for c in of_row(table, row)] for row in table.blocks[-2:]] == [
        ["装裱机器的单价是多少元？", "装裱机器的份数是多少？", "装裱机器的经办人是谁？"],
        ["拓印的方式是什么？", "拓印的单价是多少元？", "拓印的份数是多少？", "拓印的经办人是谁？"],
    ]


def test_the_row_and_the_headings_around_an_answer_become_questions(office: Library) -> None:
    titles = {record.title: office.document(record.doc_id) for record in office.documents()}
    row = [c.question for c in _around(titles["结构院通讯录"], titles["结构院通讯录"].blocks[-1])]
    assert row == ["陆知微的部门是什么？", "陆知微的分机是多少？"]
    rule = titles["差旅费管理办法"]
    assert "差旅费管理办法的报销流程是什么？" in [
        c.question for c in _around(rule, rule.block_at(rule.text.index("380")))
    ]


def test_what_a_sentence_lays_down_of_a_thing_becomes_a_question() -> None:
    told = {
        "省会城市的住宿费标准为每人每天450元。": [("省会城市的住宿费标准是多少？", "450元")],
        "试用期为三个月。": [("试用期是多久？", "三个")],
        "员工应在返程后十个工作日内提交报销单。": [("员工应在多久之内提交报销单？", "返程后十个工作日内")],
        "押金为两个月租金。": [],
        "这个标准为三元。": [],
    }
    made = {one: [(fact.question, one[slice(*fact.answer)]) for fact in stated(one)] for one in told}
    assert made == told


def test_after_an_answer_in_prose_come_sentences_near_by_and_sections_of_prose_before_tables() -> None:
    made = document(PROSE)
    beside = [c.question for c in _around(made, made.block_at(made.text.index("380")))]
    assert beside[0] == "出差人员的住宿费标准是多少？"
    assert beside[2] == "省会城市的住宿费标准是多少？"
    assert [one for one in beside if "管理办法" in one] == [
        "差旅费管理办法的报销流程是什么？",
        "差旅费管理办法的适用范围有哪些？",
        "差旅费管理办法的补助标准是什么？",
    ]


def test_an_answer_in_prose_is_followed_by_a_question_that_prose_answers(office: Library) -> None:
    question = "出差人员的住宿费标准是多少？"
    answer = office.ask(question)
    assert answer.answer == "每人每天380元"
    *_, further = onward(office, [Earlier(question, answer.answer)], answer.citations)
    assert "员工应在多久之内提交报销单？" in further


def test_each_question_is_answered_stands_for_itself_and_is_none_that_was_asked(office: Library) -> None:
    question = "葛远舟的分机是多少？"
    answer = office.ask(question)
    assert answer.status is Status.ANSWERED
    asked = [Earlier(question, answer.answer)]
    *_, further = onward(office, asked, answer.citations)
    assert further == ["葛远舟的部门是什么？"]
    assert resolve(further[0], asked) == further[0]
    assert office.ask(further[0]).answer == "结构一所"
    assert list(onward(office, [Earlier(further[0], ""), *asked], answer.citations)) == [[]]


def test_no_two_questions_ask_for_the_same() -> None:
    """A heading and a column may be called alike."""
    asked = ["杯子的容量是什么？", "杯子容量是多少？", "杯子的产地是哪里？", "杯子产地是什么"]
    made = [Candidate(question, Kind.WHAT, "", Span(0, 0)) for question in asked]
    *_, found = offered(made, lambda _: True, 3)
    assert found == ["杯子的容量是什么？", "杯子的产地是哪里？"]


def test_documents_of_rows_and_rules_have_examples_too(office: Library) -> None:
    made = [candidate.question for candidate in candidates(office)]
    assert "葛远舟的分机是多少？" in made
    assert "差旅费管理办法的报销流程是什么？" in made
