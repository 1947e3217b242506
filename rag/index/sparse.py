"""The term index: BM25 by tantivy over terms that `rag.text.tokenization` has cut."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import msgspec
import numpy as np
import tantivy

from rag.disk import link
from rag.index.segments.placement import Placement

_BODY, _CONTEXT, _ORDINAL = "body", "context", "ordinal"
# A heading says what its passages are about, less surely than their own words do.
CONTEXT_BOOST = 0.5
_HEAP_BYTES = 64_000_000
# tantivy's BM25 constant.
K1 = 1.2
# A passage is told by its segment's number and its ordinal in there.
_BITS = 32
_LOCAL = (1 << _BITS) - 1
# Where tantivy lists its own segments, of which each of ours has one or more.
_META = "meta.json"
# What tantivy locks, too, where it only reads.
_LOCK = ".tantivy-meta.lock"


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in (_BODY, _CONTEXT):
        builder.add_text_field(name, stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field(_ORDINAL, fast=True)
    return builder.build()


@contextmanager
def writing(folder: Path) -> Iterator[Callable[[int, str, str], None]]:
    """Index in a new ``folder`` each ``(ordinal, terms of the passage, terms of its context)`` that is given.

    Terms are joined by spaces and kept as they are: cutting them again would cost more than all the rest.
    Raises OSError if the disk does not take it.
    """
    folder.mkdir()
    # One thread, so that the same passages always give the same files' order.
    with _as_os_error():
        writer = tantivy.Index(_schema(), path=str(folder)).writer(_HEAP_BYTES, 1)

    def add(ordinal: int, body: str, context: str) -> None:
        with _as_os_error():
            writer.add_document(tantivy.Document(**{_BODY: body, _CONTEXT: context, _ORDINAL: ordinal}))

    yield add
    with _as_os_error():
        writer.commit()
        writer.wait_merging_threads()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Tantivy raises ValueError for a full disk, too."""
    try:
        yield
    except ValueError as error:
        raise OSError(str(error)) from error


