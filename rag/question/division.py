"""The questions inside what is asked.

People ask two things in one breath: "头奖多少钱，给了谁", "顺产和剖腹产各报多少", "门票多少，停车呢". What answers one
of them seldom answers the other, so each is searched and read for by itself, with the subject that it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.errors import QuestionError
from rag.question.courtesy import bare, courtesy
from rag.question.followup import Earlier, resolve
from rag.question.followup.attributes import attribute_asked
from rag.question.followup.predicates import CIRCUMSTANCE, LEAD
from rag.question.followup.wording import CHINESE, MEASURE, Phrase
from rag.question.validation import validate
from rag.text.lexicon import lexicon
from rag.text.normalization import HAN, begun_alike
from rag.text.tags import MODAL, NOUN_TAGS
from rag.text.tokenization import tagged

MAX_PARTS = 8
_PART_END = re.compile(r"(?<=[?？;；])\s*(?=\S)")
_CLAUSE_END = re.compile(rf"[，,、]|(?<={HAN})\s+(?={HAN})")
# What asks. "几" and "谁" may also stand for some or for nobody in particular: "好几年", "那几天", "不知道谁弄的".
_ASKS = re.compile(
    r"(?<![好那这十前后头])几(?!乎)|(?<!不知道)(?<!没)(?:为什么|为啥|什么|啥|谁|哪|何[时地人处]|为何|如何|怎|咋)|多少"
    r"|多[大高长久远重快深宽厚]|是否|是不是|有没有|能不能|可不可以|要不要|吗[?？]?$"
)
_AS_WELL = re.compile(r"呢[?？]?$")
_MARKS = "?？;；。 "
_MEASURED = re.compile(rf"{MEASURE.pattern}[{_MARKS}]*$")
# "安全员是谁，手机号多少": what follows is the person's.
_WHO = re.compile("谁|哪位")
_MODAL = re.compile(f"(?<=.)[{MODAL}]")
_JOINS = frozenset({"和", "与", "跟", "及", "、"})
_EACH = re.compile(r"分别|各自|各(?![种位类地国项界级式样色])")
_LATIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*(?: [A-Za-z0-9][A-Za-z0-9.+-]*)*")
_CLOSING = "》」』”’）)"
_LONGEST_NAME = 10


def divided(text: str) -> tuple[str, ...]:
    """The questions inside ``text``, without courtesy.

    One for each question mark, for each clause that asks, and for each thing of "A和B的…分别…". What names nothing of
    its own is asked with what the one before is about.

    Raises QuestionError where it can't be asked. Of more than MAX_PARTS none is answered: each costs as much as a
    question.
    """
    validate(text)
    questions = [_parts(sentence) for sentence in _sentences(bare(text))]
    count = sum(map(len, questions))
    if count > MAX_PARTS:
        raise QuestionError(
            f"一次问了 {count} 个问题，最多 {MAX_PARTS} 个。请分几次问。",
            f"There are {count} questions in this one; at most {MAX_PARTS} are answered at once. Divide it.",
        )
    asked: list[str] = []
    about = ""
    for first, *rest in questions:
        whole = _resolved(first, asked)
        if whole == first and about and _leans(first, about):
            whole = f"{_subject(about)}，{first}"
        else:
            about = whole
        asked.append(whole)
        for part in rest:
            asked.append(_resolved(part, asked))
    return tuple(asked)


def _resolved(part: str, asked: Sequence[str]) -> str:
    return resolve(part, [Earlier(before, "") for before in asked])


def _parts(sentence: str) -> list[str]:
    return [question for clause in _asking_clauses(sentence) for question in _of_each(clause)]


def _sentences(text: str) -> list[str]:
    """``text`` at its marks, without courtesy.

    What only tells something ("几点报到？她三年级") stands before the question that it is a condition of.
    """
    found = [part for part in _PART_END.split(text.strip()) if part.strip(_MARKS)]
    found = [part for part in found if courtesy(part) is None] or found
    if all(map(_tells, found)):
        return found
    asking: list[str] = []
    told = ""
    for part in found:
        if not _tells(part):
            asking.append(told + part)
            told = ""
        elif asking:
            asking[-1] = f"{part.strip(_MARKS)}，{asking[-1]}"
        else:
            told += f"{part.strip(_MARKS)}，"
    return asking


def _tells(part: str) -> bool:
    """Whether a sentence asks nothing: it has no word that asks, no mark, and names nothing that is asked for."""
    if not CHINESE.search(part) or _ASKS.search(part) or _AS_WELL.search(part) or part.endswith(("?", "？")):
        return False
    return not attribute_asked(Phrase.of(f"{part}？")) and not _MEASURED.search(part)


def _asking_clauses(part: str) -> list[str]:
    """Each clause that asks, with what stands before it; ``part`` itself if fewer than two do.

    A clause that names nothing ("押金多少，什么时候退") is about what the first one is about.
    """
    clauses = [clause for clause in _CLAUSE_END.split(part) if clause.strip()]
    asking = [place for place, clause in enumerate(clauses) if _ASKS.search(clause) or _AS_WELL.search(clause)]
    if len(asking) < 2 or not _ASKS.search(clauses[asking[0]]):
        return [part]
    first = asking[0]
    subject = "，".join([*clauses[:first], _subject(clauses[first])])
    found = ["，".join(clauses[: first + 1])]
    for before, place in pairwise(asking):
        asked = "，".join(clauses[before + 1 : place + 1])
        is_whole = _AS_WELL.search(asked) or (_named(asked) and not _WHO.search(clauses[before]))
        found.append(asked if is_whole else f"{subject}，{asked}")
    return found


def _leans(part: str, before: str) -> bool:
    """Whether a question names nothing but what it asks for, or asks about the person whom ``before`` asks for."""
    if _AS_WELL.search(part) or not CHINESE.search(part):
        return False
    return bool(_WHO.search(before)) or not _names(part)


def _names(question: str) -> bool:
    """Whether there is a noun but in and after its asking words: 材料 of 什么材料 is none."""
    asking = {place for found in _ASKS.finditer(question) for place in range(*found.span())}
    asked = False
    for word, start, end, tag in tagged(question):
        is_noun = tag.startswith(NOUN_TAGS)
        asked = not asking.isdisjoint(range(start, end)) or (asked and (is_noun or tag[0] in "qm"))
        if is_noun and not asked and len(word) > 1 and not LEAD.fullmatch(word):
            return True
    return False


def _subject(clause: str) -> str:
    """What a clause is about, and those after it that name nothing of their own.

    Of one that ends with 吗 that is all before it; else what it names, else what stands behind its asking words (开标
    in 几号开标), else all of it.
    """
    whole = clause.strip(_MARKS)
    asking = CIRCUMSTANCE.match(whole)
    behind = whole[asking.end() :] if asking and not asking["enough"] else ""
    return whole[:-1] if whole.endswith("吗") else _named(whole) or (behind if len(behind) > 1 else whole)


def _named(clause: str) -> str:
    """What stands before the asking word of a clause, up to the last name or noun; "" if it names none."""
    asking = _ASKS.search(clause)
    before = clause[: asking.start()] if asking else clause
    found = tagged(before)
    nouns = [
        place for place, (word, _, _, tag) in enumerate(found) if tag.startswith(NOUN_TAGS) and not LEAD.fullmatch(word)
    ]
    # 年卡 is cut in two.
    if not any(len(found[place][0]) > 1 or (place and found[place - 1][3] == "m") for place in nouns):
        return ""
    word, start, end, _ = found[nouns[-1]]
    if not lexicon().frequency(word):
        end = start + len(_MODAL.split(word)[0])
    return before[:end] + before[end : len(before) - len(before[end:].lstrip(_CLOSING))]


def _of_each(question: str) -> list[str]:
    """The questions of "A、B和C各…", one for each; ``question`` alone if it is none."""
    each = _EACH.search(question)
    words = _words(question[: each.start()]) if each else []
    join = next((place for place, word in enumerate(words) if word in _JOINS), 0)
    left, right = words[:join], words[join + 1 :]
    if not each or not left or not right or not _ASKS.search(question[each.end() :]):
        return [question]
    first = len(left) - _pair(left, right)[0]
    named = [left[first:]]
    while True:
        length = _pair(left, right)[1]
        named.append(right[:length])
        right = right[length:]
        if len(right) < 2 or right[0] not in _JOINS:
            break
        right = right[1:]
    after = "".join(right) + question[each.end() :]
    return ["".join([*left[:first], *name]) + after for name in named]


def _words(text: str) -> list[str]:
    """The words of ``text`` in order; Latin names and numbers, blanks inside included, are one word each."""
    found, end = [], 0
    for name in _LATIN.finditer(text):
        found += [*_cut(text[end : name.start()]), name[0]]
        end = name.end()
    return found + _cut(text[end:])


def _cut(text: str) -> list[str]:
    """Words of Chinese. What the tagger guesses to be a word that begins with a joining one ("和丙") is two."""
    return [
        part
        for word, *_ in tagged(text)
        for part in (
            (word[0], word[1:]) if word[0] in _JOINS and word[1:] and not lexicon().frequency(word) else (word,)
        )
    ]


def _pair(left: Sequence[str], right: Sequence[str]) -> tuple[int, int]:
    """How many words at the end of ``left`` and at the beginning of ``right`` name two things of a kind.

    Those that end alike ("径赛裁判长", "田赛裁判长") or are equally long and begin alike ("C1", "C2"); else one each.
    """
    best, found = (0, 0), (1, 1)
    for one in range(1, len(left) + 1):
        for other in range(1, len(right) + 1):
            names = "".join(left[len(left) - one :]), "".join(right[:other])
            value = (_alike(*names), -sum(map(len, names)))
            if value[0] and value > best and max(map(len, names)) <= _LONGEST_NAME:
                best, found = value, (one, other)
    return found


def _alike(one: str, other: str) -> int:
    """How many characters two names share at their ends, or, equally long, at their beginnings; 0 if one is shared."""
    ends = begun_alike(one[::-1], other[::-1])
    begins = begun_alike(one, other) if len(one) == len(other) else 0
    shared = max(ends, begins)
    return shared if shared < min(len(one), len(other)) else 0
