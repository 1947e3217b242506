"""No page of another site reads or changes anything, by whatever name it calls this machine."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.web.guard.access import guarded, rules

if TYPE_CHECKING:
    from victims import Victim

FOREIGN = (
    "http://evil.example",
    "https://evil.example:7860",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "http://127.0.0.2:7860",
    "http://localhost:7861",
    "http://localhost.:7860",
    "http://127.0.0.1:7860.evil.example",
    "http://evil.example@127.0.0.1:7860",
    "http://[::1]",
    "http://[",
    "http://[::1",
    "http://]",
    "ftp://127.0.0.1:7860",
    "file://",
    "chrome-extension://abc",
    "127.0.0.1:7860",
    "http://127.0.0.1:7860/",
    "http://127.0.0.1:7860 http://evil.example",
    "",
)
PATHS = ("", "config", "api/v1/documents", "api/v1/ask", "gradio_api/queue/join", "gradio_api/mcp/", "page/why")
# What Gradio would answer, and a route that forgets itself.
LOOSE = {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "x-frame-options": "ALLOWALL",
    "referrer-policy": "unsafe-url",
    "content-security-policy": "default-src *",
}


async def loose(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} reached", headers=LOOSE)


async def shut_in(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse("report", headers={"content-security-policy": "sandbox allow-scripts"})


@cache
def client(address: str) -> TestClient:
    methods = ["GET", "POST", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route("/loose", loose, methods=methods), Route("/report", shut_in)])
    name = f"[{address}]" if ":" in address else address
    return TestClient(guarded(app, rules(address)), base_url=f"http://{name}:7860")


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_origin_reaches_nothing_and_is_told_nothing(victim: Victim, method: str, origin: str) -> None:
    preflight = {"access-control-request-method": "POST"} if method == "OPTIONS" else {}
    with victim.browsing() as sender:
        for path in PATHS:
            answer = sender.request(method, path, headers={"origin": origin, **preflight})
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860"])
def test_it_is_so_on_every_loopback_address_and_by_every_name(address: str, host: str) -> None:
    there = client(address)
    own = {"host": host, "origin": f"http://{host}"}
    answer = there.post("/loose", headers=own)
    assert (answer.status_code, answer.text) == (200, "POST reached")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    for origin in FOREIGN:
        foreign = {"host": host, "origin": origin}
        assert there.post("/loose", headers=foreign).status_code == (200 if origin == f"http://{host}" else 403)
        assert there.get("/loose", headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("site", "mode", "target"),
    list(
        product(
            ["cross-site", "same-site", "SAME-ORIGIN", "", "other"],
            ["cors", "no-cors", "navigate", "websocket"],
            ["empty", "image", "script", "iframe", "frame", "object", "embed", "document"],
        )
    ),
)
def test_only_a_link_that_someone_follows_leads_in_from_another_site(site: str, mode: str, target: str) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": target}
    there = client("127.0.0.1")
    followed = mode == "navigate" and target == "document"
    assert there.get("/loose", headers=headers).status_code == (200 if followed else 403)
    assert there.post("/loose", headers=headers).status_code == 403
    assert there.get("/loose", headers=headers | {"origin": "null"}).status_code == 403


def test_a_route_can_tighten_the_policy_but_not_loosen_it() -> None:
    answer = client("127.0.0.1").get("/loose")
    policies = answer.headers.get_list("content-security-policy")
    # A browser obeys all of them at once.
    assert (policies[0], len(policies)) == ("default-src *", 2)
    assert policies[1].startswith("default-src 'self'; ")
    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_a_report_stays_in_its_sandbox() -> None:
    answer = client("127.0.0.1").get("/report")
    policies = answer.headers.get_list("content-security-policy")
    assert policies[0] == "sandbox allow-scripts"
    assert policies[1].startswith("default-src 'self'; ")
    assert "cross-origin-opener-policy" not in answer.headers


def test_two_origins_are_none_of_ours() -> None:
    headers = [("origin", "http://127.0.0.1:7860"), ("origin", "http://evil.example")]
    assert client("127.0.0.1").post("/loose", headers=headers).status_code == 403
