"""Fit what stands on top of the trained network: the choice between its spans, the confidence, the re-ranking.

The questions come in sets, none of whose paragraphs may have been trained on. Each set's documents become files of an
index of its own, with others of their kind beside them, and each question is asked as a user would. What is fitted is
also fitted without each set in turn and judged on the one left out.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from rag.errors import TrainingError
from rag.evaluation.measures import RIGHT_F1, calibration_error, f1
from rag.library import Library
from rag.question.analysis import Question
from rag.reading import Candidate
from rag.reading.calibration import Calibration, Logistic
from rag.reading.readers import CALIBRATION, load_network
from rag.reading.stretches import MOST, stretches
from rag.reading.trained import CERTAINTY, CHOICE, Proposal, Read, TrainedReader, proposals
from rag.settings import Settings
from rag.training.golds import Gold, divided
from rag.types import Document, Role, Span

_RIDGE = 5e-4
_FOLDS = 5
# Isotonic regression has to predict better than this much to be worth its steps.
_WORTH = 0.002
# No step is surer than this, however few examples it rests on.
_SURE = 0.02
_THRESHOLDS = (0.4, 0.2, 0.25, 0.3, 0.35, 0.45, 0.5)
_BOOSTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8)
_UNFITTED = Calibration(
    {name: float(name == "margin") for name in CHOICE}, Logistic(0.0, {}), (), Logistic(0.0, {}), 0.0
)
_QUESTIONS = 160
_BESIDE = 60
"""Questions that are asked of a set at most, and other documents beside theirs."""
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\s]+')
_LONGEST_NAME = 60

T = TypeVar("T")
Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """A question of the set ``part`` with what was read for it.

    ``accepted`` are wordings of its answer and ``slices`` where it stands in the document ``doc_id``; none if that does
    not answer it.
    """

    part: str
    kind: str
    question: Question
    candidates: Sequence[Candidate]
    read: Read
    accepted: tuple[str, ...]
    doc_id: str
    slices: tuple[Span, ...]

    def is_evidence(self, document: Document, span: Span) -> bool:
        """Whether the answer or a part of it stands in a range of a document."""
        return document.doc_id == self.doc_id and any(s.start < span.end and span.start < s.end for s in self.slices)

    def overlap(self, document: Document, spans: Sequence[Span]) -> float:
        """F1 of the characters of ``spans`` and of the answer: by their places, or of one slice by its words."""
        if not self.slices:
            return 0.0
        found = {place for span in spans for place in range(*span)} if document.doc_id == self.doc_id else set()
        gold = {place for span in self.slices for place in range(*span)}
        by_place = 2 * len(found & gold) / (len(found) + len(gold))
        said = "；".join(document.text[span.start : span.end] for span in spans)
        return max(by_place, f1(said, self.accepted) if len(self.slices) == 1 else 0.0)

    def is_right(self, document: Document, spans: Sequence[Span]) -> bool:
        """Whether ``spans`` give the answer: half or more of it and little else, there or in the same words."""
        return self.overlap(document, spans) >= RIGHT_F1


Sets = Mapping[str, tuple[Sequence[Gold], Sequence[Document]]]
"""The questions of each set, and other documents that stand beside theirs, by the set's name."""


def sets_aside(sets: Mapping[str, Sequence[Gold]], whole: Container[str] = ()) -> Sets:
    """Of each set the questions of the paragraphs kept aside, with the others' documents beside them.

    All questions of the sets in ``whole``, which were not trained on. Raises TrainingError if no paragraph is aside.
    """
    _, aside = divided([gold for golds in sets.values() for gold in golds])
    ids = {gold.document.doc_id for gold in aside}
    if not ids:
        raise TrainingError(
            "没有留出的段落：每十段留出一段，问答太少。", "No paragraph is kept aside: of so few, not one in ten."
        )
    found = {}
    for name, golds in sets.items():
        named = [gold for gold in golds if not gold.nameless]
        own = named if name in whole else [gold for gold in named if gold.document.doc_id in ids]
        used = {gold.document.doc_id for gold in own}
        others = {gold.document.doc_id: gold.document for gold in golds if gold.document.doc_id not in ids | used}
        if own:
            found[name] = (_sampled(own, _QUESTIONS), _sampled(list(others.values()), _BESIDE))
    return found


