"""Words found in one document: in any width, case and script, of tables the values, not too many."""

from __future__ import annotations

from documents import document

from rag.web.page.seeking import MOST, found


def test_words_are_found_in_any_width_case_and_script() -> None:
    made = document("# 报告\n\nＧＰＴ - 4 发布。\n\n臺灣的gpt-4用户。\n")
    assert [made.text[start:end] for _, start, end in found(made, "GPT-4")] == ["ＧＰＴ - 4", "gpt-4"]
    assert [(number, made.text[start:end]) for number, start, end in found(made, " 台湾 ")] == [(3, "臺灣")]
    assert found(made, "  ") == []


def test_the_name_of_a_column_is_found_where_it_is_shown() -> None:
    made = document("| 姓名 | 部门 |\n|---|---|\n| 葛远舟 | 部门一 |\n| 陆知微 | 二所 |\n")
    assert [made.text[start - 1 : end + 1] for _, start, end in found(made, "部门")][-1] == "：部门一"
    assert len(found(made, "部门")) == 1 + any(block.header == block.number for block in made.blocks)


def test_no_more_are_found_than_one_can_go_through() -> None:
    assert len(found(document("天" * (MOST + 10)), "天")) == MOST
