"""Nothing of the server is reached but what its table of routes names, and no input of a route is taken for a place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from victims import SLOW

from rag.settings import Settings
from rag.web.guard.surface import WAYS, ways
from rag.web.live_library import LiveLibrary

if TYPE_CHECKING:
    from victims import Victim

# What the framework has besides, all of it looked at: to be reached it would have to stand in the table.
CLOSED = {
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
    ("HEAD", "/api/v1/openapi.json"),
    ("POST", "/login"),
    ("POST", "/login/"),
    ("GET", "/logout"),
    ("GET", "/svelte/a/b"),
    ("GET", "/config"),
    ("GET", "/config/"),
    ("GET", "/pwa_icon"),
    ("GET", "/pwa_icon/a1"),
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/monitoring/a1"),
    *(
        (method, f"/gradio_api/{path}")
        for method, path in (
            ("POST", "api/a1"),
            ("POST", "api/a1/"),
            ("GET", "call/a1/a1"),
            ("POST", "call/a1"),
            ("POST", "call/a1/"),
            ("GET", "call/v2/a1/a1"),
            ("POST", "call/v2/a1"),
            ("POST", "call/v2/a1/"),
            ("POST", "cancel"),
            ("POST", "component_server"),
            ("POST", "component_server/"),
            ("GET", "custom_component/a1/a1/a1/a1"),
            ("GET", "app_id/"),
            ("GET", "deep_link"),
            ("GET", "dev/reload"),
            ("GET", "file/a/b"),
            ("GET", "file=a/b"),
            ("HEAD", "file=a/b"),
            ("GET", "info"),
            ("GET", "info/"),
            ("GET", "login_check"),
            ("GET", "login_check/"),
            ("GET", "openapi.json"),
            ("POST", "process_recording"),
            ("GET", "proxy=a/b"),
            ("HEAD", "proxy=a/b"),
            ("GET", "queue/status"),
            ("POST", "reset"),
            ("POST", "reset/"),
            ("POST", "run/a1/"),
            ("GET", "runs"),
            ("GET", "runs/"),
            ("GET", "startup-events"),
            ("POST", "stream/a1"),
            ("POST", "stream/a1/close"),
            ("GET", "stream/a1/a1/a1/a1.a1"),
            ("GET", "stream/a1/a1/a1/playlist-file"),
            ("GET", "stream/a1/a1/a1/playlist.m3u8"),
            ("GET", "token"),
            ("GET", "token/"),
            ("POST", "undo-vibe-edit"),
            ("POST", "undo-vibe-edit/"),
            ("POST", "upload"),
            ("GET", "upload_progress"),
            ("GET", "user"),
            ("GET", "user/"),
            ("GET", "vibe-code"),
            ("GET", "vibe-code/"),
            ("POST", "vibe-code"),
            ("POST", "vibe-code/"),
            ("POST", "vibe-edit"),
            ("POST", "vibe-edit/"),
            ("POST", "vibe-starter-queries"),
            ("POST", "vibe-starter-queries/"),
        )
    ),
}
FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
CALL: dict[str, Any] = {"data": [], "event_data": None, "fn_index": 6, "trigger_id": None, "session_hash": "abc"}


def walk(routes: Iterable[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of all ``routes``, those of routers and applications below them too."""
    for route in routes:
        path = before + getattr(route, "path", "")
        if hasattr(route, "original_router"):
            yield from walk(route.original_router.routes, before + route.include_context.prefix)
        elif getattr(route, "routes", None):
            yield from walk(route.routes, path)
        else:
            yield from ((method, path) for method in getattr(route, "methods", None) or ("ANY",))


def example(path: str) -> str:
    """An address at the template ``path``."""
    return re.sub(r"\{[^{}]*\}", "a1", re.sub(r"\{[^{}]*:path\}", "a/b", path))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    from rag.web.app import served

    index, settings = tmp_path_factory.mktemp("nothing") / "index", Settings(retrieval="bm25")
    return served(index, settings, LiveLibrary(index, settings))


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> set[tuple[str, str]]:
    return {(method, example(path)) for method, path in walk(app.routes)}


def test_every_route_of_the_server_is_in_the_table_or_known_to_be_closed(routes: set[tuple[str, str]]) -> None:
    opened = {(method, path) for method, path in routes if method in {way.method for way in ways(path)}}
    assert routes - opened - CLOSED == set()
    assert opened & CLOSED == set()
    assert len(opened) > 30


def test_every_way_of_the_table_leads_somewhere(routes: set[tuple[str, str]]) -> None:
    leading = {way for method, path in routes for way in ways(path) if way.method == method}
    assert set(WAYS) - leading == set()


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=https://example.org/",
        "gradio_api/deep_link?session_hash=abc",
        "config?deep_link=../../x",
        "gradio_api/proxy=https://example.org/",
        "monitoring",
        "gradio_api/info",
        "gradio_api/openapi.json",
        "gradio_api/mcp/schema",
        "gradio_api/mcp/sse",
        "gradio_api/dev/reload",
        "assets/%2e%2e/index.html",
        "assets/..%2f..%2froutes.py",
        "static//etc/passwd",
        "api/v1/../../config",
        "//config",
        "CONFIG",
        "config;",
        "gradio_api//info",
    ],
)
def test_what_is_not_in_the_table_is_not_found(victim: Victim, path: str) -> None:
    response = victim.web.get(f"{victim.url}{path}")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        CALL | {"data": [FILE]},
        CALL | {"data": [FILE | {"path": "/dev/zero"}]},
        CALL | {"data": [[FILE]]},
        CALL | {"data": ["/etc/passwd"]},
        CALL | {"data": [None] * 9},
        CALL | {"event_data": {"question": FILE}},
        CALL | {"event_data": [FILE]},
        CALL | {"extra": FILE},
        CALL | {"simple_format": True},
        CALL | {"event_id": "x"},
        CALL | {"fn_index": -1},
        CALL | {"fn_index": None},
        CALL | {"session_hash": "../x"},
        CALL | {"session_hash": "a" * 41},
        [],
        None,
    ],
)
@pytest.mark.parametrize("path", ["gradio_api/run/search", "gradio_api/run/predict", "gradio_api/queue/join"])
def test_no_event_of_the_page_carries_anything_but_words(victim: Victim, path: str, body: Any) -> None:
    response = victim.web.post(f"{victim.url}{path}", json=body)
    assert response.status_code == 400
    assert "root:" not in response.text


