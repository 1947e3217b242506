"""Uploaded files stay where they belong under names that harm nobody, and are indexed or not kept at all."""

from __future__ import annotations

import os
import stat
import threading
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from documents import HashEncoder
from hypothesis import example, given
from hypothesis import strategies as st

from rag.errors import (
    CorpusError,
    IndexDamagedError,
    IndexMismatchError,
    LoadError,
    NotFoundError,
    StorageError,
    WenyuanError,
)
from rag.index.generations import Stored, current_name, open_stored, writing
from rag.index.manifest import FORMAT_VERSION
from rag.indexing.update import index_paths
from rag.indexing.uploads import MAX_NAME_BYTES, Upload, UploadStatus, UploadStore, safe_name
from rag.library import Library
from rag.loading import parse
from rag.loading.blocks import Tell
from rag.models import Models
from rag.settings import Settings
from rag.types import Document

TEXT = "豆包的月活跃用户近6000万。".encode()
OTHER = "文心的日均调用量达15亿次。".encode()


@pytest.fixture
def index(tmp_path: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    """A folder that is not there yet, for an index with a small model."""
    return tmp_path / "index"


@pytest.fixture
def upload_store(index: Path) -> UploadStore:
    return UploadStore(index, Settings())


def files(upload_store: UploadStore) -> dict[str, bytes]:
    return (
        {path.name: path.read_bytes() for path in upload_store.folder.iterdir()} if upload_store.folder.exists() else {}
    )


def titles(index: Path) -> set[str]:
    return {record.title for record in Library.open(index, Settings()).documents()}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("报告.md", "报告.md"),
        ("../../x.md", "x.md"),
        ("..\\x.md", "x.md"),
        ("..\\..\\windows\\x.MD", "x.MD"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("C:\\x.md", "x.md"),
        ("C:x.md", "C_x.md"),
        ("a\0b.md", "ab.md"),
        ("a\nb\t.md", "ab.md"),
        (".bashrc.md", "bashrc.md"),
        (". .x.md", "x.md"),
        ("x.md. .", "x.md"),
        ("CON.txt", "_CON.txt"),
        ("con .txt", "_con.txt"),
        ("nul.tar.md", "_nul.tar.md"),
        ("LPT¹.md", "_LPT¹.md"),
        ("console.md", "console.md"),
        ("a\u202edm.txt", "adm.txt"),
        ("\ufeffa\u200b.md", "a.md"),
        ("a\ud800.md", "a.md"),
        ("e\u0301.md", "é.md"),
        ('a<b>|"?*.md', "a_b_____.md"),
        ("%2e%2e%2fx.md", "%2e%2e%2fx.md"),
        ("字" * 100 + ".md", "字" * 84 + ".md"),
        ("x" * 300 + ".markdown", "x" * 246 + ".markdown"),
    ],
)
def test_a_name_is_reduced_to_a_safe_one(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "x.md/", ".md", "/etc/passwd", "a.exe", "a.md.exe", "a", "a.md\0.exe", "\u202e"]
)
def test_a_name_of_no_readable_format_is_refused(name: str) -> None:
    with pytest.raises(LoadError, match=r"\.md"):
        safe_name(name)


_CHARACTERS = st.one_of(st.characters(), st.sampled_from("./\\:\0 ~\u202e\ud800文e\u0301"))


@given(st.text(_CHARACTERS, max_size=400), st.sampled_from([".md", ".TXT", ".markdown", ".text"]))
@example(". " * 200, ".md")
def test_whatever_is_sent_the_name_is_safe(name: str, suffix: str) -> None:
    try:
        kept = safe_name(name + suffix)
    except LoadError:
        return
    assert Path(kept).name == kept
    assert not kept.startswith((".", "~upload", " "))
    assert len(kept.encode()) <= MAX_NAME_BYTES
    assert kept.lower().endswith(suffix.lower())
    assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cf", "Cs"}
    assert safe_name(kept) == kept


