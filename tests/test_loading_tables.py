"""A row of a table is a block with the names of its columns, in CSV, TSV and XLSX; of JSONL each line is one."""

from __future__ import annotations

import io
import json
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
from rag.loading import PARSERS
from rag.loading.blocks import RawBlock
from rag.loading.sheets.number_formats import shown
from rag.loading.sheets.xlsx import parse_xlsx
from rag.loading.tables import Cell, Row, table
from rag.types import BlockKind

HEADING, PARAGRAPH, ROW = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ROW
parse_csv, parse_tsv, parse_jsonl, parse_json = (PARSERS[suffix] for suffix in (".csv", ".tsv", ".jsonl", ".json"))
CSV, TSV, XLSX, JSONL, JSON = Path("表.csv"), Path("表.tsv"), Path("表.xlsx"), Path("集.jsonl"), Path("集.json")


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


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
        '{"title": "豆包", "text": "月活\\n6000万"}\n'
        '{"title": "豆包", "content": [{"type": "text", "text": "第二段"}]}\n\n'
        '{"content": "乙", "text": " "}\n{"title": "只有题"}\n'.encode()
    )
    parsed = parse_jsonl(data, JSONL)
    assert (parsed.title, parsed.notices) == ("集", ())
    assert parsed.blocks == (
        RawBlock(HEADING, "豆包", 1, level=1),
        RawBlock(PARAGRAPH, "月活\n6000万", 1, ("豆包",)),
        RawBlock(PARAGRAPH, "第二段", 2, ("豆包",)),
        RawBlock(PARAGRAPH, "乙", 4),
        RawBlock(PARAGRAPH, "只有题", 5),
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"instruction": "几天能到？", "input": "", "output": "三到五天。"}',
        '{"question": "几天能到？", "answer": "三到五天。"}',
        '{"问题": "几天能到？", "答案": ["三到五天。"]}',
        '{"question": "几天能到？", "answers": {"text": ["三到五天。"], "answer_start": [0]}}',
        '{"messages": [{"role": "user", "content": "几天能到？"}, {"role": "assistant", "content": "三到五天。"}]}',
        '{"conversations": [{"from": "human", "value": "几天能到？"}, {"from": "gpt", "value": "三到五天。"}]}',
        '{"messages": [{"role": "user", "content": [{"text": "几天能到？"}]}, {"content": "三到五天。"}]}',
    ],
)
def test_a_question_stands_above_its_answer(line: str) -> None:
    assert parse_jsonl(line.encode(), JSONL).blocks == (
        RawBlock(HEADING, "几天能到？", 1, level=1),
        RawBlock(PARAGRAPH, "三到五天。", 1, ("几天能到？",)),
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"城市": "昆明", "门店": 7, "开业": true, "店长": null}', "城市：昆明；门店：7；开业：true"),
        ('{"名": "甲", "址": {"省": "云南", "市": {"区": "官渡"}}}', "名：甲；址 省：云南；址 市 区：官渡"),
        (
            '{"名": "甲", "标签": ["茶", "酒"], "货": [{"价": 1}, {"价": 2}]}',
            "名：甲；标签：茶、酒；货 价：1；货 价：2",
        ),
        ('{"title": "甲", "价": 3}', "title：甲；价：3"),
    ],
)
def test_what_a_line_has_besides_is_a_row(line: str, text: str) -> None:
    (block,) = parse_jsonl(line.encode(), JSONL).blocks
    assert "> ".join((*block.path, block.text)) == text


def test_fields_beside_a_text_stand_below_it() -> None:
    blocks = parse_jsonl('{"text": "甲。", "来源": "公告"}'.encode(), JSONL).blocks
    assert [(b.kind, b.text) for b in blocks] == [(PARAGRAPH, "甲。"), (ROW, "来源：公告")]


def test_lines_that_say_nothing_are_counted_in_a_notice_and_an_error_if_there_are_no_others() -> None:
    data = '{"text": "甲"}\n{"text": " "}\n{}\n'.encode()
    assert [n.zh for n in parse_jsonl(data, JSONL).notices] == ["集.jsonl 有 2 行没有内容（第一处：第 2 行）。"]
    with pytest.raises(LoadError, match=r"集\.jsonl 的每一行都是空的"):
        parse_jsonl(b'{"text": null}', JSONL)


