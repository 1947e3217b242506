"""What Wenyuan gives to other programs. Its fields are kept stable; docs/en/json.md lists them.

Answers, citations and hits are given as they are, see `rag.wire`. Here is what is put together for other programs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rag.types import Answer
from rag.wire import to_json


def answer_json(answer: Answer, question_id: str | None = None) -> dict[str, Any]:
    """An answer to the question that was asked as ``question_id``."""
    made: dict[str, Any] = to_json(replace(answer, id=question_id))
    return made
