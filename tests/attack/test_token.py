"""The token comes from where nobody else can read it, and opens the door by the name that others use."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from conftest import Command
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.errors import ServeError
from rag.web.guard.access import guarded, rules
from rag.web.guard.access_token import TYPED, read_token

TOKEN = "correct-horse-battery"


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.method)


def test_no_argument_carries_the_token(command: Command) -> None:
    finished = command("serve", "--token", TOKEN)
    assert finished.code == 2
    assert "--token-file" in command("serve", "--help", WENYUAN_LANGUAGE="en").out


def test_it_is_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"  {TOKEN} \nsecond line")
    assert read_token(tmp_path / "token") == TOKEN
    (tmp_path / "link").symlink_to(tmp_path / "token")
    assert read_token(tmp_path / "link") == TOKEN


@pytest.mark.parametrize("name", ["nowhere", ".", "large", "bytes"])
def test_a_file_that_holds_none_is_an_error_that_does_not_tell_what_it_holds(tmp_path: Path, name: str) -> None:
    (tmp_path / "large").write_text("secret" * 1000)
    (tmp_path / "bytes").write_bytes(b"secret\xff")
    with pytest.raises(ServeError) as error:
        read_token(tmp_path / name)
    assert "secret" not in error.value.en


def test_it_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert read_token(TYPED) == TOKEN


def test_behind_a_proxy_it_is_called_by_the_name_of_that_and_needs_a_token() -> None:
    made = rules("127.0.0.1", None, "Wenyuan.example")
    assert len(made.token) == 43
    app = guarded(Starlette(routes=[Route("/", echo, methods=["GET", "POST"])]), made)
    there = TestClient(app, base_url="https://wenyuan.example", headers={"authorization": f"Bearer {made.token}"})
    assert there.get("/").status_code == 200
    assert there.post("/", headers={"origin": "https://wenyuan.example"}).status_code == 200
    assert there.post("/", headers={"origin": "https://evil.example"}).status_code == 403
    assert there.get("/", headers={"host": "evil.example"}).status_code == 403
    assert TestClient(app, base_url="https://wenyuan.example").get("/").status_code == 401


@pytest.mark.parametrize("name", ["a b", "http://a", "a/b", "a:1", "-a", "a-", "名"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ServeError):
        rules("127.0.0.1", None, name)
