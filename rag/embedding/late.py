"""Late chunking (Günther et al. 2024): a sentence's vector is the mean of its tokens' states in its whole passage.

A passage and all of its sentences cost one pass, and a sentence is understood by what stands around it. The bundled
model is trained for it; see `rag.training.retriever`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rag.embedding.tokenizer import END, MAX_TOKENS, START
from rag.inference.tensors import Tensor
from rag.types import Row

if TYPE_CHECKING:
    from rag.types import Vectors

# What stands over a passage gets so many tokens at most, so that there is room for the passage itself.
_ABOVE: Final = 100


class Passage(NamedTuple):
    """The tokens of a passage, those of each of its sentences, and the numbers of the rows that are wanted of it."""

    ids: Sequence[int]
    sentences: Sequence[slice]
    numbers: Sequence[int | None]

    def vectors(self, states: Tensor) -> Vectors:
        """Unit vectors of the rows by the tokens' states, ``(tokens, hidden)``."""
        whole = states.mean(axis=0, dtype=np.float64)
        means = [whole if number is None else _mean(states[self.sentences[number]], whole) for number in self.numbers]
        rows = np.array(means)
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit


def passages(rows: Sequence[Row], prompt: str, ids: Callable[[str], Sequence[int]]) -> Iterator[Passage]:
    """Neighbouring rows of one passage together; ``ids`` gives a text's tokens, without those of its ends."""
    for _, group in groupby(rows, key=lambda row: (row.text, row.sentences)):
        some = list(group)
        yield _passage(some[0], prompt, ids, [row.number for row in some])


def _passage(row: Row, prompt: str, ids: Callable[[str], Sequence[int]], numbers: Sequence[int | None]) -> Passage:
    # Each sentence is cut apart, so that no token belongs to two.
    above = row.text[: row.sentences[0].start] if row.sentences else row.text
    tokens = [START, *ids(readable(prompt + above))[: _ABOVE if row.sentences else MAX_TOKENS]]
    places = []
    for start, end in row.sentences:
        begun = len(tokens)
        tokens += ids(readable(row.text[start:end]))
        places.append(slice(begun, min(len(tokens), MAX_TOKENS - 1)))
    return Passage([*tokens[: MAX_TOKENS - 1], END], places, numbers)


def readable(text: str) -> str:
    """Half a surrogate pair, which JSON can carry, is no text to a tokenizer."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _mean(states: Tensor, whole: Tensor) -> Tensor:
    """Of a sentence behind the last token that the model takes, that of the whole passage."""
    mean: Tensor = states.mean(axis=0, dtype=np.float64) if len(states) else whole
    return mean
