"""What a library in Milvus takes: measured on a folder of documents, worked out for a million passages and more.

    python -m eval.bench.sizing FOLDER

prints what a passage of these documents takes, in bytes, and the table of rag/milvus/deploy/README.md. Nothing is
embedded and no Milvus is needed: sizes of vectors follow from their number, and those of the rest from the rows that
would be written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rag.index.dense import row_count
from rag.indexing.splitting import SplitSettings, split
from rag.loading import discover, load
from rag.milvus.layout import number_of
from rag.milvus.rows import Made, part_rows, passage_rows
from rag.text.tokenization import terms
from rag.types import Document

DIMENSION = 384
CHARACTERS_A_SECOND = 6000
"""Of documents, indexed by two processor cores with everything: see README.md for what is measured where."""
_LINKS = 2 * 16 * 4 * 1.1
"""Bytes of HNSW's graph a vector: M = 16, two lists of neighbours at the bottom, a tenth more above."""
_POSTING = 8
"""Bytes of a posting: a passage's number and a frequency."""
_COPIES = 1.3
"""What mmapped and sealed segments, deletes and bloom filters add: an assumption, not a measurement."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What an average passage takes; all but counts in bytes. ``parts`` is its share of the documents' texts."""

    characters: float
    rows: float
    text: float
    terms: float
    postings: float
    parts: float


@dataclass(frozen=True, slots=True)
class Need:
    """What so many passages need; sizes in GB (10**9 bytes), days of two cores to index."""

    passages: int
    vectors: float
    hnsw: float
    hnsw_sq: float
    scalars: float
    storage: float
    days: float


def measured(documents: Iterable[Document]) -> Passage:
    """The averages over the passages of ``documents``."""
    number = characters = rows = text = kept = postings = parts = 0
    for document in documents:
        passages = split(document, SplitSettings(), number_of(document.doc_id))
        cut = [(terms(document.text[p.start : p.end]), terms(p.context)) for p in passages]
        made = Made(document, Path(), passages, cut, [np.zeros((row_count(p), 1), np.float32) for p in passages])
        number += len(passages)
        characters += len(document.text)
        rows += sum(map(row_count, passages))
        for row in passage_rows(made):
            text += sum(len(row[name].encode()) for name in ("words", "context_words", "context"))
            for name in ("terms", "context_terms"):
                kept += sum(len(term.encode()) for term in row[name])
                postings += len(row[name])
            kept += sum(4 * len(row[name]) for name in ("counts", "context_counts", "sentences"))
        parts += sum(len(row["text"].encode()) for row in part_rows(made))
    return Passage(*(round(total / number, 2) for total in (characters, rows, text, kept, postings, parts)))


def need(passages: int, one: Passage) -> Need:
    """What ``passages`` like ``one`` need."""
    vector = 4 * DIMENSION
    raw = passages * one.rows * vector
    # Each term is in an index of its own, and once more in Milvus' BM25.
    scalars = passages * (one.text + one.terms + 2 * one.postings * _POSTING + one.parts) * _COPIES
    return Need(
        passages,
        raw / 1e9,
        passages * one.rows * (vector + _LINKS) * _COPIES / 1e9,
        passages * one.rows * (vector / 4 + _LINKS) * _COPIES / 1e9,
        scalars / 1e9,
        2 * (raw + scalars) / 1e9,
        passages * one.characters / CHARACTERS_A_SECOND / 86_400,
    )


def table(one: Passage) -> Iterator[str]:
    """The lines of the table for 1, 10 and 100 million passages, without its heading."""
    for millions in (1, 10, 100):
        n = need(millions * 1_000_000, one)
        sizes = [n.vectors, n.hnsw, n.hnsw_sq, n.scalars, n.storage]
        yield f"| {' | '.join([f'{millions} M', *(f'{size:,.0f}' for size in sizes), f'{n.days:,.1f}'])} |"


def main() -> None:
    """Measure the folder that is named, and print."""
    found = discover([Path(sys.argv[1])])
    one = measured(load(file) for file in found.files)
    for name, value in asdict(one).items():
        print(f"{name:10} {value:8.2f}")
    print("\n".join(table(one)))


if __name__ == "__main__":
    main()
