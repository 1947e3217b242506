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
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import parse_qsl, quote

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import ServeError
from rag.web.guard.bodies import limited
from rag.web.guard.surface import needs_no_token
from rag.web.problems import problem, respond

MAX_BODY = 64 * 2**20
MIN_TOKEN = 16
_SAFE = frozenset({"GET", "HEAD"})
_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:\[\]/@?#\\]+)(?::(\d{1,5}))?", re.IGNORECASE)

# The browser itself refuses whatever a page of this server would load from, or send to, anywhere else.
# Inline and evaluated scripts are how the web framework starts and runs its components.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_CSP, _COOP = b"content-security-policy", b"cross-origin-opener-policy"
_HEADERS = (
    (_CSP, _POLICY.encode("ascii")),
    (_COOP, b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
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


def rules(address: str, token: str | None = None, name: str = "") -> Rules:
    """The rules of a server bound to the IP address ``address``; where a token is needed and not given, one is made.

    ``name`` is what others call it by, through a proxy on this machine. Raises ServeError for a token that is too
    short, or that no request header can carry, and for a name that is none.
    """
    if name and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", name):
        raise ServeError(
            f"{name} 不是主机名（如 wenyuan.example）。", f"{name} is no name of a host (such as wenyuan.example)."
        )
    if token is not None and not (len(token) >= MIN_TOKEN and re.fullmatch(r"[!-~]+", token)):
        raise ServeError(
            f"访问口令不合要求：至少 {MIN_TOKEN} 个字符，只用英文字母、数字和符号，不含空格。不给口令就会自动生成。",
            f"The token won't do: at least {MIN_TOKEN} characters, only ASCII letters, digits and marks, no spaces. "
            "Give none, and one is made.",
        )
    if ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        own = f"[{address}]" if ":" in address else address
        if name:
            return Rules(_OWN_NAMES | {own, name.lower()}, token or secrets.token_urlsafe())
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
    if rules.token and not needs_no_token(request.scope.get("method", ""), request.scope["path"]):
        # Cookies do not tell ports apart, and two servers may run on one machine.
        return _stranger(request, rules.token, cookie=f"wenyuan-{host[2] or ''}")
    return None


def _same_site(request: HTTPConnection, host: str) -> bool:
    """Whether a request was sent by a page of this server, by no page at all, or by a link that someone follows."""
    # No page can forge any of these headers. Browsers leave out the first where they find the address untrustworthy.
    sent_from = request.headers.get("sec-fetch-site", "none")
    origins = request.headers.getlist("origin")
    if sent_from not in ("same-origin", "none"):
        return not origins and _followed(request)
    # Our own pages keep their address to themselves, so that some of their requests come from "null".
    return not origins or (len(origins) == 1 and _is_own(origins[0], host, null=sent_from == "same-origin"))


def _is_own(origin: str, host: str, *, null: bool) -> bool:
    if origin == "null":
        return null
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def _followed(request: HTTPConnection) -> bool:
    """Whether someone goes to an address that another site has a link to: in a window of its own, not in a frame."""
    if request.scope["type"] != "http" or request.scope["method"] not in _SAFE:
        return False
    mode, target = (request.headers.get(f"sec-fetch-{name}") for name in ("mode", "dest"))
    return mode in (None, "navigate") and target in (None, "document")


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
        page = files("rag.web").joinpath("static", "login.html").read_text("utf-8")
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
            message["headers"] = _with_own(message.get("headers", ()))
        await send(message)

    return send_with_headers


def _with_own(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """``headers`` with our own. No route lets other sites in; its policy holds beside ours."""
    own = {name for name, _ in _HEADERS} - {_CSP}
    kept = [(name, value) for name, value in headers if name.lower() not in own]
    kept = [(name, value) for name, value in kept if not name.lower().startswith(b"access-control-")]
    # A page that its policy shuts into a sandbox can't have a group of windows: browsers would refuse to show it.
    shut_in = any(name.lower() == _CSP and b"sandbox" in policy for name, policy in kept)
    return [*kept, *(pair for pair in _HEADERS if not (shut_in and pair[0] == _COOP))]
