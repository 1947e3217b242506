"""Which of the questions that were made are offered: those that are answered from where they were made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rag.library import Library
from rag.retrieval.collections import ALL, Choice
from rag.types import Status
from rag.web.suggestions.candidate import Candidate


def holds(library: Library, candidate: Candidate, choice: Choice = ALL) -> bool:
    """Whether the reply to the question cites what the question was made of, where only ``choice`` is asked."""
    answer = library.ask(candidate.question, **choice._asdict())
    start, end = candidate.answer
    return answer.status is Status.ANSWERED and any(
        c.doc_id == candidate.doc_id and c.start < end and start < c.end for c in answer.citations
    )


def offered(candidates: Iterable[Candidate], good: Callable[[Candidate], bool], limit: int) -> Iterator[list[str]]:
    """The first ``limit`` questions that are ``good``, as far as they are found: at first, and after each trial.

    Trying takes as long as an answer: whoever has something more urgent to do does it in between.
    """
    found: list[str] = []
    yield found
    for candidate in candidates:
        if len(found) == limit:
            return
        if good(candidate):
            found = [*found, candidate.question]
        yield found
