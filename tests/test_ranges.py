"""Ranges of a quantity are read as a text says them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rag.text.quantities.ranges import ranges, tightest


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        pytest.param("满1年不满10年的,5天;满20年的,15天", "月", ["满1年不满10年", "满20年"], id="two bounds are one"),
        pytest.param("10分钟以上30分钟以内,扣50元", "秒", ["10分钟以上30分钟以内"], id="bounds behind"),
        pytest.param("3天以内;4至7天;超过7天", "天", ["3天以内", "4至7天", "超过7天"], id="from one to another"),
        pytest.param("14天至8天扣20%,7天至4天扣40%", "天", ["14天至8天", "7天至4天"], id="counted down"),
        pytest.param("逾期5日以内,逾期6至15日", "天", ["5日以内", "6至15日"], id="another word for the unit"),
        pytest.param("低于14°c,16°c以上不足18°c", "摄氏度", ["低于14°c", "16°c以上不足18°c"], id="a unit with a sign"),
        pytest.param("4月至10月开放", "月", [], id="months of the year"),
        pytest.param("满6个月", "个", [], id="the beginning of a unit"),
        pytest.param("不超过500元", "天", [], id="another unit"),
        pytest.param("10天", "天", [], id="a quantity alone"),
    ],
)
def test_ranges_stand_where_a_text_says_them(text: str, unit: str, said: list[str]) -> None:
    assert [text[slice(*one.span)] for one in ranges(text, unit)] == said


def test_a_number_without_a_unit_is_in_the_one_that_is_given() -> None:
    first, second = ranges("0-220;221-400", "立方米", "立方米")
    assert (first.high, second.low) == ((Decimal(220), True), (Decimal(221), True))


@pytest.mark.parametrize(
    ("text", "number", "place"),
    [
        pytest.param("满3000元,满8000元,满20000元", 9000, 1, id="the highest that is reached"),
        pytest.param("3天内,5天内", 2, 0, id="the nearest that is not passed"),
        pytest.param("不满10天,满10天不满20天,满20天", 10, 1, id="a bound that belongs to it"),
        pytest.param("不满10天,满10天不满20天", 30, None, id="beyond all"),
        pytest.param("5天以下,5天至9天", 5, None, id="in two of which neither lies in the other"),
    ],
)
def test_of_ranges_that_hold_a_number_the_tightest_is_meant(text: str, number: int, place: int | None) -> None:
    unit = "人民币" if "元" in text else "天"
    found = ranges(text, unit)
    assert tightest(found, Decimal(number)) is (None if place is None else found[place])
