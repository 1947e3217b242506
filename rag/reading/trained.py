"""The trained reader: its network proposes spans, and what is known of sentence and question decides between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.reading import Candidate, Evidence, Ranked, Reading
from rag.reading.calibration import Calibration
from rag.reading.features import Sentence, passage_terms, read_sentences
from rag.reading.lists import read_list
from rag.reading.questions import Kind, Question
from rag.reading.scoring import PassageReader, PassageScores, Text
from rag.reading.shapes import shaped
from rag.reading.spans import dates
from rag.text import normalise
from rag.types import Role, Span

CHOICE = ("margin", "relevance", "cosine", "passage", "own", "around", "form", "off_date", "heading", "length")
CERTAINTY = ("margin", "relevance", "cosine", "own", "around", "form", "off_date", "gap", "unknown")

_MOST_REPEATS = 3
# Passages that are read at once, how sure of an answer in them one must be to leave it at that, and how near to the
# first the next may come: what comes about as near may say the same, or something else.
_FIRST = 2
_SURE = 0.5
_NEAR = 0.02
# Documents that do not contain "GPT-5" hardly answer a question about it, however near they come. Too rare in the
# data of the fit to be learnt there.
_UNKNOWN_NAME = 0.25
# The lead of an answer that nothing contradicts.
_NO_RIVAL = 20.0
# Kinds with one true answer, and how far behind another source's may be to be shown beside it.
_SINGLE = frozenset({Kind.HOW_MANY, Kind.WHEN, Kind.WHO, Kind.WHERE})
_RIVAL_LEAD = 1.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sentence of a candidate, the ``span`` of its document that the network would answer with, and how well.

    The span begins in the sentence and may go on after it.
    """

    candidate: int
    sentence: Sentence
    span: Span
    margin: float
    passage: PassageScores

    @property
    def text(self) -> str:
        """The span's text, normalised."""
        return normalise(self.sentence.document.text[self.span.start : self.span.end]).text.strip()

    def features(self) -> dict[str, float]:
        """What the choice between proposals is made by, under the names of CHOICE."""
        of_sentence = {name: float(getattr(self.sentence, name)) for name in CHOICE[2:]}
        return {"margin": self.margin, "relevance": self.passage.relevance, **of_sentence}


