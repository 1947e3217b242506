"""The HTTP API: the library as JSON under ``/api/v1``, described by its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, File, Form, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from rag import __version__
from rag.contract.documents import Document as Shown
from rag.contract.documents import Record
from rag.errors import IndexMissingError, NotFoundError, QuestionError, VersionError
from rag.indexing.uploads import Upload, UploadResult, UploadStatus, UploadStore
from rag.loading.files import is_archive
from rag.question.followup import Earlier, resolve
from rag.question.validation import validate
from rag.types import Answer, Document, Hit
from rag.web.collection_routes import router as collections
from rag.web.conversations.conversation_routes import router as conversations
from rag.web.endpoints import DocId, Position, Services, ServicesDep, problems
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary
from rag.web.originals.original_routes import router as originals
from rag.web.problems import HANDLERS, problem_of
from rag.web.quotes import opened
from rag.web.schema import requests, responses
from rag.web.schema.described import described
from rag.wire import taken, to_json

PREFIX = "/api/v1"
MAX_FILES = 100
# Of a document, in one response: blocks, and characters after which no further block begins.
MOST_BLOCKS = 2000
_MOST_CHARACTERS = 1_000_000
_DESCRIPTION = f"""\
用文档自己的话回答问题，每个答案都带可核对的出处。 Answers in the documents' own words, each with citations to check.

```sh
curl http://127.0.0.1:7860{PREFIX}/ask \\
  -H 'content-type: application/json' -d '{{"question": "豆包2024年11月的月活跃用户有多少？"}}'
```

- Every quote is a slice: `GET /documents/{{doc_id}}` gives `text`, and `text[start:end] == quote` (code points). A long
  document comes in slices, whose `text` begins at `text_start`.
- `GET /citations/{{doc_id}}/{{start}}/{{end}}` is the lasting address of a citation: `doc_id` is a digest of the file.
- Errors are `application/problem+json` (RFC 9457); `detail` says what to do in English, `detail_zh` in Chinese.
- Unknown fields are errors. A busy server answers 503 with `Retry-After`.
- Where the server asks for its token, send `Authorization: Bearer TOKEN`.
"""


class SearchQuery(BaseModel):
    """What to search for, and how many passages to return."""

    model_config = ConfigDict(extra="forbid")

    q: requests.QuestionText
    k: Annotated[int | None, Field(ge=1, le=1000, description="How many; without it as the server is set.")] = None
    collections: Annotated[requests.Names, Field(description="In the documents of these collections only.")] = []
    documents: Annotated[requests.Names, Field(description="In these documents only, beside the collections.")] = []


class SliceQuery(BaseModel):
    """Which blocks of a document to read."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[int, Field(ge=1, le=2**31, description="The number of the first block.")] = 1
    count: Annotated[
        int, Field(ge=1, le=MOST_BLOCKS, description="How many blocks at most; fewer where these are long.")
    ] = MOST_BLOCKS


router = APIRouter(responses=problems(400, 401, 403, 413, 422, 500, 503))


@router.post("/ask", response_model=described(Answer), responses=problems(404), tags=["ask"])
async def ask(body: requests.Ask, services: ServicesDep) -> Any:
    """Ask a question and get an answer with citations, or an abstention with the nearest passages."""
    return to_json(await services.asking.run(partial(_ask, services, body, body.history)))


@router.post("/ask/batch", response_model=described(responses.Results), tags=["ask"])
async def ask_batch(body: requests.Batch, services: ServicesDep) -> Any:
    """Ask up to 100 questions; one that won't do has a problem for a result, and the others their answers."""
    results = await services.asking.each([partial(_result, services, question) for question in body.questions])
    return to_json(responses.Results(results))


@router.get("/search", response_model=described(list[Hit]), responses=problems(404), tags=["ask"])
async def search(query: Annotated[SearchQuery, Query()], services: ServicesDep) -> Any:
    """Search for passages, best first, without answering."""
    hits = await services.asking.run(
        lambda: services.live.library().search(
            query.q, query.k, collections=query.collections, documents=query.documents
        )
    )
    return to_json(hits)


