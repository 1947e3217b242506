"""Embedding models computed by OpenVINO: the bundled one, and others of BERT's kind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from rag.embedding.late import Passage as LatePassage
from rag.embedding.late import passages, readable
from rag.embedding.recipe import Recipe
from rag.inference.bert import Bert, Computing, Tokens
from rag.inference.scales import Scales
from rag.inference.tensors import Tensor
from rag.types import Row

if TYPE_CHECKING:
    from rag.types import Vectors

Item = TypeVar("Item")

# Texts that are sorted by length together. More make the batches no fuller.
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
        late: Callable[[str], Sequence[int]] | None = None,
        scales: Scales | None = None,
    ) -> None:
        """Load the model in ``folder``, whose tokens ``ids`` gives; with ``scales`` it may be computed in bytes.

        ``late`` gives tokens without those of the ends, to a model that is trained for `rag.embedding.late`. Raises
        ModelError if it does not load.
        """
        self._bert = Bert(folder, scales=scales, single=True)
        self._name = name
        self._recipe = recipe
        self._ids = ids
        self._late = late

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

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a passage, shape ``(len(texts), dimension)``, in order."""
        return self._encode(texts, self._recipe.passage)

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        """Return one unit vector a row, shape ``(len(rows), dimension)``, in order."""
        if self._late is None:
            return self.encode_passages([row.own for row in rows])
        made = passages(rows, self._recipe.passage, self._late)
        return self._joined(self._computed(made, lambda one: np.array(one.ids, np.int64), LatePassage.vectors))

    def fit(self, queries: Sequence[str], passages: Sequence[str]) -> Scales:
        """See `Bert.fit`."""
        texts = [self._recipe.query + text for text in queries] + [self._recipe.passage + text for text in passages]
        return self._bert.fit([self._tokens(text) for text in texts])

    def _encode(self, texts: Sequence[str], prompt: str, *, soon: bool = False) -> Vectors:
        return self._joined(self._computed(texts, lambda one: self._tokens(prompt + one), self._vector, soon=soon))

    def _joined(self, found: Iterable[Vectors]) -> Vectors:
        return np.concatenate([np.empty((0, self.dimension), np.float32), *found])

    def _computed(
        self,
        items: Iterable[Item],
        tokens: Callable[[Item], Tokens],
        make: Callable[[Item, Tensor], Vectors],
        *,
        soon: bool = False,
    ) -> Iterator[Vectors]:
        """What ``make`` makes of each item and its states. While some are computed, the next are cut into tokens."""
        waiting: deque[Computing[Vectors]] = deque()
        rest = iter(items)
        try:
            while some := list(islice(rest, _AT_ONCE)):
                waiting.append(self._bert.start([tokens(one) for one in some], _of_items(make, some), soon=soon))
                if len(waiting) > 1:
                    yield from waiting.popleft().results()
            for computing in waiting:
                yield from computing.results()
        finally:
            for computing in waiting:
                computing.cancel()

    def _tokens(self, text: str) -> Tokens:
        return np.array(self._ids(readable(text)), dtype=np.int64)

    def _vector(self, _: str, states: Tensor) -> Vectors:
        summed = states[:1].astype(np.float64) if self._recipe.first else states.mean(0, np.float64, keepdims=True)
        unit: Vectors = (summed / np.linalg.norm(summed)).astype(np.float32)
        return unit


def _of_items(make: Callable[[Item, Tensor], Vectors], items: Sequence[Item]) -> Callable[[Tensor, int], Vectors]:
    return lambda states, place: make(items[place], states)
