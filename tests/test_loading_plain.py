"""Plain text: a line is a paragraph, unless an editor wrapped it; short numbered lines are headings."""

from __future__ import annotations

import pytest

from rag.loading.plain import parse_plain
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM


def test_a_line_is_a_paragraph_and_blank_lines_are_none() -> None:
    blocks = parse_plain("　　第一段。\n第二段。\n\n \n第三段。\n")
    assert [(b.kind, b.text, b.line) for b in blocks] == [
        (PARAGRAPH, "第一段。", 1),
        (PARAGRAPH, "第二段。", 2),
        (PARAGRAPH, "第三段。", 5),
    ]


def test_lines_wrapped_at_a_width_are_one_paragraph() -> None:
    sentence = "大模型行业在这一年里经历了残酷的竞争与淘汰只有少数产品抵达了市场" * 3
    wrapped = "\n".join(sentence[i : i + 30] for i in range(0, len(sentence), 30))
    blocks = parse_plain(f"{wrapped}\n\n另一段。")
    assert [(b.text, b.line) for b in blocks] == [(sentence, 1), ("另一段。", 6)]


def test_wrapped_latin_lines_are_joined_with_a_space() -> None:
    lines = ["The market for large models grew quickly", "and most of the early vendors went under", "within a year."]
    assert [b.text for b in parse_plain("\n".join(lines))] == [" ".join(lines)]


def test_full_sentences_of_like_length_are_not_taken_for_wrapped_lines() -> None:
    lines = [f"第{n}条写得一样长但每一行都以句号结束所以它们是各自独立的段落。" for n in "甲乙丙"]
    assert [b.text for b in parse_plain("\n".join(lines))] == lines


def test_numbered_lines_are_items_with_their_number() -> None:
    blocks = parse_plain(
        "1.可持续的投入。\n（2）快速的迭代\n3）变现\n一是巨头,\n二，创企的头部，以及它们背后的投资人。\n- 其他\n"
    )
    assert [(b.kind, b.item) for b in blocks] == [(ITEM, 1), (ITEM, 2), (ITEM, 3), (ITEM, 1), (ITEM, 2), (ITEM, 1)]


@pytest.mark.parametrize(
    "items",
    [
        ("①甲；", "②乙；", "③丙。"),
        ("（一）甲；", "（二）乙；", "（三）丙。"),
        ("⑴甲", "⑵乙", "⑶丙"),
        ("■ 甲", "■ 乙", "■ 丙"),
        ("●甲", "●乙", "●丙"),
        ("\uf0d8 甲", "\uf0d8 乙", "\uf0d8 丙"),
        ("- 甲", "- 乙", "- 丙"),
        ("➢ 甲", "➢ 乙", "➢ 丙"),
        ("（十一）甲", "（十二）乙", "（十三）丙"),
    ],
)
def test_marks_of_every_kind_begin_items_under_what_leads_in_to_them(items: tuple[str, ...]) -> None:
    lead, *found, after = parse_plain("\n".join(["须带材料：", *items, "", "办理时限为五天。"]))
    first = 11 if "十" in items[0] else 1
    assert (lead.kind, after.kind, after.path) == (PARAGRAPH, PARAGRAPH, ())
    assert [(b.kind, b.text, b.path, b.level, b.item) for b in found] == [
        (ITEM, text, ("须带材料：",), 1, item) for item, text in enumerate(items, start=first)
    ]


def test_marks_of_another_kind_are_a_list_in_the_item_above_them() -> None:
    blocks = parse_plain("● 门票\n■ 成人票\n■ 学生票\n● 交通\n\n1. 甲\n（1）乙\n\n（2）丙\n2. 丁\n")
    assert [(b.text, b.path, b.level, b.item) for b in blocks] == [
        ("● 门票", (), 1, 1),
        ("■ 成人票", ("● 门票",), 2, 1),
        ("■ 学生票", ("● 门票",), 2, 2),
        ("● 交通", (), 1, 2),
        ("1. 甲", ("● 交通",), 2, 1),
        ("（1）乙", ("● 交通", "1. 甲"), 3, 1),
        ("（2）丙", ("● 交通", "1. 甲"), 3, 2),
        ("2. 丁", ("● 交通",), 2, 2),
    ]


def test_another_bullet_after_a_blank_line_begins_another_list() -> None:
    blocks = parse_plain("■ 甲\n■ 乙\n\n● 设施：\n■ 丙\n")
    assert [(b.text, b.path, b.level) for b in blocks[2:]] == [("● 设施：", (), 1), ("■ 丙", ("● 设施：",), 2)]


def test_a_decimal_or_a_year_at_the_start_is_no_item() -> None:
    assert [b.kind for b in parse_plain("3.33万亿美元。\n\n2024年。")] == [PARAGRAPH, PARAGRAPH]


def test_short_lines_that_begin_like_a_heading_are_headings_of_what_follows() -> None:
    blocks = parse_plain("序。\n第一章 背景\n正文。\n主题二,走向应用。\n后文。\n")
    assert [(b.kind, b.text, b.path) for b in blocks] == [
        (PARAGRAPH, "序。", ()),
        (HEADING, "第一章 背景", ()),
        (PARAGRAPH, "正文。", ("第一章 背景",)),
        (HEADING, "主题二,走向应用。", ()),
        (PARAGRAPH, "后文。", ("主题二,走向应用。",)),
    ]


def test_a_lead_with_a_colon_is_no_heading() -> None:
    assert [b.kind for b in parse_plain("主题一如下：\n甲。")] == [PARAGRAPH, PARAGRAPH]
