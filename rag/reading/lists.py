"""List questions whose items are spread over paragraphs: the enumeration whose lead fits the question."""

from __future__ import annotations

from collections.abc import Sequence

from rag.reading import Candidate, Evidence
from rag.reading.features import Sentence, coverage, term_set
from rag.reading.questions import Question
from rag.structure import Enumeration, enumerations
from rag.text import sentences
from rag.types import Document, Span

# The lead must hold this share of the question's words, and more than the best single sentence does.
_LEAD_COVERAGE = 0.45


def read_list(question: Question, candidates: Sequence[Candidate], best: Sentence) -> tuple[Evidence, ...]:
    """One piece of evidence for each item of the enumeration that the question asks for; () if there is none."""
    documents = {candidate.document.doc_id: candidate.document for candidate in candidates}
    scored = [
        (_fit(question, document, enumeration), document, enumeration)
        for document in documents.values()
        for enumeration in enumerations(document)
    ]
    if not scored:
        return ()
    fit, document, enumeration = max(scored, key=lambda one: one[0])
    if fit < _LEAD_COVERAGE or fit <= best.own:
        return ()
    return tuple(
        Evidence(document, (item.head,), _sentence_around(document, item.head), fit) for item in enumeration.items
    )


def _fit(question: Question, document: Document, enumeration: Enumeration) -> float:
    """The share of the question's words in the lead and, half as much, in the items' names."""
    lead = document.text[enumeration.lead.start : enumeration.lead.end] if enumeration.lead else ""
    heads = " ".join(document.text[item.head.start : item.head.end] for item in enumeration.items)
    by_lead = coverage(question.terms, term_set(lead))
    return by_lead + (coverage(question.terms, term_set(lead) | term_set(heads)) - by_lead) / 2


def _sentence_around(document: Document, span: Span) -> Span:
    block = document.block_at(span.start)
    return next(s for s in sentences(document.text, block.start, block.end) if s.start <= span.start < s.end)
