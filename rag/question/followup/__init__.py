"""Follow-up questions: one that leans on the turns before it becomes one that stands for itself.

Extractive like everything else: what is put in are words of the earlier questions and answers, and of grammar 的, 是
and the asking words of attributes.txt. In doubt a question stays as it is, since a wrong reading is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.question.courtesy import bare, courtesy
from rag.question.followup import english
from rag.question.followup.ellipsis import completed
from rag.question.followup.meanings import Earlier
from rag.question.followup.naming import ASKING
from rag.question.followup.pronouns import replaced
from rag.question.followup.wording import ASKS, CHINESE, Phrase
from rag.question.revisions import revision
from rag.question.summaries import summary
from rag.text.normalization import normalise

# "那它是…": what joins a question to the one before.
_LEAD = re.compile(r"^(?:那么|那|而)[，, ]*(?=[^是])")


_FIRST = re.compile(r"[^?？]*[?？]+(?=.*\w)", re.DOTALL)
# What a question that was put together must hold to be one: "Kimi?" is none.
_ASKS = re.compile(rf"{ASKS.pattern}|[呢吗么]|(.)不\1|'s\b|\b(?:and|{ASKING})\b", re.IGNORECASE)


def resolve(question: str, earlier: Sequence[Earlier]) -> str:
    """``question`` as it reads after the turns ``earlier``, oldest first; ``question`` itself if it leans on none.

    Of several questions in one the first is resolved: the others lean on it. Neither courtesy nor what asks for
    an overview of documents or for the differences of editions is a turn, and the latter lean on none.
    """
    if _asks_of_documents(question):
        return question
    asked = bare(question)
    first = _FIRST.match(asked)
    asked, rest = (first.group(), asked[first.end() :]) if first else (asked, "")
    turns = [turn for turn in earlier if courtesy(turn.question) is None and not _asks_of_documents(turn.question)]
    resolved = _resolved(Phrase.of(asked), turns)
    is_new = bool(resolved) and resolved != asked
    return resolved + rest if is_new and (_asks(resolved) or _answered_as_it_was(turns[-1])) else question


def _asks(text: str) -> bool:
    return _ASKS.search(normalise(text).text) is not None


def _answered_as_it_was(turn: Earlier) -> bool:
    """Whether a turn named what it wanted without asking, and got it: 「M8螺栓的力矩」."""
    return bool(turn.answer) and not _asks(turn.question)


def _asks_of_documents(question: str) -> bool:
    """Whether it asks for an overview or differences, whatever titles documents have."""
    return any(asked is not None and asked.names_nothing for asked in (summary(question), revision(question)))


def _resolved(asked: Phrase, earlier: Sequence[Earlier]) -> str:
    if not earlier or not asked.text:
        return ""
    if not CHINESE.search(asked.text):
        return english.resolve(asked, earlier)
    return _LEAD.sub("", replaced(asked, earlier) or completed(asked, earlier))


__all__ = ["Earlier", "resolve"]
