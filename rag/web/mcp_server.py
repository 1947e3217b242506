"""The library's tools over MCP (streamable HTTP), by the protocol's own server; it keeps nothing between requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rag import __version__
from rag.web.tools import Tool

if TYPE_CHECKING:
    from mcp.server.fastmcp.tools import Tool as Described
    from mcp.server.lowlevel import Server
    from mcp.types import TextContent
    from mcp.types import Tool as Listed

PATH = "/gradio_api/mcp/"
"""Where clients were told to come when Gradio spoke MCP."""


def mount(app: FastAPI, offered: Sequence[Tool]) -> None:
    """Offer the tools at ``PATH`` of ``app``."""
    endpoint = _Endpoint(offered)
    app.router.routes += [Route(path, endpoint, methods=["POST"]) for path in (PATH, PATH.rstrip("/"))]


class _Endpoint:
    """The server as an ASGI application. The protocol is imported with the first request: a fifth of a second."""

    def __init__(self, offered: Sequence[Tool]) -> None:
        self._offered = offered

    @cached_property
    def _server(self) -> Server[Any, Any]:
        return _server(self._offered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(self._server, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


def _server(offered: Sequence[Tool]) -> Server[Any, Any]:
    from mcp.server.fastmcp.tools import Tool as Described
    from mcp.server.lowlevel import Server
    from mcp.types import TextContent

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

    return server


def _listed(tool: Described) -> Listed:
    from mcp.types import Tool as Listed

    arguments = {**tool.parameters, "additionalProperties": False}
    return Listed(name=tool.name, description=tool.description, inputSchema=arguments)
