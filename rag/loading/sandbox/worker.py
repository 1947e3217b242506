"""The process in which `rag.loading.sandbox.apart` has files read."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from pkgutil import resolve_name

import msgspec

from rag.errors import LoadError
from rag.loading.blocks import Parser
from rag.loading.facsimile import Facsimile
from rag.loading.formats import PARSED_BY
from rag.loading.images.recognition import RECOGNISER
from rag.loading.sandbox.apart import Reply, Request, receive, send
from rag.loading.sandbox.confinement import shut_in

# What the networks that recognise text reserve, of which they use a third.
RECOGNISING_BYTES = 4 * 2**30


class Hanging:
    """Whether the files on mails are read: one may end the process, and the mail is then read without them."""

    read = True


HANGING = Hanging()
# Nobody has asked for so long; the next file starts a new process.
_IDLE_SECONDS = 60


def main(memory: int) -> None:
    """Read files from standard input and write what they hold to standard output, until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the replies.
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(memory)
    shut_in()
    while True:
        _alarm(_IDLE_SECONDS)
        message = receive(source)
        if message is None:
            return
        _alarm(0)
        request = msgspec.msgpack.decode(message, type=Request)
        del message
        _limit_time(request.seconds)

        def tell(picture: int, seconds: float = request.seconds) -> None:
            _limit_memory(memory + RECOGNISING_BYTES)
            _limit_time(seconds)
            send(target, msgspec.msgpack.encode(Reply(pictures=picture)))

        RECOGNISER.begin(tell)
        HANGING.read = not request.bare
        send(target, _answer(request))


def parser(suffix: str) -> Parser:
    """What reads files with that suffix in this process."""
    found: Parser = resolve_name(f"rag.loading.{PARSED_BY[suffix]}")
    return found


def _drawn(request: Request) -> Facsimile:
    from rag.loading.facsimile.drawing import draw

    return draw(request.data, Path(request.name), request.page, look=request.look)


def _answer(request: Request) -> bytes:
    try:
        return msgspec.msgpack.encode(_read(request))
    except MemoryError:
        return msgspec.msgpack.encode(Reply(out_of_memory=True))


def _read(request: Request) -> Reply:
    name = Path(request.name)
    try:
        if request.page:
            return Reply(drawn=_drawn(request))
        return Reply(parsed=parser(request.suffix)(request.data, name))
    except LoadError as error:
        return Reply(error=(error.zh, error.en))
    except RecursionError:
        return Reply(
            error=(
                f"{name} 的结构嵌套太深，已跳过。请重新导出后再索引。",
                f"{name} is nested too deeply and was skipped. Export it again.",
            )
        )
    except MemoryError:
        return Reply(out_of_memory=True)
    except Exception as error:
        # Whatever a library throws at damaged bytes; its name is all that a user can pass on.
        reason = f"{type(error).__name__}: {str(error)[:200]}"
        return Reply(
            error=(
                f"无法读取 {name}：文件已损坏，或不是 {name.suffix} 格式（{reason}）。请重新导出后再索引。",
                f"Can't read {name}: damaged, or not a {name.suffix} file ({reason}). Export it again.",
            )
        )


def _alarm(seconds: int) -> None:
    if sys.platform != "win32":
        signal.alarm(seconds)


def _limit(memory: int) -> None:
    """No more memory than that, no file written, no dump of a crash. Windows has only the limit of time."""
    if sys.platform != "win32":
        import resource

        _limit_memory(memory)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_memory(memory: int) -> None:
    """No more than that, and never more than the networks need beside the limit that was set first."""
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = memory + RECOGNISING_BYTES if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_AS, (min(memory, most), most))


def _limit_time(seconds: float) -> None:
    """End this process should it compute for longer, even if the one that waits for it is gone."""
    if sys.platform != "win32":
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = usage.ru_utime + usage.ru_stime
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        most = int(used + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
