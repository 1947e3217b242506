"""Gold questions to training examples: what answers a question, and what only looks as if it did."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from rag.index import sparse
from rag.indexing.splitting import SplitSettings, split
from rag.question.styles import varied
from rag.text.normalization import normalise
from rag.text.tokenization import content_terms, tagged, terms
from rag.training.golds import Gold
from rag.types import Document, Passage, Span

# Passages are cut to several sizes, so that the reader does not lean on one: as they are indexed, and as they are read
# with what stands around them.
_SIZES = (SplitSettings(max_chars=250), SplitSettings(160, 250), SplitSettings(330, 400))
_SIZE_SHARES = (1, 1, 2)
_LOOKALIKES = 12
_LEAST_LEFT = 40
# How many shared words chance outweighs where another passage of the document is chosen.
_CHANCE = 3


class Origin(StrEnum):
    """Where an example comes from."""

    GOLD = "gold"
    SIBLING = "sibling"
    VERSION = "version"
    LOOKALIKE = "lookalike"
    REMOVED = "removed"
    EXCHANGED = "exchanged"


SHARES: Mapping[Origin, float] = {
    Origin.SIBLING: 0.25,
    Origin.VERSION: 0.6,
    Origin.LOOKALIKE: 0.3,
    Origin.REMOVED: 0.15,
    Origin.EXCHANGED: 0.2,
}
"""How many examples without an answer stand beside each question, by where they come from."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; ``answer`` are ranges of the passage, in order; none if it does not answer."""

    question: str
    context: str
    passage: str
    answer: tuple[Span, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Style:
    """How the questions of a set are dressed: the shares that are varied and that are read without their context.

    ``lookalikes``: whether passages that look like a question's are found for it.
    """

    varied: float = 1.0
    without_context: float = 0.35
    lookalikes: bool = True


class ExampleSource:
    """Draws the examples of an epoch from gold questions."""

    def __init__(self, golds: Sequence[Gold], style: Style = Style(), *, progress: bool = False) -> None:
        """Cut the documents into passages and find, by BM25, passages that look like each question's."""
        self.golds = list(golds)
        self._style = style
        documents = {gold.document.doc_id: gold.document for gold in golds}
        self._documents = documents
        self._passages = [{doc_id: split(document, size) for doc_id, document in documents.items()} for size in _SIZES]
        self._versions: dict[str, set[str]] = defaultdict(set)
        for gold in golds:
            self._versions[gold.family].add(gold.document.doc_id)
        self._normal = {doc_id: normalise(f"{one.title} {one.text}").text for doc_id, one in documents.items()}
        self._all = [(documents[doc_id], p) for doc_id, ps in self._passages[1].items() for p in ps]
        self._lookalikes = self._find_lookalikes(progress=progress)
        self._entities = [_entities(gold.question) for gold in tqdm(self.golds, desc="entities", disable=not progress)]
        self._pool: dict[str, list[str]] = {}
        for found in self._entities:
            for entity in found:
                self._pool.setdefault(entity.kind, []).append(entity.text)

    def epoch(
        self, rng: random.Random, shares: Mapping[Origin, float] = SHARES, part: float = 1.0
    ) -> Iterator[list[Example]]:
        """Examples that compete: each question with its own passage, and its share of those that don't answer it.

        ``part`` is the share of the questions that are drawn.
        """
        makers: dict[Origin, Callable[[int, list[Passage], random.Random], Example | None]] = {
            Origin.VERSION: self._version,
            Origin.LOOKALIKE: self._lookalike,
            Origin.REMOVED: self._removed,
        }
        chosen = sorted(rng.sample(range(len(self.golds)), round(part * len(self.golds))))
        for number in chosen:
            passages = rng.choices(self._passages, _SIZE_SHARES)[0][self.golds[number].document.doc_id]
            made = [self._gold(number, passages, rng)]
            made += self._siblings(number, passages, rng, _drawn(shares[Origin.SIBLING], rng))
            for origin, maker in makers.items():
                made += [maker(number, passages, rng) for _ in range(_drawn(shares[origin], rng))]
            yield [self._dressed(example, rng) for example in dict.fromkeys(made) if example is not None]
            # Of another question.
            for _ in range(_drawn(shares[Origin.EXCHANGED], rng)):
                exchanged = self._exchanged(number, passages, rng)
                if exchanged is not None:
                    yield [self._dressed(exchanged, rng)]

    def plain(self, rng: random.Random) -> Iterator[Example]:
        """For validation: each question as it is, with its passage and, if that answers, one that looks like it."""
        for number, gold in enumerate(self.golds):
            passages = self._passages[2][gold.document.doc_id]
            makers = (self._gold, self._lookalike) if gold.slices else (self._gold,)
            for example in (make(number, passages, rng) for make in makers):
                if example is not None:
                    yield example

    def _gold(self, number: int, passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """The passage that answers (with what stands in it of several slices), or any of one that does not."""
        gold = self.golds[number]
        if not gold.slices:
            return _example(gold, gold.document, _near(gold, passages, rng)[0], Origin.GOLD)
        held = [[s for s in gold.slices if p.start <= s.start and s.end <= p.end] for p in passages]
        best = max(range(len(passages)), key=lambda i: len(held[i]))
        if not held[best]:
            return None
        start = passages[best].start
        answer = tuple(Span(s.start - start, s.end - start) for s in held[best])
        return _example(gold, gold.document, passages[best], Origin.GOLD, answer)

    def _siblings(self, number: int, passages: Sequence[Passage], rng: random.Random, count: int) -> list[Example]:
        """Other passages of the same document."""
        gold = self.golds[number]
        others = [p for p in passages if not self._holds(gold, p, gold.document)] if gold.slices and count else []
        return [_example(gold, gold.document, p, Origin.SIBLING) for p in _near(gold, others, rng)[:count]]

    def _version(self, number: int, _passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """A passage of another version of the document."""
        gold = self.golds[number]
        others = sorted(self._versions[gold.family] - {gold.document.doc_id}) if gold.family else []
        if not others or not gold.slices:
            return None
        document = self._documents[rng.choice(others)]
        return _example(gold, document, rng.choice(self._passages[2][document.doc_id]), Origin.VERSION)

    def _lookalike(self, number: int, _passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """A passage of another document that BM25 ranks high."""
        gold, found = self.golds[number], self._lookalikes[number]
        if not found:
            return None
        document, passage = self._all[found[min(int(rng.expovariate(0.35)), len(found) - 1)]]
        return _example(gold, document, passage, Origin.LOOKALIKE)

    def _removed(self, number: int, passages: Sequence[Passage], _rng: random.Random) -> Example | None:
        """The passage with the answer, without the sentences that hold it."""
        gold = self.golds[number]
        passage = _holding(passages, gold.slices[0]) if len(gold.slices) == 1 else None
        if passage is None:
            return None
        text = gold.document.text
        kept = [text[s.start : s.end] for s in passage.sentences if not mentions(text[s.start : s.end], gold.accepted)]
        rest = "".join(kept)
        # An answer that crosses sentences would survive in part.
        if len(rest) < _LEAST_LEFT or len(kept) == len(passage.sentences):
            return None
        return Example(gold.question, passage.context, rest, (), Origin.REMOVED)

    def _exchanged(self, number: int, passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """The passage with the answer, and the question about another year, number or name.

        Half of the time another one of the passage itself, the nearest of misses.
        """
        gold = self.golds[number]
        passage = _holding(passages, gold.slices[0]) if gold.slices else None
        if passage is None:
            return None
        text = gold.document.text[passage.start : passage.end]
        shown = normalise(f"{passage.context} {text}").text
        usable = [e for e in self._entities[number] if e.text in shown]
        if not usable:
            return None
        entity = rng.choice(usable)
        near = [e.text for e in _entities(text) if e.kind == entity.kind] if rng.random() < 0.5 else []
        choices = [
            other
            for other in near or rng.sample(self._pool[entity.kind], min(8, len(self._pool[entity.kind])))
            if other not in entity.text
            and entity.text not in other
            and other not in gold.question
            and not mentions(other, gold.accepted)
            and (near or other not in shown)
        ]
        if not choices:
            return None
        question = normalise(gold.question).text.replace(entity.text, rng.choice(choices))
        return Example(question, passage.context, text, (), Origin.EXCHANGED)

    def _find_lookalikes(self, *, progress: bool) -> list[list[int]]:
        if not self._style.lookalikes:
            return [[] for _ in self.golds]
        with TemporaryDirectory() as folder:
            with sparse.writing(Path(folder) / "terms") as add:
                for i, (document, p) in enumerate(tqdm(self._all, desc="passages", disable=not progress, delay=2)):
                    add(i, " ".join(terms(document.text[p.start : p.end])), " ".join(terms(p.context)))
            index = sparse.SparseIndex(Path(folder) / "terms")
            found = []
            for gold in tqdm(self.golds, desc="lookalikes", disable=not progress, delay=2):
                # What names too little may be answered elsewhere as well.
                asked = [] if gold.nameless else content_terms(gold.question)
                ranked = index.search(asked, 3 * _LOOKALIKES) if asked else []
                own = {term for term in asked if len(term) > 1 and term in self._normal[gold.document.doc_id]}
                found.append([i for i, _ in ranked if not self._may_answer(i, gold, own)][:_LOOKALIKES])
        return found

    def _may_answer(self, number: int, gold: Gold, own: Iterable[str]) -> bool:
        """Whether a passage may answer, too: its document has all of what the question names of its own one."""
        document, passage = self._all[number]
        family = self._versions[gold.family] if gold.family else {gold.document.doc_id}
        named = all(term in self._normal[document.doc_id] for term in own)
        return named or document.doc_id in family or self._holds(gold, passage, document)

    @staticmethod
    def _holds(gold: Gold, passage: Passage, document: Document) -> bool:
        return mentions(document.text[passage.start : passage.end], gold.accepted)

    def _dressed(self, example: Example, rng: random.Random) -> Example:
        """The question in some style; the context, where the question's sense does not hang on it, not always shown."""
        question = varied(example.question, rng) if rng.random() < self._style.varied else example.question
        bound = example.origin in (Origin.EXCHANGED, Origin.VERSION)
        hidden = not bound and rng.random() < self._style.without_context
        return replace(example, question=question, context="" if hidden else example.context)


def _drawn(share: float, rng: random.Random) -> int:
    """How many examples ``share`` of them a question comes to this time."""
    return int(share) + (rng.random() < share % 1)


@dataclass(frozen=True, slots=True)
class _Entity:
    kind: str
    text: str


_PATTERNS = (
    ("year", re.compile(r"(?<!\d)(?:1\d|20)\d\d(?=年)")),
    ("date", re.compile(r"(?<!\d)\d{1,2}月(?:\d{1,2}日)?")),
    ("ordinal", re.compile(r"第[一二三四五六七八九十\d]+[届次个位代季集]")),
    ("title", re.compile(r"《[^《》]+》")),
    ("latin", re.compile(r"(?<![a-z0-9])[a-z][a-z0-9.-]*[a-z0-9](?: [a-z0-9.-]+)*(?![a-z0-9])")),
    ("foreign", re.compile(r"[\u4e00-\u9fff]+(?:·[\u4e00-\u9fff]+)+")),
)
_TAGS = {"nr": "person", "ns": "place", "nt": "organisation", "nz": "name", "nrt": "person"}


def _entities(text: str) -> list[_Entity]:
    """Years, dates, ordinals, titles and names in ``text``, normalised."""
    folded = normalise(text).text
    found: dict[str, _Entity] = {}
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(folded):
            found.setdefault(match.group(), _Entity(kind, match.group()))
    for word, _, _, tag in tagged(folded):
        if tag in _TAGS and len(word) > 1 and not any(word in known for known in found):
            found[word] = _Entity(_TAGS[tag], word)
    return list(found.values())


def _near(gold: Gold, passages: Sequence[Passage], rng: random.Random) -> list[Passage]:
    """``passages`` of the question's document, rather first those that share words with it."""
    asked, text = set(terms(gold.question)), gold.document.text
    shared = {p.ordinal: len(asked.intersection(terms(text[p.start : p.end]))) for p in passages}
    return sorted(passages, key=lambda p: -shared[p.ordinal] - _CHANCE * rng.random())


def _holding(passages: Sequence[Passage], answer: Span) -> Passage | None:
    return next((p for p in passages if p.start <= answer.start and answer.end <= p.end), None)


def mentions(text: str, answers: Sequence[str]) -> bool:
    """Whether a text has the words of one of the answers."""
    return any(answer in text for answer in answers)


def _example(
    gold: Gold, document: Document, passage: Passage, origin: Origin, answer: tuple[Span, ...] = ()
) -> Example:
    return Example(gold.question, passage.context, document.text[passage.start : passage.end], answer, origin)
