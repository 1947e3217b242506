"""The trained reader: its network reads stretches of documents, and the best of its spans, if any, is the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from rag.question.analysis import Question
from rag.question.kinds import Kind
from rag.reading import Candidate, Evidence, Ranked, Reading
from rag.reading.calibration import Calibration
from rag.reading.cells.alike import rows_alike
from rag.reading.cells.extremes import extreme
from rag.reading.cells.lookup import looked_up
from rag.reading.labels import is_labelled, stands_below
from rag.reading.scoring import Text, TextReader, TextScores
from rag.reading.spans.clauses import clause
from rag.reading.spans.edges import one_cell, whole
from rag.reading.spans.items import all_items
from rag.reading.stretches import MOST, Stretch, names_speaker, stretches
from rag.text.normalization import normalise, statements
from rag.text.tokenization import terms
from rag.types import BlockKind, Document, Role, Span

CHOICE: Final = ("margin", "relevance", "score")
CERTAINTY: Final = ("margin", "gap", "unknown")
"""No score of retrieval: it adds nothing (AUROC 0.822 with and without), and by BM25 alone it is of another scale."""

_MOST_REPEATS: Final = 3
# The confidence is multiplied by this where the question names a thing, such as "GPT-5", that no document contains:
# such a question is hardly ever answered. It is too rare among the questions of the fit to be learnt from them.
_UNKNOWN_NAME: Final = 0.25
# The least confidence in the highest or lowest value of a column. That is found by comparing all rows of a table, so
# the network's margin says nothing of it. What may still be wrong is the table: so this holds only where the first hit
# is of its document, and there is such an answer only where no other table that was read has one. All 25 such answers
# over seven invented files were right: too few to say more.
_COMPARED: Final = 0.8
# The least confidence in a list of the rows that a question names, for the same reason: the margin is that of one of
# them alone. Of 156 lists of rows on five kinds of documents 61 were found so, 51 of them to the letter, among them 13
# of the 14 that the margin would have declined. Of 140 questions for a list that nothing answers 5 got one.
_ROWS: Final = 0.6
# The `gap` of an answer beside which no other one was proposed, and the largest that counts.
_NO_RIVAL: Final = 20.0
# Another document's answer is shown as a different one beside the best if its choice score is at most this much lower,
# and if both have at most so many characters: whole clauses hardly ever have the same words, though they may agree.
_RIVAL_LEAD: Final = 1.5
_LONGEST_RIVAL: Final = 15
_BLANK: Final = re.compile(r"\s+")
_ASKS: Final = re.compile(r"(?:[?？]|吗[。.]?)[”’」』）)]*$")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A span of a document that the network would answer with, and how well it does.

    ``stretch`` is the place in `Read.stretches` of the one that it was read in, ``score`` the retrieval score of the
    best candidate in that, ``text`` its words in the normal form without blanks. ``relevance`` (of the stretch) and
    ``margin`` (of the span) are logits; see `rag.reading.scoring`.
    """

    stretch: int
    span: Span
    text: str
    margin: float
    relevance: float
    score: float

    def features(self) -> dict[str, float]:
        """What the choice between proposals is made by, under the names of CHOICE."""
        return {"margin": self.margin, "relevance": self.relevance, "score": self.score}


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for a ``question``, which is in its normal form: stretches, and what the network said of each."""

    question: str
    stretches: tuple[Stretch, ...]
    scores: tuple[TextScores, ...]

    def document(self, proposal: Proposal) -> Document:
        """The document that a proposal is a span of."""
        return self.stretches[proposal.stretch].document

    def slices(self, one: Proposal) -> list[Span]:
        """All slices of the answer that a proposal begins, as ranges of its document, in order."""
        offset = self.stretches[one.stretch].span.start
        return [part.moved(offset) for part in self.scores[one.stretch].slices(one.span.moved(-offset))]


class TrainedReader:
    """Reads with a `TextReader`. The evidence is the sentences around the answer's slices, and what agrees."""

    def __init__(self, network: TextReader, calibration: Calibration) -> None:
        self.network = network
        self.calibration = calibration

    def read(self, question: Question, candidates: Sequence[Candidate]) -> Reading:
        """The best evidence in ``candidates``, how sure it is, and the candidates in order of their relevance."""
        return self.decide(question, candidates, self.scores(question, stretches(candidates, MOST)))

    def threshold(self, max_error: float) -> float:
        """See `Calibration.threshold`."""
        return self.calibration.threshold(max_error)

    def scores(self, question: Question, found: Sequence[Stretch]) -> Read:
        """What the network says of each stretch: the slow part of `read`."""
        asked = question.normalised
        return Read(asked, tuple(found), self.network.read(asked, [_text(one) for one in found]))

    def decide(self, question: Question, candidates: Sequence[Candidate], read: Read) -> Reading:
        """The reading that follows from what the network said."""
        ranked = self.ranked(proposals(candidates, read))
        if not ranked:
            return Reading((), 0.0, tuple(question.written.values()))
        chance = self.calibration.confidence(self.certainty(question, ranked))
        stretch = read.stretches[ranked[0].stretch]
        cells = looked_up(stretch.document, stretch.span, ranked[0].span, read.question)
        rows = rows_alike(stretch.document, ranked[0].span, question)
        evidence = self._evidence(question, ranked, read, cells or (), rows)
        chance = max(chance, _ROWS) if rows else chance
        chance *= _UNKNOWN_NAME if question.unknown_names else 1.0
        if extremes := self._extremes(question, ranked, read):
            evidence = extremes
            is_first = candidates[0].document.doc_id == extremes[0].document.doc_id
            chance = max(chance, _COMPARED) if is_first else chance
        elif cells == [] and not rows:
            # The cell that is asked for is blank: what stands in the cells beside it is no answer.
            chance = 0.0
        return Reading(evidence, chance, _missing(question, evidence[0]), tuple(self._order(candidates, read)))

    def ranked(self, found: Sequence[Proposal]) -> list[Proposal]:
        """``found``, the likeliest answer first."""
        return sorted(found, key=lambda one: -self.calibration.choice(one.features()))

    def certainty(self, question: Question, ranked: Sequence[Proposal]) -> dict[str, float]:
        """What the confidence in the first of ``ranked`` is judged by, under the names of CERTAINTY."""
        best = ranked[0]
        lead = self.calibration.choice(best.features())
        rival = next((one for one in ranked[1:] if not _agree(one, best)), None)
        gap = lead - self.calibration.choice(rival.features()) if rival else _NO_RIVAL
        return {
            **best.features(),
            "gap": min(gap, _NO_RIVAL),
            "unknown": question.unknown_share,
        }

    def _order(self, candidates: Sequence[Candidate], read: Read) -> list[Ranked]:
        """The candidates that were read; those of one stretch in their order."""
        order = []
        for stretch, scores in zip(read.stretches, read.scores, strict=True):
            boost = self.calibration.boost(scores.relevance, scores.margin)
            opinion = self.calibration.opinion(scores.relevance, scores.margin)
            for place in stretch.candidates:
                order.append(Ranked(place, round(candidates[place].hit.score + boost, 6), opinion))
        return sorted(order, key=lambda ranked: (-ranked.score, ranked.candidate))

    def _evidence(
        self, question: Question, ranked: Sequence[Proposal], read: Read, cells: Sequence[Span], rows: Sequence[Span]
    ) -> tuple[Evidence, ...]:
        """The evidence for the first of ``ranked``; ``cells`` and ``rows`` are those that the question names."""
        best = ranked[0]
        slices = read.slices(best)
        if rows:
            slices = list(rows)
        elif Kind.LIST in question.kinds:
            stretch = read.stretches[best.stretch]
            slices = all_items(stretch.document, slices, stretch.span, read.question)
        elif len(cells) == 1:
            slices = list(cells)
        elif Kind.WHY not in question.kinds:
            slices = _in_clause(best, slices, read)
        evidence = self._cut(best, slices, read)
        answers = len(evidence)
        for other in ranked[1:]:
            if len(evidence) >= answers + _MOST_REPEATS:
                break
            if other.margin > 0 and _agree(other, best) and not any(_overlaps(other, read, e) for e in evidence):
                evidence += self._cut(other, read.slices(other), read, Role.REPEAT)[:1]
        differing = next((other for other in ranked[1:] if self._differs(question, other, best, read)), None)
        if differing is not None and answers == 1:
            evidence += self._cut(differing, read.slices(differing), read, Role.DIFFERENT)[:1]
        return tuple(evidence)

    def _extremes(self, question: Question, ranked: Sequence[Proposal], read: Read) -> tuple[Evidence, ...]:
        """The rows with the highest or lowest value, where the question asks for these; see `extreme`.

        Empty unless exactly one of the tables that were read has them, the best proposal's if that stands in a table.
        """
        tables: dict[tuple[str, int], tuple[Proposal, list[Span]]] = {}
        for one in ranked:
            document = read.document(one)
            place = document.doc_id, document.block_at(one.span.start).header
            if place not in tables:
                tables[place] = one, extreme(document, one.span, question)
        found = [(one, cells) for one, cells in tables.values() if cells]
        _, header = next(iter(tables))
        if len(found) != 1 or (header and found[0][0] is not ranked[0]):
            return ()
        first, *equal = self._cut(*found[0], read)
        # Rows that share the end, and are called the same, are one answer.
        return first, *(replace(one, role=Role.REPEAT) if one.texts == first.texts else one for one in equal)

    def _differs(self, question: Question, other: Proposal, best: Proposal, read: Read) -> bool:
        """Whether ``other`` is what another document answers instead, in few words and about as surely.

        Every name and noun of the question that some document has must stand there: 周日不体检, which lacks 车位, does
        not contradict the answer to 星期天能去办车位吗.
        """
        lead = self.calibration.choice(best.features()) - self.calibration.choice(other.features())
        return (
            read.document(other) is not read.document(best)
            and other.margin > 0
            and lead < _RIVAL_LEAD
            and max(len(other.text), len(best.text)) <= _LONGEST_RIVAL
            and not _agree(other, best)
            and question.unknown.issuperset(_lacking(question, read.document(other), other.span.start))
        )

    def _cut(self, one: Proposal, slices: Sequence[Span], read: Read, role: Role = Role.ANSWER) -> list[Evidence]:
        """The ``slices`` of a proposal as evidence: one for each block that has some, with the sentences there."""
        document = read.document(one)
        score = self.calibration.choice(one.features())
        evidence = []
        for number, group in groupby(slices, key=lambda s: document.block_at(s.start).number):
            block = document.blocks[number - 1]
            inside = [Span(s.start, min(s.end, block.end)) for s in group]
            parts = statements(document, block)
            touched = [s for s in parts if s.overlaps(Span(inside[0].start, inside[-1].end))]
            around = Span(touched[0].start, touched[-1].end)
            text = document.text[slice(*around)]
            fitted = (whole(text, one_cell(text, span.moved(-around.start), read.question)) for span in inside)
            spans = tuple(dict.fromkeys(span.moved(around.start) for span in fitted))
            evidence.append(Evidence(document, spans, around, score, role))
        return evidence


