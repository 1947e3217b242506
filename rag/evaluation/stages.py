"""Indexing taken apart: what each stage takes, what is embedded, and the memory at the highest."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from rag.settings import Settings
    from rag.types import Encoder, Row, Vectors

# Its stages, as `rag.indexing` names them. Each counts without those inside it.
_STAGES = ("open", "list", "read", "model", "compare", "split", "terms", "vectors", "codes", "write", "embed")


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


class MadeUp:
    """Vectors of digests: as different as texts are, and nothing else."""

    name, dimension = "none@1", 384

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        digests = b"".join(hashlib.shake_256(text.encode()).digest(self.dimension) for text in texts)
        rows = np.frombuffer(digests, np.uint8).reshape(-1, self.dimension).astype(np.float32) - np.float32(127.5)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        return self.encode_queries([row.own for row in rows])


class _Stopwatch:
    """Seconds by name; while one runs inside another, the outer one stands still. And what was embedded."""

    def __init__(self) -> None:
        self.texts = self.characters = 0
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = time.perf_counter()

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        self._credit()
        self._running.append(name)
        try:
            yield
        finally:
            self._credit()
            self._running.pop()

    def _credit(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.spent[self._running[-1]] += now - self._since
        self._since = now


class _Counting:
    """An encoder that tells a watch what it is given."""

    def __init__(self, encoder: Encoder, watch: _Stopwatch) -> None:
        self._encoder, self._watch = encoder, watch
        self.name, self.dimension = encoder.name, encoder.dimension

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        self._watch.texts += len(rows)
        self._watch.characters += sum(len(row.own) for row in rows)
        with self._watch.timing("embed"):
            return self._encoder.encode_rows(rows)


def measured(
    paths: Sequence[Path],
    index: Path,
    settings: Settings | None = None,
    *,
    encoder: Encoder | None = None,
    progress: bool = False,
) -> Run:
    """Bring ``index`` up to date with ``paths``, in this process, which should do nothing else.

    ``encoder`` stands in the place of that of the ``settings``: with `MadeUp` everything is measured but embedding.
    """
    from rag.indexing.pipeline import Pipeline
    from rag.indexing.update import index_paths
    from rag.loading.sandbox.apart import close
    from rag.models import Models, Once

    watch = _Stopwatch()
    pipeline = replace(Pipeline.of(settings, progress=progress), timing=watch.timing)
    models = Models(pipeline.settings, encoder=encoder)
    load = models.encoder.get
    models.encoder = Once(lambda: _Counting(load(), watch))
    started = time.perf_counter()
    report = index_paths(paths, index, pipeline=replace(pipeline, models=models))
    seconds = time.perf_counter() - started
    memory = peak_mb("self")
    close()
    return Run(
        seconds=round(seconds, 2),
        cpu_seconds=round(sum(os.times()[:4]), 2),
        stages={stage: round(watch.spent[stage], 2) for stage in _STAGES},
        documents=report.documents,
        passages=report.passages,
        failed=len(report.failed),
        texts_embedded=watch.texts,
        characters_embedded=watch.characters,
        memory_mb=memory,
        parser_mb=peak_mb("children"),
    )


def peak_mb(whose: str) -> int:
    """The memory at the highest of this process ("self") or the largest of its "children", in MB (10^6 bytes)."""
    import resource

    if whose == "self" and (status := Path("/proc/self/status")).exists():
        # What ru_maxrss says of a process begins with what its parent had.
        peak = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return round(int(peak.split()[1]) * 1024 / 1e6)
    who = resource.RUSAGE_SELF if whose == "self" else resource.RUSAGE_CHILDREN
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(who).ru_maxrss * unit / 1e6)
