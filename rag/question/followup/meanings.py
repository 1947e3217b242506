"""What a turn leaves for a later question to mean: a thing, a person, its answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rag.question.followup.topics import DESCRIBED, Sort, Topic, topic
from rag.question.followup.wording import ASKING, ASKS, Phrase
from rag.question.kinds import Kind, kinds_of
from rag.text.tags import PERSON

_LONGEST_ANSWER = 24
_WHO = re.compile(r"谁|哪[一]?位|何人|什么人|\bwho\b")
_MADE = re.compile("(?:推出|发布|开发|上线|研发|发明|收购|创办|创立)了(?:什么|哪[个款家])|叫(?:什么|啥)")
_WOMAN = re.compile("皇后|妻子|夫人|母亲|女儿|姐姐|妹妹|王后|女王")
_ORGANISATION = re.compile("公司|集团|大学|机构|团队")
# What a person is to something; not 母公司, 投资方.
_PERSON_ASKED = re.compile(
    "|".join(word for word, asking in ASKING.items() if asking == "是谁" and word[-1] not in "司方东")
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A turn before: its question, already resolved, and its answer, "" if there was none; items joined by "；"."""

    question: str
    answer: str


def single(answer: str) -> str:
    """``answer`` where it is one short thing, else ""."""
    return answer if 0 < len(answer) <= _LONGEST_ANSWER and not re.search("[；，。,;、/]|^[由被是]", answer) else ""


def items(answer: str) -> list[str]:
    """The items of an answer that has several."""
    found = [item for item in answer.split("；") if item]
    return found if len(found) > 1 else []


def asks_for(turn: Earlier, noun: str) -> bool:
    """Whether ``turn`` asked which ``noun``."""
    return bool(re.search(rf"哪[一]?.?{noun}|什么{noun}", Phrase.of(turn.question).text))


def made(turn: Earlier) -> str:
    """What a turn said that its subject had made: the answer to "快手推出了什么", "…的产品叫什么"; else ""."""
    return single(turn.answer) if _MADE.search(Phrase.of(turn.question).text) else ""


def thing(turn: Earlier, noun: str = "") -> str:
    """What 它 means after ``turn``, or "这家公司" with the ``noun`` 公司; "" if that is not clear."""
    question = Phrase.of(turn.question)
    if noun and asks_for(turn, noun):
        return single(turn.answer)
    about = topic(question)
    if about is None:
        named = kinds_of(question.text)[0] in (Kind.WHO, Kind.WHERE, Kind.WHAT) and ASKS.match(question.text)
        return single(turn.answer) if named else ""
    if about.described and noun and not about.written.endswith(noun):
        return ""
    if about.described and single(turn.answer):
        return turn.answer
    fits = _FITTING.get(noun)
    if about.sort is Sort.PERSON or (fits and not fits(about)):
        return ""
    return made(turn) or about.written


def _is_titled(about: Topic) -> bool:
    return about.sort is Sort.TITLE


def _is_law(about: Topic) -> bool:
    return about.sort is Sort.TITLE or about.written.endswith(("法", "条例", "规定"))


def _is_school(about: Topic) -> bool:
    return about.written.endswith(("大学", "学院", "学校", "中学", "小学"))


def _is_place(about: Topic) -> bool:
    return about.sort in (Sort.PLACE, Sort.COMMON)


# What "这部小说" and the like can mean; other nouns fit anything.
_FITTING: dict[str, Callable[[Topic], bool]] = {
    **dict.fromkeys(("学校", "大学"), _is_school),
    **dict.fromkeys(("小说", "书", "电影", "作品"), _is_titled),
    **dict.fromkeys(("法律", "法规", "条例"), _is_law),
    **dict.fromkeys(("国家", "城市", "地区", "山", "河流", "河", "建筑"), _is_place),
}


def person(turn: Earlier, pronoun: str = "") -> str:
    """Whom 他 or 她 means after ``turn``; "" if that is not clear."""
    question = Phrase.of(turn.question)
    about = topic(question)
    if about and about.described:
        about = None
    is_about_person = about is not None and _may_be_person(question, about)
    asks_person = bool(_WHO.search(question.text)) and _is_person(question, turn.answer)
    if asks_person and is_about_person and about:
        if not _WOMAN.search(question.text):
            return ""
        return turn.answer if pronoun.startswith("她") else about.written
    if asks_person:
        described = DESCRIBED.match(question.text)
        return single(turn.answer) or (question.slice(*described.span(1)) if described else "")
    return about.written if is_about_person and about else ""


def _may_be_person(question: Phrase, about: Topic) -> bool:
    inside = [word for word in question.words if about.start <= word.start and word.end <= about.end]
    return about.sort is Sort.PERSON or any(word.tag in PERSON for word in inside)


def _is_person(question: Phrase, answer: str) -> bool:
    """Whether a who-question was answered with a person, or where it was not, asks for one."""
    if not answer:
        return bool(_PERSON_ASKED.search(question.text))
    if not single(answer) or re.search(r"\d", answer):
        return False
    read = Phrase.of(answer)
    return not any(word.tag in ("nt", "nz", "ns") for word in read.words) and not _ORGANISATION.search(answer)
