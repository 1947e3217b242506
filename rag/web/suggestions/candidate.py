"""A question made of the documents."""

from __future__ import annotations

from dataclasses import dataclass

from rag.question.kinds import Kind
from rag.types import Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, the kind of answer that it wants, and the span of the document that answers it."""

    question: str
    kind: Kind
    doc_id: str
    answer: Span
