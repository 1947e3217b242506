"""Terms of passages in Milvus, as `rag.index.protocols.SparseSearch`: Milvus finds, and the scores are as by tantivy.

Milvus' own BM25 proposes passages. Its scores can't be had by parts and are of each segment's own statistics, so those
that count are worked out here from the passages' terms and how many passages hold each. Those numbers are asked for
together and remembered for a minute.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from rag.index.sparse import CONTEXT_BOOST, K1, idf_of
from rag.milvus.client import Ask, Connection, Row
from rag.milvus.expressions import READY, among, quoted
from rag.milvus.layout import DOCUMENTS, PASSAGES
from rag.text.normalization import HAN
from rag.text.tokenization import in_dictionary

_B = 0.75
_REMEMBERED_SECONDS = 60
# Documents' numbers are digests, so the first so many are a sample; all of a library that has fewer.
_SAMPLE = 10_000
_PROPOSED = 200
_PAIR = re.compile(HAN * 2)
TERMS = ("id", "terms", "counts", "context_terms", "context_counts")
"""What is asked of a passage's row to score it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How often a passage, and its context, has each term."""

    body: Mapping[str, int]
    context: Mapping[str, int]


@dataclass(slots=True)
class Statistics:
    """What is known of all passages together; ``body`` and ``context`` say how many hold a term."""

    until: float
    passages: int
    body_length: float
    context_length: float
    body: dict[str, int] = field(default_factory=dict)
    context: dict[str, int] = field(default_factory=dict)


class Remembered:
    """The statistics of the last minute, which all questions share."""

    def __init__(self, connection: Connection) -> None:
        self._milvus = connection
        self._last: Statistics | None = None

    def now(self) -> Statistics:
        """The statistics; asked for if they are too old."""
        if self._last is None or self._last.until < time.monotonic():
            self._last = statistics_of(self._milvus)
        return self._last


