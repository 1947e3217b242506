"""Vectors and terms by content: a text that the old generation has is not embedded and cut again, wherever it stood."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag import dense
from rag.dense import DenseIndex
from rag.sparse import SparseIndex
from rag.store import Store
from rag.types import Document, Encoder, Passage

if TYPE_CHECKING:
    from rag.types import Vectors

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Held:
    """Passages and their vectors, by the model called ``encoder``; their terms if they would be cut the same now."""

    encoder: str
    store: Store
    dense: DenseIndex
    sparse: SparseIndex | None = None


def row_vectors(
    documents: Iterable[tuple[Document, Sequence[Passage]]],
    old: Held | None,
    encoder: Encoder,
    *,
    progress: bool = False,
) -> Vectors:
    """The vectors of all rows of ``documents`` in order, (rows, dimension).

    Only texts that no row of ``old`` stands for are given to ``encoder``, each once; vectors of another model are not
    taken.
    """
    held = _held(old) if old is not None and old.encoder == encoder.name else {}
    missing: dict[bytes, str] = {}
    rows: list[bytes] = []
    for text in _texts(documents):
        key = _digest(text)
        rows.append(key)
        if key not in held:
            missing.setdefault(key, text)
    vectors = np.empty((len(rows), encoder.dimension), np.float32)
    reused = [place for place, key in enumerate(rows) if key in held]
    if old is not None and reused:
        vectors[reused] = old.dense.vectors(range(len(old.dense)))[[held[rows[place]] for place in reused]]
    if missing:
        encoded = encoder.encode_passages(list(missing.values()), progress=progress)
        made = {key: row for row, key in enumerate(missing)}
        anew = [place for place, key in enumerate(rows) if key in made]
        vectors[anew] = encoded[[made[rows[place]] for place in anew]]
    return vectors


def passage_terms(
    documents: Iterable[tuple[Document, Sequence[Passage]]], old: Held | None, cut: Callable[[str], Sequence[str]]
) -> list[tuple[int, str, str]]:
    """The ordinal of each passage with the terms of its text and of its context, joined by spaces.

    Only texts that ``old`` has no terms of are given to ``cut``, each once.
    """
    known: dict[bytes, str] = {}
    if old and old.sparse:
        stored = {ordinal: terms for ordinal, *terms in old.sparse.stored()}
        for _, document, passages in old.store.contents():
            for passage in passages:
                for text, terms in zip(_texts_of(passage, document), stored.get(passage.ordinal, ()), strict=False):
                    known[_digest(text)] = terms

    def terms_of(text: str) -> str:
        key = _digest(text)
        if key not in known:
            known[key] = " ".join(cut(text))
        return known[key]

    found = []
    for document, split_up in documents:
        for passage in split_up:
            body, context = _texts_of(passage, document)
            found.append((passage.ordinal, terms_of(body), terms_of(context)))
    return found


def _texts_of(passage: Passage, document: Document) -> tuple[str, str]:
    """What is searched for terms: the passage's text, and its context."""
    return document.text[passage.start : passage.end], passage.context


def _held(old: Held) -> dict[bytes, int]:
    """The row of ``old`` that holds each text; of several the first."""
    held: dict[bytes, int] = {}
    for row, text in enumerate(_texts((document, passages) for _, document, passages in old.store.contents())):
        held.setdefault(_digest(text), row)
    return held


def _texts(documents: Iterable[tuple[Document, Sequence[Passage]]]) -> Iterator[str]:
    """The texts of all rows, in their order in the vector index."""
    for document, passages in documents:
        for passage in passages:
            yield from dense.row_texts(passage, document.text)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()
