"""Questions to ask instead of one that nothing answers, in the documents' own words; each is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import partial

from rag.library import Library
from rag.question.followup import Earlier, resolve
from rag.question.followup.wording import Phrase
from rag.question.kinds import Kind
from rag.retrieval.collections import ALL, Choice
from rag.text.normalization import folded
from rag.text.tokenization import content_terms
from rag.types import Hit, Span, Status
from rag.web.suggestions.candidate import Candidate
from rag.web.suggestions.offering import holds, offered
from rag.web.suggestions.structure import QUESTION, of_heading, of_row, of_sentences

# Passages that are looked at.
_PASSAGES = 8
# How much a name must have in common with another to be meant: GPT-5 and GPT-4.
_ALIKE = 0.5
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|版)")
_NUMBER = re.compile(r"\d+|[一二三四五六七八九十]+")


def instead(
    library: Library, question: str, choice: Choice = ALL, limit: int = 3, *, asked: int = 8
) -> Iterator[list[str]]:
    """At most ``limit`` questions that the documents of ``choice`` answer and that come near to ``question``.

    Asks at most ``asked``; they are given as `offered` does.

    They are ``question`` with a name or year that stands in the nearest passages, and questions after facts, headings
    and columns there. Raises as `Library.ask`.
    """
    hits = library.search(question, _PASSAGES, **choice._asdict())
    by_question = {one.question: one for one in _near(library, question, hits)}
    shared = {one: _shared(question, one.question) for one in by_question.values()}
    # What shares no word with the question is no rewording of it.
    ranked = sorted((one for one in shared if shared[one]), key=lambda one: -shared[one])
    fit = [one for one in ranked if folded(one.question) != folded(question) and len(one.question) <= QUESTION]
    alone = (one for one in fit[:asked] if resolve(one.question, [Earlier(question, "")]) == one.question)
    return offered(alone, partial(_answered, library, choice), limit)


def _near(library: Library, question: str, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Questions that the passages may answer; without a place where their answer is not known."""
    for hit in hits:
        yield from _swapped(question, hit.text)
    for hit in hits:
        document = library.document(hit.passage.doc_id)
        block = document.block_at(hit.passage.start)
        yield from of_sentences(document, block, hit.passage.sentences)
        yield from of_heading(document, block)
        yield from of_row(document, block)


def _swapped(question: str, text: str) -> Iterator[Candidate]:
    """``question`` with a name of the passage for one that is written like it, or with a year or date of it."""
    read = Phrase.of(question)
    passage = Phrase.of(text)
    for year in dict.fromkeys(_YEAR.findall(text)):
        if _YEAR.search(question):
            yield _unplaced(_YEAR.sub(year, question))
    told = dict.fromkeys(word.text for word in passage.words if word.tag == "date")
    for old in (word for word in read.words if word.tag == "date"):
        for new in told:
            if new != old.text and _NUMBER.sub("0", old.text) == _NUMBER.sub("0", new):
                yield _unplaced(read.with_part(old.start, old.end, new))
    names = dict.fromkeys(word.text for word in passage.words if word.is_name)
    for old in (word for word in read.words if word.is_name):
        for new in names:
            if new != old.text and SequenceMatcher(None, old.text, new).ratio() >= _ALIKE:
                yield _unplaced(read.with_part(old.start, old.end, _written(new, text)))


def _written(name: str, text: str) -> str:
    """A normalised name as ``text`` has it, set as one writes it: GPT-4 for GPT - 4."""
    read = Phrase.of(text)
    start = read.text.find(name)
    written = read.slice(start, start + len(name)) if start >= 0 else name
    return re.sub(r"(?<=[A-Za-z\d]) *- *(?=[A-Za-z\d])", "-", written)


def _unplaced(question: str) -> Candidate:
    return Candidate(question, Kind.WHAT, "", Span(0, 0))


def _answered(library: Library, choice: Choice, one: Candidate) -> bool:
    if one.doc_id:
        return holds(library, one, choice)
    return library.ask(one.question, **choice._asdict()).status is Status.ANSWERED


def _shared(question: str, other: str) -> float:
    """The share of the question's words that the other has."""
    wanted = set(content_terms(question))
    return len(wanted & set(content_terms(other))) / max(1, len(wanted))
