"""What a cell says if it is one quantity or one date: 1.2万, ¥199, 850g, 2024-03-09."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from rag.text.equal import EQUAL
from rag.text.quantities.numbers import value

DATE: Final = "日期"
_DATES: Final = tuple(
    re.compile(form)
    for form in (
        r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?: 0?0:00(?::00)?)?",
        r"(\d{4})(?:-|/|年)(\d{1,2})月?",
        r"(\d{1,2})月(\d{1,2})[日号]",
        r"(\d{1,2}):(\d{2})",
    )
)
_QUANTITY: Final = re.compile(
    r"(?P<sign>[-+]?)(?P<money>[a-z]{0,3}[$¥€£])?\s?"
    r"(?:(?P<figures>(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*|0)(?:\.\d+)?)|(?P<han>[〇零一二两三四五六七八九十百千]+))"
    r"\s?(?P<scale>万亿|[十百千]?[万亿]|千(?![瓦卡焦赫克米帕]))?\s?(?P<unit>[^\d\s,.;:~+-]{0,8}?(?:m[23])?)"
)
# One of several, as of 1小时05分.
_PART: Final = re.compile(r"0?(\d+(?:\.\d+)?([^\d\s,.;:~+-]{1,3}))")
_REMARK: Final = re.compile(r"\s*\([^()]*\)$")
# Where both stand in a column, or by the first of a line of equal.txt.
_PLAINLY: Final[dict[str, tuple[str, int | Decimal]]] = {
    "吨": ("克", 1_000_000), "公斤": ("克", 1000), "斤": ("克", 500), "g": ("克", 1), "公里": ("米", 1000),
    "m": ("米", 1), "厘米": ("米", Decimal("0.01")), "年": ("月", 12), "个月": ("月", 1), "周": ("天", 7),
    "日": ("天", 1), "块": ("人民币", 1), "小时": ("秒", 3600), "分": ("秒", 60), "分钟": ("秒", 60),
}  # fmt: skip


class Quantity(NamedTuple):
    """A number and what it counts: one word for units that are the same, "" without one, DATE with how it is written.

    Those of one unit can be compared.
    """

    number: Decimal
    unit: str

    @property
    def is_date(self) -> bool:
        return self.unit.startswith(DATE)


def quantity(text: str) -> Quantity | None:
    """What a text in its normal form says, a remark in brackets aside; None if it is not one quantity or date.

    A number that begins with 0 names something: a telephone, an article.
    """
    said = _REMARK.sub("", text.strip())
    for place, form in enumerate(_DATES):
        if date := form.fullmatch(said):
            return Quantity(Decimal("".join(f"{int(part):02d}" for part in date.groups())), f"{DATE}{place}")
    return _simple(said) or _compound(said)


def _compound(said: str) -> Quantity | None:
    """What several quantities of one kind in units that differ come to: 2分45秒."""
    parts = list(_PART.finditer(said))
    if len({part[2] for part in parts}) < max(2, len(parts)) or "".join(part[0] for part in parts) != said:
        return None
    quantities = [one for part in parts if (one := _simple(part[1]))]
    is_one_kind = len(quantities) == len(parts) and len({one.unit for one in quantities}) == 1
    return Quantity(sum((one.number for one in quantities), Decimal()), quantities[0].unit) if is_one_kind else None


def _simple(said: str) -> Quantity | None:
    match = _QUANTITY.fullmatch(said)
    number = match and (Decimal(match["figures"].replace(",", "")) if match["figures"] else value(match["han"]))
    if not match or number is None:
        return None
    written = (match["money"] or "") + match["unit"]
    unit, factor = _PLAINLY.get(EQUAL.get(written, written), (EQUAL.get(written, written), 1))
    scale = value("一" + match["scale"]) if match["scale"] else 1
    return Quantity(Decimal(f"{match['sign']}1") * number * factor * (scale or 1), unit)
