"""Logits to answers: the spans of tokens that the trained reader sees in one pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.reading.pairs import START, Pair
from rag.types import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Logits = NDArray[np.float32]

_LONGEST: Final = 80
"""Tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A span of a passage, in its code points, and its margin: its score less that of "no answer here"."""

    span: Span
    margin: float


def extracts(pair: Pair, start: Logits, end: Logits, sentences: Sequence[Span]) -> list[Extract | None]:
    """For each of ``sentences``, ranges of the passage in order, the best span that begins in it.

    A span's score is the ``start`` logit of its first token plus the ``end`` logit of its last; both arrays have shape
    ``(tokens,)``. Ties go to the earliest, then the shortest. None where no token of the pair begins in the sentence.
    """
    found: list[Extract | None] = []
    if not pair.spans:
        return [None] * len(sentences)
    none = float(start[START] + end[START])
    passage = slice(pair.first, pair.first + len(pair.spans))
    best_end, totals = _best_ends(end[passage])
    totals = totals + start[passage]
    begins = np.array([span.start for span in pair.spans])
    for sentence in sentences:
        inside = np.flatnonzero((begins >= sentence.start) & (begins < sentence.end))
        if not len(inside):
            found.append(None)
            continue
        first = inside[np.argmax(totals[inside])]
        span = Span(pair.spans[first].start, pair.spans[best_end[first]].end)
        found.append(Extract(span, float(totals[first]) - none))
    return found


def extract(pair: Pair, start: Logits, end: Logits) -> Extract:
    """The best span of the whole pair, which must show some of its passage."""
    everywhere = Span(pair.spans[0].start, pair.spans[-1].end)
    found = extracts(pair, start, end, [everywhere])[0]
    assert found is not None
    return found


def _best_ends(end: Logits) -> tuple[NDArray[np.intp], Logits]:
    """For each token the best last token of a span that begins with it, and that token's logit."""
    padded = np.concatenate([end, np.full(_LONGEST - 1, -np.inf, dtype=end.dtype)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _LONGEST)
    offsets = windows.argmax(axis=1)
    return np.arange(len(end)) + offsets, windows.max(axis=1)
