"""Vectors by content: a passage that was embedded before is not embedded again, wherever it stood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
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
# The length of a text that was not read.
_UNREAD = -1


class Source(Protocol):
    """Where vectors are taken from."""

    def take(self, rows: Rows) -> Vectors: ...


class Known(NamedTuple):
    """Vectors of a segment, the digests of their texts, ``(rows, 2)``, and the segment's folder."""

    keys: NDArray[np.uint64]
    rows: VectorFile
    folder: Path

    def owners(self) -> NDArray[np.int32]:
        """The ordinals of the vectors' passages, ascending. Raises OSError, ValueError: to repair takes none."""
        owners: NDArray[np.int32] = np.load(self.folder / OWNERS)
        return owners


class Moved(NamedTuple):
    """Neighbouring passages that a new segment has from one of before: which they were, and the first's ordinal now."""

    segment: int
    before: range
    now: int

    def followed_by(self, other: Moved) -> bool:
        """Whether ``other`` goes on where this one ends, in both places."""
        end = self.segment, self.before.stop, self.now + len(self.before)
        return end == (other.segment, other.before.start, other.now)


class New(NamedTuple):
    """A new segment: its folder, its texts, and, in order, what has moved there and is known therefore."""

    folder: Path
    texts: Texts
    moved: Sequence[Moved] = ()

    def stretches(self) -> Iterator[Moved | range]:
        """What has moved there, and the ordinals of the rest, in order."""
        begin = 0
        for one in self.moved:
            yield range(begin, one.now)
            yield one
            begin = one.now + len(one.before)
        yield range(begin, self.texts.count())


class _Piece(NamedTuple):
    """Of each row the digest of its text, how long that is if it was read, the ordinal of its passage, and its vector.

    That is a row, ``places``, of one of the sources, ``sources``; -1 where it is not known yet.
    """

    keys: NDArray[np.uint64]
    lengths: NDArray[np.int32]
    owners: NDArray[np.int32]
    sources: NDArray[np.int32]
    places: Rows

    def find(self, keys: NDArray[np.uint64], source: int) -> None:
        """Note the rows of which ``source`` has the vector, as its ``keys`` say, among those not known yet."""
        lacking = self.lacking()
        if len(lacking):
            found = _Places(keys).find(self.keys[lacking])
            self.sources[lacking] = np.where(found < 0, -1, source)
            self.places[lacking] = found

    def lacking(self) -> Rows:
        """The rows of which no source has the vector."""
        return np.flatnonzero(self.sources < 0)


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
    keys = _made(all_rows(texts)).keys if texts else np.load(folder / KEYS)
    return Known(keys, VectorFile(vectors_file(folder)), folder)


def are_current(known: Known, texts: Texts) -> bool:
    """Whether the digests of a segment are as `digest_of` makes them: once they were others, then all of a segment."""
    return all(digest_of(row) == known.keys[0].tobytes() for _, row in islice(all_rows(texts), 1))


def write_vectors(
    new: Sequence[New],
    known: Sequence[Known],
    journal: Journal,
    load: Callable[[], Encoder],
    dimension: int,
    *,
    progress: bool = False,
) -> list[int]:
    """Write the vectors of all rows of ``new`` segments beside their texts; returns how many each has.

    ``known`` are those of the segments of before. Only texts of which neither they nor ``journal`` have a vector are
    embedded, each once, and go into the journal; ``load`` is called if there is one. Raises OSError, ModelError.
    """
    owners = {number: known[number].owners() for number in {moved.segment for one in new for moved in one.moved}}
    pieces = [[_piece(one.texts, stretch, known, owners) for stretch in one.stretches()] for one in new]
    columns = zip(_made(()), *chain.from_iterable(pieces), strict=True)
    rows = _Piece(*[np.concatenate(column) for column in columns])
    for number, source in enumerate(known):
        rows.find(source.keys, number)
    rows.find(_keys(journal.keys()), len(known))
    lacking = rows.lacking()
    if len(lacking):
        keys = rows.keys[lacking]
        _embed(new, rows, lacking[np.unique(_Places(keys).find(keys))], journal, load(), progress=progress)
        rows.find(_keys(journal.keys()), len(known))
    sources: list[Source] = [*(one.rows for one in known), journal]
    begin, counts = 0, [sum(len(piece.keys) for piece in some) for some in pieces]
    for one, count in zip(new, counts, strict=True):
        _write(one.folder, rows, range(begin, begin + count), sources, dimension)
        begin += count
    return counts


