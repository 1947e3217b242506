"""The gold questions are answered as well as when the baseline was committed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eval.bench.gate import BASELINE, regressions
from rag.evaluation import datasets
from rag.evaluation.evaluate import evaluate
from rag.evaluation.gold import GOLD
from rag.evaluation.outcome import Outcome
from rag.evaluation.results import load_result
from rag.settings import Settings


def outcomes(settings: Settings, index: Path, results: Path) -> tuple[Outcome, ...]:
    return evaluate(datasets.gold(GOLD), settings, index=index, results=results, with_cost=False).outcomes


@pytest.fixture(scope="module")
def baseline() -> list[Outcome]:
    result, found = load_result(BASELINE)
    assert result.code.commit
    return found


def test_no_measure_fell_significantly_below_the_baseline(
    baseline: list[Outcome], index_dir: Path, tmp_path: Path
) -> None:
    lost = regressions(baseline, outcomes(Settings(), index_dir, tmp_path))
    assert lost == [], "\n".join(["Worse than the baseline:", *map(str, lost)])


def test_the_gate_would_see_retrieval_without_vectors(baseline: list[Outcome], index_dir: Path, tmp_path: Path) -> None:
    # The rules read faster, and rank nothing anew.
    changed = Settings(retrieval="bm25")
    fallen = {one.measure: one for one in regressions(baseline, outcomes(changed, index_dir, tmp_path))}
    assert {"Recall@1", "nDCG@10", "MRR@10"} <= fallen.keys()
    assert all(len(one.questions) > 10 for one in fallen.values())
    shutil.rmtree(tmp_path)
