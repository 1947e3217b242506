"""What must hold of the guard and of uploads, whatever is sent: requests made of any bytes, given to the app itself.

`guard` and `multipart` are targets of tests/fuzz/fuzz_loaders.py; `SEEDS` are what changes begin with, there and in
tests/attack/test_fuzzed.py.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.index.file_names import safe_name
from rag.indexing.uploads import UploadStore
from rag.settings import Settings
from rag.web import api
from rag.web.guard.access import guarded, rules
from rag.web.guard.admission import Admission
from rag.web.guard.surface import surfaced, ways
from rag.web.live_library import LiveLibrary

PART = b"\xff\xfe\xff"
TOKEN = "correct-horse-battery"
OWN = b"127.0.0.1:7860"
# Statuses of the guard and its table, and 200 for what is behind them.
GUARDED = {200, 303, 400, 401, 403, 404, 405, 408, 413, 503}
UPLOADED = {200, 207, 400, 413, 422}
LOOSE = ((b"access-control-allow-origin", b"*"), (b"x-frame-options", b"ALLOWALL"), (b"referrer-policy", b"unsafe-url"))
_METHODS = ("GET", "POST", "HEAD", "DELETE", "OPTIONS", "PUT", "get", "")
# Whole headers; one that begins with another byte is what the next part holds.
_HEADERS = (
    (b"host", OWN),
    (b"host", b"localhost:7860"),
    (b"host", b"evil.example"),
    (b"origin", b"http://" + OWN),
    (b"origin", b"http://evil.example"),
    (b"origin", b"null"),
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-site", b"cross-site"),
    (b"sec-fetch-site", b"none"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"),
    (b"authorization", b"Bearer " + TOKEN.encode()),
    (b"accept", b"text/html"),
    (b"content-length", b"3"),
    (b"content-length", b"99999999999"),
    (b"content-type", b"application/json"),
    (b"x-forwarded-host", b"evil.example"),
)
_ADDRESSES = (
    "/",
    "/health",
    "/config",
    "/api/v1/ask",
    "/gradio_api/queue/join",
    "/gradio_api/run/a",
    "/gradio_api/mcp/",
)
_EVENT = b'{"data":[],"fn_index":0,"session_hash":"a"}'
_UPLOAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n\xe7\x94\xb2\r\n--x--\r\n'

SEEDS: dict[str, tuple[bytes, ...]] = {
    # The method, the address, whether there is a token, headers; then the query, what `_HEADERS` lacks, and the body.
    "guard": (
        bytes([0, 0, 0, 0]) + PART,
        bytes([1, 3, 0, 0, 3, 6]) + PART + PART + b'{"question":"a"}',
        bytes([1, 4, 0, 1, 15, 6]) + PART + PART + _EVENT,
        bytes([0, 2, 0, 0]) + PART,
        bytes([2, 3, 0, 0]) + PART,
        bytes([3, 255, 0, 0, 4]) + PART + b"/api/v1/documents/a" + PART,
        bytes([0, 0, 1, 0, 11]) + PART,
        bytes([0, 0, 1, 0, 12]) + PART + b"token=" + TOKEN.encode(),
        bytes([1, 6, 0, 0, 7, 9, 10]) + PART + PART + b"{}" + PART + b"{}",
        bytes([0, 255, 0, 0, 255]) + PART + b"/assets/a.js" + PART + b"origin: http://[" + PART,
    ),
    # The boundary as the header has it, then the body in pieces.
    "multipart": (
        b"x" + PART + _UPLOAD,
        b"x" + PART + _UPLOAD[:40] + PART + _UPLOAD[40:],
        b"x" + PART + _UPLOAD.replace(b"a.md", b"../../a.md"),
        b"x" + PART + _UPLOAD.replace(b"a.md", b"CON.txt"),
        b"x" + PART + _UPLOAD.replace(b'"a.md"', b"a%00.md; filename*=utf-8''..%2fb.md"),
        b"x" + PART + _UPLOAD.replace(b"--x--\r\n", b"") * 3 + b"--x--\r\n",
        b"x" + PART + _UPLOAD.replace(b"files", b"other"),
        b"x" + PART + _UPLOAD.replace(b"\xe7\x94\xb2", b"a lot more than four bytes"),
    ),
}


def changed(seeds: tuple[bytes, ...], count: int, *, seed: int) -> Iterator[bytes]:
    """``count`` changes of ``seeds``: bytes replaced, removed, doubled, moved, put in from another seed."""
    random = Random(seed)
    yield from seeds
    for _ in range(count):
        data = bytearray(random.choice(seeds))
        for _ in range(random.randint(1, 6)):
            start = random.randint(0, len(data))
            end = min(len(data), start + random.randint(0, 8))
            other = random.choice(seeds)
            place = random.randint(0, len(other))
            with_ = (
                random.randbytes(end - start), b"", bytes(data[start:end]) * 2, other[place : place + 8], PART,
                bytes([random.randint(0, 20)]),
            )  # fmt: skip
            data[start:end] = random.choice(with_)
        yield bytes(data)


def guard(data: bytes) -> int:
    """Whatever a request is, it is refused in our words, or reaches the app by the table, from its own page, bounded.

    Gives the status.
    """
    numbers, *texts = data.split(PART)
    choices, more = iter(numbers), iter(texts)
    method = _METHODS[next(choices, 0) % len(_METHODS)]
    place = next(choices, 0)
    path = (
        _ADDRESSES[place] if place < len(_ADDRESSES) else "/" + next(more, b"").decode("utf-8", "replace").lstrip("/")
    )
    token = TOKEN if next(choices, 0) % 2 else ""
    headers = [_HEADERS[n] if n < len(_HEADERS) else _header(next(more, b"")) for n in list(choices)[:20]]
    scope = _request(method, path, next(more, b""), headers)
    reached: list[tuple[Scope, bytes]] = []

    async def app(inner: Scope, receive: Receive, send: Send) -> None:
        reached.append((inner, await _body(receive)))
        await send({"type": "http.response.start", "status": 200, "headers": list(LOOSE)})
        await send({"type": "http.response.body", "body": b"reached"})

    status, body = answered(guarded(surfaced(app), rules("127.0.0.1", token or None)), scope, list(more))
    assert status in GUARDED
    assert (status == 200) == bool(reached)
    assert bool(reached) == (body == b"reached")
    for inner, received in reached:
        _check_reached(scope, inner, received, token)
    return status


def _check_reached(scope: Scope, inner: Scope, received: bytes, token: str) -> None:
    way = next(way for way in ways(scope["path"]) if way.method == scope["method"])
    assert len(received) <= way.body
    names = [name for name, _ in scope["headers"]]
    sent = dict(reversed(scope["headers"]))
    assert names.count(b"host") == 1
    assert re.fullmatch(rb"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", sent[b"host"].lower())
    site, origin = sent.get(b"sec-fetch-site", b"none"), sent.get(b"origin")
    assert names.count(b"origin") <= 1
    if site not in (b"none", b"same-origin"):
        assert (origin, scope["method"] in ("GET", "HEAD")) == (None, True)
        assert sent.get(b"sec-fetch-mode", b"navigate") == b"navigate"
        assert sent.get(b"sec-fetch-dest", b"document") == b"document"
    elif origin is not None:
        own = {b"http://" + sent[b"host"].lower(), b"https://" + sent[b"host"].lower()}
        assert origin.lower() in own or (origin, site) == (b"null", b"same-origin")
    if token and way.who != "anyone":
        given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        assert sent.get(b"authorization", b"").endswith(token.encode()) or given.get("token") == token
        assert token.encode() not in inner["query_string"]
    if way.framework:
        told = {name for name, _ in inner["headers"]}
        assert not [name for name in told if name.startswith((b"x-forwarded", b"x-gradio", b"authorization"))]
        assert inner["query_string"] == b"" or re.fullmatch(rb"session_hash=[A-Za-z0-9]{1,40}", inner["query_string"])


def multipart(data: bytes) -> int:
    """Whatever is uploaded, there is an answer of ours, each file has a result, and only safe names are kept.

    Gives the status.
    """
    app, index = _uploads()
    boundary, *pieces = data.split(PART)
    kind = b"multipart/form-data; boundary=" + re.sub(rb"[\r\n\0]", b"", boundary)
    headers = [_HEADERS[0], (b"content-type", kind)]
    before = set(index.parent.iterdir())
    try:
        status, body = answered(app, _request("POST", "/api/v1/documents", b"", headers), pieces)
        assert status in UPLOADED, (status, body)
        results = json.loads(body).get("results", [])
        assert bool(results) == (status in (200, 207))
        assert len(results) <= api.MAX_FILES
        assert (status == 207) == any(one["status"] == "failed" for one in results)
        kept = [path.name for path in (index / "uploads").glob("**/*")]
        assert [name for name in kept if safe_name(name) != name] == []
        assert len(kept) == sum(one["status"] == "added" for one in results)
        assert set(index.parent.iterdir()) <= before | {index}
    finally:
        shutil.rmtree(index, ignore_errors=True)
    return status


@cache
def _uploads() -> tuple[ASGIApp, Path]:
    """The API, and the folder of its index, which is emptied after each request; files of four bytes are taken."""
    index, settings = Path(tempfile.mkdtemp()) / "index", Settings(retrieval="bm25")
    app = FastAPI(openapi_url=None)
    api.mount(app, LiveLibrary(index, settings), UploadStore(index, settings, max_bytes=4), Admission())
    return guarded(surfaced(app), rules("127.0.0.1")), index


def _header(raw: bytes) -> tuple[bytes, bytes]:
    name, _, value = raw.partition(b":")
    return re.sub(rb"[^a-z0-9-]", b"", name.lower()), value.strip()


def _request(method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> Scope:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method,
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query, "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 7860), "state": {},
    }  # fmt: skip


async def _body(receive: Receive) -> bytes:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def answered(app: ASGIApp, scope: Scope, pieces: list[bytes]) -> tuple[int, bytes]:
    """Status and body of what ``app`` says to a request; its headers are our own."""
    coming: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    coming += [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    _thread().submit(_loop().run, _awaited(app, scope, receive, send)).result()
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1
    headers: dict[bytes, bytes] = dict(starts[0]["headers"])
    assert (headers[b"x-frame-options"], headers[b"referrer-policy"]) == (b"SAMEORIGIN", b"no-referrer")
    assert b"content-security-policy" in headers
    assert not [name for name in headers if name.startswith(b"access-control")]
    return starts[0]["status"], b"".join(message.get("body", b"") for message in sent)


async def _awaited(app: ASGIApp, *arguments: Any) -> None:
    await app(*arguments)


@cache
def _thread() -> ThreadPoolExecutor:
    """A thread of its own: playwright's tests leave a running loop in theirs."""
    return ThreadPoolExecutor(1)


@cache
def _loop() -> asyncio.Runner:
    return asyncio.Runner()
