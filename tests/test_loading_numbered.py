"""Headings and lists that are told by what was typed alone, in whatever format."""

from __future__ import annotations

import pytest

from rag.loading.blocks import RawBlock
from rag.loading.numbered import lines_apart, structured
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM


def read(*said: str) -> list[tuple[BlockKind, str, tuple[str, ...]]]:
    blocks = list(lines_apart(RawBlock(PARAGRAPH, text) for text in said))
    return [(b.kind, b.text, b.path) for b in structured(blocks)]


def test_articles_with_a_name_are_headings_and_one_without_ends_the_one_before() -> None:
    lead = "乙方有下列情形之一的，甲方可以解除合同："
    contract = ("第一条 租赁期限", "共 12 个月。", "第二条 租金：", "每月 3200 元。", "第三条", lead, "（一）转租的；")
    assert read(*contract, "第四条 水费、电费、燃气费由乙方承担。", "附件见后。") == [
        (HEADING, "第一条 租赁期限", ()),
        (PARAGRAPH, "共 12 个月。", ("第一条 租赁期限",)),
        (HEADING, "第二条 租金：", ()),
        (PARAGRAPH, "每月 3200 元。", ("第二条 租金：",)),
        (HEADING, "第三条", ()),
        (PARAGRAPH, lead, ("第三条",)),
        (ITEM, "（一）转租的；", ("第三条", lead)),
        (PARAGRAPH, "第四条 水费、电费、燃气费由乙方承担。", ()),
        (PARAGRAPH, "附件见后。", ()),
    ]


def test_articles_that_are_sentences_are_text_under_their_chapter() -> None:
    rules = ("第一章 总则", "第一条 制定本办法。", "第二章 费用", "第二条 标准如下：", "第三条 自发布之日起施行。")
    assert [(kind, path) for kind, _, path in read(*rules)] == [
        (HEADING, ()),
        (PARAGRAPH, ("第一章 总则",)),
        (HEADING, ()),
        (PARAGRAPH, ("第二章 费用",)),
        (PARAGRAPH, ("第二章 费用",)),
    ]


def test_chapters_that_a_table_of_contents_names_too_are_headings_where_their_text_stands() -> None:
    contents = ("第一章 总则", "第二章 费用", "第三章 附则")
    text = ("第一章 总则", "甲。", "第二章 费用", "乙。", "第三章 附则", "丙。")
    assert [kind for kind, _, _ in read(*contents, *text)] == [PARAGRAPH] * 3 + [HEADING, PARAGRAPH] * 3


def test_names_in_black_brackets_are_headings_and_what_has_text_beside_such_ends_them() -> None:
    assert read("【不良反应】", "1.恶心。", "2.皮疹。", "【禁忌】过敏者禁用。", "【注意事项】", "孕妇慎用。") == [
        (HEADING, "【不良反应】", ()),
        (ITEM, "1.恶心。", ("【不良反应】",)),
        (ITEM, "2.皮疹。", ("【不良反应】",)),
        (PARAGRAPH, "【禁忌】过敏者禁用。", ()),
        (HEADING, "【注意事项】", ()),
        (PARAGRAPH, "孕妇慎用。", ("【注意事项】",)),
    ]


@pytest.mark.parametrize("first", ["议题1：上线计划", "步骤一 断电", "Part 1: Safety"])
def test_a_word_that_is_counted_on_makes_headings(first: str) -> None:
    second = first.replace("1", "2").replace("一", "二")
    assert read(first, "甲。", second, "乙。") == [
        (HEADING, first, ()),
        (PARAGRAPH, "甲。", (first,)),
        (HEADING, second, ()),
        (PARAGRAPH, "乙。", (second,)),
    ]
    assert {kind for kind, _, _ in read(first, second, "乙。")} == {PARAGRAPH}
    assert {kind for kind, _, _ in read(first, "甲。", first, "乙。")} == {PARAGRAPH}