class SparseIndex:
    """BM25 search over what `writing` has made, or `join` has put together. Thread-safe.

    Statistics are those of all segments, so that a score does not depend on which passage is in which of them.
    """

    def __init__(self, folder: Path, numbers: Sequence[int] = (0,), placement: Placement | None = None) -> None:
        """Open ``folder``, which holds the segments of those ``numbers``. Raises ValueError if it is not an index.

        Without a ``placement`` the ordinals are those that were written.
        """
        self._numbers = tuple(numbers)
        self._slots = {number: slot for slot, number in enumerate(numbers)}
        self._placement = placement
        self._shadow: TemporaryDirectory[str] | None = None
        if not os.access(folder, os.W_OK):
            self._shadow = _shadow(folder)
            folder = Path(self._shadow.name)
        index = tantivy.Index.open(str(folder))
        self._schema = index.schema
        self._searcher = index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def stored(self, ordinal: int) -> tuple[str, str] | None:
        """The terms of a passage and of its context, as they were written.

        None if there is no such passage, or the index is of before terms were kept.
        """
        address = self._addresses.get(ordinal)
        kept = self._searcher.doc(address) if address else None
        body, context = (kept.get_first(_BODY), kept.get_first(_CONTEXT)) if kept else (None, None)
        return None if body is None or context is None else (body, context)

    def all_stored(self, ordinals: range) -> list[tuple[str, str]] | None:
        """`stored` of each of these passages; None if there is one of which it is not known."""
        known = [terms for ordinal in ordinals if (terms := self.stored(ordinal))]
        return known if len(known) == len(ordinals) else None

    @cached_property
    def _addresses(self) -> dict[int, tantivy.DocAddress]:
        """Where each passage is stored."""
        scored = self._searcher.search(tantivy.Query.all_query(), max(1, len(self)), count=False).hits
        addresses = [address for _, address in scored]
        return dict(zip(self._ordinals(addresses), addresses, strict=True))

    def _ordinals(self, addresses: list[tantivy.DocAddress]) -> list[int]:
        """The ordinals of what stands there."""
        keys = np.array(self._searcher.fast_field_values(_ORDINAL, addresses), np.int64)
        if self._placement is None:
            return cast("list[int]", keys.tolist())
        ordinals = np.empty_like(keys)
        for number in np.unique(keys >> _BITS).tolist():
            here = keys >> _BITS == number
            ordinals[here] = self._placement.ordinals(self._slots[number], keys[here] & _LOCAL)
        return cast("list[int]", ordinals.tolist())

    def knows(self, term: str) -> bool:
        """Whether any passage, or any context, holds ``term``."""
        return any(self._searcher.doc_freq(field, term) for field in (_BODY, _CONTEXT))

    def idf(self, term: str) -> float:
        """Inverse document frequency as tantivy's BM25 has it; highest for a term that no passage holds."""
        return idf_of(self.frequency(term), len(self))

    def frequency(self, term: str) -> int:
        """How many passages hold ``term`` in their own text."""
        return int(self._searcher.doc_freq(_BODY, term))

    def bound(self, terms: Sequence[str]) -> float:
        """What a passage could score at most for ``terms``: each at the limit of its frequency, in the body."""
        return sum(self.idf(term) for term in terms) * (1 + K1)

    def search(self, terms: Sequence[str], k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages: ``(ordinal, BM25 score)``, best first, ties by ordinal; only those in ``within``."""
        return self._best([one for term in terms for one in self._in_both(term)], k, within)

    def contributions(self, terms: Sequence[str], ordinal: int) -> list[tuple[float, float]]:
        """What each of ``terms`` adds to the BM25 score of one passage: ``(by its text, by its context)``.

        All of them together are the score that `search` gives the passage.
        """
        only = self._only([range(ordinal, ordinal + 1)])
        return [(self._score(body, only), self._score(context, only)) for body, context in map(self._in_both, terms)]

    def _score(self, query: tantivy.Query, only: tantivy.Query) -> float:
        """What ``query`` gives to the one passage that ``only`` matches; 0 if it does not match."""
        both = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])
        return sum(float(score) for score, _ in self._searcher.search(both, limit=1, count=False).hits)

    def covering(self, weights: Mapping[str, float], within: Sequence[range] | None = None) -> int | None:
        """The passage that holds, with its context, terms of the highest total weight; ties by ordinal, None if none.

        Each term counts once, however often the passage has it.
        """
        holding = [(term, tantivy.Query.boolean_query(_any(self._in_both(term)))) for term in weights]
        queries = [tantivy.Query.const_score_query(query, weights[term]) for term, query in holding]
        best = self._best(queries, 1, within)
        return best[0][0] if best else None

    def _in_both(self, term: str) -> tuple[tantivy.Query, tantivy.Query]:
        """Finds ``term`` in passages, and in their contexts, as much as each counts."""
        in_context = tantivy.Query.term_query(self._schema, _CONTEXT, term)
        boosted = tantivy.Query.boost_query(in_context, CONTEXT_BOOST)
        return tantivy.Query.term_query(self._schema, _BODY, term), boosted

    def _best(
        self, queries: Sequence[tantivy.Query], k: int, within: Sequence[range] | None
    ) -> list[tuple[int, float]]:
        if not queries or not len(self):
            return []
        query = tantivy.Query.boolean_query(_any(queries))
        if within is not None:
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, self._only(within))])
        first = self._first(query, k)
        ordinals = self._ordinals([address for _, address in first])
        scored = [(ordinal, _rounded(score)) for (score, _), ordinal in zip(first, ordinals, strict=True)]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _first(self, query: tantivy.Query, k: int) -> list[tuple[float, tantivy.DocAddress]]:
        """The best ``k`` passages, and all that are as good as the last of them."""
        wanted = k + 1
        while True:
            best: list[tuple[float, tantivy.DocAddress]] = self._searcher.search(query, limit=wanted, count=False).hits
            if len(best) < wanted or _rounded(best[k - 1][0]) != _rounded(best[-1][0]):
                return best
            wanted *= 4

    def _only(self, within: Sequence[range]) -> tantivy.Query:
        """Matches the passages in ``within`` without adding to their score."""
        kind = tantivy.FieldType.Integer
        inside = [
            tantivy.Query.range_query(self._schema, _ORDINAL, kind, r.start, r.stop - 1) for r in self._keys(within)
        ]
        return tantivy.Query.const_score_query(tantivy.Query.boolean_query(_any(inside)), 0.0)

    def _keys(self, within: Sequence[range]) -> Iterator[range]:
        """What was written for the ordinals in ``within``."""
        if self._placement is None:
            yield from within
            return
        for slot, number in enumerate(self._numbers):
            for local in self._placement.within(slot, within):
                yield range(key_of(number, local.start), key_of(number, local.stop))


def key_of(number: int, ordinal: int) -> int:
    """What is written for a passage of the segment with that number, to be told from those of all others."""
    return number << _BITS | ordinal


def _rounded(score: float) -> float:
    """To six digits: how a single-precision sum is rounded depends on its order, which differs between machines."""
    return float(f"{score:.6g}")


def idf_of(frequency: int, passages: int) -> float:
    """Inverse document frequency of a term that so many of all passages hold, as tantivy has it."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def _any(queries: Sequence[tantivy.Query]) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    """The clauses of a query that matches what any of ``queries`` does, and adds their scores."""
    return [(tantivy.Occur.Should, query) for query in queries]


def segments_of(folder: Path) -> list[str]:
    """The names of tantivy's own segments in ``folder``. Raises OSError, ValueError."""
    return [_name(one) for one in _described(folder)["segments"]]


def join(folder: Path, parts: Sequence[tuple[Path, Collection[str]]]) -> list[str]:
    """Make of the named segments in other folders one index in a new ``folder``, of links to their files.

    Returns the names of these files. Raises OSError, ValueError.
    """
    folder.mkdir()
    described: dict[str, Any] = {}
    segments: list[dict[str, Any]] = []
    files: list[str] = []
    for source, names in parts:
        said = _described(source)
        described = described or said
        segments += [one for one in said["segments"] if _name(one) in names]
        for file in sorted(source.iterdir()):
            if file.stem in names:
                link(file, folder / file.name)
                files.append(file.name)
    (folder / _META).write_bytes(msgspec.json.encode({**described, "segments": segments}))
    # So that whoever only reads it adds no file.
    (folder / _LOCK).touch()
    return files


def _described(folder: Path) -> dict[str, Any]:
    """What tantivy says of its index in ``folder``. Raises OSError, ValueError."""
    described = msgspec.json.decode((folder / _META).read_bytes(), type=dict[str, Any])
    if not isinstance(described.get("segments"), list):
        raise ValueError(f"{folder / _META}: no segments")
    return described


def _name(segment: dict[str, Any]) -> str:
    """The stem that the files of one of tantivy's segments share."""
    return str(segment["segment_id"]).replace("-", "")


def _shadow(folder: Path) -> TemporaryDirectory[str]:
    """A writable folder of links to the files of ``folder``: tantivy locks even an index that it only reads."""
    shadow = TemporaryDirectory(prefix="wenyuan-")
    for file in folder.iterdir():
        if file.suffix != ".lock":
            (Path(shadow.name) / file.name).symlink_to(file.resolve())
    return shadow