@pytest.mark.parametrize("body", [b"", b"{", b'{"data": [', b"\xff\xfe{\0}\0", b"[" * 30_000, b"null"])
def test_a_body_that_is_no_event_is_the_senders_mistake(victim: Victim, body: bytes) -> None:
    for path in ("gradio_api/run/search", "gradio_api/queue/join"):
        sent = victim.web.post(f"{victim.url}{path}", content=body, headers={"content-type": "application/json"})
        assert (sent.status_code, sent.headers["content-type"]) == (400, "application/problem+json")


def test_a_tool_takes_no_file_for_a_question(victim: Victim) -> None:
    call = {"name": "search", "arguments": {"query": FILE}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = {"accept": "application/json, text/event-stream"}
    response = victim.web.post(f"{victim.url}gradio_api/mcp/", json=message, headers=headers)
    data = next(line for line in response.text.splitlines() if line.startswith("data:"))
    result = json.loads(data.removeprefix("data:"))["result"]
    assert result["isError"]
    assert "is not of type 'string'" in result["content"][0]["text"]


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-gradio-server", "forwarded"])
def test_no_header_names_another_address_for_the_page(victim: Victim, header: str) -> None:
    response = victim.web.get(victim.url, headers={header: "http://evil.example"})
    assert response.status_code == 200
    assert "evil.example" not in response.text


def test_a_page_is_answered_by_what_the_table_names(victim: Victim) -> None:
    """As the framework's own program does it: its events, its queue, its files."""
    with victim.browsing() as client:
        page = client.get("/").text
        files = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page)
        assert files
        assert {client.get(file).status_code for file in files} == {200}
        config = re.search(r"window\.gradio_config = (\{.*?\});?\s*(?:window|</script)", page, re.DOTALL)
        assert config
        events = {
            event: one["id"] for one in json.loads(config[1])["dependencies"] for _, event in one["targets"] if event
        }
        first = client.post("gradio_api/run/predict", json=CALL | {"fn_index": events["load"]})
        assert (first.status_code, "welcome" in first.json()["data"][0]) == (200, True)
        asked = CALL | {"fn_index": events["ask"], "event_data": {"question": "暗号是什么？"}}
        assert client.post("gradio_api/queue/join?", json=asked).status_code == 200
        said = client.get("gradio_api/queue/data", params={"session_hash": "abc"}).text
        assert '"msg":"process_completed"' in said
        assert "琥珀" in said


@pytest.mark.slow
def test_more_than_can_wait_are_told_to_come_later(victim: Victim) -> None:
    asked = CALL | {"fn_index": 0, "event_data": {"question": f"{SLOW}慢说来，暗号是什么？"}}
    with victim.browsing() as client:
        statuses = [
            client.post("gradio_api/queue/join", json=asked | {"session_hash": f"s{n}"}).status_code for n in range(80)
        ]
        # Four are under way and 32 wait; the page says the rest in words.
        assert statuses == [200] * 80
        said = client.get("gradio_api/queue/data", params={"session_hash": "s79"}).text
        assert "现在太忙：前面还有 36 个请求。" in said
        with victim.going_on():
            said = client.get("gradio_api/queue/data", params={"session_hash": "s20"}).text
        assert '"msg":"process_completed"' in said
        assert "现在太忙" not in said


def test_of_sessions_only_the_last_two_hundred_are_kept(app: FastAPI) -> None:
    mounted: list[Any] = [getattr(route, "app", None) for route in app.routes]
    (gradio,) = [one for one in mounted if hasattr(one, "state_holder")]
    event = next(fn._id for fn in gradio.blocks.fns.values() if fn.name == "opening")
    with TestClient(app) as client:
        for n in range(203):
            sent = client.post("/gradio_api/run/predict", json=CALL | {"fn_index": event, "session_hash": f"s{n}"})
            assert sent.status_code == 200
    assert list(gradio.state_holder.session_data)[:2] == ["s3", "s4"]
    assert len(gradio.state_holder.session_data) == 200


def test_its_table_says_who_may_come_how_much_and_how_long() -> None:
    assert [way.path for way in WAYS if way.who == "anyone"] == ["/health"]
    for way in WAYS:
        assert bool(way.body) == (way.method in ("POST", "PATCH"))
        assert 0 < way.seconds <= 900
        assert 0 < way.at_once <= 512


def test_files_of_the_machine_stay_on_it(victim: Victim, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("never to be seen")
    payload = {"path": str(secret), "meta": {"_type": "gradio.FileData"}, "url": f"file://{secret}"}
    for path in ("gradio_api/run/search", "gradio_api/run/predict", "gradio_api/call/search", "gradio_api/queue/join"):
        for body in ({"data": [payload]}, CALL | {"data": [payload]}, CALL | {"event_data": payload}):
            assert "never to be seen" not in victim.web.post(f"{victim.url}{path}", json=body).text
