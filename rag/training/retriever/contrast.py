"""Gold questions to batches in which passages that look alike compete for them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from tqdm import tqdm

from rag.indexing.splitting import SplitSettings, split
from rag.question.styles import varied
from rag.text.tokenization import terms
from rag.training.examples import mentions
from rag.training.golds import Gold, nothing_usable
from rag.types import Document, Passage

# Of each passage, how many others that share its words are known, and how many of these stand beside it in a batch.
_ALIKE: Final = 12
_BESIDE: Final = 3
# Of each passage, the questions in a batch and in an epoch.
_AT_ONCE: Final = 3
_IN_EPOCH: Final = 8
_SEEDS: Final = 8
"""Passages of a batch that are not there because they look like another."""
_VARIED: Final = 0.35
"""Share of the questions that are asked in another style."""
_ROWS_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and where it is answered: in ``sentence`` of the passage at the place ``passage``, and in ``others``.

    ``accepted`` are wordings of its answer.
    """

    text: str
    passage: int
    sentence: int
    others: frozenset[int]
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Passages by their places, questions about some of them, and how these are asked this time."""

    passages: Sequence[int]
    queries: Sequence[Query]
    texts: Sequence[str]


class Contrast:
    """The passages of documents, the questions about each, and the passages that look like each."""

    def __init__(self, golds: Sequence[Gold], *, progress: bool = False) -> None:
        """Cut the golds' documents as they are indexed, and find what looks alike.

        Raises TrainingError if none of the golds is answered.
        """
        documents = {gold.document.doc_id: gold.document for gold in golds}
        self.passages: list[tuple[Document, Passage]] = []
        places: dict[str, range] = {}
        for doc_id, document in documents.items():
            first = len(self.passages)
            self.passages += [(document, passage) for passage in split(document, SplitSettings())]
            places[doc_id] = range(first, len(self.passages))
        self.queries: dict[int, list[Query]] = {}
        for gold in golds:
            query = None if gold.nameless else self._query(gold, places[gold.document.doc_id])
            if query is not None:
                self.queries.setdefault(query.passage, []).append(query)
        if not self.queries:
            raise nothing_usable()
        texts = [f"{p.context} {document.text[p.start : p.end]}" for document, p in self.passages]
        self._alike = _alike(texts, progress=progress)

    def _query(self, gold: Gold, places: range) -> Query | None:
        """What is asked of the first passage that holds a part of the answer; None if there is no answer."""
        holding = [i for i in places if any(_begins_in(self.passages[i][1], s.start) for s in gold.slices)]
        if not holding:
            return None
        passage = self.passages[holding[0]][1]
        begun = min(s.start for s in gold.slices if _begins_in(passage, s.start))
        sentence = next((n for n, s in enumerate(passage.sentences) if s.start <= begun < s.end), 0)
        return Query(gold.question, holding[0], sentence, frozenset(holding[1:]), gold.accepted)

    def may_answer(self, query: Query, place: int) -> bool:
        """Whether a passage that does not hold a question's answer is no sure negative: it has the answer's words."""
        document, passage = self.passages[place]
        return place in query.others or mentions(document.text[passage.start : passage.end], query.accepted)

    def doubtful(self, query: Query) -> list[int]:
        """The other sentences of the passage with the answer that have its words, too."""
        document, passage = self.passages[query.passage]
        texts = enumerate(document.text[s.start : s.end] for s in passage.sentences)
        return [n for n, text in texts if n != query.sentence and mentions(text, query.accepted)]

    def epoch(self, rng: random.Random) -> Iterator[Batch]:
        """Batches in which each passage is asked for by some of its questions, beside others like it."""
        waiting = {place: rng.sample(some, min(len(some), _IN_EPOCH)) for place, some in self.queries.items()}
        while waiting:
            seeds = rng.sample(list(waiting), len(waiting))
            for start in range(0, len(seeds), _SEEDS):
                batch = self._batch([seed for seed in seeds[start : start + _SEEDS] if seed in waiting], waiting, rng)
                if len(batch.queries) > 1:
                    yield batch

    def _batch(self, seeds: Sequence[int], waiting: dict[int, list[Query]], rng: random.Random) -> Batch:
        """Takes its questions out of ``waiting``."""
        passages: dict[int, None] = {}
        for seed in seeds:
            alike = self._alike[seed].tolist()
            passages |= dict.fromkeys((seed, *rng.sample(alike, min(_BESIDE, len(alike)))))
        queries: list[Query] = []
        for place in [place for place in passages if place in waiting]:
            queries += waiting[place][:_AT_ONCE]
            waiting[place] = waiting[place][_AT_ONCE:]
            if not waiting[place]:
                del waiting[place]
        texts = [varied(one.text, rng) if rng.random() < _VARIED else one.text for one in queries]
        return Batch(list(passages), queries, texts)


def _begins_in(passage: Passage, place: int) -> bool:
    return passage.start <= place < passage.end


def _alike(texts: Sequence[str], *, progress: bool) -> NDArray[np.int64]:
    """Of each text the places of those that share most of its words, by TF-IDF; ``(texts, _ALIKE)``."""
    rows = TfidfVectorizer(analyzer=terms, sublinear_tf=True, max_df=0.1, dtype=np.float32).fit_transform(texts)
    found = np.empty((len(texts), min(_ALIKE, len(texts) - 1)), np.int64)
    for start in tqdm(range(0, len(texts), _ROWS_AT_ONCE), desc="lookalikes", disable=not progress):
        near = (rows[start : start + _ROWS_AT_ONCE] @ rows.T).toarray()
        near[np.arange(len(near)), start + np.arange(len(near))] = -1
        found[start : start + len(near)] = np.argpartition(-near, found.shape[1] - 1, axis=1)[:, : found.shape[1]]
    return found
