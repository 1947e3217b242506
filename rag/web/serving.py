"""A web app on a port of this machine: taken before anything is loaded, said when it answers, left quietly."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from rag.errors import ServeError

if TYPE_CHECKING:
    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The browser itself refuses whatever a page of this server would load from, or send to, anywhere else.
# Inline and evaluated scripts are how the web framework starts and runs its components.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-dns-prefetch-control", b"off"),
)


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


def run(app: App, listener: socket.socket, *, open_browser: bool = False, started: Callable[[], None]) -> None:
    """Answer requests on ``listener`` until interrupted; ``started`` is called once the app answers."""
    import uvicorn

    address = url(listener)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"问源已就绪 · Wenyuan is ready: {address}", flush=True)
            print("按 Ctrl-C 结束 · Press Ctrl-C to stop", flush=True)
            started()
            if open_browser:
                # A browser may take its time, and a text browser the terminal: not on the server's own thread.
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    # Pages hold a connection open for as long as they are shown; leaving must not wait for them.
    config = uvicorn.Config(guarded(app), log_level="critical", timeout_graceful_shutdown=1, lifespan="on")
    try:
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


def guarded(app: App) -> App:
    """``app`` with headers on every response that keep its pages to this server."""

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await app(scope, receive, send_with_headers)

    return with_headers


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
