"""Collections over HTTP: listed, and those of the user's own made, named, filled, emptied and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path

from rag.contract.documents import Collection
from rag.errors import NotFoundError
from rag.index.store import DocumentRecord
from rag.library import Library
from rag.retrieval.named import NamedCollections
from rag.web.endpoints import ServicesDep, problems
from rag.web.schema import requests
from rag.web.schema.described import described
from rag.wire import to_json

Name = Annotated[str, Path(max_length=100, examples=["要续签的"])]
router = APIRouter(responses=problems(400, 401, 403, 413, 422, 500, 503), tags=["documents"])


@router.get("/collections", response_model=described(list[Collection]))
def list_collections(services: ServicesDep) -> Any:
    """List the collections: folders by path, then the user's own. `ask` and `search` take their names."""
    return to_json([Collection.of(one) for one in services.live.library().collections()])


@router.post("/collections", status_code=201, response_model=described(Collection), responses=problems(404, 409))
def make_collection(new: requests.NewCollection, services: ServicesDep) -> Any:
    """Make a collection of documents, wherever their files lie."""
    library = services.live.library()
    taken = [one.name for one in library.collections()]
    return _listed(library, _own(library).make(new.name, _records(library, new.documents), taken))


@router.patch("/collections/{name}", response_model=described(Collection), responses=problems(404, 409))
def change_collection(name: Name, change: requests.CollectionChange, services: ServicesDep) -> Any:
    """Rename a collection that was made, put documents in, or out."""
    library = services.live.library()
    own, added, removed = _own(library), _records(library, change.add), _records(library, change.remove)
    if change.name is not None:
        name = own.rename(name, change.name, [one.name for one in library.collections() if one.name != name])
    if added:
        own.put(name, added)
    if removed:
        own.take(name, removed)
    return _listed(library, name)


@router.delete("/collections/{name}", status_code=204, responses=problems(404))
def delete_collection(name: Name, services: ServicesDep) -> None:
    """Delete a collection that was made; its documents stay."""
    _own(services.live.library()).delete(name)


def _own(library: Library) -> NamedCollections:
    return NamedCollections(library.index_dir)


def _records(library: Library, doc_ids: Sequence[str]) -> list[DocumentRecord]:
    """The documents with these ids, in index order. Raises NotFoundError for an unknown one."""
    wanted = set(doc_ids)
    records = [one for one in library.documents() if one.doc_id in wanted]
    for doc_id in sorted(wanted - {one.doc_id for one in records}):
        library.document(doc_id)
    return records


def _listed(library: Library, name: str) -> Any:
    collection = next((one for one in library.collections() if one.own and one.name == name), None)
    if collection is None:
        raise NotFoundError(f"没有你自己建的文档集“{name}”。", f"There is no collection of yours called “{name}”.")
    return to_json(Collection.of(collection))
