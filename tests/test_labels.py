"""What is said of one party, month or number of a kind answers nothing that is asked of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import document
from test_reading_trained import asked_for

from rag.answering.answerer import read
from rag.library import Library
from rag.models import Models
from rag.reading import Candidate, Evidence, Reading
from rag.reading.labels import of_another
from rag.settings import Settings
from rag.types import Span


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("乙方逾期付款要付多少违约金?", "甲方逾期付款的,按万分之五支付违约金。"),
        ("十一月份的入库量是多少?", "九月份入库量为2280吨。"),
        ("第12届运动会在哪里开?", "第十一届运动会在青岛开。"),
        ("2024年营收是多少?", "2023年营收为三亿元。"),
        ("d库的湿度是多少?", "a库湿度为六成。"),
        ("4.2.0修复了什么?", "4.1.3 修复了打印预览空白的问题。"),
        ("v2.1支持深色模式吗?", "v2.0起支持深色模式。"),
        ("ht-80的电池能用多久?", "ht - 90 的充电时间为三小时。"),
        ("b2停车场几点关?", "b1 停车场二十四小时开放。"),
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
        ("4.1修复了什么?", "修复了打印预览空白的问题。", "4.1.3"),
        ("v2.1的网关怎么配置?", "在控制台填写地址。", "3.2.1 网关配置"),  # A chapter.
        ("gpt-4什么时候发布的?", "gpt - 4o 于五月发布。", ""),
        ("ht80的电池能用多久?", "与 ht-90 不同,充满一次可用五小时。", "ht-80 使用说明"),
        ("rtx4090多少钱?", "起价 12999 元。", "sd-30 存储卡"),  # Another series.
    ],
)
def test_other_words_or_a_label_that_is_there_are_not(asked: str, said: str, around: str) -> None:
    assert not of_another(asked, said, around)


RELEASES = """# 更新说明

## 4.1.3（2024年11月20日）

修复了打印预览空白的问题。

## 4.1.0（2024年9月2日）

新增日程共享。

## 4.0.2（2024年6月11日）

修复了登录后闪退的问题。
"""


@pytest.mark.parametrize(
    ("asked", "texts", "is_sure"),
    [
        ("4.1.0什么时候发布的", ("2024年9月2日",), True),
        ("4.1.3什么时候发布的", ("2024年11月20日",), True),
        ("4.0.2修复了什么", ("登录后闪退的问题",), True),
        ("4.2.0修复了什么", ("登录后闪退的问题",), False),
    ],
)
def test_of_several_versions_that_is_read_which_is_asked_of(
    tmp_path: Path, plain_models: Models, asked: str, texts: tuple[str, ...], is_sure: bool
) -> None:
    (tmp_path / "更新说明.md").write_text(RELEASES, encoding="utf-8")
    Library.index([tmp_path / "更新说明.md"], tmp_path / "index", Settings(retrieval="bm25"))
    notes = Library.open(tmp_path / "index", Settings(retrieval="bm25"), models=plain_models)
    question, candidates = notes.candidates(asked)
    reading = read(plain_models.reader.get(), question, candidates)
    assert reading.evidence[0].texts == texts
    assert (reading.confidence >= notes.settings.min_confidence) is is_sure


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