def proposals(candidates: Sequence[Candidate], read: Read) -> list[Proposal]:
    """The best span of each sentence that was read, in order of rank and place, but of those that can't answer.

    Where the question has a label, such as 4.1.0, and some spans stand below a heading or title with it, those that
    stand below one with another label are left out.
    """
    best: dict[tuple[str, Span], Proposal] = {}
    for place, (stretch, scores) in enumerate(zip(read.stretches, read.scores, strict=True)):
        score = candidates[stretch.candidates[0]].hit.score
        for number, extract in enumerate(scores.extracts):
            if extract is None or _answers_nothing(stretch, number):
                continue
            start = stretch.span.start + extract.span.start
            # A citation names one paragraph, even where a stretch holds several.
            span = Span(start, min(stretch.span.start + extract.span.end, stretch.document.block_at(start).end))
            text = _BLANK.sub("", normalise(stretch.document.text[span.start : span.end]).text)
            proposal = Proposal(place, span, text, extract.margin, scores.relevance, score)
            # Stretches may overlap.
            known = best.setdefault((stretch.document.doc_id, span), proposal)
            if known.margin < proposal.margin:
                best[stretch.document.doc_id, span] = proposal
    found = list(best.values())
    if not is_labelled(read.question):
        return found
    below = [_below(one, read) for one in found]
    return [one for one, is_below in zip(found, below, strict=True) if is_below is not False] if any(below) else found