def _piece(
    texts: Texts, stretch: Moved | range, known: Sequence[Known], owners_of: Mapping[int, NDArray[np.int32]]
) -> _Piece:
    if isinstance(stretch, range):
        return _made(all_rows(texts, stretch))
    segment, before, now = stretch
    owners = owners_of[segment]
    first, last = np.searchsorted(owners, (before.start, before.stop)).tolist()
    unread, source = (np.full(last - first, one, np.int32) for one in (_UNREAD, segment))
    moved = owners[first:last] + (now - before.start)
    return _Piece(known[segment].keys[first:last], unread, moved, source, np.arange(first, last))


def _made(rows: Iterable[tuple[int, Row]]) -> _Piece:
    """Rows, given with the ordinals of their passages, of which nothing is known."""
    keys = bytearray()
    lengths: list[int] = []
    owners: list[int] = []
    for ordinal, row in rows:
        keys += digest_of(row)
        lengths.append(len(row.own))
        owners.append(ordinal)
    unknown = np.full(len(owners), -1, np.int32)
    return _Piece(
        _keys(keys), np.array(lengths, np.int32), np.array(owners, np.int32), unknown, unknown.astype(np.int64)
    )


def _write(folder: Path, rows: _Piece, some: range, sources: Sequence[Source], dimension: int) -> None:
    """Write the vectors of the segment in ``folder``, whose rows are ``some``."""
    with vectors.writing(folder / VECTORS, len(some), dimension) as append:
        for start in range(some.start, some.stop, _COPIED_AT_ONCE):
            append(_gather(sources, rows, slice(start, min(some.stop, start + _COPIED_AT_ONCE)), dimension))
    np.save(folder / OWNERS, rows.owners[some.start : some.stop])
    np.save(folder / KEYS, rows.keys[some.start : some.stop])


def _gather(sources: Sequence[Source], rows: _Piece, some: slice, dimension: int) -> Vectors:
    """The vectors of some rows."""
    numbers, places = rows.sources[some], rows.places[some]
    assert (numbers >= 0).all()
    gathered = np.empty((len(numbers), dimension), np.float32)
    for number in np.unique(numbers).tolist():
        here = numbers == number
        gathered[here] = sources[number].take(places[here])
    return gathered


def _embed(
    new: Sequence[New], rows: _Piece, missing: Rows, journal: Journal, encoder: Encoder, *, progress: bool
) -> None:
    """Embed the texts of the rows ``missing``, which ascend, and write them down as they come."""
    total = int(rows.lengths[missing].sum())
    with tqdm(total=total, desc="嵌入 embed", unit="字", unit_scale=True, disable=not progress, delay=2) as bar:
        wanted = _rows_at(new, rows, missing)
        for start in range(0, len(missing), _AT_ONCE):
            places = missing[start : start + _AT_ONCE]
            some = [next(wanted) for _ in places]
            journal.append(rows.keys[places].tobytes(), encoder.encode_rows(some))
            bar.update(sum(len(row.own) for row in some))


def _rows_at(new: Sequence[New], rows: _Piece, places: Rows) -> Iterator[Row]:
    """The rows at the given places, which ascend; they are of those that were read."""
    wanted = set(places.tolist())
    made = ((one.texts, stretch) for one in new for stretch in one.stretches() if isinstance(stretch, range))
    again = (row for texts, stretch in made for _, row in all_rows(texts, stretch))
    read = np.flatnonzero(rows.lengths != _UNREAD).tolist()
    return (row for place, row in zip(read, again, strict=True) if place in wanted)


def _keys(digests: bytes | bytearray) -> NDArray[np.uint64]:
    return np.frombuffer(digests, np.uint64).reshape(-1, 2)
