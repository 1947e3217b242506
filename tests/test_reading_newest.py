"""Of columns that differ in their year alone the newest answers what says no year."""

from __future__ import annotations

import pytest
from documents import document

from rag.reading.cells.lookup import looked_up
from rag.types import Span

TABLE = """| 车位 | 2023年标准 | 2026年标准 | 2026年车位数 |
|---|---|---|---|
| 固定 | 260元 | 320元 | 80个 |
| 摩托车 | 30元 | — | 12个 |
"""


@pytest.mark.parametrize(
    ("answer", "question", "said"),
    [
        pytest.param("260元", "固定车位多少钱?", "320元", id="no year"),
        pytest.param("260元", "固定车位现在多少钱?", "320元", id="now"),
        pytest.param("260元", "2023年固定车位多少钱?", None, id="a year"),
        pytest.param("260元", "固定车位原来多少钱?", None, id="what was"),
        pytest.param("260元", "固定车位涨了多少钱?", None, id="a change"),
        pytest.param("320元", "固定车位多少钱?", None, id="it is the newest"),
        pytest.param("80个", "固定车位有多少?", None, id="the only column of its kind"),
        pytest.param("30元", "摩托车多少钱?", None, id="a blank cell"),
    ],
)
def test_of_the_same_in_several_years_the_newest_is_meant(answer: str, question: str, said: str | None) -> None:
    made = document(TABLE, "车位.md")
    at = made.text.index(answer)
    found = looked_up(made, Span(at, at + len(answer)), Span(at, at + len(answer)), question)
    assert [made.text[span.start : span.end] for span in found or ()] == ([said] if said else [])