def _below(one: Proposal, read: Read) -> bool | None:
    """Whether a proposal stands below a label of the question; see `stands_below`. A heading is above itself."""
    document = read.document(one)
    block = document.block_at(one.span.start)
    text = document.text[slice(*block.span)]
    above = "\n".join((document.title, *block.path, *([text] if block.kind is BlockKind.HEADING else [])))
    said = "\n".join((text, *document.columns(block)))
    return stands_below(read.question, normalise(said).text, normalise(above).text)


def _answers_nothing(one: Stretch, number: int) -> bool:
    """Whether a sentence of a stretch asks, as in a list of questions and answers or a chat, or says who speaks.

    The last sentence of a document never counts as one that asks: nothing comes after it that could be the answer.
    """
    document, sentence = one.document, one.sentences[number]
    if names_speaker(document, document.block_at(sentence.start)):
        return True
    return sentence.end < document.blocks[-1].end and _ASKS.search(document.text[slice(*sentence)]) is not None


def _in_clause(one: Proposal, slices: list[Span], read: Read) -> list[Span]:
    """``slices``, cut to the clause whose range holds the quantity that the question says; see `clause`.

    Where the proposal stands in another clause, the best span in what the right one says. Unchanged where there is no
    such clause.
    """
    stretch = read.stretches[one.stretch]
    found = clause(stretch.document, stretch.span, one.span, read.question)
    if found is None:
        return slices
    if found.span.start <= one.span.start < found.span.end:
        inside = (span for span in slices if found.span.start <= span.start < found.span.end)
        return [Span(span.start, min(span.end, found.span.end)) for span in inside]
    offset = stretch.span.start
    best = read.scores[one.stretch].best_in([found.said.moved(-offset)])
    return [best.moved(offset)] if best else slices


