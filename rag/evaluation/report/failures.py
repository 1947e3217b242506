"""The failing questions: what was expected, what was answered, what was retrieved and which stage lost it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GoldQuestion, Place, holds
from rag.evaluation.outcome import Outcome, Retrieved, Stage, evidence_ranks
from rag.evaluation.results import Evaluation
from rag.messages import text
from rag.types import BlockKind, Document

_SHOWN_HITS = 5
_SHOWN_PLACES = 3
_SHOWN_DOCUMENTS = 10
_BEGINNING = 120


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a document with the number of their paragraph, and what stands around them in the sentence."""

    document: str
    paragraph: int
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that the answer needs: places that state it, and at which rank the first stands (None: nowhere).

    ``more`` places are not listed. Where no spans are known, a fact is a relevant document, quoted by its beginning.
    """

    places: tuple[Quote, ...]
    more: int
    rank: int | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage; every other one of its ``pieces``, from the second, is gold evidence."""

    rank: int
    score: float
    document: str
    paragraph: int
    pieces: tuple[str, ...]
    is_gold: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing question. ``retrieved`` is how many passages there were, of which the first are listed."""

    question: GoldQuestion
    outcome: Outcome
    stage: Stage
    facts: tuple[Fact, ...]
    cited: tuple[Quote, ...]
    passages: tuple[Passage, ...]
    retrieved: int


def why_secret() -> str:
    """Why no question is shown."""
    return text(
        "这是留出的题：谁也不看，也不照着调，所以这里只有汇总数字。",
        "These questions are held out: nobody reads them or tunes on them, so there are only figures over all.",
    )


def losses(evaluation: Evaluation) -> list[tuple[Outcome, Stage]]:
    """The failing questions and the stage that lost each.

    In sets that know relevant documents only, a question fails if none of them is among the passages to be read.
    """
    if evaluation.dataset.has_answers:
        return [(outcome, outcome.lost_at) for outcome in evaluation.outcomes if outcome.lost_at]
    questions = {question.id: question for question in evaluation.dataset.questions}
    read = int(evaluation.result.settings["read"])
    lost = []
    for outcome in evaluation.outcomes:
        ranks = [rank for rank in evidence_ranks(questions[outcome.id], outcome.asked.hits) if rank]
        if min(ranks, default=read + 1) > read:
            lost.append((outcome, Stage.RANK if ranks else Stage.RETRIEVE))
    return lost


def failures(evaluation: Evaluation, most: int) -> list[Failure]:
    """At most ``most`` failing questions in the order of the set, all stages in turn; none of a secret set."""
    if evaluation.dataset.is_secret:
        return []
    questions = {question.id: question for question in evaluation.dataset.questions}
    lost = losses(evaluation)
    turns: Counter[Stage] = Counter()
    ordered = []
    for number, (_, stage) in enumerate(lost):
        ordered.append((turns[stage], number))
        turns[stage] += 1
    chosen = sorted(number for _, number in sorted(ordered)[:most])
    return [_failure(questions[lost[i][0].id], *lost[i], evaluation) for i in chosen]


def _failure(question: GoldQuestion, outcome: Outcome, stage: Stage, evaluation: Evaluation) -> Failure:
    corpus, hits = evaluation.corpus, outcome.asked.hits
    cited = [
        _quote(corpus, c.document, c.start, c.end, c.sentence_start, c.sentence_end) for c in outcome.asked.citations
    ]
    passages = [_passage(question, corpus, rank, hit) for rank, hit in enumerate(hits[:_SHOWN_HITS], start=1)]
    return Failure(question, outcome, stage, _facts(question, hits, corpus), tuple(cited), tuple(passages), len(hits))


def _facts(question: GoldQuestion, hits: Sequence[Retrieved], corpus: Corpus) -> tuple[Fact, ...]:
    ranks = evidence_ranks(question, hits)
    if not question.evidence:
        return tuple(
            Fact((_beginning(corpus, name),), 0, rank)
            for name, rank in zip(question.documents, ranks[:_SHOWN_DOCUMENTS], strict=False)
        )
    facts = []
    for fact, rank in zip(question.evidence, ranks, strict=True):
        places = [_quote(corpus, p.document, p.start, p.end, p.start, p.end) for p in fact[:_SHOWN_PLACES]]
        facts.append(Fact(tuple(places), len(fact) - len(places), rank))
    return tuple(facts)


def _passage(question: GoldQuestion, corpus: Corpus, rank: int, hit: Retrieved) -> Passage:
    document = corpus.document(hit.document)
    places = [place for place in question.places if holds(hit.located, place)]
    return Passage(
        rank=rank,
        score=hit.score,
        document=hit.document,
        paragraph=_paragraph(document, hit.start, hit.end),
        pieces=_cut(document.text, hit, places),
        is_gold=bool(places) or (not question.evidence and hit.document in question.documents),
    )


def _cut(whole: str, hit: Retrieved, places: Sequence[Place]) -> tuple[str, ...]:
    """The hit's text, cut where gold evidence begins and ends; evidence that touches is one piece."""
    bounds: list[int] = [hit.start]
    for place in sorted(places, key=lambda place: (place.start, place.end)):
        if len(bounds) > 1 and place.start <= bounds[-1]:
            bounds[-1] = max(bounds[-1], place.end)
        else:
            bounds += [place.start, place.end]
    bounds.append(hit.end)
    return tuple(whole[start:end] for start, end in pairwise(bounds))


def _quote(corpus: Corpus, name: str, start: int, end: int, begin: int, finish: int) -> Quote:
    document = corpus.document(name)
    whole = document.text
    begin, finish = min(begin, start), max(finish, end)
    paragraph = document.block_at(start).number
    return Quote(name, paragraph, whole[begin:start], whole[start:end], whole[end:finish])


def _beginning(corpus: Corpus, name: str) -> Quote:
    """What a relevant document begins with; no words if it is not in the index."""
    if corpus.doc_id(name) is None:
        return Quote(name, 0, "", "", "")
    whole = corpus.document(name).text
    return Quote(name, 1, "", whole[:_BEGINNING], "…" if len(whole) > _BEGINNING else "")


def _paragraph(document: Document, start: int, end: int) -> int:
    """The first block inside that is not a heading, as a passage is numbered elsewhere."""
    blocks = (b.number for b in document.blocks if b.end > start and b.start < end and b.kind is not BlockKind.HEADING)
    return next(blocks, document.block_at(start).number)
