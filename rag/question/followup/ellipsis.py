"""「那月之暗面呢？」「创始人呢？」「什么时候发布的？」: questions that leave out what the turn before has said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question import mentions
from rag.question.followup.attributes import WHAT_OF, attribute_asked
from rag.question.followup.meanings import Earlier, made, person, thing
from rag.question.followup.naming import swapped
from rag.question.followup.predicates import CLEFT, lacks_subject
from rag.question.followup.swaps import (
    exchanged,
    of_edition,
    of_item,
    stays_alone,
    with_alike,
    with_amount,
    with_shared,
)
from rag.question.followup.topics import Sort, Topic, phrases, sort_of, topic
from rag.question.followup.wording import AMOUNT, ASKING, ASKS, ATTRIBUTE, CHINESE, MEASURE, NOW, Phrase
from rag.text.normalization import HAN

_NOTHING = re.compile("然后|所以|接着|后来|其他|别的|你|我|还有|之后|结果|人|原因")
_DATE = re.compile(r"(?P<year>(?:公元前?)?\d{2,4}年)?(?P<month>\d{1,2}月)?(?P<day>\d{1,2}[日号])?(?P<rest>.*)")
_OF_A_PERSON = re.compile("出生|去世|逝世|毕业|结婚|多大年纪|几岁|哪里人|哪国人|什么学校")
_ASKS_WHO = re.compile("(?:现在|目前|都|分别)?(?:是|叫|有|为)?(?:谁|什么|哪|几|多少)")
_OF_A_THING = re.compile("(?:是|有|为)?(?:什么(?!时候|人)|多少|几)")
# An amount, and of what else than of the thing before it is asked for: 押金多少, 一个月学费多少.
_AMOUNT_ASKED = re.compile(
    rf"(?:[一每]个?[天月年次晚人])?(?P<amount>{HAN}{{1,3}}{AMOUNT.pattern[:-1]})(?:是|要|收|有|得)*多少钱?"
)
_WHEN = re.compile("(?:的时候?|那时候?|那会儿?|那年)$")
_SAME_NAME = {Sort.NAME, Sort.COMMON}


def completed(question: Phrase, earlier: Sequence[Earlier]) -> str:
    """``question`` with what it leaves out; "" if it leaves nothing out, or what it does is not clear."""
    before = Phrase.of(earlier[-1].question)
    if asked := of_edition(question, before) or of_item(question, before):
        return asked
    if (priced := _AMOUNT_ASKED.fullmatch(question.text[: question.end])) and _is_one_word(priced["amount"]):
        about = _about(question, earlier)
        return f"{about}的{question.written}" if about and not AMOUNT.search(about) else ""
    what_of = WHAT_OF.match(question.text)
    if what_of and not ASKS.search(what_of["body"]):
        marked = bool(re.match("那|而|还有", question.text)) or "呢" in question.text
        body = Phrase.of(question.slice(*what_of.span("body")))
        is_owner = marked and question.text[what_of.end("body") :].startswith("的")
        whole = (exchanged(before, body) or _with_modifier(before, body)) if is_owner else ""
        return whole or _what_of(question, body, earlier, marked)
    attribute = ATTRIBUTE.match(question.text)
    if attribute and _only_asks(question, attribute.end(), ASKING[attribute.group(1)] == "是谁"):
        about = _about(question, earlier)
        return f"{about}的{question.written}" if about else ""
    if lacks_subject(question):
        about = _about(question, earlier)
        copula = "是" if CLEFT.match(question.text) and question.text[: question.end].endswith("的") else ""
        return f"{about}{copula}{question.written}" if about else ""
    return ""


def _what_of(question: Phrase, body: Phrase, earlier: Sequence[Earlier], marked: bool) -> str:
    if _NOTHING.fullmatch(body.text) or not body.words:
        return ""
    if ATTRIBUTE.fullmatch(body.text):
        about = _about(question, earlier)
        if AMOUNT.search(about) and (whole := with_amount(Phrase.of(earlier[-1].question), body)):
            return whole
        return attribute_asked(Phrase.of(f"{about}的{body.written}？")) if about else ""
    if not marked:
        return ""
    before = Phrase.of(earlier[-1].question)
    body = Phrase.of(body.slice(0, when.start())) if (when := _WHEN.search(body.text)) else body
    is_date = _is_date(body, before)
    if not (is_date and mentions.dates(before.text)) and (whole := exchanged(before, body)):
        return whole
    if MEASURE.fullmatch(body.text) and not any(word.is_name for word in body.words):
        about = _about(question, earlier)
        # What is itself asked for its amount has none of another: 水电费 stands beside 押金.
        if about and not AMOUNT.search(about):
            return f"{about}的{body.written}呢？"
    if any(word.is_name for word in body.words) and (whole := attribute_asked(question)):
        return whole
    if is_date:
        return _with_date(before, body)
    if "的" in body.text or stays_alone(body.text):
        return ""
    if whole := with_shared(before, body):
        return whole
    replaced = _of_the_same_sort(before, body)
    if replaced is None:
        return with_alike(before, body)
    return before.with_part(replaced.start, _end(before, replaced), body.written)


def _end(before: Phrase, replaced: Topic) -> int:
    """Where a noun ends, with the number behind it that belongs to it: 科目二, but 苹果|三斤."""
    after = [word for word in before.words if word.start >= replaced.end][:2]
    is_numbered = after and after[0].start == replaced.end and re.fullmatch(r"[一二三四五六七八九十\d]+", after[0].text)
    return after[0].end if is_numbered and after[1:] and after[1].tag[0] not in "qmn" else replaced.end


def _with_modifier(before: Phrase, body: Phrase) -> str:
    """``before`` with ``body`` for the first word of its only noun of several words.

    So 「银龄的呢」 after 职场套餐 is 银龄套餐.
    """
    parts = ([word for word in before.words if one.start <= word.start < one.end] for one in phrases(before))
    compounds = [words for words in parts if len(words) > 1]
    if len(compounds) != 1 or "的" in before.text or before.words[-1] in compounds[0]:
        return ""
    return before.with_part(compounds[0][0].start, compounds[0][0].end, body.written)


def _is_one_word(text: str) -> bool:
    """Whether a text is one word, or one with a character that amounts end with: 场地|费."""
    words = Phrase.of(text).words
    return len(words) == 1 or (len(words) == 2 and len(words[1].text) == 1)


def _is_date(body: Phrase, before: Phrase) -> bool:
    """Whether ``body`` is a date and no more; 5号 is one where ``before`` has a date."""
    if [(span.start, span.end) for span in mentions.dates(body.text)] == [(0, len(body.text))]:
        return True
    is_day = re.fullmatch(r"(?:[12]?\d|3[01])号", body.text) and mentions.dates(before.text)
    return bool(is_day or re.fullmatch(r"(?:\d{4}年)?第?[一二三四1-4]季度", body.text))


def _about(question: Phrase, earlier: Sequence[Earlier]) -> str:
    """What the newest turn is about; of one before only where that one names nothing."""
    for turn in reversed(earlier):
        if found := _of_turn(question, turn):
            return found
        if made(turn) or phrases(Phrase.of(turn.question)):
            return ""
    return ""


def _of_turn(question: Phrase, turn: Earlier) -> str:
    if _OF_A_PERSON.search(question.text):
        return person(turn)
    if made(turn):
        return ""
    found = thing(turn)
    about = topic(Phrase.of(turn.question))
    return found or (about.written if about else "")


def _only_asks(question: Phrase, start: int, person_asked: bool) -> bool:
    """Whether nothing but asking words follows: no other noun than the one asked for."""
    rest = question.text[start:]
    if not ASKS.search(rest) or rest.startswith("的"):
        return False
    if person_asked and not _ASKS_WHO.match(rest):
        return False
    asked = False
    for word in Phrase.of(rest).words:
        if not asked and (word.is_noun or re.match(r"\d", word.text)):
            return False
        asked = bool(ASKS.search(word.text)) or (asked and word.tag[0] in "qm")
    return True


def _with_date(before: Phrase, body: Phrase) -> str:
    """``before`` with the date of ``body`` for its own: what ``body`` does not say, such as the year, stays."""
    if not CHINESE.search(before.text):
        return swapped(before.written, body.text.removesuffix("年"))
    if now := NOW.search(before.text):
        return before.with_part(*now.span(), body.written)
    found = mentions.dates(before.text)
    if not found:
        about = topic(before)
        return before.with_part(about.end, about.end, body.written) if about and not about.described else ""
    old, new = _DATE.fullmatch(before.text[found[0].start : found[0].end]), _DATE.fullmatch(body.text)
    if not old or not new:
        return ""
    start, end = 0, old.end()
    if not new["year"]:
        start = old.end("year") if old["year"] and (new["month"] or new["day"]) else 0
        start = old.end("month") if old["month"] and not new["month"] and new["day"] else start
    elif not new["month"] and not new["rest"]:
        end = old.end("year") if old["year"] else 0
    return before.with_part(found[0].start + start, found[0].start + end, body.written)


def _of_the_same_sort(before: Phrase, body: Phrase) -> Topic | None:
    """The phrase of ``before`` in whose place ``body`` can stand."""
    sort = sort_of(body.words)
    about = topic(before)
    if not CHINESE.search(before.text):
        return about if sort in _SAME_NAME else None
    there = [phrase for phrase in phrases(before) if phrase.written != body.written]
    alike = [phrase for phrase in there if before.text[phrase.end - 1] == body.text[-1] and phrase.sort is sort]
    if sort is Sort.COMMON:
        if alike:
            return alike[0]
        owned = [phrase for phrase in there if phrase.sort is sort and before.text[: phrase.start].endswith("的")]
        if about and about.sort is not sort and len(owned) == 1 and _OF_A_THING.match(before.text, owned[0].end):
            return owned[0]
        # A noun of several is a thing of its own, and what it stands for may be taken for a name: 空气滤芯.
        sorts = _SAME_NAME if len(body.words) > 1 and all(word.is_noun for word in body.words) else {sort}
        return about if about and about.sort in sorts and not about.described else None
    if about and about.sort is sort:
        return about
    if about is None and len([phrase for phrase in there if phrase.sort is sort]) > 1:
        return None
    same = [phrase for phrase in there if phrase.sort is sort]
    if same:
        return same[0]
    return about if about and not about.described and {sort, about.sort} <= _SAME_NAME else None
