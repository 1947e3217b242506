"""Chats that were copied or exported as text: who speaks and when stands above what is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_DAY = (
    r"(?:\d{2,4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/月]\d{1,2}日?|昨天|前天|今天|(?:星期|周)[一二三四五六日天])"
)
_TIME = r"(?:[上下中]午|凌晨|晚上|早上)?\s?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
# A number before it says where someone lives or works.
_NAME = r"(?:\d[\d-]{0,7}\s?)?[^\W\d][^：:，,。；;]{0,39}"
_WHEN = rf"(?:{_DAY}\s*)?{_TIME}"
_ASIDE = rf"[(（\[【]\s*{_WHEN}\s*[)）\]】]"
# "王磊 09:12", "2024-06-03 09:12:05 王磊", "王磊(2024-06-03 09:12:05)", "[09:12] 王磊".
_WHO = rf"(?:{_NAME}\s+{_WHEN}|{_DAY}\s+{_TIME}\s+{_NAME}|{_NAME}{_ASIDE}|{_ASIDE}\s*{_NAME})"
_SPEAKER = re.compile(rf"{_WHO}\s*[:：]?")
# "王磊(09:12): 改好了", "00:01:23 王磊：改好了"
_SAID = re.compile(rf"\s*(?:{_WHO}|{_TIME}\s+{_NAME})\s*[:：]\s*\S")
LEVEL: Final = 6
"""Of the headings that these lines become: below all others."""

_LONGEST = 60
_LEAST, _MOST = 2, 0.8


def speakers(lines: Sequence[str]) -> set[int]:
    """The places of the lines that say who speaks; of a text that is no chat, none."""
    found = [at for at, line in enumerate(lines) if speaks(line)]
    above = [at for at in found if (said := _first(lines, at + 1)) and not speaks(said)]
    return set(found) if len(found) >= _LEAST and len(above) >= _MOST * len(found) else set()


def messages(lines: Sequence[str]) -> set[int]:
    """The places of the lines that say who speaks and when, and then what."""
    return {at for at, line in enumerate(lines) if _SAID.match(line)}


def _first(lines: Sequence[str], begin: int) -> str:
    """The first line from ``begin`` on that says something, below one that is blank at most."""
    return next((line for line in lines[begin : begin + 2] if line.strip()), "")


def speaks(line: str) -> bool:
    """Whether ``line`` has the form of one that says who speaks."""
    return len(line) <= _LONGEST and bool(_SPEAKER.fullmatch(line.strip()))
