"""Limits: which rows of a table a question wants by how much they have, 「单价超过100元的有哪些」, 「五年以上的」."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from rag.text.quantities.quantity import Quantity, quantity
from rag.text.quantities.ranges import BEFORE, BEHIND

_FIGURE: Final = r"(?P<said>[$¥€£]?(?:\d[\d,.]*|[一二两三四五六七八九十百千]+)[^\d\s,，的有是在和]{0,4}?)"
_LIMIT: Final = re.compile(
    f"(?P<before>{'|'.join(sorted(BEFORE, key=len, reverse=True))}) ?{_FIGURE}(?=[的有是在和 ,?哪]|$)"
    f"|{_FIGURE.replace('said', 'figure')}(?P<behind>{'|'.join(BEHIND)})"
)
_NUMBER: Final = re.compile(r"[\d.,]+|[一二两三四五六七八九十百千]+")


class Limit(NamedTuple):
    """The quantities above ``figure`` by ``sign`` 1, below it by -1, with itself if ``inclusive``.

    It stands at ``[start, end)`` in the question. ``plain`` is its number as it is said, ``unit`` what stands behind
    that: 60 months are said as 5 and 年.
    """

    figure: Quantity
    plain: Decimal
    unit: str
    sign: int
    inclusive: bool
    start: int
    end: int

    def allows(self, value: Quantity) -> bool:
        """Whether a quantity of the same unit, or a number without one, is among them."""
        over = (value.number - (self.figure.number if value.unit else self.plain)) * self.sign
        return over > 0 or (over == 0 and self.inclusive)


def limit(question: str) -> Limit | None:
    """The only limit that a question, in its normal form, sets; None if it sets none, two, or one of no quantity."""
    found = list(_LIMIT.finditer(question))
    if len(found) != 1:
        return None
    (match,) = found
    said = match["said"] or match["figure"]
    figure, number = quantity(said), _NUMBER.match(said)
    plain = quantity(number[0]) if number else None
    if number is None or figure is None or plain is None or figure.is_date:
        return None
    sign, inclusive = BEFORE[match["before"]] if match["before"] else BEHIND[match["behind"]]
    return Limit(figure, plain.number, said[number.end() :].strip(), sign, inclusive, *match.span())
