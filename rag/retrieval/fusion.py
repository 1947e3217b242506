"""Two rankings to one: the dense score plus a share of BM25.

Scores are added rather than ranks (RRF), because ranks forget by how much a passage wins. The dense score, a mean of
two cosines, is absolute already; BM25 is divided by the most that any passage could score for this query, so it weighs
little when few of the question's words are found and much when all are. This is the convex combination with
theoretical bounds of Bruch, Gai and Ingber (2023), up to scale. docs/en/results.md has measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fused:
    """One passage's score and the two that went into it.

    ``dense`` is None if only BM25 was asked, ``sparse`` if BM25 did not find the passage.
    """

    ordinal: int
    score: float
    dense: float | None
    sparse: float | None


class Fusion(Protocol):
    """Merges two rankings into one; `fuse` is the one in use."""

    def __call__(
        self,
        dense: Sequence[tuple[int, float]],
        sparse: Sequence[tuple[int, float]],
        *,
        dense_scores: Callable[[Sequence[int]], Sequence[float]],
        bound: float,
        weight: float,
    ) -> list[Fused]: ...


def fuse(
    dense: Sequence[tuple[int, float]],
    sparse: Sequence[tuple[int, float]],
    *,
    dense_scores: Callable[[Sequence[int]], Sequence[float]],
    bound: float,
    weight: float,
) -> list[Fused]:
    """Merge both rankings by ``dense score + weight * BM25 / bound``, best first, ties by ordinal.

    ``dense_scores`` gives the dense scores of passages that only BM25 found; ``bound`` is the highest BM25 score
    possible for the query.
    """
    similar, bm25 = dict(dense), dict(sparse)
    lacking = sorted(bm25.keys() - similar.keys())
    similar.update(zip(lacking, dense_scores(lacking), strict=True))
    fused = []
    for ordinal, similarity in similar.items():
        share = bm25.get(ordinal, 0.0) / bound if bound > 0 else 0.0
        fused.append(Fused(ordinal, similarity + weight * share, similarity, bm25.get(ordinal)))
    return sorted(fused, key=lambda one: (-one.score, one.ordinal))
