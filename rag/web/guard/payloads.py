"""What a request's body may be: checked before any framework takes it apart.

A body is looked at in time that grows with its length and with nothing else.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

MOST_MARKS = 4000
"""Commas, colons and brackets of a JSON body outside of its texts: a batch of a hundred questions has 1,200."""
MOST_QUOTES = 20_000
DEEPEST = 16

# Texts go first, so that what is in them does not count. A text that does not end is taken to the end.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class PayloadError(Exception):
    """A body that won't do: the HTTP status, and why in both languages."""

    def __init__(self, status: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.status, self.zh, self.en = status, zh, en


class PageCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """An event of the page. Its state is the server's own, so that no value is ever sent but by name in ``event_data``.

    Gradio takes some objects in ``data`` for files of this machine or of the network: there can be none.
    """

    data: Annotated[list[None], msgspec.Meta(max_length=8)]
    fn_index: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    session_hash: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,40}\Z")]
    trigger_id: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    event_data: Annotated[dict[str, str], msgspec.Meta(max_length=8)] | None = None


def as_page_call(body: bytes) -> bytes:
    """``body`` as an event of the page, written anew. Raises PayloadError."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body, type=PageCall))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        reason = str(error)[:200]
        raise PayloadError(
            400, f"这不是网页会发出的请求：{reason}", f"This is no request of the page: {reason}"
        ) from error


def as_sound_json(body: bytes) -> bytes:
    """``body`` itself, if it has no more members and no deeper nesting than a request needs. Raises PayloadError."""
    if b"\0" in body:
        raise PayloadError(400, "请求的内容不是 UTF-8 的 JSON。", "The body is not JSON in UTF-8.")
    bare = _TEXT.sub(b"", body) if body.count(b'"') <= MOST_QUOTES else b"," * (MOST_MARKS + 1)
    if sum(map(bare.count, (b",", b":", b"[", b"{"))) > MOST_MARKS:
        raise PayloadError(400, "请求的内容里字段太多。", "The body has too many members.")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth < 0:
            # No parser gets any further.
            break
        if depth > DEEPEST:
            raise PayloadError(400, "请求的内容嵌套太深。", "The body is nested too deeply.")
    return body
