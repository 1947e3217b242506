"""How a library grows: thousands of files of nine formats indexed, looked at again, and one file added.

    python -m eval.scale --files 10000 [--news FOLDER] [--encoder none] [--out eval/results/scale.json]

makes the files in a temporary folder (see `eval.folder`), measures each run in a process of its own, and prints and
saves the figures. With ``--encoder none`` vectors are made up of the texts' digests: everything is then measured but
the embedding itself.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from eval.environment import Code, Machine, code, machine
from eval.folder import make
from eval.results import RESULTS, pretty
from rag.errors import EvaluationError

if TYPE_CHECKING:
    from rag.types import Encoder, Vectors

_ROOT = Path(__file__).parent.parent
# The functions of `rag.indexing` that are its stages; embedding is a part of "vectors" and taken out of it.
_STAGES = {
    "open_generation": "open",
    "discover": "list",
    "refresh": "read",
    "load_encoder": "model",
    "alike": "compare",
    "split": "split",
    "terms": "terms",
    "row_vectors": "vectors",
    "write_generation": "write",
}


class Run(msgspec.Struct, frozen=True):
    """One run: ``seconds`` in all, of which each of ``stages``; what it embedded; its memory at the highest, in MB.

    ``cpu_seconds`` are those of all its threads, whatever else the machine was doing, with those of the process that
    reads PDF and the like; ``parser_mb`` is the memory of the latter.
    """

    seconds: float
    cpu_seconds: float
    stages: dict[str, float]
    documents: int
    passages: int
    failed: int
    texts_embedded: int
    characters_embedded: int
    memory_mb: int
    parser_mb: int


class Scale(msgspec.Struct, frozen=True):
    """Everything that was measured; ``encoder`` is "none" where vectors were made up."""

    created: str
    code: Code
    machine: Machine
    files: int
    characters: int
    text: str
    encoder: str
    index_mb: int
    first: Run
    again: Run
    one_more: Run


class MadeUp:
    """Vectors of digests: as different as texts are, and nothing else."""

    name, dimension = "none@1", 384

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:  # noqa: ARG002
        digests = b"".join(hashlib.shake_256(text.encode()).digest(self.dimension) for text in texts)
        rows = np.frombuffer(digests, np.uint8).reshape(-1, self.dimension).astype(np.float32) - np.float32(127.5)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    encode_queries = encode_passages


class Counting:
    """An encoder that counts what it is given, and how long it takes."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension = encoder.name, encoder.dimension
        self.texts = self.characters = 0
        self.seconds = 0.0

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        started = time.perf_counter()
        vectors = self._encoder.encode_passages(texts, progress=progress)
        self.seconds += time.perf_counter() - started
        self.texts, self.characters = self.texts + len(texts), self.characters + sum(map(len, texts))
        return vectors


def main() -> None:
    """Measure, print and save; or, with ``--run``, be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description="How indexing grows with the number of files.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--news", type=Path, help="a folder of part-*.txt with an article a line")
    parser.add_argument("--encoder", choices=["bundled", "none"], default="bundled")
    parser.add_argument("--out", type=Path, default=_ROOT / RESULTS / "scale.json")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        sys.stdout.buffer.write(msgspec.json.encode(run(options.run, options.encoder)))
        return
    found = measure(options.files, options.news, options.encoder)
    for name, one in (("first", found.first), ("again", found.again), ("one more", found.one_more)):
        stages = " ".join(f"{stage} {seconds:.1f}" for stage, seconds in one.stages.items())
        spent = f"{one.seconds:8.1f} s ({one.cpu_seconds:.1f} s CPU)  {one.memory_mb:5} MB"
        print(f"{name:9} {spent}  {one.texts_embedded:7} texts embedded  ({stages})")
    options.out.write_bytes(pretty(found))


def measure(files: int, news: Path | None = None, encoder: str = "bundled") -> Scale:
    """Make a folder of ``files`` files and index it three times. Raises EvaluationError if a run fails."""
    with tempfile.TemporaryDirectory(prefix="wenyuan-scale-") as made:
        folder = Path(made)
        make(folder / "files", files, news)
        first, again = _measured(folder, encoder), _measured(folder, encoder)
        (folder / "files" / "one-more.md").write_text("# 又一篇\n\n新来的一篇只有这一句，别处没有说过。\n", "utf-8")
        one_more = _measured(folder, encoder)
        generation = max((folder / "index" / "generations").iterdir())
        return Scale(
            created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            code=code(),
            machine=machine(),
            files=files,
            characters=first.characters,
            text="news" if news else "articles",
            encoder=encoder,
            index_mb=round(sum(file.stat().st_size for file in generation.rglob("*") if file.is_file()) / 1e6),
            first=first.run,
            again=again.run,
            one_more=one_more.run,
        )


class _Measured(msgspec.Struct, frozen=True):
    run: Run
    characters: int


def _measured(folder: Path, encoder: str) -> _Measured:
    command = [sys.executable, "-m", "eval.scale", "--run", str(folder), "--encoder", encoder]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, cwd=_ROOT)
    if done.returncode:
        raise EvaluationError("索引没有成功。", "Indexing failed; see above.")
    return msgspec.json.decode(done.stdout, type=_Measured)


def run(folder: Path, encoder: str) -> _Measured:
    """Index ``folder/files`` into ``folder/index`` in this process, which should do nothing else."""
    import rag.indexing
    from rag.generations import open_generation
    from rag.loading.apart import close

    spent: defaultdict[str, float] = defaultdict(float)
    counting: list[Counting] = []
    load = vars(rag.indexing)["load_encoder"]

    def loaded(*values: Any, **named: Any) -> Encoder:
        counting.append(Counting(MadeUp() if encoder == "none" else load(*values, **named)))
        return counting[-1]

    changed: dict[str, Callable[..., Any]] = {"load_encoder": loaded}
    if encoder == "none":
        changed["encoder_name"] = lambda *_: MadeUp.name
    vars(rag.indexing).update(changed)
    vars(rag.indexing).update({name: _timed(vars(rag.indexing)[name], stage, spent) for name, stage in _STAGES.items()})
    started = time.perf_counter()
    report = rag.indexing.index_paths([folder / "files"], folder / "index")
    seconds = time.perf_counter() - started
    spent["embed"] = sum(one.seconds for one in counting)
    spent["vectors"] -= spent["embed"]
    memory = _peak_mb("self")
    close()
    cpu = sum(os.times()[:4])
    records = open_generation(folder / "index").store.records()
    done = Run(
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        stages={stage: round(spent[stage], 2) for stage in [*_STAGES.values(), "embed"]},
        documents=report.documents,
        passages=report.passages,
        failed=len(report.failed),
        texts_embedded=sum(one.texts for one in counting),
        characters_embedded=sum(one.characters for one in counting),
        memory_mb=memory,
        parser_mb=_peak_mb("children"),
    )
    return _Measured(done, sum(record.characters for record in records))


def _timed(function: Callable[..., Any], stage: str, spent: defaultdict[str, float]) -> Callable[..., Any]:
    def timed(*values: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*values, **named)
        finally:
            spent[stage] += time.perf_counter() - started

    return timed


def _peak_mb(whose: str) -> int:
    import resource

    who = resource.RUSAGE_SELF if whose == "self" else resource.RUSAGE_CHILDREN
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(who).ru_maxrss * unit / 1e6)


if __name__ == "__main__":
    main()
