"""它, 他, 其, 这家公司: words that stand for what an earlier turn was about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question.followup.attributes import attribute_asked
from rag.question.followup.meanings import Earlier, items, person, thing
from rag.question.followup.topics import Sort, phrases
from rag.question.followup.wording import GENERIC, Phrase
from rag.question.mentions import titles

_PERSONAL = re.compile(
    r"(?<![其吉排])(?:他|她)(?!们|人|国)|这(?:个人(?!工|民)|位(?:创始人|作者|科学家|诗人|皇帝|ceo|导演|作家|企业家|人物))"
)
_PLURAL = re.compile(r"(?:它|他|她)们")
_THING = re.compile(
    rf"(?<![的其])它(?!们)|(?<!的)(?:这一?[家个款部本种座条项首所支台门]|该)(?P<noun>{GENERIC})(?![们])"
    r"|(?<![尤极莫耳])其(?![中他它余实次])|^这(?=是(?:谁|哪|由|什么时候).)|^那(?=是(?:谁|哪|什么时候)[^?].)"
)
# Who or what is asked for, and may be what the pronoun after it means.
_ASKED_BEFORE = re.compile("谁|哪[个种家位些]|什么(?!时候)")
_OBJECT_BEFORE = re.compile("[,;。?和与跟及]$")


def replaced(question: Phrase, earlier: Sequence[Earlier]) -> str:
    """``question`` with its pronoun replaced; "" if it has none, or none whose meaning is clear."""
    for pattern, meaning in ((_PLURAL, _several), (_PERSONAL, _person), (_THING, _thing)):
        match = pattern.search(question.text)
        if match and not _is_quoted(question, match) and not _means_something_here(question, match):
            return _put(question, match, meaning(match, earlier))
    return ""


def _put(question: Phrase, match: re.Match[str], meant: str) -> str:
    is_whole = not question.text[: match.start()].strip("那而么,") and question.text[match.end() :].startswith("呢")
    if not meant or is_whole:
        return ""
    part = f"{meant}的" if match.group() == "其" else meant
    done = question.with_part(*match.span(), part)
    return attribute_asked(Phrase.of(done)) or done


def _means_something_here(question: Phrase, match: re.Match[str]) -> bool:
    """Whether the question itself has named what its pronoun means: "百度和它的伙伴", "小模型…，它…"."""
    possessive = match.group() == "其" or question.text[match.end() :].startswith("的")
    if (possessive or match.re is _PERSONAL) and _ASKED_BEFORE.search(question.text, 0, match.start()):
        return True
    before = [phrase for phrase in phrases(question) if phrase.end <= match.start()]
    if not before:
        return False
    if before[-1].end == match.start() and match.re is _THING and match.group() not in ("它", "其"):
        return True
    if match.re is _PERSONAL and any(phrase.sort is not Sort.COMMON for phrase in before):
        return True
    text = question.text[: match.start()]
    return possessive or bool(re.search("[,;。?]", text)) or bool(_OBJECT_BEFORE.search(text))


def _is_quoted(question: Phrase, match: re.Match[str]) -> bool:
    return any(title.start < match.start() < title.end for title in titles(question.text))


def _thing(match: re.Match[str], earlier: Sequence[Earlier]) -> str:
    """Of the newest turn; of one before only where that one was about nothing, or points back itself."""
    noun = match.groupdict().get("noun") or ""
    for turn in reversed(earlier):
        question = Phrase.of(turn.question)
        if found := thing(turn, noun):
            return found
        if phrases(question) and not _THING.search(question.text):
            return ""
    return ""


def _person(match: re.Match[str], earlier: Sequence[Earlier]) -> str:
    return next((found for turn in reversed(earlier) if (found := person(turn, match.group()))), "")


def _several(_: re.Match[str], earlier: Sequence[Earlier]) -> str:
    """The items of the newest answer that has several, if they are names."""
    found = items(earlier[-1].answer)
    if not 2 <= len(found) <= 5 or max(map(len, found)) > 12:
        return ""
    return f"{'、'.join(found[:-1])}和{found[-1]}"
