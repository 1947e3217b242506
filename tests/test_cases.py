"""Small documents that other tools were reported to lose something of: what stands in them is shown.

They lie beside the repository, in ``../shared/cases``; ``INDEX.md`` there says where each was reported.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from conftest import ROOT
from rich.console import Console

from rag.cli.console import show_document
from rag.errors import LoadError
from rag.indexing.update import index_paths
from rag.loading import discover, load
from rag.settings import Settings

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not there")
TEA = (
    "产品 产地 净重 单价 保质期 库存",
    "老白茶 福岭 350 克 260 元 60 个月 72 盒",
    "桂花乌龙 安平 150 克 98 元 24 个月 96 盒",
)
PURCHASE = ("临江市滨河路 18 号", "0571-88001234", "临江农商银行")
# Each case with what is to be shown of it, blanks between cells as one, and what is not.
SHOWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "01-docx-equation": (("三号泵的额定流量为Q=45 m³/h，超过", "按下式计算：Δp=λLv²/d，其中"), ()),
    "02-docx-altchunk": (("租房押金为 2800 元", "租房押金为 3100 元", "每周三下午统一维修"), ()),
    "03-docx-autonumber": (("第一条 本办法", "第三条 请假三天以上须经部门主管书面同意", "第五条 本办法"), ()),
    "04-docx-superscript": (("每10⁶个比特最多错一个", "4×10²¹分之一"), ("106", "1021")),
    "05-docx-symbols": (("☑同意 ☐不同意", "☐年付 ☐季付 ☑月付"), ()),
    "06-xlsx-title-row": (("工号 姓名 基本分 绩效分", "1002 李梅 78 92"), ()),
    "07-xlsx-empty-cell": (("姓名 语文 数学 英语 物理", "赵刚 76 88", "王强 91 84 79 70"), ()),
    "08-xlsx-merged-cells": (("研发部 李梅 8101", "研发部 赵刚 8102", "研发部 孙悦 8103"), ()),
    "09-xlsx-number-format": (
        ("000731 密封圈 3,200 2024年3月5日", "000045 轴承座 1,250", "联轴器 86 2023年11月30日"),
        ("45356",),
    ),
    "11-csv-sep-line": (("单号 收货城市 重量（公斤）", "B-207 西安 31,4"), ("sep=",)),
    "12-csv-title-line": (("单号 收货城市 备注 重量（公斤）", "B-307 拉萨 冷链,加急 31.4"), ()),
    "13-csv-stray-quote": (('曲面屏 "27寸" 显示器 40', "机械键盘 青轴 125"), ()),
    "14-html-superscript": (("2.4×10²² 米", "10⁵ 个", "合格率 97.5%。"), ("1022", "105 个", "97.5%4")),
    "15-html-strikethrough": (("售价是 2699 元", "〔没有读入：1 处划掉的文字〕"), ("3299",)),
    "16-html-dropped-parts": (("必须先备份数据，并把电量充到百分之五十以上", "同时按住电源键和音量减键十秒"), ()),
    "18-md-empty-cells": (("方案 设备费 安装费 培训费 维护费", "乙方案 9 万元 0.8 万元", "丙方案 15 万元 0.3"), ()),
    "22-md-html-table": (("型号 功率 转速 单价", "A10 550 W 1400 1180 元", "B20 750 W 2800 1460 元"), ()),
    "23-md-frontmatter-cn": (("云岭茶园介绍", "作者：林溪", "茶园位于云岭镇北坡"), ()),
    "26-txt-url": (
        ("http://oa.example.com/portal?sys=fin&step=2，", "https://api.example.com/v2/orders?status=open;limit=50，"),
        (),
    ),
    "27-txt-spaced-words": (PURCHASE, ()),
    "28-txt-circled-list": (("身份证原件", "租房合同", "一寸照片两张", "工作证明", "消防通道", "门窗"), ()),
    "29-txt-abbrev": (("请提前一天联系 Dr. Wang（分机 8021）", "由 Norton Valve Co. Ltd. 于 2019 年在宁波投产"), ()),
    "30-txt-cjk-radicals": (("道有六条", "每天七点开", "头企业有三家"), ()),
    "31-pdf-vertical": (("渡口之船每日辰时开申时止", "守渡之老人姓柳"), ()),
    "32-pdf-no-tounicode": (("招标公告",), ("\ufffd",)),
    "33-pdf-form-fields": (("lin@example.com", "2024-09-12", "14"), ()),
    "35-pdf-table-wrapped": (("清洗喷嘴并试射一次 每半年一次 装备班一组", "每三个月一次 装备班二组"), ()),
    "36-pdf-superscript": (("3.1×10⁵ 个每毫升", "98.2%，比去年"), ("3.1×105", "98.2%2")),
    "37-pdf-annotations": (("须在九月三十日前重新提交计算书",), ()),
    "38-pdf-overprint-spacing": (("停水通知", "晚上十点到次日五点"), ("停停", "停 水")),
    "40-standard-codes": (("DB99/T 1023-2019 茶叶包装通用要求，代替 DB99/T 1023-2008",), ()),
    "41-model-names": (("KX-90 D 的额定功率为 285 W", "V2.3.10 增加了梯形校正"), ()),
    "42-negation": (("西门网点和北门网点不支持现金业务", "不可以使用纸币"), ()),
    "43-quotes-ellipsis": (("“静以修身；敬以待人；净以处世”", "“灯亮着……人就在！船就能回来。”"), ()),
    "44-inline-lists": (("一是建立巡查制度；二是", "数据库管理员（限理工科）", "Jean-Pierre O'Connor 和周宁"), ()),
    "45-figures-units": (("-18℃ 至 -22℃", "±0.05 mm", "0.3‰", "（¥123,000.00）", "3～5 个", "转 602", "4.5 kW·h"), ()),
    "46-several-entities": (("1200 平方米，由周宁", "860 平方米，由吴丹", "430 平方米，由林溪"), ()),
    "47-md-code": (("pip install qinglan==1.2.3 --no-deps", "/etc/qinglan/app.toml", "执行迁移脚本 migrate.sh"), ()),
    "48-pua-bullets": (("成人票 80 元", "家庭票 188 元", "老人票免费", "观景台", "儿童乐园"), ()),
    "49-english-question": (("十五天内可以无理由退货，运费由买家承担", "400-820-5678"), ()),
    "50-pandas-index-csv": (("城市 门店数 店长", "1 昆明 7 吴丹", "2 西安 9 林溪"), ()),
    "51-control-table": (("城市 门店数 店长", "昆明 7 吴丹"), ()),
    "52-control-list": (("身份证原件", "租房合同", "一寸照片两张", "工作证明"), ()),
    "53-control-nospace": (PURCHASE, ()),
    "60-files-updates": (
        ("蓝天九号", "陈皮拿铁", "港口在东湾", "渡船每小时一班", "仓门朝北", "灯塔有七层", "竹筏可坐六人",
         "茶馆九点打烊", "会议在三楼", "合同.wps", "记录.log"),
        ("隐藏",),
    ),
    "62-html-accordion": (("用短信验证以后就可以更换", "三个工作日内开出", "联系客服提交申请"), ()),
    "63-docx-smartart": (("总指挥：站长", "抢险组：机电班"), ()),
    "64-epub-chapters": (("住了九年", "每晚七点点灯", "灯油从渔港运来", "灯塔是 1921 年修的"), ()),
    "65-xlsx-several-tables": (("楼栋 楼层数 户数", "B 栋 18 72", "收费项目 单价（元） 单位", "物业费 2.6 平方"), ()),
    "66-jsonl-qa": (("一般三到五天能到", "在订单页点“申请发票”", "一百分抵一元", "每天九点到二十一点营业"), ()),
    "67-other-encodings": (("无法识别", "korean.txt", "japanese.txt", "latin.txt"), ()),
    "68-pdf-body-as-heading": (("出入口匝道的限速为四十公里每小时，雨雪天减为三十公里每小时，大型车须在",), ()),
    "69-last-file-deleted": (("年票价格是 180 元",), ()),
    "70-table-lookup": (TEA, ()),
    "71-table-lookup-docx": (TEA, ()),
    "72-table-lookup-pdf": (TEA, ()),
    "73-control-full-cells": (("乙方案 9 万元 1.5 万元 0.4 万元 0.8 万元",), ()),
    "74-followups": (("甲仓库建于 1998 年，面积为 1200 平方米", "柳青早年在福岭种茶"), ()),
}  # fmt: skip


def shown(folder: Path) -> str:
    """What `show` prints of the files in ``folder``, why others are not read, and which are left aside."""
    stream = io.StringIO()
    discovery = discover([folder])
    for file in discovery.files:
        try:
            show_document(Console(file=stream), load(file))
        except LoadError as error:
            stream.write(f"{error.zh}\n")
    stream.write("\n".join(path.name for path in discovery.unsupported))
    return " ".join(stream.getvalue().split())


def test_every_case_is_looked_at() -> None:
    assert sorted(SHOWN) == sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("case", SHOWN)
def test_what_stands_in_a_document_is_shown(case: str) -> None:
    text = shown(CASES / case / "input")
    there, absent = SHOWN[case]
    assert [said for said in there if said not in text] == []
    assert [said for said in absent if said in text] == []


def test_characters_that_a_font_does_not_name_are_told_or_recognised_in_its_picture() -> None:
    text = shown(CASES / "32-pdf-no-tounicode" / "input")
    assert len(re.findall("文字编码缺失|30 ?万元|三十万元", text)) == 2


def test_the_first_line_of_a_pdf_is_no_heading_where_most_of_it_is_set_in_small_type() -> None:
    (file,) = discover([CASES / "68-pdf-body-as-heading" / "input"]).files
    assert [block.kind.value for block in load(file).blocks[:2]] == ["paragraph", "paragraph"]


@pytest.mark.usefixtures("hash_encoder")
def test_a_folder_whose_last_file_is_gone_has_no_documents(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    file = tmp_path / "docs" / "票价.txt"
    file.write_bytes((CASES / "69-last-file-deleted" / "input" / "票价.txt").read_bytes())
    assert index_paths([tmp_path / "docs"], tmp_path / "index", Settings()).documents == 1
    file.unlink()
    report = index_paths([tmp_path / "docs"], tmp_path / "index", Settings())
    assert (report.documents, report.removed) == (0, (str(file),))
