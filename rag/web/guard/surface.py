"""What of the server can be reached at all: one table of routes, and whatever is not in it is 404.

The web framework brings routes of its own, and new versions bring more; none is reached before it stands here. A test
walks all routes that the server has, and fails for one that is neither here nor known to be closed.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import BusyError
from rag.web.guard.payloads import PayloadError, as_page_call, as_sound_json
from rag.web.problems import problem, respond, respond_to

if TYPE_CHECKING:
    from collections.abc import Iterator

Who = Literal["anyone", "visitor"]
_KIB, _MIB = 2**10, 2**20
# Headers by which a request would tell the framework another address to work with, or who it is.
_UNTOLD = re.compile(rb"forwarded|x-forwarded-.*|x-gradio-.*|authorization")
_SEGMENT = r"[^/]+"
_SESSION = r"[A-Za-z0-9]{1,40}"
# Names of files inside a folder: none that is hidden or leads upwards.
_FILES = r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*"


@dataclass(frozen=True, slots=True)
class Way:
    """A way into the server.

    ``path`` is a regular expression for all of it. ``who``: a visitor knows the token, if there is one. ``body`` is
    the most bytes of a request, ``seconds`` for how long it may be on its way, ``at_once`` how many of one client are
    under way. ``reads`` checks the body and says what the app gets instead; without it the body is not looked at.
    ``framework``: it leads to Gradio, which gets only the named ``query`` and no header that moves addresses.
    """

    method: str
    path: str
    who: Who = "visitor"
    body: int = 0
    seconds: float = 10.0
    at_once: int = 64
    reads: Callable[[bytes], bytes] | None = None
    framework: bool = False
    query: re.Pattern[bytes] | None = None


_DRAINED = 4 * _MIB
_QUERY = re.compile(rb"session_hash=[A-Za-z0-9]{1,40}")
_ASKING = 16

WAYS = (
    Way("GET", r"/health", "anyone"),
    # The page, and what Gradio needs to show it and to carry its events.
    Way("GET", r"/", framework=True),
    Way("HEAD", r"/", framework=True),
    Way("GET", rf"/(?:assets|static)/{_FILES}", framework=True, at_once=512),
    Way("GET", r"/(?:gradio_api/)?theme\.css", framework=True),
    Way("GET", r"/favicon\.ico", framework=True),
    Way("GET", r"/manifest\.json", framework=True),
    Way("GET", r"/robots\.txt", framework=True),
    Way("GET", r"/gradio_api/app_id", framework=True),
    Way("GET", rf"/gradio_api/heartbeat/{_SESSION}", framework=True, at_once=256),
    Way("GET", r"/gradio_api/queue/data", framework=True, at_once=256, query=_QUERY),
    Way("POST", r"/gradio_api/queue/join", body=32 * _KIB, reads=as_page_call, framework=True, at_once=_ASKING),
    Way("POST", r"/gradio_api/run/[a-z0-9_]{1,40}", body=32 * _KIB, reads=as_page_call, framework=True),
    # Pieces of the page.
    Way("GET", r"/page/examples", at_once=_ASKING),
    Way("GET", r"/page/why", at_once=_ASKING),
    Way("GET", r"/page/instead", at_once=_ASKING),
    Way("GET", r"/page/onward", at_once=_ASKING),
    Way("GET", r"/page/others", at_once=_ASKING),
    Way("GET", r"/page/glimpse", at_once=_ASKING),
    Way("GET", r"/page/find", at_once=_ASKING),
    Way("GET", r"/page/chosen", at_once=_ASKING),
    Way("GET", r"/page/facts", at_once=_ASKING),
    # Tools for language models.
    Way("POST", r"/gradio_api/mcp/?", body=64 * _KIB, reads=as_sound_json, at_once=_ASKING),
    # The API.
    Way("GET", r"/api/v1/(?:health|version|openapi\.json)"),
    Way("POST", r"/api/v1/ask", body=2 * _MIB, reads=as_sound_json, at_once=_ASKING),
    Way("POST", r"/api/v1/ask/batch", body=2 * _MIB, reads=as_sound_json, at_once=_ASKING),
    Way("GET", r"/api/v1/search", at_once=_ASKING),
    Way("GET", r"/api/v1/documents"),
    Way("GET", r"/api/v1/collections"),
    Way("POST", r"/api/v1/collections", body=64 * _KIB, reads=as_sound_json),
    Way("PATCH", rf"/api/v1/collections/{_SEGMENT}", body=64 * _KIB, reads=as_sound_json),
    Way("DELETE", rf"/api/v1/collections/{_SEGMENT}"),
    Way("POST", r"/api/v1/documents", body=64 * _MIB, seconds=900.0, at_once=2),
    Way("GET", rf"/api/v1/documents/{_SEGMENT}"),
    Way("PATCH", rf"/api/v1/documents/{_SEGMENT}", body=4 * _KIB, reads=as_sound_json),
    Way("DELETE", rf"/api/v1/documents/{_SEGMENT}"),
    Way("GET", rf"/api/v1/citations/{_SEGMENT}/{_SEGMENT}/{_SEGMENT}"),
    # Originals, which are large or take a while to be drawn.
    Way("GET", rf"/api/v1/documents/{_SEGMENT}/original", at_once=2),
    Way("GET", rf"/api/v1/documents/{_SEGMENT}/pages/{_SEGMENT}", at_once=_ASKING),
    Way("GET", rf"/api/v1/citations/{_SEGMENT}/{_SEGMENT}/{_SEGMENT}/frames", at_once=_ASKING),
    # The page's conversations.
    Way("GET", r"/api/v1/conversations"),
    Way("GET", r"/api/v1/conversations\.zip", at_once=2),
    Way("GET", rf"/api/v1/conversations/{_SEGMENT}"),
    Way("GET", rf"/api/v1/conversations/{_SEGMENT}/file"),
    Way("PATCH", rf"/api/v1/conversations/{_SEGMENT}", body=4 * _KIB, reads=as_sound_json),
    Way("DELETE", rf"/api/v1/conversations/{_SEGMENT}"),
    # Evaluations and the user's own gold pairs.
    Way("GET", r"/api/v1/evaluations"),
    Way("POST", r"/api/v1/evaluations", body=4 * _KIB, reads=as_sound_json),
    Way("GET", rf"/api/v1/evaluations/{_SEGMENT}"),
    Way("DELETE", rf"/api/v1/evaluations/{_SEGMENT}"),
    Way("GET", rf"/api/v1/evaluations/{_SEGMENT}/report"),
    Way("GET", r"/api/v1/confirmed"),
    Way("GET", r"/api/v1/gold"),
    Way("GET", r"/api/v1/gold\.jsonl"),
    Way("POST", r"/api/v1/gold", body=256 * _KIB, reads=as_sound_json),
    Way("DELETE", rf"/api/v1/gold/{_SEGMENT}"),
)  # fmt: skip
"""All of them."""

_PATHS = [(re.compile(way.path), way) for way in WAYS]


def ways(path: str) -> list[Way]:
    """The ways at ``path``, one a method."""
    return [way for pattern, way in _PATHS if pattern.fullmatch(path)]


def needs_no_token(method: str, path: str) -> bool:
    """Whether anyone may go there."""
    return any(way.who == "anyone" and way.method == method for way in ways(path))


def surfaced(app: ASGIApp) -> ASGIApp:
    """``app`` as far as the table goes: each route with its bounds, and nothing else."""
    under_way: Counter[tuple[str, Way]] = Counter()

    async def surface(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        found = ways(scope["path"])
        way = next((way for way in found if way.method == scope["method"]), None)
        if way is None:
            await _no_way(found)(scope, receive, send)
            return
        try:
            with _counted(under_way, (_client(scope), way)):
                body = await _body(way, scope, receive)
                await app(_told(scope, way), body, send)
        except _RefusedError as refused:
            if refused.unread:
                await _drained(receive)
            await respond(refused.problem, {"connection": "close"})(scope, receive, send)
        except BusyError as busy:
            await respond_to(busy, {"connection": "close"})(scope, receive, send)

    return surface


class _RefusedError(Exception):
    """A request that goes no further, and its problem. ``unread``: more of its body may come."""

    def __init__(self, status: int, zh: str, en: str, *, unread: bool = False) -> None:
        self.problem, self.unread = problem(status, zh, en), unread


def _no_way(found: list[Way]) -> ASGIApp:
    if not found:
        return respond(problem(404, "没有这个地址。", "Not Found."))
    allowed = ", ".join(sorted(way.method for way in found))
    return respond(problem(405, "这个地址不支持这种请求方法。", "Method Not Allowed."), {"allow": allowed})


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


@contextmanager
def _counted(under_way: Counter[tuple[str, Way]], mine: tuple[str, Way]) -> Iterator[None]:
    """Raises BusyError if as many requests of the client are under way on this route as may be."""
    if under_way[mine] >= mine[1].at_once:
        raise BusyError(
            "这个客户端同时发来的请求太多。请等前面的完成后再试。",
            "Too many requests of this client are under way. Try again when some are done.",
        )
    under_way[mine] += 1
    try:
        yield
    finally:
        under_way[mine] -= 1
        if not under_way[mine]:
            del under_way[mine]


async def _body(way: Way, scope: Scope, receive: Receive) -> Receive:
    """What the app receives. Raises _RefusedError for a body that is too large, too slow or not as it should be."""
    length = HTTPConnection(scope).headers.get("content-length", "0")
    if not re.fullmatch(r"\d{1,18}", length) or int(length) > way.body:
        raise _too_large(way)
    timed = _timed(way, receive)
    if way.body and not way.reads:
        return timed
    body = await _whole(way, timed)
    if way.reads:
        try:
            body = way.reads(body)
        except PayloadError as error:
            raise _RefusedError(error.status, error.zh, error.en) from error
    return _replayed(body, receive)


def _too_large(way: Way) -> _RefusedError:
    return _RefusedError(
        413,
        f"请求太大，最多 {way.body} 字节。",
        f"The request is too large; at most {way.body} bytes are taken.",
        unread=True,
    )


async def _drained(receive: Receive) -> None:
    """Take a little of what still comes: a sender that is cut off in the middle never reads why."""
    taken = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while taken < _DRAINED:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _timed(way: Way, receive: Receive) -> Receive:
    """``receive`` until the body is there, for as long as that may take."""
    until = asyncio.get_running_loop().time() + way.seconds
    complete = False

    async def receive_in_time() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise _RefusedError(408, "请求迟迟没有发完。", "The request took too long to arrive.") from None
        complete = not message.get("more_body", False)
        return message

    return receive_in_time


async def _whole(way: Way, receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > way.body:
            raise _too_large(way)
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """``body`` as one message, then what else comes: that the client has gone."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _told(scope: Scope, way: Way) -> Scope:
    """What the app is told of a request; of the body's length nothing that was true of another body."""
    if not way.framework:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if not _UNTOLD.fullmatch(name.lower())]
    headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    query = scope.get("query_string", b"")
    kept = query if way.query and way.query.fullmatch(query) else b""
    return {**scope, "headers": headers, "query_string": kept}
