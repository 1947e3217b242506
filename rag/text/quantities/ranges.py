"""Ranges of a quantity that a text says: 满10年不满20年, 3至6天, 超过1.5米, 30分钟以内."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from rag.text.quantities.quantity import Quantity, quantity
from rag.types import Span

# By what says a bound: the sign of the numbers beyond it, and whether it belongs to them.
BEFORE: Final[dict[str, tuple[int, bool]]] = {
    "不低于": (1, True), "不少于": (1, True), "不小于": (1, True), "至少": (1, True), "超过": (1, False),
    "高于": (1, False), "大于": (1, False), "多于": (1, False), "不超过": (-1, True), "不高于": (-1, True),
    "不大于": (-1, True), "不多于": (-1, True), "低于": (-1, False), "小于": (-1, False), "少于": (-1, False),
    "不到": (-1, False), "不足": (-1, False), "不满": (-1, False),
}  # fmt: skip
BEHIND: Final[dict[str, tuple[int, bool]]] = {
    "及以上": (1, True), "以上": (1, True), "及以下": (-1, True), "以下": (-1, True), "以内": (-1, True),
}  # fmt: skip
# What sets no limit in a question, where it says how much there is: 满10年.
_BEFORE: Final = {
    **BEFORE, "满": (1, True), "达": (1, True), "达到": (1, True), "未满": (-1, False), "未达": (-1, False),
    ">": (1, False), "<": (-1, False),
}  # fmt: skip
_BEHIND: Final = {**BEHIND, "起": (1, True), "内": (-1, True), "之内": (-1, True)}
NUMBER: Final = r"\d[\d,.]*(?<=\d)|[一二两三四五六七八九十百千]+"
_UNIT: Final = r"(?:[^\W\d_至到及以不未满起前后内一二两三四五六七八九十百千]|[°%‰]){0,4}"
# What begins with a unit may go on.
GOING_ON: Final = r"(?:[^\W\d_]|[°%‰]){0,4}"
_BETWEEN: Final = re.compile(
    rf"(?P<above>超过|大于|高于)?(?P<low>{NUMBER}) ?(?P<unit>{_UNIT}) ?[-–—~至到] ?(?P<high>{NUMBER}) ?"
    rf"(?=(?P<of_both>{GOING_ON}))"
)
_BOUND: Final = re.compile(
    f"(?P<before>{'|'.join(sorted(_BEFORE, key=len, reverse=True))}) ?(?P<figure>{NUMBER}) ?"
    f"(?=(?P<unit>{GOING_ON}))|(?<![第月年])(?P<number>{NUMBER}) ?(?P<of_number>{_UNIT})"
    f"(?P<behind>{'|'.join(sorted(_BEHIND, key=len, reverse=True))})"
)
_JOINS: Final = re.compile("[、,且并但 ]{0,2}")


@dataclass(frozen=True, slots=True)
class Range:
    """What stands at ``span``: the quantities of one unit from ``low`` to ``high``, each with whether it belongs to it.

    Without a bound it has no end there.
    """

    span: Span
    low: tuple[Decimal, bool] | None
    high: tuple[Decimal, bool] | None

    def holds(self, number: Decimal) -> bool:
        """Whether a number lies in it."""
        above = self.low is None or number > self.low[0] or self.low == (number, True)
        return above and (self.high is None or number < self.high[0] or self.high == (number, True))

    def is_in(self, other: Range) -> bool:
        """Whether all of it lies in another."""
        low = other.low is None or (self.low is not None and _key(self.low, 1) >= _key(other.low, 1))
        high = other.high is None or (self.high is not None and _key(self.high, -1) <= _key(other.high, -1))
        return low and high


def ranges(text: str, unit: str, default: str = "") -> list[Range]:
    """The ranges in ``unit``, as `Quantity` has it, that a text in its normal form says, in order.

    A number without a unit is in ``default``. Two bounds beside each other are one range.
    """
    said = _apart(text, unit, default)
    joined: list[Range] = []
    for one in said:
        last = joined[-1] if joined else None
        if last and _JOINS.fullmatch(text, last.span.end, one.span.start) and not last.high and not one.low:
            joined[-1] = replace(last, span=Span(last.span.start, one.span.end), high=one.high)
        else:
            joined.append(one)
    return joined


def tightest(of: Sequence[Range], number: Decimal) -> Range | None:
    """Of the ranges that hold a number the one that lies in all the others: of 满3000 and 满8000 the latter.

    None if there is none, or if it is not one alone.
    """
    holding = [one for one in of if one.holds(number)]
    inmost = [one for one in holding if all(one.is_in(other) for other in holding)]
    return inmost[0] if len(inmost) == 1 else None


def _apart(text: str, unit: str, default: str) -> Iterator[Range]:
    """The ranges from one number to another, and the bounds outside of them."""
    begin = 0
    for match in _BETWEEN.finditer(text):
        high, behind = _read(match["high"], match["of_both"], unit, default)
        low, _ = _read(match["low"], match["unit"] or match["of_both"], unit, default)
        if low is not None and high is not None and low != high:
            end = match.start("of_both") + behind
            yield from _bounds(text, begin, match.start(), unit, default)
            # 出发前14天至8天 counts down.
            yield Range(Span(match.start(), end), (min(low, high), not match["above"]), (max(low, high), True))
            begin = end
    yield from _bounds(text, begin, len(text), unit, default)


def _bounds(text: str, begin: int, end: int, unit: str, default: str) -> Iterator[Range]:
    for match in _BOUND.finditer(text, begin, end):
        figure, behind = match["figure"] or match["number"], match["unit"] or match["of_number"] or ""
        number, length = _read(figure, behind, unit, default)
        if number is not None:
            sign, is_in = _BEFORE[match["before"]] if match["before"] else _BEHIND[match["behind"]]
            span = Span(match.start(), match.end() + (length if match["before"] else 0))
            yield Range(span, (number, is_in) if sign > 0 else None, (number, is_in) if sign < 0 else None)


def _read(figure: str, behind: str, unit: str, default: str) -> tuple[Decimal | None, int]:
    """A number in ``unit`` that a figure and the first characters behind it say, or ``default`` where these say none.

    And how many characters these are.
    """
    for said, length in readings(figure, behind):
        if said.unit == unit:
            return said.number, length
    alone = quantity(figure + default) if default else None
    return (alone.number if alone and alone.unit == unit else None), 0


def readings(figure: str, behind: str) -> Iterator[tuple[Quantity, int]]:
    """The quantities that a figure may be with the first characters behind it for a unit, and how many, most first.

    10月 is a month, not a quantity, and 5个月 are no 5个.
    """
    for length in range(len(behind), 0, -1):
        said = quantity(figure + behind[:length])
        is_month = behind.startswith("月") or (length == 1 and behind.startswith("个月"))
        if said and not said.is_date and not is_month:
            yield said, length


def _key(bound: tuple[Decimal, bool], sign: int) -> tuple[Decimal, int]:
    number, is_in = bound
    return number, -sign * is_in
