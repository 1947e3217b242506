"""Rows of CSV and TSV are blocks with the names of their columns, whatever separates and quotes their values."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

from rag.loading import PARSERS
from rag.loading.blocks import RawBlock
from rag.types import BlockKind

ROW = BlockKind.ROW
parse_csv, parse_tsv = PARSERS[".csv"], PARSERS[".tsv"]
CSV, TSV = Path("表.csv"), Path("表.tsv")


def test_a_record_is_a_block_under_the_names_of_the_columns_with_its_line() -> None:
    data = '模型,月活,说明\n豆包,6000万,"第一行\n第二行, 带逗号"\n\n,,\nKimi,,"说""引号"""\n'.encode()
    assert samples.bare(parse_csv(data, CSV).blocks) == (
        RawBlock(ROW, "模型 | 月活 | 说明", 1),
        RawBlock(ROW, "模型：豆包；月活：6000万；说明：第一行 第二行, 带逗号", 2),
        RawBlock(ROW, '模型：Kimi；说明：说"引号"', 6),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_separator_is_found_and_any_encoding_read(separator: str, encoding: str) -> None:
    data = f"模型名称{separator}月活跃用户数\r\n豆包{separator}六千万\r\n".encode(encoding)
    assert [b.text for b in parse_csv(data, CSV).blocks] == [
        "模型名称 | 月活跃用户数",
        "模型名称：豆包；月活跃用户数：六千万",
    ]


def test_in_tsv_a_comma_separates_nothing() -> None:
    assert [b.text for b in parse_tsv("甲,乙,丙\t丁\n".encode(), TSV).blocks] == ["甲,乙,丙 | 丁"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(
            '"编号", "名称"\n"1", "带 USB, 两口"\n',
            ["编号 | 名称", "编号：1；名称：带 USB, 两口"],
            id="a space after a comma",
        ),
        pytest.param(
            '工号,姓名\n="00123",沈舟\n', ["工号 | 姓名", "工号：00123；姓名：沈舟"], id="a number kept as text"
        ),
        pytest.param(
            "账单\n起始:1 日\n账号:甲\n----\n时间,对方,金额\n9:00,书店,38\n9:30,茶行,12\n----\n共 2 笔\n导出:林溪\n",
            [
                "账单",
                "起始:1 日",
                "账号:甲",
                "时间 | 对方 | 金额",
                "时间：9:00；对方：书店；金额：38",
                "时间：9:30；对方：茶行；金额：12",
                "共 2 笔",
                "导出:林溪",
            ],
            id="a table between more lines that are none",
        ),
    ],
)
def test_a_separated_file_says(data: str, said: list[str]) -> None:
    assert [b.text for b in parse_csv(data.encode(), CSV).blocks] == said


def test_the_separator_may_be_said_or_stand_below_a_title() -> None:
    said = "sep=;\n单号;重量\nB-205;12,5\n"
    assert [(b.text, b.line) for b in parse_csv(said.encode(), CSV).blocks][1] == ("单号：B-205；重量：12,5", 3)
    titled = "导出 2024-06-01\n\n单号\t备注\t重量\nB-305\t易碎,轻放\t12.5\nB-306\t\t8.0\n"
    assert [(b.text, b.path) for b in parse_csv(titled.encode(), CSV).blocks] == [
        ("导出 2024-06-01", ()),
        ("单号 | 备注 | 重量", ("导出 2024-06-01",)),
        ("单号：B-305；备注：易碎,轻放；重量：12.5", ("导出 2024-06-01",)),
        ("单号：B-306；重量：8.0", ("导出 2024-06-01",)),
    ]


def test_a_stray_quote_costs_one_line_at_most() -> None:
    data = '品名,规格,库存\n屏,"27寸" 显示器,40\n"键盘,青轴,125\n耳机,头戴,66\n支架,"加长款,18\n线,"两米\n白色",900\n'
    assert [b.text for b in parse_csv(data.encode(), CSV).blocks][1:] == [
        '品名：屏；规格："27寸" 显示器；库存：40',
        "品名：键盘；规格：青轴；库存：125",
        "品名：耳机；规格：头戴；库存：66",
        "品名：支架；规格：加长款；库存：18",
        "品名：线；规格：两米 白色；库存：900",
    ]


def test_quotes_may_be_single_or_escaped() -> None:
    single = "品名,价\n'甲,乙',3\n'丙,丁',4\n'戊',5\n"
    assert [b.text for b in parse_csv(single.encode(), CSV).blocks][1] == "品名：甲,乙；价：3"
    escaped = '品名,价\n"甲\\"乙,丙",3\n'
    assert [b.text for b in parse_csv(escaped.encode(), CSV).blocks][1] == '品名：甲"乙,丙；价：3'


def test_lines_of_prose_are_not_cut_at_their_commas() -> None:
    assert [b.text for b in parse_csv("句子\n第一，好的, 是。\n没有\n".encode(), CSV).blocks] == [
        "句子",
        "第一，好的, 是。",
        "没有",
    ]


def test_what_a_bank_adds_to_its_list_is_no_row_of_it() -> None:
    data = '日期,摘要,收入,支出,余额\n\'20240503,工资,"8,650",,9102\n-----列表结束-----\n共1笔,收入合计:8650\n'
    blocks = parse_csv(data.encode("gb18030"), CSV).blocks
    assert [(b.text, b.line) for b in blocks] == [
        ("日期 | 摘要 | 收入 | 支出 | 余额", 1),
        ("日期：20240503；摘要：工资；收入：8,650；余额：9102", 2),
        ("列表结束", 3),
        ("日期：共1笔；摘要：收入合计:8650", 4),
    ]
