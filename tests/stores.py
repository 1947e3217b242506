"""Both places where a library can lie, for tests that claim the same of each; Milvus is milvus-lite, in a folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rag.library import Library
from rag.settings import Settings
from rag.types import IndexReport

_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Place:
    """Where a library lies."""

    index: Path
    settings: Settings

    def add(self, *paths: Path, share: tuple[int, int] = (1, 1)) -> IndexReport:
        return Library.index(paths, self.index, self.settings, share=share)

    def open(self, **changes: object) -> Library:
        return Library.open(self.index, msgspec.structs.replace(self.settings, **changes))


def milvus_in(folder: Path, **settings: object) -> Place:
    """A library of milvus-lite in ``folder``."""
    made = {"store": "milvus", "milvus_uri": str(folder / "milvus.db"), **settings}
    return Place(folder / "index", Settings(**made))  # type: ignore[arg-type]


def leave(place: Place) -> None:
    """Stop milvus-lite."""
    if place.settings.milvus_uri.endswith(".db"):
        from milvus_lite.server_manager import server_manager_instance

        server_manager_instance.release_server(place.settings.milvus_uri)


@contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """The address of milvus-lite in a process of its own, which does one thing at a time."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["server", "--data-dir", str(folder), "--host", "127.0.0.1", "--port", str(port), "--max-workers", "1"]
    process = subprocess.Popen([sys.executable, "-m", "milvus_lite", *options], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def at_once(codes: Sequence[str], run: Sequence[str]) -> list[tuple[int, str]]:
    """Run Python programs at the same time: how each ended and what it printed."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, *run],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "tests")])},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for code in codes
    ]
    return [(process.wait(120), process.communicate()[0]) for process in started]
