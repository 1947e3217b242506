"""Where an answer begins and ends: never inside a number, a name, a date or a pair of marks."""

from __future__ import annotations

import re

from rag.reading import spans
from rag.reading.questions import Kind, Question
from rag.text import normalise
from rag.tokenization import words
from rag.types import Span

_MARKS = " ,;:。!?、…\n"
_PAIRS = {"《": "》", "“": "”", "(": ")", "「": "」", "[": "]", "『": "』"}
_FARTHEST_PARTNER = 40
_LONGEST_FORM = 24
# A word of Chinese that is cut is completed up to this length; jieba's longer ones may be two names.
_LONGEST_WORD = 4
_HAN = re.compile(r"[\u3400-\u9fff]")
_WHOLE_CLAUSE = frozenset({Kind.WHY, Kind.HOW, Kind.YES_NO})


def whole(question: Question, text: str, span: Span) -> Span:
    """The range of ``text`` that ``span`` was meant to be: with whole words, numbers, dates and pairs of marks.

    For why, how and yes or no, whole clauses. Both ranges are of the original characters; the result is never empty.
    """
    folded = normalise(text)
    inside = [
        i for i, (a, b) in enumerate(zip(folded.starts, folded.ends, strict=True)) if a < span.end and span.start < b
    ]
    if not inside:
        return span
    found = Span(inside[0], inside[-1] + 1)
    found = _stripped(folded.text, found)
    found = _with_words(folded.text, found)
    found = _with_forms(question, folded.text, found)
    if question.kind in _WHOLE_CLAUSE:
        found = _with_clauses(folded.text, found)
    found = _with_partners(folded.text, found)
    return folded.to_original(*found)


def _stripped(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip(_MARKS))
    end = span.start + len(part.rstrip(_MARKS))
    return Span(start, end) if start < end else span


def _with_words(text: str, span: Span) -> Span:
    start, end = span
    for word, left, right in words(text):
        if _HAN.search(word) and right - left > _LONGEST_WORD:
            continue
        if left < start < right:
            start = left
        if left < end < right:
            end = right
    return Span(start, end)


def _with_forms(question: Question, text: str, span: Span) -> Span:
    """With all of a figure or date that it touches, if that is what was asked for."""
    if span.end - span.start > _LONGEST_FORM:
        return span
    forms: list[Span] = []
    if Kind.HOW_MANY in question.kinds:
        forms += spans.quantities(text)
    if Kind.WHEN in question.kinds:
        forms += spans.dates(text)
    start, end = span
    for form in forms:
        if form.start < span.end and span.start < form.end:
            start, end = min(start, form.start), max(end, form.end)
    return Span(start, end)


def _with_clauses(text: str, span: Span) -> Span:
    touched = [c for c in spans.clauses(text) if c.start < span.end and span.start < c.end]
    return Span(min(span.start, touched[0].start), max(span.end, touched[-1].end)) if touched else span


def _with_partners(text: str, span: Span) -> Span:
    """With the other mark of each pair that it holds one of, or without that one; and in a title's own marks."""
    start, end = span
    for opening, closing in _PAIRS.items():
        part = text[start:end]
        if part.count(opening) > part.count(closing):
            partner = text.find(closing, end, end + _FARTHEST_PARTNER)
            if partner >= 0:
                end = partner + 1
            elif part.endswith(opening):
                end -= 1
        elif part.count(closing) > part.count(opening):
            partner = text.rfind(opening, max(0, start - _FARTHEST_PARTNER), start)
            if partner >= 0:
                start = partner
            elif part.startswith(closing):
                start += 1
        elif opening == "《" and text[start - 1 : start] == opening and text[end : end + 1] == closing:
            start, end = start - 1, end + 1
    return Span(start, end) if start < end else span
