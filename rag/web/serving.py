"""A web app on a port of this machine: taken before anything is loaded, said when it answers, left quietly."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from rag.errors import ServeError
from rag.loading.sandbox.confinement import lacking
from rag.web.guard.patience import ending, impatient, many_connections

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Bytes of a request before its body: a question to be explained stands in the address, and may have 9,000.
_MOST_HEAD = 32 * 2**10


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to ``host`` and ``port`` (0 for any free one). Raises ServeError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows this option would let two servers share a port instead of freeing a left one.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _unavailable(host, port, error) from error
    return listener


def run(
    app: ASGIApp,
    listener: socket.socket,
    *,
    token: str = "",
    open_browser: bool = False,
    started: Callable[[], None],
    ended: Callable[[], None],
) -> None:
    """Answer requests on ``listener`` until interrupted; ``started`` is called once the app answers, ``ended`` when it
    does no more, before the signal that ended it takes effect.

    ``token`` is shown as a part of the address: for one that nobody knows yet.
    """
    import uvicorn

    address = url(listener) + (f"?token={quote(token)}" if token else "")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"问源已就绪 · Wenyuan is ready: {address}", flush=True)
            print("按 Ctrl-C 结束 · Press Ctrl-C to stop", flush=True)
            for zh, en in lacking():
                notice = f"注意：本系统不能阻止解析文件的进程访问{zh} · Note: this system can't keep parsers from {en}"
                print(notice, file=sys.stderr)
            started()
            if open_browser:
                # A browser may take its time, and a text browser the terminal: not on the server's own thread.
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            ended()

    config = uvicorn.Config(
        app,
        http=impatient(),
        ws="none",
        log_level="critical",
        # Pages hold a connection open for as long as they are shown; leaving must not wait for them.
        timeout_graceful_shutdown=1,
        lifespan="on",
        h11_max_incomplete_event_size=_MOST_HEAD,
        server_header=False,
    )
    many_connections()
    try:
        with ending():
            Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        print("\n已结束 · Stopped", file=sys.stderr)
    finally:
        listener.close()


def url(listener: socket.socket) -> str:
    """The address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}/"


def _unavailable(host: str, port: int, error: Exception) -> ServeError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return ServeError(
            f"端口 {port} 已被占用，可能问源已在运行。请换一个端口：--port {port + 1}",
            f"Port {port} is in use; Wenyuan may already be running. Choose another port: --port {port + 1}",
        )
    if number == errno.EACCES:
        return ServeError(
            f"没有权限使用端口 {port}。请换一个 1024 以上的端口：--port 7860",
            f"No permission to use port {port}. Choose a port above 1024: --port 7860",
        )
    return ServeError(
        f"无法在 {host}:{port} 上启动：{error}。请检查 --host 和 --port。",
        f"Can't serve on {host}:{port}: {error}. Check --host and --port.",
    )
