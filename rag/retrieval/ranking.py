"""A question to ranked passages of one generation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.index.protocols import Snapshot
from rag.question.analysis import Question
from rag.reading import Candidate, Ranked
from rag.retrieval.collections import Scope
from rag.retrieval.fusion import Fused, Fusion, fuse
from rag.settings import Settings
from rag.text.normalization import folded
from rag.types import Elsewhere, Encoder, Hit, Passage

if TYPE_CHECKING:
    from rag.types import Vectors


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Hits, best first, and the question's vector (None where only BM25 was asked)."""

    hits: tuple[Hit, ...]
    vector: Vectors | None


@dataclass(frozen=True, slots=True)
class Search:
    """Where questions are looked for, and how: by ``settings.retrieval`` in one generation.

    ``encoder`` is called where vectors are compared. ``scope`` are the documents that are asked, None for all.
    """

    generation: Snapshot
    settings: Settings
    encoder: Callable[[], Encoder]
    scope: Scope | None = None
    fusion: Fusion = fuse

    @property
    def within(self) -> Sequence[range] | None:
        """The ordinals of the passages that are asked; None for all."""
        return self.scope.ordinals if self.scope else None

    def retrieve(self, question: Question, k: int) -> Retrieved:
        """The best ``k`` passages.

        Where documents that are almost the same have a passage in common, only the best is a hit; it names the others.
        """
        generation, settings = self.generation, self.settings
        vector = None if settings.retrieval == "bm25" else self.encoder().encode_queries([question.text])[0]
        words = question.searched if settings.retrieval != "dense" else []
        dense, sparse = generation.rankings(vector, words, max(k, settings.candidates), self.within)
        if vector is None:
            ranking = [Fused(ordinal, score, None, score) for ordinal, score in sparse]
        else:
            known = vector
            ranking = self.fusion(
                dense,
                sparse,
                dense_scores=lambda ordinals: generation.dense.scores(known, ordinals),
                bound=generation.sparse.bound(words) if sparse else 0.0,
                weight=settings.bm25_weight,
            )
        return Retrieved(_hits(ranking, k, generation), vector)

    def candidates(self, question: Question, k: int = 0) -> list[Candidate]:
        """The best ``k`` passages, by default as many as are shown or read, as a reader takes them."""
        return self.candidates_of(self.retrieve(question, k or max(self.settings.hits, self.settings.read)))

    def candidates_of(self, retrieved: Retrieved) -> list[Candidate]:
        """The hits as a reader takes them, in order: with their documents and what is known of their sentences."""
        ordinals = [hit.passage.ordinal for hit in retrieved.hits]
        if retrieved.vector is None:
            cosines: list[tuple[float, ...]] = [(0.0,) * len(hit.passage.sentences) for hit in retrieved.hits]
        else:
            cosines = self.generation.dense.sentence_cosines(retrieved.vector, ordinals)
        return [
            Candidate(hit, self.generation.document(hit.passage.doc_id), its)
            for hit, its in zip(retrieved.hits, cosines, strict=True)
        ]


def reranked(candidates: Sequence[Candidate], ranking: Sequence[Ranked]) -> tuple[Hit, ...]:
    """The hits of ``candidates`` by the scores that a reader gave to some of them; ties by ordinal."""
    scores = {one.candidate: one.score for one in ranking}
    hits = [replace(c.hit, score=scores.get(place, c.hit.score)) for place, c in enumerate(candidates)]
    ordered = sorted(hits, key=lambda hit: (-hit.score, hit.passage.ordinal))
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(ordered, start=1))


def _hits(ranking: Sequence[Fused], k: int, generation: Snapshot) -> tuple[Hit, ...]:
    hits: list[Hit] = []
    firsts: dict[tuple[str, str], int] = {}
    for one, passage in _with_passages(ranking, k, generation):
        document = generation.document(passage.doc_id)
        text = document.text[passage.start : passage.end]
        if document.alike:
            first = firsts.setdefault((document.alike, folded(text)), len(hits))
            if first < len(hits) and hits[first].passage.doc_id != document.doc_id:
                other = Elsewhere(document.doc_id, document.title, document.source)
                also_in = dict.fromkeys((*hits[first].also_in, other, *document.also_in))
                hits[first] = replace(hits[first], also_in=tuple(also_in))
                continue
        score = round(one.score, 6)
        hits.append(Hit(len(hits) + 1, passage, score, text, one.dense, one.sparse, document.also_in))
        if len(hits) == k:
            break
    return tuple(hits)


def _with_passages(ranking: Sequence[Fused], at_once: int, generation: Snapshot) -> Iterator[tuple[Fused, Passage]]:
    """Each with its passage, fetched in batches: more than the first is rarely needed."""
    for start in range(0, len(ranking), at_once):
        some = ranking[start : start + at_once]
        yield from zip(some, generation.store.passages([one.ordinal for one in some]), strict=True)
