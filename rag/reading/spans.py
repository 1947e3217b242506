"""Short answers inside a sentence: what could answer each kind of question, by form alone.

Every function works on a sentence's normalised text and returns ranges of it, in reading order.
"""

from __future__ import annotations

import re

from rag.tokenization import tagged
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
    rf"(?<![a-z0-9.\-])(?:将?近|大?约|超过|超|逾|高达|不到|不足|至少|仅有?|突破了?)?\s?{_NUMERAL}(?:\s?[-—~至]+\s?{_NUMERAL})?\s?{_SCALE}\s?{_UNIT}(?!(?<=\d)[a-z])"
)
_MODIFIER_ONLY_VERB = re.compile(r"^(?:仅有?|突破了?|高达)\s?")
_ORDINAL = re.compile(r"第[一二三四五六七八九十\d]+(?:[大位名届]|强)?|[一二三四五六七八九]年级")
# A lone numeral, "a", a year without 年.
_NO_QUANTITY = re.compile(r"[一二三四五六七八九十两]|一(?:[个种款家位名张天次年]|万)|(?:19|20)\d{2}")
_HAN_YEAR = "[一二][零〇○一二三四五六七八九]{3}"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:[12]\d|3[01]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_DATE = re.compile(
    rf"(?:公元前?)?(?:(?:19|20|1[0-8])?\d{{2}}|{_HAN_YEAR})\s?年"
    rf"(?:\s?{_MONTH}\s?月(?:\s?{_DAY}\s?[日号]|[初中底末])?|[初中底末]|[上下]半年|q[1-4]|第?[一二三四]季度)?"
    rf"|(?<![\d十]){_MONTH}\s?月(?:\s?{_DAY}\s?[日号]|[初中底末]|份)?|(?<!\d)(?:[12]\d|3[01]|0?[1-9])日"
    r"|年[初中底末]|\d{1,2}世纪(?:[初中末]|\d0年代)?|\d0年代|同日|同年|次年|[今去明前]年|q[1-4]"
)
_TITLE = re.compile(r"《[^《》]+》|“[^“”]+”|\"[^\"]+\"|「[^「」]+」")
_CLAUSE = re.compile(r"[^,;:。!?…\n]+")
# What a list of 、 begins and ends at. Normalised text has ASCII commas.
_LATIN = re.compile(r"[a-z0-9 .-]")
_LIST_START = re.compile(
    r"(?:.*(?:[,;:。!?(]|包括|例如|比如|诸如|如|以及|分别是|分别为|有(?!限)|是|为|了|像|由|等|的是|具备|支持|以|在|对|将|把|向|从|但|并|涉及|上|着|站))"
)
_LIST_END = re.compile(
    r"[,;:。!?)]|等(?!于)|为代表|的(?=[^、]*$)|都|则|也|均|可以|能够|给出|就|进行|中(?=加速)|领域|和(?=[^、]*[,。]$)"
)
_CAUSE = re.compile(r"(?:因为|由于|得益于|凭借|源于|归功于|原因(?:是|在于)|为了|有赖于|随着)")
_MEANS = re.compile(r"(?:通过|凭借|借助|利用|依靠|采用|以)(?=[^,。]{2,})")
_SURNAME = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚"
)
_CHINESE_NAME = re.compile(rf"(?:[{_SURNAME}]|欧阳|司马|上官|诸葛)[\u4e00-\u9fff]{{1,2}}")
_FOREIGN_NAME = re.compile(r"[\u4e00-\u9fff]{2,}?(?:·[\u4e00-\u9fff]+)+|(?<![a-z])[a-z]{2,} [a-z]{3,}(?![a-z])")
_LOCATED = re.compile(r"(?:在|于|向)([^,;。在于向]{2,16}?)(?:上(?!线)|中(?!心)|里|举行|发布|提起|成立|显示)")
_COMMON_LATIN = frozenset({"ai", "app", "llm", "it", "pc"})
# Tags of jieba's part-of-speech tagger.
_PERSON = frozenset({"nr", "nrt", "nrfg"})
_NAME = _PERSON | {"nz", "nt", "ns", "eng", "x"}
# Time words, adverbs, conjunctions, marks and numerals that come before a subject.
_BEFORE_SUBJECT = frozenset({"t", "tg", "d", "c", "x", "m", "ad", "p", "r", "l"})
_LONGEST_SUBJECT = 12
_PLACE = frozenset({"ns", "nt", "s"})


def clauses(text: str) -> list[Span]:
    """Ranges between commas and stronger marks that are outside quotations and brackets."""
    found: list[Span] = []
    for match in _CLAUSE.finditer(text):
        part = text[found[-1].start : found[-1].end] if found else ""
        if any(part.count(pair[0]) > part.count(pair[1]) for pair in ("“”", "《》", "()")):
            found[-1] = Span(found[-1].start, match.end())
        else:
            found.append(Span(*match.span()))
    return found


