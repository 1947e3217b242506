"""The HTTP API: the library's own answers as JSON, every error a problem that says what to do, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from conftest import ARTICLE
from documents import HashEncoder
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag import __version__
from rag.contract import answer_json
from rag.contract.documents import Document, Record
from rag.errors import BusyError
from rag.indexing.uploads import UploadStore
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer
from rag.web import api
from rag.web.guard.access import guarded, rules
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary
from rag.web.schema.described import described
from rag.web.schema.responses import Problem
from rag.wire import to_json

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
GPT5 = "GPT-5是什么时候发布的？"
OWN = "http://127.0.0.1:7860"
# What is asked without any model.
PLAIN = Settings(retrieval="bm25", min_confidence=0.0)


def served(index: Path, settings: Settings, **more: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)
    api.mount(app, LiveLibrary(index, settings), UploadStore(index, settings), more.pop("asking", Admission()))
    return app


def client(app: FastAPI) -> TestClient:
    return TestClient(guarded(app, rules("127.0.0.1")), base_url=OWN, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def real(index_dir: Path) -> Iterator[TestClient]:
    """The API over the two articles, with the real models."""
    with client(served(index_dir, Settings())) as opened:
        yield opened


@pytest.fixture
def index(tmp_path: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    return tmp_path / "index"


@pytest.fixture
def small(index: Path) -> Iterator[TestClient]:
    """The API over a library that is still empty, with a small model."""
    with client(served(index, PLAIN)) as opened:
        yield opened


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    members: dict[str, Any] = response.json()
    assert described(Problem).model_validate(members)
    assert (members["status"], members["type"]) == (status, kind)
    return members


def upload(to: TestClient, *files: tuple[str, str | bytes]) -> list[dict[str, Any]]:
    response = to.post("/api/v1/documents", files=[("files", file) for file in files])
    results: list[dict[str, Any]] = response.json()["results"]
    failed = any(result["status"] == "failed" for result in results)
    assert response.status_code == (207 if failed else 200)
    return results


def without_timings(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "timings_ms": sorted(answer["timings_ms"])}


def test_an_answer_is_that_of_the_library_and_its_citation_opens_the_same_words(
    real: TestClient, library: Library
) -> None:
    answer = real.post("/api/v1/ask", json={"question": DOUBAO}).json()
    assert answer["answer"] == "近6000万"
    assert without_timings(answer) == without_timings(answer_json(library.ask(DOUBAO)))
    (cited,) = [c for c in answer["citations"] if c["role"] == "answer"]
    opened = real.get(f"/api/v1/citations/{cited['doc_id']}/{cited['start']}/{cited['end']}").json()
    same = ("doc_id", "title", "source", "paragraph", "start", "end", "quote", "sentence")
    assert {name: opened[name] for name in same} == {name: cited[name] for name in same}
    document = real.get(f"/api/v1/documents/{cited['doc_id']}").json()
    assert document["text"][opened["start"] : opened["end"]] == "近6000万"
    assert document["text"][opened["sentence_start"] :].startswith(opened["sentence"])


def test_an_unanswerable_question_is_an_answer_that_abstains(real: TestClient) -> None:
    answer = real.post("/api/v1/ask", json={"question": GPT5}).json()
    assert (answer["status"], answer["answer"], answer["citations"]) == ("abstained", "", [])
    assert len(answer["hits"]) == 10


def test_a_question_may_be_put_to_one_document_and_with_another_confidence(real: TestClient, library: Library) -> None:
    (funnel,) = [record.doc_id for record in library.documents() if not record.source.endswith(ARTICLE)]
    one = real.post("/api/v1/ask", json={"question": DOUBAO, "document": funnel}).json()
    assert {hit["doc_id"] for hit in one["hits"]} == {funnel}
    sure = real.post("/api/v1/ask", json={"question": DOUBAO, "min_confidence": 1}).json()
    assert sure["status"] == "abstained"


def test_a_batch_has_each_answer_or_its_problem_in_order(real: TestClient) -> None:
    asked = [
        {"id": "a", "question": DOUBAO},
        {"id": "b", "question": "？！"},
        {"question": DOUBAO, "document": "nowhere"},
        {"question": GPT5},
    ]
    results = real.post("/api/v1/ask/batch", json={"questions": asked}).json()["results"]
    assert [result["id"] for result in results] == ["a", "b", None, None]
    assert (results[0]["answer"]["id"], results[0]["answer"]["answer"]) == ("a", "近6000万")
    assert [result["problem"] and result["problem"]["status"] for result in results] == [None, 422, 404, None]
    assert results[3]["answer"]["status"] == "abstained"


def test_search_and_documents_are_those_of_the_library(real: TestClient, library: Library) -> None:
    hits = real.get("/api/v1/search", params={"q": DOUBAO, "k": 3}).json()
    assert hits == to_json(library.search(DOUBAO, 3))
    records = real.get("/api/v1/documents").json()
    assert records == to_json([Record.of(record, ["corpus"]) for record in library.documents()])
    document = real.get(f"/api/v1/documents/{records[0]['doc_id']}").json()
    assert (document.pop("text_start"), document.pop("next")) == (0, None)
    assert document == to_json(Document.of(library.document(records[0]["doc_id"])))


def test_a_long_document_comes_in_slices_that_make_up_the_whole(small: TestClient) -> None:
    lines = [f"第{n}行。" for n in range(4500)]
    (added,) = upload(small, ("long.txt", "\n".join(lines)))
    there, first, text, sizes = f"/api/v1/documents/{added['doc_id']}", 1, "", []
    while first:
        part = small.get(there, params={"first": first}).json()
        assert part["text_start"] == len(text)
        for block in part["blocks"]:
            said = part["text"][block["start"] - len(text) : block["end"] - len(text)]
            assert said == lines[block["paragraph"] - 1]
        text, first = text + part["text"], part["next"]
        sizes.append(len(part["blocks"]))
    assert (text, sizes) == ("\n".join(lines), [2000, 2000, 500])
    beyond = small.get(there, params={"first": 9999}).json()
    assert (beyond["text"], beyond["blocks"], beyond["next"]) == ("", [], None)
    assert small.get(there, params={"count": 3}).json()["next"] == 4
    for wrong in ({"first": 0}, {"count": 2001}, {"frist": 1}):
        problem(small.get(there, params=wrong), 422, "about:blank")


def test_the_version_names_the_index(real: TestClient, library: Library) -> None:
    version = real.get("/api/v1/version").json()
    assert version["version"] == __version__
    assert version["index"]["generation"] == library.manifest.generation
    assert (version["index"]["documents"], version["index"]["passages"]) == (2, library.manifest.passages)


def test_health_is_at_the_top_too(small: TestClient) -> None:
    assert small.get("/health").json() == small.get("/api/v1/health").json() == {"status": "ok", "ready": False}


def test_an_empty_library_says_what_to_do_and_takes_a_first_upload(small: TestClient, index: Path) -> None:
    missing = problem(small.post("/api/v1/ask", json={"question": DOUBAO}), 503, "urn:wenyuan:problem:index-missing")
    assert "wenyuan index" in missing["detail"]
    assert "请先建索引" in missing["detail_zh"]
    assert small.get("/api/v1/version").json()["index"] is None
    (added,) = upload(small, ("豆包.md", "豆包的月活跃用户近6000万。"))
    assert (added["name"], added["status"], added["title"], added["problem"]) == ("豆包.md", "added", "豆包", None)
    answer = small.post("/api/v1/ask", json={"question": "豆包的月活跃用户有多少？"}).json()
    assert answer["answer"].endswith("近6000万")
    assert answer["citations"][0]["doc_id"] == added["doc_id"]
    assert (index / "uploads" / "豆包.md").exists()


def test_every_uploaded_file_has_its_own_result(small: TestClient) -> None:
    results = upload(
        small,
        ("../../etc/x.md", "第一篇文章。"),
        ("same.txt", "第一篇文章。"),
        ("empty.md", b""),
        ("binary.txt", b"\x89PNG\0\0"),
        ("a.exe", b"MZ"),
    )
    assert [result["status"] for result in results] == ["added", "duplicate", "failed", "failed", "failed"]
    assert results[1]["doc_id"] == results[0]["doc_id"]
    assert [result["problem"]["type"] for result in results[2:]] == ["urn:wenyuan:problem:load"] * 3
    assert [record["title"] for record in small.get("/api/v1/documents").json()] == ["x"]


def test_an_upload_without_a_readable_file_is_no_success(small: TestClient) -> None:
    assert upload(small, ("a.exe", b"MZ"))[0]["status"] == "failed"
    problem(small.get("/api/v1/documents"), 503, "urn:wenyuan:problem:index-missing")


def test_an_upload_of_another_name_or_with_more_fields_is_refused(small: TestClient) -> None:
    file = ("a.md", "第一篇文章。")
    named = small.post("/api/v1/documents", files=[("file", file)])
    assert "body.files: Field required" in problem(named, 422, "about:blank")["detail"]
    more = small.post("/api/v1/documents", files=[("files", file)], data={"folder": "x"})
    assert "body.folder: Extra inputs" in problem(more, 422, "about:blank")["detail"]
    problem(small.get("/api/v1/documents"), 503, "urn:wenyuan:problem:index-missing")


def test_removing_takes_the_document_and_its_file_but_not_the_last(small: TestClient, index: Path) -> None:
    first, second = upload(small, ("a.md", "第一篇文章。"), ("b.md", "第二篇文章。"))
    gone = small.delete(f"/api/v1/documents/{first['doc_id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert [path.name for path in (index / "uploads").iterdir()] == ["b.md"]
    problem(small.delete(f"/api/v1/documents/{first['doc_id']}"), 404, "urn:wenyuan:problem:not-found")
    problem(small.delete(f"/api/v1/documents/{second['doc_id']}"), 409, "urn:wenyuan:problem:corpus")


@pytest.mark.parametrize(
    ("path", "words"), [("nowhere/0/1", "nowhere"), ("{}/5/5", "5"), ("{}/0/99999", "6"), ("{}/9/3", "9")]
)
def test_a_citation_that_leads_nowhere_is_not_found(small: TestClient, path: str, words: str) -> None:
    (added,) = upload(small, ("a.md", "第一篇文章。"))
    response = small.get(f"/api/v1/citations/{path.format(added['doc_id'])}")
    assert words in problem(response, 404, "urn:wenyuan:problem:not-found")["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "body.question: Field required"),
        ({"question": 5}, "body.question: "),
        ({"question": DOUBAO, "doc_id": "x"}, "body.doc_id: Extra inputs"),
        ({"question": DOUBAO, "min_confidence": 1.5}, "body.min_confidence: "),
        ({"question": DOUBAO, "min_confidence": "0.5"}, "body.min_confidence: "),
        ({"question": DOUBAO, "history": [{"question": "a"}]}, "body.history.0.answer: Field required"),
        ({"question": "\ud800" + DOUBAO}, "half of a surrogate pair"),
        ({"question": DOUBAO, "document": "\udfff"}, "half of a surrogate pair"),
        ({"question": DOUBAO, "\ud800": 1}, "body"),
        ([DOUBAO], "body: "),
    ],
)
def test_a_request_that_is_not_as_described_is_refused(small: TestClient, body: Any, words: str) -> None:
    response = small.post("/api/v1/ask", content=json.dumps(body), headers={"content-type": "application/json"})
    assert words in problem(response, 422, "about:blank")["detail"]


@pytest.mark.parametrize(("question", "words"), [("", "empty"), (" ？ ", "no words"), ("长" * 1001, "at most 1000")])
def test_a_question_that_cannot_be_asked_is_refused_in_both_languages(
    small: TestClient, question: str, words: str
) -> None:
    upload(small, ("a.md", "第一篇文章。"))
    for response in (
        small.post("/api/v1/ask", json={"question": question}),
        small.get("/api/v1/search", params={"q": question}),
    ):
        refused = problem(response, 422, "urn:wenyuan:problem:question")
        assert words in refused["detail"]
        assert "问题" in refused["detail_zh"]


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"question": ' + b"9" * 5000 + b"}", b"\xff\xfe", b""])
def test_a_body_that_is_no_json_is_refused(small: TestClient, body: bytes) -> None:
    response = small.post("/api/v1/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_an_unknown_address_or_method_is_a_problem_too(small: TestClient) -> None:
    problem(small.get("/api/v1/nowhere"), 404, "about:blank")
    wrong = small.put("/api/v1/ask")
    problem(wrong, 405, "about:blank")
    assert wrong.headers["allow"] == "POST"
    assert small.put("/api/v1/documents/x").headers["allow"] == "DELETE, GET, PATCH"
    problem(small.get("/api/v1/documents/a%0Ab"), 404, "about:blank")
    assert problem(small.get("/api/v1/search?q=a&kk=3"), 422, "about:blank")["detail"].endswith("not permitted")


def test_a_follow_up_is_asked_as_what_it_means(small: TestClient) -> None:
    upload(small, ("a.md", "豆包的月活跃用户近6000万。"))
    body = {"question": "它的月活跃用户有多少？", "history": [{"question": "豆包是谁做的？", "answer": "字节跳动"}]}
    answer = small.post("/api/v1/ask", json=body).json()
    assert (answer["question"], answer["answer"]) == ("豆包的月活跃用户有多少？", "近6000万")
    assert answer["parts"] == [
        {
            "question": "豆包的月活跃用户有多少？",
            "items": [
                {
                    "text": "近6000万",
                    "citations": [1],
                    "differs": False,
                    "edition": None,
                    "heading": None,
                    "change": None,
                }
            ],
            "missing": [],
            "related": None,
            "confirmed": None,
            "outdated": None,
            "more": 0,
        }
    ]


def test_the_unexpected_is_logged_and_its_details_are_kept(
    small: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a secret path")

    upload(small, ("a.md", "第一篇文章。"))
    monkeypatch.setattr(Library, "ask", breaks)
    response = small.post("/api/v1/ask", json={"question": DOUBAO})
    problem(response, 500, "about:blank")
    assert "secret" not in response.text
    assert "a secret path" in caplog.text


def test_more_questions_than_can_wait_are_told_to_come_later(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, release = threading.Event(), threading.Event()
    really = Library.ask

    def slow(library: Library, question: str, **options: Any) -> Answer:
        begun.set()
        assert release.wait(30)
        return really(library, question, **options)

    with client(served(index, PLAIN, asking=Admission(1, 0))) as opened:
        upload(opened, ("a.md", "豆包的月活跃用户近6000万。"))
        monkeypatch.setattr(Library, "ask", slow)
        statuses: list[int] = []
        first = threading.Thread(
            target=lambda: statuses.append(opened.post("/api/v1/ask", json={"question": DOUBAO}).status_code)
        )
        first.start()
        assert begun.wait(30)
        refused = opened.post("/api/v1/ask", json={"question": DOUBAO})
        release.set()
        first.join()
        again = opened.post("/api/v1/ask", json={"question": DOUBAO})
    told = problem(refused, 503, "urn:wenyuan:problem:busy")
    assert told["detail"] == "Too busy, with 1 ahead of you. Try again in about 1 s."
    assert told["detail_zh"] == "现在太忙：前面还有 1 个请求。请约 1 秒后再试。"
    assert refused.headers["retry-after"] == "1"
    assert (statuses, again.status_code) == ([200], 200)


def test_four_questions_are_answered_at_once_and_thirty_two_wait() -> None:
    running: list[int] = []
    most: list[int] = []
    lock, release = threading.Lock(), threading.Event()

    def work() -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        assert release.wait(30)
        with lock:
            running.pop()

    async def crowd() -> None:
        admission = Admission()
        async with anyio.create_task_group() as tasks:
            for _ in range(36):
                tasks.start_soon(admission.run, work)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(BusyError):
                await admission.run(work)
            release.set()
        await admission.run(work)

    with start_blocking_portal() as portal:
        portal.call(crowd)
    assert (max(most), len(most), running) == (4, 37, [])


def test_the_description_of_the_api_is_complete(small: TestClient) -> None:
    described = small.get("/api/v1/openapi.json").json()
    assert described["servers"] == [{"url": "/api/v1"}]
    operations = {(m, path): op for path, methods in described["paths"].items() for m, op in methods.items()}
    assert operations.keys() == {
        ("post", "/ask"),
        ("post", "/ask/batch"),
        ("get", "/search"),
        ("get", "/documents"),
        ("get", "/collections"),
        ("post", "/collections"),
        ("patch", "/collections/{name}"),
        ("delete", "/collections/{name}"),
        ("post", "/documents"),
        ("get", "/documents/{doc_id}"),
        ("delete", "/documents/{doc_id}"),
        ("patch", "/documents/{doc_id}"),
        ("get", "/citations/{doc_id}/{start}/{end}"),
        ("get", "/citations/{doc_id}/{start}/{end}/frames"),
        ("get", "/documents/{doc_id}/original"),
        ("get", "/documents/{doc_id}/pages/{page}"),
        ("get", "/conversations"),
        ("get", "/conversations.zip"),
        ("get", "/conversations/{conversation_id}"),
        ("patch", "/conversations/{conversation_id}"),
        ("delete", "/conversations/{conversation_id}"),
        ("get", "/conversations/{conversation_id}/file"),
        ("get", "/health"),
        ("get", "/version"),
    }
    for (_, path), operation in operations.items():
        assert operation["description"]
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }
            elif status != "204" and not path.endswith((".zip", "/file", "/original", "/pages/{page}")):
                assert response["content"]["application/json"]["schema"]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert small.get("/docs").status_code == small.get("/api/v1/docs").status_code == 404
