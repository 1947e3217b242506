"""The vector index: FAISS, inner product over unit vectors, so a score is a cosine.

A passage has one row for itself, followed by one for each of its sentences if it has more than one: a long
passage is often found by the one sentence that answers.

Passages' own rows and those of their sentences are searched apart, in an index each: a passage that is among the best
by the mean of the two is nearly always among the best by one of them. A few rows are compared as they are; many are
kept as codes of half a byte a number (product quantisation; Jegou, Douze and Schmid 2011), compared by tables in the
processor's registers (Andre, Kermarrec and Le Scouarnec 2015). What is found is scored by the stored vectors, exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import faiss
import numpy as np

from rag.index.segments.texts import ALL, Texts
from rag.index.vectors import Rows, chunks
from rag.types import Row, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.types import Passage, Vectors

EXACT_UP_TO: Final = 20_000
"""Rows up to which all are compared as they are: some milliseconds a question."""
DIGEST_BYTES: Final = 16
CODED_FROM: Final = 2_000
"""Of more rows than that, the rows of a segment that has so many are in codes."""
CODES: Final = ("passages.faiss", "sentences.faiss")
"""What `write_codes` writes."""
# An index of rows, and the ordinals of these rows' passages.
_Owned = tuple[Any, "NDArray[np.int32]"]
# How many rows of passages, and of sentences, are looked at for each passage wanted.
_LOOKED_AT = 2
# So few passages are left out of all that all are looked for, and those taken out again.
_FEW_OF = 0.05
# Vectors that codes are learnt from.
_LEARNT_FROM = 32_768
# Passages that are scored together, which takes some ten megabytes of memory.
_AT_ONCE = 4096


def rows_of(passage: Passage, document_text: str) -> list[Row]:
    """The passage's rows, in order."""
    body = document_text[passage.start : passage.end]
    above = f"{passage.context} " if passage.context else ""
    moved = len(above) - passage.start
    whole = Row(above + body, tuple(Span(s.start + moved, s.end + moved) for s in passage.sentences))
    if row_count(passage) == 1:
        return [whole]
    return [whole, *(replace(whole, number=number) for number in range(len(passage.sentences)))]


def all_rows(texts: Texts, passages: range = ALL) -> Iterator[tuple[int, Row]]:
    """The ordinal of its passage and every row of a segment, in order; of documents that begin in ``passages`` only."""
    for document, some in texts.contents(passages):
        for passage in some:
            for row in rows_of(passage, document):
                yield passage.ordinal, row


def digest_of(row: Row) -> bytes:
    """What tells a row from all others, DIGEST_BYTES long: a sentence's vector may depend on all of its passage."""
    places = ",".join(f"{s.start}-{s.end}" for s in row.sentences)
    return _digest(f"{row.text}\0{places}\0{'' if row.number is None else row.number}")


def former_digest_of(row: Row) -> bytes:
    """What told rows apart while a sentence was embedded by itself: generations of that time are sound."""
    return _digest(row.own)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def row_count(passage: Passage) -> int:
    """How many rows the passage has."""
    return 1 if len(passage.sentences) < 2 else 1 + len(passage.sentences)


def write_codes(vectors: Rows, owners: NDArray[np.int32], folder: Path, learnt: Any) -> None:
    """Write the indexes over ``vectors`` to the files CODES of ``folder``, in the codes that `learn` gave.

    The same vectors in the same codes give the same files. Raises OSError, RuntimeError.
    """
    for name, some in zip(CODES, by_kind(owners), strict=True):
        # Through bytes, not faiss.write_index: a full disk is then an OSError like any other.
        (folder / name).write_bytes(faiss.serialize_index(_index_of(learnt, vectors, some)).data)


def _index_of(learnt: Any, vectors: Rows, rows: NDArray[np.int64]) -> Any:
    """What ``learnt`` becomes if those rows are added to it, in a small part of the time: FAISS measures distances."""
    pq = learnt.pq
    plain: Any = faiss.IndexPQ(learnt.d, pq.M, pq.nbits, faiss.METRIC_INNER_PRODUCT)
    plain.pq, plain.is_trained = pq, True
    for some in chunks(vectors, rows):
        plain.add_sa_codes(_nearest_codes(pq, some))
    return faiss.IndexPQFastScan(plain)


