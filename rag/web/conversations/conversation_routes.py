"""The kept conversations over HTTP: listed, searched, read, named, deleted, and taken away as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.errors import Language
from rag.web.conversations.conversation_file import MOST_CONVERSATIONS, ConversationFile
from rag.web.conversations.taking import Format, everything, file_name, one
from rag.web.endpoints import problems
from rag.web.schema import requests, responses
from rag.web.schema.described import described
from rag.wire import taken, to_json

_MEDIA: dict[Format, str] = {
    "md": "text/markdown",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_PIECE = 2**16


def _kept(request: Request) -> ConversationFile:
    kept: ConversationFile = request.app.state.services.live.conversations
    return kept


class ListQuery(BaseModel):
    """Which conversations to list."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(max_length=1000, description="Only those whose name, questions or answers have this.")] = ""
    count: Annotated[
        int, Field(ge=1, le=MOST_CONVERSATIONS, description="How many at most: those that were used last.")
    ] = MOST_CONVERSATIONS


class FileQuery(BaseModel):
    """As what to take conversations away."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[
        Format, Field(description="Markdown, a web page that needs nothing else, or a Word document.")
    ] = "md"
    language: Annotated[Language, Field(description="The language of the words around questions and answers.")] = "zh"
    base: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s\"<>]+)?$", max_length=300, description="The page's address, for links to places."
        ),
    ] = ""


Kept = Annotated[ConversationFile, Depends(_kept)]
Id = Annotated[str, Path(max_length=100, examples=["q1Zr0o8yJx7N"])]
router = APIRouter(responses=problems(400, 401, 403, 413, 422, 500, 503), tags=["conversations"])


@router.get("/conversations", response_model=described(responses.Conversations))
def list_conversations(query: Annotated[ListQuery, Query()], kept: Kept) -> Any:
    """List the page's conversations, last used first: all, `count` of them, or those that have some words."""
    listed = [responses.ConversationRecord.of(one) for one in kept.listed(query.q, query.count)]
    return to_json(responses.Conversations(kept.lasting, listed))


@router.get("/conversations.zip", response_class=Response)
def take_conversations(query: Annotated[FileQuery, Query()], kept: Kept) -> Response:
    """Take all conversations away: a ZIP archive with a file for each."""
    archive = everything(kept, query.format, query.language, query.base)
    return StreamingResponse(_pieces(archive), media_type="application/zip", headers=_named("wenyuan.zip"))


@router.get(
    "/conversations/{conversation_id}", response_model=described(responses.Conversation), responses=problems(404)
)
def read_conversation(conversation_id: Id, kept: Kept) -> Any:
    """Read a conversation: what was asked, and each answer as it was given."""
    turns = [responses.Exchanged(turn.asked, *turn.only, turn.answer) for turn in kept.turns(conversation_id)]
    record = responses.ConversationRecord.of(kept.one(conversation_id))
    return to_json(taken(responses.Conversation, record, turns=turns))


@router.get("/conversations/{conversation_id}/file", response_class=Response, responses=problems(404))
def take_conversation(conversation_id: Id, query: Annotated[FileQuery, Query()], kept: Kept) -> Response:
    """Take a conversation away: its questions, answers and sources as one file."""
    file = one(kept, conversation_id, query.format, query.language, query.base)
    name = file_name(kept.one(conversation_id), query.format)
    return Response(file, media_type=_MEDIA[query.format], headers=_named(name))


@router.patch("/conversations/{conversation_id}", status_code=204, responses=problems(404))
def change_conversation(conversation_id: Id, change: requests.ConversationChange, kept: Kept) -> None:
    """Rename a conversation, or take its deletion back: for an hour that can be done."""
    if change.deleted is False:
        kept.restore(conversation_id)
    if change.name is not None:
        kept.rename(conversation_id, change.name)


@router.delete("/conversations/{conversation_id}", status_code=204, responses=problems(404))
def delete_conversation(conversation_id: Id, kept: Kept) -> None:
    """Delete a conversation."""
    kept.delete(conversation_id)


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "cache-control": "no-store"}


def _pieces(archive: IO[bytes]) -> Iterator[bytes]:
    with archive:
        while piece := archive.read(_PIECE):
            yield piece