def _sampled(items: Sequence[T], most: int) -> list[T]:
    return random.Random(0).sample(items, most) if len(items) > most else list(items)


def ask_all(reader: TrainedReader, sets: Sets, work: Path) -> list[Example]:
    """Ask each set's questions of an index of their documents and of those beside them, made below ``work``."""
    found = []
    for part, (golds, beside) in sets.items():
        documents = {gold.document.doc_id: gold.document for gold in golds} | {d.doc_id: d for d in beside}
        folder = work / part
        files = _write(documents.values(), folder / "documents")
        Library.index([folder / "documents"], folder / "index", progress=True)
        library = Library.open(folder / "index", Settings())
        ids = {Path(record.source).name: record.doc_id for record in library.documents()}
        for gold in tqdm(golds, desc=part, disable=None):
            question, candidates = library.candidates(gold.question)
            read = reader.scores(question, stretches(candidates, MOST))
            doc_id = ids[files[gold.document.doc_id]]
            text = library.document(doc_id).text
            slices = tuple(_moved(gold.document.text, span, text) for span in gold.slices)
            found.append(Example(part, gold.kind, question, candidates, read, gold.accepted, doc_id, slices))
    return found


def _write(documents: Iterable[Document], folder: Path) -> dict[str, str]:
    """Write each document as a text file that is called as it is; the files' names by the documents' ids."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = {}
    for document in documents:
        title = _NOT_IN_NAMES.sub(" ", document.title)[:_LONGEST_NAME].strip()
        name = f"{title}.txt" if not (folder / f"{title}.txt").exists() else f"{title} {document.doc_id[:6]}.txt"
        (folder / name).write_text(document.text, encoding="utf-8")
        names[document.doc_id] = name
    return names


def _moved(own: str, span: Span, loaded: str) -> Span:
    """Where a range of a text stands in what was loaded of it: of the same words the nearest place."""
    wanted = own[span.start : span.end]
    starts = [match.start() for match in re.finditer(re.escape(wanted), loaded)]
    start = min(starts, key=lambda one: abs(one - span.start), default=span.start)
    return Span(start, start + len(wanted))


def calibrate(folder: Path, sets: Sets, work: Path) -> Iterator[str]:
    """Fit the calibration of the reader in ``folder`` and write it there; yields lines that say how well it fits."""
    reader = TrainedReader(load_network(folder), _UNFITTED)
    calibration, lines = fit(reader, ask_all(reader, sets, work))
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=1)
    (folder / CALIBRATION).write_bytes(data + b"\n")
    yield from lines


def fit(reader: TrainedReader, examples: Sequence[Example]) -> tuple[Calibration, list[str]]:
    """All that a calibration holds, fitted on ``examples``, and how well it fits.

    ``reader``'s own calibration does not matter.
    """
    lines: list[str] = []
    answerable = [example for example in examples if example.slices]
    found = msgspec.structs.replace(_UNFITTED, choice_weights=_fit_choice(answerable, lines))
    answers = _fit_answers(answerable)
    found = msgspec.structs.replace(found, answers=answers, boost_weight=_fit_boost(answers, answerable, lines))
    return _fit_confidence(TrainedReader(reader.network, found), examples, lines), lines


def _fit_choice(examples: Sequence[Example], lines: list[str]) -> dict[str, float]:
    """Weights of the features, by softmax regression over the proposals of each answerable question."""
    usable: list[tuple[Matrix, Flags]] = []
    for one in examples:
        found = proposals(one.candidates, one.read)
        right = np.array([one.is_evidence(_document(one, p), p.span) for p in found])
        good = right & np.array([one.is_right(_document(one, p), one.read.slices(p)) for p in found])
        if right.any():
            usable.append((_rows(found), good if good.any() else right))
    scale = np.std(np.concatenate([rows for rows, _ in usable]), axis=0) + 1e-9

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, gradient = 0.0, np.zeros_like(weights)
        for rows, right in usable:
            scaled = rows / scale
            scores = scaled @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            hit = chance[right].sum() + 1e-12
            total -= np.log(hit)
            gradient -= (np.where(right, chance / hit, 0.0) - chance) @ scaled
        return float(total / len(usable) + _RIDGE * weights @ weights), gradient / len(usable) + 2 * _RIDGE * weights

    weights: Matrix = minimize(loss, np.zeros(len(CHOICE)), jac=True, method="L-BFGS-B").x / scale
    chosen = np.mean([right[np.argmax(rows @ weights)] for rows, right in usable])
    by_margin = np.mean([right[np.argmax(rows[:, CHOICE.index("margin")])] for rows, right in usable])
    lines.append(f"right span chosen: {chosen:.3f} of {len(usable)} questions (by margin alone {by_margin:.3f})")
    return {name: round(float(weight), 4) for name, weight in zip(CHOICE, weights, strict=True)}


def _rows(found: Sequence[Proposal]) -> Matrix:
    return np.array([[one.features()[name] for name in CHOICE] for one in found])


def _document(example: Example, one: Proposal) -> Document:
    return example.read.stretches[one.stretch].document


def _fit_answers(examples: Sequence[Example]) -> Logistic:
    """The probability that a stretch answers, of all that were read."""
    rows, right = [], []
    for one in examples:
        for stretch, scores in zip(one.read.stretches, one.read.scores, strict=True):
            rows.append([scores.relevance, scores.margin])
            right.append(one.is_evidence(stretch.document, stretch.span))
    model = LogisticRegression(C=10, max_iter=5000).fit(rows, right)
    return _logistic(model, ("relevance", "margin"))


def _fit_boost(answers: Logistic, examples: Sequence[Example], lines: list[str]) -> float:
    """What ranks evidence highest: the least that is about best."""
    ranks: dict[float, list[float]] = {boost: [] for boost in _BOOSTS}
    for one in examples:
        chance_of = {
            place: answers({"relevance": scores.relevance, "margin": scores.margin})
            for stretch, scores in zip(one.read.stretches, one.read.scores, strict=True)
            for place in stretch.candidates
        }
        passages = [(c.document, Span(c.hit.passage.start, c.hit.passage.end)) for c in one.candidates]
        evidence = [one.is_evidence(*passage) for passage in passages]
        for boost, reciprocal in ranks.items():
            scores_of = [-(c.hit.score + boost * chance_of.get(i, 0.0)) for i, c in enumerate(one.candidates)]
            order = np.argsort(scores_of, kind="stable")
            place = next((rank for rank, i in enumerate(order, start=1) if evidence[i]), 0)
            reciprocal.append(1 / place if place else 0.0)
    means = {boost: float(np.mean(values)) for boost, values in ranks.items()}
    lines.append("MRR by boost: " + ", ".join(f"{boost}: {mean:.4f}" for boost, mean in means.items()))
    return min(boost for boost, mean in means.items() if mean >= max(means.values()) - 0.001)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Of each question what its confidence is judged by, the F1 of its best answer, and what it belongs to."""

    features: Matrix
    overlap: Matrix
    answerable: Flags
    documents: Sequence[str]
    parts: NDArray[np.str_]
    kinds: NDArray[np.str_]

    @property
    def right(self) -> Flags:
        return self.overlap >= RIGHT_F1