def test_a_value_that_is_nested_very_deep_is_kept_as_it_stands() -> None:
    (block,) = parse_jsonl(f'{{"a": {"[" * 200}1{"]" * 200}}}'.encode(), JSONL).blocks
    assert "[1]" in block.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '{"标准问": "怎样退票", "相似问": ["如何退"], "标准答案": "到窗口"}',
            ["怎样退票", "到窗口", "相似问：如何退"],
        ),
        ('{"faq_question": "几点", "faq_answer": "八点", "question_id": 7}', ["几点", "八点", "question_id：7"]),
        (
            '{"context": "建于 1921 年。", "qas": [{"question": "哪年", "answers": [{"text": "1921 年"}]}]}',
            ["建于 1921 年。", "哪年", "1921 年"],
        ),
        ('{"data": [{"问题": "甲", "回答": "乙"}, {"问题": "丙", "回答": "丁"}]}', ["甲", "乙", "丙", "丁"]),
        (
            '{"conversation": [{"human": "问一", "assistant": "答一"}, {"human": "问二", "assistant": "答二"}]}',
            ["问一", "答一", "问二", "答二"],
        ),
    ],
)
def test_questions_are_known_by_what_their_fields_are_called(line: str, said: list[str]) -> None:
    assert [b.text for b in parse_jsonl(line.encode(), JSONL).blocks] == said


@pytest.mark.parametrize("line", ['{"text": "乙"', "[1]", '"字"', "[" * 100_000])
def test_a_line_that_is_no_object_is_named(line: str) -> None:
    with pytest.raises(LoadError, match=r"无法读取 集\.jsonl：第 2 行不是 JSON 对象"):
        parse_jsonl(f'{{"text": "甲"}}\n{line}\n'.encode(), JSONL)


