"""What asks for one end of a table's column is answered with the row that has it, and nothing else is touched."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from documents import document
from docx import Document as Word
from openpyxl import Workbook
from test_reading_trained import asked_for

from rag.library import Library
from rag.loading import parse
from rag.models import Models
from rag.reading.cells.extremes import extreme
from rag.settings import Settings
from rag.text.quantities.quantity import quantity
from rag.types import Document, Role, Span

MONTHS = """# 青石店 2024 年月报

下表为各月的经营情况，金额均不含税。

| 月份 | 销售额（元） | 客流（人次） | 退货率 |
|---|---|---|---|
| 1月 | 98,200 | 3,120 | 1.2% |
| 2月 | 1.2万 | 980 | 0.9% |
| 3月 | 121,050 | 3,560 | 2.4% |
| 4月 | 117,800 | 3,900 | 1.0% |
| 5月 | 121,050 | 3,377 | 1.8% |
| 合计 | 470,100 | 14,937 | |
"""
STAFF = (
    "工号,姓名,部门,年龄,入职日期,手机\nA07,贺铭,研发部,41,2015-03-09,13900010001\n"
    "A12,祁蓝,市场部,29,2021-07-01,13900010002\nA15,尹舟,研发部,35,2012-11-20,13900010003\n"
    "A21,乔麦,行政部,52,2018-05-14,13900010004\nA30,蓝田,市场部,,2024-01-02,13900010005\n"
)
APPLIANCES = (
    "<title>厨房小家电一览</title><h1>厨房小家电一览</h1><table><tr><th>产品名称<th>价格<th>保修期<th>重量</tr>"
    "<tr><td>养生壶<td>¥199<td>12个月<td>1.3kg</tr><tr><td>电饭煲<td>¥459<td>3年<td>4.2kg</tr>"
    "<tr><td>空气炸锅<td>¥329<td>24个月<td>5.1kg</tr><tr><td>手持搅拌器<td>¥129<td>12个月<td>850g</tr></table>"
)
TWO = """# 春茶活动

## 参赛茶样

| 茶样 | 产地 | 海拔（米） | 单价（元/斤） |
|---|---|---|---|
| 雾里青 | 黄岭 | 860 | 420 |
| 云尖 | 白崖 | 1,150 | 680 |
| 石上雪 | 南坪 | 990 | 1,200 |

## 评委

| 评委 | 评茶年限 | 联系电话 |
|---|---|---|
| 施远 | 12年 | 13700020001 |
| 关越 | 31年 | 13700020002 |
"""
PROSE = """# 三款模型

目前参数规模最大的是远山模型，其次是溪流模型。