def _judged(reader: TrainedReader, examples: Sequence[Example]) -> _Judged:
    features, overlaps, asked = [], [], []
    for one in examples:
        ranked = reader.ranked(proposals(one.candidates, one.read))
        if not ranked:
            continue
        certainty = reader.certainty(one.question, ranked)
        evidence = [e for e in reader.decide(one.question, one.candidates, one.read).evidence if e.role is Role.ANSWER]
        features.append([certainty[name] for name in CERTAINTY])
        overlaps.append(one.overlap(evidence[0].document, [span for e in evidence for span in e.spans]))
        asked.append(one)
    return _Judged(
        np.array(features),
        np.array(overlaps),
        np.array([bool(one.slices) for one in asked]),
        [one.doc_id for one in asked],
        np.array([one.part for one in asked]),
        np.array([one.kind for one in asked]),
    )


def _fit_confidence(reader: TrainedReader, examples: Sequence[Example], lines: list[str]) -> Calibration:
    """The probability that the answer is right: logistic regression, with isotonic steps if they predict better."""
    judged = _judged(reader, examples)
    x, y = judged.features, judged.right
    _report_left_out(judged, lines)
    plain, stepped = _crossed(x, y, judged.documents)
    losses = [log_loss(y, np.clip(p, 1e-3, 1 - 1e-3)) for p in (plain, stepped)]
    lines.append(f"AUROC {roc_auc_score(y, plain):.3f}; log loss {losses[0]:.4f}, with isotonic steps {losses[1]:.4f}")
    errors = [calibration_error(chances, y.astype(np.float64)) for chances in (plain, stepped)]
    lines.append(f"ECE {errors[0]:.3f}, with steps {errors[1]:.3f}")
    model = _regression().fit(x, y)
    use_steps = losses[1] < losses[0] - _WORTH
    isotonic = _steps(plain, y)
    steps = tuple(zip(isotonic.X_thresholds_.round(4).tolist(), isotonic.y_thresholds_.round(4).tolist(), strict=True))
    chances = stepped if use_steps else plain
    _report_thresholds(chances, judged, lines)
    return msgspec.structs.replace(
        reader.calibration,
        right=_logistic(model, CERTAINTY),
        steps=steps if use_steps else (),
        errors=tuple((round(float(p), 4), bool(r)) for p, r in zip(chances, y, strict=True)),
    )


