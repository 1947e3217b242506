"""Dates, titles and people that a text mentions, by their form.

Every function works on normalised text and returns ranges of it, in reading order.
"""

from __future__ import annotations

import re

from rag.text.normalization import HAN
from rag.text.tags import PERSON
from rag.text.tokenization import tagged
from rag.types import Span

_HAN_YEAR = "[一二][零〇○一二三四五六七八九]{3}"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:[12]\d|3[01]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_DATE = re.compile(
    rf"(?:公元前?)?(?:(?:19|20|1[0-8])?\d{{2}}|{_HAN_YEAR})\s?年"
    rf"(?:\s?{_MONTH}\s?月(?:\s?{_DAY}\s?[日号]|[初中底末])?|[初中底末]|[上下]半年|q[1-4]|第?[一二三四]季度)?"
    rf"|(?<![\d十]){_MONTH}\s?月(?:\s?{_DAY}\s?[日号]|[初中底末]|份)?|(?<!\d)(?:[12]\d|3[01]|0?[1-9])日"
    r"|[春夏秋冬]季|[上下]半年|第?[一二三四]季度|(?:第[一二]|[上下])学期"
    r"|年[初中底末]|\d{1,2}世纪(?:[初中末]|\d0年代)?|\d0年代|同日|同年|次年|[今去明前]年|q[1-4]"
)
_TITLE = re.compile(r"《[^《》]+》|“[^“”]+”|\"[^\"]+\"|「[^「」]+」")
_SURNAME = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚"
)
_CHINESE_NAME = re.compile(rf"(?:[{_SURNAME}]|欧阳|司马|上官|诸葛){HAN}{{1,2}}")
_FOREIGN_NAME = re.compile(rf"{HAN}{{2,}}?(?:·{HAN}+)+|(?<![a-z])[a-z]{{2,}} [a-z]{{3,}}(?![a-z])")
NTH = re.compile(r"第(?P<number>\d+|[一二三四五六七八九十]+)[条项款点步]|最后一[条项款点步]")
"""The item of a list by its number: 第二条, 最后一步."""


def dates(text: str) -> list[Span]:
    """Years, their parts, months, days and relative dates, as long as they are written."""
    return [Span(*match.span()) for match in _DATE.finditer(text)]


def titles(text: str) -> list[Span]:
    """What stands in 《》 or quotation marks, marks included."""
    return [Span(*match.span()) for match in _TITLE.finditer(text)]


def people(text: str) -> list[Span]:
    """Names of people: Chinese ones by tag and surname, transliterated ones by their dot, Latin ones by two words."""
    chinese = [Span(a, b) for word, a, b, tag in tagged(text) if tag in PERSON and _CHINESE_NAME.fullmatch(word)]
    return sorted([*chinese, *(Span(*match.span()) for match in _FOREIGN_NAME.finditer(text))])