class TrainedReader:
    """Reads with a `PassageReader`. The evidence is a sentence (or more, where the answer goes on), and what agrees."""

    def __init__(self, network: PassageReader, calibration: Calibration) -> None:
        self.network = network
        self.calibration = calibration

    def read(self, question: Question, candidates: Sequence[Candidate]) -> Reading:
        """The best evidence in ``candidates``, how sure it is, and those that were read, in order of their relevance.

        The first ones are read, and the others only where these do not settle it.
        """
        others = candidates[_FIRST:]
        scores, found = self._look(question, candidates[:_FIRST], 0)
        reading = self.decide(question, candidates, scores, found)
        if not others or (reading.confidence >= _SURE and candidates[0].hit.score - others[0].hit.score >= _NEAR):
            return reading
        further, more = self._look(question, others, _FIRST)
        return self.decide(question, candidates, scores + further, found + more)

    def threshold(self, max_error: float) -> float:
        """See `Calibration.threshold`."""
        return self.calibration.threshold(max_error)

    def scores(self, question: Question, candidates: Sequence[Candidate]) -> list[PassageScores]:
        """What the network says of each candidate: the slow part of `read`."""
        return self.network.read(question.text, [_text(candidate) for candidate in candidates])

    def _look(
        self, question: Question, candidates: Sequence[Candidate], after: int
    ) -> tuple[list[PassageScores], list[Proposal]]:
        """`scores` and `proposals` of candidates before which there are ``after`` others."""
        computing = self.network.start(question.text, [_text(candidate) for candidate in candidates])
        # While the network computes, where it leaves a core idle.
        sentences = list(read_sentences(question, candidates))
        scores = computing()
        return scores, _proposals(candidates, sentences, scores, after)

    def proposals(
        self, question: Question, candidates: Sequence[Candidate], scores: Sequence[PassageScores]
    ) -> list[Proposal]:
        """One for each sentence that the network can answer from, in order of rank and place."""
        return _proposals(candidates, list(read_sentences(question, candidates[: len(scores)])), scores, 0)

    def certainty(self, question: Question, ranked: Sequence[Proposal]) -> dict[str, float]:
        """What the confidence in the first of ``ranked`` is judged by, under the names of CERTAINTY."""
        best = ranked[0]
        score = self.calibration.choice(best.features())
        rival = next((one for one in ranked[1:] if not _agree(one, best)), None)
        gap = score - self.calibration.choice(rival.features()) if rival else _NO_RIVAL
        known = best.features()
        return {
            **{name: known[name] for name in CERTAINTY if name in known},
            "gap": min(gap, _NO_RIVAL),
            "unknown": question.unknown_share,
        }

    def decide(
        self,
        question: Question,
        candidates: Sequence[Candidate],
        scores: Sequence[PassageScores],
        found: Sequence[Proposal],
    ) -> Reading:
        """The reading that follows from the ``scores`` of the first of ``candidates``, and their proposals."""
        if not found:
            return Reading((), 0.0, tuple(question.written.values()))
        ranked = sorted(found, key=lambda one: -self.calibration.choice(one.features()))
        best = ranked[0]
        evidence = self._evidence(question, candidates, ranked)
        chance = self.calibration.confidence(self.certainty(question, ranked))
        return Reading(
            evidence,
            chance * _UNKNOWN_NAME if question.unknown_names else chance,
            _missing(question, candidates[best.candidate], best.sentence),
            tuple(self._ranked(candidates, scores)),
        )

    def _ranked(self, candidates: Sequence[Candidate], scores: Sequence[PassageScores]) -> list[Ranked]:
        found = []
        for position, (candidate, one) in enumerate(zip(candidates, scores, strict=False)):
            boost = self.calibration.boost(one.relevance, one.margin)
            opinion = self.calibration.opinion(one.relevance, one.margin)
            found.append(Ranked(position, round(candidate.hit.score + boost, 6), opinion))
        return sorted(found, key=lambda one: (-one.score, one.candidate))

    def _evidence(
        self, question: Question, candidates: Sequence[Candidate], ranked: Sequence[Proposal]
    ) -> tuple[Evidence, ...]:
        best = ranked[0]
        if question.kind is Kind.LIST:
            listed = read_list(question, candidates, best.sentence)
            if listed:
                return listed
        evidence = [self._cut(question, best, candidates)]
        for other in ranked[1:]:
            if len(evidence) > _MOST_REPEATS:
                break
            if other.margin > 0 and _agree(other, best) and other.sentence.span != best.sentence.span:
                evidence.append(self._cut(question, other, candidates, Role.REPEAT))
        differing = next((other for other in ranked[1:] if self._differs(question, other, best)), None)
        if differing is not None:
            evidence.append(self._cut(question, differing, candidates, Role.DIFFERENT))
        return tuple(evidence)

    def _differs(self, question: Question, other: Proposal, best: Proposal) -> bool:
        """Whether ``other`` is the figure, date or name that another document gives instead, about as surely."""
        lead = self.calibration.choice(best.features()) - self.calibration.choice(other.features())
        return (
            question.kind in _SINGLE
            and other.sentence.document is not best.sentence.document
            and other.margin > 0
            and lead < _RIVAL_LEAD
            and not _agree(other, best)
        )

    def _cut(
        self, question: Question, one: Proposal, candidates: Sequence[Candidate], role: Role = Role.ANSWER
    ) -> Evidence:
        """The evidence that a proposal makes: its sentences, and in them the answer with its edges put right."""
        document, passage = one.sentence.document, candidates[one.candidate].hit.passage
        touched = [s for s in passage.sentences if s.start < one.span.end and one.span.start < s.end]
        around = Span(touched[0].start, touched[-1].end)
        inner = Span(one.span.start - around.start, one.span.end - around.start)
        shift = around.start - passage.start

        def margin(span: Span) -> float:
            return one.passage.margin_of(Span(span.start + shift, span.end + shift))

        found = shaped(question, document.text[around.start : around.end], inner, margin)
        score = self.calibration.choice(one.features())
        spans = tuple(Span(around.start + s.start, around.start + s.end) for s in found)
        return Evidence(document, spans, around, score, role)


def _proposals(
    candidates: Sequence[Candidate], sentences: Sequence[Sentence], scores: Sequence[PassageScores], after: int
) -> list[Proposal]:
    extracts = [(i, e, one) for i, one in enumerate(scores) for e in one.extracts]
    found = []
    for sentence, (i, extract, passage) in zip(sentences, extracts, strict=True):
        if extract is not None:
            offset = candidates[i].hit.passage.start
            start = offset + extract.span.start
            # A citation names one paragraph, even where a passage holds several.
            span = Span(start, min(offset + extract.span.end, sentence.document.block_at(start).end))
            found.append(Proposal(after + i, sentence, span, extract.margin, passage))
    return found


def _text(candidate: Candidate) -> Text:
    passage = candidate.hit.passage
    inside = tuple(Span(s.start - passage.start, s.end - passage.start) for s in passage.sentences)
    return Text(passage.context, candidate.hit.text, inside)


def _agree(one: Proposal, other: Proposal) -> bool:
    """Whether two proposals give the same answer, or one of them the other's and more."""
    return bool(one.text and other.text) and (one.text in other.text or other.text in one.text)


def _missing(question: Question, candidate: Candidate, sentence: Sentence) -> tuple[str, ...]:
    held = passage_terms(candidate)
    missing = [written for term, written in question.written.items() if term not in held]
    if sentence.off_date:
        missing += [question.normalised[start:end] for start, end in dates(question.normalised)]
    return tuple(missing)
