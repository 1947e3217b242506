"""A reply says what the evidence says, in the words of its slice."""

from __future__ import annotations

import pytest
from documents import document
from test_reading_edges import Everything

from rag.answering.compose import Part, compose
from rag.question.analysis import Question, analyse
from rag.reading import Evidence, Reading
from rag.text.tokenization import Cutting
from rag.types import Answer, Document, Hit, Passage, Span


def asked_for(question: str) -> Question:
    return analyse(Cutting()(question), Everything())


def evidence(made: Document, said: str, sentence: str = "") -> Evidence:
    places = [Span(at := made.text.index(text), at + len(text)) for text in (said, sentence or made.text)]
    return Evidence(made, (places[0],), places[1], 1.0)


def replied(part: Part, made: Document) -> Answer:
    return compose("", [part], titles={made.doc_id: made.title}, min_confidence=0.4, language="zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2. 须带：身份证原件、劳动合同复印件和一寸照片；", "身份证原件、劳动合同复印件和一寸照片"),
        ("（3）可以在房间里养鱼，不得养猫狗等宠物；", "可以在房间里养鱼，不得养猫狗等宠物"),
    ],
)
def test_a_slice_that_is_most_of_its_sentence_is_shown_without_the_rest(text: str, said: str) -> None:
    made = document(text, "a.txt")
    answer = replied(Part(asked_for("要带什么？"), Reading((evidence(made, said),), 0.9), ()), made)
    assert answer.answer == said
    assert answer.text.splitlines()[0] == f"{said}[1]"


def test_no_word_is_said_to_be_lacking_that_stands_in_what_is_shown_as_nearest() -> None:
    made = document("房屋租金每月结清。", "a.txt")
    near = evidence(made, "每月")
    question = asked_for("钟楼饭店的早餐多少钱？")
    reading = Reading((near,), 0.1, ("钟楼", "饭店", "早餐"))
    passage = Passage(0, made.doc_id, 0, 4, 1, "钟楼饭店", ())
    hit = Hit(1, passage, 0.9, "停车免费。")
    assert "最接近的原文没有提到：钟楼、饭店、早餐。" in replied(Part(question, reading, ()), made).text
    assert "最接近的原文没有提到：早餐。" in replied(Part(question, reading, (hit,)), made).text
