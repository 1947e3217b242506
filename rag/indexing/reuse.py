"""Vectors by content: a passage that was embedded before is not embedded again, wherever it stood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.index import vectors
from rag.index.dense import all_rows, digest_of
from rag.index.generations import KEYS, OWNERS, VECTORS, vectors_file
from rag.index.segments.texts import Texts
from rag.index.vectors import VectorFile
from rag.indexing.journal import Journal
from rag.types import Encoder, Row

if TYPE_CHECKING:
    from rag.types import Vectors

Rows = NDArray[np.int64]
# Rows that are embedded between two writes of the journal; sorted by length, so that many are better than few.
_AT_ONCE = 2048
_COPIED_AT_ONCE = 8192


class Source(Protocol):
    """Where vectors are taken from."""

    def take(self, rows: Rows) -> Vectors: ...


class Known(NamedTuple):
    """Vectors, and the digests of the texts that they are of, shape ``(rows, 2)``."""

    keys: NDArray[np.uint64]
    rows: VectorFile


class _Texts(NamedTuple):
    """Of the text of each row: its digest, shape ``(rows, 2)``, its length, and the ordinal of its passage.

    ``counts`` is how many rows each segment has.
    """

    keys: NDArray[np.uint64]
    lengths: NDArray[np.int32]
    owners: NDArray[np.int32]
    counts: list[int]


class _Places:
    """Which row has a text, by its digest; of several the first."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._order = np.argsort(keys[:, 0], kind="stable")
        self._sorted = keys[self._order]

    def find(self, keys: NDArray[np.uint64]) -> Rows:
        """The row of each text; -1 where there is none."""
        if not len(self._order):
            return np.full(len(keys), -1, np.int64)
        at = np.searchsorted(self._sorted[:, 0], keys[:, 0]).clip(max=len(self._order) - 1)
        return np.where((self._sorted[at] == keys).all(axis=1), self._order[at], -1)


def known_vectors(folder: Path, texts: Texts | None) -> Known:
    """The vectors of the segment in ``folder``; ``texts`` are needed until format 3. Raises OSError, ValueError."""
    keys = _read([texts]).keys if texts else np.load(folder / KEYS)
    return Known(keys, VectorFile(vectors_file(folder)))


def write_vectors(
    written: Sequence[tuple[Path, Texts]],
    known: Sequence[Known],
    journal: Journal,
    load: Callable[[], Encoder],
    dimension: int,
    *,
    progress: bool = False,
) -> list[int]:
    """Write the vectors of all rows of new segments, by folder, beside their texts; returns how many each has.

    Only texts of which neither ``known`` nor ``journal`` has a vector are embedded, each once, and go into the
    journal; ``load`` is called if there is one. Raises OSError, ModelError.
    """
    stores = [texts for _, texts in written]
    texts = _read(stores)
    sources: list[tuple[Source, Rows]] = [(one.rows, _Places(one.keys).find(texts.keys)) for one in known]
    lacking = np.ones(len(texts.keys), bool)
    for _, places in sources:
        lacking &= places < 0
    wanted = np.flatnonzero(lacking & (_Places(_keys(journal.keys())).find(texts.keys) < 0))
    first = _Places(texts.keys).find(texts.keys[wanted])
    missing = np.unique(first)
    if len(missing):
        _embed(stores, texts, missing, journal, load(), progress=progress)
    sources.append((journal, _Places(_keys(journal.keys())).find(texts.keys)))
    begin, counts = 0, []
    for (folder, _), rows in zip(written, texts.counts, strict=True):
        end = begin + rows
        with vectors.writing(folder / VECTORS, rows, dimension) as append:
            for start in range(begin, end, _COPIED_AT_ONCE):
                append(_gather(sources, slice(start, min(end, start + _COPIED_AT_ONCE)), dimension))
        np.save(folder / OWNERS, texts.owners[begin:end])
        np.save(folder / KEYS, texts.keys[begin:end])
        counts.append(rows)
        begin = end
    return counts


def _gather(sources: Sequence[tuple[Source, Rows]], some: slice, dimension: int) -> Vectors:
    """The vectors of some rows, each from the first source that has it."""
    lacking = np.ones(len(sources[0][1][some]), bool)
    gathered = np.empty((len(lacking), dimension), np.float32)
    for source, places in sources:
        here = lacking & (places[some] >= 0)
        if here.any():
            gathered[here] = source.take(places[some][here])
        lacking &= ~here
    assert not lacking.any()
    return gathered


def _embed(
    stores: Sequence[Texts], texts: _Texts, missing: Rows, journal: Journal, encoder: Encoder, *, progress: bool
) -> None:
    """Embed the texts of the rows ``missing``, which ascend, and write them down as they come."""
    total = int(texts.lengths[missing].sum())
    with tqdm(total=total, desc="嵌入 embed", unit="字", unit_scale=True, disable=not progress, delay=2) as bar:
        wanted = _rows_at(stores, missing)
        for start in range(0, len(missing), _AT_ONCE):
            rows = missing[start : start + _AT_ONCE]
            some = [next(wanted) for _ in rows]
            journal.append(texts.keys[rows].tobytes(), encoder.encode_rows(some))
            bar.update(sum(len(row.own) for row in some))


def _read(stores: Sequence[Texts]) -> _Texts:
    """What is known of the rows of segments, one after the other, in order."""
    keys = bytearray()
    lengths: list[int] = []
    owners: list[int] = []
    counts: list[int] = []
    for store in stores:
        before = len(owners)
        for ordinal, row in all_rows([store]):
            keys += digest_of(row)
            lengths.append(len(row.own))
            owners.append(ordinal)
        counts.append(len(owners) - before)
    return _Texts(_keys(keys), np.array(lengths, np.int32), np.array(owners, np.int32), counts)


def _keys(digests: bytes | bytearray) -> NDArray[np.uint64]:
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)


def _rows_at(stores: Sequence[Texts], places: Rows) -> Iterator[Row]:
    """The rows at the given places, which ascend."""
    wanted = iter(places.tolist())
    next_one = next(wanted, -1)
    for place, (_, row) in enumerate(all_rows(stores)):
        if place == next_one:
            yield row
            next_one = next(wanted, -1)
            if next_one < 0:
                return
