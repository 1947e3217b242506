"""Files are read in a process of its own: whatever a file does there, it does no more.

One process reads file after file, with limits of time and memory; it is replaced when it dies, or is ended.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from rag.errors import LoadError
from rag.loading.blocks import Parsed, Tell
from rag.loading.facsimile import Facsimile
from rag.loading.formats import MAILS, OLD
from rag.loading.images.recognition import MOST_PICTURES
from rag.loading.sandbox.converting import modern

SECONDS = 60.0
DRAWING_SECONDS = 20.0
# A book of 1,200 pages is a PDF of 3 MB and takes 30 s: the limit grows with the size, to an end. For each picture in
# which text is looked for it begins anew.
SECONDS_PER_MB = 30.0
MOST_SECONDS = 600.0
MEMORY_BYTES = 2 * 2**30
# The modules that the parent has, and not those that lie in the folder where it was started.
_START = "import sys; sys.path[:] = sys.argv[2:]; from rag.loading.sandbox.worker import main; main(int(sys.argv[1]))"
_LENGTH_BYTES = 8
_ENVIRONMENT = frozenset(
    {"PATH", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONUTF8", "SYSTEMROOT"}
)


class Request(msgspec.Struct, frozen=True):
    """A file to be read: its name for messages, its format by the suffix, and for how long that may compute.

    With a ``page`` that is drawn instead, and its text looked for in the picture where ``look`` says so. ``bare``: the
    files that hang on a mail are not read.
    """

    name: str
    suffix: str
    data: bytes
    seconds: float
    page: int = 0
    look: bool = False
    bare: bool = False


class Reply(msgspec.Struct, frozen=True):
    """What was read or drawn, or why nothing was: an error in Chinese and English, or no memory left.

    ``pictures``: the file is still being read; text is looked for in this one of its pictures.
    """

    pictures: int = 0
    parsed: Parsed | None = None
    drawn: Facsimile | None = None
    error: tuple[str, str] | None = None
    out_of_memory: bool = False


class _EndedError(Exception):
    """The process has ended before it replied; ``code`` is how, or None if it took too long."""

    def __init__(self, code: int | None) -> None:
        self.code = code


class Reader:
    """Reads files in another process. Thread-safe: one file at a time."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY_BYTES) -> None:
        self._seconds, self._memory = seconds, memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0

    @property
    def pid(self) -> int | None:
        """The process at work, if there is one."""
        return self._process.pid if self._process else None

    def parse(self, data: bytes, name: Path, tell: Tell = lambda _: None) -> Parsed:
        """Read a file; the suffix of ``name`` gives its format. ``tell`` is told of its pictures. Raises LoadError."""
        seconds, suffix = self.allowed(len(data)), name.suffix.lower()
        with self._lock:
            if suffix in OLD:
                data, suffix = modern(data, name, seconds, _environment())
            reply = self._parsed(Request(str(name), suffix, data, seconds), name, tell)
        if reply.error:
            raise LoadError(*reply.error)
        if reply.parsed is None:
            raise self._no_memory(name)
        return reply.parsed

    def draw(self, data: bytes, name: Path, page: int, *, look: bool = False) -> Facsimile:
        """Draw page ``page`` (from 1) of a file; ``look``: find its text in the picture. Raises LoadError.

        How long that may take does not grow with the file.
        """
        request = Request(str(name), name.suffix.lower(), data, self._seconds, page, look)
        with self._lock:
            reply = self._reply(request, name, lambda _: None)
        if reply.error:
            raise LoadError(*reply.error)
        if reply.drawn is None:
            raise self._no_memory(name)
        return reply.drawn

    def close(self) -> None:
        """End the process; another file starts a new one."""
        with self._lock:
            self._end()

    def allowed(self, size: int) -> float:
        """How long a file of so many bytes may take."""
        return min(self._seconds + SECONDS_PER_MB * size / 1e6, max(self._seconds, MOST_SECONDS))

    def _parsed(self, request: Request, name: Path, tell: Tell) -> Reply:
        """What the process says of a file; a mail is not lost for what hangs on it."""
        mail = request.suffix in MAILS
        try:
            reply = self._reply(request, name, tell)
        except LoadError:
            if not mail:
                raise
        else:
            if not (mail and reply.out_of_memory):
                return reply
        return self._reply(msgspec.structs.replace(request, bare=True), name, tell)

    def _reply(self, asked: Request, name: Path, tell: Tell) -> Reply:
        """What the process says; a process that had read other files before is not to spoil it for this one."""
        request, seconds = msgspec.msgpack.encode(asked), asked.seconds
        while True:
            used = self._read > 0
            try:
                reply = self._exchange(request, seconds, tell)
            except _EndedError as death:
                if death.code is None or death.code == -getattr(signal, "SIGXCPU", 0):
                    raise _too_slow(name, seconds) from None
                if not used:
                    raise _crashed(name, death.code) from None
                continue
            if not reply.out_of_memory:
                return reply
            self._end()
            if not used:
                return reply

    def _exchange(self, request: bytes, seconds: float, tell: Tell) -> Reply:
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-P", "-c", _START, str(self._memory), *sys.path]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
            )
        process, late = self._process, threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = _started(seconds, stop)
        try:
            assert process.stdin
            assert process.stdout
            send(process.stdin, request)
            reply, told = _received(process.stdout), 0
            while reply.pictures:
                if told == MOST_PICTURES:
                    raise OSError("the process says what it can't")
                timer.cancel()
                timer = _started(seconds, stop)
                told += 1
                tell(told)
                reply = _received(process.stdout)
        except (OSError, msgspec.MsgspecError):
            process.kill()
            code = process.wait()
            self._end()
            raise _EndedError(None if late.is_set() else code) from None
        except BaseException:
            self._end()
            raise
        finally:
            timer.cancel()
        self._read += 1
        return reply

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    # What was still to be sent has nobody to read it.
                    with suppress(OSError):
                        stream.close()
        self._process, self._read = None, 0

    def _no_memory(self, name: Path) -> LoadError:
        return LoadError(
            f"读取 {name} 需要的内存超过 {self._memory // 2**20} MiB，已跳过。请拆成几个文件。",
            f"Reading {name} takes more than {self._memory // 2**20} MiB of memory; it was skipped. "
            "Divide it into several files.",
        )


