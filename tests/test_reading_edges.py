"""Where an answer begins and ends."""

from __future__ import annotations

import pytest

from rag.reading.spans.edges import one_cell, whole
from rag.types import Span


class Everything:
    """A corpus that knows each term."""

    def idf(self, term: str) -> float:  # noqa: ARG002
        return 1.0

    def knows(self, term: str) -> bool:  # noqa: ARG002
        return True


@pytest.mark.parametrize(
    ("text", "seen", "meant"),
    [
        ("客服电话0571-88001234，工作日接听。", "8001", "0571-88001234"),
        ("发送至zhou.ning_01@example.com即可。", "ning_01@example", "zhou.ning_01@example.com"),
        (
            "见http://oa.example.com/portal?sys=fin&step=2，点开。",
            "oa.example.com",
            "http://oa.example.com/portal?sys=fin&step=2",
        ),
        (
            "地址是https://a.example.com/v2?status=open;limit=50，每分钟六十次。",
            "open",
            "https://a.example.com/v2?status=open;limit=50",
        ),
        ("利润为±0.05mm。", "0.05", "±0.05mm"),
        ("占比3.33%，居首。", "33", "3.33%"),
        ("其中GPT-4o表现最好。", "PT-4", "GPT-4o"),
        ("见于《政府工作报告》一文。", "《政府工作报告", "《政府工作报告》"),
        ("见于《政府工作报告》一文。", "政府工作报告", "《政府工作报告》"),
        ("创始人是杨植麟。", "是杨植麟。", "是杨植麟"),
        ("难倒众模型的是“9.11和9.9哪个大”。", "“9.11和9.9哪个", "“9.11和9.9哪个大”"),
        ("押金两个月，不计利息。", "押", "押金"),
        ("公司在12月末推出了它。", "月末", "12月末"),
        ("修复苏通快递面单打印乱码。", "苏通快递", "苏通快递"),
    ],
)
def test_an_answer_cuts_no_number_name_address_word_or_pair_of_marks(text: str, seen: str, meant: str) -> None:
    start = text.index(seen)
    found = whole(text, Span(start, start + len(seen)))
    assert text[found.start : found.end] == meant


def test_nothing_but_marks_stays_as_it_is() -> None:
    assert whole("好。。。", Span(1, 4)) == Span(1, 4)


ROW = "品名：老白茶；产地：福岭；单价：260 元；保质期：60 个月；库存：72 盒；周一：9 盒"


@pytest.mark.parametrize(
    ("seen", "question", "meant"),
    [
        ("260 元；保质期：60 个月；库存：72 盒", "老白茶的库存是多少?", "72 盒"),
        ("260 元；保质期：60 个月", "老白茶一盒多少钱?", "260 元"),
        ("260 元；保质期：60 个月", "老白茶的单价和保质期?", "260 元"),
        ("72 盒；周一：9 盒", "老白茶星期一有多少?", "9 盒"),
        ("福岭", "老白茶的库存是多少?", "福岭"),
        ("老白茶；产地：福岭", "哪种茶?", "老白茶"),
    ],
)
def test_an_answer_over_several_cells_is_the_one_that_is_asked_for(seen: str, question: str, meant: str) -> None:
    start = ROW.index(seen)
    found = one_cell(ROW, Span(start, start + len(seen)), question)
    assert ROW[found.start : found.end] == meant


@pytest.mark.parametrize("text", ["先备份；再升级；最后重启。", "见http://a.example.com；b", "时间：10:30"])
def test_what_is_no_row_is_not_cut_at_its_semicolons(text: str) -> None:
    assert one_cell(text, Span(0, len(text)), "?") == Span(0, len(text))


@pytest.mark.parametrize(
    ("seen", "question", "meant"),
    [
        ("否空腹", "查血脂要空腹吗?", "是"),
        ("空腹：", "查血脂要空腹吗?", "是"),
        ("否空腹", "查血脂要预约吗?", "否空腹"),
        ("取报告", "血脂的报告什么时候能取报告?", "次日 16:00 后"),
        ("取报告", "哪一项最久?", "取报告"),
        ("血脂", "查血脂要空腹吗?", "血脂"),
    ],
)
def test_an_answer_in_the_name_of_a_column_is_its_cell_if_the_question_says_it(
    seen: str, question: str, meant: str
) -> None:
    row = "项目：血脂；是否空腹：是；取报告：次日 16:00 后"
    found = one_cell(row, Span(start := row.index(seen), start + len(seen)), question)
    assert row[found.start : found.end] == meant


@pytest.mark.parametrize(
    ("seen", "question", "meant"),
    [
        ("停机", "油压过低怎么处理?", "停机，补油并检查油泵"),
        ("停机，补油", "油压过低怎么处理?", "停机，补油"),  # Not at a comma: it is meant so.
        ("补油并检查油泵", "油压过低怎么处理?", "补油并检查油泵"),
        ("停机", "油压过低要停机吗?", "停机"),
    ],
)
def test_what_is_to_be_done_is_all_of_its_cell(seen: str, question: str, meant: str) -> None:
    row = "含义：油压过低；处理：停机，补油并检查油泵；等级：严重"
    found = one_cell(row, Span(start := row.index(seen), start + len(seen)), question)
    assert row[found.start : found.end] == meant
