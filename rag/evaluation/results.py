"""Results on disk: one folder each, complete or not there.

``result.json`` says what was measured with what and the summary, ``questions.jsonl`` has an outcome a line,
``run.trec`` and ``qrels.trec`` are for other tools, ``report.html`` and ``report.md`` for people. While questions are
being asked the answers gather in ``NAME.partial``, so that an interrupted evaluation goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
from filelock import FileLock, Timeout

from rag.errors import EvaluationError, StorageError
from rag.evaluation.corpus import Corpus
from rag.evaluation.cost import Cost
from rag.evaluation.datasets import Dataset
from rag.evaluation.environment import Code, Machine, code
from rag.evaluation.gold import read_lines
from rag.evaluation.measures.statistics import Estimate
from rag.evaluation.outcome import Asked, Cuts, Outcome
from rag.index.manifest import BuildSettings
from rag.library import Library
from rag.settings import Settings

RESULTS = Path("eval") / "results"
FORMAT = 1
RESULT, QUESTIONS, REPORT, SUMMARY, RUN, QRELS = (
    "result.json",
    "questions.jsonl",
    "report.html",
    "report.md",
    "run.trec",
    "qrels.trec",
)
_ASKED = "asked.jsonl"
_KEPT_HITS = 10


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, with what, and the figures over all questions."""

    format: int = FORMAT
    name: str
    system: str
    dataset: str
    unit: str
    documents: int
    passages: int
    questions: int
    answerable: int
    created: str
    fingerprint: str
    code: Code
    machine: Machine
    packages: dict[str, str]
    encoder: str
    settings: dict[str, str | int | float | bool]
    summary: dict[str, Estimate]
    latency_ms: dict[str, Cuts]
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A result with all that it was made of."""

    result: Result
    outcomes: tuple[Outcome, ...]
    dataset: Dataset
    corpus: Corpus
    folder: Path
    resumed: int


class _Input(msgspec.Struct):
    """All that decides what comes back for a question."""

    code: str
    settings: Settings
    built: BuildSettings
    encoder: str
    corpus: dict[str, str]
    dataset: str
    questions: tuple[str, ...]


def fingerprint(library: Library, dataset: Dataset) -> str:
    """Digest of all that decides the outcomes: code, settings, model, documents and questions."""
    manifest = library.manifest
    questions = tuple(msgspec.json.encode(question).decode() for question in dataset.questions)
    made = _Input(
        code().digest,
        library.settings,
        manifest.settings,
        manifest.encoder,
        {Path(source).name: sha256 for source, sha256 in manifest.corpus.items()},
        dataset.name,
        questions,
    )
    return hashlib.sha256(msgspec.json.encode(made)).hexdigest()[:16]


class Draft:
    """A result in the making, in a folder beside its place."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Take up what an interrupted run with the same ``fingerprint`` left; anything else there is dropped."""
        self.folder = folder
        self._journal = folder / _ASKED
        self._header = msgspec.json.encode({"fingerprint": fingerprint}) + b"\n"
        self.asked = self._taken_up()

    def add(self, one: Asked) -> None:
        """Keep one more answer, on disk before this returns."""
        with self._journal.open("ab") as stream:
            stream.write(msgspec.json.encode(one) + b"\n")
        self.asked.append(one)

    def finish(self, result: Result, outcomes: Sequence[Outcome]) -> None:
        """Write the result's files; the folder is put in its place by `drafting`."""
        (self.folder / RESULT).write_bytes(pretty(result))
        lines = (msgspec.json.encode(_shortened(outcome)) + b"\n" for outcome in outcomes)
        (self.folder / QUESTIONS).write_bytes(b"".join(lines))

    def _taken_up(self) -> list[Asked]:
        if self._journal.is_file() and self._journal.read_bytes().startswith(self._header):
            whole, _, _ = self._journal.read_bytes().rpartition(b"\n")
            self._journal.write_bytes(whole + b"\n")
            return [msgspec.json.decode(line, type=Asked) for line in whole.splitlines()[1:]]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._journal.write_bytes(self._header)
        return []


