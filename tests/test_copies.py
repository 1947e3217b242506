"""Files of the same bytes are one document that knows all of them, and is lost only with the last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from documents import HashEncoder

from rag.contract.documents import Record
from rag.index import store
from rag.index.checking import check
from rag.index.generations import STORE, current_name, open_generation
from rag.indexing.repair import repair
from rag.indexing.update import index_paths, remove_documents
from rag.library import Library
from rag.settings import Settings
from rag.types import Elsewhere, IndexReport
from rag.wire import to_json

TEXT = "# 甲\n\n豆包的月活是6000万。第二句。"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_text(TEXT, "utf-8")
    (folder / "b.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    (folder / "sub" / "copy.md").write_text(TEXT, "utf-8")
    os.utime(folder / "a.md", (86400, 86400))
    os.utime(folder / "sub" / "copy.md", (2 * 86400, 2 * 86400))
    return folder


def files(index: Path) -> dict[str, list[tuple[str, str]]]:
    """Of each document by title, the names of its files and when they were changed."""
    return {
        record.title: [(Path(file.path).name, file.modified[:10]) for file in record.files]
        for record in open_generation(index).store.records()
        if record.title != "b"
    }


def outcome(report: IndexReport) -> tuple[list[str], ...]:
    told = (report.added, report.changed, report.unchanged, report.removed)
    return tuple([Path(source).name for source in sources] for sources in told)


def test_a_document_knows_all_its_files_and_when_each_was_changed(index: Path, corpus: Path) -> None:
    assert files(index) == {"甲": [("a.md", "1970-01-02"), ("copy.md", "1970-01-03")]}
    first = Library.open(index, Settings()).documents()[0]
    copy = {"doc_id": first.doc_id, "title": "甲", "source": str(corpus / "sub" / "copy.md")}
    told = to_json(Record.of(first))
    assert (told["modified"], told["also_in"]) == ("1970-01-02T00:00:00+00:00", [copy])


def test_an_unchanged_folder_with_copies_writes_no_generation(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert outcome(report) == ([], [], ["a.md", "b.txt", "copy.md"], [])
    assert (current_name(index), hash_encoder.passages) == (before, [])


def test_when_the_file_that_stands_for_a_document_vanishes_its_copy_does_and_nothing_is_embedded(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    before = open_generation(index)
    (corpus / "a.md").unlink()
    report = index_paths([corpus], index, Settings())
    after = open_generation(index)
    assert outcome(report) == ([], [], ["b.txt", "copy.md"], ["a.md"])
    assert files(index) == {"甲": [("copy.md", "1970-01-03")]}
    assert {r.doc_id for r in after.store.records()} == {r.doc_id for r in before.store.records()}
    assert hash_encoder.passages == []
    (corpus / "sub" / "copy.md").unlink()
    assert outcome(index_paths([corpus], index, Settings()))[3] == ["copy.md"]
    assert files(index) == {}


def test_a_copy_that_vanishes_or_changes_is_forgotten_and_the_document_stays(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    (corpus / "sub" / "copy.md").write_text("# 乙\n\n另一篇。", "utf-8")
    report = index_paths([corpus], index, Settings())
    assert outcome(report) == ([], ["copy.md"], ["a.md", "b.txt"], [])
    assert [[name for name, _ in names] for names in files(index).values()] == [["a.md"], ["copy.md"]]
    assert hash_encoder.passages == ["乙\n另一篇。", "乙", "另一篇。"]


def test_a_copy_outside_the_folders_that_are_indexed_stays_and_takes_the_place(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    (corpus / "a.md").unlink()
    report = index_paths([corpus / "b.txt"], index, Settings())
    assert (outcome(report)[3], len(files(index)["甲"])) == ([], 2)
    (corpus / "a.md").write_text("# 丙\n\n新的一篇。", "utf-8")
    index_paths([corpus / "a.md"], index, Settings())
    assert files(index)["甲"] == [("copy.md", "1970-01-03")]
    assert hash_encoder.passages == ["丙\n新的一篇。", "丙", "新的一篇。"]


def test_a_copy_that_became_unreadable_is_still_known(index: Path, corpus: Path) -> None:
    (corpus / "sub" / "copy.md").write_bytes("文心".encode() * 20 + b"\xff")
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert (len(report.failed), current_name(index)) == (1, before)
    assert files(index) == {"甲": [("a.md", "1970-01-02"), ("copy.md", "1970-01-03")]}


def test_a_copy_under_another_name_gives_its_own_title_when_it_takes_the_place(
    tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text("没有标题的一段话。", "utf-8")
    index = tmp_path / "index"
    index_paths([tmp_path / "one", tmp_path / "two"], index, Settings())
    (tmp_path / "one" / "one.txt").unlink()
    index_paths([tmp_path / "one", tmp_path / "two" / "two.txt"], index, Settings())
    assert [record.title for record in open_generation(index).store.records()] == ["two"]
    assert hash_encoder.passages[-1] == "two 没有标题的一段话。"


def test_removing_a_document_removes_it_with_all_its_files(index: Path) -> None:
    library = Library.open(index, Settings())
    remove_documents([library.documents()[0].doc_id], index, Settings())
    assert files(index) == {}


def test_removing_another_document_keeps_the_copies(index: Path) -> None:
    remove_documents([Library.open(index, Settings()).documents()[1].doc_id], index, Settings())
    assert files(index) == {"甲": [("a.md", "1970-01-02"), ("copy.md", "1970-01-03")]}


def test_a_repaired_index_knows_the_copies(index: Path) -> None:
    (index / "generations" / current_name(index) / "segment-1" / "vectors.npy").write_bytes(b"x")
    repair(index, Settings())
    assert files(index) == {"甲": [("a.md", "1970-01-02"), ("copy.md", "1970-01-03")]}


def test_a_document_that_is_moved_by_an_import_is_only_where_it_is_now(index: Path) -> None:
    file = index / "generations" / current_name(index) / STORE
    (sha256,) = {record.sha256 for record in store.Store(file).records() if record.copies}
    store.relocate(file, {sha256: Path("/uploads/a.md")})
    (moved,) = [record for record in store.Store(file).records() if record.sha256 == sha256]
    assert (moved.path, moved.copies) == (Path("/uploads/a.md"), ())


def test_hits_and_citations_name_the_copies(index: Path, corpus: Path) -> None:
    hit = Library.open(index, Settings()).search("豆包的月活")[0]
    assert hit.also_in == (Elsewhere(hit.passage.doc_id, "甲", str(corpus / "sub" / "copy.md")),)


def test_an_uploaded_copy_that_was_changed_is_a_problem(index: Path) -> None:
    uploads = index / "uploads"
    uploads.mkdir()
    (uploads / "up.md").write_text(TEXT, "utf-8")
    index_paths([uploads], index, Settings())
    assert [name for name, _ in files(index)["甲"]] == ["a.md", "copy.md", "up.md"]
    assert check(index).sound
    (uploads / "up.md").write_text("别的", "utf-8")
    assert [problem.place for problem in check(index).problems] == ["uploads/up.md"]