def quantities(text: str) -> list[Span]:
    """Numbers with their modifiers (近, 超, 约) and units, and ordinals; not those of dates and names."""
    dates = [match.span() for match in _DATE.finditer(text)]
    found = []
    for match in _QUANTITY.finditer(text):
        start, end = match.span()
        verb = _MODIFIER_ONLY_VERB.match(match.group())
        start += verb.end() if verb else 0
        start += len(text[start:end]) - len(text[start:end].lstrip())
        inside_date = any(left < end and start < right for left, right in dates)
        if start < end and not inside_date and not _NO_QUANTITY.fullmatch(text[start:end].strip()):
            found.append(Span(start, start + len(text[start:end].rstrip())))
    found += [Span(*match.span()) for match in _ORDINAL.finditer(text)]
    return sorted(found)


def dates(text: str) -> list[Span]:
    """Years, months, days, quarters and relative dates, as long as they are written."""
    return [Span(*match.span()) for match in _DATE.finditer(text)]


def titles(text: str) -> list[Span]:
    """What stands in 《》 or quotation marks, marks included."""
    return [Span(*match.span()) for match in _TITLE.finditer(text)]


def people(text: str) -> list[Span]:
    """Names of people: Chinese ones by tag and surname, transliterated ones by their dot, Latin ones by two words."""
    chinese = [Span(a, b) for word, a, b, tag in tagged(text) if tag in _PERSON and _CHINESE_NAME.fullmatch(word)]
    return sorted([*chinese, *(Span(*match.span()) for match in _FOREIGN_NAME.finditer(text))])


def names(text: str) -> list[Span]:
    """Names of people, organisations, places and products, and words in Latin script; neighbours are joined."""
    return _runs(text, _NAME)


def subjects(text: str) -> list[Span]:
    """What each clause begins with, up to its verb, preposition or 的: who or what it is about."""
    found = []
    for clause in clauses(text):
        words = [word for word in tagged(text) if clause.start <= word[1] and word[2] <= clause.end]
        while words and (words[0][3] in _BEFORE_SUBJECT or _DATE.match(words[0][0])):
            words.pop(0)
        end = next((i for i, word in enumerate(words) if word[3][0] in "vpd" or word[0] == "的"), len(words))
        is_name = any(word[3][0] in "ne" or word[3] == "j" for word in words[:end])
        if is_name and end < len(words) and words[end - 1][2] - words[0][1] <= _LONGEST_SUBJECT:
            found.append(Span(words[0][1], words[end - 1][2]))
    return found


def places(text: str) -> list[Span]:
    """Names of places and institutions, with the nouns that follow them."""
    found = []
    words = tagged(text)
    for position, (_, start, end, tag) in enumerate(words):
        if tag in _PLACE:
            while position + 1 < len(words) and words[position + 1][3] in ("n", "ns", "nt", "vn", "b", "nz"):
                position += 1
                end = words[position][2]
            found.append(Span(start, end))
    return [span for i, span in enumerate(found) if i == 0 or span.start >= found[i - 1].end]


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


def located(text: str) -> list[Span]:
    """What follows 在, 于 or 向 and stands before 上, 中, 里 or a verb."""
    return [Span(*match.span(1)) for match in _LOCATED.finditer(text)]


def after(pattern: str, text: str) -> Span | None:
    """What follows ``pattern`` up to the end of its clause."""
    match = re.search(rf"(?:{pattern})(?:了|过|着|出|是|为|到|成|[:])*([^,;。!?…\n]+)", text)
    return Span(*match.span(1)) if match else None


def cause(text: str) -> Span | None:
    """The part of a sentence that states a cause, from its marker to the end of the sentence."""
    match = _CAUSE.search(text)
    return Span(match.start(), len(text)) if match else None


def means(text: str) -> Span | None:
    """The clause that states a means, from its marker on."""
    match = _MEANS.search(text)
    if not match:
        return None
    end = re.search(r"[,;。!?]", text[match.start() :])
    return Span(match.start(), match.start() + end.start() if end else len(text))


def _runs(text: str, tags: frozenset[str]) -> list[Span]:
    runs: list[Span] = []
    for word, start, end, tag in tagged(text):
        is_common = tag in _PERSON and not _CHINESE_NAME.fullmatch(word)
        if tag not in tags or is_common or not re.search(r"[^\W\d_]", word) or word in _COMMON_LATIN:
            continue
        if runs and start - runs[-1].end <= (text[runs[-1].end : start] == " "):
            runs[-1] = Span(runs[-1].start, end)
        else:
            runs.append(Span(start, end))
    return runs


def _split_last(text: str, span: Span) -> list[Span]:
    joint = re.search(r"以及|和|与|及(?!其)", text[span.start : span.end])
    if not joint or not joint.start():
        return [span]
    return [Span(span.start, span.start + joint.start()), Span(span.start + joint.end(), span.end)]


def _stripped(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip(" ,:("))
    return Span(start, max(start + 1, span.start + len(part.rstrip(" ,:)"))))
