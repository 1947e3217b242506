"""How long a command takes in a process of its own, from nothing to the last line, and what it imports.

    python -m eval.bench.start [--index DIR] [--times 5] [--peers FOLDER]

runs each command, prints the figures and saves them in ``eval/results/start.json``. Without ``--index`` it makes one
of ``corpus/``. The first run of each command fills the system's file cache and is not counted. ``--peers`` has other
systems beside it, in environments that are in FOLDER or made there: each loads, takes in one sentence, and finds it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from eval.bench.peers.environments import PEERS, python_of
from eval.bench.peers.tasks import HARNESS, without_settings
from eval.bench.served import MAIN, ROOT, index_of_corpus, served
from rag.embedding import bundled
from rag.errors import EvaluationError
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.results import RESULTS, pretty

QUESTION = "豆包2024年11月的月活跃用户有多少？"
# What a process once held is told by the system; what its parent held before it began is not its own.
_PEAK = """
import atexit, sys
def peak():
    try:
        with open("/proc/self/status") as lines:
            kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except OSError:
        import resource
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print("peak", kilobytes, file=sys.stderr)
atexit.register(peak)
"""
_IMPORTED = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( *)(\S+)")
_HEAVIEST = 12
_COLD = (
    ("--help",),
    ("list",),
    ("show", ""),
    ("search", QUESTION, "--bm25-only"),
    ("search", QUESTION, "--no-server"),
    ("ask", QUESTION, "--no-server"),
)
_SERVED = (("search", QUESTION), ("ask", QUESTION))
_DOCUMENTED = "documented"


class Started(msgspec.Struct, frozen=True):
    """Medians: seconds from start to end, of processor time in all threads, and the peak of resident memory in MB.

    ``what`` is a command, or another system from its start to its first hit, with one sentence to index: less than it
    would do for a user.
    """

    what: str
    wall_s: float
    cpu_s: float
    peak_mb: float


class Imported(msgspec.Struct, frozen=True):
    """Milliseconds that a package took to import, with what only it imports."""

    package: str
    ms: float


class Start(msgspec.Struct, frozen=True):
    """``commands`` in processes of their own, ``times`` each; ``imports`` are those of ``import rag.library``.

    ``peers`` are empty where none was asked for.
    """

    created: str
    code: Code
    machine: Machine
    times: int
    commands: tuple[Started, ...]
    imports: tuple[Imported, ...]
    peers: tuple[Started, ...] = ()


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description="How long commands take from a cold start.")
    parser.add_argument("--index", type=Path, help="an index of corpus/ (made if not given)")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="measure the peers, too; their environments are here")
    options = parser.parse_args()
    with index_of_corpus(options.index) as index:
        commands = [started(command, index, options.times) for command in _COLD]
        commands.append(serving(index, options.times))
        with served(index):
            commands += [started(command, index, options.times, " (a server runs)") for command in _SERVED]
    peers = tuple(first(peer, options.peers, options.times) for peer in PEERS) if options.peers else ()
    found = Start(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        code=code(),
        machine=machine(),
        times=options.times,
        commands=tuple(commands),
        imports=imported(),
        peers=peers,
    )
    for one in (*found.commands, *found.peers):
        print(f"{one.what:24} {one.wall_s:6.2f} s   {one.cpu_s:6.2f} s of processor   {one.peak_mb:6.0f} MB")
    for package in found.imports:
        print(f"import {package.package:17} {package.ms:6.0f} ms")
    (ROOT / RESULTS / "start.json").write_bytes(pretty(found))


def started(command: Sequence[str], index: Path, times: int, note: str = "") -> Started:
    """What ``command`` takes with ``index``; its name ends in ``note``. Raises EvaluationError if it fails."""
    given = [_document(index) if word == "" else word for word in command]
    arguments = given if given[0].startswith("-") else [*given, "--index", str(index)]
    runs = [_run(arguments) for _ in range(times + 1)][1:]
    return _median(" ".join(word for word in command if word not in ("", QUESTION, "--no-server")) + note, runs)


def serving(index: Path, times: int) -> Started:
    """What a server over ``index`` takes until it says that it answers. Raises EvaluationError if it does not start."""
    runs = []
    for _ in range(times + 1):
        with served(index, ready=False) as server:
            runs.append((server.start_s, server.processor_seconds(), server.peak_mb()))
    return _median("serve", runs[1:])


def first(peer: str, environments: Path, times: int) -> Started:
    """What ``peer`` takes to its first hit, set up as its documentation has it. Raises EvaluationError."""
    python, model = python_of(peer, environments), bundled.unpack()
    with tempfile.TemporaryDirectory() as folder:
        task, out = Path(folder, "task.json"), Path(folder, "out.json")
        Path(folder, "one.txt").write_text(f"{QUESTION}\n", "utf-8")
        asked = {"adapter": peer, "variant": _DOCUMENTED, "documents": {"one.txt": "one.txt"}, "k": 1}
        queries = [{"id": "1", "text": QUESTION}]
        asked |= {"queries": queries, "model": str(model), "threads": machine().cores, "out": str(out)}
        task.write_text(json.dumps(asked), "utf-8")
        runs = []
        for _ in range(times + 1):
            took, cpu, done = _timed([str(python), str(HARNESS), str(task)], folder)
            if done.returncode:
                raise EvaluationError(f"{peer} 运行失败：{done.stderr}", f"{peer} failed: {done.stderr}")
            runs.append((took, cpu, json.loads(out.read_text("utf-8"))["peak_mb"] * 2**20 / 1e6))
    return _median(peer, runs[1:])


def _median(what: str, runs: Sequence[tuple[float, float, float]]) -> Started:
    wall, cpu, peak = (median(values) for values in zip(*runs, strict=True))
    return Started(what, round(wall, 3), round(cpu, 3), round(peak, 1))


def imported() -> tuple[Imported, ...]:
    """The packages that ``import rag.library`` imports, by what importing each took, the heaviest first."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import rag.library"], capture_output=True, text=True, check=True
    )
    own: dict[str, int] = {}
    for alone, _, _, module in _IMPORTED.findall(done.stderr):
        package = module.partition(".")[0]
        own[package] = own.get(package, 0) + int(alone)
    heaviest = sorted(own.items(), key=lambda item: (-item[1], item[0]))[:_HEAVIEST]
    return tuple(Imported(package, round(microseconds / 1000, 1)) for package, microseconds in heaviest)


def _run(arguments: Sequence[str]) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and megabytes of one run."""
    took, cpu, done = _timed([sys.executable, "-c", _PEAK + MAIN, *arguments])
    peak = re.search(r"^peak (\d+)$", done.stderr, re.MULTILINE)
    if done.returncode or not peak:
        raise EvaluationError(f"命令失败：{done.stderr}", f"A command failed: {done.stderr}")
    return took, cpu, int(peak[1]) * 1024 / 1e6


def _timed(command: Sequence[str], folder: str | None = None) -> tuple[float, float, subprocess.CompletedProcess[str]]:
    """Seconds and seconds of processor time of ``command``, and what it said; in ``folder`` without our settings."""
    before, began = os.times(), time.perf_counter()
    surroundings = without_settings(os.environ) if folder else None
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=surroundings)
    took, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return took, cpu, done


def _document(index: Path) -> str:
    from rag.library import Library

    return Library.open(index).documents()[0].doc_id


if __name__ == "__main__":
    main()
