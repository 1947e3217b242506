"""Vectors by content: a text that was embedded before is not embedded again, wherever it stood."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rag.index import vectors
from rag.index.dense import DenseIndex, row_texts
from rag.index.sparse import SparseIndex
from rag.index.store import Store
from rag.indexing.journal import KEY_BYTES, Journal
from rag.types import Encoder

if TYPE_CHECKING:
    from rag.types import Vectors

Rows = NDArray[np.int64]
# Texts that are embedded between two writes of the journal; sorted by length, so that many are better than few.
_AT_ONCE = 2048
_COPIED_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Held:
    """Passages and their vectors, by the model called ``encoder``; their terms if they would be cut the same now."""

    encoder: str
    store: Store
    dense: DenseIndex
    sparse: SparseIndex | None = None


class _Source(Protocol):
    """Where vectors are taken from."""

    def take(self, rows: Rows) -> Vectors: ...


class _Texts(NamedTuple):
    """Of the text of each row: its digest, shape ``(rows, 2)``, its length, and the ordinal of its passage."""

    keys: NDArray[np.uint64]
    lengths: NDArray[np.int32]
    owners: NDArray[np.int32]


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


def write_vectors(
    store: Store,
    old: Held | None,
    journal: Journal,
    load: Callable[[], Encoder],
    file: Path,
    dimension: int,
    *,
    progress: bool = False,
) -> NDArray[np.int32]:
    """Write the vectors of all rows of ``store`` to ``file``; returns the ordinal of each row's passage.

    Only texts that neither ``old`` nor ``journal`` has a vector of are embedded, each once, and go into the journal;
    ``load`` is called if there is one. Raises OSError, ModelError.
    """
    texts = _read(store)
    sources: list[tuple[_Source, Rows]] = []
    if old is not None:
        sources.append((old.dense.file, _Places(_read(old.store).keys).find(texts.keys)))
    known = np.zeros(len(texts.keys), bool) if not sources else sources[0][1] >= 0
    wanted = np.flatnonzero(~known & (_Places(_keys(journal.keys())).find(texts.keys) < 0))
    first = _Places(texts.keys).find(texts.keys[wanted])
    missing = np.unique(first)
    if len(missing):
        _embed(store, texts, missing, journal, load(), progress=progress)
    sources.append((journal, _Places(_keys(journal.keys())).find(texts.keys)))
    with vectors.writing(file, len(texts.keys), dimension) as append:
        for start in range(0, len(texts.keys), _COPIED_AT_ONCE):
            append(_gather(sources, slice(start, start + _COPIED_AT_ONCE), dimension))
    return texts.owners


def _gather(sources: Sequence[tuple[_Source, Rows]], some: slice, dimension: int) -> Vectors:
    """The vectors of some rows, each from the first source that has it."""
    lacking = np.ones(len(sources[0][1][some]), bool)
    found = np.empty((len(lacking), dimension), np.float32)
    for source, places in sources:
        here = lacking & (places[some] >= 0)
        if here.any():
            found[here] = source.take(places[some][here])
        lacking &= ~here
    assert not lacking.any()
    return found


def _embed(store: Store, texts: _Texts, missing: Rows, journal: Journal, encoder: Encoder, *, progress: bool) -> None:
    """Embed the texts of the rows ``missing``, which ascend, and write them down as they come."""
    total = int(texts.lengths[missing].sum())
    with tqdm(total=total, desc="嵌入 embed", unit="字", unit_scale=True, disable=not progress, delay=2) as bar:
        wanted = _texts_at(store, missing)
        for start in range(0, len(missing), _AT_ONCE):
            rows = missing[start : start + _AT_ONCE]
            some = [next(wanted) for _ in rows]
            journal.append(texts.keys[rows].tobytes(), encoder.encode_passages(some))
            bar.update(sum(map(len, some)))


def _read(store: Store) -> _Texts:
    """What is known of the rows of ``store``, in order."""
    keys = bytearray()
    lengths, owners = [], []
    for ordinal, text in _row_texts(store):
        keys += hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()
        lengths.append(len(text))
        owners.append(ordinal)
    return _Texts(_keys(keys), np.array(lengths, np.int32), np.array(owners, np.int32))


def _keys(digests: bytes | bytearray) -> NDArray[np.uint64]:
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)


def _texts_at(store: Store, rows: Rows) -> Iterator[str]:
    """The texts of the given rows, which ascend."""
    wanted = iter(rows.tolist())
    row = next(wanted, -1)
    for place, (_, text) in enumerate(_row_texts(store)):
        if place == row:
            yield text
            row = next(wanted, -1)
            if row < 0:
                return


def _row_texts(store: Store) -> Iterator[tuple[int, str]]:
    """The ordinal of its passage and the text of every row, in order."""
    for _, document, passages in store.contents():
        for passage in passages:
            for text in row_texts(passage, document.text):
                yield passage.ordinal, text