class MilvusTerms:
    """Search by terms. Thread-safe; ``seen`` are the terms of passages that were read for a question."""

    def __init__(self, connection: Connection, remembered: Remembered, seen: dict[int, Terms]) -> None:
        self._milvus = connection
        self._remembered = remembered
        self._seen = seen

    @cached_property
    def _statistics(self) -> Statistics:
        return self._remembered.now()

    def __len__(self) -> int:
        return self._statistics.passages

    def knows(self, term: str) -> bool:
        """Whether any passage, or any context, holds ``term``."""
        return bool(self.frequencies([term])[term] or self.frequencies([term], "context_terms")[term])

    def idf(self, term: str) -> float:
        """Inverse document frequency as tantivy's BM25 has it; highest for a term that no passage holds."""
        return self._idf(self.frequencies([term])[term])

    def bound(self, terms: Sequence[str]) -> float:
        """What a passage could score at most for ``terms``: each at the limit of its frequency, in the body."""
        counts = self.frequencies(terms)
        return sum(self._idf(counts[term]) for term in terms) * (1 + K1)

    def search(self, terms: Sequence[str], k: int, within: Sequence[range] | None = None) -> list[tuple[int, float]]:
        """The best ``k`` passages: ``(ordinal, BM25 score)``, best first, ties by ordinal; only those in ``within``."""
        return self.scored(terms, self.propose(terms, k, within))[:k]

    def contributions(self, terms: Sequence[str], ordinal: int) -> list[tuple[float, float]]:
        """What each of ``terms`` adds to the BM25 score of one passage: ``(by its text, by its context)``."""
        self.read([ordinal])
        return self._scores(terms, ordinal) if ordinal in self._seen else [(0.0, 0.0)] * len(terms)

    def covering(self, weights: Mapping[str, float], within: Sequence[range] | None = None) -> int | None:
        """Of the passages that Milvus proposes the one that holds terms of the highest total weight, None if none."""

        def weight(ordinal: int) -> float:
            held = self._seen[ordinal].body.keys() | self._seen[ordinal].context.keys()
            return sum(weights[term] for term in weights if term in held)

        proposed = [one for one in self.propose(list(weights), _PROPOSED, within) if weight(one) > 0]
        return min(proposed, key=lambda ordinal: (-weight(ordinal), ordinal), default=None)

    def propose(self, terms: Sequence[str], k: int, within: Sequence[range] | None = None) -> list[int]:
        """The passages that Milvus' BM25 finds for ``terms`` in texts and contexts, at least ``k`` if there are."""
        if not terms:
            return []
        rows = self._milvus.hybrid(PASSAGES, asks(terms), k, among("id", within), TERMS)
        self.remember(rows)
        return [row["id"] for row in rows]

    def scored(self, terms: Sequence[str], ordinals: Iterable[int]) -> list[tuple[int, float]]:
        """Those of the passages that hold any of ``terms`` with their BM25 scores, best first, ties by ordinal."""
        known = [ordinal for ordinal in ordinals if ordinal in self._seen]
        in_contexts = {term for ordinal in known for term in terms if term in self._seen[ordinal].context}
        self.frequencies(terms)
        self.frequencies(sorted(in_contexts), "context_terms")
        totals = [(one, sum(map(sum, self._scores(terms, one)))) for one in known]
        return sorted(((one, total) for one, total in totals if total > 0), key=lambda pair: (-pair[1], pair[0]))

    def frequencies(self, terms: Iterable[str], field_name: str = "terms") -> dict[str, int]:
        """How many passages hold each of ``terms``, or their contexts; what is not known is asked for together."""
        known = self._statistics.body if field_name == "terms" else self._statistics.context
        wanted = list(dict.fromkeys(terms))
        missing = [term for term in wanted if term not in known]

        holding = [f"array_contains({field_name}, {quoted(term)})" for term in missing]
        counts = self._milvus.together([partial(self._milvus.count, PASSAGES, where) for where in holding])
        known.update(zip(missing, counts, strict=True))
        return {term: known[term] for term in wanted}

    def read(self, ordinals: Sequence[int]) -> None:
        """Read the terms of passages that were not read yet."""
        missing = [ordinal for ordinal in ordinals if ordinal not in self._seen]
        if missing:
            self.remember(self._milvus.get(PASSAGES, missing, TERMS))

    def remember(self, rows: Iterable[Row]) -> None:
        """Keep the terms of passages."""
        for row in rows:
            self._seen[row["id"]] = Terms(
                dict(zip(row["terms"], row["counts"], strict=True)),
                dict(zip(row["context_terms"], row["context_counts"], strict=True)),
            )

    def _idf(self, frequency: int) -> float:
        return idf_of(min(frequency, len(self)), len(self))

    def _scores(self, terms: Sequence[str], ordinal: int) -> list[tuple[float, float]]:
        held, statistics = self._seen[ordinal], self._statistics
        context = self.frequencies([term for term in terms if term in held.context], "context_terms")
        body = self.frequencies([term for term in terms if term in held.body])
        in_body = _share(sum(held.body.values()), statistics.body_length)
        in_context = _share(sum(held.context.values()), statistics.context_length)
        return [
            (
                self._idf(body[term]) * _weight(held.body[term], in_body) if term in body else 0.0,
                CONTEXT_BOOST * self._idf(context[term]) * _weight(held.context[term], in_context)
                if term in context
                else 0.0,
            )
            for term in terms
        ]


def statistics_of(connection: Connection) -> Statistics:
    """What is known of all passages of a library, good for a minute."""
    fields = ("id", "passages", "terms", "context_terms")
    passages = body = context = 0
    for place, row in enumerate(connection.pages(DOCUMENTS, READY, fields)):
        if place == _SAMPLE:
            break
        passages += row["passages"]
        body += row["terms"]
        context += row["context_terms"]
    # As many as terms are counted in, those of documents that are being written among them.
    together = connection.count(PASSAGES)
    until = time.monotonic() + _REMEMBERED_SECONDS
    return Statistics(until, together, body / max(1, passages), context / max(1, passages))


def asks(terms: Sequence[str]) -> tuple[Ask, Ask]:
    """How Milvus' BM25 is asked for ``terms``: in texts and in contexts, by their words.

    Pairs of neighbouring characters that are no words are left out: jieba would cut them to characters.
    """
    words = " ".join([t for t in terms if not _PAIR.fullmatch(t) or in_dictionary(t)] or terms)
    return Ask("words_weights", words), Ask("context_words_weights", words)


def _share(length: int, average: float) -> float:
    """What a text's length makes of the frequency of its terms."""
    return K1 * (1 - _B + _B * _kept(length) / average) if average else K1


def _weight(frequency: int, share: float) -> float:
    return frequency * (1 + K1) / (frequency + share)


def _kept(length: int) -> int:
    """A text's length as tantivy keeps it, in one byte: exact to 39, then with four binary digits (Lucene's codes)."""
    beyond = length - 24
    if beyond < 16:
        return length
    shift = beyond.bit_length() - 4
    return 24 + (beyond >> shift << shift)
