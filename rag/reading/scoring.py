"""The trained network over passages: of each sentence the span that answers best, of each passage its relevance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from rag.reading.decoding import Extract, Window
from rag.reading.network import ReaderNetwork, compute_in, load_base, preferred_dtype, read
from rag.reading.pairs import Pair, PairEncoder, pad
from rag.types import Span

# Passages of one question are few: two batches of like lengths waste less than one, and more of them gain nothing.
_BATCHES = 2
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


class PassageReader:
    """Reads passages for a question. Thread-safe; the same passages in the same order give the same scores."""

    def __init__(self, base: Path, weights: Path, *, device: str = "cpu") -> None:
        """Load the encoder in ``base`` and what was trained on top of it from ``weights``. Raises ModelError."""
        values, notes = read(weights)
        network = ReaderNetwork(load_base(base, attention="sdpa"), rank=int(notes["rank"]))
        network.load_trained(values)
        self._network = network.merge().to(device)
        compute_in(self._network.encoder, preferred_dtype(device))
        self._device = device
        self._encoder = PairEncoder(base)

    def read(self, question: str, texts: Sequence[Text]) -> list[PassageScores]:
        """Read each text. Where one takes several windows, each sentence's best counts, and the highest relevance."""
        windows = [
            (i, p) for i, text in enumerate(texts) for p in self._encoder.encode(question, text.context, text.passage)
        ]
        found: list[list[tuple[Window, float]]] = [[] for _ in texts]
        for i, window, relevance in self._scored(windows):
            found[i].append((window, relevance))
        return [_joined(text, scored) for text, scored in zip(texts, found, strict=True)]

    @torch.inference_mode()
    def _scored(self, windows: Sequence[tuple[int, Pair]]) -> list[tuple[int, Window, float]]:
        ordered = sorted(windows, key=lambda window: len(window[1].ids))
        size = max(1, -(-len(ordered) // _BATCHES))
        found = []
        for begin in range(0, len(ordered), size):
            batch = ordered[begin : begin + size]
            ids, mask = (torch.from_numpy(array).to(self._device) for array in pad([pair for _, pair in batch]))
            scores = self._network(ids, mask)
            starts, ends = scores.start.cpu().numpy(), scores.end.cpu().numpy()
            for row, (i, pair) in enumerate(batch):
                found.append((i, Window.of(pair, starts[row], ends[row]), float(scores.relevance[row])))
        return found


def _joined(text: Text, scored: Sequence[tuple[Window, float]]) -> PassageScores:
    by_window = [window.extracts(text.sentences) for window, _ in scored]
    best = tuple(
        max((e for e in row if e), key=lambda e: e.margin, default=None) for row in zip(*by_window, strict=True)
    )
    return PassageScores(best, max(relevance for _, relevance in scored), tuple(window for window, _ in scored))