def texts(rows: list[list[str | Cell]]) -> list[str]:
    """The blocks of a table of these cells; what stands in a path of its own after it."""
    blocks = table([Row(cells, line) for line, cells in enumerate(rows, start=1)], ())
    return [f"{'/'.join(block.path)}> {block.text}" if block.path else block.text for block in blocks]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            [["姓名", "语文", "英语"], ["赵刚", "76", ""], ["", "88", ""]],
            ["姓名 | 语文 | 英语", "姓名：赵刚；语文：76", "语文：88"],
            id="a blank cell is left out with its name",
        ),
        pytest.param(
            [["", "城市", "店长"], ["1", "昆明", "吴丹"]],
            ["城市 | 店长", "1；城市：昆明；店长：吴丹"],
            id="a column without a name has its value alone",
        ),
        pytest.param(
            [["甲", "乙"], ["一", "二", "三"]],
            ["甲 | 乙", "甲：一；乙：二；三"],
            id="a row may be longer than the names",
        ),
        pytest.param(
            [[Cell("汇总表", across=3)], ["制表：人事", "", ""], ["工号", "姓名", "得分"], ["7", "王强", "81"]],
            ["汇总表", "制表：人事", "汇总表> 工号 | 姓名 | 得分", "汇总表> 工号：7；姓名：王强；得分：81"],
            id="what stands above the names is a caption",
        ),
        pytest.param(
            [["部门", "姓名"], [Cell("研发部", down=2), "李梅"], ["赵刚"], ["财务部", "周宁"]],
            ["部门 | 姓名", "部门：研发部；姓名：李梅", "部门：研发部；姓名：赵刚", "部门：财务部；姓名：周宁"],
            id="a merged cell is said in each of its rows",
        ),
        pytest.param(
            [["时间", "周一", "周二"], ["12:00", Cell("午休", across=2)]],
            ["时间 | 周一 | 周二", "时间：12:00；周一：午休；周二：午休"],
            id="and in each of its columns",
        ),
        pytest.param(
            [[Cell("姓名", down=2), Cell("成绩", across=2)], ["语文", "英语"], ["王强", "91", "84"]],
            ["姓名 | 成绩 语文 | 成绩 英语", "姓名：王强；成绩 语文：91；成绩 英语：84"],
            id="names of two levels are joined",
        ),
        pytest.param(
            [["姓名", "成绩", ""], ["", "语文", "英语"], ["王强", "91", "84"]],
            ["姓名 | 成绩 语文 | 成绩 英语", "姓名：王强；成绩 语文：91；成绩 英语：84"],
            id="also those that are not merged but left blank",
        ),
        pytest.param(
            [["项目名称", "滨江泵站"], ["建设单位", "水务局"], ["工期", "120 天"]],
            ["项目名称：滨江泵站", "建设单位：水务局", "工期：120 天"],
            id="labels with their values have no names of columns",
        ),
        pytest.param(
            [["姓名：", "周宁", "性别：", "女"], ["住址：", Cell("滨河路 18 号", across=3)], ["备注：", "", "", ""]],
            ["姓名：周宁；性别：女", "住址：滨河路 18 号", "备注"],
            id="nor has a form",
        ),
        pytest.param(
            [["工号", "1002", "姓名", "李梅"], ["入职", "2019-03-01", "部门", "研发部"]],
            ["工号：1002；姓名：李梅", "入职：2019-03-01；部门：研发部"],
            id="nor one without colons",
        ),
        pytest.param(
            [["城市", "门店数"], ["成都", "12"], ["西安", "暂无"], ["昆明", "7"]],
            ["城市 | 门店数", "城市：成都；门店数：12", "城市：西安；门店数：暂无", "城市：昆明；门店数：7"],
            id="but a column of numbers has a name",
        ),
        pytest.param(
            [["指标", "2021", "2022"], ["收入", "12", "13"], ["利润", "3", "4"]],
            ["指标 | 2021 | 2022", "指标：收入；2021：12；2022：13", "指标：利润；2021：3；2022：4"],
            id="years are names",
        ),
        pytest.param(
            [["B-205", "成都", "12.5"], ["B-206", "昆明", "8.0"]],
            ["B-205；成都；12.5", "B-206；昆明；8.0"],
            id="other numbers are none",
        ),
        pytest.param(
            [["楼栋", "层数"], ["甲", "11"], ["乙", "18"], [], ["项目", "单价"], ["物业", "2.6"], ["停车", "300"]],
            [
                "楼栋 | 层数",
                "楼栋：甲；层数：11",
                "楼栋：乙；层数：18",
                "项目 | 单价",
                "项目：物业；单价：2.6",
                "项目：停车；单价：300",
            ],
            id="a blank row parts tables",
        ),
        pytest.param(
            [["楼栋", "层数"], ["甲", "11"], [], ["乙", "18"]],
            ["楼栋 | 层数", "楼栋：甲；层数：11", "楼栋：乙；层数：18"],
            id="or only rows of one",
        ),
        pytest.param(
            [["表一", "", "", "表二", ""], ["资产", "期末", "", "负债", "期末"], ["现金", "12", "", "借款", "5"]],
            [
                "表一",
                "表一> 资产 | 期末",
                "表一> 资产：现金；期末：12",
                "表二",
                "表二> 负债 | 期末",
                "表二> 负债：借款；期末：5",
            ],
            id="a blank column parts tables",
        ),
        pytest.param(
            [["产品", "单价"], [Cell("一、茶叶", across=2)], ["云雾", "128"], ["产品", "单价"], ["老白", "260"]],
            ["产品 | 单价", "一、茶叶", "一、茶叶> 产品：云雾；单价：128", "一、茶叶> 产品：老白；单价：260"],
            id="a row of one merged cell heads those below, and names said again are left out",
        ),
        pytest.param(
            [["船", "班次", "票价"], ["一号", "", ""], ["注：风大停航。", "", ""], [], ["以公告为准", "", ""]],
            ["船 | 班次 | 票价", "船：一号", "注：风大停航。", "以公告为准"],
            id="remarks below the rows are none",
        ),
        pytest.param(
            [["姓名", "邵青", "性别", "女"], ["住址", Cell("南街 12 号", across=3)], ["特长", Cell("", across=3)]],
            ["姓名：邵青；性别：女", "住址：南街 12 号", "特长"],
            id="values that reach over the columns of other labels are those of a form",
        ),
        pytest.param(
            [["时间", "周一", "周二", "周三"], ["早读", "语文", "英语", "数学"], ["午休", Cell("自由活动", across=3)]],
            [
                "时间 | 周一 | 周二 | 周三",
                "时间：早读；周一：语文；周二：英语；周三：数学",
                "时间：午休；周一：自由活动；周二：自由活动；周三：自由活动",
            ],
            id="but not where the names are alike",
        ),
        pytest.param(
            [["地址", "滨河路 9 号"], ["电话", "0571-8866"], ["邮编", "310000"]],
            ["地址：滨河路 9 号", "电话：0571-8866", "邮编：310000"],
            id="values of several kinds have no name in common",
        ),
        pytest.param(
            [
                [Cell("基本", across=2, head=True)],
                ["车型", "轻卡"],
                ["载重", "1.5 t"],
                [Cell("尺寸", across=2, head=True)],
                ["车长", "5.9 m"],
                ["轴距", "3.3 m"],
            ],
            [
                "基本",
                "基本> 车型：轻卡",
                "基本> 载重：1.5 t",
                "基本> 尺寸",
                "基本/尺寸> 车长：5.9 m",
                "基本/尺寸> 轴距：3.3 m",
            ],
            id="nor have those under headings of parts",
        ),
        pytest.param(
            [["姓名", "电话"], ["吴丹", "0571-8800"], ["林溪", "0571-8801"]],
            ["姓名 | 电话", "姓名：吴丹；电话：0571-8800", "姓名：林溪；电话：0571-8801"],
            id="values of one kind have",
        ),
        pytest.param(
            [
                [Cell("学校", down=3), Cell("招生", across=4)],
                [Cell("理科", across=2), Cell("文科", across=2)],
                ["计划", "实录", "计划", "实录"],
                ["一中", "200", "198", "100", "97"],
                ["二中", "150", "151", "120", "118"],
            ],
            [
                "学校 | 招生 理科 计划 | 招生 理科 实录 | 招生 文科 计划 | 招生 文科 实录",
                "学校：一中；招生 理科 计划：200；招生 理科 实录：198；招生 文科 计划：100；招生 文科 实录：97",
                "学校：二中；招生 理科 计划：150；招生 理科 实录：151；招生 文科 计划：120；招生 文科 实录：118",
            ],
            id="names of three levels are joined",
        ),
        pytest.param(
            [["产品", "2023年12月", "2024年1月"], ["铜管", "120", "130"], ["弯头", "60", ""]],
            [
                "产品 | 2023年12月 | 2024年1月",
                "产品：铜管；2023年12月：120；2024年1月：130",
                "产品：弯头；2023年12月：60",
            ],
            id="dates are names",
        ),
        pytest.param(
            [["B-205", "2024-03-01", "2024-03-09"], ["B-206", "2024-04-01", "2024-04-02"]],
            ["B-205；2024-03-01；2024-03-09", "B-206；2024-04-01；2024-04-02"],
            id="but not above other dates",
        ),
        pytest.param(
            [["项目", "数量", "金额"], ["", "台", "万元"], ["水泵", "4", "10.5"], ["阀门", "12", "2.2"]],
            [
                "项目 | 数量 台 | 金额 万元",
                "项目：水泵；数量 台：4；金额 万元：10.5",
                "项目：阀门；数量 台：12；金额 万元：2.2",
            ],
            id="units below the names belong to them",
        ),
        pytest.param(
            [["编号", "名称"], ["---", ":--:"], ["1", "沙袋"], ["2", "铁锹"]],
            ["编号 | 名称", "编号：1；名称：沙袋", "编号：2；名称：铁锹"],
            id="a line that is drawn below the names is no row",
        ),
        pytest.param(
            [
                ["姓名", "向楠", "性别", "女", Cell("照片", down=2)],
                ["出生年月", "1992-05", "民族", "土家族"],
                ["教育经历", Cell("湘江大学", across=4)],
            ],
            ["姓名：向楠；性别：女；照片", "出生年月：1992-05；民族：土家族", "教育经历：湘江大学"],
            id="a form may have a picture at its side",
        ),
        pytest.param(
            [
                ["姓名", "莫雨桐", "工号", "A0937"],
                [Cell("家庭成员", down=3), "关系", "姓名", "电话"],
                ["父亲", "莫志强", "136"],
                ["母亲", "柳芳", "137"],
                ["紧急联系人", Cell("莫志强", across=3)],
            ],
            [
                "姓名：莫雨桐；工号：A0937",
                "家庭成员",
                "家庭成员> 关系 | 姓名 | 电话",
                "家庭成员> 关系：父亲；姓名：莫志强；电话：136",
                "家庭成员> 关系：母亲；姓名：柳芳；电话：137",
                "紧急联系人：莫志强",
            ],
            id="what stands in a form beside one label is a table",
        ),
        pytest.param(
            [["姓名：", "张三"], [Cell("经历：", down=3)], ["云阶", "2012"], ["江城", "2016"]],
            ["姓名：张三", "经历：", "经历：> 云阶：2012", "经历：> 江城：2016"],
            id="also where nothing stands in its first row",
        ),
        pytest.param(
            [["甲方", "弘毅公司", "乙方", "启明公司"], ["代表人", "任平", "代表人", "班昭"], ["日期", "", "日期", ""]],
            ["甲方：弘毅公司；乙方：启明公司", "代表人：任平；代表人：班昭", "日期；日期"],
            id="two parties have the same labels",
        ),
        pytest.param(
            [
                ["岗位", "姓名", "职责", "备注"],
                ["店长", "苗青", "管理", "轮休"],
                ["说明", Cell("自下月起执行", across=3)],
            ],
            [
                "岗位 | 姓名 | 职责 | 备注",
                "岗位：店长；姓名：苗青；职责：管理；备注：轮休",
                "岗位：说明；姓名、职责、备注：自下月起执行",
            ],
            id="words alone below names are no form",
        ),
        pytest.param(
            [
                ["类别", "明细", "单价", "金额"],
                ["住房", "房租", "2500", "2500"],
                [Cell("合计", across=3), "2500"],
                [Cell("大写", across=2), Cell("贰仟伍佰元整", across=2)],
            ],
            [
                "类别 | 明细 | 单价 | 金额",
                "类别：住房；明细：房租；单价：2500；金额：2500",
                "合计；金额：2500",
                "大写：贰仟伍佰元整",
            ],
            id="what begins a row and reaches over several columns names the row",
        ),
        pytest.param(
            [["序号", "项目", "单位", "合价"], ["一", Cell("厨房", across=2), "5200"], ["1", "墙砖", "㎡", "1430"]],
            [
                "序号 | 项目 | 单位 | 合价",
                "序号：一；项目、单位：厨房；合价：5200",
                "序号：1；项目：墙砖；单位：㎡；合价：1430",
            ],
            id="a value over columns that are not alike is said once",
        ),
        pytest.param(
            [[Cell("姓名", down=2), "9/2", "9/3"], ["周一", "周二"], ["郁金", "白", "夜"]],
            ["姓名 | 9/2 周一 | 9/3 周二", "姓名：郁金；9/2 周一：白；9/3 周二：夜"],
            id="beside a name of two rows stand two rows of names",
        ),
        pytest.param(
            [[Cell("客户", down=2), Cell("账龄", across=2)], ["1年以内", "1-2年"], ["青禾超市", "18", "30"]],
            ["客户 | 账龄 1年以内 | 账龄 1-2年", "客户：青禾超市；账龄 1年以内：18；账龄 1-2年：30"],
            id="whatever these look like",
        ),
        pytest.param(
            [["学号", "姓名", "学号", "姓名"], ["01", "安然", "03", "滕飞"], ["02", "柏舟", "", ""]],
            ["学号 | 姓名", "学号：01；姓名：安然", "学号：02；姓名：柏舟", "学号 | 姓名", "学号：03；姓名：滕飞"],
            id="names that are said again begin a table beside the first",
        ),
        pytest.param(
            [["资产", "期末", "年初", "负债", "期末", "年初"], ["现金", "52", "48", "借款", "30", "31"]],
            [
                "资产 | 期末 | 年初",
                "资产：现金；期末：52；年初：48",
                "负债 | 期末 | 年初",
                "负债：借款；期末：30；年初：31",
            ],
            id="also where the first of each differs",
        ),
        pytest.param(
            [
                ["客户：", "远志装饰", "", "", "单号：", "SH24"],
                ["品名", "规格", "单位", "数量", "单价", "金额"],
                ["龙骨", "C50", "根", "100", "9", "900"],
                ["收货人：", "", "", "送货人：", "荀子明", ""],
            ],
            [
                "客户：远志装饰；单号：SH24",
                "品名 | 规格 | 单位 | 数量 | 单价 | 金额",
                "品名：龙骨；规格：C50；单位：根；数量：100；单价：9；金额：900",
                "收货人；送货人：荀子明",
            ],
            id="labels with colons above and below a table are no names and no rows of it",
        ),
        pytest.param(
            [
                ["编制单位：云帆", "", "6月30日", "", "单位：元", ""],
                ["科目", "一月", "二月", "三月", "四月", "五月"],
                ["现金", "1", "2", "3", "4", "5"],
            ],
            [
                "编制单位：云帆；6月30日；单位：元",
                "编制单位：云帆；6月30日；单位：元> 科目 | 一月 | 二月 | 三月 | 四月 | 五月",
                "编制单位：云帆；6月30日；单位：元> 科目：现金；一月：1；二月：2；三月：3；四月：4；五月：5",
            ],
            id="a date among fields above a table is one of them",
        ),
        pytest.param(
            [["项目", "标准"], ["交通补贴", "450元/月"], ["餐补", "25元/天"]],
            ["项目 | 标准", "项目：交通补贴；标准：450元/月", "项目：餐补；标准：25元/天"],
            id="amounts of one currency are of one kind",
        ),
        pytest.param(
            [["权利人", "宁采臣"], ["共有情况", "单独所有"], ["坐落", "兰若街 6 号"]],
            ["权利人：宁采臣", "共有情况：单独所有", "坐落：兰若街 6 号"],
            id="values of which some have numbers have no name in common",
        ),
        pytest.param([["甲"], ["乙"]], ["甲", "乙"], id="one column is text"),
        pytest.param(
            [
                ["甲方（盖章）：", "", "乙方（盖章）：", ""],
                ["法人：", "周启明", "法人：", "贺兰"],
                ["日期：", "", "日期：", ""],
            ],
            ["甲方（盖章）；乙方（盖章）", "法人：周启明；法人：贺兰", "日期；日期"],
            id="labels without values are no title",
        ),
        pytest.param(
            [["甲方（盖章）：", "乙方（盖章）："], ["代表：周启明", "代表：贺兰"], ["日期：3月1日", "日期：3月2日"]],
            ["甲方（盖章）；乙方（盖章）", "代表：周启明；代表：贺兰", "日期：3月1日；日期：3月2日"],
            id="cells that say labels and values are no names",
        ),
        pytest.param(
            [
                ["购买方", Cell("名称：云阶", across=3)],
                ["货物", "数量", "单价", "金额"],
                ["打印纸", "10", "25.00", "250.00"],
                ["硒鼓", "2", "180.00", "360.00"],
            ],
            [
                "购买方：名称：云阶",
                "货物 | 数量 | 单价 | 金额",
                "货物：打印纸；数量：10；单价：25.00；金额：250.00",
                "货物：硒鼓；数量：2；单价：180.00；金额：360.00",
            ],
            id="a label with one value over all other columns stands above the names",
        ),
        pytest.param(
            [
                ["", "产量", "效率", "温升"],
                ["", "吨", "%", "℃"],
                ["甲", "320", "92.5", "40"],
                ["乙", "280", "93", "45"],
            ],
            [
                "产量 吨 | 效率 % | 温升 ℃",
                "甲；产量 吨：320；效率 %：92.5；温升 ℃：40",
                "乙；产量 吨：280；效率 %：93；温升 ℃：45",
            ],
            id="signs are units, too, also where the first column has no name",
        ),
        pytest.param(
            [["是否党员", "☐是☑否"], ["政治面貌", "群众"]],
            ["是否党员：☐是☑否", "政治面貌：群众"],
            id="boxes are no name",
        ),
        pytest.param(
            [
                [Cell("菜名", head=True), Cell("价格", head=True)],
                [Cell("凉菜", across=2, head=True)],
                ["拍黄瓜", "12"],
                [Cell("热菜", across=2, head=True)],
                ["宫保鸡丁", "38"],
            ],
            ["菜名 | 价格", "凉菜", "凉菜> 菜名：拍黄瓜；价格：12", "热菜", "热菜> 菜名：宫保鸡丁；价格：38"],
            id="a name over all columns is that of a part",
        ),
        pytest.param(
            [
                [Cell("日期", head=True), Cell("早班", head=True)],
                ["3月1日", "张三"],
                [Cell("日期", head=True), Cell("早班", head=True)],
                ["3月2日", "李四"],
                [Cell("日期", head=True), Cell("电话", head=True)],
                ["3月1日", "8801"],
                [Cell("合计", head=True), Cell("1", head=True)],
            ],
            [
                "日期 | 早班",
                "日期：3月1日；早班：张三",
                "日期：3月2日；早班：李四",
                "日期 | 电话",
                "日期：3月1日；电话：8801",
                "日期：合计；电话：1",
            ],
            id="other names begin another table, the same names and a total do not",
        ),
        pytest.param(
            [
                [Cell("班次", head=True), Cell("上行", across=2, head=True), Cell("下行", across=2, head=True)],
                ["", "发车", "到达", "发车", "到达"],
                ["1路", "6:00", "6:40", "7:00", "7:45"],
            ],
            [
                "班次 | 上行 发车 | 上行 到达 | 下行 发车 | 下行 到达",
                "班次：1路；上行 发车：6:00；上行 到达：6:40；下行 发车：7:00；下行 到达：7:45",
            ],
            id="of two levels of names only the upper one may be marked",
        ),
        pytest.param(
            [
                [Cell("项目名称", bold=True), "滨江绿道", Cell("地点", bold=True), "江城"],
                [Cell("负责人", bold=True), "沈舟", Cell("监理", bold=True), "何田"],
            ],
            ["项目名称：滨江绿道；地点：江城", "负责人：沈舟；监理：何田"],
            id="every other cell in bold is a label",
        ),
        pytest.param(
            [
                [Cell("代号", bold=True), Cell("12.5", bold=True)],
                ["甲", "乙"],
                [Cell("合计", bold=True), Cell("丙", bold=True)],
            ],
            ["代号 | 12.5", "代号：甲；12.5：乙", "代号：合计；12.5：丙"],
            id="a first row in bold names the columns",
        ),
        pytest.param(
            [
                [Cell("编号", head=True, bold=True), Cell("HT-01", head=True), Cell("日期", head=True, bold=True), ""],
                [Cell("甲方", bold=True), "云阶", Cell("乙方", bold=True), "江城"],
            ],
            ["编号：HT-01；日期", "甲方：云阶；乙方：江城"],
            id="labels in bold are none of the names that Markdown makes of a first row",
        ),
        pytest.param(
            [
                [Cell("申请人", down=2), "姓名", "张三", "电话", "8801"],
                ["职务", "经理", "邮箱", "a@b.cn"],
                [Cell("单位", down=2), "名称", Cell("云阶科技", across=3)],
                ["地址", Cell("南京", across=3)],
                ["理由", Cell("业务需要。", across=4)],
            ],
            [
                "申请人",
                "申请人> 姓名：张三；电话：8801",
                "申请人> 职务：经理；邮箱：a@b.cn",
                "单位",
                "单位> 名称：云阶科技",
                "单位> 地址：南京",
                "理由：业务需要。",
            ],
            id="a form may have labels of its parts at the side from its beginning on",
        ),
        pytest.param(
            [["项目", "<1岁", "1–3岁", "≥4岁"], ["剂量", "5 mL", "10 mL", "15 mL"], ["次数", "2", "2", "3"]],
            [
                "项目 | <1岁 | 1–3岁 | ≥4岁",
                "项目：剂量；<1岁：5 mL；1–3岁：10 mL；≥4岁：15 mL",
                "项目：次数；<1岁：2；1–3岁：2；≥4岁：3",
            ],
            id="bounds that rise are names",
        ),
        pytest.param(
            [
                [Cell("基本信息", down=2), "姓名", "张三"],
                ["工号", "0012"],
                [Cell("经历", down=2), "2019-2021", "云阶"],
                ["2021-至今", "江城"],
            ],
            [
                "基本信息",
                "基本信息> 姓名：张三",
                "基本信息> 工号：0012",
                "经历",
                "经历> 2019-2021：云阶",
                "经历> 2021-至今：江城",
            ],
            id="what alone reaches down from the first row is no name of a column",
        ),
        pytest.param(
            [
                ["部门", "一季度", "", "", "合计"],
                ["", "1月", "2月", "3月", ""],
                ["生产", "10", "11", "12", "33"],
            ],
            [
                "部门 | 一季度 1月 | 一季度 2月 | 一季度 3月 | 合计",
                "部门：生产；一季度 1月：10；一季度 2月：11；一季度 3月：12；合计：33",
            ],
            id="months under few names are the second level",
        ),
        pytest.param(
            [
                ["姓名", "张三", "性别", "未知"],
                ["出生年月", "1990年5月", "民族", "汉"],
                ["学历", "本科", "邮箱", "zs@example.com"],
                ["电话", "138****1111", "", ""],
            ],
            [
                "姓名：张三；性别：未知",
                "出生年月：1990年5月；民族：汉",
                "学历：本科；邮箱：zs@example.com",
                "电话：138****1111",
            ],
            id="values of several kinds in several columns have no names, though the first of them are words",
        ),
        pytest.param(
            [["姓名", "张三", "性别", "女"], ["籍贯", "湖南", "民族", "汉族"]],
            ["姓名：张三；性别：女", "籍贯：湖南；民族：汉族"],
            id="nor has one that is a single character where labels have more",
        ),
        pytest.param(
            [["外观", "合格", "尺寸", "合格"], ["强度", "合格", "气密性", "不合格"]],
            ["外观：合格；尺寸：合格", "强度：合格；气密性：不合格"],
            id="nor one that is said again below",
        ),
        pytest.param(
            [["型号", "KX-200", "颜色", "银灰"], ["功率", "1200 W", "电压", "220 V"]],
            ["型号：KX-200；颜色：银灰", "功率：1200 W；电压：220 V"],
            id="nor a code",
        ),
        pytest.param(
            [["项目", "标准", "适用", "备注"], ["交通", "450元", "全员", "随工资"], ["住房", "面议", "外地", "须申请"]],
            [
                "项目 | 标准 | 适用 | 备注",
                "项目：交通；标准：450元；适用：全员；备注：随工资",
                "项目：住房；标准：面议；适用：外地；备注：须申请",
            ],
            id="but one column of words and numbers makes no form",
        ),
        pytest.param(
            [["项目", "KX-200", "单位", "备注"], ["功率", "1200", "瓦", "额定"], ["电压", "220", "伏", "交流"]],
            [
                "项目 | KX-200 | 单位 | 备注",
                "项目：功率；KX-200：1200；单位：瓦；备注：额定",
                "项目：电压；KX-200：220；单位：伏；备注：交流",
            ],
            id="nor does a code above numbers of one kind",
        ),
        pytest.param(
            [["申请人", "", "部门", ""], ["事由", Cell("", across=3)]],
            ["申请人；部门", "事由"],
            id="a form may be blank",
        ),
        pytest.param(
            [["姓名：", "张三", "性别", "未知"], ["年龄：", "三五", "职业", "教师"]],
            ["姓名：张三；性别：未知", "年龄：三五；职业：教师"],
            id="of the labels some may have a colon",
        ),
        pytest.param(
            [
                ["姓名", "张三", "性别", "女"],
                ["籍贯", "湖南", "民族", "汉"],
                [Cell("工作经历", across=4)],
                ["起止", "单位", "职务", "证明人"],
                ["2012—2016", "云阶", "工程师", "李四"],
                [Cell("自我评价", across=4)],
                [Cell("踏实，肯学。", across=4)],
                ["签名", Cell("张三", across=3)],
            ],
            [
                "姓名：张三；性别：女",
                "籍贯：湖南；民族：汉",
                "工作经历",
                "工作经历> 起止 | 单位 | 职务 | 证明人",
                "工作经历> 起止：2012—2016；单位：云阶；职务：工程师；证明人：李四",
                "自我评价",
                "自我评价> 踏实，肯学。",
                "签名：张三",
            ],
            id="below a cell that fills the width of a form may stand a table, or what it is to say",
        ),
    ],
)
def test_a_table_says(rows: list[list[str | Cell]], said: list[str]) -> None:
    assert texts(rows) == said


def test_a_long_list_of_labels_is_told_from_a_long_list_of_one_kind_by_what_its_values_are() -> None:
    kinds = ["云雀", "1.2 kg", "220V", "2024-01", "浙江", "50Hz", "三年", "KX-1"]
    labels = [f"{a}{b}" for a in "甲乙丙丁戊" for b in "子丑寅卯辰巳午未"]
    form = [Row([label, kinds[n % len(kinds)]]) for n, label in enumerate(labels)]
    assert [block.text for block in table(form, ())][:2] == ["甲子：云雀", "甲丑：1.2 kg"]
    goods = [Row([label, f"{n + 3} 个"]) for n, label in enumerate(labels)]
    assert [block.text for block in table([Row(["物品", "数量"]), *goods], ())][:2] == [
        "物品 | 数量",
        "物品：甲子；数量：3 个",
    ]


def test_a_long_merged_cell_is_said_once() -> None:
    assert texts([["甲", "乙"], [Cell("长" * 201, across=2, down=2)], ["丙"]])[1:] == ["长" * 201, "丙"]


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


def test_each_object_in_json_is_a_row_under_the_names_in_which_it_lies() -> None:
    data = (
        '{"code": 0, "data": {"total": 2, "list": [{"name": "龙井", "price": {"amount": 328}, "tags": ["绿茶", "明前"],'
        ' "specs": [{"k": "产地", "v": "杭州"}]}, {"name": "白茶"}]}}'
    )
    assert [(b.text, b.path) for b in parse_json(data.encode(), JSON).blocks] == [
        ("code：0", ()),
        ("total：2", ("data",)),
        ("name：龙井；price amount：328；tags：绿茶、明前；specs k：产地；specs v：杭州", ("data", "list")),
        ("name：白茶", ("data", "list")),
    ]
    config = '{"应用": "门禁", "库": {"主机": "10.0.8.21", "端口": 5432}, "时间": ["07:00", "22:30"]}'
    said = ["应用：门禁；库 主机：10.0.8.21；库 端口：5432；时间：07:00、22:30"]
    assert [b.text for b in parse_json(config.encode(), JSON).blocks] == said


