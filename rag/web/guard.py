"""What stands between the network and the app: who may ask, from which page, and how much they may send.

The app has no accounts. On this machine's own address it answers this machine only, so what must be kept out are the
pages of other sites in the user's browser; on any other address a token lets people in.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import ServeError
from rag.web.bodies import limited
from rag.web.problems import problem, respond

MAX_BODY = 64 * 2**20
MIN_TOKEN = 16
OPEN_PATH = "/health"
"""The one path that needs no token: it says that the server is up, and nothing else."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:\[\]/@?#\\]+)(?::(\d{1,5}))?", re.IGNORECASE)

# The browser itself refuses whatever a page of this server would load from, or send to, anywhere else.
# Inline and evaluated scripts are how the web framework starts and runs its components.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-dns-prefetch-control", b"off"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """``hosts``: the names that a request may call this server by (None for any). ``token``: what lets people in
    ("" for no need of one). ``max_body``: bytes of a request's body.
    """

    hosts: frozenset[str] | None
    token: str = ""
    max_body: int = MAX_BODY


def rules(address: str, token: str | None = None) -> Rules:
    """The rules of a server bound to the IP address ``address``; where a token is needed and not given, one is made.

    Raises ServeError for a token that is too short, or that no request header can carry.
    """
    if token is not None and not (len(token) >= MIN_TOKEN and re.fullmatch(r"[!-~]+", token)):
        raise ServeError(
            f"访问口令不合要求：至少 {MIN_TOKEN} 个字符，只用英文字母、数字和符号，不含空格。不给口令就会自动生成。",
            f"The token won't do: at least {MIN_TOKEN} characters, only ASCII letters, digits and marks, no spaces. "
            "Give none, and one is made.",
        )
    if ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        own = f"[{address}]" if ":" in address else address
        return Rules(_OWN_NAMES | {own}, token or "")
    return Rules(None, token or secrets.token_urlsafe())


def guarded(app: ASGIApp, rules: Rules) -> ASGIApp:
    """``app`` behind ``rules``, with headers on every response that keep its pages to this server."""
    body_limited = limited(app, rules.max_body)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        answer = _refusal(HTTPConnection(scope), rules)
        if answer is None:
            await body_limited(_without_token(scope) if rules.token else scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, _with_headers(send))

    return guard


def _refusal(request: HTTPConnection, rules: Rules) -> Response | None:
    """The response to a request that must not reach the app, or None for one that may."""
    hosts = request.headers.getlist("host")
    host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if host is None or (rules.hosts is not None and host[1].lower() not in rules.hosts):
        return respond(
            problem(
                403,
                "请求的地址不是这台服务器自己的。请用启动时显示的地址访问。",
                "The request calls this server by a name that is not its own. Use the address that it printed.",
            )
        )
    if not _same_site(request, hosts[0]):
        return respond(
            problem(
                403,
                "请求来自别的网站的页面，已拒绝。",
                "The request was sent by a page of another site and is refused.",
            )
        )
    if rules.token and request.scope["path"] != OPEN_PATH:
        # Cookies do not tell ports apart, and two servers may run on one machine.
        return _stranger(request, rules.token, cookie=f"wenyuan-{host[2] or ''}")
    return None


def _same_site(request: HTTPConnection, host: str) -> bool:
    """Whether a request that may change something was sent by a page of this server, or by no page at all."""
    if request.scope["type"] == "http" and request.scope["method"] in _SAFE:
        return True
    # No page can forge either header. Browsers leave out the first one where they find the address untrustworthy.
    sent_from = request.headers.get("sec-fetch-site", "none")
    if sent_from not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    # Our own pages keep their address to themselves, so that some of their requests come from "null".
    return origin is None or urlsplit(origin).netloc == host or (origin == "null" and sent_from == "same-origin")


def _stranger(request: HTTPConnection, token: str, *, cookie: str) -> Response | None:
    """What someone gets who does not know the token, or who knows it but has it in the address."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = [bearer.strip()] if scheme.lower() == "bearer" else []
    given += request.query_params.getlist("token")
    known = _equal(request.cookies.get(cookie, ""), _cookie_value(token))
    if not (known or any(_equal(one, token) for one in given)):
        return _login(request)
    if not (_by_browser(request) and "token" in request.query_params):
        return None
    # Out of the address, where it would be seen, kept and shared. A path of several slashes would name another host.
    scope = _without_token(request.scope)
    query = scope["query_string"].decode("ascii", "replace")
    path = "/" + quote(scope["path"].lstrip("/"))
    response = RedirectResponse(f"{path}?{query}" if query else path, 303, {"cache-control": "no-store"})
    secure = scope["scheme"] == "https"
    response.set_cookie(cookie, _cookie_value(token), path="/", secure=secure, httponly=True, samesite="strict")
    return response


def _login(request: HTTPConnection) -> Response:
    headers = {"www-authenticate": "Bearer", "cache-control": "no-store"}
    if _by_browser(request):
        page = files("rag.web").joinpath("login.html").read_text("utf-8")
        return HTMLResponse(page, 401, headers)
    zh = "需要访问口令：Authorization: Bearer 口令。口令在启动时显示，或由 WENYUAN_TOKEN 指定。"
    en = "A token is needed: Authorization: Bearer TOKEN. It was printed at the start, or set by WENYUAN_TOKEN."
    return respond(problem(401, zh, en), headers)


def _by_browser(request: HTTPConnection) -> bool:
    """Whether a person is going to this address in a browser."""
    return request.scope.get("method") == "GET" and "text/html" in request.headers.get("accept", "")


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8"))


def _cookie_value(token: str) -> str:
    # Not the token itself: any characters may stand in that, and it opens more than this browser's door.
    return hashlib.sha256(f"wenyuan cookie {token}".encode()).hexdigest()


def _without_token(scope: Scope) -> Scope:
    pieces = scope.get("query_string", b"").split(b"&")
    kept = [
        piece for piece in pieces if not any(name == "token" for name, _ in parse_qsl(piece.decode("latin-1"), True))
    ]
    return {**scope, "query_string": b"&".join(kept)}


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in _HEADERS}
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in own]
            message["headers"] = [*kept, *_HEADERS]
        await send(message)

    return send_with_headers
