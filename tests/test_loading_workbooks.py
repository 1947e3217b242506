"""Rows of a workbook are blocks with the names of their columns, and their values are those that one sees."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
import samples
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.sheets.number_formats import shown
from rag.loading.sheets.xlsx import parse_xlsx
from rag.types import BlockKind

HEADING, PARAGRAPH, ROW = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ROW
XLSX = Path("表.xlsx")


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


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
    assert samples.bare(parse_xlsx(saved(book), XLSX).blocks) == (
        RawBlock(HEADING, "一季度", level=1),
        RawBlock(ROW, "模型 | 月活", 2, ("一季度",)),
        RawBlock(ROW, "模型：豆包；月活：6000", 3, ("一季度",)),
        RawBlock(PARAGRAPH, "只有一格", 5, ("一季度",)),
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
        "1；0.3；1234567890123；TRUE；2024-05-01；2024-05-01 9:30:00；9:30:00；'字；13%；12.50%"
    )


def test_what_stands_directly_above_a_table_is_its_caption() -> None:
    from rag.loading.blocks import gather

    def blocks(*above: str) -> list[tuple[str, ...]]:
        said = [RawBlock(PARAGRAPH, text, path=("题",)) for text in above]
        row = RawBlock(ROW, "品名：茶", path=("题",))
        return [block.path for block in gather([*said, row, row, RawBlock(PARAGRAPH, "后。")], XLSX)][len(above) :]

    assert blocks("表1 各店销量") == [("题", "表1 各店销量"), ("题", "表1 各店销量"), ()]
    assert blocks("表1 各店销量", "单位：万元")[0] == ("题", "表1 各店销量", "单位：万元")
    assert blocks("各项费用如下，供参考：")[0] == ("题", "各项费用如下，供参考：")
    assert blocks("这一段说完了。")[0] == ("题",)
    assert blocks("很长的一段" * 20)[0] == ("题",)


def test_half_a_character_is_replaced_and_a_pair_of_halves_is_one() -> None:
    from rag.loading.blocks import gather

    halves = [RawBlock(PARAGRAPH, "甲\ud842乙", path=("\ud842\udfb7",))]
    assert gather(halves, XLSX) == (RawBlock(PARAGRAPH, "甲\ufffd乙", path=("𠮷",)),)


def test_a_formula_without_a_stored_result_says_nothing_and_is_told() -> None:
    book = openpyxl.Workbook()
    book.active.append(("合计", "=SUM(B2:B9)"))
    parsed = parse_xlsx(saved(book), XLSX)
    assert [b.text for b in parsed.blocks] == ["合计"]
    assert [notice.zh for notice in parsed.notices] == ["表.xlsx 里有 1 个公式没有读入（“Sheet”之下）。"]


def patched(data: bytes, part: str, *changes: tuple[str, str]) -> bytes:
    """A workbook of which a part has other texts; of all parts if it has no name."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            for before, after in changes if part in ("", name) else ():
                text = text.replace(before.encode(), after.encode())
            new.writestr(name, text)
    return made.getvalue()


def test_a_result_of_0_in_a_workbook_that_was_never_calculated_is_none() -> None:
    book = openpyxl.Workbook()
    book.active.append(("合计", "=SUM(B2:B9)"))
    book.active.append(("税", 0))
    stored = patched(saved(book), "xl/worksheets/sheet1.xml", ("<v></v>", "<v>0</v>"), ("<v />", "<v>0</v>"))
    assert [b.text for b in parse_xlsx(stored, XLSX).blocks] == ["合计", "税；0"]
    calculated = patched(stored, "xl/workbook.xml", ('fullCalcOnLoad="1"', ""))
    assert [b.text for b in parse_xlsx(calculated, XLSX).blocks] == ["合计：0", "税：0"]


def test_text_in_a_cell_is_read_as_it_looks() -> None:
    up, struck = InlineFont(vertAlign="superscript"), InlineFont(strike=True)
    book = openpyxl.Workbook()
    book.active.append(("指标", "限值", "备注"))
    book.active.append(("菌落", CellRichText("≤10", TextBlock(up, "5"), " 个"), "甲"))
    book.active.append(("售价", CellRichText(TextBlock(struck, "268 元"), "228 元"), "乙"))
    book.active.append(("图", '=DISPIMG("ID_7F2A",1)', "丙"))
    book.active.append(("地址", "九号_x000D_二层", "丁"))
    book.active.append(("旧标准",))
    book.active["A6"].font = Font(strike=True)
    book.active["B4"].data_type = "s"
    parsed = parse_xlsx(saved(book), XLSX)
    assert [b.text for b in parsed.blocks] == [
        "指标 | 限值 | 备注",
        "指标：菌落；限值：≤10⁵ 个；备注：甲",
        "指标：售价；限值：228 元；备注：乙",
        "指标：图；备注：丙",
        "指标：地址；限值：九号 二层；备注：丁",
    ]
    assert [notice.zh for notice in parsed.notices] == [
        "表.xlsx 里有 2 处划掉的文字没有读入（“Sheet”之下）。",
        "表.xlsx 里有 1 张工作表上的图片没有读入（“Sheet”之下）。",
    ]


