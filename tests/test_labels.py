"""What is said of one party, month or number of a kind answers nothing that is asked of another."""

from __future__ import annotations

import pytest
from documents import document
from test_reading_trained import asked_for

from rag.answering.answerer import read
from rag.reading import Candidate, Evidence, Reading
from rag.reading.labels import of_another
from rag.types import Span


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("乙方逾期付款要付多少违约金?", "甲方逾期付款的,按万分之五支付违约金。"),
        ("十一月份的入库量是多少?", "九月份入库量为2280吨。"),
        ("第12届运动会在哪里开?", "第十一届运动会在青岛开。"),
        ("2024年营收是多少?", "2023年营收为三亿元。"),
        ("d库的湿度是多少?", "a库湿度为六成。"),
    ],
)
def test_the_same_said_of_another_is_of_another(asked: str, said: str) -> None:
    assert of_another(asked, said, "")


@pytest.mark.parametrize(
    ("asked", "said", "around"),
    [
        ("乙方什么时候收到钱?", "甲方应在收到发票后20日内付款。", ""),  # Other words: what one does to the other.
        ("乙方逾期付款要付多少违约金?", "甲方逾期付款的,和乙方一样按万分之五支付。", ""),
        ("2024年营收是多少?", "比2023年营收多一成,为三亿元。", "2024年年报"),
        ("11月份的入库量是多少?", "十一月入库量为2280吨。", ""),
        ("三个月的租金是多少?", "两个月租金为三千元。", ""),  # Counted, not called.
    ],
)
def test_other_words_or_a_label_that_is_there_are_not(asked: str, said: str, around: str) -> None:
    assert not of_another(asked, said, around)


class _Fixed:
    """Reads the same whatever is asked."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def read(self, *_: object) -> Reading:
        return self._reading

    def threshold(self, max_error: float) -> float:
        return max_error


@pytest.mark.parametrize(("party", "confidence"), [("甲方", 0.9), ("乙方", 0.0)])
def test_nothing_is_sure_that_is_said_of_another(party: str, confidence: float) -> None:
    contract = document("# 合同\n\n甲方逾期付款的，按万分之五支付违约金。\n")
    sentence = contract.blocks[-1]
    start = contract.text.index("万分之五")
    around = Span(sentence.start, sentence.end)
    reader = _Fixed(Reading((Evidence(contract, (Span(start, start + 4),), around, 1.0),), 0.9, (), ()))
    candidates: list[Candidate] = []
    assert read(reader, asked_for(f"{party}逾期付款付多少违约金？"), candidates).confidence == confidence
