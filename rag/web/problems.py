"""What went wrong, as other programs read it: problem details (RFC 9457), with the Chinese words beside the English."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from rag.errors import (
    BusyError,
    CollectionError,
    CorpusError,
    EvaluationError,
    IndexDamagedError,
    IndexMismatchError,
    IndexMissingError,
    LoadError,
    MilvusError,
    ModelError,
    NotFoundError,
    QuestionError,
    SettingsError,
    StorageError,
    VersionError,
    WenyuanError,
)
from rag.web.schema.responses import Problem
from rag.wire import to_json

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
BLANK = "about:blank"
"""The type of a problem of which its status says everything."""
# Anything else that Wenyuan raises on purpose is the server's own trouble: 500.
_STATUSES: dict[type[WenyuanError], int] = {
    QuestionError: 422,
    LoadError: 422,
    EvaluationError: 422,
    NotFoundError: 404,
    CorpusError: 409,
    CollectionError: 409,
    VersionError: 409,
    SettingsError: 409,
    IndexMissingError: 503,
    IndexDamagedError: 503,
    IndexMismatchError: 503,
    StorageError: 503,
    ModelError: 503,
    MilvusError: 503,
    BusyError: 503,
}
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ZH = {404: "没有这个地址。", 405: "这个地址不支持这种请求方法。", 400: "请求的内容无法解析。"}


class ProblemResponse(JSONResponse):
    """A problem as a response. Half of a surrogate pair, which a request can carry, is replaced."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return super().render({key: _sound(value) for key, value in content.items()})


def problem(status: int, zh: str, en: str, *, kind: str = BLANK) -> Problem:
    """A problem; its title is that of the HTTP status."""
    return Problem(kind, HTTPStatus(status).phrase, status, en, zh)


def problem_of(error: WenyuanError) -> Problem:
    """The problem that ``error`` is; ``urn:wenyuan:problem:…`` is its class in lower case."""
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower()
    return problem(status, error.zh, error.en, kind=f"urn:wenyuan:problem:{name}")


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """A problem as a response."""
    return ProblemResponse(to_json(problem), problem.status, {"cache-control": "no-store", **(headers or {})})


def respond_to(error: WenyuanError, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """The problem that ``error`` is as a response; where waiting cures it, it says how long."""
    later = {"retry-after": str(error.seconds)} if isinstance(error, BusyError) else {}
    return respond(problem_of(error), {**later, **(headers or {})})


def _sound(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


async def _on_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, WenyuanError)
    return respond_to(error)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [f"{'.'.join(map(str, one['loc']))[:100]}: {one['msg']}" for one in error.errors()[:5]]
    said = "; ".join(found)
    return respond(problem(422, f"请求不合要求：{said}", f"The request is not as it should be: {said}"))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    zh = _ZH.get(error.status_code, "请求有误。")
    headers = {"allow": _allowed(request)} if error.status_code == 405 else error.headers
    return respond(problem(error.status_code, zh, f"{error.detail}."), headers)


def _allowed(request: Request) -> str:
    """All methods of an address: the framework names those of the first endpoint only."""

    def answers(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return ", ".join(filter(answers, _METHODS))


async def _on_unexpected(_: Request, error: Exception) -> Response:
    logger.error("a request could not be served", exc_info=error)
    zh = "出了意料之外的问题。详情见服务端日志，可以再试一次。"
    return respond(problem(500, zh, "Something unexpected went wrong. The server's log has the details; try again."))


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    WenyuanError: _on_error,
    RequestValidationError: _on_invalid,
    HTTPException: _on_http,
    Exception: _on_unexpected,
}
"""What an app answers when something is raised."""
