"""An answer that is an item of a list, or its lead, becomes all of its items."""

from __future__ import annotations

import pytest
from documents import document

from rag.question.kinds import Kind, kinds_of
from rag.reading.spans.edges import whole
from rag.reading.spans.items import all_items
from rag.types import Document, Span

TEXT = """# 办事

申请居住证须带以下材料：

1. 身份证原件；
2. 租房合同；
3. 一寸照片两张。

负责人：

- 李工：水泵、风机
- 周工：电梯

办理时限为五个工作日。
"""
MATERIALS = ["身份证原件", "租房合同", "一寸照片两张"]


@pytest.fixture(scope="module")
def office() -> Document:
    return document(TEXT, "办事.md")


def found(office: Document, *slices: str, asked: str = "") -> list[str]:
    starts = [office.text.index(words) for words in slices]
    spans = [Span(start, start + len(words)) for start, words in zip(starts, slices, strict=True)]
    return [office.text[span.start : span.end] for span in all_items(office, spans, Span(0, len(office.text)), asked)]


@pytest.mark.parametrize("slices", [("租房合同",), ("身份证原件", "一寸照片两张"), ("须带以下材料",)])
def test_an_item_or_the_lead_becomes_all_items(office: Document, slices: tuple[str, ...]) -> None:
    assert found(office, *slices) == MATERIALS


@pytest.mark.parametrize("slices", [("水泵、风机",), ("五个工作日",), ("租房合同", "五个工作日"), ("两张",)])
def test_what_stands_inside_of_an_item_or_beside_the_list_stays(office: Document, slices: tuple[str, ...]) -> None:
    assert found(office, *slices) == list(slices)


@pytest.mark.parametrize("slices", [("安全责任包括",), ("配齐器材，定期检查",), ("建立制度", "做好台账")])
def test_a_list_inside_of_a_sentence_is_one_too(slices: tuple[str, ...]) -> None:
    made = document("总则。安全责任包括：一是建立制度；二是配齐器材，定期检查；三是做好台账。其他见附件。", "责任.txt")
    assert found(made, *slices) == ["建立制度", "配齐器材，定期检查", "做好台账"]
    assert found(made, "其他见附件") == ["其他见附件"]


@pytest.mark.parametrize("slices", [("没有发票",), ("没有发票，或者发票涂改的",), ("以下情况不保修",)])
def test_of_an_item_its_first_sentence_is_shown_and_of_one_that_explains_itself_its_name(
    slices: tuple[str, ...],
) -> None:
    unnamed = "- 没有发票，或者发票涂改的；\n- 自行拆机的；\n- 超过8:30送修的。\n"
    made = document(f"以下情况不保修：\n\n{unnamed}", "保修.md")
    assert found(made, *slices) == ["没有发票，或者发票涂改的", "自行拆机的", "超过8:30送修的"]
    named = f"- 强化学习，靠奖励。它试错。\n- 监督学习：靠标签，多而贵\n- 聚类，{'分组' * 20}\n"
    assert found(document(f"方法：\n\n{named}", "方法.md"), "强化学习") == ["强化学习，靠奖励", "监督学习", "聚类"]


def test_a_list_whose_lead_the_question_repeats_is_the_one_that_is_asked_for() -> None:
    made = document("管理办法\n\n安全责任包括：一是建立制度；二是做好台账。\n", "责任.txt")
    assert found(made, "管理办法", asked="安全责任包括哪些内容?") == ["建立制度", "做好台账"]
    assert found(made, "管理办法", asked="依据有哪些?") == ["管理办法"]


def test_the_item_that_a_question_has_a_word_of_is_the_one_it_asks_for(office: Document) -> None:
    assert found(office, "租房合同", asked="申请居住证要备什么?") == MATERIALS
    assert found(office, "租房合同", asked="租房的要备什么合同?") == ["租房合同"]
    assert found(office, "须带以下材料", asked="租房的要备什么合同?") == MATERIALS


def test_numbers_side_by_side_are_no_list() -> None:
    made = document("范围为：1、2、3 号楼。", "范围.txt")
    assert found(made, "范围为") == ["范围为"]


def test_which_of_some_asks_for_a_list_and_how_many_does_not() -> None:
    assert kinds_of("安全检查包括哪几项?") == (Kind.LIST,)
    assert kinds_of("安全检查有几项?") == (Kind.HOW_MANY,)
    assert kinds_of("发现漏气怎么办?") == kinds_of("签约有什么好处?") == kinds_of("什么情况下能退?") == (Kind.LIST,)
    assert kinds_of("这一版新增了什么?") == (Kind.LIST,)
    assert kinds_of("有什么原因?") == (Kind.WHY,)


def test_a_circled_number_is_no_part_of_the_answer_after_it_and_a_figure_is() -> None:
    text = "①身份证原件"
    assert whole(text, Span(1, len(text))) == Span(1, len(text))
    assert whole("12月末", Span(2, 4)) == Span(0, 4)


def test_cases_are_all_items_where_the_lead_says_that_cases_follow() -> None:
    cases = document("手册\n\n有下列情形之一的，可以解除合同：（一）连续旷工；（二）伪造记录。\n", "手册.txt")
    assert Kind.LIST in kinds_of("什么情况下可以解除合同?")
    assert found(cases, "连续旷工", asked="什么情况下可以解除合同?") == ["连续旷工", "伪造记录"]
    steps = document("手册\n\n应急措施：（一）停电时启动发电机；（二）泄漏时撤离。\n", "手册.txt")
    assert found(steps, "泄漏时撤离", asked="什么情况下要撤离?") == ["泄漏时撤离"]