def test_the_first_upload_makes_the_index(upload_store: UploadStore, index: Path) -> None:
    (added,) = upload_store.add([Upload("../豆包.md", TEXT)])
    assert (added.name, added.status, added.title) == ("../豆包.md", UploadStatus.ADDED, "豆包")
    assert Path(added.source) == index / "uploads" / "豆包.md"
    assert files(upload_store) == {"豆包.md": TEXT}
    document = Library.open(index, Settings()).document(added.doc_id)
    assert (document.text, document.source) == (TEXT.decode(), added.source)


def test_an_upload_is_listed_with_the_time_of_its_file(upload_store: UploadStore, index: Path) -> None:
    (added,) = upload_store.add([Upload("周报.md", "本周完成了索引。".encode())])
    (record,) = Library.open(index, Settings()).documents()
    assert added.doc_id == record.doc_id
    assert datetime.fromisoformat(record.modified).timestamp() == int(record.path.stat().st_mtime)
    index_paths([record.path.parent], index, Settings())
    assert Library.open(index, Settings()).documents() == [record]


def test_a_batch_is_one_generation_and_each_file_has_its_own_result(upload_store: UploadStore, index: Path) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    before = current_name(index)
    results = upload_store.add(
        [
            Upload("b.md", OTHER),
            Upload("empty.md", b""),
            Upload("blank.txt", b" \n\n "),
            Upload("image.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"),
            Upload("c.exe", TEXT + b"!"),
            Upload("again.txt", TEXT),
            Upload("twice.md", OTHER),
            Upload("c.md", "第三篇。".encode("gb18030") * 20),
        ]
    )
    assert [result.status.value for result in results] == [
        "added", "failed", "failed", "failed", "failed", "duplicate", "duplicate", "added",
    ]  # fmt: skip
    assert files(upload_store).keys() == {"a.md", "b.md", "c.md"}
    assert titles(index) == {"a", "b", "c"}
    assert len(list((index / "generations").iterdir())) == 2
    assert current_name(index) != before
    assert results[5].title == "a"
    assert results[6].doc_id == results[0].doc_id
    assert [type(result.error) for result in results[1:5]] == [LoadError] * 4
    assert "not a text file" in (results[3].error or LoadError("", "")).en


def test_nothing_readable_changes_nothing(upload_store: UploadStore, index: Path) -> None:
    assert [r.status for r in upload_store.add([Upload("a.md", b"\0\0"), Upload("b.exe", TEXT)])] == [
        UploadStatus.FAILED
    ] * 2
    assert not upload_store.folder.exists()
    assert not (index / "CURRENT").exists()
    assert upload_store.add([]) == []


def test_the_same_name_never_overwrites(upload_store: UploadStore) -> None:
    upload_store.add([Upload("报告.md", TEXT), Upload("报告.md", OTHER)])
    upload_store.add([Upload("x/报告.md", TEXT + OTHER)])
    assert files(upload_store) == {"报告.md": TEXT, "报告 (2).md": OTHER, "报告 (3).md": TEXT + OTHER}


def test_a_long_name_has_room_for_its_number(upload_store: UploadStore) -> None:
    upload_store.add([Upload("字" * 100 + ".md", TEXT), Upload("字" * 100 + ".md", OTHER)])
    assert files(upload_store) == {"字" * 84 + ".md": TEXT, "字" * 82 + " (2).md": OTHER}


def test_a_file_over_the_limit_is_refused_and_one_at_it_is_not(index: Path) -> None:
    upload_store = UploadStore(index, Settings(), max_bytes=len(TEXT))
    refused, taken = upload_store.add([Upload("a.md", TEXT + b" "), Upload("b.md", TEXT)])
    assert (refused.status, taken.status) == (UploadStatus.FAILED, UploadStatus.ADDED)
    assert f"{len(TEXT)} bytes" in (refused.error or LoadError("", "")).en


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_file_is_kept_readable_and_not_executable(upload_store: UploadStore) -> None:
    upload_store.add([Upload("a.md", b"#!/bin/sh\nrm -rf /\n")])
    assert stat.S_IMODE((upload_store.folder / "a.md").stat().st_mode) == 0o644


