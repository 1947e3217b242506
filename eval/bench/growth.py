"""How cost grows with the number of articles: indexing by stage, asking by stage, memory, disk, and what codes lose.

And what one file costs, when it is added, changed and removed again, and one among the others when it is changed.

    python -m eval.bench.growth --news FOLDER [--sizes 1000 17000 100000] [--vectors made-up] [--keep FOLDER]

``FOLDER`` has ``part-*.txt`` with an article a line. Beyond them articles are made of two real ones, sentence by
sentence, with other numbers and a made-up name in each, so that no text is there twice. Each size is indexed and asked
in processes of its own; figures are printed and saved in ``eval/results/growth.json`` after each, beside those of other
sizes that the same code has measured. ``--vectors made-up`` leaves out the embedding: what is measured then is
everything else.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from eval.bench.articles import write_articles
from rag.errors import EvaluationError
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.results import RESULTS, pretty
from rag.evaluation.stages import MadeUp, Run, measured, peak_mb

if TYPE_CHECKING:
    from rag.index.dense import DenseIndex
    from rag.library import Library
    from rag.types import Vectors

_T = TypeVar("_T")
_ROOT = Path(__file__).parents[2]
_SIZES = (1_000, 17_000, 100_000)
_ASKED = 200
_WARM = 10
_K = 10
_TOGETHER = 16


ONE_MORE = ("add", "change", "remove", "inside")
"""What is done with one file, in this order; ``inside`` changes one of the articles, whose segment may be full."""


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p95: float
    p99: float


class Asked(msgspec.Struct, frozen=True):
    """Seconds to open, milliseconds by stage, the server's memory at the highest in MB.

    ``recall`` is the share of the ten best passages of comparing with every row that the index finds; None for vectors
    that are made up, since those lie nowhere near each other.
    """

    open_s: float
    search: dict[str, Percentiles]
    ask: dict[str, Percentiles]
    memory_mb: int
    recall: float | None


class Size(msgspec.Struct, frozen=True):
    """One size: ``made`` of its articles are no real ones. Where it was not ``embedded``, vectors are made up.

    ``commit`` is that of the code that has indexed it. ``one`` is what one file more costs, by ONE_MORE.
    """

    articles: int
    made: int
    embedded: bool
    characters: int
    rows: int
    index_mb: dict[str, float]
    commit: str
    first: Run
    asked: Asked
    one: dict[str, Run] = {}


class Indexed(msgspec.Struct, frozen=True):
    """How an index that was kept has been made."""

    commit: str
    run: Run


class Growth(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    created: str
    code: Code
    machine: Machine
    sizes: tuple[Size, ...]


def main() -> None:
    """Measure, print and save; or, with ``--run``, be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description="How cost grows with the number of articles.")
    parser.add_argument("--news", type=Path, help="a folder of part-*.txt with an article a line")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--vectors", choices=["embedded", "made-up"], default="embedded")
    parser.add_argument("--questions", type=int, default=_ASKED)
    parser.add_argument("--keep", type=Path, help="make files and indexes here, and go on with those that are here")
    parser.add_argument("--out", type=Path, default=_ROOT / RESULTS / "growth.json")
    parser.add_argument("--run", choices=["index", "ask", *ONE_MORE], help=argparse.SUPPRESS)
    options = parser.parse_args()
    embed = options.vectors == "embedded"
    if options.run:
        if options.run == "ask":
            sys.stdout.buffer.write(msgspec.json.encode(run_ask(options.keep, options.questions, embed=embed)))
        else:
            sys.stdout.buffer.write(msgspec.json.encode(run_index(options.keep, options.run, embed=embed)))
        return
    if options.news is None:
        parser.error("--news is needed")
    found = {size.articles: size for size in _before(options.out)}
    with tempfile.TemporaryDirectory(prefix="wenyuan-growth-") as temporary:
        for articles in options.sizes:
            folder = (options.keep or Path(temporary)) / str(articles)
            found[articles] = _size(options.news, articles, folder, options.vectors, options.questions)
            print(_line(found[articles]), flush=True)
            sizes = tuple(found[articles] for articles in sorted(found))
            options.out.write_bytes(pretty(Growth(time.strftime("%Y-%m-%dT%H:%M:%S%z"), code(), machine(), sizes)))


