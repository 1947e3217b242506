"""Follow-up questions: one that leans on the turns before it becomes one that stands for itself.

Extractive like everything else: what is put in are words of the earlier questions and answers, and of grammar 的, 是
and the asking words of attributes.txt. In doubt a question stays as it is, since a wrong reading is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.followup import english
from rag.followup.ellipsis import completed
from rag.followup.meanings import Earlier
from rag.followup.pronouns import replaced
from rag.followup.wording import CHINESE, Phrase

# "那它是…": what joins a question to the one before.
_LEAD = re.compile(r"^(?:那么|那|而)[，, ]*(?=[^是])")


def resolve(question: str, earlier: Sequence[Earlier]) -> str:
    """``question`` as it reads after the turns ``earlier``, oldest first; ``question`` itself if it leans on none."""
    asked = Phrase.of(question)
    if not earlier or not asked.text:
        return question
    if not CHINESE.search(asked.text):
        return english.resolve(asked, earlier)
    resolved = replaced(asked, earlier) or completed(asked, earlier)
    return _LEAD.sub("", resolved) if resolved else question


__all__ = ["Earlier", "resolve"]
