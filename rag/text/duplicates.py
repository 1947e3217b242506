"""Documents that are almost the same text: an article that was republished, or saved with another first line.

Candidates come from MinHash signatures in bands (Broder 1997); whether two documents are alike is then measured on all
their shingles. The signatures are those of datasketch 2, which is not used: it takes its hashes one by one, so that
2,000 news articles cost 1.7 to 2 seconds of a processor with it and 0.7 without. Half a second of that is its import,
more than all the rest of what one new file costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag.text.normalization import folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shingles = NDArray[np.uint64]
    Hashes = NDArray[np.uint32]

Pair = tuple[str, str]
"""Two documents, by their ids in ascending order."""
SIMILAR = 0.7
"""The share of their shingles that two alike documents have in common at least (Jaccard)."""
_SHINGLE = 8
_HASHES = 128
# Bands and rows of the signature: a pair at 0.7 is a candidate in 99 of 100 cases, one at 0.3 in 6.
_BANDS = (25, 5)
# Three standard deviations of an estimate from so many hashes, below SIMILAR.
_HOPEFUL = 0.58
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_AT_ONCE = 4096
_STORED = np.dtype("<u4")


def sketch(text: str) -> bytes:
    """The MinHash signature of ``text``, by which `alike` finds candidates; empty if it has no letter and no digit.

    Indexes keep it: a change of what it comes to needs a new format of the store.
    """
    shingles = _shingles(text)
    if not len(shingles):
        return b""
    hashes = _mixed((shingles >> np.uint64(32)).astype(np.uint32))
    odd, added = _permutations()
    parts = (hashes[start : start + _AT_ONCE] for start in range(0, len(hashes), _AT_ONCE))
    lowest = [(odd[:, None] * part + added[:, None]).min(axis=1) for part in parts]
    signature: Hashes = np.min(lowest, axis=0).astype(_STORED)
    return signature.tobytes()


class Alike(NamedTuple):
    """Which documents are almost the same text.

    ``groups`` has each member's id and that of the first member; documents that are alike to no other are left out.
    ``scores`` are the shares of common shingles that this rests on, by the ids of two documents in ascending order.
    """

    groups: dict[str, str]
    scores: dict[Pair, float]


def alike(
    doc_ids: Sequence[str],
    sketches: Sequence[bytes],
    text_of: Callable[[int], str],
    known: Mapping[Pair, float] = MappingProxyType({}),
) -> Alike:
    """The groups of documents that are almost the same text. Each member is alike to the first.

    ``text_of`` gives a document's text by its place; few are asked for, and none whose scores are ``known``. The same
    documents in the same order give the same groups.
    """
    with_text = [place for place, one in enumerate(sketches) if one]
    signatures = np.frombuffer(b"".join(sketches), _STORED).reshape(-1, _HASHES)
    buckets = _buckets(signatures)
    firsts: dict[tuple[int, int], list[int]] = {}
    groups: dict[str, str] = {}
    scores: dict[Pair, float] = {}
    for row, place in enumerate(with_text):
        doc_id = doc_ids[place]
        near = {first for bucket in buckets.get(row, ()) for first in firsts.get(bucket, ())}
        hopeful = [with_text[one] for one in sorted(near) if (signatures[one] == signatures[row]).mean() > _HOPEFUL]
        compared = _compared(place, hopeful, doc_ids, text_of, known)
        scores |= {_pair(doc_id, doc_ids[one]): score for one, score in compared.items()}
        best = min(compared, key=lambda one: (-compared[one], doc_ids[one]), default=-1)
        if compared.get(best, 0.0) >= SIMILAR:
            groups[doc_ids[best]] = groups[doc_id] = doc_ids[best]
        else:
            for bucket in buckets.get(row, ()):
                firsts.setdefault(bucket, []).append(row)
    return Alike(groups, scores)


def _compared(
    place: int,
    others: Sequence[int],
    doc_ids: Sequence[str],
    text_of: Callable[[int], str],
    known: Mapping[Pair, float],
) -> dict[int, float]:
    """The share of shingles that a document has in common with each of ``others``, all by their places."""
    scores = {}
    shingles = None
    for other in others:
        score = known.get(_pair(doc_ids[place], doc_ids[other]))
        if score is None:
            shingles = _shingles(text_of(place)) if shingles is None else shingles
            score = _jaccard(shingles, _shingles(text_of(other)))
        scores[other] = score
    return scores


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _buckets(signatures: NDArray[np.uint32]) -> dict[int, list[tuple[int, int]]]:
    """The bands of each row that some other row has, too, as (band, value)."""
    bands, width = _BANDS
    bands_of: dict[int, list[tuple[int, int]]] = {}
    for band in range(bands):
        mixed = np.zeros(len(signatures), np.uint64)
        for column in range(band * width, (band + 1) * width):
            mixed = mixed * _FACTOR + signatures[:, column]
        _, value, count = np.unique(mixed, return_inverse=True, return_counts=True)
        for row in np.flatnonzero(count[value] > 1).tolist():
            bands_of.setdefault(row, []).append((band, int(value[row])))
    return bands_of


@cache
def _permutations() -> tuple[Hashes, Hashes]:
    """Of all numbers of 32 bits: each is multiplied by an odd one, and another is added."""
    draw = np.random.RandomState(1)
    odd = draw.randint(0, 1 << 31, _HASHES, np.uint32) * np.uint32(2) + np.uint32(1)
    return odd, draw.randint(0, 1 << 32, _HASHES, np.uint32)


def _mixed(hashes: Hashes) -> Hashes:
    """The last step of MurmurHash3: each number to another, no two to the same."""
    hashes = (hashes ^ hashes >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ hashes >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return hashes ^ hashes >> np.uint32(16)


def _shingles(text: str) -> Shingles:
    """The hashes of all runs of eight characters, or of a shorter text as a whole; sorted, each once."""
    points = np.frombuffer(folded(text).encode("utf-32-le"), np.uint32).astype(np.uint64)
    width = min(_SHINGLE, len(points))
    hashes = np.zeros(len(points) - width + 1 if width else 0, np.uint64)
    for place in range(width):
        hashes = hashes * _FACTOR + points[place : place + len(hashes)]
    return np.unique(hashes * _FACTOR)


def _jaccard(one: Shingles, other: Shingles) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
