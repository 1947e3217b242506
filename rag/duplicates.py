"""Documents that are almost the same text: an article that was republished, or saved with another first line.

Candidates come from MinHash signatures in bands (Broder 1997; datasketch); whether two documents are alike is then
measured on all their shingles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag.text import simplify
from rag.types import Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shingles = NDArray[np.uint64]

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


def folded(text: str) -> str:
    """The letters and digits of ``text`` alone, in one width, case and script: what makes two texts the same."""
    return re.sub(r"[\W_]+", "", simplify(unicodedata.normalize("NFKC", text).casefold()))


def alike(documents: Sequence[Document], *, progress: bool = False) -> dict[str, str]:
    """The groups of documents that are almost the same text, as each member's id and that of the first member.

    Each member is alike to the first. Documents that are alike to no other are left out. The same documents in the
    same order give the same groups; the time grows with the length of the texts.
    """
    from datasketch import MinHash, MinHashLSH
    from tqdm import tqdm

    index = MinHashLSH(num_perm=_HASHES, params=_BANDS)
    firsts: dict[str, tuple[Document, MinHash]] = {}
    groups: dict[str, str] = {}
    blank = MinHash(_HASHES, hashfunc=int)
    for document in tqdm(documents, desc="比较 compare", unit="doc", disable=not progress, delay=2):
        shingles = _shingles(document.text)
        signature = blank.copy()
        for start in range(0, len(shingles), _AT_ONCE):
            signature.update_batch((shingles[start : start + _AT_ONCE] >> np.uint64(32)).tolist())
        near = [firsts[doc_id] for doc_id in index.query(signature)]
        hopeful = {one.doc_id: one for one, its in near if signature.jaccard(its) > _HOPEFUL}
        scores = {doc_id: _jaccard(shingles, _shingles(one.text)) for doc_id, one in hopeful.items()}
        best = max(sorted(scores), key=scores.__getitem__, default="")
        if best and scores[best] >= SIMILAR:
            groups[best] = groups[document.doc_id] = best
        elif len(shingles):
            firsts[document.doc_id] = (document, signature)
            index.insert(document.doc_id, signature)
    return groups


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
