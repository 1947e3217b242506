"""Numbers as Chinese text writes them, and the one form by which all their writings find each other.

六千万, 6000万 and 60,000,000 are ``60000000``; 百分之三十 and 30% are ``30%``; 第十二条 and 第12条 are ``第12条``.
What is shown is never changed: positions are those of the (normalised) text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

_DIGIT = {
    c: n
    for n, row in enumerate(("零〇○", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for c in row
}
_FORMAL = str.maketrans("拾佰仟", "十百千")
_SCALE = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_ENGLISH = {"thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_D = "".join(_DIGIT)
# 五千米 is five 千米, as 5千米 is.
_HAN = rf"(?:[{_D}十百万亿拾佰仟]|千(?![瓦卡焦赫克米帕]))+(?:点[{_D}]+(?:万亿|[十百千]?[万亿])?)?"
_ARABIC = (
    r"(?<![a-z0-9._-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![a-z0-9]|[._-][a-z0-9])"
    r"(?:亿\d{1,4}(?:\.\d+)?万|\s?(?:万亿|[十百千]?[万亿]|千|百(?=[万亿]))(?![圣瓦卡焦赫克米帕])"
    rf"|\s(?:{'|'.join(_ENGLISH)})(?![a-z]))?"
)
_NUMBER = re.compile(
    rf"(?P<part>百分之|第\s?)?(?:(?P<arabic>{_ARABIC})|(?P<han>{_HAN}))"
    r"(?:(?P<percent>\s?%|成(?![立为功了员分本果长熟名效人语都品交年不绩就]))|(?(part)\s?(?P<of>[条章节款届期页卷])))?"
)
_DAY = re.compile(r"(?<![\d.])((?:19|20)\d\d)([-/.])(0?[1-9]|1[0-2])\2(3[01]|[12]\d|0?[1-9])(?![\d.])")
_SECTION = re.compile(rf"(?:([{_D}])千)?(?:零?([{_D}])百)?(?:零?([{_D}])?(十))?(?:零?([{_D}]))?")

# What may follow a numeral in one word of jieba's: what it counts or measures. Else the word is a name: 三国, 五粮液.
_CLASSIFIERS = (
    "个 家 款 种 名 位 人 次 倍 天 年 月 日 号 张 条 项 只 台 套 件 座 所 届 度 岁 大 部 篇 "
    "场 轮 期 章 节 级 层 页 卷 点 成 周 元 美元 港元 欧元 日元 米 克 吨 里 公里 千米 公斤 "
    "千克 厘米 公顷 亩 平方公里 平方米 立方米 分钟 小时 个月 月份 年级 世纪 年代 周年 多 "
    "余 以上 以下 份 支 艘 架 辆 户 字 本"
)
_COUNTED = frozenset(_CLASSIFIERS.split())
_AROUND = frozenset(["第", "近", "约", "超", "逾", "达", "约合", "百分之"])
_ABOUT = re.compile("(?:超|超过|近|逾|达|达到|约|突破)$")
# 一 is a number before these only: in 一个 and 一些 it says "a".
_ONE_OF = re.compile(r"\s?(?:月|号|日|公里|千米|公斤|千克|吨|美元|平方)")
_INEXACT = re.compile(r"[几多余来][十百千万亿]|几")


class Number(NamedTuple):
    """A number that stands at ``[start, end)``, and its ``term``: equal for all writings of the same number."""

    start: int
    end: int
    term: str


def numbers(text: str, words: Sequence[tuple[str, int, int]]) -> list[Number]:
    """The numbers in normalised ``text``, in order; ``words`` are its Chinese words, which tell 三家 from 三国."""
    spans: list[Number] = []
    for day in _DAY.finditer(text):
        spans += [Number(*day.span(group), day.group(group).lstrip("0")) for group in (1, 3, 4)]
    days = [match.span() for match in _DAY.finditer(text)]
    for match in _NUMBER.finditer(text):
        term = _term(match)
        inside_day = any(left < match.end() and match.start() < right for left, right in days)
        if term and not inside_day and (match["arabic"] or _is_counting(text, match, words)):
            spans.append(Number(match.start(), match.end(), term))
    return sorted(spans)


def value(written: str) -> Decimal | None:
    """What a numeral in Chinese characters comes to; None where it is none, such as 七八十."""
    whole, point, fraction = written.translate(_FORMAL).partition("点")
    if point:
        digits = fraction.rstrip("十百千万亿")
        scale = _product(fraction[len(digits) :])
        before = value(whole)
        return None if before is None else (before + Decimal(f"0.{_digits(digits)}")) * scale
    if all(c in _DIGIT for c in whole):
        positional = len(whole) == 1 or (len(whole) > 2 and bool(re.search("[零〇○]", whole)))
        return Decimal(_digits(whole)) if positional else None
    total = _integer(whole)
    return None if total is None else Decimal(total)


def _term(match: re.Match[str]) -> str:
    """The term of a match; "" where it is no number."""
    part, percent = (match["part"] or "").strip(), match["percent"]
    written = match["arabic"] or match["han"]
    number: Decimal | None
    if match["arabic"]:
        number = _arabic(written)
    elif (
        len(written) == 4 and match.string[match.end() : match.end() + 1] == "年" and all(c in _DIGIT for c in written)
    ):
        number = Decimal(_digits(written))
    else:
        number = value(written)
        if number is None and _ABOUT.search(match.string[: match.start()]) and written[-1] in "万亿":
            number = Decimal(_product(written)) if all(c in "十百千万亿" for c in written) else None
    if number is None:
        return ""
    if part == "第":
        return f"第{_plain(number)}{match['of'] or ''}" if not percent else ""
    if part == "百分之" or (percent and percent.strip() == "%"):
        return f"{_plain(number)}%"
    if percent:
        return f"{_plain(number * 10)}%" if number <= 10 else ""
    # Left as written: 4.0 and 4 are not the same version.
    return written if re.fullmatch(r"[\d.]+", written) else _plain(number)


def _is_counting(text: str, match: re.Match[str], words: Sequence[tuple[str, int, int]]) -> bool:
    """Whether a numeral in Chinese characters counts or measures, and is not a part of a name or of an idiom."""
    start, end = match.span()
    written = match["han"]
    if match["part"]:
        return True
    if text[:start].endswith(("数", "几", "好")) or _INEXACT.match(text, end):
        return False
    if written == "一" and not match["percent"] and not _ONE_OF.match(text, end):
        return False
    for word, left, right in words:
        if left < end and start < right:
            before, after = text[left : max(left, start)], text[min(right, end) : right]
            named = (before and before not in _AROUND) or (after and after not in _COUNTED)
            if named and (len(written) < 3 or len(word) > 2):
                return False
    return True


def _arabic(written: str) -> Decimal:
    figures, scale = re.fullmatch(r"([\d,.]+)\s?(.*)", written, re.DOTALL).groups()  # type: ignore[union-attr]
    number = Decimal(figures.replace(",", ""))
    if scale in _ENGLISH:
        return number * _ENGLISH[scale]
    hundreds_of_millions = re.fullmatch(r"亿([\d.]+)万", scale)
    if hundreds_of_millions:
        return number * _SCALE["亿"] + Decimal(hundreds_of_millions[1]) * _SCALE["万"]
    return number * _product(scale)


def _integer(written: str) -> int | None:
    """The value of a Chinese integer with units; None if it is not well formed."""
    for unit in "亿万":
        before, scale, after = written.rpartition(unit)
        if scale:
            high = _integer(before)
            low = 0 if not after else _integer(after)
            if high is None or low is None or not before:
                return None
            if len(after) == 1 and after in _DIGIT:
                # 两万五: the last digit stands for the next unit.
                low *= _SCALE[unit] // 10
            return high * _SCALE[unit] + low
    match = _SECTION.fullmatch(written)
    if not match or not written:
        return None
    thousands, hundreds, tens, ten, ones = match.groups()
    below = _DIGIT.get(ones or "零", 0)
    if ones and written[-2:-1] in ("百", "千"):
        below *= _SCALE[written[-2]] // 10
    return (
        _DIGIT.get(thousands or "零", 0) * 1000
        + _DIGIT.get(hundreds or "零", 0) * 100
        + (_DIGIT[tens] if tens else 1 if ten else 0) * 10
        + below
    )


def _product(scale: str) -> int:
    total = 1
    for character in scale:
        total *= _SCALE[character]
    return total


def _digits(written: str) -> str:
    return "".join(str(_DIGIT[c]) for c in written)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
