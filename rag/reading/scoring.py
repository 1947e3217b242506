"""The trained network over texts: of each sentence the span that answers best, of each text its relevance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from rag.reading.decoding import Extract, Window
from rag.reading.pairs import Pair, PairEncoder, PairScores
from rag.types import Span

# Readings that are remembered: what the page offers to ask has been asked already when it is clicked, and who wants to
# know why asks once more.
_REMEMBERED: Final = 32
# Of a text with nothing to extract.
_NO_MARGIN = -20.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text to read, its context, and its sentences as ranges of it."""

    context: str
    passage: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TextScores:
    """What the network says of one text: the best span of each sentence, and the logit that it answers at all.

    A sentence without a token, such as a lone mark, has no extract.
    """

    extracts: tuple[Extract | None, ...]
    relevance: float
    windows: tuple[Window, ...]

    @property
    def margin(self) -> float:
        """The best margin of any sentence."""
        return max((one.margin for one in self.extracts if one), default=_NO_MARGIN)

    def slices(self, span: Span) -> tuple[Span, ...]:
        """All slices of the answer whose best span is ``span``, in order; see `Window.slices`."""
        best = max(self.windows, key=lambda window: window.margin(span) or _NO_MARGIN)
        return best.slices(span)

    def best_in(self, parts: Sequence[Span]) -> Span | None:
        """The best span that begins in one of ``parts``, ranges of the text, up to its end."""
        found = [
            (one.margin, Span(one.span.start, min(one.span.end, part.end)))
            for window in self.windows
            for one, part in zip(window.extracts(parts), parts, strict=True)
            if one
        ]
        return max(found, key=lambda one: one[0])[1] if found else None


class Scorer(Protocol):
    """The network, computed by one library or another."""

    def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
        """Begin to compute; what waits for the logits of each pair, in order, and returns them."""


class TextReader:
    """Reads texts for a question. Thread-safe; the same texts in the same order give the same scores."""

    def __init__(self, base: Path, scorer: Scorer) -> None:
        """Read with ``scorer``, and the tokenizer of the encoder in ``base``."""
        self._scorer = scorer
        self._encoder = PairEncoder(base)
        self._remembered = lru_cache(_REMEMBERED)(self._read)

    def read(self, question: str, texts: Sequence[Text]) -> tuple[TextScores, ...]:
        """Read each text for a question in its normal form.

        Where one takes several windows, each sentence's best counts, and the highest relevance.
        """
        return self._remembered(question, tuple(texts))

    def _read(self, question: str, texts: tuple[Text, ...]) -> tuple[TextScores, ...]:
        pairs = [self._encoder.encode(question, text.context, text.passage) for text in texts]
        scores = iter(self._scorer.start([pair for windows in pairs for pair in windows])())
        return tuple(
            _joined(text, [_scored(pair, next(scores)) for pair in windows])
            for text, windows in zip(texts, pairs, strict=True)
        )


def _scored(pair: Pair, scores: PairScores) -> tuple[Window, float]:
    return Window.of(pair, scores), scores.relevance


def _joined(text: Text, scored: Sequence[tuple[Window, float]]) -> TextScores:
    by_window = [window.extracts(text.sentences) for window, _ in scored]
    best = tuple(
        max((e for e in row if e), key=lambda e: e.margin, default=None) for row in zip(*by_window, strict=True)
    )
    return TextScores(best, max(relevance for _, relevance in scored), tuple(window for window, _ in scored))
