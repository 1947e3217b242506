"""The guard lets in whom it should, and nobody else: attacks from the network, and from other sites' pages."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from rag.errors import ServeError
from rag.settings import Settings, load_settings
from rag.web import serving
from rag.web.app import serve
from rag.web.guard.access import Rules, guarded, rules

TOKEN = "correct-horse-battery"
OWN = "http://127.0.0.1:7860"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.query} {len(await request.body())}")


async def deaf(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse("did not listen")


async def forgiving(request: Request) -> Response:
    """As frameworks do: whatever goes wrong with the body is the sender's mistake."""
    try:
        await request.body()
    except Exception:
        return PlainTextResponse("bad body", 400)
    return PlainTextResponse("ok")


async def socket(connection: WebSocket) -> None:
    await connection.accept()
    await connection.close()


def client(rules: Rules, *, url: str = OWN) -> TestClient:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes = [Route(f"/{f.__name__}", f, methods=methods) for f in (echo, deaf, forgiving)]
    routes += [Route("/health", deaf), Route("/", echo), Route("/{rest:path}", echo)]
    app = Starlette(routes=[WebSocketRoute("/socket", socket), *routes])
    return TestClient(guarded(app, rules), base_url=url, follow_redirects=False)


@pytest.fixture
def local() -> TestClient:
    return client(rules("127.0.0.1"))


@pytest.fixture
def wide() -> TestClient:
    return client(rules("0.0.0.0", TOKEN), url="http://192.168.1.5:7860")


def problem(response: Any, status: int) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    members: dict[str, Any] = response.json()
    assert members.keys() == {"type", "title", "status", "detail", "detail_zh"}
    assert (members["type"], members["status"]) == ("about:blank", status)
    return members


@pytest.mark.parametrize("path", ["/echo", "/nowhere/at/all"])
def test_every_response_keeps_its_page_to_this_server(local: TestClient, path: str) -> None:
    headers = local.get(path).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'self'; ")


def test_refusals_have_the_same_headers(local: TestClient) -> None:
    refused = local.get("/echo", headers={"host": "evil.example"})
    assert (refused.status_code, refused.headers["x-frame-options"]) == (403, "SAMEORIGIN")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "127.0.0.1:1"])
def test_this_machine_is_called_by_its_own_names(local: TestClient, host: str) -> None:
    assert local.get("/echo", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1:7860@evil.example",
        "127.0.0.1:7860/x",
        "127.0.0.1:7860:80",
        "localhost.",
        "0.0.0.0:7860",
        "[::1",
        "",
        "127.0.0.1 ",
    ],
)
def test_a_name_rebound_to_this_machine_is_refused(local: TestClient, host: str) -> None:
    assert "name" in problem(local.get("/echo", headers={"host": host}), 403)["detail"]


def test_two_host_headers_are_refused(local: TestClient) -> None:
    headers = [("host", "127.0.0.1:7860"), ("host", "evil.example")]
    assert local.get("/echo", headers=headers).status_code == 403


def test_another_loopback_address_is_called_by_its_own_name_too() -> None:
    there = client(rules("127.0.0.2"))
    assert there.get("/echo", headers={"host": "127.0.0.2:7860"}).status_code == 200
    assert there.get("/echo", headers={"host": "127.0.0.3:7860"}).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:7860"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "none"},
    ],
)
def test_a_page_of_another_site_changes_nothing(local: TestClient, method: str, headers: dict[str, str]) -> None:
    refused = local.request(method, "/echo", headers=headers)
    assert "another site" in problem(refused, 403)["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": OWN},
        {"origin": OWN, "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_its_own_pages_and_programs_may_post(local: TestClient, headers: dict[str, str]) -> None:
    assert local.post("/echo", headers=headers, content=b"abc").text == "POST  3"


def test_a_link_from_another_site_opens_the_page(local: TestClient) -> None:
    assert local.get("/", headers={"sec-fetch-site": "cross-site", **BROWSER}).status_code == 200


def test_a_web_socket_of_another_site_is_closed(local: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        local.websocket_connect("/socket", headers={"host": "127.0.0.1:7860", "origin": "http://evil.example"}),
    ):
        pass
    assert closed.value.code == 1008
    with local.websocket_connect("/socket", headers={"host": "127.0.0.1:7860"}):
        pass


def test_any_other_address_needs_a_token_and_makes_one() -> None:
    first, second = rules("0.0.0.0"), rules("::")
    assert first.hosts is second.hosts is None
    assert len(first.token) == 43
    assert first.token != second.token
    assert rules("127.0.0.1").token == rules("::1").token == ""
    assert rules("127.0.0.1", TOKEN).token == TOKEN


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 15, "with a space in it", "中文口令也要有十六个字才行啊呀", "line\nbreak" * 2]
)
def test_a_weak_token_is_an_error_that_says_what_is_wanted(token: str) -> None:
    with pytest.raises(ServeError, match="16") as error:
        rules("0.0.0.0", token)
    assert "at least 16 characters" in error.value.en


def test_serving_refuses_a_weak_token_before_it_answers(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="口令"):
        serve(tmp_path, Settings(), port=0, token="weak")


def test_the_token_is_no_setting_of_a_library() -> None:
    assert load_settings(environment={"WENYUAN_TOKEN": TOKEN}) == Settings()


