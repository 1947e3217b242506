"""「300公斤以上呢」「保证金呢」「2023版是多少」「第二条呢」: a part of the turn before that another takes the place of.

The part is known by its form, not by its parts of speech: taggers cut 伙食补助 and 仓储费 as they like.
"""

from __future__ import annotations

import re
from typing import Final

from rag.question import mentions
from rag.question.followup.wording import AMOUNT, ASKS, ATTRIBUTE, CHINESE, MEASURE, Phrase
from rag.text.normalization import HAN

_NUMBER: Final = r"(?:\d[\d.,]*(?:[-~至到]\d[\d.,]*)?[万亿]?|[一二两三四五六七八九十百千万亿]+)"
# What stands before a size and goes with it: 前一天 for 前五天, but 一天 for 五天.
_LEAD: Final = "提?前|满|不?超过?|不?[大高低小多少]于|不[到足满]"
_TIME_UNIT: Final = "分钟|小时|天|日|周|个?月|年"
_SIZE: Final = re.compile(
    rf"(?P<lead>第|{_LEAD})?{_NUMBER}\s?(?P<unit>[a-z℃%]*|{HAN}{{1,3}}?)(?P<limit>及?以[上下内外])?"
)
# M12, LM-600, GA37: letters and digits in one.
_CODE: Final = re.compile(r"(?<![a-z\d.])[a-z]+-?\d[a-z\d]*(?:-[a-z\d]+)*(?![a-z\d.])")
_EDITION: Final = r"(?:(?:19|20)\d\d年?版|第[一二三四五六七八九十\d]+版|[新旧老]版本?|v\d+(?:\.\d+)*版?)"
_OF_EDITION: Final = re.compile(
    rf"(?:那么?|而)?[, ]*(?P<edition>{_EDITION})[的里中]*(?:呢|(?:是|规定|怎么|如何)*(?:多少|什么|规定|说)的?)[? ]*"
)
_EDITION_BEFORE: Final = re.compile(rf"^{_EDITION}[的里中]*")
_OF_ITEM: Final = re.compile(
    rf"(?:那么?|而)?[, ]*(?P<nth>{mentions.NTH.pattern})(?:具体|又|是|说|讲|规定|写|了|的)*什么(?:内容)?[? ]*"
)
_ASKS_WHICH: Final = re.compile("[,的]?(?:分别|一共|总共|都|主要)*(?:有|是|包括|包含)(?:哪|什么|多少|几)")
# What is asked so is an amount: 预算是多少, 补助每天多少, 仓储费怎么收. 相机多少钱 asks for the price of a thing.
_ASKS_AMOUNT: Final = re.compile(
    "(?:是|有|为|要|收)?(?:每[^多]{1,2})?(?:是|要|收)?多少(?!钱)|(?:怎么|如何)[收算交付计]"
)
_OF: Final = rf"(?P<of>{HAN}{{0,4}})"
_NUMBERED: Final = re.compile(rf"{_OF}(?P<figure>\d+)岁?")
_NUMBERED_BEFORE: Final = re.compile(rf"(?:(?<!{HAN}){_OF})?(?<![\d.])(?P<figure>\d+)(?:岁|(?![\d.]))")
_LONGEST_NOUN: Final = 8
# Times that come round: each takes the place of another of its line.
_TIMES: Final = tuple(
    re.compile(form)
    for form in (
        "(?:[上下本这]个?)?(?:周|星期|礼拜)[一二三四五六日天末]|(?:平|工作|休息|节假)日|假期|寒假|暑假",
        "[早中晚]上|[上中下]午|凌晨|傍晚|半夜",
        "[今明后昨前]天",
        "[上下本这]个?(?:周|星期|礼拜|月|季度|学期)",
    )
)


def of_edition(question: Phrase, before: Phrase) -> str:
    """``before`` asked of the edition that ``question`` names and says no more than; else ""."""
    named = _OF_EDITION.fullmatch(question.text)
    if not named or not CHINESE.search(before.text):
        return ""
    old = _EDITION_BEFORE.match(before.text)
    asked = before.slice(old.end() if old else 0, len(before.text))
    return f"{question.slice(*named.span('edition'))}的{asked}"


def of_item(question: Phrase, before: Phrase) -> str:
    """``before`` asked of the item whose number ``question`` says, and no more: 第四条说了什么; else ""."""
    asked = _OF_ITEM.fullmatch(question.text)
    body = Phrase.of(question.slice(*asked.span("nth"))) if asked else None
    return (_with_size(before, body) or _with_item(before, body)) if body else ""


