"""An answer that is one item of a list, or what leads up to it, where a question asks for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.text.enumerations import enumerations
from rag.types import Document, Span

# Shares of an item's words that an answer has to hold, and of the answer's that have to lie there, to be that item.
_OF_ITEM: Final = 0.8
_OF_ANSWER: Final = 0.6


def all_items(document: Document, slices: Sequence[Span]) -> list[Span]:
    """The names of all items of the list that ``slices`` are items of, or its lead; ``slices`` if they are none.

    An answer that stands inside of an item, or beside the list as well, is no item.
    """
    for one in enumerations(document):
        places = [(item.head, _OF_ITEM) for item in one.items] + ([(one.lead, 0.0)] if one.lead else [])
        if all(any(_is(span, place, least) for place, least in places) for span in slices):
            return [item.head for item in one.items]
    return list(slices)


def _is(answer: Span, place: Span, least: float) -> bool:
    shared = min(answer.end, place.end) - max(answer.start, place.start)
    return shared >= _OF_ANSWER * (answer.end - answer.start) and shared >= least * (place.end - place.start)
