"""The bundled model computed by OpenVINO."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.bert import Bert, Computing, Tokens
from rag.embedding.pieces import load_pieces
from rag.embedding.tokenizer import END, MAX_TOKENS, START
from rag.network import Tensor

if TYPE_CHECKING:
    from rag.types import Vectors

Vector = NDArray[np.float32]

# Texts that are sorted by length together. More make the batches no fuller; a bar moves in steps of these.
_AT_ONCE: Final = 256


class CompiledEncoder:
    """Texts to float32 vectors of unit length: the mean of the hidden states, with the model's prompts.

    A text has the same vector whatever it is encoded with. Texts over 512 tokens are cut.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        """Load the model in ``folder``; raises ModelError if it does not load."""
        self._bert = Bert(folder)
        self._name = name
        self._pieces = load_pieces(folder)
        settings = json.loads((folder / "config_sentence_transformers.json").read_text("utf-8"))
        self._prompts: dict[str, str] = settings["prompts"]

    @property
    def name(self) -> str:
        """The model and a fingerprint of its files: equal names give comparable vectors."""
        return self._name

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self._bert.dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a question, shape ``(len(texts), dimension)``, in order."""
        return self._encode(texts, self._prompts["query"], progress=False)

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Return one unit vector a passage, shape ``(len(texts), dimension)``, in order.

        ``progress`` shows a bar on stderr.
        """
        return self._encode(texts, self._prompts["passage"], progress=progress)

    def _encode(self, texts: Sequence[str], prompt: str, *, progress: bool) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with tqdm(total=len(texts), desc="嵌入 embed", unit="text", disable=not progress, delay=2) as bar:
            for start, some in self._computed(texts, prompt):
                vectors[start : start + len(some)] = some
                bar.update(len(some))
        return vectors

    def _computed(self, texts: Sequence[str], prompt: str) -> Iterator[tuple[int, list[Vector]]]:
        """The vectors of some texts at a time. While some are computed, the next are cut into tokens."""
        waiting: deque[tuple[int, Computing[Vector]]] = deque()
        try:
            for start in range(0, len(texts), _AT_ONCE):
                tokens = [self._tokens(prompt + text) for text in texts[start : start + _AT_ONCE]]
                waiting.append((start, self._bert.start(tokens, _unit_mean)))
                if len(waiting) > 1:
                    begun, computing = waiting.popleft()
                    yield begun, computing.results()
            for begun, computing in waiting:
                yield begun, computing.results()
        finally:
            for _, computing in waiting:
                computing.cancel()

    def _tokens(self, text: str) -> Tokens:
        return np.array([START, *self._pieces.ids(text)[: MAX_TOKENS - 2], END], dtype=np.int64)


def _unit_mean(states: Tensor) -> Vector:
    mean = states.mean(axis=0, dtype=np.float64)
    unit: Vector = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit
