"""Vectors of passages and sentences in Milvus, as `rag.index.protocols.DenseSearch`: it finds, exact cosines decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rag.index.dense import cosines_of, score_of, sentences_of
from rag.milvus.client import Ask, Connection, Row
from rag.milvus.expressions import among, any_of
from rag.milvus.layout import PASSAGES, SENTENCES

if TYPE_CHECKING:
    from rag.types import Vectors

PASSAGE_VECTOR = ("id", "vector")
"""What is asked of a passage's row."""
_SENTENCE = ("passage", "place", "vector")
_PASSAGES_PER_REQUEST = 200
# How many sentences are asked for, for a passage that is wanted.
_SENTENCES_ASKED = 4


class MilvusVectors:
    """Search by vectors. Thread-safe; ``seen`` are the vectors that were read for a question, by passage.

    The first row of a passage's vectors is its own, the others are those of its sentences if it has several.
    """

    def __init__(self, connection: Connection, seen: dict[int, Vectors]) -> None:
        self._milvus = connection
        self._seen = seen

    def search(self, query: Vectors, k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` of the passages that Milvus proposes: ``(ordinal, score)``, best first, ties by ordinal."""
        where = among("id", within)
        rows = self._milvus.search(PASSAGES, Ask("vector", query), k, where, PASSAGE_VECTOR)
        return self.scored(query, [*(row["id"] for row in rows), *self.by_sentence(query, k, within)])[:k]

    def by_sentence(self, query: Vectors, k: int, within: Sequence[range] | None = None) -> list[int]:
        """The passages whose sentences are nearest to ``query``: enough for ``k``, at most twice as many."""
        where = among("passage", within)
        found = self._milvus.search(SENTENCES, Ask("vector", query), k * _SENTENCES_ASKED, where, ("passage",))
        return list(dict.fromkeys(row["passage"] for row in found))[: 2 * k]

    def scored(self, query: Vectors, ordinals: Iterable[int]) -> list[tuple[int, float]]:
        """The passages with their scores, best first, ties by ordinal; without those that are gone."""
        wanted = list(dict.fromkeys(ordinals))
        self.read(wanted)
        known = [one for one in wanted if one in self._seen]
        return sorted(zip(known, self.scores(query, known), strict=True), key=lambda pair: (-pair[1], pair[0]))

    def cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[Vectors]:
        """For each passage the cosines of ``query`` with it and with each of its sentences if it has several.

        Raises KeyError for a passage that is gone.
        """
        self.read(ordinals)
        return [cosines_of(self._seen[ordinal], query) for ordinal in ordinals]

    def scores(self, query: Vectors, ordinals: Sequence[int]) -> list[float]:
        """The score of each passage. Raises KeyError for one that is gone."""
        return list(map(score_of, self.cosines(query, ordinals)))

    def sentence_cosines(self, query: Vectors, ordinals: Sequence[int]) -> list[tuple[float, ...]]:
        """For each passage the cosine with each of its sentences, in order; with its only one, with the passage."""
        return list(map(sentences_of, self.cosines(query, ordinals)))

    def vectors(self, ordinal: int) -> Vectors:
        """The vectors of a passage that was read; none if it is gone."""
        return self._seen.get(ordinal, np.empty((0, 0), np.float32))

    def read(self, ordinals: Sequence[int], own: Iterable[Row] = ()) -> None:
        """Read the vectors of passages that were not read yet; ``own`` are passages' rows that are there already."""
        missing = [ordinal for ordinal in dict.fromkeys(ordinals) if ordinal not in self._seen]
        if not missing:
            return
        first = {row["id"]: row["vector"] for row in own if "vector" in row}
        asked = [ordinal for ordinal in missing if ordinal not in first]
        parts = [missing[i : i + _PASSAGES_PER_REQUEST] for i in range(0, len(missing), _PASSAGES_PER_REQUEST)]
        calls = [partial(self._sentences, part) for part in parts]
        if asked:
            calls.append(partial(self._milvus.get, PASSAGES, asked, PASSAGE_VECTOR))
        found = [row for rows in self._milvus.together(calls) for row in rows]
        first |= {row["id"]: row["vector"] for row in found if "id" in row and "passage" not in row}
        others: dict[int, dict[int, list[float]]] = {}
        for row in found:
            if "passage" in row:
                others.setdefault(row["passage"], {})[row["place"]] = row["vector"]
        for ordinal in missing:
            if ordinal in first:
                sentences = others.get(ordinal, {})
                rows = [first[ordinal], *(sentences[place] for place in sorted(sentences))]
                self._seen[ordinal] = np.array(rows, np.float32)

    def _sentences(self, passages: Sequence[int]) -> list[Row]:
        return self._milvus.query(SENTENCES, any_of("passage", passages), _SENTENCE)