def exchanged(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for its only part of that form, else "".

    That is a size, a code, a number with who or what it is of, an item's number, a time, or an amount.
    """
    forms = (_with_size, _with_code, _with_number, _with_item, _with_time, with_amount)
    return next((whole for form in forms if (whole := form(before, body))), "")


def stays_alone(text: str) -> bool:
    """Whether a text is the number of an item or a time, and no name for which it could stand: 第二条, 周二."""
    return mentions.NTH.fullmatch(text) is not None or any(form.fullmatch(text) for form in _TIMES)


def _with_size(before: Phrase, body: Phrase) -> str:
    new = _SIZE.fullmatch(body.text)
    if not new or not (new["lead"] or new["unit"]):
        return ""
    unit = re.escape(new["unit"]) or r"(?![-.\da-z])"
    form = rf"(?:{_replaced(new['lead'], unit)})(?:及?以[上下内外])?"
    old = list(re.finditer(form, before.text))
    return before.with_part(*old[0].span(), body.written) if len(old) == 1 else ""


def _replaced(lead: str | None, unit: str) -> str:
    """The form of what a size in ``unit`` takes the place of: behind the same ``lead`` also in another unit of time."""
    alone = rf"(?<![-\d.a-z]){_NUMBER}\s?{unit}"
    if lead in (None, "第"):
        return f"{lead or '(?<!第)'}{alone}"
    return rf"(?:{_LEAD}){_NUMBER}\s?{unit}|{lead}{_NUMBER}\s?(?:{_TIME_UNIT})|(?<!第){alone}"


def _with_number(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for its only number, of as many digits, or with what stands before it in both.

    「800呢」 of RO-600, 「我妈85岁呢」 of 我65了.
    """
    new = _NUMBERED.fullmatch(body.text)
    old = list(_NUMBERED_BEFORE.finditer(before.text)) if new else []
    if not new or len(old) != 1:
        return ""
    if old[0]["of"] is None if new["of"] else len(old[0]["figure"]) != len(new["figure"]):
        return ""
    return before.with_part(old[0].start("of" if new["of"] else "figure"), old[0].end(), body.written)


def _with_code(before: Phrase, body: Phrase) -> str:
    old = list(_CODE.finditer(before.text)) if _CODE.fullmatch(body.text) else []
    return before.with_part(*old[0].span(), body.written) if len(old) == 1 else ""


def _with_item(before: Phrase, body: Phrase) -> str:
    """Of the list that was asked for the item whose number is ``body``."""
    asked = _ASKS_WHICH.search(before.text) if mentions.NTH.fullmatch(body.text) else None
    return f"{before.slice(0, asked.start())}的{body.written}是什么？" if asked and asked.start() else ""


def _with_time(before: Phrase, body: Phrase) -> str:
    form = next((form for form in _TIMES if form.fullmatch(body.text)), None)
    old = list(form.finditer(before.text)) if form else []
    return before.with_part(*old[0].span(), body.written) if len(old) == 1 else ""


def with_shared(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for as many words around one that both have: 甲方逾期付款 for 乙方逾期交货; else ""."""
    new, old = ([word.text for word in phrase.words] for phrase in (body, before))
    places = {old.index(word) - place for place, word in enumerate(new) if old.count(word) == 1 and len(word) > 1}
    first = places.pop() if len(places) == 1 else -1
    if first < 0 or first + len(new) > len(old) or len(new) < 2:
        return ""
    taken = before.words[first : first + len(new)]
    is_asked = any(ASKS.search(word.text) for word in taken)
    return "" if is_asked else before.with_part(taken[0].start, taken[-1].end, body.written)


def with_alike(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for its only word that ends as it does, whatever parts of speech: 换货 for 退货.

    Else for the only words of as many characters that do: 芙蓉厅 for 牡丹|厅.
    """
    if not 2 <= len(body.text) <= _LONGEST_NOUN or not CHINESE.match(body.text[-1]):
        return ""
    nouns = (word for word in before.words if len(word.text) > 1 and word.tag[0] not in "rmquyc")
    ending = [(word.start, word.end) for word in nouns if word.text[-1] == body.text[-1]]
    as_long = [(word.start, word.start + len(body.text)) for word in before.words]
    for spans in (ending, [span for span in as_long if before.text[slice(*span)].endswith(body.text[-1])]):
        old = [span for span in spans if not ASKS.search(before.text, *span)]
        if old:
            return before.with_part(*old[0], body.written) if len(old) == 1 else ""
    return ""


def with_amount(before: Phrase, body: Phrase) -> str:
    """``before`` with the amount ``body`` for the one that it asks for; "" if either is none.

    That stands right before what asks, behind 的, a name, a date or the beginning.
    """
    asked = _ASKS_AMOUNT.search(before.text)
    is_amount = AMOUNT.search(body.text) or MEASURE.fullmatch(body.text) or ATTRIBUTE.fullmatch(body.text)
    if not asked or not is_amount or "的" in body.text:
        return ""
    names = (word.end for word in before.words if (word.is_name or word.tag == "date") and word.end <= asked.start())
    behind = before.text.rfind("的", 0, asked.start()) + 1
    start = max(behind, *names, *(span.end for span in mentions.dates(before.text) if span.end <= asked.start()), 0)
    old = before.text[start : asked.start()]
    is_noun = 2 <= len(old) <= _LONGEST_NOUN and re.fullmatch(f"{HAN}+", old) and old != body.text
    return before.with_part(start, asked.start(), body.written) if is_noun else ""
