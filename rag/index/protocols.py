"""What an index offers its readers, wherever its data lies: on this disk, or in Milvus.

Ordinals are positions in the order in which ties break. Those of one document are consecutive; between two documents
there may be gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from rag.errors import NotFoundError
from rag.index.manifest import Manifest
from rag.index.store import DocumentRecord
from rag.text.tokenization import Cut
from rag.types import Document, Passage

if TYPE_CHECKING:
    from rag.types import Vectors


class Documents(Protocol):
    """Documents and their passages."""

    def records(self) -> tuple[DocumentRecord, ...]:
        """All documents as listed."""

    def document(self, doc_id: str) -> Document | None:
        """One document, or None."""

    def ordinals(self, doc_id: str) -> range | None:
        """The ordinals of a document's passages, or None."""

    def sounding(self, sound: str) -> list[tuple[str, int]]:
        """The words with this sound and the number of passages that have each, the most frequent first."""

    def passages(self, ordinals: Sequence[int]) -> list[Passage]:
        """The passages with the given ordinals, in the given order. Raises KeyError for an unknown one."""

    def passages_between(self, ordinals: range) -> list[Passage]:
        """The passages with the given neighbouring ordinals, in order."""

    def count(self) -> int:
        """How many passages there are."""


class DenseSearch(Protocol):
    """Search by vectors. A score is the mean of two cosines: with the passage, and with its best sentence."""

    def search(self, query: Vectors, k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages: ``(ordinal, score)``, best first, ties by ordinal; only those in ``within``."""

    def scores(self, query: Vectors, ordinals: Sequence[int]) -> list[float]:
        """The score of each passage."""

    def sentence_cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[tuple[float, ...]]:
        """For each passage the cosine with each of its sentences, in order; with its only one, with the passage."""


class SparseSearch(Protocol):
    """Search by terms, and what is known of them: BM25 as tantivy has it."""

    def __len__(self) -> int:
        """How many passages there are."""

    def knows(self, term: str) -> bool:
        """Whether any passage, or any context, holds ``term``."""

    def idf(self, term: str) -> float:
        """Inverse document frequency among the passages' own texts."""

    def bound(self, terms: Sequence[str]) -> float:
        """What a passage could score at most for ``terms``."""

    def search(self, terms: Sequence[str], k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages: ``(ordinal, BM25 score)``, best first, ties by ordinal; only those in ``within``."""

    def contributions(self, terms: Sequence[str], ordinal: int) -> list[tuple[float, float]]:
        """What each of ``terms`` adds to the score of one passage: ``(by its text, by its context)``."""

    def covering(self, weights: Mapping[str, float], within: Sequence[range] | None = None) -> int | None:
        """The passage that holds terms of the highest total weight; ties by ordinal, None if there is none."""


class ByDocument:
    """What a snapshot says of single documents, from its store."""

    __slots__ = ()
    store: Documents

    def document(self, doc_id: str) -> Document:
        """One document. Raises NotFoundError."""
        document = self.store.document(doc_id)
        if document is None:
            raise not_found(doc_id)
        return document

    def ordinals(self, doc_id: str) -> range:
        """The ordinals of a document's passages. Raises NotFoundError."""
        ordinals = self.store.ordinals(doc_id)
        if ordinals is None:
            raise not_found(doc_id)
        return ordinals


def not_found(doc_id: str) -> NotFoundError:
    """The error for an unknown document."""
    return NotFoundError(
        f"没有编号为 {doc_id} 的文档。用 wenyuan list 查看全部文档。",
        f"There is no document {doc_id}. See all of them with: wenyuan list",
    )


class Rankings(NamedTuple):
    """Passages by meaning and by terms: ``(ordinal, score)``, each best first; empty where it was not asked."""

    dense: list[tuple[int, float]]
    sparse: list[tuple[int, float]]


class Snapshot(Protocol):
    """One state of an index, open for reading. Thread-safe."""

    @property
    def manifest(self) -> Manifest:
        """What it was built from and with."""

    @property
    def store(self) -> Documents: ...

    @property
    def end(self) -> int:
        """All ordinals are below it."""

    @property
    def dense(self) -> DenseSearch: ...

    @property
    def sparse(self) -> SparseSearch: ...

    def about(self, question: Sequence[Cut] = ()) -> Self:
        """The same snapshot for a question in these parts; what their words need is fetched at once, and kept."""

    def document(self, doc_id: str) -> Document:
        """One document. Raises NotFoundError."""

    def ordinals(self, doc_id: str) -> range:
        """The ordinals of a document's passages. Raises NotFoundError."""

    def rankings(
        self, vector: Vectors | None, terms: Sequence[str], k: int, within: Sequence[range] | None = None
    ) -> Rankings:
        """The best ``k`` passages for a question's vector and terms; None or no terms ask nothing."""