def test_the_printed_address_carries_a_token_that_was_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import uvicorn

    async def startup(self: uvicorn.Server, sockets: Any = None) -> None:
        pass

    def start(server: uvicorn.Server, sockets: Any) -> None:
        # The browser of other tests keeps a loop in this thread.
        with start_blocking_portal() as portal:
            portal.call(server.startup, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", startup)
    monkeypatch.setattr(uvicorn.Server, "run", start)
    with serving.listen("127.0.0.1", 0) as listener:
        address = serving.url(listener)
        serving.run(
            guarded(Starlette(), rules("127.0.0.1")), listener, token="a+b/c", started=lambda: None, ended=lambda: None
        )
    assert f"{address}?token=a%2Bb/c\n" in capsys.readouterr().out


def test_without_the_token_nothing_but_the_health_is_to_be_had(wide: TestClient) -> None:
    for path in ("/", "/echo", "/health/", "/health/x", "//health", "/HEALTH"):
        response = wide.get(path)
        assert "WENYUAN_TOKEN" in problem(response, 401)["detail"]
        assert response.headers["www-authenticate"] == "Bearer"
    assert wide.get("/health").status_code == 200
    assert wide.post("/echo").status_code == 401
    with pytest.raises(WebSocketDisconnect), wide.websocket_connect("/socket"):
        pass


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_program_sends_its_token_in_a_header(wide: TestClient, scheme: str) -> None:
    assert wide.post("/echo", headers={"authorization": f"{scheme} {TOKEN}"}).text == "POST  0"


@pytest.mark.parametrize(
    "given",
    [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "", " ", "\xff" * 16, f"Bearer {TOKEN}"],
)
def test_a_wrong_token_stays_out(wide: TestClient, given: str) -> None:
    assert wide.get("/echo", headers=[(b"authorization", f"Bearer {given}".encode("latin-1"))]).status_code == 401
    assert wide.get("/echo", params={"token": given}).status_code == 401
    assert wide.get("/echo", headers=[(b"cookie", f"wenyuan-7860={given}".encode("latin-1"))]).status_code == 401


def test_basic_credentials_are_no_token(wide: TestClient) -> None:
    assert wide.get("/echo", headers={"authorization": f"Basic {TOKEN}"}).status_code == 401


def test_a_browser_with_the_token_in_the_address_gets_a_cookie_and_a_clean_address(wide: TestClient) -> None:
    response = wide.get("/deep/er", params={"a": "1", "token": TOKEN, "b": "二"}, headers=BROWSER)
    assert (response.status_code, response.headers["location"]) == (303, "/deep/er?a=1&b=%E4%BA%8C")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("wenyuan-7860=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    assert wide.get("/echo?x=y").text == "GET x=y 0"
    assert wide.post("/echo").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example", "/%5C/evil.example"])
def test_the_clean_address_is_always_on_this_server(wide: TestClient, path: str) -> None:
    location = wide.get(f"http://192.168.1.5:7860{path}?token={TOKEN}", headers=BROWSER).headers["location"]
    assert location[0] == "/"
    assert location[1] not in "/\\"


def test_the_cookie_is_secure_behind_https() -> None:
    there = client(rules("0.0.0.0", TOKEN), url="https://wenyuan.example")
    assert "Secure" in there.get("/", params={"token": TOKEN}, headers=BROWSER).headers["set-cookie"].split("; ")


def test_a_program_may_have_the_token_in_the_address_and_the_app_never_sees_it(wide: TestClient) -> None:
    assert wide.get("/echo", params={"x": "y", "token": TOKEN}).text == "GET x=y 0"
    assert wide.post(f"/echo?%74oken={TOKEN}").text == "POST  0"


def test_a_browser_without_the_token_is_asked_for_it_in_both_languages(wide: TestClient) -> None:
    response = wide.get("/", headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert '<input id="token" name="token" type="password"' in response.text
    assert "请输入访问口令" in response.text
    assert "Enter the access token" in response.text


def test_the_token_is_compared_in_constant_time(wide: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return hmac_compare(given, wanted)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr("rag.web.guard.access.hmac.compare_digest", compare)
    wide.get("/echo", headers={"authorization": "Bearer wrong"})
    assert (b"wrong", TOKEN.encode()) in compared


def test_a_large_body_is_refused_by_its_announced_length() -> None:
    small = client(Rules(None, max_body=10))
    assert small.post("/echo", content=b"x" * 10).text == "POST  10"
    assert "10 bytes" in problem(small.post("/deaf", content=b"x" * 11), 413)["detail"]
    assert small.post("/deaf", headers={"content-length": "9" * 30}).status_code == 413
    assert small.post("/deaf", headers={"content-length": "-1"}).status_code == 413


@pytest.mark.parametrize("path", ["/echo", "/forgiving"])
def test_a_large_body_of_no_announced_length_is_refused_when_it_gets_too_large(path: str) -> None:
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for n in range(4):
            sent.append(n)
            yield b"x" * 4

    problem(client(Rules(None, max_body=10)).post(path, content=chunks()), 413)
    assert client(Rules(None, max_body=16)).post("/echo", content=chunks()).text == "POST  16"
