"""Embedding models computed by OpenVINO: the bundled one, and others of BERT's kind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from rag.embedding.recipe import Recipe
from rag.inference.bert import Bert, Computing, Tokens
from rag.inference.scales import Scales
from rag.inference.tensors import Tensor

if TYPE_CHECKING:
    from tqdm import tqdm

    from rag.types import Vectors

Vector = NDArray[np.float32]

# Texts that are sorted by length together. More make the batches no fuller; a bar moves in steps of these.
_AT_ONCE: Final = 256


class CompiledEncoder:
    """Texts to float32 vectors of unit length, as the model's recipe has it.

    A text has the same vector whatever it is encoded with. Texts that are too long for the model are cut.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        recipe: Recipe,
        ids: Callable[[str], Sequence[int]],
        scales: Scales | None = None,
    ) -> None:
        """Load the model in ``folder``, whose tokens ``ids`` gives; with ``scales`` it may be computed in bytes.

        Raises ModelError if it does not load.
        """
        self._bert = Bert(folder, scales=scales, single=True)
        self._name = name
        self._recipe = recipe
        self._ids = ids

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
        return self._encode(texts, self._recipe.query, soon=True)

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Return one unit vector a passage, shape ``(len(texts), dimension)``, in order.

        ``progress`` shows a bar on stderr.
        """
        return self._encode(texts, self._recipe.passage, progress=progress)

    def fit(self, queries: Sequence[str], passages: Sequence[str]) -> Scales:
        """See `Bert.fit`."""
        texts = [self._recipe.query + text for text in queries] + [self._recipe.passage + text for text in passages]
        return self._bert.fit([self._tokens(text) for text in texts])

    def _encode(self, texts: Sequence[str], prompt: str, *, progress: bool = False, soon: bool = False) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with _bar(len(texts)) if progress else nullcontext() as bar:
            for start, some in self._computed(texts, prompt, soon):
                vectors[start : start + len(some)] = some
                if bar is not None:
                    bar.update(len(some))
        return vectors

    def _computed(self, texts: Sequence[str], prompt: str, soon: bool) -> Iterator[tuple[int, list[Vector]]]:
        """The vectors of some texts at a time. While some are computed, the next are cut into tokens."""
        waiting: deque[tuple[int, Computing[Vector]]] = deque()
        try:
            for start in range(0, len(texts), _AT_ONCE):
                tokens = [self._tokens(prompt + text) for text in texts[start : start + _AT_ONCE]]
                waiting.append((start, self._bert.start(tokens, self._vector, soon=soon)))
                if len(waiting) > 1:
                    begun, computing = waiting.popleft()
                    yield begun, computing.results()
            for begun, computing in waiting:
                yield begun, computing.results()
        finally:
            for _, computing in waiting:
                computing.cancel()

    def _tokens(self, text: str) -> Tokens:
        # Half a surrogate pair, which JSON can carry, is no text to a tokenizer.
        return np.array(self._ids(text.encode("utf-8", "replace").decode("utf-8")), dtype=np.int64)

    def _vector(self, states: Tensor) -> Vector:
        summed = states[0].astype(np.float64) if self._recipe.first else states.mean(axis=0, dtype=np.float64)
        unit: Vector = (summed / np.linalg.norm(summed)).astype(np.float32)
        return unit


def _bar(texts: int) -> tqdm[NoReturn]:
    # Not where one question is encoded: importing it takes as long as that.
    from tqdm import tqdm

    return tqdm(total=texts, desc="嵌入 embed", unit="text", delay=2)