| 模型 | 上下文长度 | 许可 |
|---|---|---|
| 远山 | 128K | 商用 |
| 溪流 | 64K | 研究 |
"""
QUOTES = [
    ["供应商", "报价", "交货期", "联系电话"],
    ["恒远包装", "3,450元", "15天", "0512-66010001"],
    ["佳禾纸业", "2,980元", "20天", "0512-66010002"],
    ["立达印务", "3,120元", "9天", "0512-66010003"],
]
SCORES = [["选手", "笔试", "实操", "得分"], ["凌霄", "88", "91.5", "90"], ["白桦", "93", "85", "88.5"]]
SCORES += [["石岩", "79", "缺考", ""], ["方舟", "90", "90", "90"]]


def workbook(rows: list[list[str]]) -> bytes:
    made, data = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(data)
    return data.getvalue()


def word(before: str, rows: list[list[str]]) -> bytes:
    made, data = Word(), io.BytesIO()
    made.add_paragraph(before)
    table = made.add_table(len(rows), len(rows[0]))
    for place, row in enumerate(rows):
        for cell, text in zip(table.rows[place].cells, row, strict=True):
            cell.text = text
    made.save(data)
    return data.getvalue()


RATES = [["目的地", "50公斤以下", "50公斤以上", "时效"], ["杭州", "2.2", "1.5", "1天"], ["广州", "2.1", "3.5", "3天"]]
FILES = {
    "运价.docx": word("运价如下。", RATES),
    "门店月报.md": MONTHS.encode(),
    "员工花名册.csv": STAFF.encode(),
    "小家电.html": APPLIANCES.encode(),
    "春茶.md": TWO.encode(),
    "模型.md": PROSE.encode(),
    "比价表.xlsx": workbook(QUOTES),
    "考核.docx": word("技能考核结果如下，满分一百分。", SCORES),
}


def said(made: Document, question: str) -> list[str]:
    """What the first of the document's tables in which there is an end answers."""
    headers = dict.fromkeys(block.header for block in made.blocks if block.header)
    places = (made.blocks[header] for header in headers)
    found = (extreme(made, Span(block.start, block.end), asked_for(question)) for block in places)
    return next(([made.text[span.start : span.end] for span in spans] for spans in found if spans), [])


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        pytest.param("门店月报.md", "哪个月销售额最高？", ["3月", "5月"], id="all that tie, and never a total"),
        pytest.param("门店月报.md", "销售额最低的月份是哪个", ["2月"], id="1.2万 is less than 98,200"),
        pytest.param("门店月报.md", "客流最多的是几月", ["4月"], id="3,900 is more than 980"),
        pytest.param("门店月报.md", "退货率最低的是哪个月", ["2月"], id="a share"),
        pytest.param("门店月报.md", "最高的客流是多少", ["3,900"], id="the value itself"),
        pytest.param("门店月报.md", "销售额最低的月份客流是多少", ["980"], id="another column of the row"),
        pytest.param("门店月报.md", "利润率最高的是哪个月", [], id="no such column"),
        pytest.param("门店月报.md", "2023年哪个月销售额最高", [], id="another year"),
        pytest.param("门店月报.md", "销售额最高的两个月是哪几个", [], id="more than the first"),
        pytest.param("门店月报.md", "3月的客流是多少", [], id="no superlative"),
        pytest.param("运价.docx", "哪个目的地50公斤以上最便宜？", ["杭州"], id="a column that is called as a limit is"),
        pytest.param("运价.docx", "50公斤以下最贵的是哪个目的地", ["杭州"], id="and another"),
        pytest.param("门店月报.md", "销售额超过十万的月份里客流最低的是几月", [], id="a limit"),
        pytest.param("门店月报.md", "为什么3月销售额最高", [], id="a reason"),
        pytest.param(
            "员工花名册.csv", "年龄最大的员工是谁？", ["乔麦"], id="a blank cell is no value; a number no name"
        ),
        pytest.param("员工花名册.csv", "谁最年轻", ["祁蓝"], id="an adjective that says the column"),
        pytest.param("员工花名册.csv", "入职最早的是谁", ["尹舟"], id="a date, by the beginning of its column's name"),
        pytest.param("员工花名册.csv", "最晚入职的员工是哪位", ["蓝田"], id="and behind the superlative"),
        pytest.param("员工花名册.csv", "研发部年龄最大的是谁", ["贺铭"], id="some of the rows"),
        pytest.param("员工花名册.csv", "财务部年龄最大的是谁", [], id="rows that there are not"),
        pytest.param("员工花名册.csv", "市场部年龄最大的是谁", [], id="one value is compared with none"),
        pytest.param("员工花名册.csv", "谁的工龄最长", [], id="工龄 is not 年龄"),
        pytest.param("员工花名册.csv", "手机最大的是谁", [], id="telephones are not compared"),
        pytest.param("员工花名册.csv", "最年轻的员工在哪个部门", ["市场部"], id="what else is said of the row"),
        pytest.param("员工花名册.csv", "最年轻的员工毕业于哪所学校", [], id="what is not said of it"),
        pytest.param("小家电.html", "最便宜的是哪一款？", ["手持搅拌器"], id="a price"),
        pytest.param("小家电.html", "最便宜的酒店是哪家", [], id="a price of other things"),
        pytest.param("小家电.html", "最贵的产品多少钱", ["¥459"], id="how much it is"),
        pytest.param("小家电.html", "保修期最长的产品是什么", ["电饭煲"], id="3年 is longer than 24个月"),
        pytest.param("小家电.html", "哪款最轻", ["手持搅拌器"], id="850g is lighter than 1.3kg"),
        pytest.param("春茶.md", "最贵的茶样是哪个", ["石上雪"], id="the first of two tables"),
        pytest.param("春茶.md", "哪位评委评茶年限最长", ["关越"], id="the second"),
        pytest.param("比价表.xlsx", "报价最低的供应商电话是多少", ["0512-66010002"], id="a workbook"),
        pytest.param("考核.docx", "谁的得分最高", ["凌霄", "方舟"], id="a Word table"),
        pytest.param("考核.docx", "实操最高的是谁", [], id="a value that is no number"),
    ],
)
def test_the_end_of_a_column_is_the_answer(name: str, question: str, answer: list[str]) -> None:
    assert said(parse(FILES[name], source=name, name=Path(name)), question) == answer


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        pytest.param("零件,重量\n齿轮,1.2kg\n轴,3磅\n", "哪个零件最重", [], id="units that differ"),
        pytest.param("零件,产量\n齿轮,约1200\n轴,900\n", "产量最高的零件是哪个", [], id="about a number"),
        pytest.param(
            "选手,排名\n白桦,1\n方舟,2\n", "排名最高的是谁", [], id="places, of which the first is the highest"
        ),
        pytest.param("菜,原价,现价\n豆花,9元,8元\n凉粉,8元,7元\n", "最贵的菜是哪个", [], id="two prices"),
        pytest.param("菜,原价,现价\n豆花,9元,7元\n凉粉,8元,8元\n", "现价最高的菜是哪个", ["凉粉"], id="one of them"),
        pytest.param("日期,最高气温\n7月1日,33℃\n7月2日,36℃\n", "最高气温是多少", [], id="a column of that name"),
        pytest.param("日期,最高气温\n7月1日,33℃\n7月2日,36℃\n", "哪天最高气温最高", ["7月2日"], id="its end"),
        pytest.param("店员,月份,销售额\n贺铭,1月,300\n祁蓝,1月,500\n贺铭,2月,400\n", "谁的销售额最高", [], id="sums"),
        pytest.param("车次,发车\n动一,07:05\n动二,13:20\n", "发车最晚的车次是哪个", ["动二"], id="a time of day"),
        pytest.param("班级,人数\n一班,42\n三班,45\n", "哪个班人最多", ["三班"], id="人 are counted in 人数"),
        pytest.param("店员,星期,金额\n贺铭,周一,300\n祁蓝,周一,500\n", "星期一谁的金额最高", ["祁蓝"], id="a day"),
        pytest.param(
            "楼层,科室,床位\n3层,儿科,40\n4层,骨科,55\n", "住院部哪层床位最多", [], id="a place that is not in it"
        ),
        pytest.param("科室,楼层,床位\n儿科,3层,40\n骨科,4层,55\n", "哪层床位最多", ["4层"], id="what cells count by"),
        pytest.param("零件,件数,价格\n轴,3件,40元\n轮,4件,55元\n", "哪件最贵", ["轮"], id="and no number of them"),
        pytest.param("星期,热量(千卡)\n周一,765\n周二,805\n", "一览里哪天热量最高", ["周二"], id="a day"),
        pytest.param("星期,热量(千卡)\n周一,765\n周二,805\n", "热量最高的是星期几", ["周二"], id="which is no sum"),
        pytest.param("星期,热量(千卡)\n周一,765\n周二,805\n", "热量（千卡）最高是哪天", ["周二"], id="with its unit"),
        pytest.param("日期,菜,价格\n1日,鱼,30\n2日,鱼,32\n3日,虾,70\n", "价格最高的菜是哪个", ["虾"], id="above a sum"),
        pytest.param("月份,菜名,价格\n1月,,30\n2月,,32\n3月,虾,\n", "最贵的菜名是什么", [], id="of no name"),
        pytest.param("日期,菜,价格\n1日,鱼,30\n2日,鱼,32\n3日,虾,50\n", "价格最高的菜是哪个", [], id="below it"),
        pytest.param("日期,菜,价格\n1日,鱼,30\n2日,鱼,32\n3日,虾,50\n", "最贵的菜是哪个", ["虾"], id="of one alone"),
        pytest.param("名次,选手,得分\n1,罗岚,98\n2,高翔,95\n", "谁的得分最高", ["罗岚"], id="a place is no name"),
        pytest.param(
            "票种,价格,是否退改\n成人,45,是\n家庭,98,否\n", "价格最贵的是哪种票", ["家庭"], id="是 is no beginning"
        ),
        pytest.param("品名,橡木,松木\n书柜,540,300\n餐桌,420,350\n", "橡木款里最贵的是哪个", ["书柜"], id="款"),
        pytest.param("品名,橡木,松木\n书柜,540,300\n餐桌,420,350\n", "橡木差最大的是哪个", [], id="差"),
        pytest.param("月份,利润,成本\n1月,540,300\n2月,420,350\n", "利润率最高的是哪个月", [], id="another thing"),
        pytest.param("月份,退货,成本\n1月,54,300\n2月,42,350\n", "退货率最高的是哪个月", [], id="in two words"),
        pytest.param(
            "车次,票价,历时\n动一,99,9小时\n动二,80,4小时05分\n", "历时最短的车次是哪个", ["动二"], id="a compound"
        ),
        pytest.param(
            "类别,项目,标准,计费单位\n社团,书法,320,元/学期\n社团,击剑,1150,元/学期\n代收,保险,100,元/年\n",
            "最贵的社团是哪个",
            ["击剑"],
            id="a unit in the column beside it",
        ),
        pytest.param("图书,册数\n甲库,3\n乙库,5\n", "最多可以借几册图书", [], id="a limit is no end"),
    ],
)
def test_what_is_not_plain_is_left_to_the_reader(table: str, question: str, answer: list[str]) -> None:
    assert said(document(table, "一览.csv"), question) == answer