def _report_thresholds(chances: Matrix, judged: _Judged, lines: list[str]) -> None:
    """What each threshold comes to, and what is left without one for each kind of question."""
    can, right = judged.answerable, judged.right
    for threshold in _THRESHOLDS:
        kept = chances >= threshold
        lines.append(
            f"threshold {threshold}: right {(kept & right).sum() / can.sum():.3f} of the answerable, "
            f"{(kept & can & ~right).sum() / can.sum():.3f} wrong, {(~kept & can).sum() / can.sum():.3f} declined; "
            f"{(~kept & ~can).sum() / max(1, (~can).sum()):.3f} of the unanswerable declined"
        )
    shown = chances >= _THRESHOLDS[0]
    for kind in sorted(set(judged.kinds.tolist())):
        own = judged.kinds == kind
        if can[own].any():
            f1_of = judged.overlap[own & can].mean()
            lines.append(f"{kind or '-':>14} {own.sum():4d} F1 {f1_of:.3f}, right {right[own & can].mean():.3f}")
        else:
            lines.append(f"{kind or '-':>14} {own.sum():4d} declined at {_THRESHOLDS[0]} {(~shown[own]).mean():.3f}")


def _report_left_out(judged: _Judged, lines: list[str]) -> None:
    """How well what is fitted on the other sets judges each set that was left out."""
    x, y, can = judged.features, judged.right, judged.answerable
    lines.append("left out: questions, right, F1, AUROC of answerable, AUROC of right, ECE")
    for name in dict.fromkeys(judged.parts.tolist()):
        own = judged.parts == name
        if own.all() or len(set(y[own].tolist())) < 2:
            continue
        chance = _regression().fit(x[~own], y[~own]).predict_proba(x[own])[:, 1]
        of_answerable = roc_auc_score(can[own], chance) if len(set(can[own].tolist())) > 1 else float("nan")
        figures = (
            y[own].sum() / max(1, can[own].sum()),
            judged.overlap[own & can].mean(),
            of_answerable,
            roc_auc_score(y[own], chance),
            calibration_error(chance, y[own].astype(np.float64)),
        )
        lines.append(f"{name:>12} {own.sum():4d} " + " ".join(f"{figure:.3f}" for figure in figures))


def _crossed(x: Matrix, y: Flags, groups: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Chances of each question by what was fitted without its document: as they are, and with isotonic steps."""
    plain, stepped = np.zeros(len(y)), np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS).split(x, y, groups):
        plain[test] = _regression().fit(x[train], y[train]).predict_proba(x[test])[:, 1]
        # The steps are fitted on chances that the regression gave to questions that it had not seen either.
        inner = np.zeros(len(train))
        inner_groups = [groups[i] for i in train]
        for fitted, held in GroupKFold(_FOLDS).split(train, groups=inner_groups):
            one_model = _regression().fit(x[train[fitted]], y[train[fitted]])
            inner[held] = one_model.predict_proba(x[train[held]])[:, 1]
        stepped[test] = _steps(inner, y[train]).predict(plain[test])
    return plain, stepped


def _regression() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=5000)


def _steps(chances: Matrix, right: Flags) -> IsotonicRegression:
    return IsotonicRegression(y_min=_SURE, y_max=1 - _SURE, out_of_bounds="clip").fit(chances, right)


def _logistic(model: LogisticRegression, names: Sequence[str]) -> Logistic:
    weights = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return Logistic(round(float(model.intercept_[0]), 4), weights)
