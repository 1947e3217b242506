"""The trained network over passages: of each sentence the span that answers best, of each passage its relevance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.reading.decoding import Extract, Window
from rag.reading.pairs import Pair, PairEncoder, PairScores
from rag.types import Span

# Of a passage with nothing to extract.
_NO_MARGIN = -20.0


@dataclass(frozen=True, slots=True)
class Text:
    """A passage to read, its context, and its sentences as ranges of it."""

    context: str
    passage: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PassageScores:
    """What the network says of one passage: the best span of each sentence, and the logit that it answers at all.

    A sentence without a token, such as a lone mark, has no extract.
    """

    extracts: tuple[Extract | None, ...]
    relevance: float
    windows: tuple[Window, ...]

    @property
    def margin(self) -> float:
        """The best margin of any sentence."""
        return max((one.margin for one in self.extracts if one), default=_NO_MARGIN)

    def margin_of(self, span: Span) -> float:
        """The margin of any range of the passage."""
        found = (window.margin(span) for window in self.windows)
        return max((margin for margin in found if margin is not None), default=_NO_MARGIN)


class Scorer(Protocol):
    """The network, computed by one library or another."""

    def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
        """Begin to compute; what waits for the logits of each pair, in order, and returns them."""


class PassageReader:
    """Reads passages for a question. Thread-safe; the same passages in the same order give the same scores."""

    def __init__(self, base: Path, scorer: Scorer) -> None:
        """Read with ``scorer``, and the tokenizer of the encoder in ``base``."""
        self._scorer = scorer
        self._encoder = PairEncoder(base)

    def read(self, question: str, texts: Sequence[Text]) -> list[PassageScores]:
        """Read each text. Where one takes several windows, each sentence's best counts, and the highest relevance."""
        return self.start(question, texts)()

    def start(self, question: str, texts: Sequence[Text]) -> Callable[[], list[PassageScores]]:
        """Begin to `read`; what waits for it and returns what it came to."""
        pairs = [self._encoder.encode(question, text.context, text.passage) for text in texts]
        computing = self._scorer.start([pair for windows in pairs for pair in windows])

        def finish() -> list[PassageScores]:
            scores = iter(computing())
            return [
                _joined(text, [_scored(pair, next(scores)) for pair in windows])
                for text, windows in zip(texts, pairs, strict=True)
            ]

        return finish


def _scored(pair: Pair, scores: PairScores) -> tuple[Window, float]:
    return Window.of(pair, scores.start, scores.end), scores.relevance


def _joined(text: Text, scored: Sequence[tuple[Window, float]]) -> PassageScores:
    by_window = [window.extracts(text.sentences) for window, _ in scored]
    best = tuple(
        max((e for e in row if e), key=lambda e: e.margin, default=None) for row in zip(*by_window, strict=True)
    )
    return PassageScores(best, max(relevance for _, relevance in scored), tuple(window for window, _ in scored))
