"""A result is complete or not there; an interrupted evaluation goes on; what is damaged is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock

from rag.errors import EvaluationError, StorageError
from rag.evaluation import datasets
from rag.evaluation.datasets import Dataset
from rag.evaluation.evaluate import evaluate
from rag.evaluation.gold import GOLD
from rag.evaluation.outcome import Outcome
from rag.evaluation.results import QRELS, QUESTIONS, RESULT, RUN, Evaluation, load_result
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer

SIZE = 6


@pytest.fixture(scope="module")
def gold() -> Dataset:
    return datasets.sample(datasets.gold(GOLD), SIZE)


def run(gold: Dataset, index: Path, results: Path, name: str = "") -> Evaluation:
    return evaluate(gold, Settings(), index=index, results=results, with_cost=False, name=name)


@pytest.fixture(scope="module")
def finished(gold: Dataset, index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results that holds one, called gold."""
    results = tmp_path_factory.mktemp("results")
    run(gold, index_dir, results)
    return results


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "results"))


def timeless(outcomes: tuple[Outcome, ...] | list[Outcome]) -> list[Outcome]:
    return [msgspec.structs.replace(o, asked=msgspec.structs.replace(o.asked, timings_ms={})) for o in outcomes]


class Interrupt:
    """Stops the evaluation at the question after ``after``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        self._left = after
        self._ask = Library.ask
        monkeypatch.setattr(Library, "ask", lambda *args, **named: self(*args, **named))

    def __call__(self, library: Library, question: str, **named: float) -> Answer:
        if named.keys() <= {"confirmed"}:
            if not self._left:
                raise KeyboardInterrupt
            self._left -= 1
        return self._ask(library, question, **named)  # type: ignore[arg-type]


def interrupted(monkeypatch: pytest.MonkeyPatch, gold: Dataset, index: Path, results: Path) -> None:
    """An evaluation that is stopped after four questions."""
    with monkeypatch.context() as patch:
        Interrupt(patch, after=4)
        with pytest.raises(KeyboardInterrupt):
            run(gold, index, results)


def test_a_saved_result_says_what_was_measured_with_what(finished: Path, gold: Dataset) -> None:
    result, outcomes = load_result("gold", finished)
    assert [outcome.id for outcome in outcomes] == [question.id for question in gold.questions]
    assert (result.dataset, result.unit, result.questions, result.documents) == ("gold", "passage", SIZE, 2)
    assert result.settings["hits"] == 10
    assert result.encoder.startswith("multilingual-e5-small")
    assert result.machine.cores >= 1
    assert result.packages["torch"]
    assert len(result.code.digest) == 12
    assert result.summary["Recall@5"].n == sum(outcome.answerable for outcome in outcomes)
    assert sorted(file.name for file in (finished / "gold").iterdir()) == sorted([QRELS, QUESTIONS, RESULT, RUN])
    queries = {line.split()[0] for line in (finished / "gold" / RUN).read_text().splitlines()}
    assert queries == {question.id for question in gold.questions}


def test_an_interrupted_evaluation_goes_on_where_it_stopped(
    gold: Dataset, index_dir: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load_result("gold", results)
    interrupted(monkeypatch, gold, index_dir, results)
    # The earlier result is untouched until the new one is finished.
    assert load_result("gold", results) == whole
    journal = results / "gold.partial" / "asked.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"id": "cut sho')
    again = run(gold, index_dir, results)
    assert again.resumed == 4
    assert timeless(load_result("gold", results)[1]) == timeless(whole[1])
    assert not (results / "gold.partial").exists()
    assert not (results / "gold.old").exists()


def test_what_was_asked_under_other_settings_is_asked_again(
    gold: Dataset, index_dir: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(monkeypatch, gold, index_dir, results)
    other = evaluate(gold, Settings(min_confidence=0.9), index=index_dir, results=results, with_cost=False)
    assert other.resumed == 0
    assert load_result("gold", results)[0].settings["min_confidence"] == 0.9


def test_two_evaluations_cannot_write_one_result(gold: Dataset, index_dir: Path, results: Path) -> None:
    with FileLock(results / ".gold.lock"), pytest.raises(EvaluationError, match="另一个评测正在写"):
        run(gold, index_dir, results)


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden"])
def test_a_name_cannot_leave_the_folder_of_results(gold: Dataset, index_dir: Path, results: Path, name: str) -> None:
    with pytest.raises(EvaluationError, match="不能用作文件夹名"):
        run(gold, index_dir, results, name=name)


def test_results_that_cannot_be_written_are_an_error(gold: Dataset, index_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(StorageError, match="无法写入"):
        run(gold, index_dir, tmp_path / "file")


def test_a_result_that_is_not_there_is_named_with_those_that_are(results: Path) -> None:
    with pytest.raises(EvaluationError, match=r"没有结果 other。现有：gold。"):
        load_result("other", results)
    (results / "other.partial").mkdir()
    with pytest.raises(EvaluationError, match=r"没有结果 other（尚未完成）"):
        load_result("other", results)


def test_a_result_that_lacks_questions_is_an_error(results: Path) -> None:
    file = results / "gold" / QUESTIONS
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(lines[:-2]), "utf-8")
    with pytest.raises(EvaluationError, match=f"缺少问题：应有 {SIZE} 个，只有 {SIZE - 2} 个"):
        load_result("gold", results)
    file.write_text("\n".join([*lines[:3], "{", *lines[4:]]), "utf-8")
    with pytest.raises(EvaluationError, match=r"questions\.jsonl 第 4 行有误"):
        load_result("gold", results)


def test_a_malformed_result_or_one_of_another_format_is_an_error(results: Path) -> None:
    file = results / "gold" / RESULT
    saved = json.loads(file.read_bytes())
    file.write_text(json.dumps({**saved, "format": 99}), "utf-8")
    with pytest.raises(EvaluationError, match="的格式是 99"):
        load_result("gold", results)
    file.write_text(json.dumps({**saved, "questions": "six"}), "utf-8")
    with pytest.raises(EvaluationError, match=r"result\.json 有误"):
        load_result("gold", results)
