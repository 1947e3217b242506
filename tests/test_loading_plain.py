"""Plain text: a line is a paragraph, unless an editor wrapped it; short numbered lines are headings."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.loading.plain import parse_plain, parse_txt
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
ROW = BlockKind.ROW


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
    blocks = parse_plain("序。\n第一章 背景\n正文。\n主题一,烧钱营销。\n前文。\n主题二,走向应用。\n后文。\n")
    assert [(b.kind, b.text, b.path) for b in blocks] == [
        (PARAGRAPH, "序。", ()),
        (HEADING, "第一章 背景", ()),
        (PARAGRAPH, "正文。", ("第一章 背景",)),
        (HEADING, "主题一,烧钱营销。", ("第一章 背景",)),
        (PARAGRAPH, "前文。", ("第一章 背景", "主题一,烧钱营销。")),
        (HEADING, "主题二,走向应用。", ("第一章 背景",)),
        (PARAGRAPH, "后文。", ("第一章 背景", "主题二,走向应用。")),
    ]


def test_a_lead_with_a_colon_is_no_heading() -> None:
    assert [b.kind for b in parse_plain("主题一如下：\n甲。")] == [PARAGRAPH, PARAGRAPH]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param(
            "┌──┬──┐\n│日期│水位│\n├──┼──┤\n│1 日│4.2 │\n│2 日│    │\n└──┴──┘\n",
            [("日期 | 水位", 2), ("日期：1 日；水位：4.2", 4), ("日期：2 日", 5)],
            id="lines that are drawn",
        ),
        pytest.param(
            "+---+----+\n| 号 | 名 |\n+---+----+\n| 1 | 手电 |\n|   | 筒 |\n+---+----+\n| 2 | 灯 |\n+---+----+\n",
            [("号 | 名", 2), ("号：1；名：手电筒", 4), ("号：2；名：灯", 7)],
            id="cells of several lines",
        ),
        pytest.param(
            "| 站 | 里程 |\n| 甲 | 3 |\n",
            [("站 | 里程", 1), ("站：甲；里程：3", 2)],
            id="lines between cells alone",
        ),
        pytest.param(
            "机柜\t温度\t责任人\nA1\t23.5\t白羽\nA2\t\t金雨\n",
            [("机柜 | 温度 | 责任人", 1), ("机柜：A1；温度：23.5；责任人：白羽", 2), ("机柜：A2；责任人：金雨", 3)],
            id="tabs",
        ),
        pytest.param(
            "班次    发车     票价\n101     06:30    35元\n103     09:00\n105              32元\n",
            [
                ("班次 | 发车 | 票价", 1),
                ("班次：101；发车：06:30；票价：35元", 2),
                ("班次：103；发车：09:00", 3),
                ("班次：105；票价：32元", 4),
            ],
            id="spaces, with blanks among the cells",
        ),
        pytest.param(
            "商品   单价    数量\n-------------------\n苹果   3.50    12\n-------------------\n合计           12\n",
            [("商品 | 单价 | 数量", 1), ("商品：苹果；单价：3.50；数量：12", 3), ("商品：合计；数量：12", 5)],
            id="lines across",
        ),
        pytest.param(
            "        一季度   二季度   三季度\n甲厂    120      130      125\n乙厂    98                110\n",
            [
                ("一季度 | 二季度 | 三季度", 1),
                ("甲厂；一季度：120；二季度：130；三季度：125", 2),
                ("乙厂；一季度：98；三季度：110", 3),
            ],
            id="a first column without a name",
        ),
        pytest.param(
            "-----------------------\n名称     数量     金额\n打印纸     10   250.00\n硒鼓        2   360.00\n",
            [
                ("名称 | 数量 | 金额", 2),
                ("名称：打印纸；数量：10；金额：250.00", 3),
                ("名称：硒鼓；数量：2；金额：360.00", 4),
            ],
            id="a line above the names",
        ),
        pytest.param(
            "品名          单价\n红烧牛肉面    28元\n酸辣粉        6元\n",
            [("品名 | 单价", 1), ("品名：红烧牛肉面；单价：28元", 2), ("品名：酸辣粉；单价：6元", 3)],
            id="two columns",
        ),
        pytest.param(
            "姓名        林溪\n入职日期    2021-03-01\n邮箱        lx@example.com\n",
            [("姓名：林溪", 1), ("入职日期：2021-03-01", 2), ("邮箱：lx@example.com", 3)],
            id="labels beside their values",
        ),
        pytest.param(
            "科室          医生\n----------    ------\n骨科          李医生\n心血管内科    欧阳医生\n",
            [("科室 | 医生", 1), ("科室：骨科；医生：李医生", 3), ("科室：心血管内科；医生：欧阳医生", 4)],
            id="words below a line",
        ),
        pytest.param(
            "会议室  人数  设备\nB203    30    投影、音响、\n              视频终端\nC305    6     白板\n",
            [
                ("会议室 | 人数 | 设备", 1),
                ("会议室：B203；人数：30；设备：投影、音响、视频终端", 2),
                ("会议室：C305；人数：6；设备：白板", 4),
            ],
            id="a cell that goes on below",
        ),
        pytest.param(
            "科室      诊室  时间\n呼吸内科  301   周一\n心内科    305   周二\n\n骨科      210   周三\n",
            [
                ("科室 | 诊室 | 时间", 1),
                ("科室：呼吸内科；诊室：301；时间：周一", 2),
                ("科室：心内科；诊室：305；时间：周二", 3),
                ("科室：骨科；诊室：210；时间：周三", 5),
            ],
            id="a blank line between rows",
        ),
        pytest.param(
            "Filesystem      Size  Used Use% Mounted on\n/dev/sda1        50G   20G  42% /\n"
            "tmpfs           3.9G     0   0% /dev/shm\n",
            [
                ("Filesystem | Size | Used | Use% | Mounted on", 1),
                ("Filesystem：/dev/sda1；Size：50G；Used：20G；Use%：42%；Mounted on：/", 2),
                ("Filesystem：tmpfs；Size：3.9G；Used：0；Use%：0%；Mounted on：/dev/shm", 3),
            ],
            id="one blank between columns",
        ),
        pytest.param(
            "PID   USER     COMMAND\n1     root     /sbin/init\n102   www      nginx: worker process\n",
            [
                ("PID | USER | COMMAND", 1),
                ("PID：1；USER：root；COMMAND：/sbin/init", 2),
                ("PID：102；USER：www；COMMAND：nginx: worker process", 3),
            ],
            id="a colon in a cell",
        ),
        pytest.param(
            "姓名 部门 分机\n林溪 财务部 8021\n欧阳明远 后勤保障处 8102\n",
            [
                ("姓名 | 部门 | 分机", 1),
                ("姓名：林溪；部门：财务部；分机：8021", 2),
                ("姓名：欧阳明远；部门：后勤保障处；分机：8102", 3),
            ],
            id="single blanks, above numbers",
        ),
        pytest.param(
            " id |  name  | price\n----+--------+-------\n  1 | 青瓷杯 |    88\n  3 |        |    12\n",
            [("id | name | price", 1), ("id：1；name：青瓷杯；price：88", 3), ("id：3；price：12", 4)],
            id="lines inside alone",
        ),
    ],
)
def test_cells_that_stand_below_each_other_are_a_table(text: str, rows: list[tuple[str, int]]) -> None:
    blocks = parse_plain(f"前言。\n\n{text}\n后记。")
    assert [(b.text, b.line - 2) for b in blocks if b.kind is ROW] == rows
    assert [b.text for b in blocks if b.kind is not ROW] == ["前言。", "后记。"]


@pytest.mark.parametrize(
    "text",
    [
        "姓名：张三    性别：男    年龄：30\n电话：1    邮箱：2    地址：3\n甲：1    乙：2    丙：3",
        "apple\t苹果\nbanana\t香蕉",
        "1.\t甲\t乙\n2.\t丙\t丁",
        "+ 一段话 |",
        "x    = 1\nyy   = 22\nzzz  = 333",
        "林溪  你好\n周宁  在吗\n林溪  在\n周宁  3点开会",
        "that is the only question\nI was 3 years old\nyou are 4 years old",
        "本园位于城东，占地四十公顷，始建于一九      园内有湖面十二公顷，栽有水杉三千余\n"
        "八四年，历经三次扩建，现为市级公园。        株，春秋两季游人最多。节假日须预约\n"
        "每日六时开放，二十一时闭园，全年无休。      方可入园，每人限购三张门票，凭身份",
    ],
)
def test_fields_lists_and_words_side_by_side_are_no_table(text: str) -> None:
    assert [b.text for b in parse_plain(text)] == text.split("\n")


def test_indented_lines_begin_paragraphs_that_were_wrapped() -> None:
    first = "公园位于城东占地四十公顷始建于一九八四年园内有湖面\n十二公顷栽有水杉三千余株。"
    second = "公园全年免费开放开放时间为早上六点到晚上九点遇大风\n临时关闭。"
    assert [b.text for b in parse_plain(f"　　{first}\n　　{second}")] == [
        first.replace("\n", ""),
        second.replace("\n", ""),
    ]


def test_numbers_of_parts_are_headings_and_other_numbers_are_none() -> None:
    blocks = parse_plain("第1章 开工\n1.1 准备\n1.1.1 图纸会审由总工主持。\n1.2 放线\n误差 5 mm。\n2.5 万元\n")
    assert [(b.kind, b.text, b.path, b.level) for b in blocks] == [
        (HEADING, "第1章 开工", (), 2),
        (HEADING, "1.1 准备", ("第1章 开工",), 3),
        (PARAGRAPH, "1.1.1 图纸会审由总工主持。", ("第1章 开工", "1.1 准备"), 0),
        (HEADING, "1.2 放线", ("第1章 开工",), 3),
        (PARAGRAPH, "误差 5 mm。", ("第1章 开工", "1.2 放线"), 0),
        (PARAGRAPH, "2.5 万元", ("第1章 开工", "1.2 放线"), 0),
    ]


def test_a_question_that_says_so_stands_above_its_answer() -> None:
    blocks = parse_plain("问：怎样办证？\n答：到一楼办理。\nQ1: 续借？\nA1: 可以。\n问：没有答案？\n")
    assert [(b.kind, b.text, b.path) for b in blocks] == [
        (HEADING, "问：怎样办证？", ()),
        (PARAGRAPH, "答：到一楼办理。", ("问：怎样办证？",)),
        (HEADING, "Q1: 续借？", ()),
        (PARAGRAPH, "A1: 可以。", ("Q1: 续借？",)),
        (PARAGRAPH, "问：没有答案？", ("Q1: 续借？",)),
    ]


def test_chapters_above_numbered_parts_are_headings_and_drawn_lines_are_no_text() -> None:
    text = "须知\n====\n1、总则\n1.1 范围\n适用于泵房。\n2、操作\n2.1 启动前检查：\n（1）油位；\n2.2 启动\n按钮。\n"
    assert [(b.kind, b.text, b.path) for b in parse_plain(text)] == [
        (PARAGRAPH, "须知", ()),
        (HEADING, "1、总则", ()),
        (HEADING, "1.1 范围", ("1、总则",)),
        (PARAGRAPH, "适用于泵房。", ("1、总则", "1.1 范围")),
        (HEADING, "2、操作", ()),
        (PARAGRAPH, "2.1 启动前检查：", ("2、操作",)),
        (ITEM, "（1）油位；", ("2、操作", "2.1 启动前检查：")),
        (HEADING, "2.2 启动", ("2、操作",)),
        (PARAGRAPH, "按钮。", ("2、操作", "2.2 启动")),
    ]


def test_who_speaks_in_a_chat_stands_above_what_is_said() -> None:
    blocks = parse_plain("————— 2024-06-03 —————\n\n王磊 09:12\n文案改好了吗\n\n陈静 09:15\n改好了\n周三评审\n")
    day = "2024-06-03"
    assert [(b.kind, b.text, b.path, b.line) for b in blocks] == [
        (HEADING, day, (), 1),
        (HEADING, "王磊 09:12", (day,), 3),
        (PARAGRAPH, "文案改好了吗", (day, "王磊 09:12"), 4),
        (HEADING, "陈静 09:15", (day,), 6),
        (PARAGRAPH, "改好了", (day, "陈静 09:15"), 7),
        (PARAGRAPH, "周三评审", (day, "陈静 09:15"), 8),
    ]
    first = "2024-03-01 20:11:02 阿明(10086)"
    said = parse_plain(f"{first}\n空鼓怎么办\n\n2024-03-01 20:12:40 老赵<z@example.com>\n敲开重贴\n")
    assert [b.kind for b in said] == [HEADING, PARAGRAPH] * 2
    programme = parse_plain("签到 08:30\n开幕式 09:00\n茶歇 10:30\n")
    assert {b.kind for b in programme} == {PARAGRAPH}


@pytest.mark.parametrize(
    "form", ["2024-06-03 09:12:0{} {}:", "{1}(2024-06-03 09:12:0{0})", "[09:1{}] {}", "{1} 09:1{0}："]
)
def test_who_speaks_is_told_in_every_form_that_programs_export(form: str) -> None:
    lines = [line for n, name in enumerate(("王磊", "陈静")) for line in (form.format(n, name), "文案改好了", "")]
    assert [b.kind for b in parse_plain("\n".join(lines))] == [HEADING, PARAGRAPH] * 2


@pytest.mark.parametrize("form", ["{1}(2024-06-03 09:12:0{0}): {2}", "[2024/6/3 09:1{}] {}: {}", "00:01:2{} {}：{}"])
def test_messages_of_one_line_each_are_never_joined(form: str) -> None:
    said = ("打印机定哪一台比较合适呢", "二楼那台KX-200就可以了", "好今天下午就去下单")
    lines = [form.format(n, "林溪", text) for n, text in enumerate(said)]
    assert [b.text for b in parse_plain("\n".join(lines))] == lines


def test_a_chat_is_called_as_its_file_and_another_text_by_its_heading() -> None:
    for text, title in (
        ("王磊 09:12\n文案改好了吗\n陈静 09:15\n改好了\n", "项目群"),
        ("—— 2024-06-03 ——\n王磊 09:12\n好了吗\n陈静 09:15\n好了\n", "项目群"),
        ("一、范围\n本规定适用于各部门。\n", ""),
    ):
        assert parse_txt(text.encode(), Path("项目群.txt")).title == title


def test_fields_side_by_side_above_a_table_are_no_part_of_it() -> None:
    text = "发票号：24312        日期：3月1日\n名称     数量     金额\n打印纸     10   250.00\n硒鼓        2   360.00\n"
    assert [b.text for b in parse_plain(text)] == [
        "发票号：24312        日期：3月1日",
        "名称 | 数量 | 金额",
        "名称：打印纸；数量：10；金额：250.00",
        "名称：硒鼓；数量：2；金额：360.00",
    ]


def test_lines_with_several_things_side_by_side_are_not_taken_for_wrapped_ones() -> None:
    lines = [
        "甲方（盖章）：____________    乙方（盖章）：____________",
        "法定代表人：周启明            法定代表人：贺兰",
        "日期：2025年3月1日            日期：    年  月  日",
    ]
    assert [b.text for b in parse_plain("\n".join(lines))] == lines


def test_a_line_that_begins_below_the_value_of_a_label_goes_on_with_it() -> None:
    text = "参加人员：林默、贺兰，以及来自各部门的\n          代表十二人\n地点：502室。\n      三楼\n"
    assert [b.text for b in parse_plain(text)] == [
        "参加人员：林默、贺兰，以及来自各部门的代表十二人",
        "地点：502室。",
        "三楼",
    ]


def test_lines_that_hang_under_an_item_or_a_field_go_on_with_it() -> None:
    text = (
        "参会人：周敏、吴涛、\n        郑丽\n1.合同已签，到货5月25日\n    （原定5月18日）\n"
        "2. 使用前须在系统预约，\n   用后请关空调。\n"
        "3. 自带：\n   电脑\n   转接头\n采购清单\n  纸 20 箱\n  墨盒 6 个\n"
    )
    assert [(b.text, b.line) for b in parse_plain(text)] == [
        ("参会人：周敏、吴涛、郑丽", 1),
        ("1.合同已签，到货5月25日（原定5月18日）", 3),
        ("2. 使用前须在系统预约，用后请关空调。", 5),
        ("3. 自带：", 7),
        ("电脑", 8),
        ("转接头", 9),
        ("采购清单", 10),
        ("纸 20 箱", 11),
        ("墨盒 6 个", 12),
    ]


def test_a_width_that_lines_of_a_text_share_tells_which_of_them_go_on() -> None:
    first = (
        "欢迎您入住本店。为了让您和其他客人都住得安静舒适，请先读完下面的说明，本店共有客房十二间，分布在主楼和小院。"
    )
    second = "入住时间为每日十四点之后，退房时间为次日十二点之前，如需延迟退房，请与前台联系，延迟的加收半天房费。"
    lines = [first[i : i + 24] for i in range(0, len(first), 24)] + ["一、入住"]
    lines += [second[i : i + 24] for i in range(0, len(second), 24)] + ["二、其他", "咨询前台。"]
    assert [(b.kind, b.text) for b in parse_plain("\n".join(lines))] == [
        (PARAGRAPH, first),
        (HEADING, "一、入住"),
        (PARAGRAPH, second),
        (HEADING, "二、其他"),
        (PARAGRAPH, "咨询前台。"),
    ]


def test_a_paragraph_that_stands_farther_in_than_its_heading_does_not_go_on_with_it() -> None:
    text = "一、入住与退房\n    入住时间为每日十四点之后，退房时间为次日十二点之前。\n二、押金\n    每间 300 元。\n"
    assert [(b.kind, b.text) for b in parse_plain(text)] == [
        (HEADING, "一、入住与退房"),
        (PARAGRAPH, "入住时间为每日十四点之后，退房时间为次日十二点之前。"),
        (HEADING, "二、押金"),
        (PARAGRAPH, "每间 300 元。"),
    ]


def test_speakers_may_have_the_number_of_their_room_and_a_blank_line_below() -> None:
    blocks = parse_plain("301 王阿姨  08:20\n\n今天停水吗？\n\n502老陈  08:30\n\n停。\n")
    assert [(b.text, b.path) for b in blocks] == [
        ("301 王阿姨  08:20", ()),
        ("今天停水吗？", ("301 王阿姨  08:20",)),
        ("502老陈  08:30", ()),
        ("停。", ("502老陈  08:30",)),
    ]
    assert {b.kind for b in parse_plain("签到 08:30\n\n开幕式 09:00\n\n茶歇 10:30\n")} == {PARAGRAPH}


def test_rows_that_count_on_from_the_first_have_no_names_of_columns() -> None:
    text = "E1  室温传感器故障  联系售后\nE2  管温传感器故障  联系售后\nFL  水箱满          倒水\n"
    assert [b.text for b in parse_plain(text)] == [
        "E1；室温传感器故障；联系售后",
        "E2；管温传感器故障；联系售后",
        "FL；水箱满；倒水",
    ]
