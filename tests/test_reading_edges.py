"""Where an answer begins and ends."""

from __future__ import annotations

import pytest

from rag.reading.edges import whole
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
        ("部门：财务部；姓名：周宁；分机：8201", "财务部；姓名：周宁", "财务部"),
        ("船期：8月23日；预计到港：9月20日", "8月23日；预计到港：9月20日", "8月23日"),
        ("先备份；再升级；最后重启。", "先备份；再升级", "先备份；再升级"),
        ("占比3.33%，居首。", "33", "3.33%"),
        ("其中GPT-4o表现最好。", "PT-4", "GPT-4o"),
        ("见于《政府工作报告》一文。", "《政府工作报告", "《政府工作报告》"),
        ("见于《政府工作报告》一文。", "政府工作报告", "《政府工作报告》"),
        ("创始人是杨植麟。", "是杨植麟。", "是杨植麟"),
        ("难倒众模型的是“9.11和9.9哪个大”。", "“9.11和9.9哪个", "“9.11和9.9哪个大”"),
        ("押金两个月，不计利息。", "押", "押金"),
        ("公司在12月末推出了它。", "月末", "12月末"),
    ],
)
def test_an_answer_cuts_no_number_name_address_word_or_pair_of_marks(text: str, seen: str, meant: str) -> None:
    start = text.index(seen)
    found = whole(text, Span(start, start + len(seen)))
    assert text[found.start : found.end] == meant


def test_nothing_but_marks_stays_as_it_is() -> None:
    assert whole("好。。。", Span(1, 4)) == Span(1, 4)
