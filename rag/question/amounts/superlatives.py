"""Superlatives: which end of a column a question asks for, 「最便宜的是哪款」, 「谁的工龄最长」."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rag.text.tokenization import tagged

# What columns measure that an adjective is said of without their name: patterns for the name and the unit of one, the
# surer first. Of dates the unit is 日期.
_PRICE: Final = ("价", "费|[$¥€£元币镑]")
_DATE: Final = ("日期", "年份|时间")
_SIZE: Final = ("大小|面积|容量|规模",)
_LENGTH: Final = ("长|久|期$",)
_ENDS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "便宜": (-1, _PRICE), "贵": (1, _PRICE), "早": (-1, _DATE), "先": (-1, _DATE), "晚": (1, _DATE), "迟": (1, _DATE),
    "后": (1, _DATE), "新": (1, _DATE), "旧": (-1, _DATE), "年轻": (-1, ("年龄",)), "年长": (1, ("年龄",)),
    "大": (1, _SIZE), "小": (-1, _SIZE), "长": (1, _LENGTH), "久": (1, _LENGTH), "短": (-1, _LENGTH),
    "多": (1, ("数$|量$",)), "少": (-1, ("数$|量$",)), "高": (1, ("高",)), "低": (-1, ("高",)), "矮": (-1, ("高",)),
    "重": (1, ("重",)), "轻": (-1, ("重",)), "宽": (1, ("宽",)), "窄": (-1, ("宽",)), "厚": (1, ("厚",)),
    "薄": (-1, ("厚",)), "深": (1, ("深",)), "浅": (-1, ("深",)), "远": (1, ("远|距离",)),
}  # fmt: skip
# What may be said of a sum; one thing alone is the most expensive, the first, the heaviest.
_OF_SUMS: Final = "大小多少高低长短久"
_SUPERLATIVE: Final = re.compile(rf"最({'|'.join(sorted(_ENDS, key=len, reverse=True))})")
LIMITS: Final = "以[上下内外前后]|[低高大小多少早晚]于|超过|不足|除"
"""What says that some rows are meant by what they hold more or less of, a pattern."""
_SEVERAL: Final = "两二三四五六七八九十几\\d"
# A place that is not the first, some rows only, a difference, a denial: one end of a column does not answer that.
_MORE: Final = re.compile(
    rf"[第前哪][{_SEVERAL}]|倒数|{LIMITS}|相差|差多少|不是?最|非最|(?<![占同环对])比(?![例价率重赛])"
)
_SAID_ALONE: Final = re.compile(r"的|是[哪谁]|[? ]*$")


class Superlative(NamedTuple):
    """The end of a column that is asked for: the highest value by ``sign`` 1, the lowest by -1.

    It stands at ``[start, end)``. ``meant`` are patterns for columns that it is said of without their name, none where
    more than that is said of it: 「最多可以借几本」 asks for a limit. ``is_time``: it orders dates. ``of_sums``: it may
    be said of several values added up.
    """

    sign: int
    meant: tuple[str, ...]
    is_time: bool
    of_sums: bool
    start: int
    end: int


def superlative(question: str) -> Superlative | None:
    """The only superlative of a question, which is in its normal form; None if it asks for more than one end."""
    found = list(_SUPERLATIVE.finditer(question))
    if len(found) != 1 or question.count("最") > 1 or _MORE.search(question):
        return None
    start, end = found[0].span()
    if re.match(rf"的?前?[{_SEVERAL}]", question[end:]):
        return None
    sign, meant = _ENDS[found[0][1]]
    is_alone = _SAID_ALONE.match(question, end) and re.search("[哪谁]|最.+的", question)
    return Superlative(sign, meant if is_alone else (), meant is _DATE, found[0][1] in _OF_SUMS, start, end)


def which(question: str) -> list[tuple[int, int]]:
    """Where a question in its normal form says 哪, with 一 and the one character that counts what it asks for: 哪天."""
    ends = {end for _, _, end, _ in tagged(question)}
    asking = (match.span() for match in re.finditer("哪一?", question))
    return [(start, end + (end + 1 in ends)) for start, end in asking]