def _text(one: Stretch) -> Text:
    return Text(one.context, one.text, tuple(sentence.moved(-one.span.start) for sentence in one.sentences))


def _agree(one: Proposal, other: Proposal) -> bool:
    """Whether two proposals give the same answer, or one of them the other's and more."""
    return bool(one.text and other.text) and (_has(one.text, other.text) or _has(other.text, one.text))


def _has(text: str, part: str) -> bool:
    """Whether ``part`` stands in ``text``, at its ends no part of a longer number: 5天 is not in 15天."""
    before = r"(?<![\d.])" if part[0].isdigit() else ""
    after = r"(?!\.?\d)" if part[-1].isdigit() else ""
    return part in text and re.search(before + re.escape(part) + after, text) is not None


def _overlaps(one: Proposal, read: Read, evidence: Evidence) -> bool:
    same = read.document(one).doc_id == evidence.document.doc_id
    return same and one.span.overlaps(evidence.sentence)


def _missing(question: Question, evidence: Evidence) -> tuple[str, ...]:
    """The names and nouns of the question that stand neither in the evidence's paragraph nor over it, as written."""
    lacking = _lacking(question, evidence.document, evidence.sentence.start)
    return tuple(question.named[term] for term in lacking)


def _lacking(question: Question, document: Document, place: int) -> list[str]:
    """The names and nouns of the question, as terms, that stand neither in the paragraph at a place nor over it.

    Over a row of a table stand the names of its columns, that of a blank cell among them.
    """
    block = document.block_at(place)
    held = {*terms(document.text[slice(*block.span)]), *terms(" ".join(document.above(block)))}
    return [term for term in question.named if term not in held]
