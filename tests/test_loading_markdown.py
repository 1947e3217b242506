"""Markdown keeps its text and loses its marks; what stands above a block is its path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import samples

from rag.loading import parse
from rag.loading.blocks import RawBlock
from rag.loading.markdown import parse_markdown
from rag.types import BlockKind, Document

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
QUOTE, CODE, ROW = BlockKind.QUOTE, BlockKind.CODE, BlockKind.ROW


def kinds_and_texts(markdown: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.text) for block in parse_markdown(markdown)]


def document(markdown: str) -> Document:
    return parse(markdown.encode(), source="文.md", name=Path("文.md"))


def test_headings_stand_above_what_follows_them_until_one_of_their_level() -> None:
    blocks = parse_markdown("# 一\n\n甲\n\n## 二\n\n乙\n\n### 三\n\n丙\n\n## 四\n\n丁\n")
    assert [(b.text, b.path, b.level) for b in blocks] == [
        ("一", (), 1),
        ("甲", ("一",), 0),
        ("二", ("一",), 2),
        ("乙", ("一", "二"), 0),
        ("三", ("一", "二"), 3),
        ("丙", ("一", "二", "三"), 0),
        ("四", ("一",), 2),
        ("丁", ("一", "四"), 0),
    ]


def test_a_nested_list_has_places_levels_and_short_captions_as_path() -> None:
    long = "这一条说了很多话，所以不能当作下面各条的标题，" * 2
    blocks = parse_markdown(f"1. **性能**\n   - 甲\n   - 乙\n2. {long}\n   - 丙\n\n     丙的第二段\n")
    assert [(b.kind, b.text, b.path, b.level, b.item) for b in blocks] == [
        (ITEM, "性能", (), 1, 1),
        (ITEM, "甲", ("性能",), 2, 1),
        (ITEM, "乙", ("性能",), 2, 2),
        (ITEM, long, (), 1, 2),
        (ITEM, "丙", (), 2, 1),
        (PARAGRAPH, "丙的第二段", ("丙",), 0, 0),
    ]


def test_an_ordered_list_counts_from_its_own_first_number() -> None:
    assert [(b.text, b.item) for b in parse_markdown("3. 丙\n4. 丁\n")] == [("丙", 3), ("丁", 4)]


def test_a_bold_first_line_of_an_item_is_the_caption_of_the_rest() -> None:
    blocks = parse_markdown("1. **股权纠纷**\n   2月，完成融资。\n")
    assert [(b.kind, b.text, b.path, b.line) for b in blocks] == [
        (ITEM, "股权纠纷", (), 1),
        (PARAGRAPH, "2月，完成融资。", ("股权纠纷",), 2),
    ]


def test_a_paragraph_that_is_bold_as_a_whole_is_a_heading_beside_the_last() -> None:
    blocks = parse_markdown("## 上\n\n### 甲\n\n文。\n\n**乙**\n\n字。\n")
    assert [(b.kind, b.text, b.path, b.level) for b in blocks[2:]] == [
        (PARAGRAPH, "文。", ("上", "甲"), 0),
        (HEADING, "乙", ("上",), 3),
        (PARAGRAPH, "字。", ("上", "乙"), 0),
    ]


def test_inline_marks_are_dropped_and_their_text_kept() -> None:
    markdown = "**豆包**是*大*模型，见[报告](https://example.org)与`API`，![图一](a.png)，A&amp;B，5 \\* 3。"
    assert kinds_and_texts(markdown) == [(PARAGRAPH, "豆包是大模型，见报告与API，图一，A&B，5 * 3。")]


def test_a_soft_break_vanishes_between_chinese_and_is_a_space_beside_latin() -> None:
    assert kinds_and_texts("大模型\n行业\nAI\nagent\n很多") == [(PARAGRAPH, "大模型行业 AI agent 很多")]


@pytest.mark.parametrize("mark", ["  \n", "\\\n", "<br>", "<br/>", "<BR />"])
def test_a_hard_break_stays_a_line_break(mark: str) -> None:
    assert kinds_and_texts(f"甲{mark}乙") == [(PARAGRAPH, "甲\n乙")]


def test_a_quote_is_a_quote_under_its_heading() -> None:
    blocks = parse_markdown("# 题\n\n> 引文一\n> 续。\n>\n> 引文二。\n\n正文。")
    assert [(b.kind, b.text, b.path) for b in blocks[1:]] == [
        (QUOTE, "引文一续。", ("题",)),
        (QUOTE, "引文二。", ("题",)),
        (PARAGRAPH, "正文。", ("题",)),
    ]


def test_code_is_kept_as_it_stands() -> None:
    markdown = "```python\nprint('问')\n\n  x = 1\n```\n\n    缩进的\n"
    assert kinds_and_texts(markdown) == [(CODE, "print('问')\n\n  x = 1"), (CODE, "缩进的")]


def test_a_table_row_is_a_block_with_the_names_of_its_columns() -> None:
    blocks = parse_markdown("# 表\n\n|模型|月活|\n|---|---|\n|**豆包**|近6000万|\n|Kimi<br>探索版||\n\n后文。\n")
    assert samples.bare(blocks[1:]) == (
        RawBlock(ROW, "模型 | 月活", 3, ("表",)),
        RawBlock(ROW, "模型：豆包；月活：近6000万", 5, ("表",)),
        RawBlock(ROW, "模型：Kimi 探索版", 6, ("表",)),
        RawBlock(PARAGRAPH, "后文。", 8, ("表",)),
    )


def test_the_text_of_an_html_block_is_kept_without_tags_and_comments() -> None:
    blocks = parse_markdown("<!-- 不给\n读者 -->\n\n<details>\n<summary>概&nbsp;要</summary>\n\n细节。\n\n</details>\n")
    assert [(b.text, b.line) for b in blocks] == [("概\xa0要", 5), ("细节。", 7)]


def test_a_table_in_html_is_a_table() -> None:
    cells = "<tr><td>型号</td><td>功率</td></tr>\n\n<tr><td>B20</td><td>750 W</td></tr>"
    blocks = parse_markdown(f"# 电机\n\n表1\n\n<html><body><table>{cells}</table></body></html>\n\n后文。\n")
    assert samples.bare(blocks[2:]) == (
        RawBlock(ROW, "型号 | 功率", 5, ("电机",)),
        RawBlock(ROW, "型号：B20；功率：750 W", 7, ("电机",)),
        RawBlock(PARAGRAPH, "后文。", 9, ("电机",)),
    )


def test_a_footnote_stands_below_the_block_that_refers_to_it() -> None:
    markdown = (
        "# 题\n\n合格率为97.5%[^1]。\n\n另一段[^二]。\n\n[^1]: 不含*返工*件，\n    见附表。\n[^二]: 乙\n[^三]: 丙\n"
    )
    assert [(b.text, b.line, b.path) for b in parse_markdown(markdown)[1:]] == [
        ("合格率为97.5%。", 3, ("题",)),
        ("不含返工件，见附表。", 7, ("题",)),
        ("另一段。", 5, ("题",)),
        ("乙", 9, ("题",)),
        ("丙", 10, ("题",)),
    ]


def test_a_note_in_code_is_code() -> None:
    assert kinds_and_texts("```\n[^1]: 甲\n```\n") == [(CODE, "[^1]: 甲")]


def test_what_looks_like_the_definition_of_a_link_is_text_unless_it_leads_somewhere() -> None:
    markdown = "[注]: 见附件\n\n[附件2]: 3.2节\n\n见[报告][r]。\n\n[r]: https://example.org/a.html '题'\n"
    assert [text for _, text in kinds_and_texts(markdown)] == ["[注]: 见附件", "[附件2]: 3.2节", "见报告。"]


def test_definitions_stand_after_their_terms() -> None:
    markdown = "检修期\n: 每年*三月*。\n: 或九月。\n负责人\n: 周宁\n"
    assert [b.text for b in parse_markdown(markdown)] == ["检修期：每年三月。", "检修期：或九月。", "负责人：周宁"]


def test_what_is_raised_is_no_part_of_the_number_before_it() -> None:
    raised = "约10<sup>6</sup>个，120 m<sup>2</sup>，H<sub>2</sub>O，注<sup>[1]</sup>。"
    assert kinds_and_texts(raised) == [(PARAGRAPH, "约10⁶个，120 m²，H₂O，注。")]
    carets = "约10^6^个，120 m^2^，H~2~O，Ca^2+^，$a^2b^2$，3~5个~6个。"
    assert kinds_and_texts(carets) == [(PARAGRAPH, "约10⁶个，120 m²，H₂O，Ca²⁺，$a^2b^2$，3~5个~6个。")]


@pytest.mark.parametrize("end", ["---\n", "...\n", "---  \n"])
def test_front_matter_is_a_table_of_labels_and_values(end: str) -> None:
    front = f'---\n# 注\n标题: "云岭茶园"\n作者 1: 林溪\ntags:\n  - 甲\n  - 乙\n草稿:\n{end}\n正文。'
    assert [(b.kind, b.text, b.line) for b in parse_markdown(front)] == [
        (ROW, "标题：云岭茶园", 3),
        (ROW, "作者 1：林溪", 4),
        (ROW, "tags：甲、乙", 5),
        (ROW, "草稿", 8),
        (PARAGRAPH, "正文。", 11),
    ]
    assert document(front).title == "云岭茶园"


def test_text_between_two_rules_is_no_front_matter() -> None:
    markdown = "---\n第一段：开头。\n\n---\n\n第二段。\n"
    assert kinds_and_texts(markdown) == [(PARAGRAPH, "第一段：开头。"), (PARAGRAPH, "第二段。")]


def test_blocks_are_numbered_from_one_and_tile_the_text() -> None:
    made = document("# 题\n\n甲。\n\n- 乙\n- 丙\n")
    assert made.text == "题\n甲。\n乙\n丙"
    assert [(b.number, b.start, b.end, b.line) for b in made.blocks] == [
        (1, 0, 1, 1),
        (2, 2, 4, 3),
        (3, 5, 6, 5),
        (4, 7, 8, 6),
    ]


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("### 小\n\n# 大\n", "小"),
        ("前言。\n\n## 二级\n\n# 一级\n", "一级"),
        ("前言。\n\n## 二级\n", "文"),
    ],
)
def test_the_title_is_the_first_heading_if_it_begins_the_document_or_is_top_level(markdown: str, title: str) -> None:
    assert document(markdown).title == title


def bolds(blocks: Sequence[RawBlock]) -> list[tuple[str, str, list[str]]]:
    pairs = [(b, list(zip(b.bold[::2], b.bold[1::2], strict=True))) for b in blocks]
    return [(b.marker, b.text, [b.text[start:end] for start, end in spans]) for b, spans in pairs]


def test_items_keep_their_markers_and_bold_words_their_places_beside_a_text_without_marks() -> None:
    written = (
        "**重点**是  \n 这个**不能\n退**的<b>费用</b>。\n\n3. 甲**乙**\n4. 丙\n   - 丁\n\n2) 戊[^1]**己**\n\n[^1]: 注\n"
    )
    assert bolds(parse_markdown(written)) == [
        ("", "重点是\n这个不能退的费用。", ["重点", "不能退", "费用"]),
        ("3.", "甲乙", ["乙"]),
        ("4.", "丙", []),
        ("•", "丁", []),
        ("2)", "戊己", []),
        ("", "注", []),
    ]


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        pytest.param("- [x] 已拍照\n- [ ] **未**签字\n", [(ITEM, "☑ 已拍照"), (ITEM, "☐ 未签字")], id="boxes of tasks"),
        pytest.param("## 沿革 ## {#history}\n", [(HEADING, "沿革")], id="the name of a heading"),
        pytest.param("价~~299~~ 199 元。", [(PARAGRAPH, "价 199 元。")], id="what is struck out"),
        pytest.param("价<del>299</del> 199 元。", [(PARAGRAPH, "价 199 元。")], id="also in HTML"),
        pytest.param("~~299~~\n", [], id="or all of a paragraph"),
        pytest.param(
            "+----+----+\n| 站 | 里程 |\n+====+====+\n| 甲 | 3 |\n+----+----+\n| 乙 | |\n+----+----+\n",
            [(ROW, "站 | 里程"), (ROW, "站：甲；里程：3"), (ROW, "站：乙")],
            id="a table that is drawn",
        ),
    ],
)
def test_markdown_says(markdown: str, said: list[tuple[BlockKind, str]]) -> None:
    assert kinds_and_texts(markdown) == said


def test_what_is_bold_stays_so_after_a_box() -> None:
    (item,) = parse_markdown("- [ ] **未**签字\n")
    assert [item.text[a:b] for a, b in zip(item.bold[::2], item.bold[1::2], strict=True)] == ["未"]


def test_struck_text_is_told() -> None:
    assert [(o.kind, len(o.after)) for o in document("# 价\n\n~~299~~ 199，<s>98</s> 88 元").omitted] == [("struck", 2)]


def test_front_matter_may_be_toml() -> None:
    made = document('+++\ntitle = "云岭指南"\ntags = ["徒步", "云岭"]\n+++\n\n全程 12 公里。\n')
    assert (made.title, made.text) == ("云岭指南", "title：云岭指南\ntags：徒步、云岭\n全程 12 公里。")


def test_links_and_marks_of_programs_for_notes_are_shown_as_they_show_them() -> None:
    text = "见[[登录改版|改版页]]和[[张驰]]，==先开 5%==。%%不显示%% ^a1b2\n\n`[[ ]]`，若 x==1 则 y==2，x^2。"
    assert [b.text for b in parse_markdown(text)] == ["见改版页和张驰，先开 5%。", "[[ ]]，若 x==1 则 y==2，x^2。"]
    fence = "```bash\nif [[ -f a ]]; then echo a==b; fi\n:::tip\n```\n"
    assert kinds_and_texts(fence) == [(CODE, "if [[ -f a ]]; then echo a==b; fi\n:::tip")]


def test_what_a_callout_a_container_or_a_fold_holds_stands_under_its_title() -> None:
    text = (
        "# 周会\n\n> [!NOTE] 结论\n> 周三完成。\n> - 由张驰负责\n\n> [!warning]-\n> 五月到期。\n\n"
        ":::tip 注意\n先**备份**。\n:::\n\n"
        "<details>\n<summary><b>工卡</b>？</summary>\n\n到三楼。\n\n"
        "<details><summary>几点？</summary>\n\n四点后。\n\n</details>\n\n"
        "当天领取。\n\n</details>\n\n正文。\n\n<details><summary>问</summary><p>答。</p></details>\n"
    )
    assert [(b.text, b.path, b.line) for b in parse_markdown(text)] == [
        ("周会", (), 1),
        ("结论", ("周会",), 3),
        ("周三完成。", ("周会", "结论"), 4),
        ("由张驰负责", ("周会", "结论"), 5),
        ("五月到期。", ("周会",), 8),
        ("注意", ("周会",), 10),
        ("先备份。", ("周会", "注意"), 11),
        ("工卡？", ("周会",), 15),
        ("到三楼。", ("周会", "工卡？"), 17),
        ("几点？", ("周会", "工卡？"), 19),
        ("四点后。", ("周会", "工卡？", "几点？"), 21),
        ("当天领取。", ("周会", "工卡？"), 25),
        ("正文。", ("周会",), 29),
        ("问", ("周会",), 31),
        ("答。", ("周会", "问"), 31),
    ]


def test_lines_that_are_fields_are_blocks_each_and_others_are_joined() -> None:
    text = "负责人: 冯雪\n截止: 2024-07-31\n状态：进行中\n\n很长的话，\n分成两行。\n"
    assert [(b.text, b.line) for b in parse_markdown(text)] == [
        ("负责人: 冯雪", 1),
        ("截止: 2024-07-31", 2),
        ("状态：进行中", 3),
        ("很长的话，分成两行。", 5),
    ]


def test_bold_words_in_elements_of_other_programs_are_shown_without_their_marks() -> None:
    text = '<callout emoji="bulb">\n夜班交接必须在 **7:45 前**完成。\n</callout>\n'
    assert [b.text for b in parse_markdown(text)] == ["夜班交接必须在 7:45 前完成。"]


def test_a_drawn_table_has_its_names_above_the_line_that_is_drawn_otherwise() -> None:
    text = "+------+------+\n| 名称 | 缺省 |\n+======+======+\n| 超时 | 30秒 |\n+------+------+\n"
    text += "| 重试 | 3 次 |\n+------+------+\n"
    assert [b.text for b in parse_markdown(text)] == ["名称 | 缺省", "名称：超时；缺省：30秒", "名称：重试；缺省：3 次"]


def test_numbers_that_markdown_does_not_know_begin_lines_of_their_own() -> None:
    blocks = parse_markdown(
        "（一）候测\n保持安静。\n\n（二）备测\n每人十分钟，\n可以看题。\n\n4、能带手机吗？\n不能。\n"
    )
    assert [(b.kind, b.text, b.line) for b in blocks] == [
        (HEADING, "（一）候测", 1),
        (PARAGRAPH, "保持安静。", 2),
        (HEADING, "（二）备测", 4),
        (PARAGRAPH, "每人十分钟，可以看题。", 5),
        (ITEM, "4、能带手机吗？", 8),
        (PARAGRAPH, "不能。", 9),
    ]


def test_a_row_with_more_cells_than_names_keeps_all_of_them() -> None:
    named = "型号 | 方式\n--- | ---\n"
    said = {
        "L2 | `刷卡|指纹`\nL3 | `门禁`": ["型号：L2；方式：刷卡|指纹", "型号：L3；方式：门禁"],
        "L3 | 人脸 | 2 年": ["型号：L3；方式：人脸；2 年"],
        "L4 | 人脸 \\| 刷卡": ["型号：L4；方式：人脸 | 刷卡"],
    }
    for rows, texts in said.items():
        assert [block.text for block in parse_markdown(named + rows)] == ["型号 | 方式", *texts]
    assert kinds_and_texts("命令 `a|b`\n----\n|x|y|z|")[0] == (BlockKind.HEADING, "命令 a|b")


def test_what_stands_around_a_drawn_table_is_kept_and_a_cell_loses_its_marks() -> None:
    drawn = "+----+----+\n| 甲 | 乙 |\n+----+----+\n| 1  | *2* |\n+----+----+"
    assert kinds_and_texts(f"下表：\n{drawn}\n注：乙为**估计值**。\n") == [
        (PARAGRAPH, "下表："),
        (ROW, "甲 | 乙"),
        (ROW, "甲：1；乙：2"),
        (PARAGRAPH, "注：乙为估计值。"),
    ]


def test_lines_of_a_paragraph_or_a_listing_that_stand_in_columns_are_a_table() -> None:
    aligned = "型号     功率     价格\nKX-20    750 W    1180 元\nKX-200   1200 W   80 元\n"
    rows = [
        (ROW, "型号 | 功率 | 价格"),
        (ROW, "型号：KX-20；功率：750 W；价格：1180 元"),
        (ROW, "型号：KX-200；功率：1200 W；价格：80 元"),
    ]
    assert kinds_and_texts(aligned) == rows
    assert kinds_and_texts(f"```\n$ list\n{aligned}```\n") == [(CODE, "$ list"), *rows]


def test_code_whose_parts_stand_below_each_other_is_code() -> None:
    code = "int    count;   // how many\nlong   size;    // how large\nchar   name;    // its name"
    assert kinds_and_texts(f"```c\n{code}\n```\n") == [(CODE, code)]
