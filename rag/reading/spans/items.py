"""An answer that is one item of a list, or what leads up to it, where a question asks for all of them.

A list stands in several blocks of a document, or in one: "包括：一是……；二是……。".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rag.text.enumerations import Enumeration, counted_in, enumerations
from rag.text.normalization import normalise
from rag.text.tokenization import telling_words
from rag.types import Document, Span

# Shares of an item's words that an answer has to hold, and of the answer's that have to lie there, to be that item.
_OF_ITEM: Final = 0.8
_OF_ANSWER: Final = 0.6
_LEAST_LEAD: Final = 4
# 「什么情况下…」 has all items of a list for its answer only where what leads up to it says that they are such cases.
_CASES_ASKED: Final = re.compile("(?:什么|何种)(?:情况|情形|条件)")
_CASES_FOLLOW: Final = re.compile("之一|[下以如][列下]|情形|情况|条件")


class _List(NamedTuple):
    """What leads up to a list, and of each item its name, what is shown of it, and all of it."""

    lead: Span | None
    names: list[Span]
    shown: list[Span]
    items: list[Span]


def all_items(document: Document, slices: Sequence[Span], around: Span, question: str) -> list[Span]:
    """What all items say of the list that ``slices`` are items of, or its lead; ``slices`` if they are none.

    An answer that stands inside of an item, behind its name, or beside the list as well, is no item. Of an item that
    has a word of the question, in its normal form, which neither the others nor the lead have, the others are not
    asked for. A list in ``around`` whose lead the question repeats is the one that it asks for, whatever the slices
    are.
    """
    blocks = document.blocks[document.block_at(around.start).number - 1 : document.block_at(around.end - 1).number]
    inside = [_List(lead, spans, spans, spans) for block in blocks for lead, spans in counted_in(document, block)]
    lists = [*map(_list, enumerations(document)), *inside]
    if _CASES_ASKED.search(question):
        lists = [one for one in lists if one.lead and _CASES_FOLLOW.search(document.text[slice(*one.lead)])]
    for one in lists:
        places = [(item, _OF_ITEM) for item in (*one.names, *one.shown)] + ([(one.lead, 0.0)] if one.lead else [])
        if all(any(_is(span, place, least) for place, least in places) for span in slices):
            return list(slices) if len(slices) == 1 and _is_named(document, slices[0], one, question) else one.shown
    asked = (one.shown for one in inside if one.lead and _is_asked(document.text[slice(*one.lead)], question))
    return next(asked, list(slices))


def _list(one: Enumeration) -> _List:
    spans = [item.block.span for item in one.items]
    return _List(one.lead, [item.head for item in one.items], [item.said for item in one.items], spans)


def _is_named(document: Document, answer: Span, one: _List, question: str) -> bool:
    """Whether a question has a word of the answer's item alone."""
    parts = [normalise(document.text[slice(*part)]).text for part in (one.lead or Span(0, 0), *one.items)]
    saying = [[place for place, part in enumerate(parts) if word in part] for word in telling_words(question)]
    own = next((place for place, item in enumerate(one.items, 1) if answer.start < item.end), 0)
    return answer.start >= one.items[0].start and [own] in saying


def _is_asked(lead: str, question: str) -> bool:
    said = normalise(lead).text.strip(" ,:")
    return len(said) >= _LEAST_LEAD and said in question


def _is(answer: Span, place: Span, least: float) -> bool:
    shared = min(answer.end, place.end) - max(answer.start, place.start)
    return shared >= _OF_ANSWER * (answer.end - answer.start) and shared >= least * (place.end - place.start)
