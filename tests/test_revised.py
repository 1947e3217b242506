"""What two editions of a document differ in is answered in the words of both; no other question is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import samples
from conftest import Command, trained_and_gold_questions
from documents import document

from rag.answering.differences import Place, differences
from rag.answering.revised import MOST_DIFFERENCES
from rag.contract import answer_json
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.models import Models
from rag.question.followup import Earlier, resolve
from rag.question.revisions import Revision, revision
from rag.settings import Settings
from rag.types import Answer, Document, Status
from rag.web.conversation import Turn
from rag.web.page import answers
from rag.web.page.steps import DOCUMENTS, _first_place
from rag.web.page.takeaway import to_html, to_markdown

pytestmark = pytest.mark.usefixtures("hash_encoder")

PLAIN = Settings(retrieval="bm25")
OLD = """# 差旅费管理办法（2023版）

## 一、总则

本办法自2023年5月1日起施行。  适用于全体员工。

## 二、住宿

出差人员的住宿费标准为每人每天300元，超出部分自理。须提供发票。

| 城市 | 标准 | 餐补 |
|---|---|---|
| 一线城市 | 500元 | 80元 |
| 其他城市 | 300元 | 60元 |
| 县城 | 200元 | 50元 |

## 三、报销

1. 返程后十个工作日内提交报销单。
2. 部门负责人审核。
"""
NEW = """# 差旅费管理办法（2025版）

## 一、总则

本办法自2025年7月1日起施行。适用于全体员工。

## 二、交通

乘坐高铁二等座。乘坐飞机须经部门负责人批准。

## 三、住宿

出差人员的住宿费标准为每人每天 450 元，超出部分自理。须提供发票。电子发票同样有效。

| 城市 | 标准 | 餐补 |
|---|---|---|
| 一线城市 | 600元 | 80元 |
| 其他城市 | 300元 | 60元 |

## 四、报销

