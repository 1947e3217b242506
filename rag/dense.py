"""The vector index: FAISS, inner product over unit vectors, so a score is a cosine.

A passage has one row for itself, followed by one for each of its sentences if it has more than one: a long
passage is often found by the one sentence that answers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rag.types import Passage, Vectors

# How many rows a passage has at most decides how many must be looked at to find enough passages.
_ROWS_PER_PASSAGE = 4
# How FAISS begins an exact index: kind, dimension, rows, two numbers of no meaning, trained, metric, floats.
_HEADER = struct.Struct("<4siqqq?iQ")


def row_texts(passage: Passage, document_text: str) -> list[str]:
    """The texts whose vectors are the passage's rows, in order."""
    body = document_text[passage.start : passage.end]
    whole = f"{passage.context} {body}" if passage.context else body
    if len(passage.sentences) < 2:
        return [whole]
    return [whole, *(document_text[s.start : s.end] for s in passage.sentences)]


def row_count(passage: Passage) -> int:
    """How many rows the passage has."""
    return 1 if len(passage.sentences) < 2 else 1 + len(passage.sentences)


def write(vectors: Vectors, path: Path) -> None:
    """Write an exact index of ``vectors`` (n, dimension). Raises OSError if the disk does not take it."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    # Through bytes, not faiss.write_index: a full disk is then an OSError like any other.
    path.write_bytes(faiss.serialize_index(index).tobytes())


def is_plain(path: Path, rows: int, dimension: int) -> bool:
    """Whether the file is what `write` makes of so many vectors, before FAISS takes its word for it."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size or path.stat().st_size != _HEADER.size + 4 * rows * dimension:
        return False
    kind, d, n, _, _, _, metric, count = _HEADER.unpack(header)
    inner_product = int(faiss.METRIC_INNER_PRODUCT)
    return bool((kind, d, n, metric, count) == (b"IxFI", dimension, rows, inner_product, rows * dimension))


class DenseIndex:
    """Search over rows, answers in passages. Thread-safe for reading."""

    def __init__(self, path: Path, owners: NDArray[np.int32]) -> None:
        """Load the index at ``path``; ``owners[row]`` is the ordinal of the passage that the row belongs to."""
        self._index = faiss.deserialize_index(np.fromfile(path, dtype=np.uint8))
        self._owners = owners

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def rows(self, ordinal: int) -> range:
        """The rows of a passage."""
        first, last = np.searchsorted(self._owners, (ordinal, ordinal + 1))
        return range(int(first), int(last))

    def vectors(self, rows: range) -> Vectors:
        """The vectors of neighbouring rows, (len(rows), dimension)."""
        found: Vectors = self._index.reconstruct_n(rows.start, len(rows))
        return found

    def search(self, query: Vectors, k: int, within: range | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages for a unit vector (dimension,): ``(ordinal, score)``, best first.

        The score is the mean of two cosines: with the passage, and with its best sentence. Only the passages of
        ``within`` are looked at if that is given.
        """
        ordinals: Sequence[int] = within if within is not None else self._nearest(query, k)
        scored = [(ordinal, self.score(query, ordinal)) for ordinal in ordinals]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _nearest(self, query: Vectors, k: int) -> list[int]:
        """The passages that own the rows nearest to ``query``: enough rows for ``k`` passages."""
        wanted = min(len(self), k * _ROWS_PER_PASSAGE)
        if not wanted:
            return []
        _, rows = self._index.search(query.reshape(1, -1), wanted)
        owners: list[int] = np.unique(self._owners[rows[0]]).tolist()
        return owners

    def score(self, query: Vectors, ordinal: int) -> float:
        """The score of one passage, as in `search`."""
        passage, sentences = self._cosines(query, ordinal)
        return float((passage + sentences.max()) / 2)

    def sentence_cosines(self, query: Vectors, ordinal: int) -> tuple[float, ...]:
        """The cosine of ``query`` with each sentence of a passage, in order; of its only one, with the passage."""
        return tuple(map(float, self._cosines(query, ordinal)[1]))

    def _cosines(self, query: Vectors, ordinal: int) -> tuple[np.float32, Vectors]:
        cosines = self.vectors(self.rows(ordinal)) @ query
        return cosines[0], cosines[1:] if len(cosines) > 1 else cosines
