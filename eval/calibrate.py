"""Fit the weights of the rule-based reader.

    python -m eval.calibrate WORK SQUAD.json [SQUAD.json …] [--sample N]

Every paragraph of the SQuAD-style files becomes a document of an index under WORK. For each sampled question the
sentence score is fitted to rank a sentence that holds the answer first (softmax over the question's sentences), and
the confidence to predict whether the top sentence is right (logistic regression). Each question is asked twice: as
it is, and with its own paragraph hidden, which makes it unanswerable. The tuning gold questions on the articles in
``corpus`` take part, three times as heavy. Nothing here reads the held-out questions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from eval import datasets
from eval.corpus import Corpus
from eval.datasets import squad
from eval.gold import GOLD, load_gold
from rag.library import Library
from rag.reading import Candidate, Question
from rag.reading.features import Sentence, read_sentences

SCORE = ("cosine", "passage", "own", "around", "form", "off_date", "heading", "length")
CONFIDENCE = ("cosine", "around", "unknown", "form", "off_date")
# Cosines differ by hundredths; brought to the scale of the other features before regularisation.
_SCALE = {"cosine": 10.0, "passage": 10.0}
_RIDGE = 5e-4
_GOLD_WEIGHT = 3.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One question: its sentences' features, which of them are right, and what is known of the question itself."""

    sentences: Matrix
    right: NDArray[np.bool_]
    unknown: float
    weight: float


def examples(
    question: Question, candidates: Sequence[Candidate], is_right: Callable[[Sentence], bool], weight: float
) -> Example | None:
    """The example that ``question`` makes; None if nothing was retrieved."""
    read = list(read_sentences(question, candidates))
    if not read:
        return None
    features = np.array([[getattr(s, name) * _SCALE.get(name, 1.0) for name in SCORE] for s in read])
    right = np.array([is_right(sentence) for sentence in read])
    return Example(features, right, question.unknown_share, weight)


def from_squad(file: Path, work: Path, size: int) -> Iterator[Example]:
    """Examples from a SQuAD-style file, each sampled question with and without its paragraph."""
    dataset = squad.load(file, work / file.stem, progress=True)
    index = work / f"{file.stem}-index"
    Library.index([work / file.stem], index, progress=True)
    library = Library.open(index)
    corpus = Corpus(library)
    usable = replace(dataset, questions=tuple(q for q in dataset.questions if q.answers))
    for asked in tqdm(datasets.sample(usable, size).questions, desc=file.stem):
        question, candidates = library.candidates(asked.question)
        doc_id = corpus.doc_id(next(iter(asked.documents)))
        hidden = [c for c in candidates if c.document.doc_id != doc_id]

        def holds(sentence: Sentence, doc_id: str | None = doc_id, answers: Sequence[str] = asked.answers) -> bool:
            return sentence.document.doc_id == doc_id and any(answer in sentence.text for answer in answers)

        for shown in (candidates, hidden):
            example = examples(question, shown, holds, 1.0)
            if example:
                yield example


def from_gold(work: Path) -> Iterator[Example]:
    """Examples from the tuning gold questions on ``corpus``."""
    Library.index([Path("corpus")], work / "corpus-index", progress=True)
    library = Library.open(work / "corpus-index")
    corpus = Corpus(library)
    for gold in load_gold(GOLD):
        places = [(corpus.doc_id(place.document), place.start, place.end) for place in gold.places]

        def overlaps(sentence: Sentence, places: list[tuple[str | None, int, int]] = places) -> bool:
            doc_id, span = sentence.document.doc_id, sentence.span
            return any(doc_id == d and span.start < end and start < span.end for d, start, end in places)

        example = examples(*library.candidates(gold.question), overlaps, _GOLD_WEIGHT)
        if example:
            yield example


def fit_score(found: Sequence[Example]) -> Matrix:
    """Weights of the scaled features, by softmax regression over the sentences of each answerable question."""
    usable = [example for example in found if example.right.any()]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, gradient, mass = 0.0, np.zeros_like(weights), 0.0
        for example in usable:
            scores = example.sentences @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            hit = chance[example.right].sum() + 1e-12
            pull = np.where(example.right, chance / hit, 0.0) - chance
            total -= example.weight * np.log(hit)
            gradient -= example.weight * (pull @ example.sentences)
            mass += example.weight
        return float(total / mass + _RIDGE * weights @ weights), gradient / mass + 2 * _RIDGE * weights

    weights: Matrix = minimize(loss, np.zeros(len(SCORE)), jac=True, method="L-BFGS-B").x
    hits = np.mean([e.right[np.argmax(e.sentences @ weights)] for e in usable])
    print(f"top sentence right: {hits:.3f} of {len(usable)} answerable questions")
    return weights


def fit_confidence(found: Sequence[Example], weights: Matrix) -> tuple[float, Matrix]:
    """Bias and weights of the logistic confidence of each question's top sentence."""
    tops = [int(np.argmax(example.sentences @ weights)) for example in found]
    rows = np.array([_confidence_row(example, top) for example, top in zip(found, tops, strict=True)])
    right = np.array([example.right[top] for example, top in zip(found, tops, strict=True)])
    mass = np.array([example.weight for example in found])
    model = LogisticRegression(C=10, max_iter=5000).fit(rows, right, sample_weight=mass)
    print(f"AUROC of confidence: {roc_auc_score(right, model.decision_function(rows)):.3f} on {len(rows)}")
    return float(model.intercept_[0]), model.coef_[0]


def _confidence_row(example: Example, top: int) -> list[float]:
    sentence = dict(zip(SCORE, example.sentences[top], strict=True))
    sentence["cosine"] /= _SCALE["cosine"]
    values = {**sentence, "unknown": example.unknown}
    return [values[name] for name in CONFIDENCE]


def main() -> None:
    """Fit and print the weights for `rag.reading.rules.Weights`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for the indexes that are built")
    parser.add_argument("squad", type=Path, nargs="+", help="SQuAD-style JSON files")
    parser.add_argument("--sample", type=int, default=600, help="questions of each file")
    options = parser.parse_args()
    found = list(from_gold(options.work))
    for file in options.squad:
        found.extend(from_squad(file, options.work, options.sample))
    weights = fit_score(found)
    for name, weight in zip(SCORE, weights, strict=True):
        print(f"    {name}: float = {weight * _SCALE.get(name, 1.0):.1f}")
    bias, confidence = fit_confidence(found, weights)
    print(f"    confidence_bias: float = {bias:.1f}")
    for name, weight in zip(CONFIDENCE, confidence, strict=True):
        print(f"    confidence_{name}: float = {weight:.1f}")


if __name__ == "__main__":
    main()
