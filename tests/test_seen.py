"""A file that nobody has touched is not read again; one that was touched always is."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest
from documents import AFTER, BEFORE

import rag.indexing.refresh
from rag.index.generations import current_name, open_generation
from rag.index.history import rollback
from rag.index.switching import names
from rag.indexing.seen import SEEN
from rag.indexing.update import index_paths, remove_documents
from rag.loading import SourceFile, read
from rag.settings import Settings


@pytest.fixture
def was_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on."""
    noted: list[str] = []

    def noting(file: SourceFile) -> tuple[bytes, str]:
        noted.append(file.path.name)
        return read(file)

    monkeypatch.setattr(rag.indexing.refresh, "read", noting)
    return noted


@pytest.fixture
def _long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file was changed long before it is read."""
    monkeypatch.setattr("rag.indexing.seen._TICK", -3600 * 10**9)


def changed(corpus: Path, index: Path) -> list[str]:
    """The names of the files that indexing finds to be changed."""
    return [Path(source).name for source in index_paths([corpus], index, Settings()).changed]


pytestmark = pytest.mark.usefixtures("hash_encoder", "_long_ago")


def test_a_file_that_nobody_touched_is_not_read(index: Path, corpus: Path, was_read: list[str]) -> None:
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert (was_read, len(report.unchanged), current_name(index)) == ([], 2, before)
    (corpus / "c.md").write_text("新来的一篇。", "utf-8")
    (corpus / "b.txt").unlink()
    report = index_paths([corpus], index, Settings())
    assert (was_read, len(report.added), len(report.removed)) == (["c.md"], 1, 1)
    assert [record.path.name for record in open_generation(index).store.records()] == ["a.md", "c.md"]


def test_a_file_that_was_touched_is_read_and_only_parsed_if_its_bytes_changed(
    index: Path, corpus: Path, was_read: list[str]
) -> None:
    before = current_name(index)
    os.utime(corpus / "a.md", (86_400, 86_400))
    assert (changed(corpus, index), was_read, current_name(index)) == ([], ["a.md"], before)
    (corpus / "a.md").write_text(AFTER, "utf-8")
    assert (changed(corpus, index), was_read) == (["a.md"], ["a.md", "a.md"])
    assert (changed(corpus, index), was_read) == ([], ["a.md", "a.md"])


@pytest.mark.skipif(sys.platform == "win32", reason="no system's own time of a change")
def test_a_change_of_the_same_size_that_hides_behind_an_old_time_is_seen(index: Path, corpus: Path) -> None:
    file = corpus / "a.md"
    os.utime(file, (86_400, 86_400))
    assert changed(corpus, index) == []
    file.write_text(AFTER, "utf-8")
    os.utime(file, (86_400, 86_400))
    assert changed(corpus, index) == ["a.md"]
    (corpus / "other").write_text(BEFORE, "utf-8")
    os.utime(corpus / "other", (86_400, 86_400))
    (corpus / "other").replace(file)
    assert changed(corpus, index) == ["a.md"]


def test_a_file_that_had_changed_a_moment_before_is_read_once_more(
    tmp_path: Path, corpus: Path, was_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.seen._TICK", 3600 * 10**9)
    for _ in range(2):
        index_paths([corpus], tmp_path / "index", Settings())
    assert was_read == ["a.md", "b.txt"] * 2
    assert not (tmp_path / "index" / SEEN).exists()
    monkeypatch.setattr("rag.indexing.seen._TICK", -3600 * 10**9)
    for _ in range(2):
        index_paths([corpus], tmp_path / "index", Settings())
    assert was_read == ["a.md", "b.txt"] * 3


def test_every_file_is_read_for_a_checksum(index: Path, corpus: Path, was_read: list[str]) -> None:
    index_paths([corpus], index, Settings(), checksum=True)
    assert was_read == ["a.md", "b.txt"]
    index_paths([corpus], index, Settings())
    assert was_read == ["a.md", "b.txt"]


def test_what_is_known_of_a_file_is_not_taken_for_what_the_index_holds(index: Path, corpus: Path) -> None:
    (corpus / "a.md").write_text(AFTER, "utf-8")
    assert changed(corpus, index) == ["a.md"]
    rollback(names(index)[-1], index, Settings())
    assert changed(corpus, index) == ["a.md"]
    opened = open_generation(index)
    assert opened.document(opened.store.records()[0].doc_id).text == AFTER
    remove_documents([opened.store.records()[0].doc_id], index, Settings())
    assert len(index_paths([corpus], index, Settings()).added) == 1


def test_files_outside_of_the_folder_that_is_indexed_stay_known(
    index: Path, tmp_path: Path, was_read: list[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z.md").write_text("别处的一篇。", "utf-8")
    for folder in ("other", "corpus", "other"):
        index_paths([tmp_path / folder], index, Settings())
    assert was_read == ["z.md"]


def test_files_in_archives_and_those_that_could_not_be_read_are_read_each_time(
    index: Path, corpus: Path, was_read: list[str]
) -> None:
    with zipfile.ZipFile(corpus / "c.zip", "w") as packed:
        packed.writestr("in.md", "包里的一篇。")
    (corpus / "d.md").write_bytes("新的。".encode() * 20 + b"\xff")
    for _ in range(2):
        assert len(index_paths([corpus], index, Settings()).failed) == 1
    assert was_read == ["in.md", "d.md"] * 2


@pytest.mark.parametrize("damage", ["cut", "other", "link", "folder"])
def test_where_what_is_known_is_lost_all_is_read(
    index: Path, corpus: Path, tmp_path: Path, was_read: list[str], damage: str
) -> None:
    file = index / SEEN
    whole = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(whole)
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file.write_bytes(whole[:-9] if damage == "cut" else b'{"a": 1}')
    index_paths([corpus], index, Settings())
    assert was_read == ["a.md", "b.txt"]
    index_paths([corpus], index, Settings())
    assert was_read == ["a.md", "b.txt"] * (2 if damage == "folder" else 1)
    assert damage != "link" or (tmp_path / "elsewhere").read_bytes() == whole
