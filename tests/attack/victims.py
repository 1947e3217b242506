"""A real server for the attacks: ``python tests/attack/victims.py INDEX`` serves INDEX on a free port, without a model.

It listens on this machine only, and says on its last line how to reach it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rag.library import Library
    from rag.types import Answer

ROOT = Path(__file__).parents[2]
# A question that begins with this is answered when `Victim.going_on` says so.
SLOW = "慢"
_GO = "ATTACK_GO"
_ANSWERED, _OPENED = "ANSWERED", "OPENED"
# Seconds for the server to say that it is up, whatever it is sent; more on a machine that is busy with other things.
PATIENCE = float(os.environ.get("ATTACK_PATIENCE", "1"))


class Answered(NamedTuple):
    """A request that was answered: the status, and its method, Sec-Fetch-Site ("" for no browser) and path."""

    status: int
    method: str
    site: str
    path: str


def everything(folder: Path) -> dict[str, bytes]:
    """The content of each file below ``folder``, by its name there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Victim:
    """A server in a process of its own, at ``url``."""

    def __init__(self, index: Path, log: Path, *arguments: str) -> None:
        self.log, self.worst = log, 0.0
        self.temporary = log.with_suffix(".temporary")
        self._go = log.with_suffix(".go")
        self.temporary.mkdir()
        environment = os.environ | {
            "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TMPDIR": str(self.temporary), _GO: str(self._go),
        }  # fmt: skip
        with log.open("w") as output:
            command = [sys.executable, str(Path(__file__)), str(index), *arguments]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        self.url = self._address()
        self.port = httpx.URL(self.url).port or 0
        self.web = self.browsing()

    def _address(self) -> str:
        until = time.monotonic() + 120 * PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            ready = re.search(r"http://\S+", self.log.read_text("utf-8"))
            if ready:
                return ready.group()
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text('utf-8')}")

    def browsing(self) -> httpx.Client:
        """A client of its own. There is no TLS here, and reading certificates for it takes a while."""
        return httpx.Client(base_url=self.url, timeout=60, verify=False)

    @contextmanager
    def connected(self, sent: bytes = b"") -> Iterator[socket.socket]:
        """A connection on which ``sent`` was sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(sent)
            yield connection

    def health(self) -> float:
        """Seconds until it says that it is up."""
        begun = time.monotonic()
        assert self.web.get("health").status_code == 200
        took = time.monotonic() - begun
        self.worst = max(self.worst, took)
        return took

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """While it lasts slow questions are answered."""
        self._go.touch()
        try:
            yield
        finally:
            self._go.unlink()

    def document(self) -> str:
        """The identifier of its first document."""
        return str(self.web.get("api/v1/documents").json()[0]["doc_id"])

    def answered(self, since: int = 0) -> list[Answered]:
        """What it has answered, without the first ``since``."""
        lines = [line.split(" ", 4) for line in self.log.read_text("utf-8").splitlines() if line.startswith(_ANSWERED)]
        return [Answered(int(status), method, site, path) for _, status, method, site, path in lines[since:]]

    def opened(self) -> list[str]:
        """The files that its own process has opened which are neither the program's nor the index's."""
        return [line for line in self.log.read_text("utf-8").splitlines() if line.startswith(_OPENED)]

    def figures(self) -> str:
        """What it went through."""
        answered = self.answered()
        hostile = sum(one.status >= 400 for one in answered)
        return (
            f"{len(answered):,} requests, {hostile:,} of them refused; worst /health {self.worst:.2f} s; peak memory "
            f"{self.memory() / 2**20:.0f} MiB; {len(self.opened())} files opened outside"
        )

    def memory(self) -> int:
        """The most bytes that its own process has held at once."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        held = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert held
        return int(held[1]) * 1024

    def end(self) -> float:
        """Seconds that it takes to end when it is told to."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - begun


@contextmanager
def attacked(index: Path, log: Path, *arguments: str) -> Iterator[Victim]:
    """A server that is ended at the end."""
    victim = Victim(index, log, *arguments)
    try:
        yield victim
    finally:
        victim.process.kill()
        victim.process.wait()


def _slow_down() -> None:
    """Make a question that begins with `SLOW` wait until it may go on, a minute at most."""
    from rag.library import Library

    really, go = Library.ask, Path(os.environ[_GO])

    def asked(library: Library, question: str, **options: Any) -> Answer:
        until = time.monotonic() + 60
        while question.startswith(SLOW) and not go.exists() and time.monotonic() < until:
            time.sleep(0.05)
        return really(library, question, **options)

    Library.ask = asked  # type: ignore[method-assign, assignment]


def _say(*words: str) -> None:
    """Write a line at once: others may be written by other threads."""
    sys.stdout.write(" ".join(words) + "\n")


def _watch_files(*ours: Path) -> None:
    """Print what files this process opens from now on that are not below ``ours``."""
    below = tuple(str(place.resolve()) for place in ours)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            place = os.path.realpath(os.fsdecode(arguments[0]))
            if not place.startswith(below):
                _say(_OPENED, ascii(place))

    sys.addaudithook(watch)


def _tell() -> None:
    """Print what is answered to each request."""
    from rag.web import serving

    really = serving.run

    def run(app: ASGIApp, *arguments: Any, **options: Any) -> None:
        async def telling(scope: Scope, receive: Receive, send: Send) -> None:
            async def tell(message: Message) -> None:
                if message["type"] == "http.response.start":
                    site = dict(scope["headers"]).get(b"sec-fetch-site", b"").decode("latin-1")
                    path = scope["path"].encode("unicode_escape").decode("ascii")
                    _say(_ANSWERED, str(message["status"]), scope["method"], site, path)
                await send(message)

            await app(scope, receive, tell)

        really(telling, *arguments, **options)

    serving.run = run


if __name__ == "__main__":
    from platformdirs import user_cache_path

    from rag.loading.sandbox.confinement import readable
    from rag.paths import cache_dir
    from rag.settings import Settings
    from rag.web.app import serve

    _slow_down()
    _tell()
    # The framework draws, and its fonts are listed in a cache.
    caches = (cache_dir(), user_cache_path("matplotlib", appauthor=False))
    _watch_files(*readable(), *caches, ROOT, Path(sys.argv[1]), Path(os.environ["TMPDIR"]))
    plain = Settings(retrieval="bm25", min_confidence=0.0)
    serve(Path(sys.argv[1]), plain, port=0, token=sys.argv[2] if len(sys.argv) > 2 else None)
