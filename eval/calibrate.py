"""Fit what stands on top of the trained network: the choice between its proposals, the confidence, the re-ranking.

Every paragraph of SQuAD-style files, none of which may have been trained on, becomes a document of an index. Each
question is asked as it is, as keywords, and with its own paragraph hidden, which makes it unanswerable. Gold questions
about a folder of documents take part, three times as heavy.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from eval import datasets
from eval.corpus import Corpus
from eval.datasets import squad
from eval.gold import load_gold
from eval.measures import RIGHT_F1, calibration_error, f1
from rag.library import Library
from rag.paths import cache_dir
from rag.reading import Candidate, Question
from rag.reading.calibration import Calibration, Logistic
from rag.reading.readers import CALIBRATION, load_network
from rag.reading.scoring import PassageScores
from rag.reading.trained import CERTAINTY, CHOICE, TrainedReader
from rag.settings import Settings
from rag.training.styles import keywords
from rag.types import Role, Span

_GOLD_WEIGHT = 3.0
_RIDGE = 5e-4
_FOLDS = 5
# Passages of a question that are ranked.
_DEPTH = 20
# Isotonic regression has to predict better than this much to be worth its steps.
_WORTH = 0.002
# No step is surer than this, however few examples it rests on.
_SURE = 0.02
_BOOSTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8)
_UNFITTED = Calibration(
    {name: float(name == "margin") for name in CHOICE}, Logistic(0.0, {}), (), Logistic(0.0, {}), 0.0
)

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """One question with what was read for it. ``is_evidence`` tells whether a range of a document (by id) holds its
    evidence; ``answers`` are accepted, none if it can't be answered. Questions of one ``group`` are alike.
    """

    question: Question
    candidates: Sequence[Candidate]
    scores: Sequence[PassageScores]
    answers: tuple[str, ...]
    is_evidence: Callable[[str, Span], bool]
    group: str
    weight: float = 1.0


def calibrate(folder: Path, squads: Sequence[Path], gold: tuple[Path, Path] | None, sample: int) -> Iterator[str]:
    """Fit the calibration of the reader in ``folder`` and write it there; yields lines that say how well it fits.

    ``squads`` are SQuAD-style files, of each of which ``sample`` questions are asked; ``gold`` is a file of gold
    questions with the folder of their documents.
    """
    reader = TrainedReader(load_network(folder), _UNFITTED)
    settings = Settings(hits=_DEPTH)
    work = cache_dir() / "calibrate"
    found = [example for file in squads for example in from_squad(reader, file, work, sample, settings)]
    if gold is not None:
        found.extend(from_gold(reader, *gold, work, settings))
    calibration, lines = fit(reader, found)
    data = msgspec.json.format(msgspec.json.encode(calibration), indent=1)
    (folder / CALIBRATION).write_bytes(data + b"\n")
    yield from lines


def fit(reader: TrainedReader, examples: Sequence[Example]) -> tuple[Calibration, list[str]]:
    """All that a calibration holds, fitted on ``examples``, and how well it fits.

    ``reader``'s own calibration does not matter.
    """
    lines: list[str] = []
    answerable = [example for example in examples if example.answers]
    found = _UNFITTED
    found = msgspec.structs.replace(found, choice_weights=_fit_choice(_with(reader, found), answerable, lines))
    answers = _fit_answers(answerable)
    found = msgspec.structs.replace(found, answers=answers, boost_weight=_fit_boost(answers, answerable, lines))
    return _fit_confidence(_with(reader, found), examples, lines), lines


def _with(reader: TrainedReader, calibration: Calibration) -> TrainedReader:
    return TrainedReader(reader.network, calibration)


def _fit_choice(reader: TrainedReader, examples: Sequence[Example], lines: list[str]) -> dict[str, float]:
    """Weights of the features, by softmax regression over the proposals of each answerable question."""
    usable: list[tuple[Matrix, Flags, float]] = []
    for one in examples:
        proposals = reader.proposals(one.question, one.candidates, one.scores)
        right = np.array([one.is_evidence(p.sentence.document.doc_id, p.sentence.span) for p in proposals])
        good = right & np.array([f1(p.text, one.answers) >= RIGHT_F1 for p in proposals])
        if right.any():
            rows = np.array([[p.features()[name] for name in CHOICE] for p in proposals])
            usable.append((rows, good if good.any() else right, one.weight))
    scale = np.std(np.concatenate([rows for rows, _, _ in usable]), axis=0) + 1e-9

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, gradient, mass = 0.0, np.zeros_like(weights), 0.0
        for rows, right, weight in usable:
            scaled = rows / scale
            scores = scaled @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            hit = chance[right].sum() + 1e-12
            total -= weight * np.log(hit)
            gradient -= weight * ((np.where(right, chance / hit, 0.0) - chance) @ scaled)
            mass += weight
        return float(total / mass + _RIDGE * weights @ weights), gradient / mass + 2 * _RIDGE * weights

    weights: Matrix = minimize(loss, np.zeros(len(CHOICE)), jac=True, method="L-BFGS-B").x / scale
    chosen = np.mean([right[np.argmax(rows @ weights)] for rows, right, _ in usable])
    by_margin = np.mean([right[np.argmax(rows[:, CHOICE.index("margin")])] for rows, right, _ in usable])
    lines.append(f"right proposal chosen: {chosen:.3f} of {len(usable)} questions (by margin alone {by_margin:.3f})")
    return {name: round(float(weight), 4) for name, weight in zip(CHOICE, weights, strict=True)}


def _fit_answers(examples: Sequence[Example]) -> Logistic:
    """The probability that a passage answers, of all passages that were read."""
    rows, right = [], []
    for one in examples:
        for candidate, scores in zip(one.candidates, one.scores, strict=False):
            passage = candidate.hit.passage
            rows.append([scores.relevance, scores.margin])
            right.append(one.is_evidence(passage.doc_id, Span(passage.start, passage.end)))
    model = LogisticRegression(C=10, max_iter=5000).fit(rows, right)
    return _logistic(model, ("relevance", "margin"))


def _fit_boost(answers: Logistic, examples: Sequence[Example], lines: list[str]) -> float:
    """What ranks evidence highest, over questions as they are and as keywords: the least that is about best."""
    ranks: dict[float, list[float]] = {boost: [] for boost in _BOOSTS}
    for one in examples:
        evidence = [one.is_evidence(c.hit.passage.doc_id, _span(c)) for c in one.candidates]
        chances = [answers({"relevance": s.relevance, "margin": s.margin}) for s in one.scores]
        chances += [0.0] * (len(one.candidates) - len(chances))
        for boost, reciprocal in ranks.items():
            scores = [-(c.hit.score + boost * chance) for c, chance in zip(one.candidates, chances, strict=True)]
            order = np.argsort(scores, kind="stable")
            place = next((rank for rank, i in enumerate(order, start=1) if evidence[i]), 0)
            reciprocal.append(1 / place if place else 0.0)
    means = {boost: float(np.mean(values)) for boost, values in ranks.items()}
    lines.append("MRR by boost: " + ", ".join(f"{boost}: {mean:.4f}" for boost, mean in means.items()))
    return min(boost for boost, mean in means.items() if mean >= max(means.values()) - 0.001)


def _fit_confidence(reader: TrainedReader, examples: Sequence[Example], lines: list[str]) -> Calibration:
    """The probability that the answer is right: logistic regression, with isotonic steps if they predict better."""
    rows, right, groups, weights = [], [], [], []
    for one in examples:
        proposals = reader.proposals(one.question, one.candidates, one.scores)
        if not proposals:
            continue
        ranked = sorted(proposals, key=lambda p: -reader.calibration.choice(p.features()))
        certainty = reader.certainty(one.question, ranked)
        rows.append([certainty[name] for name in CERTAINTY])
        reading = reader.decide(one.question, one.candidates, one.scores, proposals)
        written = "；".join(dict.fromkeys(text for e in reading.evidence if e.role is Role.ANSWER for text in e.texts))
        right.append(bool(one.answers) and f1(written, one.answers) >= RIGHT_F1)
        groups.append(one.group)
        weights.append(one.weight)
    x, y, w = np.array(rows), np.array(right), np.array(weights)
    plain, stepped = np.zeros(len(y)), np.zeros(len(y))
    for train, test in GroupKFold(_FOLDS).split(x, y, groups):
        model = _regression().fit(x[train], y[train], sample_weight=w[train])
        plain[test] = model.predict_proba(x[test])[:, 1]
        # The steps are fitted on chances that the regression gave to questions that it had not seen either.
        inner = np.zeros(len(train))
        inner_groups = [groups[i] for i in train]
        for fitted, held in GroupKFold(_FOLDS).split(train, groups=inner_groups):
            one_model = _regression().fit(x[train[fitted]], y[train[fitted]], sample_weight=w[train[fitted]])
            inner[held] = one_model.predict_proba(x[train[held]])[:, 1]
        stepped[test] = _steps(inner, y[train], w[train]).predict(plain[test])
    losses = [log_loss(y, np.clip(p, 1e-3, 1 - 1e-3), sample_weight=w) for p in (plain, stepped)]
    lines.append(f"AUROC {roc_auc_score(y, plain):.3f}; log loss {losses[0]:.4f}, with isotonic steps {losses[1]:.4f}")
    lines.append(f"ECE {calibration_error(plain, 1.0 * y):.3f}, with steps {calibration_error(stepped, 1.0 * y):.3f}")
    model = _regression().fit(x, y, sample_weight=w)
    use_steps = losses[1] < losses[0] - _WORTH
    isotonic = _steps(plain, y, w)
    steps = tuple(zip(isotonic.X_thresholds_.round(4).tolist(), isotonic.y_thresholds_.round(4).tolist(), strict=True))
    chances = stepped if use_steps else plain
    return msgspec.structs.replace(
        reader.calibration,
        right=_logistic(model, CERTAINTY),
        steps=steps if use_steps else (),
        errors=tuple((round(float(p), 4), bool(r)) for p, r in zip(chances, y, strict=True)),
    )


def _regression() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=5000)


def _steps(chances: Matrix, right: Flags, weights: Matrix) -> IsotonicRegression:
    return IsotonicRegression(y_min=_SURE, y_max=1 - _SURE, out_of_bounds="clip").fit(
        chances, right, sample_weight=weights
    )


def _logistic(model: LogisticRegression, names: Sequence[str]) -> Logistic:
    weights = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return Logistic(round(float(model.intercept_[0]), 4), weights)


def _span(candidate: Candidate) -> Span:
    return Span(candidate.hit.passage.start, candidate.hit.passage.end)


def from_squad(reader: TrainedReader, file: Path, work: Path, size: int, settings: Settings) -> Iterator[Example]:
    """Examples from a SQuAD-style file: each question as it is, as keywords, and without its paragraph."""
    dataset = squad.load(file, work / file.stem, progress=True)
    index = work / f"{file.stem}-index"
    Library.index([work / file.stem], index, progress=True)
    library = Library.open(index, settings)
    corpus = Corpus(library)
    usable = replace(dataset, questions=tuple(q for q in dataset.questions if q.places))
    for asked in tqdm(datasets.sample(usable, size).questions, desc=file.stem):
        own = corpus.doc_id(next(iter(asked.documents)))
        places = [(own, place.start, place.end) for place in asked.places]
        for text in (asked.question, keywords(asked.question, random.Random(asked.id))):
            yield _example(reader, library, text, asked.answers, places, own or "")
        yield _example(reader, library, asked.question, (), [], own or "", hidden=own)


def from_gold(reader: TrainedReader, file: Path, documents: Path, work: Path, settings: Settings) -> Iterator[Example]:
    """Examples from gold questions about a folder of documents."""
    Library.index([documents], work / f"{documents.name}-index", progress=True)
    library = Library.open(work / f"{documents.name}-index", settings)
    corpus = Corpus(library)
    for gold in tqdm(load_gold(file), desc=file.stem):
        places = [(corpus.doc_id(place.document), place.start, place.end) for place in gold.places]
        group = f"{places[0][0]}-{places[0][1]}" if places else gold.id
        example = _example(reader, library, gold.question, gold.answers, places, group)
        yield replace(example, weight=_GOLD_WEIGHT)


def _example(
    reader: TrainedReader,
    library: Library,
    text: str,
    answers: tuple[str, ...],
    places: Sequence[tuple[str | None, int, int]],
    group: str,
    *,
    hidden: str | None = None,
) -> Example:
    question, candidates = library.candidates(text)
    shown = [candidate for candidate in candidates if candidate.document.doc_id != hidden]
    scores = reader.scores(question, shown[: library.settings.read])

    def is_evidence(doc_id: str, span: Span) -> bool:
        return any(doc_id == own and span.start < end and start < span.end for own, start, end in places)

    return Example(question, shown, scores, answers, is_evidence, group)
