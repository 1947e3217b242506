"""A server over an index for as long as it is measured, and an index where none is given."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from rag.errors import EvaluationError

ROOT: Final = Path(__file__).parents[3]
MAIN: Final = "from rag.cli.main import main\nmain()"
"""What runs ``wenyuan`` of this tree, with the arguments of a command."""
_READY_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: ``address`` ends in a slash; ``start_s`` went by until it said that it answers."""

    process: subprocess.Popen[str]
    address: str
    start_s: float

    def processor_seconds(self) -> float:
        """Seconds of processor time that it has taken so far; 0 where the system does not tell."""
        user, system = self._told("stat").rpartition(")")[2].split()[11:13] or (0, 0)
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Megabytes of memory that it has held at most; 0 where the system does not tell."""
        peak = re.search(r"VmHWM:\s*(\d+)", self._told("status"))
        return int(peak[1]) * 1024 / 1e6 if peak else 0.0

    def _told(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.process.pid}/{name}").read_text("ascii", "replace")
        except OSError:
            return ""


@contextmanager
def served(index: Path, *, ready: bool = True) -> Iterator[Served]:
    """A server over ``index`` on a free port; ``ready``: with its models loaded. Raises EvaluationError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", MAIN, "serve", "--index", str(index), "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            one = Served(process, f"http://127.0.0.1:{port}/", time.perf_counter() - began)
            if not line or (ready and not _is_ready(one)):
                raise EvaluationError("服务器没有启动起来。", "The server did not start.")
            yield one
        finally:
            process.send_signal(signal.SIGINT)


def _is_ready(one: Served) -> bool:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and one.process.poll() is None:
        with urllib.request.urlopen(f"{one.address}health", timeout=_READY_SECONDS) as response:
            if msgspec.json.decode(response.read())["ready"]:
                return True
        time.sleep(0.1)
    return False


@contextmanager
def index_of_corpus(given: Path | None) -> Iterator[Path]:
    """The index ``given``, or one of ``corpus/`` that goes when the context ends. Raises CalledProcessError."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "index"
        command = [sys.executable, "-c", MAIN, "index", str(ROOT / "corpus"), "--index", str(made), "--quiet"]
        subprocess.run(command, check=True)
        yield made