@router.get("/documents", response_model=described(list[Record]), tags=["documents"])
def list_documents(services: ServicesDep) -> Any:
    """List all documents, in index order."""
    return to_json(Record.all(services.live.library()))


@router.post(
    "/documents",
    response_model=described(responses.Uploads),
    responses={207: {"model": described(responses.Uploads), "description": "At least one file failed."}},
    tags=["documents"],
)
async def add_documents(
    files: Annotated[
        list[UploadFile], File(min_length=1, max_length=MAX_FILES, description="Markdown and text files.")
    ],
    services: ServicesDep,
    request: Request,
    response: Response,
    replaces: Annotated[
        str | None, Form(max_length=100, description="The document (`doc_id`) of which the file is a newer version.")
    ] = None,
) -> Any:
    """Upload files, which are kept and indexed. Status 200 if all could be read, else 207; see each file's result.

    With `replaces` it is one file, and that document stays as an older version of it.
    """
    unknown = (await request.form()).keys() - {"files", "replaces"}
    if unknown:
        raise RequestValidationError([{"loc": ("body", min(unknown)), "msg": "Extra inputs are not permitted"}])
    uploads = [Upload(file.filename or "", await file.read(services.upload_store.max_bytes + 1)) for file in files]
    results = await services.filing.run(partial(_store_uploads, services, uploads, replaces))
    if any(one.status is UploadStatus.FAILED for one in results):
        response.status_code = 207
    return to_json(responses.Uploads([_uploaded(one) for one in results]))


@router.get(
    "/documents/{doc_id}", response_model=described(responses.Document), responses=problems(404), tags=["documents"]
)
def read_document(doc_id: DocId, slice_: Annotated[SliceQuery, Query()], services: ServicesDep) -> Any:
    """Read a document: its text and its blocks, a long one in slices; `next` is the `first` of the next one."""
    return to_json(_slice(services.live.library().document(doc_id), slice_.first, slice_.count))


@router.patch("/documents/{doc_id}", response_model=described(Record), responses=problems(404, 409), tags=["documents"])
def change_document(doc_id: DocId, change: requests.DocumentChange, services: ServicesDep) -> Any:
    """Make a document an older version of another, which is asked instead of it, or a current one again."""
    library = services.live.library()
    if change.replaced_by is None:
        library.reinstate(doc_id)
    else:
        library.replace(doc_id, change.replaced_by)
    return to_json(next(one for one in Record.all(library) if one.doc_id == doc_id))


@router.delete("/documents/{doc_id}", status_code=204, responses=problems(404, 409), tags=["documents"])
async def remove_document(doc_id: DocId, services: ServicesDep) -> None:
    """Remove a document from the index, and its file if it was uploaded; a file of the user's own folders stays."""
    await services.filing.run(lambda: services.upload_store.remove(doc_id))


@router.get(
    "/citations/{doc_id}/{start}/{end}",
    response_model=described(responses.Quote),
    responses=problems(404),
    tags=["documents"],
)
def open_citation(doc_id: DocId, start: Position, end: Position, services: ServicesDep) -> Any:
    """Open a citation: its words, and the sentence, paragraph and document that they stand in."""
    return to_json(opened(services.live.library(), doc_id, start, end))


@router.get("/health", response_model=described(responses.Health), tags=["server"])
async def health(services: ServicesDep) -> Any:
    """Whether the server is up. Also at `/health`, where no token is needed."""
    return to_json(responses.Health("ok", services.live.ready))


@router.get("/version", response_model=described(responses.Version), tags=["server"])
def version(services: ServicesDep) -> Any:
    """What is running, and over which index."""
    try:
        index: responses.IndexState | None = taken(responses.IndexState, services.live.library().manifest)
    except IndexMissingError:
        index = None
    return to_json(responses.Version(__version__, index))


ROUTERS = (router, collections, originals, conversations)
"""All of the described API."""