def _environment() -> dict[str, str]:
    """What the process needs to run, and no token or key that may stand beside it."""
    return {name: value for name, value in os.environ.items() if name in _ENVIRONMENT or name.startswith("LC_")}


def _started(seconds: float, stop: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, stop)
    timer.start()
    return timer


def _received(stream: IO[bytes]) -> Reply:
    return msgspec.msgpack.decode(receive(stream) or b"", type=Reply)


def send(stream: IO[bytes], message: bytes) -> None:
    """Write ``message`` with its length before it. Raises OSError."""
    stream.write(len(message).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read what was sent; None if the other side has closed the stream before it was whole."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None


def _too_slow(name: Path, seconds: float) -> LoadError:
    return LoadError(
        f"{name} 在 {seconds:.3g} 秒内没有读完，已跳过。"
        "请拆成几个文件（如每 500 页一个）再索引；若文件不大，可能已损坏，请重新导出。",
        f"{name} could not be read within {seconds:.3g} s and was skipped. Divide it into several files (of 500 pages, "
        "say); if it is not large it may be damaged: export it again.",
    )


def _crashed(name: Path, code: int) -> LoadError:
    try:
        how = signal.Signals(-code).name
    except ValueError:
        how = f"exit {code}"
    return LoadError(
        f"读取 {name} 的程序崩溃了（{how}），已跳过。文件可能已损坏；请重新导出后再索引。",
        f"The parser crashed on {name} ({how}); it was skipped. It may be damaged: export it again.",
    )


_READER = Reader()
parse_apart, close = _READER.parse, _READER.close
atexit.register(close)
# A page is shown while files are read, and not looked at for long.
_DRAWER = Reader(seconds=DRAWING_SECONDS)
draw_apart = _DRAWER.draw
atexit.register(_DRAWER.close)
