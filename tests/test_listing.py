"""What asks for the kinds of a thing gets those that a document's headings or list name, each with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.answering.listing import kinds, nth_item
from rag.library import Library
from rag.loading.blocks import assemble
from rag.loading.markdown import parse_markdown
from rag.models import Models
from rag.question.sorts import Sorts, sorts
from rag.settings import Settings
from rag.types import Answer, Document, Status

LEAVE = """# 员工手册

## 第一章 总则

本手册适用于全体员工。

## 第二章 休息休假

### 2.1 年休假

工作满一年的员工每年休五天。

### 2.2 病假（须附证明）

病假须附医院证明。

### 2.3 产假

产假为一百五十八天。

### 2.4 申请流程

在系统里提交，由主管批准。

## 第三章 社会保险

公司缴纳的保险包括：

1. 养老保险，比例为百分之十六；
2. 医疗保险，比例为百分之九；
3. 住房公积金，比例为百分之七。

## 第四章 奖项种类

### 星光

每季度评一次。

### 远航

每年评一次。
"""


def of(text: str) -> Document:
    return assemble(parse_markdown(text), source="a.md", default_title="a", sha256="a" * 64)


def listed(question: str, text: str = LEAVE) -> list[tuple[str, str]] | None:
    asked = sorts(question)
    assert asked is not None
    answer = kinds(question, asked, [of(text)], "zh")
    return [(item.heading, item.text) for item in answer.parts[0].items] if answer else None


@pytest.mark.parametrize(
    ("question", "noun", "about"),
    [
        ("有哪些假期", "假期", ""),
        ("公司有哪些假期？", "假期", "公司"),
        ("员工可以休哪些假", "假", "员工"),
        ("一共有几种奖项呢？", "奖项", ""),
        ("公司的假期分哪几类", "假期", "公司"),
        ("奖项有几种？", "奖项", ""),
        ("有什么保险", "保险", ""),
        ("保险包括哪几项", "保险", ""),
        ("請問有哪些類型的假期？", "假期", ""),
    ],
)
def test_the_noun_and_what_else_is_said_are_read_off_the_question(question: str, noun: str, about: str) -> None:
    assert sorts(question) == Sorts(noun, about)


@pytest.mark.parametrize("question", ["年假有几天", "病假怎么请", "假期是什么", "哪些", "what kinds are there"])
def test_no_other_question_asks_for_kinds(question: str) -> None:
    assert sorts(question) is None


def test_headings_that_end_alike_are_the_kinds_each_with_its_first_sentence() -> None:
    leave = [
        ("2.1 年休假", "工作满一年的员工每年休五天。"),
        ("2.2 病假（须附证明）", "病假须附医院证明。"),
        ("2.3 产假", "产假为一百五十八天。"),
    ]
    assert listed("有哪些假期") == leave
    assert listed("员工可以休哪些假") == leave


def test_the_items_of_a_list_are_the_kinds_that_end_with_the_noun_or_stand_under_it() -> None:
    assert listed("有哪些保险") == [("", "养老保险，比例为百分之十六；"), ("", "医疗保险，比例为百分之九；")]
    assert listed("有几种奖项") == [("星光", "每季度评一次。"), ("远航", "每年评一次。")]


def test_nothing_is_listed_of_what_the_document_does_not_speak_of() -> None:
    assert listed("有哪些车型") is None
    assert listed("华为有哪些假期") is None
    assert (
        listed("有哪些假期", "# 手册\n\n## 假期\n\n有年假。\n\n## 试用期\n\n三个月。\n\n## 工资\n\n月底发。\n") is None
    )


def test_a_list_is_of_the_date_and_the_name_that_stand_over_it_and_of_no_other_in_the_document() -> None:
    decided = "会议决定的事：\n\n1. 更换灭火器；\n2. 夜班加一次巡查。"
    minutes = f"# 9月例会纪要\n\n{decided}\n\n下次例会：11月8日，请苏州分部参加。\n"
    assert listed("9月例会定了哪些事", minutes) == [("", "更换灭火器；"), ("", "夜班加一次巡查。")]
    assert listed("九月例会定了哪些事", minutes) is not None
    assert listed("11月例会定了哪些事", minutes) is None
    assert listed("苏州例会定了哪些事", minutes) is None


def test_what_is_asked_of_one_of_the_items_does_not_ask_for_all() -> None:
    contract = "# 合同\n\n## 甲方义务\n\n按月付款。\n\n## 乙方义务\n\n保证库温。\n"
    assert listed("合同有哪些义务", contract) is not None
    assert listed("乙方的义务有哪些", contract) is None


MANUAL = """# 冷库手册

## 2.1 开机步骤

1. 检查水泵，看出口压力；
2. 预热油八小时。
3. 启动压缩机。

## 二、责任免除

下列原因造成的损失不赔：

- 战争；
- 自然损耗。

## 标准

第三条 住宿费四百元。

第四条 交通费六十元。
"""


@pytest.mark.parametrize(
    ("question", "item"),
    [
        ("开机步骤的第二步是什么?", "预热油八小时"),
        ("开机步骤第1步?", "检查水泵，看出口压力"),
        ("开机步骤最后一步做什么?", "启动压缩机"),
        ("保险责任免除的第二条是什么?", "自然损耗"),
        ("责任免除第九条是什么?", None),
        ("关机的第二步是什么?", None),
        ("开机步骤的第一步和第二步是什么?", None),
        ("标准的第一条是什么?", None),  # An article has its own number.
    ],
)
def test_an_item_is_found_by_its_number_in_the_list_whose_lead_is_repeated(question: str, item: str | None) -> None:
    found = nth_item(question, [of(LEAVE), of(MANUAL)])
    assert (found.texts[0] if found else None) == item


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, plain_models: Models) -> Library:
    folder: Path = tmp_path_factory.mktemp("kinds")
    (folder / "手册.md").write_text(LEAVE, "utf-8")
    (folder / "租房.md").write_text("# 房屋租赁合同\n\n## 租金\n\n月租金为4,800元。\n", "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([folder], folder / "index", settings)
    return Library.open(folder / "index", settings, models=plain_models)


def said(answer: Answer) -> list[str]:
    return [item.heading for item in answer.parts[0].items]


def test_they_are_answered_as_an_overview_with_every_quote_in_its_place(library: Library) -> None:
    answer = library.ask("公司有哪些假期？")
    assert answer.status is Status.OVERVIEW
    assert said(answer) == ["2.1 年休假", "2.2 病假（须附证明）", "2.3 产假"]
    assert answer.text.startswith("《员工手册》，共 3 节\n· 2.1 年休假：工作满一年的员工每年休五天。[1]")
    for one in answer.citations:
        assert library.document(one.doc_id).text[one.start : one.end] == one.quote


def test_what_is_asked_of_something_that_no_document_names_is_declined(library: Library) -> None:
    assert library.ask("蓝星公司有哪些假期？").status is Status.ABSTAINED