def test_a_link_in_the_folder_is_neither_followed_nor_replaced(upload_store: UploadStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    upload_store.add([Upload("a.md", TEXT)])
    (upload_store.folder / "b.md").symlink_to(secret)
    upload_store.add([Upload("b.md", OTHER)])
    assert not secret.exists()
    assert (upload_store.folder / "b.md").is_symlink()
    assert (upload_store.folder / "b (2).md").read_bytes() == OTHER


def test_an_uploads_folder_that_is_a_link_is_refused(upload_store: UploadStore, index: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    index.mkdir()
    upload_store.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="链接"):
        upload_store.add([Upload("a.md", TEXT)])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_removing_what_a_link_leads_to_leaves_it(upload_store: UploadStore, index: Path, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_bytes(OTHER)
    upload_store.add([Upload("a.md", TEXT)])
    (upload_store.folder / "b.txt").symlink_to(tmp_path / "own.txt")
    index_paths([upload_store.folder, tmp_path / "own.txt"], index, Settings())
    (record,) = [r for r in Library.open(index, Settings()).documents() if r.path == tmp_path / "own.txt"]
    upload_store.remove(record.doc_id)
    assert (tmp_path / "own.txt").read_bytes() == OTHER


def test_a_folder_that_is_no_index_stays_as_it_is(upload_store: UploadStore, index: Path) -> None:
    index.mkdir()
    (index / "thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(StorageError, match="不是索引文件夹"):
        upload_store.add([Upload("a.md", TEXT)])
    assert [path.name for path in index.iterdir()] == ["thesis.txt"]


def test_if_indexing_fails_nothing_is_kept(
    upload_store: UploadStore, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    before = current_name(index)

    def full(*_: object, **__: object) -> None:
        raise StorageError("磁盘满", "Disk full")

    monkeypatch.setattr("rag.indexing.building.write_generation", full)
    with pytest.raises(StorageError, match="磁盘满"):
        upload_store.add([Upload("b.md", OTHER)])
    assert files(upload_store) == {"a.md": TEXT}
    assert current_name(index) == before


def test_what_a_killed_upload_left_is_swept_away(upload_store: UploadStore) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    (upload_store.folder / ".upload-1234").write_bytes(b"half a f")
    upload_store.add([Upload("b.md", OTHER)])
    assert files(upload_store).keys() == {"a.md", "b.md"}


def test_a_damaged_index_is_not_replaced_by_an_upload(upload_store: UploadStore, index: Path) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    (index / "generations" / current_name(index) / "manifest.json").write_text("{}", "ascii")
    with pytest.raises((IndexDamagedError, IndexMismatchError)):
        upload_store.add([Upload("b.md", OTHER)])
    assert files(upload_store) == {"a.md": TEXT}


def test_an_index_of_other_settings_is_not_rebuilt_by_an_upload(upload_store: UploadStore, index: Path) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    with pytest.raises(IndexMismatchError):
        UploadStore(index, Settings(passage_max_chars=200)).add([Upload("b.md", OTHER)])
    assert files(upload_store) == {"a.md": TEXT}


def test_another_writer_is_waited_for_by_the_user_and_nothing_is_kept(upload_store: UploadStore, index: Path) -> None:
    with writing(index), pytest.raises(StorageError, match="另一个进程"):
        upload_store.add([Upload("a.md", TEXT)])
    assert files(upload_store) == {}


def test_uploads_at_the_same_time_all_arrive(upload_store: UploadStore, index: Path) -> None:
    threads = [
        threading.Thread(target=upload_store.add, args=([Upload("同名.md", f"第{n}篇文章。".encode())],))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles(index) == {"同名", "同名 (2)", "同名 (3)", "同名 (4)"}


def test_other_documents_stay_when_files_come_and_go(upload_store: UploadStore, index: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "own.md").write_bytes(OTHER)
    index_paths([corpus], index, Settings())
    (added,) = upload_store.add([Upload("a.md", TEXT)])
    assert titles(index) == {"own", "a"}
    index_paths([corpus], index, Settings())
    assert titles(index) == {"own", "a"}
    upload_store.remove(added.doc_id)
    assert titles(index) == {"own"}
    assert not upload_store.folder.exists()


def test_indexing_a_folder_around_the_index_keeps_the_uploads(
    upload_store: UploadStore, index: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.md").write_bytes(OTHER)
    upload_store.add([Upload("a.md", TEXT)])
    report = index_paths([tmp_path], index, Settings())
    assert (len(report.added), report.removed) == (1, ())
    assert titles(index) == {"own", "a"}


def test_removing_a_document_of_the_users_own_leaves_the_file(
    upload_store: UploadStore, index: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "own.md").write_bytes(OTHER)
    index_paths([corpus], index, Settings())
    upload_store.add([Upload("a.md", TEXT)])
    (own,) = [r for r in Library.open(index, Settings()).documents() if r.title == "own"]
    upload_store.remove(own.doc_id)
    assert titles(index) == {"a"}
    assert (corpus / "own.md").read_bytes() == OTHER
    assert files(upload_store) == {"a.md": TEXT}


def test_removing_what_is_not_there_or_is_the_last_changes_nothing(upload_store: UploadStore, index: Path) -> None:
    (added,) = upload_store.add([Upload("a.md", TEXT)])
    with pytest.raises(NotFoundError):
        upload_store.remove("0" * 12)
    with pytest.raises(CorpusError):
        upload_store.remove(added.doc_id)
    assert (files(upload_store), titles(index)) == ({"a.md": TEXT}, {"a"})


def test_an_upload_opens_the_index_once_and_reads_each_file_once(
    upload_store: UploadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_store.add([Upload("a.md", TEXT)])
    opened: list[Path] = []
    parsed: list[Path] = []

    def opening(index: Path, *, oldest: int = FORMAT_VERSION) -> Stored:
        opened.append(index)
        return open_stored(index, oldest=oldest)

    def parsing(
        data: bytes, *, source: str, name: Path, notices: list[WenyuanError], tell: Tell = lambda _: None
    ) -> Document:
        tell(0)
        parsed.append(name)
        return parse(data, source=source, name=name, notices=notices)

    for place in ("uploads", "update"):
        monkeypatch.setattr(f"rag.indexing.{place}.open_stored", opening)
    for place in ("uploads", "refresh"):
        monkeypatch.setattr(f"rag.indexing.{place}.parse", parsing)
    upload_store.add([Upload("b.md", OTHER)])
    assert (len(opened), parsed) == (1, [Path("b.md")])


def test_an_upload_is_embedded_by_the_models_that_are_there(tmp_path: Path) -> None:
    loaded = HashEncoder("loaded@1")
    upload_store = UploadStore(tmp_path / "new", Settings(), models=Models(Settings(), encoder=loaded))
    upload_store.add([Upload("a.md", TEXT)])
    assert loaded.passages
    assert open_stored(tmp_path / "new").manifest.encoder == "loaded@1"


def test_what_of_a_file_could_not_be_read_is_told_with_its_result(upload_store: UploadStore) -> None:
    document = "<h1>价</h1><p>现价 2699 元 <s>3299 元</s></p>".encode()
    added, same = upload_store.add([Upload("a.html", document), Upload("b.html", document)])
    assert (added.status, [notice.zh for notice in added.notices]) == (
        UploadStatus.ADDED,
        ["a.html 里有 1 处划掉的文字没有读入（“价”之下）。"],
    )
    assert (same.status, same.notices) == (UploadStatus.DUPLICATE, ())
