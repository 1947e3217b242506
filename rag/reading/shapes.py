"""The shape of an answer: from the span that the network saw to what the question asks for.

A date for when and a figure for how many, items for a list, whole clauses for why, how and yes or no. Rules propose
what has that shape, and the network judges how much worse it is than the span that it saw.
"""

from __future__ import annotations

from collections.abc import Callable

from rag.reading.edges import whole
from rag.reading.forms import ASKED_QUANTITY, forms
from rag.reading.questions import Kind, Question
from rag.reading.short_answers import answer_spans, items_in
from rag.text import normalise
from rag.types import Span

_FORMAL = frozenset({Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW_MANY})
# How much worse than the network's own span one of the shape asked for may be, in logits, to be taken instead.
# Chosen on the tuning questions.
_LENIENCE = {
    Kind.WHEN: 8.0,
    Kind.HOW_MANY: 8.0,
    Kind.WHO: 4.0,
    Kind.WHERE: 4.0,
    Kind.YES_NO: 4.0,
    Kind.LIST: 8.0,
    Kind.WHY: 8.0,
}


def shaped(question: Question, text: str, span: Span, margin: Callable[[Span], float]) -> tuple[Span, ...]:
    """The ranges of ``text`` that answer; several for a list or for two questions. Never empty.

    ``span`` is what the network saw, ``margin`` how it judges any range of ``text``.
    """
    if question.kind is Kind.HOW_MANY and len(ASKED_QUANTITY.findall(question.normalised)) > 1:
        return answer_spans(question, text)
    if question.kind in _FORMAL:
        found = (_of_form(kind, question, text, span, margin) for kind in question.kinds)
        fitting = sorted({one for one in found if one})
        if fitting:
            return tuple(fitting)
    elif question.kind in _LENIENCE:
        ruled = answer_spans(question, text)
        if min(map(margin, ruled)) >= margin(span) - _LENIENCE[question.kind]:
            return ruled
    cut = whole(question, text, span)
    return (items_in(text, cut) if question.kind is Kind.LIST else ()) or (cut,)


def _of_form(kind: Kind, question: Question, text: str, span: Span, margin: Callable[[Span], float]) -> Span | None:
    """What the network judges best of all that has the form of ``kind``, if that is not far behind ``span``."""
    folded = normalise(text)
    found = [folded.to_original(*form) for form in forms(kind, question, folded.text) if form.start < form.end]
    best = max(found, key=margin, default=None)
    if best is None:
        return None
    several = len(question.kinds) > 1
    return best if several or margin(best) >= margin(span) - _LENIENCE[kind] else None
