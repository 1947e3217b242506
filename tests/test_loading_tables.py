"""A row of a table is a block under the names of its columns, in CSV, TSV and XLSX; of JSONL each line is one."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import samples

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.delimited import parse_csv, parse_tsv
from rag.loading.jsonl import parse_jsonl
from rag.loading.xlsx import parse_xlsx
from rag.types import BlockKind

HEADING, PARAGRAPH = BlockKind.HEADING, BlockKind.PARAGRAPH
CSV, XLSX, JSONL = Path("表.csv"), Path("表.xlsx"), Path("集.jsonl")


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_record_is_a_block_under_the_names_of_the_columns_with_its_line() -> None:
    data = '模型,月活,说明\n豆包,6000万,"第一行\n第二行, 带逗号"\n\n,,\nKimi,,"说""引号"""\n'.encode()
    assert parse_csv(data, CSV).blocks == (
        RawBlock(PARAGRAPH, "模型 | 月活 | 说明", 1),
        RawBlock(PARAGRAPH, "豆包 | 6000万 | 第一行 第二行, 带逗号", 2, ("模型 | 月活 | 说明",)),
        RawBlock(PARAGRAPH, 'Kimi | 说"引号"', 6, ("模型 | 月活 | 说明",)),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_separator_is_found_and_any_encoding_read(separator: str, encoding: str) -> None:
    data = f"模型名称{separator}月活跃用户数\r\n豆包{separator}六千万\r\n".encode(encoding)
    assert [b.text for b in parse_csv(data, CSV).blocks] == ["模型名称 | 月活跃用户数", "豆包 | 六千万"]


def test_in_tsv_a_comma_separates_nothing() -> None:
    assert [b.text for b in parse_tsv("甲,乙,丙\t丁\n".encode(), CSV).blocks] == ["甲,乙,丙 | 丁"]


def test_a_long_name_of_a_column_is_cut_where_it_stands_above_others_only() -> None:
    first, second = parse_csv(f"{'长' * 1000}\n值\n".encode(), CSV).blocks
    assert (len(first.text), second.path) == (1000, ("长" * 200 + "…",))


def test_rows_of_a_workbook_stand_under_their_sheet_and_columns() -> None:
    book = openpyxl.Workbook()
    book.active.title = "一季度"
    for row in ((), ("模型", "月活"), ("豆包", 6000), (None, None), (None, "只有一格")):
        book.active.append(row)
    second = book.create_sheet("二季度")
    second["C3"] = "孤零零"
    book.create_sheet("空表")
    hidden = book.create_sheet("藏表")
    hidden["A1"], hidden.sheet_state = "看不见", "hidden"
    assert parse_xlsx(saved(book), XLSX).blocks == (
        RawBlock(HEADING, "一季度", level=1),
        RawBlock(PARAGRAPH, "模型 | 月活", 2, ("一季度",)),
        RawBlock(PARAGRAPH, "豆包 | 6000", 3, ("一季度", "模型 | 月活")),
        RawBlock(PARAGRAPH, "只有一格", 5, ("一季度", "模型 | 月活")),
        RawBlock(HEADING, "二季度", level=1),
        RawBlock(PARAGRAPH, "孤零零", 3, ("二季度",)),
    )


def test_values_are_written_as_one_would_write_them_down() -> None:
    book = openpyxl.Workbook()
    values = (1.0, 0.1 + 0.2, 1234567890123, True, date(2024, 5, 1), datetime(2024, 5, 1, 9, 30), time(9, 30), "'字")
    book.active.append(values)
    for column, shown_as in enumerate(("0%", "0.00%"), start=9):
        cell = book.active.cell(1, column, 0.125)
        cell.number_format = shown_as
    assert parse_xlsx(saved(book), XLSX).blocks[0].text == (
        "1 | 0.3 | 1234567890123 | TRUE | 2024-05-01 | 2024-05-01 09:30 | 09:30:00 | '字 | 12% | 12.50%"
    )


def test_half_a_character_is_replaced_and_a_pair_of_halves_is_one() -> None:
    from rag.loading.blocks import gather

    halves = [RawBlock(PARAGRAPH, "甲\ud842乙", path=("\ud842\udfb7",))]
    assert gather(halves, XLSX) == (RawBlock(PARAGRAPH, "甲\ufffd乙", path=("𠮷",)),)


def test_a_formula_without_a_stored_result_says_nothing() -> None:
    book = openpyxl.Workbook()
    book.active.append(("合计", "=SUM(B2:B9)"))
    assert [b.text for b in parse_xlsx(saved(book), XLSX).blocks] == ["合计"]


def test_a_workbook_is_called_by_its_file_and_not_by_its_first_sheet() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = book.create_sheet("Sheet2")["A1"] = "值"
    assert samples.load_bytes(saved(book), "销售.xlsx").title == "销售"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_workbook_is_an_error_that_names_it(share: float) -> None:
    made = saved(openpyxl.Workbook())
    with pytest.raises(LoadError, match=r"无法读取 表\.xlsx：文件已损坏，或不是 \.xlsx 格式"):
        parse_xlsx(made[: int(share * len(made))], XLSX)


def test_a_line_of_jsonl_is_a_block_under_its_title() -> None:
    data = (
        '{"title": "豆包", "text": "月活\\n6000万"}\n\n{"content": "乙", "text": " "}\n{"title": "只有题"}\n'.encode()
    )
    parsed = parse_jsonl(data, JSONL)
    assert (parsed.title, parsed.notices) == ("集", ())
    assert parsed.blocks == (
        RawBlock(PARAGRAPH, "月活\n6000万", 1, ("豆包",)),
        RawBlock(PARAGRAPH, "乙", 3),
        RawBlock(PARAGRAPH, "只有题", 4),
    )


def test_lines_without_the_fields_are_counted_in_a_notice_and_an_error_if_there_are_no_others() -> None:
    data = '{"text": "甲"}\n{"label": 1}\n{"text": 5}\n'.encode()
    assert [n.zh for n in parse_jsonl(data, JSONL).notices] == [
        "集.jsonl 有 2 行没有 text、content 或 title 字段，没有读入（第一处：第 2 行）。"
    ]
    with pytest.raises(LoadError, match=r"集\.jsonl 的每一行都没有 text、content 或 title 字段"):
        parse_jsonl(b'{"label": 1}', JSONL)


@pytest.mark.parametrize("line", ['{"text": "乙"', "[1]", '"字"', "[" * 100_000])
def test_a_line_that_is_no_object_is_named(line: str) -> None:
    with pytest.raises(LoadError, match=r"无法读取 集\.jsonl：第 2 行不是 JSON 对象"):
        parse_jsonl(f'{{"text": "甲"}}\n{line}\n'.encode(), JSONL)
