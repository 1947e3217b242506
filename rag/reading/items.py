"""An answer that is one item of a list, or what leads up to it, where a question asks for all of them.

A list stands in several blocks of a document, or in one: "包括：一是……；二是……。".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.text.enumerations import counted_in, enumerations
from rag.text.normalization import normalise
from rag.types import Document, Span

# Shares of an item's words that an answer has to hold, and of the answer's that have to lie there, to be that item.
_OF_ITEM: Final = 0.8
_OF_ANSWER: Final = 0.6
_LEAST_LEAD: Final = 4
# 「什么情况下…」 has all items of a list for its answer only where what leads up to it says that they are such cases.
_CASES_ASKED: Final = re.compile("(?:什么|何种)(?:情况|情形|条件)")
_CASES_FOLLOW: Final = re.compile("之一|[下以如][列下]|情形|情况|条件")


def all_items(document: Document, slices: Sequence[Span], around: Span, question: str) -> list[Span]:
    """The names of all items of the list that ``slices`` are items of, or its lead; ``slices`` if they are none.

    An answer that stands inside of an item, or beside the list as well, is no item. A list in ``around`` whose lead the
    question repeats (which is in its normal form) is the one that it asks for, whatever the slices are.
    """
    blocks = document.blocks[document.block_at(around.start).number - 1 : document.block_at(around.end - 1).number]
    inside = [one for block in blocks for one in counted_in(document, block)]
    lists = [(one.lead, [item.head for item in one.items]) for one in enumerations(document)]
    if _CASES_ASKED.search(question):
        lists = [(lead, items) for lead, items in lists if lead and _CASES_FOLLOW.search(document.text[slice(*lead)])]
        inside = [(lead, items) for lead, items in inside if _CASES_FOLLOW.search(document.text[slice(*lead)])]
    for lead, items in (*lists, *inside):
        places = [(item, _OF_ITEM) for item in items] + ([(lead, 0.0)] if lead else [])
        if all(any(_is(span, place, least) for place, least in places) for span in slices):
            return items
    asked = (items for lead, items in inside if _is_asked(document.text[lead.start : lead.end], question))
    return next(asked, list(slices))


def _is_asked(lead: str, question: str) -> bool:
    said = normalise(lead).text.strip(" ,:")
    return len(said) >= _LEAST_LEAD and said in question


def _is(answer: Span, place: Span, least: float) -> bool:
    shared = min(answer.end, place.end) - max(answer.start, place.start)
    return shared >= _OF_ANSWER * (answer.end - answer.start) and shared >= least * (place.end - place.start)