def _before(out: Path) -> tuple[Size, ...]:
    """What this code has measured before and saved in ``out``."""
    try:
        saved = msgspec.json.decode(out.read_bytes(), type=Growth)
    except (OSError, msgspec.DecodeError):
        return ()
    return saved.sizes if saved.code.digest == code().digest else ()


def _size(news: Path, articles: int, folder: Path, vectors: str, questions: int) -> Size:
    made = write_articles(news, articles, folder / "files")
    indexed = _indexed(folder, vectors, questions)
    asked = _in_process("ask", folder, vectors, questions, Asked)
    one = {what: _in_process(what, folder, vectors, questions, Run) for what in ONE_MORE}
    from rag.index.generations import open_generation

    opened = open_generation(folder / "index")
    sizes: Counter[str] = Counter()
    for name, record in opened.manifest.files.items():
        sizes[Path(name).name if name.startswith("segment") else Path(name).parts[0]] += record.bytes
    return Size(
        articles=articles,
        made=made,
        embedded=vectors == "embedded",
        characters=sum(record.characters for record in opened.store.records()),
        rows=opened.manifest.vectors,
        index_mb={part: round(size / 1e6, 1) for part, size in sorted(sizes.items())},
        commit=indexed.commit,
        first=indexed.run,
        asked=asked,
        one=one,
    )


def _indexed(folder: Path, vectors: str, questions: int) -> Indexed:
    """The index in ``folder``, made unless it is there already."""
    note = folder / "indexed.json"
    if note.exists():
        return msgspec.json.decode(note.read_bytes(), type=Indexed)
    made = Indexed(code().commit, _in_process("index", folder, vectors, questions, Run))
    note.write_bytes(pretty(made))
    return made


def run_index(folder: Path, what: str, *, embed: bool) -> Run:
    """Index ``folder/files`` into ``folder/index``, after what is to be done with one file."""
    file = folder / "files" / "one-more.txt"
    if what == "remove":
        file.unlink()
    elif what == "inside":
        file = min((folder / "files").rglob("*.txt"))
        file.write_text(f"{file.read_text('utf-8')}这里又改了一处。\n", "utf-8")
    elif what in ONE_MORE:
        file.write_text(
            f"这里要{what}一个文件。\n" + "仓库的盘点在每个季度的最后一天，由两个人一起做。\n" * 20, "utf-8"
        )
    return measured(
        [folder / "files"], folder / "index", encoder=None if embed else MadeUp(), progress=sys.stderr.isatty()
    )


def run_ask(folder: Path, questions: int, *, embed: bool) -> Asked:
    """Open ``folder/index`` and ask it what its own sentences say."""
    from rag.embedding import load_encoder
    from rag.index.generations import open_generation
    from rag.library import Library
    from rag.models import Models
    from rag.settings import Settings, load_settings

    encoder = load_encoder() if embed else _BesideMadeUp()
    settings = load_settings()
    started = time.perf_counter()
    library = Library.open(folder / "index", settings, models=Models(settings, encoder=encoder))
    library.warm_up()
    opened = time.perf_counter() - started
    asked = list(itertools.islice(_questions(library), questions + _WARM))
    for question in asked[:_WARM]:
        library.ask(question)
    searches: list[float] = []
    answers: dict[str, list[float]] = {"retrieve": [], "read": [], "total": []}
    for question in asked[_WARM:]:
        began = time.perf_counter()
        library.search(question)
        searches.append(1000 * (time.perf_counter() - began))
        timings = library.ask(question).timings_ms
        for stage, times in answers.items():
            times.append(timings[stage])
    memory = peak_mb("self")
    found = None
    if embed:
        generation = open_generation(folder / "index")
        found = round(recall(generation.dense, encoder.encode_queries(asked[_WARM:]), Settings().candidates), 4)
    return Asked(
        open_s=round(opened, 2),
        search={"total": _percentiles(searches)},
        ask={stage: _percentiles(times) for stage, times in answers.items()},
        memory_mb=memory,
        recall=found,
    )


