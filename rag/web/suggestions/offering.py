"""Which of the questions that were made are offered: those that are answered from where they were made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from rag.library import Library
from rag.retrieval.collections import ALL, Choice
from rag.text.normalization import folded
from rag.types import Status
from rag.web.suggestions.candidate import Candidate

# With what a question ends that names what it asks for.
_ASKS = re.compile("[是有为]?(?:什么时候|什么|多少|哪些|哪里|谁)$")


def gist(question: str) -> str:
    """What is the same in questions that ask for the same in other words: 杯子的容量是什么, 杯子容量是多少."""
    return _ASKS.sub("", folded(question)).replace("的", "")


def holds(library: Library, candidate: Candidate, choice: Choice = ALL) -> bool:
    """Whether the reply to the question cites what the question was made of, where only ``choice`` is asked."""
    answer = library.ask(candidate.question, **choice._asdict())
    start, end = candidate.answer
    return answer.status is Status.ANSWERED and any(
        c.doc_id == candidate.doc_id and c.start < end and start < c.end for c in answer.citations
    )


def offered(candidates: Iterable[Candidate], good: Callable[[Candidate], bool], limit: int) -> Iterator[list[str]]:
    """The first ``limit`` questions that are ``good``, as far as they are found: at first, and after each trial. No two
    of them ask for the same.

    Trying takes as long as an answer: whoever has something more urgent to do does it in between.
    """
    found: dict[str, str] = {}
    yield []
    for candidate in candidates:
        if len(found) == limit:
            return
        asked = gist(candidate.question)
        if asked in found:
            continue
        if good(candidate):
            found[asked] = candidate.question
        yield list(found.values())
