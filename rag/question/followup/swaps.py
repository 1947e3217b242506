"""「300公斤以上呢」「保证金呢」「2023版是多少」「第二条呢」: a part of the turn before that another takes the place of.

The part is known by its form, not by its parts of speech: taggers cut 伙食补助 and 仓储费 as they like.
"""

from __future__ import annotations

import re
from typing import Final

from rag.question import mentions
from rag.question.followup.wording import AMOUNT, ASKS, ATTRIBUTE, CHINESE, MEASURE, Phrase

_NUMBER: Final = r"(?:\d[\d.,]*(?:[-~至到]\d[\d.,]*)?|[一二两三四五六七八九十百千]+)"
_SIZE: Final = re.compile(
    rf"(?P<nth>第?){_NUMBER}\s?(?P<unit>[a-z℃%]+|[\u4e00-\u9fff]{{1,3}}?)(?P<limit>及?以[上下内外])?"
)
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
_LONGEST_NOUN: Final = 8
# Times that come round: each takes the place of another of its line.
_TIMES: Final = tuple(
    re.compile(form)
    for form in (
        "(?:[上下本这]个?)?(?:周|星期|礼拜)[一二三四五六日天末]",
        "[早中晚]上|[上中下]午|凌晨|傍晚|半夜",
        "[今明后昨前]天",
        "[上下本这]个?(?:周|星期|礼拜|月|季度|学期)",
        "(?:平|工作|休息|节假)日|假期|寒假|暑假",
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
    """``before`` with ``body`` for its only part of that form: a size, an item's number, a time, an amount; else ""."""
    return _with_size(before, body) or _with_item(before, body) or _with_time(before, body) or with_amount(before, body)


def stays_alone(text: str) -> bool:
    """Whether a text is the number of an item or a time, and no name for which it could stand: 第二条, 周二."""
    return mentions.NTH.fullmatch(text) is not None or any(form.fullmatch(text) for form in _TIMES)


def _with_size(before: Phrase, body: Phrase) -> str:
    new = _SIZE.fullmatch(body.text)
    if not new:
        return ""
    form = rf"{'第' if new['nth'] else '(?<!第)'}(?<![\d.a-z]){_NUMBER}\s?{re.escape(new['unit'])}(?:及?以[上下内外])?"
    old = list(re.finditer(form, before.text))
    return before.with_part(*old[0].span(), body.written) if len(old) == 1 else ""


def _with_item(before: Phrase, body: Phrase) -> str:
    """Of the list that was asked for the item whose number is ``body``."""
    asked = _ASKS_WHICH.search(before.text) if mentions.NTH.fullmatch(body.text) else None
    return f"{before.slice(0, asked.start())}的{body.written}是什么？" if asked and asked.start() else ""


def _with_time(before: Phrase, body: Phrase) -> str:
    form = next((form for form in _TIMES if form.fullmatch(body.text)), None)
    old = list(form.finditer(before.text)) if form else []
    return before.with_part(*old[0].span(), body.written) if len(old) == 1 else ""


def with_alike(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for its only word that ends as it does, whatever parts of speech: 换货 for 退货."""
    nouns = (word for word in before.words if len(word.text) > 1 and word.tag[0] not in "rmquyc")
    old = [word for word in nouns if word.text[-1] == body.text[-1] and not ASKS.search(word.text)]
    is_word = 2 <= len(body.text) <= _LONGEST_NOUN and CHINESE.match(body.text[-1])
    return before.with_part(old[0].start, old[0].end, body.written) if is_word and len(old) == 1 else ""


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
    is_noun = 2 <= len(old) <= _LONGEST_NOUN and re.fullmatch(r"[\u4e00-\u9fff]+", old) and old != body.text
    return before.with_part(start, asked.start(), body.written) if is_noun else ""
