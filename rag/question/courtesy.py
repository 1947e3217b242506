"""What is said and asks nothing: a greeting, thanks, 「继续」, 「你能做什么」. It gets a line of courtesy or help.

The phrases of courtesy.txt, a kind on each line, are a closed class: nothing but them is courtesy. Beside a question,
set off by a mark, they are no part of it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

from rag.errors import Language
from rag.text.normalization import HAN, normalise
from rag.types import Answer, Status


class Courtesy(StrEnum):
    """What is meant by it. Of several in one utterance the first of these counts."""

    HELP = "help"
    CONTINUE = "continue"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    HELLO = "hello"
    SORRY = "sorry"
    NOTED = "noted"
    POLITE = "polite"


_ASK: dict[Language, str] = {
    "zh": "请写下一个完整的问题，我从资料里找原话来答。",
    "en": "Write a whole question; the answer comes from the documents in their own words.",
}
_REPLIES: dict[Courtesy, dict[Language, str]] = {
    Courtesy.HELP: {
        "zh": "我在你的资料里找答案：每个答案都是原文的一段，点出处就能看到它在文章里的位置；资料没有说的，就直说没有。"
        "请写一个完整的问题；也可以接着追问（“它的价格呢？”），或一次问几个。",
        "en": "I look for answers in your documents: each is a slice of a source, whose citation opens the place; what "
        "no document says is left unsaid. Write a whole question; follow it up (“and its price?”), or ask several "
        "at once.",
    },
    Courtesy.CONTINUE: {
        "zh": "答案只有资料里写明的这些，没有下文可以接着说。想知道更多，请把要问的写出来。",
        "en": "An answer is what the documents say, and no more follows. Write what else you want to know.",
    },
    Courtesy.GOODBYE: {"zh": "再见。", "en": "Goodbye."},
    Courtesy.THANKS: {"zh": "不客气。还想查什么，直接问就好。", "en": "You are welcome. Ask on whenever you like."},
    Courtesy.HELLO: {"zh": f"你好！{_ASK['zh']}", "en": f"Hello! {_ASK['en']}"},
    Courtesy.SORRY: {"zh": f"没关系。{_ASK['zh']}", "en": f"Never mind. {_ASK['en']}"},
    Courtesy.NOTED: {"zh": "好的。还想查什么，直接问就好。", "en": "Very well. Ask on whenever you like."},
    Courtesy.POLITE: _ASK,
}
PHRASES_FILE = Path(__file__).with_name("courtesy.txt")
# What stands between phrases, and softens them: no mark that makes a name or a quotation of them.
_MARKS = r"[^\w《》〈〉“”‘’「」『』()\[\]\"']"
_BETWEEN = rf"(?:{_MARKS}|[啊呀哦呢吧啦嘛哈喔哇])*"
# What sets courtesy off from a question; of Chinese after it a blank will do.
_STOP = "[,.!?;~…。]"
_CHINESE = re.compile(HAN)
_BEFORE = (Courtesy.HELLO, Courtesy.THANKS, Courtesy.SORRY, Courtesy.NOTED)
_AFTER = (Courtesy.THANKS, Courtesy.GOODBYE, Courtesy.SORRY, Courtesy.POLITE)


def courtesy(text: str) -> Courtesy | None:
    """What ``text`` means if it is nothing but courtesy, else None."""
    folded = normalise(text).text
    if not _pattern(tuple(Courtesy), r"^{between}(?:{phrase}{between})+$").match(folded):
        return None
    said = {_phrases()[found] for found in _pattern(tuple(Courtesy), "{phrase}").findall(folded)}
    return next(kind for kind in Courtesy if kind in said)


def bare(text: str) -> str:
    """``text`` without the courtesy before and after it; ``text`` itself if it is nothing else."""
    folded = normalise(text)
    before = _pattern(_BEFORE, r"^(?:{phrase} *{stop}+ *)+").match(folded.text)
    after = _pattern(_AFTER, r"(?:(?<={stop})| (?={han}))(?: *{phrase}{between})+$").search(folded.text)
    start, end = before.end() if before else 0, after.start() if after else len(folded.text)
    return text[slice(*folded.to_original(start, end))].strip() if start < end else text


def reply(text: str, language: str) -> Answer | None:
    """The line that ``text`` gets if it is nothing but courtesy, else None; ``language`` is that of the settings."""
    kind = courtesy(text)
    if kind is None:
        return None
    return Answer(text, Status.COURTESY, "", _REPLIES[kind][reply_language(text, language)], 0.0, (), ())


def reply_language(text: str, language: str) -> Language:
    """The language that ``text`` is replied to in; ``language`` is that of the settings."""
    return "en" if language == "en" or (language == "auto" and not _CHINESE.search(text)) else "zh"


@cache
def _phrases() -> dict[str, Courtesy]:
    """Every phrase with what it means."""
    lines = (line.split(" ", 1) for line in PHRASES_FILE.read_text("utf-8").splitlines())
    return {phrase: Courtesy(kind) for kind, said in lines for phrase in said.split("|")}


@cache
def _pattern(kinds: tuple[Courtesy, ...], form: str) -> re.Pattern[str]:
    """``form`` with the phrases of ``kinds``, the longest first; a word in Latin script is a whole one."""
    phrases = sorted((phrase for phrase, kind in _phrases().items() if kind in kinds), key=len, reverse=True)
    alternatives = "|".join(rf"(?<![a-z]){p}(?![a-z])" if p.isascii() else p for p in phrases)
    return re.compile(form.format(phrase=f"(?:{alternatives})", between=_BETWEEN, stop=_STOP, han=HAN))
