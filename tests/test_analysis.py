"""What a question asks for, as the documents know its words."""

from __future__ import annotations

import pytest

from rag.question.analysis import analyse
from rag.text.tokenization import Cutting, terms


class Known:
    """A corpus of one text."""

    def __init__(self, text: str) -> None:
        self._terms = frozenset(terms(text))

    def idf(self, term: str) -> float:  # noqa: ARG002
        return 1.0

    def knows(self, term: str) -> bool:
        return term in self._terms


@pytest.mark.parametrize(
    ("text", "asked", "unknown"),
    [
        pytest.param("望汐酒店停车收费", "住望汐酒店停车收费吗", (), id="a verb before a name"),
        pytest.param("杜兰班列", "一个高柜到杜兰要多少美金", ("高柜", "美金"), id="a verb behind a name"),
        pytest.param("鹭鸣湖门票", "进鹭鸣湖要门票吗", (), id="of four characters"),
        pytest.param("酒店停车收费", "住望汐酒店停车收费吗", ("住望汐",), id="where the name is unknown it stays"),
        pytest.param("E4 溢水", "E4是什么毛病", (), id="the kind of what is asked for"),
        pytest.param("螺栓力矩", "螺栓要拧到多大力", (), id="what begins within the asking word"),
        pytest.param("E4 溢水", "毛病在哪个零件上", ("毛病",), id="and what stands before it"),
        pytest.param("李晓明是园长", "李晓红是园长吗", ("李晓红",), id="what ends otherwise is another person"),
    ],
)
def test_what_jieba_takes_for_a_part_of_a_name_is_no_unknown_word(
    text: str, asked: str, unknown: tuple[str, ...]
) -> None:
    assert analyse(Cutting()(asked), Known(text)).unknown_named == unknown


def test_a_name_that_a_verb_was_cut_off_is_a_name() -> None:
    assert "望汐" in analyse(Cutting()("住望汐酒店停车收费吗"), Known("望汐酒店停车收费")).named
