"""A question and a passage as the trained reader's input: token ids, and where each token stands in the passage.

The input is ``<s> question </s></s> context </s> passage </s>``, normalised (see `rag.text.normalization`), so that
script, width and case do not matter. Marks are tokens of their own, so that an answer can end before one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.reading.tokens import Locator
from rag.text.normalization import normalise
from rag.types import Span

START: Final = 0
"""``<s>``: stands for "no answer here", and its state says whether the passage is relevant."""
_SEPARATOR: Final = 2
PADDING: Final = 1
LONGEST: Final = 384
"""Tokens of an input. The splitter's passages (400 characters) take 170 to 300; longer ones are read in windows."""
_QUESTION: Final = 80
_CONTEXT: Final = 48
_OVERLAP: Final = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """One input. ``ids`` are token ids; ``ids[first:first + len(spans)]`` are tokens of the passage (or of a window
    of it), and ``spans`` their ranges in the passage, in code points of the original text.
    """

    ids: NDArray[np.int64]
    first: int
    spans: tuple[Span, ...]

    def tokens_of(self, answer: Span) -> tuple[int, int] | None:
        """Positions in ``ids`` of the first and the last token that touch ``answer``; None if it is not all here."""
        inside = [i for i, span in enumerate(self.spans) if span.overlaps(answer)]
        if not inside or self.spans[inside[0]].start > answer.start or self.spans[inside[-1]].end < answer.end:
            return None
        return self.first + inside[0], self.first + inside[-1]


class PairScores(NamedTuple):
    """Logits of a pair: of each of its tokens (and maybe of padding), and of the whole.

    See `rag.reading.network.Scores` for what each means.
    Position 0 of ``start`` and ``end`` stands for "no answer here".
    """

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    inside: NDArray[np.float32]
    relevance: float
    several: float


class PairEncoder:
    """Makes pairs with the tokenizer in a model folder."""

    def __init__(self, folder: Path) -> None:
        self._locator = Locator(folder)

    def encode(self, question: str, context: str, passage: str) -> list[Pair]:
        """The inputs for a question in its normal form and a passage: one, or windows that overlap over a long one."""
        head = [START, *self._ids(question)[:_QUESTION], _SEPARATOR, _SEPARATOR]
        head += [*self._ids(normalise(context).text.strip())[:_CONTEXT], _SEPARATOR]
        ids, spans = self._passage(passage)
        room = LONGEST - len(head) - 1
        pairs = []
        for start in range(0, max(1, len(ids) - _OVERLAP), room - _OVERLAP) if len(ids) > room else (0,):
            window = ids[start : start + room]
            pairs.append(
                Pair(
                    np.array([*head, *window, _SEPARATOR], dtype=np.int64),
                    len(head),
                    tuple(spans[start : start + room]),
                )
            )
        return pairs

    def _ids(self, normalised: str) -> list[int]:
        return [token.id for token in self._locator.tokens(normalised)]

    def _passage(self, text: str) -> tuple[list[int], list[Span]]:
        folded = normalise(text)
        tokens = self._locator.tokens(folded.text)
        spans = (folded.to_original(token.start, token.end) for token in tokens)
        return [token.id for token in tokens], [_without_blank(text, span) for span in spans]


def _without_blank(text: str, span: Span) -> Span:
    """A token's range without the white space before its word: at the beginning of a line it is another line's."""
    word = text[slice(*span)].lstrip()
    return Span(span.end - len(word), span.end) if word else span


def pad(pairs: Sequence[Pair]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``(ids, mask)`` of shape ``(len(pairs), longest)``; the mask is 1 on tokens and 0 on padding."""
    longest = max(len(pair.ids) for pair in pairs)
    ids = np.full((len(pairs), longest), PADDING, dtype=np.int64)
    for row, pair in zip(ids, pairs, strict=True):
        row[: len(pair.ids)] = pair.ids
    return ids, (ids != PADDING).astype(np.int64)
