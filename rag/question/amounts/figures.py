"""Quantities that a question says of its matter: 我工作12年了, 身高1.3米. Not those by which it limits it."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from typing import Final

from rag.question.amounts.limits import limit
from rag.text.quantities.ranges import GOING_ON, NUMBER, readings

# No ordinal, no part of a date or a name, and nothing that is said to be less or more: 没满十五年, 过了两年. A 一 alone
# is that of a rate, 一天多少钱.
_FIGURE: Final = re.compile(
    rf"(?<![第\d.,月年过a-z一二两三四五六七八九十百千-])(?<![没未不][满到足])(?<!过了)(?!(?:19|20)\d\d年|一[^二三四五六七八九十百千万])"
    rf"(?P<number>{NUMBER})(?![\d月号一二两三四五六七八九十百千]) ?(?=(?P<unit>{GOING_ON}))"
)
# 1米3, 四年半, 三天两头
_MORE: Final = re.compile(r"[\d半多几来一二两三四五六七八九]")


def figures(question: str) -> dict[str, Decimal]:
    """The number that a question in its normal form says in each unit that may stand behind it; of two none.

    Units are those of `Quantity`: of 12年了 年, as months, and 年了.
    """
    if limit(question):
        return {}
    said = defaultdict(set)
    for match in _FIGURE.finditer(question):
        for one, length in readings(match["number"], match["unit"]):
            if not _MORE.match(question, match.start("unit") + length):
                said[one.unit].add((match.start(), one.number))
    return {unit: next(iter(numbers))[1] for unit, numbers in said.items() if len(numbers) == 1}
