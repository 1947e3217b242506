"""The library's tools over MCP (streamable HTTP), by the protocol's own server; it keeps nothing between requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.fastmcp.tools import Tool as Described
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import TextContent
from mcp.types import Tool as Listed
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rag import __version__
from rag.web.tools import Tool

PATH = "/gradio_api/mcp/"
"""Where clients were told to come when Gradio spoke MCP."""


def mount(app: FastAPI, offered: Sequence[Tool]) -> None:
    """Offer the tools at ``PATH`` of ``app``, for as long as it runs."""
    tools = {tool.name: tool for tool in map(Described.from_function, offered)}
    server: Server[Any, Any] = Server("wenyuan", version=__version__)

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def listed() -> list[Listed]:
        return [_listed(tool) for tool in tools.values()]

    @server.call_tool()  # type: ignore[untyped-decorator]
    async def called(name: str, arguments: dict[str, Any]) -> list[TextContent]:
        if name not in tools:
            raise ValueError(f"Unknown tool: {name[:100]}")
        return [TextContent(type="text", text=await tools[name].run(arguments))]

    endpoint = _Endpoint(server)
    app.router.routes += [Route(path, endpoint, methods=["POST"]) for path in (PATH, PATH.rstrip("/"))]
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with before(served) as state, endpoint.running():
            yield state

    app.router.lifespan_context = lifespan


def _listed(tool: Described) -> Listed:
    arguments = {**tool.parameters, "additionalProperties": False}
    return Listed(name=tool.name, description=tool.description, inputSchema=arguments)


class _Endpoint:
    """The server as an ASGI application. It can be run again: a manager can't."""

    def __init__(self, server: Server[Any, Any]) -> None:
        self._server = server
        self._manager = StreamableHTTPSessionManager(server, stateless=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._manager = StreamableHTTPSessionManager(self._server, stateless=True)
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)
