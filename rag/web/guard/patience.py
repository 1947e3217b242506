"""How long the server waits: for a request to begin in earnest, and for itself to end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""For a request's headers to be there, from the first connection or the end of the request before."""
END_SECONDS = 4.0
"""From the signal to end until the process is gone, whatever it is doing."""
_CONNECTIONS = 8192


def impatient() -> type[H11Protocol]:
    """How uvicorn speaks HTTP, which by itself waits for headers for ever."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _wait(self) -> None:
            """One clock runs while no request is being answered; bytes that dribble in do not set it back."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._late is None:
                self._late = self.loop.call_later(HEAD_SECONDS, self._give_up)

        def _stop(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _give_up(self) -> None:
            # What was answered before may still be on its way, and gets there.
            self.transport.close()

    return Impatient


def many_connections() -> None:
    """Have room for connections that wait, where the system lets us: each takes one of a process's open files."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def ending() -> Iterator[None]:
    """While it lasts a signal to end ends the process in time, even where the server itself can't come to it.

    The system writes the signal to a socket of ours whatever the main thread is doing, and another thread waits there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    over = threading.Event()
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_late, args=(here, over), name="ending", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        there.close()


def _end_late(signals: socket.socket, over: threading.Event) -> None:
    with signals:
        while received := signals.recv(16):
            if {signal.SIGTERM, signal.SIGINT} & set(received) and not over.wait(END_SECONDS):
                os._exit(128 + received[0])
