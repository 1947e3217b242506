"""What a change of the user's dictionary does to retrieval: the same questions before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from tqdm import tqdm

from rag.errors import EvaluationError
from rag.evaluation import datasets
from rag.evaluation.asking import measuring_settings, search
from rag.evaluation.benchmark import measure
from rag.evaluation.compare import Changed, Comparison, compare_outcomes
from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GOLD
from rag.evaluation.outcome import Outcome
from rag.library import Library
from rag.messages import text
from rag.settings import Settings

_SHOWN = ("Recall@1", "Recall@5", "MRR@10", "nDCG@10")
_TELLS_APART = "nDCG@10"


@dataclass(frozen=True, slots=True)
class Measuring:
    """Questions that were searched for before a change, to be searched for `against` what comes after it."""

    dataset: Dataset
    index: Path
    before: tuple[Outcome, ...]
    progress: bool

    @classmethod
    def of(cls, gold: Path | None, index: Path, settings: Settings, *, progress: bool = False) -> Measuring | None:
        """Search ``index`` for the answerable questions of ``gold``, by default the built-in ones.

        None if these are not about the documents in the index; for a file that is named that is an EvaluationError.
        """
        dataset = datasets.gold(gold or GOLD)
        try:
            outcomes = _searched(dataset, index, settings, progress=progress)
        except EvaluationError:
            if gold is not None:
                raise
            return None
        return cls(dataset, index, tuple(outcomes), progress)

    def against(self, settings: Settings) -> Comparison:
        """The index as it is now against what it was."""
        after = _searched(self.dataset, self.index, settings, progress=self.progress)
        pairs = list(zip(self.before, after, strict=True))
        changed = [
            Changed(b.id, _TELLS_APART, a.measures[_TELLS_APART], b.measures[_TELLS_APART])
            for a, b in pairs
            if a.measures[_TELLS_APART] != b.measures[_TELLS_APART]
        ]
        return Comparison(
            a=text("之前", "before"),
            b=text("之后", "after"),
            questions=len(pairs),
            rows=tuple(compare_outcomes(pairs)),
            won=tuple(one for one in changed if one.b > one.a),
            lost=tuple(one for one in changed if one.b < one.a),
        )


def _searched(dataset: Dataset, index: Path, settings: Settings, *, progress: bool) -> Sequence[Outcome]:
    library = Library.open(index, measuring_settings(settings))
    corpus = Corpus(library)
    corpus.check(dataset.questions)
    questions = [question for question in dataset.questions if question.answerable]
    shown = tqdm(questions, desc="检索 search", unit="q", disable=not progress, delay=2)
    outcomes = measure(dataset, [search(question, library, corpus) for question in shown], corpus, settings)
    return [msgspec.structs.replace(one, measures={name: one.measures[name] for name in _SHOWN}) for one in outcomes]
