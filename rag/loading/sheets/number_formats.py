"""Numbers and dates as a spreadsheet shows them: by the codes of ECMA-376, part 1, 18.8.31.

Of a code that says more than is known here (eras) the plain value is shown.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from rag.loading.sheets.date_formats import Token, shown_date

# What Chinese spreadsheets mean by the numbers that the standard leaves to each language (18.8.30).
_YEAR_MONTH, _MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"'
_MINUTES, _SECONDS = 'h"时"mm"分"', 'h"时"mm"分"ss"秒"'
CHINESE = {
    **dict.fromkeys((27, 36, 50, 52, 57), _YEAR_MONTH),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), _MONTH_DAY),
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: _MINUTES,
    33: _SECONDS,
    **dict.fromkeys((34, 55), f"上午/下午{_MINUTES}"),
    **dict.fromkeys((35, 56), f"上午/下午{_SECONDS}"),
}
# These are shown in the order of the reader's own language; so here in an order that none mistakes.
_LOCAL = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy h:mm": "yyyy-mm-dd hh:mm"}
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|(?P<condition>\[[<>=]+-?[\d.]+\])|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<elapsed>\[(?:h+|m+|s+)\])|'
    r"(?P<words>\[DBNum[12]\])|(?P<ignored>\[[^\]]*\]|_.|\*.)|(?P<general>General|G/通用格式|@)|(?P<half>AM/PM|A/P|上午/下午)|(?P<power>E[+-]0+)|"
    r"(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4}|e+)|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
# "# ?/?", "# ?/4", "?/?"
_FRACTION = re.compile(r"(?P<whole>[#0](?:\\?\s)+)?(?P<over>[?#0]+)\s*/\s*(?P<under>[?#]+|\d+)(?![\d/])")
_CONDITION = re.compile(r"\[([<>=]+)(.*)\]")
_HOLDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
# A denominator has no more digits.
_FINEST = 6
_MOST_IN_WORDS = 10**16


def shown(value: float | datetime | date | time | timedelta, code: str) -> str:
    """``value`` as a cell with the format ``code`` shows it."""
    sections = _sections(code)
    if isinstance(value, int | float):
        return _fraction(value, code) or _number(value, sections) or _general(value)
    tokens = sections[0] if sections else ()
    return shown_date(value, tokens)


def is_date(code: str) -> bool:
    """Whether a number with this format is shown as a date or time."""
    return any(token.kind in ("date", "elapsed") for section in _sections(code)[:1] for token in section)


@lru_cache(1024)
def _sections(code: str) -> tuple[tuple[Token, ...], ...]:
    """The tokens for positive numbers, and where the code has them those for negative ones and for zero."""
    code = _LOCAL.get(code.split(";")[0], code)
    if not code:
        return ()
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "other" and text == ";":
            sections.append([])
        elif kind != "ignored":
            literal = kind in ("quoted", "escaped", "currency", "other")
            sections[-1].append(Token("literal", text) if literal else Token(kind, text.lower()))
    return tuple(map(tuple, sections))


def _number(value: float, sections: Sequence[Sequence[Token]]) -> str:
    """The number by the section for its sign; "" if there is none that shows it."""
    place = _place(value, sections)
    tokens = sections[place] if sections else ()
    kinds = {token.kind for token in tokens}
    if kinds & {"date", "half"} or not kinds & {"digits", "literal", "words"}:
        return ""
    if "general" in kinds:
        return _generally(value, tokens, signed=place == 0)
    amount = abs(Decimal(repr(value))) * 100 ** sum(token == ("literal", "%") for token in tokens)
    if not amount.is_finite() or amount >= Decimal(10) ** 300:
        return ""
    text = _literal(tokens, amount)
    signed = value < 0 and place == 0 and re.search("[1-9]", text)
    return f"-{text}" if signed else text


def _generally(value: float, tokens: Sequence[Token], *, signed: bool) -> str:
    """The number as it is, or in words, between what the format puts around it."""
    words = next((token.text for token in tokens if token.kind == "words"), "")
    amount = abs(value)
    text = _in_words(int(amount), formal="2" in words) if words and amount < _MOST_IN_WORDS and amount % 1 == 0 else ""
    said = text or _general(amount)
    whole = "".join(said if t.kind == "general" else t.text if t.kind == "literal" else "" for t in tokens)
    return f"-{whole.strip()}" if value < 0 and signed else whole.strip()


def _in_words(number: int, *, formal: bool) -> str:
    """A number in Chinese, by groups of four digits."""
    digits, units = ("零壹贰叁肆伍陆柒捌玖", "拾佰仟") if formal else ("〇一二三四五六七八九", "十百千")
    places = ["", *units]
    text, zero = "", False
    for at, digit in zip(range(len(str(number)) - 1, -1, -1), map(int, str(number)), strict=True):
        text += (digits[0] if zero and text else "") * bool(digit) + (digits[digit] + places[at % 4] if digit else "")
        zero = not digit
        if at and at % 4 == 0 and number // 10**at % 10_000:
            text += "万亿兆"[at // 4 - 1]
    return text or digits[0]


def _place(value: float, sections: Sequence[Sequence[Token]]) -> int:
    """Which section is for a number: by their conditions, or by its sign."""
    conditions = [next((t.text for t in section if t.kind == "condition"), "") for section in sections]
    if not any(conditions):
        return 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    return next((place for place, said in enumerate(conditions) if _holds(value, said)), 0)


def _holds(value: float, condition: str) -> bool:
    said = _CONDITION.fullmatch(condition)
    compare = _HOLDS.get(said[1]) if said else None
    try:
        return not said or (compare is not None and bool(compare(value, float(said[2]))))
    except ValueError:
        return False


def _fraction(value: float, code: str) -> str:
    """The number with a numerator and a denominator; "" of other formats."""
    said = _FRACTION.search(code.split(";")[0]) if "/" in code else None
    if not said or not math.isfinite(value) or abs(value) >= 1e9:
        return ""
    fixed = int(said["under"]) if said["under"].isdigit() else 0
    exact = Fraction(abs(value))
    part = (
        Fraction(round(exact * fixed), fixed)
        if fixed
        else exact.limit_denominator(10 ** min(len(said["under"]), _FINEST) - 1)
    )
    whole = int(part) if said["whole"] else 0
    rest = part - whole
    over = f"{rest.numerator * (fixed // rest.denominator if fixed else 1)}/{fixed or rest.denominator}"
    sign = "-" if value < 0 and part else ""
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole} {over}" if whole else f"{sign}{over}"


def _literal(tokens: Sequence[Token], amount: Decimal) -> str:
    masks = [token.text for token in tokens if token.kind == "digits"]
    power = next((token.text for token in tokens if token.kind == "power"), "")
    pieces = _scientific(amount, masks, power) if power else _digits(amount, masks)
    given = iter(pieces)
    return "".join(
        next(given, "") if token.kind == "digits" else token.text if token.kind == "literal" else "" for token in tokens
    ).strip()


def _digits(amount: Decimal, masks: Sequence[str]) -> list[str]:
    """The digits for each of ``masks``; of several, as in 000-0000, the last ones first."""
    if not masks:
        return []
    mask = "".join(masks).rstrip(",")
    amount /= 1000 ** (len("".join(masks)) - len(mask))
    whole, _, decimals = mask.partition(".")
    text = f"{amount.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP):f}"
    left, _, right = text.partition(".")
    while right and decimals[len(right) - 1] != "0" and right.endswith("0"):
        right = right[:-1]
    left = left.lstrip("0").zfill(whole.count("0"))
    if len(masks) > 1 and not decimals:
        return _dealt(left, masks)
    if "," in whole:
        left = f"{int(left or 0):,}" if left and not left.startswith("0") else left
    left = left or ("0" if not right and "#" in mask else "")
    return ["", *[""] * (len(masks) - 2), f"{left}.{right}" if right else left][-len(masks) :]


def _dealt(digits: str, masks: Sequence[str]) -> list[str]:
    dealt: list[str] = []
    for mask in reversed(masks[1:]):
        size = len(mask.replace(",", ""))
        digits, taken = digits[:-size], digits[-size:]
        dealt.append(taken)
    return [digits, *reversed(dealt)]


def _scientific(amount: Decimal, masks: Sequence[str], power: str) -> list[str]:
    decimals = len("".join(masks).partition(".")[2])
    mantissa, _, exponent = f"{amount:.{decimals}E}".partition("E")
    sign = "-" if exponent.startswith("-") else "+" if "+" in power else ""
    return [f"{mantissa}E{sign}{exponent.lstrip('+-').zfill(power.count('0'))}"]


def _general(value: float) -> str:
    # Fifteen digits are what a sheet shows; the sixteenth is how 0.1 + 0.2 comes out.
    return f"{value:.15g}" if isinstance(value, float) and abs(value) < 1e15 else str(value)
