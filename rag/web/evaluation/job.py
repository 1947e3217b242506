"""One evaluation in a process of its own, so that the server stays free and it can be stopped at any moment."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from rag.errors import Language
from rag.evaluation.gold import GoldQuestion
from rag.settings import Settings

logger = logging.getLogger(__name__)

# What the process leaves beside the result: how the page shows it, and the whole report in each language.
VIEW = "view.json"
REPORTS: dict[Language, str] = {"zh": "report.html", "en": "report.en.html"}
_ROOT = Path(__file__).parents[3]


class Words(msgspec.Struct, frozen=True):
    """A message in both languages."""

    zh: str
    en: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is to do: ask ``questions`` of ``index`` and save the result as ``id`` in ``results``."""

    id: str
    index: str
    results: str
    settings: Settings
    dataset: str
    questions: tuple[GoldQuestion, ...]


class Job:
    """A process that evaluates; it ends when this server does, however that happens."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._said, self._logged = TemporaryFile(), TemporaryFile()  # noqa: SIM115
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rag.web.evaluation.worker"],
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=self._logged,
            env={**os.environ, "PYTHONPATH": path},
        )
        # The pipe stays open: when it closes, the process knows that the server is gone.
        with suppress(BrokenPipeError):
            assert self._process.stdin
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @cached_property
    def error(self) -> Words | None:
        """Why it failed, None if it did not; waits for its end."""
        code = self._process.wait()
        if code == 0:
            return None
        said, logged = (_written(stream) for stream in (self._said, self._logged))
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(said.splitlines()[-1] if said else b"", type=Words)
        logger.error("evaluation %s ended with %s:\n%s", self.request.id, code, logged.decode(errors="replace"))
        return Words(
            f"评测意外中断（退出码 {code}）。详情见服务端日志，可以再运行一次。",
            f"The evaluation broke off (exit code {code}). The server’s log has the details; you may run it again.",
        )

    def stop(self) -> None:
        """End it now, and wait until it has ended."""
        self._process.kill()
        self._process.wait()


def _written(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()
