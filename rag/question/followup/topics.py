"""What a question is about: the phrase that a later one can leave out, and those that it can put another for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.question import mentions
from rag.question.followup import naming
from rag.question.followup.wording import AMOUNT, ASKING, ASKS, CHINESE, GENERIC, Phrase, Word
from rag.text.tags import PERSON

_SKIPPED = frozenset("xpcdrtyu")
DESCRIBED = re.compile(r"^(.+?)(?:是|为|叫)(?:哪|谁|什么)[^,]*[?]?$")

# Words that point to what is not in the question.
_POINTS = re.compile("[这该本此其它他她]|这[一个部本家款些种位].?|它们|他们|她们|本[文书片剧校国]|该[文书片剧校国]")

# 「停电的话，…」「如果逾期，…」: a condition, of which no more is asked.
_CONDITION = re.compile("^(?:[^,]*的话|(?:如果|要是|假如|万一|若)[^,]*(?=,)),?")
_BEHIND_NAMES = ("是", "在", "有", "的", "由")
# Before a place these are no part of its name.
_TOWARDS = "到去从往至"


class Sort(StrEnum):
    """What a phrase names, as far as its form tells."""

    PERSON = "person"
    PLACE = "place"
    TITLE = "title"
    DYNASTY = "dynasty"
    NAME = "name"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Topic:
    """A phrase of a question, ``[start, end)`` of its normalised text; ``described``: it tells what is asked for."""

    written: str
    start: int
    end: int
    sort: Sort
    described: bool = False


def sort_of(words: Sequence[Word]) -> Sort:
    """What ``words`` name, their last name deciding."""
    names = [word for word in words if word.is_name]
    text = "".join(word.text for word in words)
    if any(span.start == 0 and span.end == len(text) for span in mentions.people(text)) and any(
        word.tag in PERSON for word in words
    ):
        return Sort.PERSON
    if not names:
        return Sort.COMMON
    if words[0].tag == "nr" and len(text) <= 3 and len(words) > 1:
        return Sort.PERSON
    tag = names[-1].tag
    return {"ns": Sort.PLACE, "title": Sort.TITLE, "t": Sort.DYNASTY}.get(tag, Sort.NAME)


def phrases(question: Phrase) -> list[Topic]:
    """The noun phrases of ``question``, without what follows 什么 or 哪."""
    found: list[Topic] = []
    run: list[Word] = []
    asked = False
    for word in [*question.words, Word("", question.end, question.end, "x")]:
        if word.is_noun and not asked:
            run.append(word)
            continue
        if run:
            found.append(_topic(question, run))
            run = []
        asked = bool(ASKS.search(word.text)) or (asked and word.tag[0] in "qm")
    return found


def topic(question: Phrase) -> Topic | None:
    """Who or what ``question`` is about; None where that is not clear, as after 这 or 它."""
    if not CHINESE.search(question.text):
        return _named_in_english(question)
    condition = _CONDITION.match(question.text)
    words = [word for word in question.words if condition is None or word.start >= condition.end()]
    began = 0
    while began < len(words) and not _begins(words, began):
        if _POINTS.fullmatch(words[began].text):
            return None
        if ASKS.search(words[began].text) and not re.search("时|为|怎|如何", words[began].text):
            return _asked_about(question, words[began + 1 :])
        began += 1
    # 派|伯敏特: one character before a name is likely of the name.
    if 0 < began < len(words) and _is_piece(words[began - 1]):
        began -= 1
    if began and not _is_border(words[began - 1]):
        return None
    subject = _subject(question, words[began:])
    if subject and re.fullmatch(GENERIC, question.text[subject.start : subject.end]):
        return None
    # One character after others is most often the end of a name that was cut: 真番|郡.
    return None if subject and subject.start and subject.end - subject.start == 1 else subject


def _named_in_english(question: Phrase) -> Topic | None:
    span = naming.subject(question.written)
    if span is None:
        return None
    start, end = (bisect_left(question.folded.starts, place) for place in span)
    return Topic(question.written[slice(*span)], start, end, Sort.NAME)


def _is_piece(word: Word) -> bool:
    return len(word.text) == 1 and word.tag[0] in "vaqmgnk" and word.text not in f"是有在第{_TOWARDS}"


def _ends_noun(word: Word, after: Word) -> bool:
    """Whether a character that is no verb, or that amounts end with, stands right before what asks: 仓储|费怎么收."""
    return bool(ASKS.match(after.text)) and (word.tag[0] in "qgnk" or AMOUNT.match(word.text) is not None)


def _is_border(word: Word) -> bool:
    """Whether a subject can begin after ``word``."""
    return word.tag in ("date", "t", "uj", "y") or word.tag[0] in "xpcdrf" or word.text in f"是有了{_TOWARDS}"


def _begins(words: Sequence[Word], position: int) -> bool:
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else None
    if following and following.text in ("了", "过") and not word.is_name:
        # 搬坏了, 报了: a verb, also where jieba takes it for a noun.
        return False
    if word.is_noun and word.text != "·":
        return not (following and following.text == "的" and word.tag == "date")
    if word.tag not in ("v", "a") or len(word.text) < 2 or following is None or following.is_name:
        return False
    # 漏斗模型, 小模型: a verb or an adjective that belongs to the noun after it. 充电桩: behind a verb none is counted.
    return following.tag[0] in "nupr" or (following.tag == "q" and len(following.text) == 1)


def _subject(question: Phrase, words: Sequence[Word]) -> Topic | None:
    if not words:
        return None
    taken = [words[0]]
    rest = list(words[1:])
    while rest and rest[0].is_noun and rest[0].text != "距离":
        taken.append(rest.pop(0))
    while len(taken) > 1 and taken[-1].tag == "b":
        rest.insert(0, taken.pop())
    if taken[0].tag == "title" and len(taken) > 1:
        rest[:0] = taken[1:]
        del taken[1:]
    while len(taken) > 1 and taken[0].is_name and taken[-1].tag == "vn":
        rest.insert(0, taken.pop())
    if rest and rest[0].tag == "q" and not taken[0].is_noun:
        # 充电|桩: what counts nothing is the end of a noun.
        taken.append(rest.pop(0))
    elif len(rest) > 1 and _is_piece(rest[0]) and (rest[1].text in _BEHIND_NAMES or _ends_noun(*rest[:2])):
        taken.append(rest.pop(0))
    if any(word.text == "·" for word in taken):
        if rest and _is_piece(rest[0]):
            taken.append(rest.pop(0))
        if taken[-1].text == "·":
            return None
    if rest and rest[0].text in ("了", "过", "着") and len(taken) > 1:
        # 月之暗面融资了…: a verb that jieba took for a noun.
        rest.insert(0, taken.pop())
    description = _description(question, taken, rest)
    if description:
        return description
    while len(taken) > 1 and taken[-1].text in ASKING:
        rest.insert(0, taken.pop())
    if taken[0].text in ASKING:
        return None
    if rest and rest[0].text == "的":
        owned = []
        for word in rest[1:]:
            if not word.is_noun:
                break
            owned.append(word)
        if any(word.is_name for word in owned):
            # RO-800的RO膜: what a model has is told from that of others by the model alone.
            is_of_model = taken[-1].tag == "latin" and re.search(r"\d", taken[-1].text)
            return _topic(question, [*taken, *owned] if is_of_model else owned)
    if rest and rest[0].tag == "c" and len(rest) > 1 and rest[1].is_noun:
        return None
    return _topic(question, taken)


def _description(question: Phrase, taken: Sequence[Word], rest: Sequence[Word]) -> Topic | None:
    """The words before 是 where they hold a whole clause, as in "全球市值最高的公司是哪家"."""
    match = DESCRIBED.match(question.text)
    copula = match.end(1) if match else 0
    if question.text[:copula].endswith(tuple(ASKING)):
        return None
    before = [word for word in (*taken, *rest) if word.end <= copula]
    is_clause = any(word.tag[0] in "vad" and word.text not in ASKING for word in before)
    if not is_clause or "的" not in question.text[taken[0].start : copula]:
        return None
    start = taken[0].start
    return Topic(question.slice(start, copula), start, copula, Sort.COMMON, described=True)


def _asked_about(question: Phrase, words: Sequence[Word]) -> Topic | None:
    """What stands after the verb of "谁发明了蒸汽机"."""
    verb = next((i for i, word in enumerate(words) if word.tag[0] == "v"), None)
    if verb is None:
        return None
    rest = list(words[verb + 1 :])
    while rest and rest[0].tag[0] in _SKIPPED:
        rest.pop(0)
    return _subject(question, rest) if rest and _begins(rest, 0) else None


def _topic(question: Phrase, words: Sequence[Word]) -> Topic:
    start, end = words[0].start, words[-1].end
    return Topic(question.slice(start, end), start, end, sort_of(words))
