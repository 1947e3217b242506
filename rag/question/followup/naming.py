"""What an English question is about: the names in it, or what it asks of."""

from __future__ import annotations

import calendar
import re

from rag.types import Span

ASKING = (
    "what|who|whom|whose|when|where|why|how|which|is|are|was|were|do|does|did|can|has|have|in|and|the|tell|list|give"
    "|name|explain|describe|please"
)
_ASKING = re.compile(rf"^(?:{ASKING})\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][\w+.-]*\w(?: (?:[A-Z]\w[\w+.-]*|\d[\w.]*|mini|pro|max|turbo|plus|lite|flash))*|《[^》]+》")
_OF = re.compile(r"\bof (?:the )?([\w -]+?)(?= in \d|[?.]*$)", re.IGNORECASE)
_IS = re.compile(
    r"^(?:what|who|where|when|how \w+) (?:is|are|was|were|do|does|did) (?:the |an? )?([\w-]+)", re.IGNORECASE
)
_MONTHS = frozenset(calendar.month_name[1:])
COMMON_LATIN = frozenset({"ai", "app", "llm", "it", "pc", "api", "ceo", "cto", "cfo", "ipo", "gdp"})
_YEAR = re.compile(r"\b(?:1\d|20)\d{2}\b")


def names(text: str) -> list[re.Match[str]]:
    """The names in English ``text``: words with capitals, but for the asking word that begins it and months."""
    found = []
    for match in _NAME.finditer(text):
        asking = _ASKING.match(match.group()) if match.start() == 0 else None
        if asking or match.group() in _MONTHS or match.group().lower() in COMMON_LATIN - {"ai"}:
            continue
        found.append(match)
    return found


def subject(text: str) -> Span | None:
    """Where ``text`` names what it is about: its first name, or what stands after "of", or after "what is the"."""
    found = names(text)
    if found:
        return Span(*found[0].span())
    told = _OF.search(text) or _IS.search(text)
    return Span(*told.span(1)) if told else None


def swapped(before: str, new: str) -> str:
    """English ``before`` with ``new`` in the place of its only year or name; "" if it has not one."""
    year, old_years = _YEAR.fullmatch(new), list(_YEAR.finditer(before))
    if year:
        return _with(before, old_years[0], new) if len(old_years) == 1 else ""
    old = names(before)
    if not names(f". {new}") or len(old) != 1:
        return ""
    return _with(before, old[0], new)


def _with(text: str, match: re.Match[str], part: str) -> str:
    return f"{text[: match.start()]}{part}{text[match.end() :]}"