def test_a_table_that_goes_on_below_another_header_is_not_compared_by_halves() -> None:
    half = "|品名|单价|\n|-|-|\n|笔|{}元|\n|尺|{}元|\n\n"
    assert said(document(half.format(3, 5), "价目.md"), "哪个品名单价最高") == ["尺"]
    assert said(document(half.format(3, 5) + "续表\n\n" + half.format(9, 2), "价目.md"), "哪个品名单价最高") == []


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("1.2万", "12000", ""),
        ("¥1,280", "1280", "人民币"),
        ("3.5万元", "35000", "人民币"),
        ("-2.5%", "-2.5", "%"),
        ("两年", "24", "月"),
        ("1.3 kg(净重)", "1300", "克"),
        ("2024年3月9日", "20240309", "日期0"),
        ("9:05", "905", "日期3"),
        ("2分45秒", "165", "秒"),
        ("1小时05分钟", "3900", "秒"),
        ("1年6个月", "18", "月"),
    ],
)
def test_a_quantity_is_a_number_and_a_unit(text: str, number: str, unit: str) -> None:
    assert quantity(text) == (Decimal(number), unit)


@pytest.mark.parametrize(
    "text", ["0512-66010001", "3-5天", "约30", "A07", "缺考", "3楼5号", "2米3米", "2024-03-09至2024-04-01", "-"]
)
def test_anything_else_is_none(text: str) -> None:
    assert quantity(text) is None


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Library:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("tables")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    Library.index([folder], folder / "index", Settings())
    return Library.open(folder / "index", Settings(), models=Models(Settings()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "answer", "blocks"),
    [
        ("哪个月销售额最高？", "3月；5月", [6, 8]),
        ("年龄最大的员工是谁？", "乔麦", [5]),
        ("哪家供应商报价最低？", "佳禾纸业", [3]),
        ("保修期最长的产品是什么？", "电饭煲", [4]),
        ("海拔最高的茶样是什么", "云尖", [5]),
        ("谁的得分最高？", "凌霄；方舟", [3, 6]),
        ("哪个模型参数规模最大？", "远山模型", [2]),
        ("3月的客流是多少？", "3,560", [6]),
    ],
)
def test_over_all_documents_the_row_is_cited(tables: Library, question: str, answer: str, blocks: list[int]) -> None:
    found = tables.ask(question)
    assert (found.answer, [one.paragraph for one in found.citations if one.role is Role.ANSWER]) == (answer, blocks)


@pytest.mark.slow
def test_a_value_that_several_rows_have_is_given_once(tables: Library) -> None:
    found = tables.ask("最高的销售额是多少？")
    assert (found.answer, [(one.paragraph, one.role) for one in found.citations]) == (
        "121,050",
        [(6, Role.ANSWER), (8, Role.REPEAT)],
    )


@pytest.mark.slow
def test_what_no_table_has_is_declined_as_before(tables: Library) -> None:
    assert [
        tables.ask(question).answer for question in ("利润率最高的是哪个月", "谁的工龄最长？", "财务部年龄最大的是谁")
    ] == ["", "", ""]
