"""A reply says what the evidence says, in the words of its slice."""

from __future__ import annotations

import pytest
from documents import document
from test_reading_edges import Everything

from rag.answering.compose import Part, compose
from rag.question.analysis import Question, analyse
from rag.reading import Evidence, Reading
from rag.text.tokenization import Cutting
from rag.types import Answer, Document, Span


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