@contextmanager
def drafting(name: str, fingerprint: str, results: Path = RESULTS) -> Iterator[Draft]:
    """A draft of result ``name`` that takes its place when the block ends, if it was finished.

    Raises EvaluationError if another process is writing it, or the name can't be a folder's; StorageError if the disk
    does not take it.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise EvaluationError(f"结果名不能用作文件夹名：{name!r}。", f"A result can't be called {name!r}.")
    place, partial, old = (results / f"{name}{suffix}" for suffix in ("", ".partial", ".old"))
    try:
        results.mkdir(parents=True, exist_ok=True)
        with FileLock(results / f".{name}.lock", timeout=0):
            draft = Draft(partial, fingerprint)
            yield draft
            if (partial / RESULT).is_file():
                shutil.rmtree(old, ignore_errors=True)
                if place.exists():
                    place.rename(old)
                partial.rename(place)
                # Only now: until a result is in its place, the journal says how far it is.
                (place / _ASKED).unlink()
                shutil.rmtree(old, ignore_errors=True)
    except Timeout as error:
        raise EvaluationError(
            f"另一个评测正在写 {place}。等它结束，或用 --name 换个名字。",
            f"Another evaluation is writing {place}. Wait for it, or give another name with --name.",
        ) from error
    except OSError as error:
        raise StorageError(
            f"无法写入 {place}：{error.strerror}。", f"Can't write {place}: {error.strerror}."
        ) from error


class Drafted(NamedTuple):
    """How far a result in the making is: questions asked, and seconds that they took."""

    questions: int
    seconds: float


def drafted(name: str, results: Path = RESULTS) -> Drafted | None:
    """How far result ``name`` is; None if no question of it is being asked."""
    folder = results / f"{name}.partial"
    try:
        asked = (folder / _ASKED).read_bytes().count(b"\n") - 1
        # The folder is as old as the journal's first line, for nothing else is put into it until all is asked.
        seconds = (folder / _ASKED).stat().st_mtime - folder.stat().st_mtime
    except OSError:
        return None
    return Drafted(max(asked, 0), max(seconds, 0.0))


def load_result(place: str | Path, results: Path = RESULTS) -> tuple[Result, list[Outcome]]:
    """A saved result by its folder or its name, with its outcomes.

    Raises EvaluationError for one that is missing, unfinished, malformed, or lacks questions.
    """
    folder = Path(place) if Path(place).is_dir() else results / place
    if not (folder / RESULT).is_file():
        there = "、".join(sorted(file.parent.name for file in results.glob(f"*/{RESULT}"))) or "—"
        unfinished = folder.with_name(f"{folder.name}.partial").is_dir()
        raise EvaluationError(
            f"没有结果 {place}{'（尚未完成）' if unfinished else ''}。现有：{there}。",
            f"There is no result {place}{' (it is unfinished)' if unfinished else ''}. There are: {there}.",
        )
    try:
        result = msgspec.json.decode((folder / RESULT).read_bytes(), type=Result)
    except (OSError, msgspec.MsgspecError) as error:
        raise EvaluationError(
            f"{folder / RESULT} 有误：{error}。请重新评测。", f"{folder / RESULT}: {error}. Run the evaluation again."
        ) from error
    if result.format != FORMAT:
        raise EvaluationError(
            f"{folder} 的格式是 {result.format}，本程序需要 {FORMAT}。请重新评测。",
            f"{folder} has format {result.format}, this program needs {FORMAT}. Run the evaluation again.",
        )
    outcomes = [outcome for _, outcome in read_lines(folder / QUESTIONS, Outcome)]
    if len(outcomes) != result.questions:
        raise EvaluationError(
            f"{folder} 缺少问题：应有 {result.questions} 个，只有 {len(outcomes)} 个。请重新评测。",
            f"{folder} lacks questions: {len(outcomes)} of {result.questions}. Run the evaluation again.",
        )
    return result, outcomes


def _shortened(outcome: Outcome) -> Outcome:
    """The outcome with the hits that a reader of the file looks at; the run has all."""
    asked = msgspec.structs.replace(outcome.asked, hits=outcome.asked.hits[:_KEPT_HITS])
    return msgspec.structs.replace(outcome, asked=asked)


def pretty(result: object) -> bytes:
    """The contents of ``result.json``, or of any other published result."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"