def test_lists_in_json_are_rows_of_a_table_under_the_names_beside_them() -> None:
    rows = ["城市 | 面积", "城市：南京；面积：6587", "城市：苏州；面积：8657"]
    data = [["城市", "面积"], ["南京", 6587], ["苏州", 8657]]
    assert [b.text for b in parse_json(json.dumps(data).encode(), JSON).blocks] == rows
    split = {"columns": data[0], "index": [0, 1], "data": data[1:]}
    said = parse_json(json.dumps(split).encode(), JSON).blocks
    assert [(b.text, b.path) for b in said] == [("index：0、1", ()), *((text, ("data",)) for text in rows)]


def test_questions_in_json_stand_above_their_answers_and_lines_of_objects_are_read_as_such() -> None:
    faq = '{"faqs": [{"question": "怎么退票？", "answer": "开车前不收费。"}]}'
    assert [(b.kind, b.text) for b in parse_json(faq.encode(), JSON).blocks] == [
        (BlockKind.HEADING, "怎么退票？"),
        (BlockKind.PARAGRAPH, "开车前不收费。"),
    ]
    assert [b.line for b in parse_json('{"名": "甲"}\n{"名": "乙"}\n'.encode(), JSON).blocks] == [1, 2]
    with pytest.raises(LoadError, match=r"无法读取 集\.json：不是 JSON"):
        parse_json(b"[1, 2", JSON)
