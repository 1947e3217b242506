"""Originals over HTTP: the file itself, a page of it as a picture, and the frames around a citation."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from rag.types import Span
from rag.web.endpoints import DocId, Position, ServicesDep, problems
from rag.web.schema import responses
from rag.web.schema.described import described
from rag.wire import to_json

# The id is a digest of the file: what was drawn of it stays the same.
_SHOWN = {"cache-control": "private, max-age=3600"}
# Whatever a stranger's file holds, it is saved, and never opened as a part of this site.
_SAVED = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; sandbox"}


PageNumber = Annotated[int, Path(ge=1, le=2**31, description="From 1.")]
router = APIRouter(responses=problems(400, 401, 403, 404, 413, 422, 500, 503), tags=["documents"])


def _binary(media: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/documents/{doc_id}/original", response_class=Response, responses=_binary("application/octet-stream"))
async def read_original(doc_id: DocId, services: ServicesDep) -> Response:
    """Download the file that a document was read from, as long as it is there and unchanged."""
    name, data = await services.drawing.run(lambda: services.facsimiles.original(doc_id))
    shown = name.encode("utf-8", "replace").decode("utf-8")
    headers = _SAVED | {"content-disposition": f"attachment; filename*=UTF-8''{quote(shown, safe='')}"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/documents/{doc_id}/pages/{page}", response_class=Response, responses=_binary("image/webp"))
async def draw_page(doc_id: DocId, page: PageNumber, services: ServicesDep) -> Response:
    """Look at a page of a PDF or a picture as it is: WebP, at most 2,000 pixels wide."""
    image = await services.drawing.run(lambda: services.facsimiles.image(doc_id, page))
    return Response(image, media_type="image/webp", headers=_SHOWN)


@router.get("/citations/{doc_id}/{start}/{end}/frames", response_model=described(responses.Frames))
async def frame_citation(doc_id: DocId, start: Position, end: Position, services: ServicesDep) -> Any:
    """Find a citation's words on the pages of its PDF or picture: a box for each line that they touch."""
    pages, frames = await services.drawing.run(lambda: services.facsimiles.frames(doc_id, Span(start, max(start, end))))
    return to_json(responses.Frames(pages, frames))
