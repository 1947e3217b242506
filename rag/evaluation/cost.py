"""What an index costs: time, memory and disk, measured in processes of their own.

Run as a module, this is such a process: ``python -m rag.evaluation.cost index|ask`` reads a request from standard input
and prints one JSON object.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import msgspec

from rag.errors import EvaluationError
from rag.settings import Settings

_ASKED = 20


class Cost(msgspec.Struct, frozen=True):
    """Seconds, megabytes (10^6 bytes) and characters of all documents.

    ``index_s`` is from the start of a process to the index on disk, ``start_s`` from the start of another to the moment
    when it can be asked; both include imports and the model. Peaks are of resident memory.
    """

    characters: int
    index_s: float
    index_peak_mb: float
    index_mb: float
    start_s: float
    ask_peak_mb: float


class _Request(msgspec.Struct):
    paths: list[str]
    index: str
    settings: Settings
    questions: list[str]
    progress: bool


class _Indexed(msgspec.Struct):
    characters: int
    index_s: float
    peak_mb: float
    index_mb: float


class _Started(msgspec.Struct):
    start_s: float
    peak_mb: float


def measure(paths: list[Path], index: Path, settings: Settings, questions: list[str], *, progress: bool) -> Cost:
    """Index ``paths`` into ``index``, a new folder, and ask some of ``questions``.

    Raises EvaluationError if that fails.
    """
    request = _Request(
        [str(path.resolve()) for path in paths], str(index.resolve()), settings, questions[:_ASKED], progress
    )
    indexed = msgspec.json.decode(_run("index", request), type=_Indexed)
    started = msgspec.json.decode(_run("ask", request), type=_Started)
    return Cost(
        characters=indexed.characters,
        index_s=indexed.index_s,
        index_peak_mb=indexed.peak_mb,
        index_mb=indexed.index_mb,
        start_s=started.start_s,
        ask_peak_mb=started.peak_mb,
    )


def _run(what: str, request: _Request) -> bytes:
    """The last line that such a process prints; its progress bars go through to the terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "rag.evaluation.cost", what],
        input=msgspec.json.encode(request),
        stdout=subprocess.PIPE,
        stderr=None if request.progress else subprocess.PIPE,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        reason = ((done.stderr or b"").decode(errors="replace").strip().splitlines() or [str(done.returncode)])[-1]
        raise EvaluationError(f"建索引以测量开销时失败：{reason}", f"Indexing to measure its cost failed: {reason}")
    return done.stdout.splitlines()[-1]


def _index(request: _Request, began: float) -> _Indexed:
    from rag.library import Library

    Library.index([Path(path) for path in request.paths], request.index, request.settings, progress=request.progress)
    ended = perf_counter()
    from rag.evaluation.stages import peak_mb

    records = Library.open(request.index, request.settings).documents()
    size = sum(file.stat().st_size for file in Path(request.index).rglob("*") if file.is_file())
    characters = sum(record.characters for record in records)
    return _Indexed(characters, round(ended - began, 2), peak_mb("self"), round(size / 1e6, 2))


def _ask(request: _Request, began: float) -> _Started:
    from rag.library import Library

    library = Library.open(request.index, request.settings)
    library.warm_up()
    started = perf_counter()
    for question in request.questions:
        library.ask(question)
    from rag.evaluation.stages import peak_mb

    return _Started(round(started - began, 2), peak_mb("self"))


def main() -> None:
    """Do what the arguments say, print the figures."""
    began = perf_counter()
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=_Request)
    measured = _index(request, began) if sys.argv[1] == "index" else _ask(request, began)
    print(msgspec.json.encode(measured).decode())


if __name__ == "__main__":
    main()
