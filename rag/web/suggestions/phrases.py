"""Figures, lists and clauses of a sentence, by their form.

Every function works on normalised text and returns ranges of it, in reading order.
"""

from __future__ import annotations

import re

from rag.question.mentions import dates
from rag.text.tokenization import tagged
from rag.types import Span

_NUMERAL = (
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    r"|(?<!零)[一二三四五六七八九十两][一二三四五六七八九十百千零]*"
    r"|数(?=[十百千万亿])|(?<=[超近约过])[百千](?=万))"
)
_SCALE = r"(?:(?:万亿|千万|百万|十万|[万亿千百])(?:多|余)?|多|余)?"
_UNIT = (
    r"(?:%|成(?![立为功了员本果分])|美元|美金|人民币|港元|欧元|日元|元(?:/千?tokens?)?|厘|用户|张|个|家|次|倍|款|种|名|位|人|岁|项|条|篇|部|台|套|件|座|所"
    r"|公里|千米|米|厘米|公斤|千克|吨|克|平方公里|平方千米|平方米|公顷|吉字节|小时|分钟|秒|天|周|个月|年(?![\d级])|届|度|字|(?:gb|tb|mb|kg|km|cm|mm|m|tokens?)(?![a-z]))?"
)
_QUANTITY = re.compile(
    rf"(?<![a-z0-9.\-])(?:不(?:超过|少于|多于|低于|高于|大于|小于)|将?近|大?约|超过|超|逾|高达|不到|不足|至少|仅有?|突破了?)?\s?{_NUMERAL}(?:\s?[-—~至]+\s?{_NUMERAL})?\s?{_SCALE}\s?{_UNIT}(?!(?<=\d)[a-z])"
)
_MODIFIER_ONLY_VERB = re.compile(r"^(?:仅有?|突破了?|高达)\s?")
_ORDINAL = re.compile(r"第[一二三四五六七八九十\d]+(?:[大位名届]|强)?|[一二三四五六七八九]年级")
# A lone numeral, "a", a year without 年.
_NO_QUANTITY = re.compile(r"[一二三四五六七八九十两]|一(?:[个种款家位名张天次年]|万)|(?:19|20)\d{2}")
_CLAUSE = re.compile(r"[^,;:。!?…\n]+")
# What a list of 、 begins and ends at. Normalised text has ASCII commas.
_LATIN = re.compile(r"[a-z0-9 .-]")
_LIST_START = re.compile(
    r"(?:.*(?:[,;:。!?(]|包括|例如|比如|诸如|如|以及|分别是|分别为|有(?!限)|是|为|了|像|由|等|的是|具备|支持|以|在|对|将|把|向|从|但|并|涉及|上|着|站))"
)
_LIST_END = re.compile(
    r"[,;:。!?)]|等(?!于)|为代表|的(?=[^、]*$)|都|则|也|均|可以|能够|给出|就|进行|中(?=加速)|领域|和(?=[^、]*[,。]$)"
)


def clauses(text: str) -> list[Span]:
    """Ranges between commas and stronger marks that are outside quotations and brackets."""
    ranges: list[Span] = []
    for match in _CLAUSE.finditer(text):
        part = text[ranges[-1].start : ranges[-1].end] if ranges else ""
        if any(part.count(pair[0]) > part.count(pair[1]) for pair in ("“”", "《》", "()")):
            ranges[-1] = Span(ranges[-1].start, match.end())
        else:
            ranges.append(Span(*match.span()))
    return ranges


def quantities(text: str) -> list[Span]:
    """Numbers with their modifiers (近, 超, 约) and units, and ordinals; not those of dates and names."""
    days = dates(text)
    found = []
    for match in _QUANTITY.finditer(text):
        start, end = match.span()
        verb = _MODIFIER_ONLY_VERB.match(match.group())
        start += verb.end() if verb else 0
        start += len(text[start:end]) - len(text[start:end].lstrip())
        inside_date = any(day.start < end and start < day.end for day in days)
        if start < end and not inside_date and not _NO_QUANTITY.fullmatch(text[start:end].strip()):
            found.append(Span(start, start + len(text[start:end].rstrip())))
    found += [Span(*match.span()) for match in _ORDINAL.finditer(text)]
    return sorted(found)


def listed(text: str) -> list[tuple[Span, ...]]:
    """Lists whose items stand between 、, the last also after 和, 与, 及, 以及."""
    lists = []
    for match in re.finditer(r"[^、,;:。!?…\n]+(?:、[^、,;:。!?…\n]+)+", text):
        pieces = [Span(*piece.span()) for piece in re.finditer(r"[^、]+", text[match.start() : match.end()])]
        items = [Span(match.start() + piece.start, match.start() + piece.end) for piece in pieces]
        start = _LIST_START.match(text[items[0].start : items[0].end])
        if start and start.end() < items[0].end - items[0].start:
            items[0] = Span(items[0].start + start.end(), items[0].end)
        last = items.pop()
        end = _LIST_END.search(text, last.start + 1, last.end)
        last = Span(last.start, end.start() if end else last.end)
        items.extend(_split_last(text, last))
        lists.append(tuple(_alike(text, [_stripped(text, item) for item in items])))
    return lists


def _alike(text: str, items: list[Span]) -> list[Span]:
    """Items of about the same length: the first loses words before it, the last words after it, if far longer."""
    for position, others in ((0, items[1:]), (len(items) - 1, items[:-1])):
        item = items[position]
        usual = sum(span.end - span.start for span in others) / len(others)
        if item.end - item.start < max(1.5 * usual, usual + 2):
            continue
        words = [word for word in tagged(text) if item.start <= word[1] and word[2] <= item.end]
        if position == 0:
            cuts = [Span(word[1], item.end) for word in words if not _LATIN.match(text[word[1] - 1 : word[1]])]
        else:
            cuts = [Span(item.start, word[2]) for word in words if not _LATIN.match(text[word[2] : word[2] + 1])]
        if cuts:
            items[position] = min(cuts, key=lambda cut: abs(cut.end - cut.start - usual))
    return items


def _split_last(text: str, span: Span) -> list[Span]:
    joint = re.search(r"以及|和|与|及(?!其)", text[span.start : span.end])
    if not joint or not joint.start():
        return [span]
    return [Span(span.start, span.start + joint.start()), Span(span.start + joint.end(), span.end)]


def _stripped(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip(" ,:("))
    return Span(start, max(start + 1, span.start + len(part.rstrip(" ,:)"))))
