"""A conversation: what was asked, what that was taken to mean, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.retrieval.collections import ALL, Choice
from rag.types import Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its reply. ``answer.question`` is the question that was really asked of the documents: ``asked``
    itself, or what it means after the turns before it. ``titles`` maps the ids of the documents concerned to titles.
    ``only`` says which documents were asked.
    """

    asked: str
    answer: Answer
    titles: Mapping[str, str]
    only: Choice = ALL
