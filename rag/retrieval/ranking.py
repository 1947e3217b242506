"""A question to ranked passages of one generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.index.protocols import Snapshot
from rag.question.analysis import Question
from rag.reading import Candidate, Ranked
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


def retrieve(
    question: Question,
    k: int,
    generation: Snapshot,
    encoder: Encoder | None,
    settings: Settings,
    within: Sequence[range] | None = None,
    fusion: Fusion = fuse,
) -> Retrieved:
    """The best ``k`` passages by ``settings.retrieval``; ``encoder`` may be None for ``bm25`` only.

    ``within`` restricts the search to the passages in these ranges of ordinals. Where documents that are almost the
    same have a passage in common, only the best is a hit; it names the others.
    """
    depth = max(k, settings.candidates)
    vector = None
    if settings.retrieval != "bm25":
        assert encoder is not None
        vector = encoder.encode_queries([question.text])[0]
    words = question.searched if settings.retrieval != "dense" else []
    dense, sparse = generation.rankings(vector, words, depth, within)
    if vector is None:
        ranking = [Fused(ordinal, score, None, score) for ordinal, score in sparse]
    else:
        known = vector
        ranking = fusion(
            dense,
            sparse,
            cosines=lambda ordinals: generation.dense.scores(known, ordinals),
            bound=generation.sparse.bound(words) if sparse else 0.0,
            weight=settings.bm25_weight,
        )
    return Retrieved(_hits(ranking, k, generation), vector)


def candidates_of(retrieved: Retrieved, generation: Snapshot) -> list[Candidate]:
    """The hits as a reader takes them, in order: with their documents and what is known of their sentences."""
    ordinals = [hit.passage.ordinal for hit in retrieved.hits]
    if retrieved.vector is None:
        cosines: list[tuple[float, ...]] = [(0.0,) * len(hit.passage.sentences) for hit in retrieved.hits]
    else:
        cosines = generation.dense.sentence_cosines(retrieved.vector, ordinals)
    return [
        Candidate(hit, generation.document(hit.passage.doc_id), its)
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
