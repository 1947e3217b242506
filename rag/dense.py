"""The vector index: FAISS, inner product over unit vectors, so a score is a cosine.

A passage has one row for itself, followed by one for each of its sentences if it has more than one: a long
passage is often found by the one sentence that answers.

Few rows are all compared with a question. Many are kept in cells around centroids (IVF; Jegou, Douze and Schmid 2011),
a byte a number, and only the nearest cells are looked at; what is found so is scored by the stored vectors, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import faiss
import numpy as np

from rag.vectors import VectorFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.types import Passage, Vectors

EXACT_UP_TO: Final = 50_000
"""Rows up to which all are compared: some milliseconds a question."""
ROWS_PER_PASSAGE: Final = 4
"""How many rows are looked at for a passage that is wanted."""
# Cells for a root of the rows, vectors a cell is learnt from, cells that are looked at.
_CELLS = 4
_LEARNT_FROM = 40
_LOOKED_AT = 48


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


def write_cells(vectors: VectorFile, path: Path) -> None:
    """Write the index of cells over ``vectors`` to ``path``. The same vectors give the same cells. Raises OSError."""
    rows = len(vectors)
    cells = int(_CELLS * rows**0.5)
    index: Any = faiss.index_factory(vectors.dimension, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True
    index.train(vectors.take(np.linspace(0, rows - 1, min(rows, cells * _LEARNT_FROM)).astype(np.int64)))
    for some in vectors.chunks():
        index.add(some)
    # Through bytes, not faiss.write_index: a full disk is then an OSError like any other.
    path.write_bytes(faiss.serialize_index(index).data)


class DenseIndex:
    """Search over rows, answers in passages. Thread-safe for reading."""

    def __init__(self, file: VectorFile, owners: NDArray[np.int32], cells: Path | None = None) -> None:
        """Search the rows of ``file``; ``owners[row]`` is the ordinal of the passage that the row belongs to.

        ``cells`` is what `write_cells` wrote of them. Raises RuntimeError if it can't be read.
        """
        self.file = file
        self.owners = owners
        self._index = _all_of(file) if cells is None else _mapped(cells)

    def __len__(self) -> int:
        return len(self.file)

    @property
    def dimension(self) -> int:
        return self.file.dimension

    def rows(self, ordinal: int) -> range:
        """The rows of a passage."""
        first, last = np.searchsorted(self.owners, (ordinal, ordinal + 1))
        return range(int(first), int(last))

    def vectors(self, rows: range) -> Vectors:
        """The vectors of neighbouring rows, (len(rows), dimension)."""
        return self.file.take(np.arange(rows.start, rows.stop))

    def search(self, query: Vectors, k: int, within: range | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages for a unit vector (dimension,): ``(ordinal, score)``, best first.

        The score is the mean of two cosines: with the passage, and with its best sentence. Only the passages of
        ``within`` are looked at if that is given.
        """
        ordinals: Sequence[int] = within if within is not None else self._nearest(query, k)
        scored = zip(ordinals, self.scores(query, ordinals), strict=True)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _nearest(self, query: Vectors, k: int) -> list[int]:
        """The passages that own the rows nearest to ``query``: enough rows for ``k`` passages."""
        wanted = min(len(self), k * ROWS_PER_PASSAGE)
        if not wanted:
            return []
        _, rows = self._index.search(query.reshape(1, -1), wanted)
        owners: list[int] = np.unique(self.owners[rows[0][rows[0] >= 0]]).tolist()
        return owners

    def scores(self, query: Vectors, ordinals: Sequence[int]) -> list[float]:
        """The score of each passage, as in `search`."""
        return list(map(score_of, self._cosines(query, ordinals)))

    def sentence_cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[tuple[float, ...]]:
        """For each passage the cosine of ``query`` with each of its sentences; of its only one, with the passage."""
        return list(map(sentences_of, self._cosines(query, ordinals)))

    def _cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[Vectors]:
        """The cosines of each passage's rows."""
        wanted = np.asarray(ordinals, np.int64)
        first, last = (np.searchsorted(self.owners, wanted, side) for side in ("left", "right"))
        counts = last - first
        ends = np.cumsum(counts)
        rows = np.repeat(first - (ends - counts), counts) + np.arange(int(counts.sum()))
        return np.split(cosines_of(self.file.take(rows), query), ends[:-1]) if len(wanted) else []


def cosines_of(rows: Vectors, query: Vectors) -> Vectors:
    """The cosine of ``query`` with each of ``rows``, summed row by row: it does not depend on the other rows."""
    cosines: Vectors = (rows * query).sum(axis=1)
    return cosines


def score_of(cosines: Vectors) -> float:
    """The score of a passage by the cosines of its rows; see `DenseIndex.search`."""
    return float((cosines[0] + _of_sentences(cosines).max()) / 2)


def sentences_of(cosines: Vectors) -> tuple[float, ...]:
    """Of the cosines of a passage's rows those of its sentences; of its only one, that of the passage."""
    return tuple(map(float, _of_sentences(cosines)))


def _of_sentences(cosines: Vectors) -> Vectors:
    return cosines[1:] if len(cosines) > 1 else cosines


def _all_of(file: VectorFile) -> Any:
    index = faiss.IndexFlatIP(file.dimension)
    for some in file.chunks():
        index.add(some)
    return index


def _mapped(cells: Path) -> Any:
    index: Any = faiss.read_index(str(cells), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
    index.nprobe = _LOOKED_AT
    return index
