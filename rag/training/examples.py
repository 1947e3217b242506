"""Gold pairs to training examples: what answers a question, and what only looks as if it did."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from rag import sparse
from rag.loading.blocks import RawBlock, assemble
from rag.splitting import SplitSettings, split
from rag.squad import SquadArticle, SquadQuestion
from rag.text import normalise
from rag.tokenization import content_terms, tagged, terms
from rag.training.styles import varied
from rag.types import BlockKind, Document, Passage, Span

# Passages are cut to two sizes, so that the reader does not lean on one; more often to the smaller, which train faster.
_SIZES = (SplitSettings(max_chars=250), SplitSettings())
_SIZE_SHARES = (2, 1)
_LOOKALIKES = 12


class Origin(StrEnum):
    """Where an example comes from."""

    GOLD = "gold"
    SIBLING = "sibling"
    LOOKALIKE = "lookalike"
    REMOVED = "removed"
    EXCHANGED = "exchanged"


SHARES: dict[Origin, float] = {
    Origin.SIBLING: 0.4,
    Origin.LOOKALIKE: 0.3,
    Origin.REMOVED: 0.15,
    Origin.EXCHANGED: 0.25,
}
"""How many examples without an answer stand beside each that has one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; ``answer`` is its range in the passage, None if the passage does not answer."""

    question: str
    context: str
    passage: str
    answer: Span | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class GoldPair:
    """A question whose answer stands at ``answer`` in ``document``; ``answers`` are all accepted ones."""

    question: str
    document: Document
    answer: Span
    answers: tuple[str, ...]


def gold_pairs(articles: Sequence[SquadArticle]) -> list[GoldPair]:
    """The questions whose answer is in their paragraph verbatim, each paragraph as a document with its title."""
    found = []
    for article in articles:
        for paragraph in article.paragraphs:
            lines = [line.strip() for line in paragraph.context.split("\n") if line.strip()]
            raw = [RawBlock(BlockKind.PARAGRAPH, line, number) for number, line in enumerate(lines, start=1)]
            if not raw:
                continue
            digest = hashlib.sha256(paragraph.context.encode("utf-8", "replace")).hexdigest()
            document = assemble(raw, source=article.title, default_title=article.title, sha256=digest)
            for question in paragraph.qas:
                place = _place(question, paragraph.context, document.text)
                if place and question.question.strip():
                    answers = tuple(answer.text for answer in question.answers if answer.text.strip())
                    found.append(GoldPair(question.question.strip(), document, place, answers))
    return found


def _place(question: SquadQuestion, context: str, text: str) -> Span | None:
    """Where the first answer stands: at its published offset if that is right, else beside the question's words."""
    answer = question.answers[0] if question.answers and not question.is_impossible else None
    if answer is None or not answer.text.strip():
        return None
    wanted = answer.text.strip()
    starts = [match.start() for match in re.finditer(re.escape(wanted), text)]
    if not starts:
        return None
    published = answer.answer_start
    if isinstance(published, int) and text == context and published in starts:
        return Span(published, published + len(wanted))
    asked = set(content_terms(question.question))
    best = max(starts, key=lambda start: len(asked & set(terms(text[max(0, start - 60) : start + 60]))))
    return Span(best, best + len(wanted))


