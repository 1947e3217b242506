"""What an English question is about: the names in it, or what it asks of."""

from __future__ import annotations

import calendar
import re

from rag.question.followup.wording import COMMON_LATIN
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
