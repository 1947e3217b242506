"""What the API's endpoints share: what they work with, and how their problems are described."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from rag.indexing.uploads import UploadStore
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary
from rag.web.originals.facsimiles import Facsimiles
from rag.web.problems import MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class Services:
    """What the endpoints work with."""

    live: LiveLibrary
    upload_store: UploadStore
    asking: Admission
    filing: Admission = field(default_factory=lambda: Admission(1, 8))
    drawing: Admission = field(default_factory=lambda: Admission(2, 16))
    facsimiles: Facsimiles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facsimiles", Facsimiles(self.live))


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
DocId = Annotated[str, Path(max_length=100, examples=["0123456789ab"])]
Position = Annotated[int, Path(ge=0, le=2**53)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of error responses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described = {
        400: "The body can't be parsed.",
        401: "The server's token is needed.",
        403: "Called by a wrong name, or by a page of another site.",
        404: "No such document, collection, place or conversation.",
        409: "The last document can't be removed, or the name is taken or won't do.",
        413: "The body is too large.",
        422: "The request, or the question in it, won't do.",
        500: "Something unexpected; the server's log has the details.",
        503: "No usable index, or too much to do. Where waiting helps, `Retry-After` says how long.",
    }
    return {status: {"description": described[status], "content": content} for status in sorted(statuses)}