class ExampleSource:
    """Draws the examples of an epoch from gold pairs."""

    def __init__(self, pairs: Sequence[GoldPair], *, progress: bool = False) -> None:
        """Cut the documents into passages and find, by BM25, passages that look like each question's."""
        self.pairs = list(pairs)
        documents = {pair.document.doc_id: pair.document for pair in pairs}
        self._passages = [{doc_id: split(document, size) for doc_id, document in documents.items()} for size in _SIZES]
        self._all = [(documents[doc_id], p) for doc_id, ps in self._passages[0].items() for p in ps]
        self._lookalikes = self._find_lookalikes(progress=progress)
        self._entities = [_entities(pair.question) for pair in tqdm(self.pairs, desc="entities", disable=not progress)]
        self._pool: dict[str, list[str]] = {}
        for found in self._entities:
            for entity in found:
                self._pool.setdefault(entity.kind, []).append(entity.text)

    def epoch(self, rng: random.Random, shares: dict[Origin, float] = SHARES) -> Iterator[Example]:
        """One example with the answer for each pair, and its share of those without."""
        makers: dict[Origin, Callable[[int, list[Passage], random.Random], Example | None]] = {
            Origin.SIBLING: self._sibling,
            Origin.LOOKALIKE: self._lookalike,
            Origin.REMOVED: self._removed,
            Origin.EXCHANGED: self._exchanged,
        }
        for number, pair in enumerate(self.pairs):
            passages = rng.choices(self._passages, _SIZE_SHARES)[0][pair.document.doc_id]
            made = [self._gold(number, passages)]
            made += [maker(number, passages, rng) for origin, maker in makers.items() if rng.random() < shares[origin]]
            for example in made:
                if example is not None:
                    yield self._dressed(example, rng)

    def plain(self, rng: random.Random) -> Iterator[Example]:
        """For validation: each question as it stands in the file, with its passage and with one that looks like it."""
        for number, pair in enumerate(self.pairs):
            passages = self._passages[0][pair.document.doc_id]
            for example in (self._gold(number, passages), self._lookalike(number, passages, rng)):
                if example is not None:
                    yield example

    def _gold(self, number: int, passages: Sequence[Passage]) -> Example | None:
        pair = self.pairs[number]
        passage = _holding(passages, pair.answer)
        if passage is None:
            return None
        answer = Span(pair.answer.start - passage.start, pair.answer.end - passage.start)
        return _example(pair.question, pair.document, passage, answer, Origin.GOLD)

    def _sibling(self, number: int, passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """Another passage of the same document."""
        pair = self.pairs[number]
        others = [p for p in passages if not _mentions(pair.document.text[p.start : p.end], pair.answers)]
        if not others:
            return None
        return _example(pair.question, pair.document, rng.choice(others), None, Origin.SIBLING)

    def _lookalike(self, number: int, _passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """A passage of another document that BM25 ranks high."""
        pair, found = self.pairs[number], self._lookalikes[number]
        if not found:
            return None
        document, passage = self._all[found[min(int(rng.expovariate(0.35)), len(found) - 1)]]
        return _example(pair.question, document, passage, None, Origin.LOOKALIKE)

    def _removed(self, number: int, passages: Sequence[Passage], _rng: random.Random) -> Example | None:
        """The passage with the answer, without the sentences that hold it."""
        pair = self.pairs[number]
        passage = _holding(passages, pair.answer)
        if passage is None:
            return None
        text = pair.document.text
        kept = [text[s.start : s.end] for s in passage.sentences if not _mentions(text[s.start : s.end], pair.answers)]
        rest = "".join(kept)
        # An answer that crosses sentences would survive in part.
        if len(rest) < 40 or len(kept) == len(passage.sentences):
            return None
        return Example(pair.question, passage.context, rest, None, Origin.REMOVED)

    def _exchanged(self, number: int, passages: Sequence[Passage], rng: random.Random) -> Example | None:
        """The passage with the answer, and the question about another year, number or name.

        Half of the time another one of the passage itself, the nearest of misses.
        """
        pair = self.pairs[number]
        passage = _holding(passages, pair.answer)
        if passage is None:
            return None
        text = pair.document.text[passage.start : passage.end]
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
            and other not in pair.question
            and not _mentions(other, pair.answers)
            and (near or other not in shown)
        ]
        if not choices:
            return None
        question = normalise(pair.question).text.replace(entity.text, rng.choice(choices))
        return Example(question, passage.context, text, None, Origin.EXCHANGED)

    def _find_lookalikes(self, *, progress: bool) -> list[list[int]]:
        with TemporaryDirectory() as folder:
            with sparse.writing(Path(folder) / "terms") as add:
                for i, (document, p) in enumerate(tqdm(self._all, desc="passages", disable=not progress, delay=2)):
                    add(i, " ".join(terms(document.text[p.start : p.end])), " ".join(terms(p.context)))
            index = sparse.SparseIndex(Path(folder) / "terms")
            found = []
            for pair in tqdm(self.pairs, desc="lookalikes", disable=not progress, delay=2):
                ranked = index.search(content_terms(pair.question), 3 * _LOOKALIKES)
                found.append([i for i, _ in ranked if not self._may_answer(i, pair)][:_LOOKALIKES])
        return found

    def _may_answer(self, number: int, pair: GoldPair) -> bool:
        document, passage = self._all[number]
        is_own = document.doc_id == pair.document.doc_id
        return is_own or _mentions(document.text[passage.start : passage.end], pair.answers)

    @staticmethod
    def _dressed(example: Example, rng: random.Random) -> Example:
        """The question in some style; the context, where the question's sense does not hang on it, not always shown."""
        question = varied(example.question, rng)
        hidden = example.origin is not Origin.EXCHANGED and rng.random() < 0.35
        return replace(example, question=question, context="" if hidden else example.context)


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


def _holding(passages: Sequence[Passage], answer: Span) -> Passage | None:
    return next((p for p in passages if p.start <= answer.start and answer.end <= p.end), None)


def _mentions(text: str, answers: Sequence[str]) -> bool:
    return any(answer in text for answer in answers)


def _example(question: str, document: Document, passage: Passage, answer: Span | None, origin: Origin) -> Example:
    return Example(question, passage.context, document.text[passage.start : passage.end], answer, origin)
