"""Run one system over one task and measure what it costs; runs inside that system's own environment.

``python harness.py TASK.json``, in a fresh process for each task. Only the standard library is used, so that what is
measured is the system's own. A task is ``{"adapter", "variant", "documents": {name: path}, "queries": [{"id",
"text"}], "model": folder, "k", "threads", "out": path}``; the result, written to ``out``, is ``{"import_s", "load_s",
"index_s", "peak_mb", "versions", "results": [{"id", "ms", "hits": [{"document", "text", "score"}]}]}``, hits best
first. An adapter is a file of ``adapters/``: ``PACKAGES``, the distributions whose versions are reported, and
``VARIANTS``, each of which builds a search function in three timed stages:

- ``import``: importing the libraries;
- ``load``: the embedding model, with whatever the libraries import late;
- ``index``: documents on disk to ready for questions.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

ADAPTERS = Path(__file__).parent / "adapters"
STAGES = ("import", "load", "index")
# No hub, no telemetry. Haystack asks HAYSTACK_TELEMETRY_ENABLED, LangChain LANGSMITH_TRACING, others the rest.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "true",
}

Hit = tuple[str, str, float]
"""Document name, text of the chunk, score."""
Search = Callable[[str, int], list[Hit]]


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self.seconds[stage] += perf_counter() - started


def load_adapter(name: str) -> Any:
    """The module ``adapters/NAME.py``, under a name that hides no library."""
    spec = importlib.util.spec_from_file_location(f"peer_adapter_{name}", ADAPTERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def peak_mb() -> float:
    """The highest resident memory of this process so far.

    Linux's ``ru_maxrss`` would also hold what the parent had in memory when it started this process.
    """
    status = Path("/proc/self/status")
    if status.is_file() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Build the task's variant and ask every query once, after one that is not counted."""
    adapter = load_adapter(task["adapter"])
    clock = Clock()
    search: Search = adapter.VARIANTS[task["variant"]](task["documents"], task["model"], clock)
    search(task["queries"][0]["text"], task["k"])
    results = []
    for query in task["queries"]:
        started = perf_counter()
        hits = search(query["text"], task["k"])
        milliseconds = 1000 * (perf_counter() - started)
        shown = [{"document": document, "text": text, "score": float(score)} for document, text, score in hits]
        results.append({"id": query["id"], "ms": milliseconds, "hits": shown})
    return {
        **{f"{stage}_s": seconds for stage, seconds in clock.seconds.items()},
        "peak_mb": peak_mb(),
        "versions": {package: version(package) for package in adapter.PACKAGES},
        "results": results,
    }


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    threads = str(task["threads"])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = threads
    os.environ.update(OFFLINE)
    # This folder's own modules must not stand in for libraries of the same name.
    sys.path.pop(0)
    Path(task["out"]).write_text(json.dumps(run(task), ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