1. 部门负责人审核。
2. 返程后五个工作日内提交报销单。
"""
LEAVE = "# 考勤办法（{year}版）\n\n病假工资为基本工资的百分之{share}。\n"
SAID = (
    "《差旅费管理办法（2025版）》与《差旅费管理办法（2023版）》有 7 处不同：\n"
    "1. 改动 · 一、总则\n   新：本办法自2025年7月1日起施行。[1]\n   旧：本办法自2023年5月1日起施行。[2]\n"
    "2. 新增 · 二、交通\n   乘坐高铁二等座。乘坐飞机须经部门负责人批准。[3]\n"
    "3. 改动 · 三、住宿\n   新：出差人员的住宿费标准为每人每天 450 元，超出部分自理。[4]\n"
    "   旧：出差人员的住宿费标准为每人每天300元，超出部分自理。[5]\n"
    "4. 新增 · 三、住宿\n   电子发票同样有效。[6]\n"
    "5. 改动 · 三、住宿\n   新：城市：一线城市；标准：600元；餐补：80元[7]\n"
    "   旧：城市：一线城市；标准：500元；餐补：80元[8]\n"
    "6. 删去 · 二、住宿\n   城市：县城；标准：200元；餐补：50元[9]\n"
    "7. 改动 · 四、报销\n   新：返程后五个工作日内提交报销单。[10]\n   旧：返程后十个工作日内提交报销单。[11]"
)
DOUBAO = Earlier("豆包2024年11月的月活跃用户有多少？", "近6000万")


def library(folder: Path, texts: dict[str, str | bytes], models: Models) -> Library:
    for name, text in texts.items():
        (folder / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "docs" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    Library.index([folder / "docs"], folder / "index", PLAIN)
    return Library.open(folder / "index", PLAIN, models=models)


@pytest.fixture
def travel(tmp_path: Path, plain_models: Models) -> Library:
    return library(tmp_path, {"2023.md": OLD, "2025.md": NEW, "说明.md": "# 说明\n\n资料由陈静保管。\n"}, plain_models)


@pytest.fixture
def two_pairs(tmp_path: Path, plain_models: Models) -> Library:
    leave = {f"考勤{year}.md": LEAVE.format(year=year, share=share) for year, share in ((2022, 60), (2025, 70))}
    return library(tmp_path, {"2023.md": OLD, "2025.md": NEW, **leave}, plain_models)


def id_of(library: Library, title: str) -> str:
    return next(record.doc_id for record in library.documents() if record.title == title)


def verified(library: Library, answer: Answer) -> bool:
    texts = {citation.doc_id: library.document(citation.doc_id).text for citation in answer.citations}
    return all(texts[c.doc_id][c.start : c.end] == c.quote for c in answer.citations)


def found(old: Document, new: Document) -> list[tuple[str, str]]:
    """The new and the old wording of each difference."""

    def words(place: Place | None) -> str:
        return place.document.text[slice(*place.span)] if place else ""

    return [(words(one.new), words(one.old)) for one in differences(old, new).found]


# Written before the patterns were tried on them; 47 of the first 50 were understood, and the patterns widened.
@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("两版有什么不同", Revision()),
        ("这两版有什么不同？", Revision()),
        ("新旧版本的区别", Revision()),
        ("两个版本差别在哪", Revision()),
        ("新旧两版有哪些不一样的地方", Revision()),
        ("修订前后有什么变化", Revision()),
        ("这次修订改了哪些内容", Revision()),
        ("請幫我對比兩個版本的差異", Revision()),
        ("2025版和2023版有什么区别", Revision(refs=("2025版", "2023版"))),
        ("2025年版与2023年版相比有哪些变化", Revision(refs=("2025年版", "2023年版"))),
        ("第二版和第一版有哪些区别", Revision(refs=("第二版", "第一版"))),
        ("V2.0和V1.0有什么不一样", Revision(refs=("v2.0", "v1.0"))),
        ("新版改了什么", Revision(refs=("新版",))),
        ("新版哪些地方变了", Revision(refs=("新版",))),
        ("跟旧版比有哪些变化", Revision(refs=("旧版",))),
        ("和上一版相比改了什么", Revision(refs=("上一版",))),
        ("修订后有哪些变化", Revision(refs=("修订后",))),
        ("新合同和旧合同有什么不同", Revision(refs=("新合同", "旧合同"), noun="合同")),
        ("这份合同改了什么", Revision(noun="合同")),
        ("《差旅费管理办法》两版有什么不同", Revision(("差旅费管理办法",), titled=True)),
        ("差旅费管理办法新旧两版有什么不同", Revision(("差旅费管理办法",))),
        ("两版差旅费管理办法有什么不同", Revision(("差旅费管理办法",))),
        ("对比新旧两版考勤制度", Revision(("考勤制度",))),
        ("2024版和2025版的员工手册有什么区别", Revision(("员工手册",), refs=("2024版", "2025版"))),
        ("前后两版租赁合同差在哪", Revision(("租赁合同",))),
        ("2025版差旅费管理办法和2023版有什么区别", Revision(("差旅费管理办法",), refs=("2025版", "2023版"))),
        ("《办法（2023版）》和《办法（2025版）》有什么不同", Revision(("办法(2023版)", "办法(2025版)"), titled=True)),
        ("What changed in the new version?", Revision(refs=("new version",))),
        ("How does the 2025 version differ from the old one?", Revision(refs=("2025 version", "old one"))),
        ("Compare the two versions", Revision()),
    ],
)
def test_what_asks_for_the_differences_of_editions_is_understood(question: str, meant: Revision) -> None:
    assert revision(question) == meant


@pytest.mark.parametrize(
    "question",
    [
        "A套餐和B套餐有什么不同",
        "豪华版和标准版有什么区别",
        "专业版比企业版多了什么功能",
        "Win10版和Mac版有什么区别",
        "2025年和2023年的利润有什么变化",
        "今年和去年相比营收增长了多少",
        "两种方案有什么不同",
        "新版住宿费标准是多少",
        "两版的住宿标准分别是多少",
        "新版什么时候施行",
        "修改合同需要哪些材料",
        "更新了什么驱动",
        "第二章和第一章有什么区别",
        "改了什么",
        "What are the differences between A and B?",
        "How does plan A differ from plan B?",
    ],
)
def test_what_two_other_things_differ_in_is_asked_as_ever(question: str) -> None:
    assert revision(question) is None


def test_no_question_of_the_trained_and_the_gold_ones_is_taken_for_one() -> None:
    asked = trained_and_gold_questions()
    assert len(asked) > 10_000
    assert [question for question in asked if (meant := revision(question)) and meant.names_nothing] == []


def test_such_a_question_leans_on_no_earlier_turn() -> None:
    assert resolve("新版改了什么", [DOUBAO]) == "新版改了什么"


def test_changed_added_and_removed_statements_and_rows_are_listed_in_order_each_cited_in_its_document(
    travel: Library,
) -> None:
    answer = travel.ask("两版有什么不同？")
    assert answer.status is Status.DIFFERENCES
    assert answer.text == SAID
    assert verified(travel, answer)
    new, old = (id_of(travel, f"差旅费管理办法（{year}版）") for year in (2025, 2023))
    assert [c.doc_id for c in answer.citations] == [new, old, new, new, old, new, new, old, old, new, old]
    quotes = [c.quote for c in answer.citations]
    assert [*quotes[:2], *quotes[3:5]] == ["2025年7月1日", "2023年5月1日", "450", "300"]
    assert [c.row and (c.row.cells, c.row.cited) for c in answer.citations][6:9] == [
        (("一线城市", "600元", "80元"), (1,)),
        (("一线城市", "500元", "80元"), (1,)),
        (("县城", "200元", "50元"), (0, 1, 2)),
    ]
    items = answer_json(answer)["parts"][0]["items"]
    assert [(item["change"], item["differs"], item["edition"]) for item in items[:3]] == [
        ("changed", False, "2025"),
        ("changed", True, "2023"),
        ("added", False, "2025"),
    ]


@pytest.mark.parametrize(
    "question",
    [
        "2025版和2023版有什么区别",
        "跟2023版比有哪些变化",
        "差旅费管理办法新版改了什么",
        "差旅办法新旧两版有什么不同",
        "《差旅费管理办法（2023版）》和《差旅费管理办法（2025版）》有什么不同",
        "新办法有哪些变化",
    ],
)
def test_the_editions_may_be_named(travel: Library, question: str) -> None:
    assert travel.ask(question).text == SAID


@pytest.mark.parametrize(
    "question",
    ["2024版和2025版有什么区别", "考勤办法两版有什么不同", "两份合同有什么不同", "《红楼梦》两版有什么不同"],
)
def test_of_an_edition_or_a_document_that_is_not_there_nothing_is_compared(travel: Library, question: str) -> None:
    assert travel.ask(question).status is not Status.DIFFERENCES


def test_a_version_that_was_replaced_is_compared_with_the_one_that_replaced_it(
    tmp_path: Path, plain_models: Models
) -> None:
    text = "# 食堂须知\n\n午餐十一点半开始。\n\n餐具自行归还。\n"
    opened = library(tmp_path, {"须知.md": text}, plain_models)
    old = opened.documents()[0].doc_id
    assert opened.ask("新版改了什么").status is not Status.DIFFERENCES
    newer = text.replace("十一点半", "十二点").encode()
    (result,) = UploadStore(opened.index_dir, PLAIN).add([Upload("须知.md", newer)])
    opened.refresh()
    opened.replace(old, result.doc_id)
    date = opened.versions().older[old].edition
    for asked in (opened.ask("新版改了什么"), opened.ask("跟旧版比有哪些变化", documents=[result.doc_id])):
        assert asked.text == (
            f"《食堂须知》（新版）与《食堂须知》{date} 版有 1 处不同：\n"
            "1. 改动\n   新：午餐十二点开始。[1]\n   旧：午餐十一点半开始。[2]"
        )
        assert [(c.doc_id, c.quote) for c in asked.citations] == [(result.doc_id, "十二点"), (old, "十一点半")]


def test_rows_of_a_docx_are_compared_by_their_cells(tmp_path: Path, plain_models: Models) -> None:
    def price_list(version: str, rows: list[tuple[str, str, str]]) -> bytes:
        cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
        table = [("序号", "项目", "价格"), *rows]
        grid = "".join(f"<w:tr>{''.join(map(cell.format, row))}</w:tr>" for row in table)
        return samples.docx(f"<w:p><w:r><w:t>价目表 {version}</w:t></w:r></w:p><w:tbl>{grid}</w:tbl>")

    before = [("1", "洗牙", "200元"), ("2", "拔牙", "300元"), ("3", "补牙", "260元")]
    after = [("1", "拔牙", "350元"), ("2", "补牙", "260元"), ("3", "种植牙", "8000元")]
    texts: dict[str, str | bytes] = {
        "价目V1.docx": price_list("V1.0", before),
        "价目V2.docx": price_list("V2.0", after),
    }
    opened = library(tmp_path, texts, plain_models)
    answer = opened.ask("两版有什么不同")
    assert verified(opened, answer)
    assert [(item.change, item.text) for item in answer.parts[0].items] == [
        ("changed", "价目表 V2.0"),
        ("changed", "价目表 V1.0"),
        ("removed", "序号：1；项目：洗牙；价格：200元"),
        ("changed", "序号：1；项目：拔牙；价格：350元"),
        ("changed", "序号：2；项目：拔牙；价格：300元"),
        ("added", "序号：3；项目：种植牙；价格：8000元"),
    ]
    assert [c.quote for c in answer.citations][3:5] == ["350元", "300元"]


def test_where_nothing_or_only_the_order_differs_it_is_said(tmp_path: Path, plain_models: Models) -> None:
    text = "# 守则（{year}版）\n\n## {a}、安全\n\n进车间须戴安全帽。\n\n## {b}、卫生\n\n每天清扫一次。\n"
    moved = "# 守则（2026版）\n\n## 一、卫生\n\n每天清扫一次。\n\n## 二、安全\n\n进车间须戴安全帽。\n"
    texts: dict[str, str | bytes] = {
        "a.md": text.format(year=2023, a="一", b="二"),
        "b.md": text.format(year=2025, a="三", b="四").replace("须戴", "须 戴"),
        "c.md": moved,
    }
    opened = library(tmp_path, texts, plain_models)
    same, order = opened.ask("2025版和2023版有什么不同"), opened.ask("2026版和2025版有什么不同")
    assert same.text == "《守则（2025版）》与《守则（2023版）》的文字没有不同。"
    assert (same.status, same.citations, same.parts[0].items) == (Status.DIFFERENCES, (), ())
    assert order.text == "《守则（2026版）》与《守则（2025版）》的文字没有不同，只是次序变了。"


def test_of_several_documents_with_two_editions_those_that_could_be_meant_are_named(two_pairs: Library) -> None:
    answer = two_pairs.ask("新版改了什么")
    assert answer.status is Status.DIFFERENCES
    assert answer.text == (
        "有 2 篇资料有两版，请写明是哪一篇：\n"
        "· 《差旅费管理办法（2025版）》：本办法自2025年7月1日起施行。[1]\n"
        "· 《考勤办法（2025版）》：病假工资为基本工资的百分之70。[2]"
    )
    assert verified(two_pairs, answer)
    leave = "《考勤办法（2025版）》与《考勤办法（2022版）》有 1 处不同："
    new = id_of(two_pairs, "考勤办法（2025版）")
    assert two_pairs.ask("考勤办法新版改了什么").text.startswith(leave)
    assert two_pairs.ask("新版改了什么", at_hand=new).text.startswith(leave)
    assert two_pairs.ask("新版改了什么", documents=[new]).text.startswith(leave)


def test_two_documents_that_are_chosen_are_compared_whatever_they_are_called(
    tmp_path: Path, plain_models: Models
) -> None:
    texts: dict[str, str | bytes] = {
        "甲.md": "# 租房合同\n\n租期一年。\n\n月租4800元。\n",
        "乙.md": "# 租房合同修改稿\n\n租期两年。\n\n月租4800元。\n",
        "丙.md": "# 别的\n\n别的话。\n",
    }
    opened = library(tmp_path, texts, plain_models)
    ids = [record.doc_id for record in opened.documents() if record.title != "别的"]
    assert opened.ask("两版有什么不同").status is not Status.DIFFERENCES
    answer = opened.ask("两版有什么不同", documents=ids)
    assert {item.text for item in answer.parts[0].items} == {"租期一年。", "租期两年。"}


def test_more_differences_than_are_listed_are_counted(tmp_path: Path, plain_models: Models) -> None:
    texts: dict[str, str | bytes] = {
        f"{year}.md": f"# 清单（{year}版）\n\n" + "".join(f"第{n}号仓库存放{n * year}箱。\n\n" for n in range(1, 31))
        for year in (2023, 2025)
    }
    answer = library(tmp_path, texts, plain_models).ask("两版有什么不同")
    lines = answer.text.splitlines()
    assert (lines[0], lines[-1]) == ("《清单（2025版）》与《清单（2023版）》有 30 处不同：", "还有 10 处没有列出。")
    assert (len(answer.citations), answer.parts[0].more) == (2 * MOST_DIFFERENCES, 10)


def test_marks_and_numbering_make_no_difference_but_numbers_do() -> None:
    old = document("# 规则\n\n1. 每人3.5元，共15天\n\n（二）迟到：扣款。\n")
    same = document("# 规则\n\n2、每人3.5元,共15天。\n\n（三） 迟到，扣款！\n")
    assert found(old, same) == []
    other = document("# 规则\n\n1. 每人35元，共1.5天\n\n（二）迟到：扣款。\n")
    assert found(old, other) == [("每人35元，共1.5天", "每人3.5元，共15天")]


def test_of_a_table_that_is_new_the_rows_are_told_and_not_the_names_above_them() -> None:
    old = document("# 规则\n\n每人3.5元。\n")
    new = document("# 规则\n\n每人3.5元。\n\n| 城市 | 标准 |\n|---|---|\n| 北京 | 600元 |\n| 上海 | 500元 |\n")
    assert found(old, new) == [("城市：北京；标准：600元", ""), ("城市：上海；标准：500元", "")]


def test_large_tables_are_compared_in_a_moment() -> None:
    def prices(more: int) -> Document:
        rows = "".join(f"| 商品{n} | {n * 3 + more * (n % 2)}元 | 第{n % 7}仓 |\n" for n in range(1, 2001))
        return document(f"# 价目\n\n| 名 | 价 | 仓 |\n|---|---|---|\n{rows}")

    assert len(found(prices(0), prices(1))) == 1000


def test_the_command_says_it_with_the_places(wenyuan: Command, travel: Library) -> None:
    finished = wenyuan("ask", "两版有什么不同", "--index", travel.index_dir, "--no-server")
    assert finished.out.startswith(SAID)
    assert "可信度" not in finished.out


def test_the_page_shows_new_and_old_side_by_side_and_takes_them_away(travel: Library) -> None:
    turn = Turn("两版有什么不同", travel.ask("两版有什么不同"), {})
    shown = answers.turn(turn)
    assert [shown.count(f'<li class="{change}">') for change in ("changed", "added", "removed")] == [4, 2, 1]
    assert shown.count('class="cite"') == 11
    assert "每人每天 <mark>450</mark> 元" in shown
    assert '<td class="cited" data-short><mark>600元</mark></td>' in shown
    assert (
        '<p class="older"><span class="zh">旧 · 2023 版</span><span class="en">Old · 2023 edition</span></p>' in shown
    )
    written = to_markdown([turn], language="zh", generated=datetime(2025, 1, 1, tzinfo=UTC), version="1")
    assert (
        "1. **一、总则** 新：本办法自2025年7月1日起施行。[^1]\\\n   旧：本办法自2023年5月1日起施行。[^2]\n" in written
    )
    page = to_html([turn], language="zh", generated=datetime(2025, 1, 1, tzinfo=UTC), version="1")
    assert page.count('<p class="wording">') == 11
    assert "没有找到答案" not in written + page


def test_the_page_offers_the_documents_that_could_be_meant(two_pairs: Library) -> None:
    answer = two_pairs.ask("新版改了什么")
    shown = answers.turn(Turn("新版改了什么", answer, {}))
    asked = "《考勤办法（2025版）》的两版有什么不同？"
    assert f'data-ask="{asked}"' in shown
    assert two_pairs.ask(asked).text.startswith("《考勤办法（2025版）》与《考勤办法（2022版）》有 1 处不同：")
    assert _first_place([Turn("新版改了什么", answer, {})]) == DOCUMENTS
