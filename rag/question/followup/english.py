"""Follow-up questions in English, in their simple forms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question.followup.meanings import Earlier, single
from rag.question.followup.naming import names, swapped
from rag.question.followup.topics import topic
from rag.question.followup.wording import Phrase

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
    return (swapped(turn.question, about.group(1)) if about else "") or written


def _put(text: str, match: re.Match[str], meant: str) -> str:
    part = f"{meant}'s" if match.group().lower() in _POSSESSIVE else meant
    done = f"{text[: match.start()]}{part}{text[match.end() :]}"
    return re.sub(r"^and (?=\S+'s)", "", done, flags=re.IGNORECASE)


def _thing(turn: Earlier) -> str:
    about = topic(Phrase.of(turn.question))
    return about.written if about else ""


def _person(turn: Earlier) -> str:
    if _WHO.search(turn.question) or "谁" in turn.question:
        return single(turn.answer)
    found = names(turn.question)
    return found[0].group() if len(found) == 1 else ""
