"""List questions whose items are spread over paragraphs: the enumeration whose lead fits the question."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.reading import Candidate, Evidence
from rag.reading.features import Sentence, coverage, term_set
from rag.reading.questions import Question
from rag.structure import Enumeration, enumerations
from rag.text import sentences
from rag.types import Document, Span

# How much of the question an enumeration must match to be considered at all.
_LEAST_FIT = 0.25
_NUMBERS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ASKED_NUMBER = re.compile(r"哪([两二三四五六七八九十]|\d+)")


def read_list(question: Question, candidates: Sequence[Candidate], best: Sentence) -> tuple[Evidence, ...]:
    """One piece of evidence for each item of the enumeration that the question asks for; () if there is none.

    An enumeration is preferred to the best single sentence if that sentence introduces it, if it has as many items
    as the question asks for, or if it matches more of the question.
    """
    documents = {candidate.document.doc_id: candidate.document for candidate in candidates}
    scored = [
        (_fit(question, document, enumeration), document, enumeration)
        for document in documents.values()
        for enumeration in enumerations(document)
    ]
    if not scored:
        return ()
    fit, document, enumeration = max(scored, key=lambda one: one[0])
    introduced = document is best.document and enumeration.lead == best.span
    if fit < _LEAST_FIT or not (introduced or fit > best.own or _asked_number(question) == len(enumeration.items)):
        return ()
    return tuple(
        Evidence(document, (item.head,), _sentence_around(document, item.head), fit) for item in enumeration.items
    )


def _asked_number(question: Question) -> int:
    """How many items "哪三种" asks for; 0 where the question does not say."""
    match = _ASKED_NUMBER.search(question.normalised)
    if not match:
        return 0
    return _NUMBERS.get(match.group(1)) or int(match.group(1))


def _fit(question: Question, document: Document, enumeration: Enumeration) -> float:
    """The share of the question's words in the lead and, half as much, in the items' names."""
    lead = document.text[enumeration.lead.start : enumeration.lead.end] if enumeration.lead else ""
    heads = " ".join(document.text[item.head.start : item.head.end] for item in enumeration.items)
    by_lead = coverage(question.terms, term_set(lead))
    return by_lead + (coverage(question.terms, term_set(lead) | term_set(heads)) - by_lead) / 2


def _sentence_around(document: Document, span: Span) -> Span:
    block = document.block_at(span.start)
    return next(s for s in sentences(document.text, block.start, block.end) if s.start <= span.start < s.end)