def _nearest_codes(pq: Any, vectors: Vectors) -> NDArray[np.uint8]:
    """The codes of vectors, two in a byte. Each number has one of its own: how many borders of codes it is above."""
    values = faiss.vector_to_array(pq.centroids).reshape(pq.M, pq.ksub)
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    borders = (ascending[:, 1:] + ascending[:, :-1]) / 2
    codes = np.zeros((pq.M + pq.M % 2, len(vectors)), np.uint8)
    for place, column in enumerate(np.ascontiguousarray(vectors.T)):
        above = np.zeros(len(column), np.uint8)
        for border in borders[place]:
            above += column > border
        codes[place] = order[place].astype(np.uint8)[above]
    return np.ascontiguousarray((codes[::2] | codes[1::2] << 4).T)


def learn(vectors: Rows) -> Any:
    """Codes for vectors such as these, of which a sample is looked at. Raises RuntimeError for fewer than 16."""
    learnt: Any = faiss.index_factory(vectors.dimension, f"PQ{vectors.dimension}x4fs", faiss.METRIC_INNER_PRODUCT)
    rows = len(vectors)
    learnt.train(vectors.take(np.linspace(0, rows - 1, min(rows, _LEARNT_FROM)).astype(np.int64)))
    return learnt


def learnt_of(folder: Path) -> Any:
    """The codes that `write_codes` has written in there. Raises RuntimeError if they can't be read."""
    learnt = read_codes(folder / CODES[0])
    learnt.reset()
    return learnt


