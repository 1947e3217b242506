"""The bench: evaluations of one index, one at a time, and their results in a folder next to it."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal
from uuid import uuid4

import msgspec

from rag.answering.confirmed import NAME
from rag.errors import EvaluationError, Language, NotFoundError, StorageError, WenyuanError
from rag.evaluation import datasets
from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GOLD
from rag.evaluation.measures.statistics import Estimate
from rag.evaluation.results import RESULT, Result, drafted
from rag.library import Library
from rag.settings import Settings
from rag.web.evaluation.job import REPORTS, VIEW, Job, Request, Words

FOLDER = "evaluations"
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")

SetName = Literal["gold", "mine"]
SETS: tuple[SetName, ...] = ("gold", "mine")


class State(StrEnum):
    """What a run is doing: loading the model, asking, computing measures; or how it ended."""

    STARTING = "starting"
    ASKING = "asking"
    MEASURING = "measuring"
    FINISHED = "finished"
    FAILED = "failed"


class QuestionSet(msgspec.Struct, frozen=True):
    """Questions that can be evaluated, how many, and why they can't be asked of this index, if so."""

    name: SetName
    total: int
    problem: Words | None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation, running or ended. ``asked`` of ``total`` questions; what is not known yet is None."""

    id: str
    state: State
    questions: str
    total: int
    asked: int
    seconds_left: float | None = None
    error: Words | None = None
    created: str | None = None
    version: str | None = None
    commit: str | None = None
    changed: bool | None = None
    answerable: int | None = None
    summary: dict[str, Estimate] | None = None


class Bench:
    """Evaluations of the index in folder ``index``. Safe to use from several threads."""

    def __init__(self, index: Path, settings: Settings, library: Callable[[], Library]) -> None:
        self.results = index.resolve() / FOLDER
        self._index = index.resolve()
        self._settings = settings
        self._library = library
        self._job: Job | None = None
        self._lock = threading.Lock()

    def sets(self) -> list[QuestionSet]:
        """All sets of questions, ready to be asked or not."""
        return [self._set(name) for name in SETS]

    def start(self, questions: SetName, sample: int | None = None) -> Run:
        """Evaluate a set, or a fixed ``sample`` of its questions.

        Raises EvaluationError if an evaluation is running or the questions don't fit the index, and what opening the
        index raises.
        """
        dataset = datasets.sample(self._dataset(questions), sample)
        Corpus(self._library()).check(dataset.questions)
        with self._lock:
            if self._job and self._job.is_running:
                raise EvaluationError(
                    "已有一次评测在进行。请等它结束，或先停止它。",
                    "An evaluation is running. Wait until it has finished, or stop it first.",
                )
            try:
                self.results.mkdir(exist_ok=True)
            except OSError as error:
                raise StorageError(
                    f"无法写入 {self.results}：{error.strerror}。", f"Can't write {self.results}: {error.strerror}."
                ) from error
            self._job = Job(
                Request(
                    id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}",
                    index=str(self._index),
                    results=str(self.results),
                    settings=self._settings,
                    dataset=dataset.name,
                    questions=dataset.questions,
                )
            )
            return self._of_job(self._job)

    def runs(self) -> list[Run]:
        """The run in progress or failed last, and all finished ones, newest first."""
        with self._lock:
            finished = [self._of_result(file.parent) for file in self.results.glob(f"*/{RESULT}")]
            by_id = {run.id: run for run in finished if run and _ID.fullmatch(run.id)}
            if self._job and self._job.request.id not in by_id:
                by_id[self._job.request.id] = self._of_job(self._job)
            return sorted(by_id.values(), key=lambda run: run.id, reverse=True)

    def run(self, run_id: str) -> Run:
        """One run. Raises NotFoundError."""
        with self._lock:
            if finished := self._of_result(self._place(run_id)):
                return finished
            if self._job and self._job.request.id == run_id:
                return self._of_job(self._job)
        raise _not_found(run_id)

    def view(self, run_id: str) -> tuple[bytes, bytes]:
        """``result.json`` and ``view.json`` of a finished run. Raises NotFoundError."""
        return self._read(run_id, RESULT), self._read(run_id, VIEW)

    def report(self, run_id: str, language: Language) -> bytes:
        """The whole report of a finished run as an HTML page. Raises NotFoundError."""
        return self._read(run_id, REPORTS[language])

    def delete(self, run_id: str) -> None:
        """Stop the run if it is in progress, and delete all of it. Raises NotFoundError."""
        place = self._place(run_id)
        with self._lock:
            is_job = self._job is not None and self._job.request.id == run_id
            if not is_job and not place.is_dir():
                raise _not_found(run_id)
            if self._job and is_job:
                self._job.stop()
                self._job = None
            try:
                if place.is_dir():
                    # A folder that is being deleted is no result any more.
                    gone = place.rename(place.with_name(f".deleted-{run_id}"))
                    shutil.rmtree(gone, ignore_errors=True)
            except OSError as error:
                raise StorageError(
                    f"无法删除 {place}：{error.strerror}。", f"Can't delete {place}: {error.strerror}."
                ) from error
            shutil.rmtree(place.with_name(f"{run_id}.partial"), ignore_errors=True)
            place.with_name(f".{run_id}.lock").unlink(missing_ok=True)

    def _set(self, name: SetName) -> QuestionSet:
        try:
            dataset = self._dataset(name)
            Corpus(self._library()).check(dataset.questions)
        except WenyuanError as error:
            return QuestionSet(name, 0, Words(error.zh, error.en))
        return QuestionSet(name, len(dataset.questions), None)

    def _dataset(self, name: SetName) -> Dataset:
        file = GOLD if name == "gold" else self._index / NAME
        if not file.is_file():
            raise EvaluationError(
                "还没有自己的问答。先在答案下方把问题存为标准问答。",
                "There are no pairs of your own yet. Keep a question with its answer as a gold pair first.",
            )
        return replace(datasets.gold(file), name=name)

    def _place(self, run_id: str) -> Path:
        """The folder of a run; only ids that were given here become paths."""
        if not _ID.fullmatch(run_id):
            raise _not_found(run_id)
        return self.results / run_id

    def _read(self, run_id: str, name: str) -> bytes:
        try:
            return (self._place(run_id) / name).read_bytes()
        except OSError as error:
            raise _not_found(run_id) from error

    def _of_job(self, job: Job) -> Run:
        request, total = job.request, len(job.request.questions)
        so_far = drafted(request.id, self.results)
        asked = so_far.questions if so_far else 0
        state, error, left = State.STARTING, None, None
        is_running = job.is_running
        # The result is looked for last: whatever was in progress above has either stayed so or become a result.
        if finished := self._of_result(self.results / request.id):
            return finished
        if not is_running:
            state, error = State.FAILED, job.error
        elif so_far:
            state = State.ASKING if asked < total else State.MEASURING
            left = so_far.seconds / asked * (total - asked) if asked else None
        return Run(
            id=request.id,
            state=state,
            questions=request.dataset,
            total=total,
            asked=asked,
            seconds_left=left,
            error=error,
        )

    def _of_result(self, folder: Path) -> Run | None:
        """The run whose result is in ``folder``; None if there is none that this program can read."""
        try:
            result = msgspec.json.decode((folder / RESULT).read_bytes(), type=Result)
        except (OSError, msgspec.MsgspecError):
            return None
        return Run(
            id=folder.name,
            state=State.FINISHED,
            questions=result.dataset,
            total=result.questions,
            asked=result.questions,
            created=result.created,
            version=result.code.version,
            commit=result.code.commit,
            changed=result.code.changed,
            answerable=result.answerable,
            summary=result.summary,
        )


def _not_found(run_id: str) -> NotFoundError:
    return NotFoundError(
        f"没有编号为 {run_id} 的评测，可能已经停止或删除。",
        f"There is no evaluation {run_id}; it may have been stopped or deleted.",
    )
