"""Logits to answers: the spans of tokens that the trained reader sees in one pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from rag.reading.pairs import START, Pair, PairScores
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


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What the network says of a passage, or of a window of it.

    ``spans`` are the tokens' ranges in the passage, ``start``, ``end`` and ``inside`` their logits, shape
    ``(tokens,)``; ``none`` is the score of "no answer here", ``several`` the logit of several slices. A span's score is
    the start logit of its first token plus the end logit of its last.
    """

    spans: tuple[Span, ...]
    start: Logits
    end: Logits
    inside: Logits
    none: float
    several: float

    @classmethod
    def of(cls, pair: Pair, scores: PairScores) -> Window:
        """From the logits of all of a pair's tokens."""
        passage = slice(pair.first, pair.first + len(pair.spans))
        none = float(scores.start[START] + scores.end[START])
        start, end, inside = (logits[passage] for logits in (scores.start, scores.end, scores.inside))
        return cls(pair.spans, start, end, inside, none, float(scores.several))

    def extracts(self, sentences: Sequence[Span]) -> list[Extract | None]:
        """For each of ``sentences``, ranges of the passage in order, the best span that begins in it.

        Ties go to the earliest, then the shortest. None where no token begins in the sentence.
        """
        if not self.spans:
            return [None] * len(sentences)
        best_end, end = _best_ends(self.end)
        totals = self.start + end
        begins = np.array([span.start for span in self.spans])
        found: list[Extract | None] = []
        for sentence in sentences:
            inside = np.flatnonzero((begins >= sentence.start) & (begins < sentence.end))
            if not len(inside):
                found.append(None)
                continue
            first = inside[np.argmax(totals[inside])]
            span = Span(self.spans[first].start, self.spans[best_end[first]].end)
            found.append(Extract(span, float(totals[first]) - self.none))
        return found

    def best(self) -> Extract:
        """The best span of all. The window must not be empty."""
        (found,) = self.extracts([Span(self.spans[0].start, self.spans[-1].end)])
        assert found is not None
        return found

    def slices(self, best: Span) -> tuple[Span, ...]:
        """All slices of the answer whose best span is ``best``: that alone, unless the network sees several.

        Several are ``best`` and the runs of tokens inside the answer that do not touch it.
        """
        if self.several <= 0:
            return (best,)
        others = [span for span in self._runs() if span.end <= best.start or best.end <= span.start]
        return tuple(sorted([best, *others]))

    def _runs(self) -> Iterator[Span]:
        """Tokens in a row that are inside the answer."""
        for is_inside, places in groupby(range(len(self.spans)), key=lambda place: self.inside[place] > 0):
            run = list(places)
            if is_inside:
                yield Span(self.spans[run[0]].start, self.spans[run[-1]].end)

    def margin(self, span: Span) -> float | None:
        """The margin of one span; None if it is not all in the window."""
        touched = [i for i, token in enumerate(self.spans) if token.overlaps(span)]
        if not touched or span.start < self.spans[0].start or self.spans[-1].end < span.end:
            return None
        return float(self.start[touched[0]] + self.end[touched[-1]]) - self.none


def _best_ends(end: Logits) -> tuple[NDArray[np.intp], Logits]:
    """For each token the best last token of a span that begins with it, and that token's logit."""
    padded = np.concatenate([end, np.full(_LONGEST - 1, -np.inf, dtype=end.dtype)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _LONGEST)
    return np.arange(len(end)) + windows.argmax(axis=1), windows.max(axis=1)