class DenseIndex:
    """Search over rows, answers in passages. Thread-safe for reading."""

    def __init__(self, file: Rows, owners: NDArray[np.int32], codes: Sequence[tuple[Path, range]] = ()) -> None:
        """Search the rows of ``file``; ``owners[row]`` is the ordinal of the passage that the row belongs to.

        The rows of a passage are neighbours; passages need not be in order. ``codes`` are folders that `write_codes`
        wrote to, with the rows that each is of; all others are compared as they are. Raises RuntimeError if codes can't
        be read.
        """
        self.file = file
        self.owners = owners
        self.codes = tuple(codes)
        self._first = np.zeros(int(owners.max(initial=-1)) + 2, np.int64)
        self._count = np.bincount(owners, minlength=len(self._first))
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        self._first[owners[starts]] = starts
        # Indexes with the owners of their rows; those stand together whose scores are alike.
        plain = [[one] for one in self._as_they_are()]
        self._indexes: list[Sequence[_Owned]] = [*plain, *zip(*(self._coded(*one) for one in codes), strict=True)]

    def _as_they_are(self) -> Iterator[_Owned]:
        """Indexes of the rows that are in no codes, of passages and of sentences."""
        plain = np.ones(len(self.owners), bool)
        for _, rows in self.codes:
            plain[rows.start : rows.stop] = False
        for kind in by_kind(self.owners):
            some = kind[plain[kind]]
            index = faiss.IndexFlatIP(self.dimension)
            _add(index, self.file, some)
            yield index, self.owners[some]

    def _coded(self, folder: Path, rows: range) -> Iterator[_Owned]:
        """The indexes in ``folder``, of passages and of sentences."""
        owners = self.owners[rows.start : rows.stop]
        for name, kind in zip(CODES, by_kind(owners), strict=True):
            yield read_codes(folder / name), owners[kind]

    def __len__(self) -> int:
        return len(self.file)

    @property
    def dimension(self) -> int:
        return self.file.dimension

    def rows(self, ordinal: int) -> range:
        """The rows of a passage."""
        first = int(self._first[ordinal])
        return range(first, first + int(self._count[ordinal]))

    def vectors(self, rows: range) -> Vectors:
        """The vectors of neighbouring rows, (len(rows), dimension)."""
        return self.file.take(np.arange(rows.start, rows.stop))

    def search(self, query: Vectors, k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages for a unit vector (dimension,): ``(ordinal, score)``, best first.

        The score is the mean of two cosines: with the passage, and with its best sentence. Only the passages in
        ``within`` are looked at if that is given.
        """
        ordinals = self._nearest(query, k) if within is None else self._inside(query, k, within)
        parts = (ordinals[start : start + _AT_ONCE] for start in range(0, len(ordinals), _AT_ONCE))
        scored = [pair for part in parts for pair in zip(part, self.scores(query, part), strict=True)]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _inside(self, query: Vectors, k: int, within: Sequence[range]) -> list[int]:
        """The passages in ``within``; of many, but for few others, those that are nearest to ``query``."""
        size = sum(map(len, within))
        left = len(self._count) - 1 - size
        if size <= EXACT_UP_TO or left > _FEW_OF * size:
            return list(chain.from_iterable(within))
        return [one for one in self._nearest(query, k + left) if any(one in some for some in within)]

    def _nearest(self, query: Vectors, k: int) -> list[int]:
        """The passages that are nearest to ``query``, by themselves or by a sentence: enough for ``k``."""
        nearest = [_nearest_of(together, query, k * _LOOKED_AT) for together in self._indexes]
        ordinals: list[int] = np.unique(np.concatenate(nearest)).tolist()
        return ordinals

    def scores(self, query: Vectors, ordinals: Sequence[int]) -> list[float]:
        """The score of each passage, as in `search`: what `score_of` gives, of all at once."""
        if not len(ordinals):
            return []
        rows, starts, counts = self._rows_of(ordinals)
        cosines = cosines_of(self.file.take(rows), query)
        own = cosines[starts]
        cosines[starts] = np.where(counts > 1, -np.inf, own)
        scores: list[float] = ((own + np.maximum.reduceat(cosines, starts)) / 2).tolist()
        return scores

    def sentence_cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[tuple[float, ...]]:
        """For each passage the cosine of ``query`` with each of its sentences; of its only one, with the passage."""
        return list(map(sentences_of, self._cosines(query, ordinals)))

    def _cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[Vectors]:
        """The cosines of each passage's rows."""
        rows, starts, _ = self._rows_of(ordinals)
        return np.split(cosines_of(self.file.take(rows), query), starts[1:]) if len(starts) else []

    def _rows_of(self, ordinals: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The rows of passages one after the other, where each passage's begin among them, and how many they are."""
        wanted = np.asarray(ordinals, np.int64)
        first, counts = self._first[wanted], self._count[wanted]
        starts = np.cumsum(counts) - counts
        return np.repeat(first - starts, counts) + np.arange(int(counts.sum())), starts, counts


def _nearest_of(together: Sequence[_Owned], query: Vectors, wanted: int) -> NDArray[np.int32]:
    """Whose rows are nearest in all of these indexes, as many as ``wanted``, and as near as the last of them."""
    scores, nearest = [np.empty(0, np.float32)], [np.empty(0, np.int32)]
    for index, owners in together:
        if some := min(len(owners), wanted):
            found, rows = _nearest_rows(index, query, some)
            scores.append(found)
            nearest.append(owners[rows])
    score, owning = np.concatenate(scores), np.concatenate(nearest)
    return owning[score >= np.partition(score, -wanted)[-wanted]] if len(score) > wanted else owning


def _nearest_rows(index: Any, query: Vectors, wanted: int) -> tuple[Vectors, NDArray[np.int64]]:
    """Scores and rows of an index that are nearest, and all that are as near as the last of them: no order decides."""
    asked = wanted + 1
    while True:
        scores, rows = (of_query[0] for of_query in index.search(query.reshape(1, -1), min(asked, index.ntotal)))
        if asked >= index.ntotal or scores[wanted - 1] > scores[-1]:
            nearest = (scores >= scores[wanted - 1]) & (rows >= 0)
            return scores[nearest], rows[nearest]
        asked *= 4


def cosines_of(rows: Vectors, query: Vectors) -> Vectors:
    """The cosine of ``query`` with each of ``rows``, a dot product a row: it does not depend on the other rows."""
    cosines: Vectors = np.vecdot(rows, query)
    return cosines


def score_of(cosines: Vectors) -> float:
    """The score of a passage by the cosines of its rows; see `DenseIndex.search`."""
    return float((cosines[0] + _of_sentences(cosines).max()) / 2)


def sentences_of(cosines: Vectors) -> tuple[float, ...]:
    """Of the cosines of a passage's rows those of its sentences; of its only one, that of the passage."""
    return tuple(map(float, _of_sentences(cosines)))


def _of_sentences(cosines: Vectors) -> Vectors:
    return cosines[1:] if len(cosines) > 1 else cosines


def by_kind(owners: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of passages, and of sentences; the row of a passage that has no other is both."""
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    alone = first[np.diff(np.append(first, len(owners))) == 1]
    sentence = np.ones(len(owners), bool)
    sentence[first] = False
    sentence[alone] = True
    return first, np.flatnonzero(sentence)


def _add(index: Any, file: Rows, rows: NDArray[np.int64]) -> None:
    for some in chunks(file, rows):
        index.add(some)


def read_codes(codes: Path) -> Any:
    """A file that `write_codes` has written. Raises RuntimeError if it can't be read."""
    return faiss.read_index(str(codes))