class _Described(FastAPI):
    """The API with its description, which takes a while to make and is made when it is asked for."""

    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        # The framework has no word for it; the endpoint refuses what else comes.
        described["components"]["schemas"]["Body_add_documents"]["additionalProperties"] = False
        return described


def create_api(live: LiveLibrary, upload_store: UploadStore, asking: Admission | None = None) -> FastAPI:
    """The API as an application to be mounted at ``PREFIX``. ``asking`` is shared with whatever else asks."""
    app = _Described(
        title="问源 Wenyuan",
        version=__version__,
        description=_DESCRIPTION,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        # The usual pages of documentation are loaded from elsewhere, and nothing here is.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers=HANDLERS,
    )
    app.state.services = Services(live, upload_store, asking or Admission())
    for one in ROUTERS:
        app.include_router(one)
    return app


def mount(app: FastAPI, live: LiveLibrary, upload_store: UploadStore, asking: Admission, *others: APIRouter) -> None:
    """Put the API at ``PREFIX`` of ``app``, with ``others`` beside it, and its health at ``/health``.

    Other addresses of ``app`` give problems too.
    """
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    api = create_api(live, upload_store, asking)
    for other in others:
        api.include_router(other)
    app.mount(PREFIX, api)

    async def health() -> Any:
        # Not in a thread: when all of those are busy the server is up nevertheless.
        return to_json(responses.Health("ok", live.ready))

    app.add_api_route("/health", health, response_model=described(responses.Health))


def _store_uploads(services: Services, uploads: Sequence[Upload], replaces: str | None) -> list[UploadResult]:
    """Keep and index uploads; where one ``replaces`` a document, that is an older version of it then."""
    if replaces is None:
        return services.upload_store.add(uploads)
    if len(uploads) != 1 or is_archive(Path(uploads[0].name)):
        raise VersionError(
            "换成新版要正好一个文件，不能是压缩包。请逐个上传。",
            "A document is replaced by exactly one file, and by no archive. Upload them one by one.",
        )
    services.live.library().check_current(replaces)
    (result,) = services.upload_store.add(uploads)
    if result.status is not UploadStatus.FAILED:
        services.live.library().replace(replaces, result.doc_id)
    return [result]


def _slice(document: Document, first: int, count: int) -> responses.Document:
    """The blocks from ``first`` on with their text; positions stay those of the whole document."""
    blocks = document.blocks[first - 1 : first - 1 + count]
    blocks = tuple(b for b in blocks if b is blocks[0] or b.end - blocks[0].start <= _MOST_CHARACTERS)
    last = first - 1 + len(blocks)
    more = bool(blocks) and last < len(document.blocks)
    begin = 0 if first == 1 else blocks[0].start if blocks else len(document.text)
    end = document.blocks[last].start if more else len(document.text)
    shown = Shown.of(replace(document, blocks=blocks))
    text, following = document.text[begin:end], last + 1 if more else None
    return taken(responses.Document, shown, text=text, text_start=begin, next=following)


def _ask(services: Services, asked: requests.Question, history: Sequence[requests.Exchange] = ()) -> Answer:
    validate(asked.question)
    question = resolve(asked.question, [Earlier(one.question, one.answer) for one in history])
    documents = [*([] if asked.document is None else [asked.document]), *asked.documents]
    return services.live.library().ask(
        question, collections=asked.collections, documents=documents, min_confidence=asked.min_confidence
    )


def _result(services: Services, asked: requests.BatchQuestion) -> responses.Result:
    try:
        return responses.Result(asked.id, replace(_ask(services, asked), id=asked.id), None)
    except (QuestionError, NotFoundError) as error:
        return responses.Result(asked.id, None, problem_of(error))


def _uploaded(result: UploadResult) -> responses.Uploaded:
    return taken(
        responses.Uploaded,
        result,
        name=result.name.encode("utf-8", "replace").decode("utf-8"),
        status=result.status,
        problem=problem_of(result.error) if result.error else None,
        notices=[responses.Notice(one.en, one.zh) for one in result.notices],
    )
