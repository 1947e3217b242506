"""What can be said of a sentence as evidence for a question, in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.numbers import in_digits
from rag.reading import Candidate
from rag.reading.forms import form_fit
from rag.reading.questions import Question
from rag.text import normalise
from rag.tokenization import terms
from rag.types import BlockKind, Document, Span

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_YEAR_OR_MONTH = re.compile(rf"{_YEAR.pattern}|(?<!\d)(1[0-2]|0?[1-9])月")

_PRONOUN = re.compile("[它他她]|其(?!中|他|次|实|余)|该(?=[^怎如])")
_FULL_LENGTH = 60
_CAPTION = 25


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a candidate with its features.

    ``cosine``: with the question. ``passage``: the fused score of its passage. ``own`` and ``around``: the share of
    the question's words, weighted by idf, that the sentence holds (see `_own` for the sentence before it), and that
    its whole passage with the context holds. ``form``: how far it holds something of the form asked for, see
    `rag.reading.forms.form_fit`.
    ``off_date``: 1 if the question names a year or month and the sentence is about another. ``heading``: 1 for a
    heading or the caption of a list. ``length``: in characters, 1 from sixty on.
    """

    document: Document
    span: Span
    text: str
    cosine: float
    passage: float
    own: float
    around: float
    form: float
    off_date: float
    heading: float
    length: float


def read_sentences(question: Question, candidates: Sequence[Candidate]) -> Iterator[Sentence]:
    """All sentences of all candidates, in order of rank and then of place."""
    for candidate in candidates:
        passage, document = candidate.hit.passage, candidate.document
        around = coverage(question.terms, passage_terms(candidate))
        before: frozenset[str] = frozenset()
        for span, cosine in zip(passage.sentences, candidate.sentence_cosines, strict=True):
            text = document.text[span.start : span.end]
            held = term_set(text)
            yield Sentence(
                document=document,
                span=span,
                text=text,
                cosine=cosine,
                passage=candidate.hit.score,
                own=_own(question, text, held, before),
                around=around,
                form=form_fit(question, normalise(text).text),
                off_date=float(_off_date(question, text, document.text[passage.start : span.start])),
                heading=float(_is_heading(document, span)),
                length=min(len(text) / _FULL_LENGTH, 1.0),
            )
            before = held


def coverage(wanted: Mapping[str, float], held: frozenset[str]) -> float:
    """The share of ``wanted``'s weight whose terms are in ``held``; 0 where nothing is wanted."""
    total = sum(wanted.values())
    return sum(weight for term, weight in wanted.items() if term in held) / total if total else 0.0


def passage_terms(candidate: Candidate) -> frozenset[str]:
    """The terms of a candidate's sentences and context."""
    passage, text = candidate.hit.passage, candidate.document.text
    return term_set(passage.context).union(*(term_set(text[s.start : s.end]) for s in passage.sentences))


@lru_cache(maxsize=8192)
def term_set(text: str) -> frozenset[str]:
    """The terms of ``text``."""
    return frozenset(terms(text))


def _is_heading(document: Document, span: Span) -> bool:
    kind = document.block_at(span.start).kind
    return kind is BlockKind.HEADING or (kind is BlockKind.LIST_ITEM and span.end - span.start < _CAPTION)


def _own(question: Question, text: str, held: frozenset[str], before: frozenset[str]) -> float:
    """The share of the question that the sentence holds: words of the sentence before count half, and fully where
    a pronoun leans on them.
    """
    together = coverage(question.terms, held | before)
    return together if _PRONOUN.search(text) else (coverage(question.terms, held) + together) / 2


def _off_date(question: Question, sentence: str, before: str) -> bool:
    """Whether the sentence names dates, or stands under a year, and none of them agrees with the question's.

    A month belongs to the last year named before it.
    """
    if not question.years and not question.months:
        return False
    year = (_YEAR.findall(in_digits(normalise(before).text)) or [None])[-1]
    years, months = {year} - {None}, set()
    for match in _YEAR_OR_MONTH.finditer(in_digits(normalise(sentence).text)):
        if match.group(1):
            year = match.group(1)
            years.add(year)
        else:
            months.add((year, match.group(2).lstrip("0")))
    if question.months and months:
        return not any(
            month in question.months and (year is None or not question.years or year in question.years)
            for year, month in months
        )
    return bool(question.years and years and not question.years & years)
