"""The file of a document is given back as it was indexed, or not at all; its pages are shown, and no path is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import samples
from documents import HashEncoder
from PIL import Image
from starlette.testclient import TestClient
from test_api import PLAIN, client, problem, served, upload

from rag.indexing.update import index_paths
from rag.library import Library

SENTENCE = "The deposit is 300 yuan."
PDF = samples.pdf([samples.line(SENTENCE, 100, 700), samples.line("It is paid back.", 100, 700)])


@pytest.fixture
def folder(tmp_path: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    """A folder of the user, in the index: a PDF, a copy of it, and a web page."""
    folder = tmp_path / "secret folder"
    (folder / "copies").mkdir(parents=True)
    for name in ("押金 100%.pdf", "copies/b.pdf"):
        (folder / name).write_bytes(PDF)
    (folder / "页.html").write_text("<h1>题</h1><script>alert(1)</script><p>正文在这里。</p>", "utf-8")
    index_paths([folder], tmp_path / "index", PLAIN)
    return folder


@pytest.fixture
def over(folder: Path, tmp_path: Path) -> Iterator[TestClient]:  # noqa: ARG001
    with client(served(tmp_path / "index", PLAIN)) as opened:
        yield opened


def named(tmp_path: Path, suffix: str) -> str:
    """The id of the document that was read from a file with that suffix."""
    records = Library.open(tmp_path / "index", PLAIN).documents()
    return next(record.doc_id for record in records if record.source.endswith(suffix))


def test_a_file_comes_back_byte_for_byte_to_be_saved_and_never_opened(over: TestClient, tmp_path: Path) -> None:
    response = over.get(f"/api/v1/documents/{named(tmp_path, '.html')}/original")
    assert response.content == (tmp_path / "secret folder/页.html").read_bytes()
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''%E9%A1%B5.html"
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_has_changed_or_gone_is_not_given_and_no_path_is_told(
    over: TestClient, tmp_path: Path, folder: Path
) -> None:
    page, address = folder / "页.html", f"/api/v1/documents/{named(tmp_path, '.html')}/original"
    page.write_text("<p>别的。</p>", "utf-8")
    members = problem(over.get(address), 404, "urn:wenyuan:problem:not-found")
    assert "页.html 的原件" in members["detail_zh"]
    assert "secret" not in str(members)
    page.unlink()
    (tmp_path / "passwords").write_text("never to be seen")
    page.symlink_to(tmp_path / "passwords")
    response = over.get(address)
    assert "never" not in response.text
    problem(response, 404, "urn:wenyuan:problem:not-found")
    page.unlink()
    page.mkdir()
    problem(over.get(address), 404, "urn:wenyuan:problem:not-found")


def test_a_copy_stands_for_a_file_that_is_gone(over: TestClient, tmp_path: Path, folder: Path) -> None:
    doc_id = named(tmp_path, ".pdf")
    for file in (Path(one.path) for one in Library.open(tmp_path / "index", PLAIN).documents()[0].files[:1]):
        file.unlink()
    assert len(list(folder.rglob("*.pdf"))) == 1
    assert over.get(f"/api/v1/documents/{doc_id}/original").content == PDF


def test_a_page_is_a_picture_that_the_browser_may_keep(over: TestClient, tmp_path: Path) -> None:
    address = f"/api/v1/documents/{named(tmp_path, '.pdf')}/pages"
    shown = over.get(f"{address}/2")
    assert (shown.headers["content-type"], shown.headers["cache-control"]) == ("image/webp", "private, max-age=3600")
    assert Image.open(io.BytesIO(shown.content)).size == (1250, 1667)
    assert (
        "没有第 3 页，一共 2 页" in problem(over.get(f"{address}/3"), 404, "urn:wenyuan:problem:not-found")["detail_zh"]
    )
    for number in ("0", "-1", "x", "99999999999999"):
        problem(over.get(f"{address}/{number}"), 422, "about:blank")


def test_the_frames_of_a_citation_are_shares_of_its_page(over: TestClient, tmp_path: Path) -> None:
    doc_id = named(tmp_path, ".pdf")
    text = over.get(f"/api/v1/documents/{doc_id}").json()["text"]
    start = text.index("300 yuan")
    told: dict[str, Any] = over.get(f"/api/v1/citations/{doc_id}/{start}/{start + 8}/frames").json()
    assert told["pages"] == 2
    ((frame),) = told["frames"]
    assert (frame["page"], round(frame["left"], 1), round(frame["top"], 2)) == (1, 0.3, 0.11)
    assert over.get(f"/api/v1/citations/{doc_id}/0/0/frames").json() == {"pages": 2, "frames": []}
    assert over.get(f"/api/v1/citations/{doc_id}/{10**9}/{10**9}/frames").json() == {"pages": 2, "frames": []}


def test_what_has_no_pages_and_what_is_unknown_is_not_found(over: TestClient, tmp_path: Path) -> None:
    doc_id = named(tmp_path, ".html")
    for address in (f"documents/{doc_id}/pages/1", f"citations/{doc_id}/0/1/frames", "documents/x/original"):
        problem(over.get(f"/api/v1/{address}"), 404, "urn:wenyuan:problem:not-found")


def test_a_page_that_can_not_be_drawn_says_so_in_our_words(over: TestClient, tmp_path: Path) -> None:
    broken = PDF.replace(b"/Kids [5 0 R 7 0 R]", b"/Kids [5 0 R 1 0 R]")
    (added,) = upload(over, ("坏.pdf", broken)) if broken != PDF else ({"doc_id": None},)
    if added["doc_id"]:
        response = over.get(f"/api/v1/documents/{added['doc_id']}/pages/2")
        assert response.status_code in (404, 422)
        assert str(tmp_path) not in response.text


def test_pages_of_an_uploaded_file_are_gone_with_it(over: TestClient) -> None:
    (added,) = upload(over, ("新.pdf", samples.pdf([samples.line("A new file that was sent.", 72, 700)])))
    address = f"/api/v1/documents/{added['doc_id']}"
    assert over.get(f"{address}/pages/1").status_code == 200
    assert over.get(f"{address}/original").headers["content-disposition"].endswith("%E6%96%B0.pdf")
    assert over.delete(address).status_code == 204
    for what in ("pages/1", "original"):
        problem(over.get(f"{address}/{what}"), 404, "urn:wenyuan:problem:not-found")