class _BesideMadeUp(MadeUp):
    """Takes the time and memory to encode a question, and gives a vector that belongs to those in the index."""

    def __init__(self) -> None:
        from rag.embedding import load_encoder

        self._real = load_encoder()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self._real.encode_queries(texts)
        return super().encode_queries(texts)


def _questions(library: Library) -> Iterator[str]:
    """The beginnings of sentences all over the library, asked about; the same each time."""
    draw = random.Random(7)
    records = library.documents()
    while True:
        document = library.document(draw.choice(records).doc_id)
        passage = draw.choice(library.passages(document.doc_id))
        span = draw.choice(passage.sentences)
        clause = re.split(r"[，。！？；：]", document.text[span.start : span.end])[0][:24].strip()
        if len(clause) > 7:
            yield f"{clause}的情况怎么样？"


def recall(index: DenseIndex, queries: Vectors, depth: int) -> float:
    """The share of the ten best passages, by the scores of all of them, that are the first of a search for ``depth``.

    Mean over ``queries``.
    """
    from rag.index.dense import by_kind
    from rag.index.vectors import chunks

    passages, sentences = by_kind(index.owners)
    ordinals = index.owners[passages]
    starts = np.searchsorted(sentences, passages)
    found = []
    for begin in range(0, len(queries), _TOGETHER):
        some = queries[begin : begin + _TOGETHER]
        cosines = np.concatenate([chunk @ some.T for chunk in chunks(index.file)])
        scores = (cosines[passages] + np.maximum.reduceat(cosines[sentences], starts, axis=0)) / 2
        for query, column in zip(some, scores.T, strict=True):
            wanted = set(ordinals[np.argsort(-column, kind="stable")[:_K]].tolist())
            found.append(len(wanted & {ordinal for ordinal, _ in index.search(query, depth)[:_K]}) / len(wanted))
    return float(np.mean(found))


def _in_process(what: str, folder: Path, vectors: str, questions: int, kind: type[_T]) -> _T:
    command = [sys.executable, "-m", "eval.bench.growth", "--run", what, "--keep", str(folder), "--vectors", vectors]
    command += ["--questions", str(questions)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, cwd=_ROOT)
    if done.returncode:
        raise EvaluationError("测量没有成功。", "A run failed; see above.")
    return msgspec.json.decode(done.stdout, type=kind)


def _percentiles(times: Sequence[float]) -> Percentiles:
    return Percentiles(*(round(float(value), 1) for value in np.percentile(times, (50, 95, 99))))


def _line(size: Size) -> str:
    run, asked = size.first, size.asked
    stages = " ".join(f"{stage} {seconds:.0f}" for stage, seconds in run.stages.items() if seconds >= 1)
    rate = size.characters / run.seconds
    total, search = asked.ask["total"], asked.search["total"]
    one = "; ".join(f"{what} one {done.seconds} s, {done.memory_mb} MB" for what, done in size.one.items())
    return (
        f"{size.articles:7} articles, {size.characters / 1e6:.1f} M characters, {size.rows} rows, "
        f"{sum(size.index_mb.values()):.0f} MB\n"
        f"  index {run.seconds:.0f} s, {rate:.0f} characters/s, {run.memory_mb} MB ({stages})\n"
        f"  open {asked.open_s} s; search p50 {search.p50} p95 {search.p95} p99 {search.p99} ms; "
        f"ask p50 {total.p50} p95 {total.p95} p99 {total.p99} ms; {asked.memory_mb} MB"
        + (f"; recall {asked.recall}" if asked.recall is not None else "")
        + f"\n  {one}"
    )


if __name__ == "__main__":
    main()
