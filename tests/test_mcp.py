"""The library over MCP, as a client of the protocol meets it: a real server, and the protocol's own client."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from conftest import ROOT
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

T = TypeVar("T")
DOUBAO = "豆包2024年11月的月活跃用户有多少？"
TOKEN = "correct-horse-battery"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def server(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app over the two articles in a process of its own; its address."""
    log = tmp_path_factory.mktemp("mcp") / "server.log"
    code = "import sys; from pathlib import Path; from rag.web.app import serve; from rag.settings import Settings; "
    code += f"serve(Path(sys.argv[1]), Settings(), port=0, token={TOKEN!r})"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as output:
        command = [sys.executable, "-c", code, str(index_dir)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 120
        while not (ready := re.search(r"http://\S+", log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)
        yield f"{ready.group()}gradio_api/mcp/"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()


@asynccontextmanager
async def session(url: str) -> AsyncIterator[ClientSession]:
    async with (
        httpx.AsyncClient(headers={"authorization": f"Bearer {TOKEN}"}, timeout=120) as web,
        streamable_http_client(url, http_client=web) as (read, write, _),
        ClientSession(read, write) as opened,
    ):
        await opened.initialize()
        yield opened


def said(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def run(work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` gives, in a thread of its own: the browser of other tests keeps a loop in this one."""
    with start_blocking_portal() as portal:
        return portal.call(work)


def test_the_tools_say_in_both_languages_what_they_do(server: str) -> None:
    async def list_tools() -> dict[str, Any]:
        async with session(server) as opened:
            return {tool.name: tool for tool in (await opened.list_tools()).tools}

    tools = run(list_tools)
    assert tools.keys() == {"ask", "search", "list_collections", "open_citation"}
    for tool in tools.values():
        assert re.search("[一-鿿]", tool.description)
        assert re.search("document", tool.description)
        for described in tool.inputSchema["properties"].values():
            assert described["description"]
    assert tools["ask"].inputSchema["properties"].keys() == {"question", "document", "collections"}
    assert tools["ask"].inputSchema["required"] == ["question"]
    assert tools["open_citation"].inputSchema["properties"]["start"]["type"] in ("integer", "number")


def test_an_answer_has_a_citation_that_opens_the_same_words(server: str) -> None:
    async def converse() -> tuple[Any, Any, Any]:
        async with session(server) as opened:
            answer = json.loads(said(await opened.call_tool("ask", {"question": DOUBAO})))
            cited = answer["citations"][0]
            where = {name: cited[name] for name in ("doc_id", "start", "end")}
            quote = json.loads(said(await opened.call_tool("open_citation", where)))
            hits = json.loads(said(await opened.call_tool("search", {"query": DOUBAO, "k": 3})))
            return answer, quote, hits

    answer, quote, hits = run(converse)
    assert (answer["status"], answer["answer"]) == ("answered", "近6000万")
    assert quote["quote"] == answer["citations"][0]["quote"] == "近6000万"
    assert (quote["sentence"], quote["paragraph"]) == (answer["citations"][0]["sentence"], 4)
    assert [hit["rank"] for hit in hits] == [1, 2, 3]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("ask", {"question": "？！"}, "Ask in words"),
        ("ask", {"question": DOUBAO, "document": "nowhere"}, "There is no document nowhere"),
        (
            "search",
            {"query": DOUBAO, "collections": ["nowhere"]},
            "There is no collection “nowhere”. There are: corpus.",
        ),
        ("open_citation", {"doc_id": "nowhere", "start": 0, "end": 1}, "There is no document nowhere"),
        ("search", {"query": " "}, "Type a question"),
        ("nothing", {}, "Unknown tool"),
    ],
)
def test_what_went_wrong_is_said_to_the_model(server: str, tool: str, arguments: dict[str, Any], words: str) -> None:
    async def call() -> CallToolResult:
        async with session(server) as opened:
            return await opened.call_tool(tool, arguments)

    result = run(call)
    assert result.isError
    assert words in said(result)
    assert "Traceback" not in said(result)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong-horse-battery"}, 401),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}, 403),
        ({"authorization": f"Bearer {TOKEN}", "host": "evil.example"}, 403),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_the_guard_stands_before_the_tools_too(server: str, headers: dict[str, str], status: int) -> None:
    assert httpx.post(server, json=INITIALIZE, headers=ACCEPT | headers, timeout=60).status_code == status
