"""Names in a text, by their form."""

from __future__ import annotations

from rag.question.mentions import people
from rag.types import Span


def test_a_transliterated_name_may_have_rare_characters() -> None:
    assert people("玛㛃·居里") == [Span(0, 5)]
