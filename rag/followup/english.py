"""Follow-up questions in English, in their simple forms."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

from rag.followup.meanings import Earlier, single
from rag.followup.topics import topic
from rag.followup.wording import CHINESE, COMMON_LATIN, Phrase

_NAME = re.compile(r"[A-Z][\w+.-]*\w(?: (?:[A-Z]\w[\w+.-]*|\d[\w.]*|mini|pro|max|turbo|plus|lite|flash))*|《[^》]+》")
_OF = re.compile(r"\bof (?:the )?([\w -]+?)(?= in \d|[?.]*$)", re.IGNORECASE)
_IS = re.compile(
    r"^(?:what|who|where|when|how \w+) (?:is|are|was|were|do|does|did) (?:the |an? )?([\w-]+)", re.IGNORECASE
)
_ASKING = re.compile(
    r"^(?:what|who|whom|whose|when|where|why|how|which|is|are|was|were|do|does|did|can|has|have|in|and|the|tell|list|give|name|explain|describe|please)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d|20)\d{2}\b")
_MONTHS = frozenset(calendar.month_name[1:])
_WHAT_ABOUT = re.compile(r"^(?:(?:and )?(?:what|how) about|and)(?: for| in| of)? (.+?)[?.!\s]*$", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:its|it|(?:this|that|the) (?:company|model|product|app|country|city|book|drug|law))\b", re.IGNORECASE
)
_PERSON = re.compile(r"\b(?:his|her|hers|he|she|him|this person)\b", re.IGNORECASE)
_POSSESSIVE = frozenset({"its", "his", "her"})
_WHO = re.compile(r"\bwho\b", re.IGNORECASE)


def resolve(question: Phrase, earlier: Sequence[Earlier]) -> str:
    """``question`` with what it leans on, or as it is."""
    written, turn = question.written, earlier[-1]
    for pattern, meaning in ((_PERSON, _person), (_THING, _thing)):
        match = pattern.search(written)
        if match and not names(written[: match.start()]):
            meant = meaning(turn)
            return _put(written, match, meant) if meant else written
    about = _WHAT_ABOUT.match(written)
    return (_swapped(turn.question, about.group(1)) if about else "") or written


def names(text: str) -> list[re.Match[str]]:
    """The names in English ``text``: words with capitals, but for the asking word that begins it and months."""
    found = []
    for match in _NAME.finditer(text):
        asking = _ASKING.match(match.group()) if match.start() == 0 else None
        if asking or match.group() in _MONTHS or match.group().lower() in COMMON_LATIN - {"ai"}:
            continue
        found.append(match)
    return found


def _put(text: str, match: re.Match[str], meant: str) -> str:
    part = f"{meant}'s" if match.group().lower() in _POSSESSIVE else meant
    done = f"{text[: match.start()]}{part}{text[match.end() :]}"
    return re.sub(r"^and (?=\S+'s)", "", done, flags=re.IGNORECASE)


def _thing(turn: Earlier) -> str:
    if CHINESE.search(turn.question):
        about = topic(Phrase.of(turn.question))
        return about.written if about else ""
    found = names(turn.question)
    if found:
        return found[0].group()
    told = _OF.search(turn.question) or _IS.search(turn.question)
    return told.group(1) if told else ""


def _person(turn: Earlier) -> str:
    if _WHO.search(turn.question) or "谁" in turn.question:
        return single(turn.answer)
    found = names(turn.question)
    return found[0].group() if len(found) == 1 else ""


def _swapped(before: str, new: str) -> str:
    year, old_years = _YEAR.fullmatch(new), list(_YEAR.finditer(before))
    if year:
        return _with(before, old_years[0], new) if len(old_years) == 1 else ""
    old = names(before)
    if not names(f". {new}") or len(old) != 1:
        return ""
    return _with(before, old[0], new)


def _with(text: str, match: re.Match[str], part: str) -> str:
    return f"{text[: match.start()]}{part}{text[match.end() :]}"
