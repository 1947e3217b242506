"""What the embedding model costs: OpenVINO, as it chooses and never in bytes, beside torch float32, on the same texts.

    python -m eval.bench.inference [--news FILE] [--documents 40]

embeds the articles in ``corpus/``, and documents of a file that has one on each line, as indexing does: passages,
sentences, and both. They take turns and the median of three counts, so that what else the machine does touches all
alike. Loading and memory are measured in processes of their own, and so is indexing the same documents from end
to end: reading, splitting, jieba, embedding, writing. Prints the figures and saves them in
``eval/results/inference.json``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from rag.embedding import Engine, load_encoder
from rag.embedding.bundled import unpack
from rag.embedding.encoder import SentenceTransformerEncoder
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.gold import GOLD, load_gold
from rag.evaluation.results import RESULTS, pretty
from rag.evaluation.stages import Run, measured, peak_mb
from rag.index.dense import rows_of
from rag.indexing.splitting import split
from rag.loading import discover, load, parse
from rag.settings import Settings
from rag.types import Document, Row

if TYPE_CHECKING:
    from rag.types import Vectors

_ROOT: Final = Path(__file__).parents[2]
# The others are compared with the first, which is sentence-transformers.
_ENGINES: Final[tuple[Engine, ...]] = ("torch", "openvino-float", "openvino")
_ROUNDS: Final = 3
_QUESTIONS: Final = 60


class Cost(msgspec.Struct, frozen=True):
    """``rates`` are characters a second; ``query_p50`` and ``query_p95`` milliseconds.

    ``load_seconds`` go by from the start of a process to its first vector; ``peak_mb`` is the memory it took, with
    a hundred passages embedded.
    """

    rates: dict[str, float]
    query_p50: float
    query_p95: float
    load_seconds: float
    peak_mb: int


class Inference(msgspec.Struct, frozen=True):
    """Costs by engine. ``cosines`` are the least between the vectors that torch and another give a text.

    ``indexing`` is by engine, and ``indexed_characters`` those of the documents that it read.
    """

    created: str
    code: Code
    machine: Machine
    characters: dict[str, int]
    engines: dict[str, Cost]
    cosines: dict[str, float]
    indexed_characters: int
    indexing: dict[str, Run]


def main() -> None:
    """Measure, print and save; or, in a process of its own, say what loading takes."""
    parser = argparse.ArgumentParser(description="What the embedding model costs.")
    parser.add_argument("--news", type=Path, help="a file with a document on each line")
    parser.add_argument("--documents", type=int, default=40, help="how many of its lines")
    parser.add_argument("--out", type=Path, default=_ROOT / RESULTS / "inference.json")
    parser.add_argument("--load", choices=_ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--index", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        _load_and_say(options.load)
        return
    if options.index:
        _index_and_say(*options.index)
        return
    found = measure(_documents(options.news, options.documents))
    base, *others = _ENGINES
    for name, cost in found.engines.items():
        rates = "   ".join(f"{kind} {rate:7.0f}/s" for kind, rate in cost.rates.items())
        query = f"query p50 {cost.query_p50:.1f} p95 {cost.query_p95:.1f} ms"
        print(f"{name:14} {rates}   {query}   load {cost.load_seconds:.1f} s   {cost.peak_mb} MB")
    for name, run in found.indexing.items():
        rate, share = found.indexed_characters / run.seconds, run.stages["embed"] / run.seconds
        print(f"{name:14} end to end {rate:7.0f}/s   {share:.0%} of it embedding   {run.memory_mb} MB")
    for name in others:
        slow, fast = found.engines[base].rates, found.engines[name].rates
        rates = "   ".join(f"{kind} {fast[kind] / slow[kind]:.2f} x" for kind in fast)
        whole = found.indexing[base].seconds / found.indexing[name].seconds
        print(f"{name:14} beside {base}: {rates}   end to end {whole:.2f} x   cosine {found.cosines[name]:.5f}")
    options.out.write_bytes(pretty(found))


def measure(documents: Sequence[Document]) -> Inference:
    """The costs of embedding and of indexing ``documents`` with each engine."""
    texts = _texts(documents)
    indexing = _indexing(documents)
    questions = [one.question for one in load_gold(GOLD)][:_QUESTIONS]
    loading = {engine: _in_own_process(engine) for engine in _ENGINES}
    encoders: dict[Engine, Any] = {engine: load_encoder(engine=engine) for engine in _ENGINES}
    samples = [text for some in texts.values() for text in some[:50]]
    # What is met for the first time takes longer: libraries prepare for each shape.
    vectors = {engine: encoder.encode_passages(samples) for engine, encoder in encoders.items()}
    seconds: dict[tuple[str, str], list[float]] = {}
    queries: dict[str, list[float]] = {engine: [] for engine in _ENGINES}
    for _ in range(_ROUNDS):
        for kind, some in texts.items():
            for engine, encoder in encoders.items():
                seconds.setdefault((engine, kind), []).append(_seconds(encoder.encode_passages, some))
        for question in questions:
            for engine, encoder in encoders.items():
                queries[engine].append(1000 * _seconds(encoder.encode_queries, [question]))
    sizes = {kind: sum(map(len, some)) for kind, some in texts.items()}
    return Inference(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        code=code(),
        machine=machine(),
        characters=sizes,
        engines={
            engine: Cost(
                rates={kind: round(sizes[kind] / median(seconds[engine, kind]), 1) for kind in texts},
                query_p50=round(float(np.percentile(queries[engine], 50)), 2),
                query_p95=round(float(np.percentile(queries[engine], 95)), 2),
                load_seconds=loading[engine][0],
                peak_mb=loading[engine][1],
            )
            for engine in _ENGINES
        },
        cosines={
            engine: round(float(np.sum(vectors[_ENGINES[0]] * vectors[engine], axis=1).min()), 5)
            for engine in _ENGINES[1:]
        },
        indexed_characters=sum(len(document.text) for document in documents),
        indexing=indexing,
    )


def _documents(news: Path | None, documents: int) -> list[Document]:
    """The articles, and so many of the news."""
    found: list[Document] = [load(file) for file in discover([_ROOT / "corpus"]).files]
    if news is not None:
        with news.open("rb") as lines:
            for number, line in zip(range(documents), lines, strict=False):
                found.append(parse(line, source=f"{number}.txt", name=Path(f"{number}.txt")))
    return found


def _texts(documents: Sequence[Document]) -> dict[str, list[str]]:
    """What indexing embeds of ``documents``: passages, sentences, and all of it together."""
    rows = [rows_of(one, document.text) for document in documents for one in split(document, Settings().split)]
    passages, sentences = [row[0].own for row in rows], [row.own for some in rows for row in some[1:]]
    return {"passages": passages, "sentences": sentences, "both": passages + sentences}


def _indexing(documents: Sequence[Document]) -> dict[str, Run]:
    """Indexing ``documents`` with each engine in processes of their own: the second run, the first fills caches."""
    found: dict[str, Run] = {}
    with tempfile.TemporaryDirectory(prefix="wenyuan-inference-") as temporary:
        files = Path(temporary) / "files"
        files.mkdir()
        for number, document in enumerate(documents):
            (files / f"{number:06}.txt").write_text(document.text, "utf-8")
        for _ in range(2):
            for engine in _ENGINES:
                command = [sys.executable, "-m", "eval.bench.inference", "--index", engine, temporary]
                done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
                found[engine] = msgspec.json.decode(done.stdout, type=Run)
    return found


def _index_and_say(engine: Engine, folder: str) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as index:
        encoder = _InTwoPasses() if engine == _ENGINES[0] else None
        run = measured([Path(folder) / "files"], Path(index) / "index", Settings(engine=engine), encoder=encoder)
    sys.stdout.buffer.write(msgspec.json.encode(run))


class _InTwoPasses:
    """Passages, and then each of their sentences: as one embeds both with sentence-transformers."""

    def __init__(self) -> None:
        self._encoder = SentenceTransformerEncoder(unpack(), name="torch")
        self.name, self.dimension = self._encoder.name, self._encoder.dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        return self._encoder.encode_passages([row.own for row in rows])


def _seconds(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    started = time.perf_counter()
    embed(texts)
    return time.perf_counter() - started


def _in_own_process(engine: Engine) -> tuple[float, int]:
    """Seconds to the first vector and megabytes at the highest, the second time: the first fills caches."""
    command = [sys.executable, "-m", "eval.bench.inference", "--load", engine]
    for _ in range(2):
        started = time.perf_counter()
        with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            seconds = time.perf_counter() - started
            peak = process.stdout.readline()
    return round(seconds, 2), int(peak)


def _load_and_say(engine: Engine) -> None:
    encoder: Any = load_encoder(engine=engine)
    encoder.encode_queries(["预热"])
    print("ready", flush=True)
    encoder.encode_passages(_texts(_documents(None, 0))["passages"][:100])
    print(peak_mb("self"), flush=True)


if __name__ == "__main__":
    main()
