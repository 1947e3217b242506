"""How a question names what stands in a table: its cells by what they say, its columns by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rag.question.analysis import Question
from rag.text.normalization import normalise
from rag.text.tokenization import alike

LEAST: Final = 2
"""A shorter name or value stands in questions by chance."""
COUNTS: Final = "数量"
"""What the names of columns of counts end with: a question that says 人 names 人数."""
UNIT_IN_NAME: Final = re.compile(r"\(([^()]*)\)$")
"""The unit that the name of a column ends with: 单价(元/吨)."""
# 单价(元/吨), 6063-T5: what people leave out.
_ASIDE: Final = re.compile(r"\s*\([^()]*\)|(?<=\d)-[a-z]+\d*$")


def said_in(text: str, question: str) -> str:
    """What a cell says, if a question has it, or words that are the same; else ""; what stands aside may be missing."""
    whole = normalise(text).text.strip()
    for said in dict.fromkeys((whole, _ASIDE.sub("", whole))):
        if len(said) >= LEAST and (stands_in(said, question) or stands_in(alike(said), alike(question))):
            return said
    return ""


def stands_in(part: str, text: str) -> bool:
    """Whether a text has a part, and not inside of a number or of a word in Latin letters; both in the normal form."""
    return part in text and (
        not part.isascii() or re.search(rf"(?<![a-z\d]){re.escape(part)}(?![a-z\d])", text) is not None
    )


def content_words(asked: Question) -> set[str]:
    """The words of a question that carry its subject, as `alike` writes them."""
    return {alike(normalise(word).text) for word in asked.written.values()}


def shared(said: str, name: str, *, is_behind: bool = False) -> float:
    """How many characters of a column's name, its first or last ones, a text ends with; half more for all of it.

    Where the text ``is_behind`` what asks for the column, it begins with them.
    """
    for length in range(min(len(said), len(name)), 0, -1):
        piece = said[:length] if is_behind else said[-length:]
        is_whole = piece == name or (piece + name[-1] == name and name[-1] in COUNTS)
        if (length >= LEAST or is_whole) and (name.startswith(piece) or name.endswith(piece)):
            return length + is_whole / 2
    return 0


def nearest(shares: Mapping[int, float]) -> list[int]:
    """The columns that share most, if any shares something."""
    most = max(shares.values(), default=0)
    return [column for column, share in shares.items() if most and share == most]
