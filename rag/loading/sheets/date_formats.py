"""Dates and times as a spreadsheet shows them, by the parts of their formats."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from rag.loading.office.numerals import numeral

_WEEKDAYS = "一二三四五六日"
_DAY_ZERO = datetime(1899, 12, 30)  # a spreadsheet's clock is on no zone


class Token(NamedTuple):
    """A part of a format, as "date" and "yyyy"."""

    kind: str
    text: str


def shown_date(value: datetime | date | time | timedelta, tokens: Sequence[Token]) -> str:
    """A date or time by the tokens of its format; as ISO 8601 has it if they are of none."""
    return _date(value, tokens) or _plain_date(value)


def _date(value: datetime | date | time | timedelta, tokens: Sequence[Token]) -> str:
    if isinstance(value, timedelta) or any(token.kind == "elapsed" for token in tokens):
        return _elapsed(value, tokens)
    if not any(token.kind == "date" for token in tokens):
        return ""
    moment = datetime.combine(value, time()) if type(value) is date else value
    if isinstance(moment, time):
        moment = datetime.combine(_DAY_ZERO, moment)
    halves = any(token.kind == "half" for token in tokens)
    parts = [_part(moment, tokens, place, halves=halves) for place in range(len(tokens))]
    words = next((token.text for token in tokens if token.kind == "words"), "")
    if words:
        parts = [_spoken(part, token, formal="2" in words) for part, token in zip(parts, tokens, strict=True)]
    return "".join(parts).strip()


def _spoken(part: str, token: Token, *, formal: bool) -> str:
    """A part of a date in Chinese: of a year the digits, 二〇二四年三月十五日."""
    if token.kind != "date" or not part.isdecimal():
        return part
    form, zero = ("chineseLegalSimplified", "零") if formal else ("chineseCounting", "〇")
    if token.text[0] in "ye":
        return "".join(numeral(int(digit), form) if int(digit) else zero for digit in part)
    return numeral(int(part), form)


def _part(moment: datetime | date, tokens: Sequence[Token], place: int, *, halves: bool) -> str:
    kind, text = tokens[place]
    assert isinstance(moment, datetime)
    if kind == "half":
        names = ("上午", "下午") if "上" in text else ("AM", "PM")
        return names[moment.hour >= 12]
    if kind != "date":
        return text if kind == "literal" else ""
    match text[0]:
        case "y" | "e":
            return f"{moment.year:04}" if len(text) > 2 or text[0] == "e" else f"{moment.year % 100:02}"
        case "m" if not _is_minute(tokens, place):
            named = {3: calendar.month_abbr, 4: calendar.month_name}.get(len(text))
            return named[moment.month] if named else _padded(moment.month, text)
        case "d" if len(text) > 2:
            return (calendar.day_name if len(text) > 3 else calendar.day_abbr)[moment.weekday()]
        case "a":
            return ("星期" if len(text) > 3 else "") + _WEEKDAYS[moment.weekday()]
        case "h":
            return _padded((moment.hour - 1) % 12 + 1 if halves else moment.hour, text)
        case "s":
            seconds, _, parts = text.partition(".")
            return _padded(moment.second, seconds) + (f".{moment.microsecond:06}"[: len(parts) + 1] if parts else "")
    return _padded(moment.minute if text[0] == "m" else moment.day, text)


def _padded(number: int, mask: str) -> str:
    return str(number).zfill(min(2, len(mask)))


def _is_minute(tokens: Sequence[Token], place: int) -> bool:
    """Whether an ``m`` stands for minutes: after hours or before seconds."""
    before = next((t.text for t in reversed(tokens[:place]) if t.kind in ("date", "elapsed")), "")
    after = next((t.text for t in tokens[place + 1 :] if t.kind in ("date", "elapsed")), "")
    return before.lstrip("[").startswith("h") or after.lstrip("[").startswith("s")


def _elapsed(value: datetime | date | time | timedelta, tokens: Sequence[Token]) -> str:
    """A length of time, of which the first part may be more than a day or an hour."""
    if isinstance(value, datetime):
        value = value - _DAY_ZERO
    elif isinstance(value, time):
        value = datetime.combine(_DAY_ZERO, value) - _DAY_ZERO
    if not isinstance(value, timedelta):
        return ""
    left = round(value.total_seconds())
    pieces = []
    for kind, text in tokens:
        size = {"h": 3600, "m": 60, "s": 1}.get(text.strip("[]")[:1], 0)
        if kind in ("date", "elapsed") and size:
            count, left = divmod(left, size)
            pieces.append(_padded(count, text.strip("[]")))
        elif kind == "literal":
            pieces.append(text)
    return "".join(pieces)


def _plain_date(value: datetime | date | time | timedelta) -> str:
    match value:
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        case timedelta():
            return str(value)
        case _:
            return value.isoformat()