def test_a_workbook_in_the_strict_variant_is_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(("站点", "末班"))
    book.active.append(("北桥", "22:15"))
    usual, strict = "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/"
    changes = [(f"{usual}{kind}/2006/", f"{strict}{kind}/") for kind in ("spreadsheetml", "officeDocument")]
    assert [b.text for b in parse_xlsx(patched(saved(book), "", *changes), XLSX).blocks] == [
        "站点 | 末班",
        "站点：北桥；末班：22:15",
    ]


def test_a_workbook_is_called_by_its_file_and_not_by_its_first_sheet() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = book.create_sheet("Sheet2")["A1"] = "值"
    assert samples.load_bytes(saved(book), "销售.xlsx").title == "销售"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_workbook_is_an_error_that_names_it(share: float) -> None:
    made = saved(openpyxl.Workbook())
    with pytest.raises(LoadError, match=r"无法读取 表\.xlsx：文件已损坏，或不是 \.xlsx 格式"):
        parse_xlsx(made[: int(share * len(made))], XLSX)


def test_the_title_of_a_chart_stands_below_its_sheet() -> None:
    book = openpyxl.Workbook()
    for row in (("选项", "人数"), ("满意", 84)):
        book.active.append(row)
    chart = BarChart()
    chart.title = "满意度分布"
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    book.active.add_chart(chart, "D2")
    assert [b.text for b in parse_xlsx(saved(book), XLSX).blocks] == [
        "选项 | 人数",
        "选项：满意；人数：84",
        "满意度分布",
    ]


def test_merged_cells_and_formats_of_a_workbook_are_read() -> None:
    book = openpyxl.Workbook()
    for row in (("台账",), ("类别", "编码", "单价"), ("轴承", 45, 1250.5), (None, 731, 0.5)):
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    book.active.merge_cells("A3:A4")
    for cell, code in (("B3", "000000"), ("B4", "000000"), ("C3", '"¥"#,##0.00'), ("C4", '"¥"#,##0.00')):
        book.active[cell].number_format = code
    assert [b.text for b in parse_xlsx(saved(book), XLSX).blocks] == [
        "台账",
        "类别 | 编码 | 单价",
        "类别：轴承；编码：000045；单价：¥1,250.50",
        "类别：轴承；编码：000731；单价：¥0.50",
    ]


MOMENT = datetime(2024, 3, 5, 14, 7, 9)


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (731, "000000", "000731"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (-5, "#,##0_);(#,##0)", "(5)"),
        (0, r'_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)', "$-"),
        (13800138000, "000-0000-0000", "138-0013-8000"),
        (12345678, '0.00,,"百万"', "12.35百万"),
        (0.125, "0%", "13%"),
        (0.00012, "0.00E+00", "1.20E-04"),
        (0.375, "# ?/?", "3/8"),
        (-2.25, "#\\ ?/4", "-2 1/4"),
        (2.5, "# ?/4", "2 2/4"),
        (3.0, "# ??/??", "3"),
        (123456, '[>=10000]0!.0,"万";0', "12.3万"),
        (999, '[>=10000]0!.0,"万";0', "999"),
        (12, 'General"台"', "12台"),
        (-3.5, 'G/通用格式"元"', "-3.5元"),
        (12, "[DBNum1]General", "一十二"),
        (100203, '[DBNum2][$-804]General"元整"', "壹拾万零贰佰零叁元整"),
        (200000000, "[DBNum1]General", "二亿"),
        (-3, "[Red]0.0;[Blue]-0.0", "-3.0"),
        (1234, "[$€-407] #,##0", "€ 1,234"),
        (5, "@", "5"),
        (5, ";;;", "5"),
        (float("nan"), "0", "nan"),
        (MOMENT, 'yyyy"年"m"月"d"日"', "2024年3月5日"),
        (MOMENT, '[DBNum1][$-804]yyyy"年"m"月"d"日";@', "二〇二四年三月五日"),
        (datetime(2024, 10, 15), '[DBNum2]yyyy"年"m"月"d"日"', "贰零贰肆年壹拾月壹拾伍日"),
        (MOMENT, "mm-dd-yy", "2024-03-05"),
        (MOMENT, "yyyy/m/d h:mm", "2024/3/5 14:07"),
        (MOMENT, '上午/下午h"时"mm"分"', "下午2时07分"),
        (MOMENT, "aaaa", "星期二"),
        (MOMENT, "[$-F800]dddd, mmmm dd, yyyy", "Tuesday, March 05, 2024"),
        (MOMENT, "ss.00", "09.00"),
        (time(9, 30), "h:mm AM/PM", "9:30 AM"),
        (timedelta(hours=30, minutes=5), "[h]:mm:ss", "30:05:00"),
    ],
)
def test_a_value_is_shown_by_its_format(value: float | datetime | time | timedelta, code: str, text: str) -> None:
    assert shown(value, code) == text
