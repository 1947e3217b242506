"""How large a request may be, whether or not it says so beforehand."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.web.problems import problem, respond


class _TooLargeError(Exception):
    """More was sent than is taken."""


def limited(app: ASGIApp, most: int) -> ASGIApp:
    """``app``, but that a body of more than ``most`` bytes is answered for it, at the latest when it gets there."""
    zh, en = f"请求太大，最多 {most} 字节。", f"The request is too large; at most {most} bytes are taken."
    too_large = respond(problem(413, zh, en), {"connection": "close"})

    async def with_limit(scope: Scope, receive: Receive, send: Send) -> None:
        length = HTTPConnection(scope).headers.get("content-length", "0")
        if not re.fullmatch(r"\d{1,18}", length) or int(length) > most:
            await too_large(scope, receive, send)
            return
        taken, over, begun = 0, False, False

        async def receive_counted() -> Message:
            nonlocal taken, over
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                over = True
                raise _TooLargeError
            return message

        async def send_unless_over(message: Message) -> None:
            nonlocal begun
            # What the app makes of the broken-off body is not what the sender should read.
            if not over or begun:
                begun = True
                await send(message)

        try:
            await app(scope, receive_counted, send_unless_over)
        except Exception:
            if not over:
                raise
        if over and not begun:
            await too_large(scope, receive, send)

    return with_limit