def test_what_counts_inside_of_a_part_begins_anew_in_the_next() -> None:
    said = read("一、安装", "步骤1：甲", "拧紧。", "步骤2：乙", "断电。", "二、维修", "步骤1：丙", "清洗。")
    assert [path for _, text, path in said if text in ("断电。", "清洗。")] == [
        ("一、安装", "步骤2：乙"),
        ("二、维修", "步骤1：丙"),
    ]


def test_numbered_questions_are_headings_of_their_answers() -> None:
    assert read("1、怎样办卡？", "在前台。", "2、能退吗？", "不能。")[2:] == [
        (HEADING, "2、能退吗？", ()),
        (PARAGRAPH, "不能。", ("2、能退吗？",)),
    ]
    assert [kind for kind, _, _ in read("问：能转让吗？", "答：能。")] == [HEADING, PARAGRAPH]


def test_a_chapter_counts_on_without_parts_of_its_own() -> None:
    said = read("1 概述", "1.1 范围", "家用。", "2 故障代码", "E1 传感器故障。", "3 mm 的间隙。")
    assert [(kind, path) for kind, _, path in said] == [
        (HEADING, ()),
        (HEADING, ("1 概述",)),
        (PARAGRAPH, ("1 概述", "1.1 范围")),
        (HEADING, ()),
        (PARAGRAPH, ("2 故障代码",)),
        (PARAGRAPH, ("2 故障代码",)),
    ]


def test_letters_mark_the_items_of_a_list() -> None:
    for a, b in (("a) 断电；", "b) 拔管。"), ("(a) 断电；", "(b) 拔管。"), ("A）断电；", "B）拔管。")):
        assert read("步骤如下：", a, b)[1:] == [(ITEM, a, ("步骤如下：",)), (ITEM, b, ("步骤如下：",))]


def test_lines_of_one_paragraph_that_are_numbered_stand_by_themselves() -> None:
    assert read("第四条 交通：\n（一）高铁；\n（二）飞机。", "地址：甲路\n邮编：310000") == [
        (PARAGRAPH, "第四条 交通：", ()),
        (ITEM, "（一）高铁；", ("第四条 交通：",)),
        (ITEM, "（二）飞机。", ("第四条 交通：",)),
        (PARAGRAPH, "地址：甲路\n邮编：310000", ()),
    ]
    (first, second) = lines_apart(iter([RawBlock(PARAGRAPH, "1、甲乙\n2、丙丁", bold=(2, 7))]))
    assert (first.text, first.bold, second.text, second.bold) == ("1、甲乙", (2, 4), "2、丙丁", (0, 2))


def test_names_in_bold_that_have_text_below_are_headings() -> None:
    def kinds(*said: str) -> list[tuple[BlockKind, tuple[str, ...]]]:
        bare = [text.strip("*") for text in said]
        bold = [(0, len(text)) if text != whole else () for text, whole in zip(bare, said, strict=True)]
        blocks = [RawBlock(PARAGRAPH, text, bold=place) for text, place in zip(bare, bold, strict=True)]
        return [(b.kind, b.path) for b in structured(blocks)]

    manual = ("*手册*", "*退货*", "七天内可退。", "*运费由买家承担。*", "到付不收。", "*保修*", "一年。")
    assert kinds(*manual) == [
        (PARAGRAPH, ()),
        (HEADING, ()),
        (PARAGRAPH, ("退货",)),
        (PARAGRAPH, ("退货",)),
        (PARAGRAPH, ("退货",)),
        (HEADING, ()),
        (PARAGRAPH, ("保修",)),
    ]
    assert {kind for kind, _ in kinds("*退货*", "七天内可退。")} == {PARAGRAPH}
    assert {kind for kind, _ in kinds("*2899*", "元。", "*260*", "元。", "*注意：*", "烫。", "*地址：*", "东门。")} == {
        PARAGRAPH
    }
