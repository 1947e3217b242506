"""The questions inside what is asked."""

from __future__ import annotations

import re

from rag.errors import QuestionError
from rag.question.courtesy import bare, courtesy
from rag.question.followup import Earlier, resolve
from rag.question.validation import validate
from rag.text.normalization import normalise
from rag.text.tags import NOUN_TAGS
from rag.text.tokenization import tagged

MAX_PARTS = 8
_PART_END = re.compile(r"(?<=[?？;；])\s*(?=\S)")
_CLAUSE_END = re.compile(r"[，,]")
_INTERROGATIVE = re.compile(r"什么|多少|几[个家款种次倍天位名月号年]|哪|谁|何时|为何|如何|怎么|怎样")
_RESPECTIVELY = re.compile(r"^(.+?)(?:和|与|、|跟)(.+?)(的.+?)(?:分别|各自|各)(.*)$")


def divided(text: str) -> tuple[str, ...]:
    """The questions inside ``text``, without courtesy: see `parts`. Each may lean on those before it.

    Raises QuestionError where it can't be asked. Of more than MAX_PARTS none is answered: each costs as much as a
    question.
    """
    validate(text)
    questions = parts(bare(text))
    questions = tuple(part for part in questions if courtesy(part) is None) or questions
    if len(questions) > MAX_PARTS:
        raise QuestionError(
            f"一次问了 {len(questions)} 个问题，最多 {MAX_PARTS} 个。请分几次问。",
            f"There are {len(questions)} questions in this one; at most {MAX_PARTS} are answered at once. Divide it.",
        )
    asked: list[str] = []
    for part in questions:
        asked.append(resolve(part, [Earlier(before, "") for before in asked]))
    return tuple(asked)


def parts(text: str) -> tuple[str, ...]:
    """The questions inside ``text``.

    One for each question mark, for each asking clause ("X有几个，Y有几个"), and for each subject of
    "A和B的…分别…".
    """
    found: list[str] = []
    for part in _PART_END.split(text.strip()):
        if not part.strip("?？;；。 "):
            continue
        shared = _RESPECTIVELY.match(part)
        if shared:
            first, second, attribute, rest = shared.groups()
            subject, comma, predicate = second.partition("，")
            tail = f"{comma}{predicate}{attribute}{rest}"
            found += [f"{first}{rest}" if "的" in first else f"{first}{tail}", f"{subject}{tail}"]
        else:
            found += _asking_clauses(part)
    return tuple(found)


def _asking_clauses(part: str) -> list[str]:
    """Each clause that asks, with the clauses before the first of them; ``part`` itself if fewer than two do.

    A clause that names nothing ("押金多少，什么时候退") leans on the one before it: that is one question of two parts.
    """
    clauses = [clause for clause in _CLAUSE_END.split(part) if clause.strip()]
    asking = [position for position, clause in enumerate(clauses) if _INTERROGATIVE.search(clause)]
    if len(asking) < 2 or not all(_names_something(clauses[position]) for position in asking):
        return [part]
    topic = "，".join(clauses[: asking[0]])
    return [f"{topic}，{clauses[position]}" if topic else clauses[position] for position in asking]


def _names_something(clause: str) -> bool:
    """Whether a name or noun stands before what asks."""
    before = normalise(_INTERROGATIVE.split(clause)[0]).text
    return any(len(word) > 1 and tag.startswith(NOUN_TAGS) for word, _, _, tag in tagged(before))
