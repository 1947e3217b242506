"""Words that count as the same in search: units, money, and words that differ between regions, from ``equal.txt``."""

from __future__ import annotations

import re
from pathlib import Path

EQUAL_FILE = Path(__file__).with_name("equal.txt")
_ROWS = [line.split() for line in EQUAL_FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
EQUAL = {word: row[0] for row in _ROWS for word in row}
"""Each word with the one that stands for it and its like: the first of their line."""
CHINESE = frozenset(word for word in EQUAL if not word.isascii() and len(word) > 1 and word[0].isalpha())
SIGN = re.compile("[$¥€£]|°c")
"""What stands for a word of EQUAL without being one."""

_INSIDE = re.compile("|".join(sorted(CHINESE, key=len, reverse=True)))
_MEASURED = re.compile(r"(\d+(?:\.\d+)?)([a-z]{1,3}[23]?)")
# Such a short unit in Latin script is one only after a number.
_SHORT = 2


def respelt(word: str) -> str:
    """A Chinese ``word`` of EQUAL, or one that holds such, with what stands for it: 资讯科技 is 信息科技."""
    return EQUAL.get(word) or _INSIDE.sub(lambda found: EQUAL[found.group()], word)


def holds_equal(text: str) -> bool:
    """Whether a Chinese word of EQUAL, or what looks like one across two words, stands in ``text``."""
    return _INSIDE.search(text) is not None


def unit(word: str, *, measures: bool) -> str | None:
    """What stands for a word in Latin script; ``measures``: whether it follows a number. None if nothing does."""
    return EQUAL.get(word) if measures or len(word) > _SHORT else None


def parts(word: str) -> tuple[str, ...]:
    """The words in ``word``: a number and its unit (5km), a scale and its unit (亿元)."""
    measured = _MEASURED.fullmatch(word)
    if measured and measured.group(2) in EQUAL:
        return measured.groups()
    return (word[0], word[1:]) if word[0] in "万亿" and word[1:] in EQUAL else (word,)
