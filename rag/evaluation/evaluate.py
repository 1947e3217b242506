"""One evaluation from a set to a saved result: index, ask, measure, write."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from tqdm import tqdm

from rag.evaluation import cost
from rag.evaluation.asking import ask_all, measuring_settings
from rag.evaluation.benchmark import cited_passages, latencies, measure, summary
from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.environment import code, machine, packages
from rag.evaluation.measures import trec
from rag.evaluation.outcome import Outcome
from rag.evaluation.results import QRELS, RESULTS, RUN, Draft, Evaluation, Result, drafting, fingerprint
from rag.index.manifest import build_settings
from rag.library import Library
from rag.paths import cache_dir
from rag.settings import Settings

_SYSTEM = "wenyuan"
_COST = "cost.json"


def evaluate(
    dataset: Dataset,
    settings: Settings,
    *,
    index: Path = Path("index"),
    name: str = "",
    results: Path = RESULTS,
    with_cost: bool = True,
    progress: bool = False,
    report: Callable[[Evaluation, Path], None] | None = None,
) -> Evaluation:
    """Ask all questions of ``dataset`` and save the result as ``name`` (default: the dataset's).

    Sets with documents of their own are indexed in the user's cache once; the others are asked of ``index``. ``report``
    is called to write more files into the result's folder. Raises EvaluationError, and what opening an index raises.
    """
    name = name or dataset.name
    spent = None
    if dataset.folder is not None:
        settings.require_embedded()
        index, spent = index_dataset(dataset, dataset.folder, settings, progress=progress)
    library = Library.open(index, measuring_settings(settings))
    corpus = Corpus(library)
    dataset = replace(dataset, questions=corpus.located_questions(dataset.questions))
    corpus.check(dataset.questions)
    library.warm_up()
    with drafting(name, fingerprint(library, dataset), results) as draft:
        resumed = len(draft.asked)
        outcomes = _ask(library, corpus, dataset, settings, draft, progress=progress)
        if with_cost and spent is None:
            spent = _cost_of(library, dataset, settings, progress=progress)
        result = _result(name, library, dataset, settings, outcomes, spent)
        made = Evaluation(result, tuple(outcomes), dataset, corpus, results / name, resumed)
        relevant = trec.qrels(dataset, cited_passages(dataset, corpus))
        trec.write_qrels(relevant, draft.folder / QRELS)
        trec.write_run(trec.run(draft.asked, dataset.unit), draft.folder / RUN, f"{_SYSTEM}-{result.code.version}")
        if report is not None:
            report(made, draft.folder)
        draft.finish(result, outcomes)
    return made


def index_dataset(dataset: Dataset, folder: Path, settings: Settings, *, progress: bool) -> tuple[Path, cost.Cost]:
    """The index of a set's own documents in ``folder``, made unless it was made before, and what it cost then.

    It is kept in the user's cache, wherever the documents lie.
    """
    held = sorted(file for file in folder.rglob("*") if file.is_file())
    files = [(str(file.relative_to(folder)), hashlib.sha256(file.read_bytes()).hexdigest()) for file in held]
    kept = folder.parent if folder.resolve().is_relative_to(cache_dir().resolve()) else work_folder(folder)
    kept.mkdir(parents=True, exist_ok=True)
    index = kept / f"index-{_digest((build_settings(settings), files))}"
    saved = index.with_name(f"{index.name}-{_COST}")
    if saved.is_file() and index.is_dir():
        return index, msgspec.json.decode(saved.read_bytes(), type=cost.Cost)
    shutil.rmtree(index, ignore_errors=True)
    asked = [question.question for question in dataset.questions]
    spent = cost.measure([folder], index, settings, asked, progress=progress)
    saved.write_bytes(msgspec.json.encode(spent))
    return index, spent


def work_folder(source: Path) -> Path:
    """Where the documents and indexes of a set are kept: in the user's cache, by the source's path."""
    digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:12]
    return cache_dir() / "eval" / f"{source.resolve().stem}-{digest}"


def _ask(
    library: Library, corpus: Corpus, dataset: Dataset, settings: Settings, draft: Draft, *, progress: bool
) -> list[Outcome]:
    done = {one.id for one in draft.asked}
    with tqdm(desc="提问 ask", unit="q", total=len(dataset.questions), initial=len(done), disable=not progress) as bar:
        for one in ask_all(library, corpus, dataset, done):
            draft.add(one)
            bar.update()
    return measure(dataset, draft.asked, corpus, settings)


def _cost_of(library: Library, dataset: Dataset, settings: Settings, *, progress: bool) -> cost.Cost | None:
    """The cost of indexing the library's documents once more; None if their files are gone."""
    paths = [record.path for record in library.documents()]
    if not all(path.is_file() for path in paths):
        return None
    asked = [question.question for question in dataset.questions]
    with TemporaryDirectory(prefix="wenyuan-") as folder:
        return cost.measure(paths, Path(folder) / "index", settings, asked, progress=progress)


def _result(
    name: str,
    library: Library,
    dataset: Dataset,
    settings: Settings,
    outcomes: list[Outcome],
    spent: cost.Cost | None,
) -> Result:
    manifest = library.manifest
    return Result(
        name=name,
        system=_SYSTEM,
        dataset=dataset.name,
        unit=dataset.unit,
        documents=manifest.documents,
        passages=manifest.passages,
        questions=len(outcomes),
        answerable=sum(outcome.answerable for outcome in outcomes),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        fingerprint=fingerprint(library, dataset),
        code=code(),
        machine=machine(),
        packages=packages(),
        encoder=manifest.encoder,
        settings={name: value for name, value in msgspec.structs.asdict(settings).items() if value is not None},
        summary=summary(outcomes),
        latency_ms=latencies(outcomes),
        cost=spent,
    )


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:12]
