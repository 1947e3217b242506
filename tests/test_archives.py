"""A ZIP is read as the files in it: each a document, whatever its name is written in, and each refusal said."""

from __future__ import annotations

import io
import os
import stat
import struct
import time
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import samples
from documents import HashEncoder

from rag.errors import CorpusError, LoadError
from rag.indexing.update import index_paths
from rag.indexing.uploads import Upload, UploadStatus, UploadStore
from rag.library import Library
from rag.loading import SourceFile, each, load, read
from rag.loading.files import unpack
from rag.settings import Settings

ARCHIVE = Path("资料.zip")


@pytest.fixture
def index(tmp_path: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    """A folder that is not there yet, for an index with a small model."""
    return tmp_path / "index"


def packed(*entries: tuple[zipfile.ZipInfo | str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for entry, text in entries:
            made.writestr(entry, text)
    return stream.getvalue()


def named(raw: bytes) -> bytes:
    """An archive with a file whose name is these bytes, and which does not say in what encoding."""
    return packed(("x" * len(raw) + ".txt", "字")).replace(b"x" * len(raw) + b".txt", raw + b".txt")


def refusal(data: bytes) -> tuple[str, str]:
    """The path of the only file of an archive, and why it is refused."""
    (file,) = unpack(data, ARCHIVE)
    assert (file.data, file.refused is None) == (None, False)
    assert file.refused
    return file.path, file.refused[0]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("制度/考勤办法".encode("gb18030"), "制度/考勤办法.txt"),
        ("制度\\考勤办法".encode("gb18030"), "制度/考勤办法.txt"),
        # Its second byte is that of a backslash.
        ("轘县".encode("gbk"), "轘县.txt"),
        ("制度/考勤办法".encode(), "制度/考勤办法.txt"),
        (b"./a//b", "a/b.txt"),
        (b"\x80", "Ç.txt"),
    ],
)
def test_names_come_out_right_whatever_wrote_them(raw: bytes, path: str) -> None:
    assert [(file.path, file.data) for file in unpack(named(raw), ARCHIVE)] == [(path, "字".encode())]


def test_names_that_say_that_they_are_utf_8_are() -> None:
    assert [file.path for file in unpack(packed(("制度/é.md", "字")), ARCHIVE)] == ["制度/é.md"]


def test_hidden_files_and_what_macs_add_are_passed_over_and_other_formats_told(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    names = ("a.txt", ".b.txt", ".git/c.txt", "__MACOSX/d.txt", "e/", "f.exe", "g")
    file.write_bytes(packed(*((name, "" if name.endswith("/") else "字") for name in names)))
    failed: list[tuple[SourceFile, LoadError]] = []
    unsupported: list[Path] = []
    found = [one.path for one in each([SourceFile(file, str(file))], failed, unsupported)]
    assert (found, failed, unsupported) == ([file / "a.txt"], [], [file / "f.exe", file / "g"])


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_what_is_no_plain_file_is_refused(mode: int) -> None:
    entry = zipfile.ZipInfo("a.txt")
    entry.external_attr = (mode | 0o777) << 16
    path, reason = refusal(packed((entry, "/etc/passwd")))
    assert path == "a.txt"
    assert reason.startswith("资料.zip/a.txt 不是普通文件")


@pytest.mark.parametrize("name", ["/etc/a.txt", "../../etc/a.txt", "etc/../../etc/a.txt", "..\\etc\\a.txt"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    path, reason = refusal(packed((name, "字")))
    assert path.endswith("etc/a.txt")
    assert not {"", ".."} & set(path.split("/"))
    assert reason.endswith("在压缩包里的名字指向压缩包之外，已跳过。请重新压缩。")


def test_drives_archives_and_names_that_no_system_has_are_refused() -> None:
    assert "指向压缩包之外" in refusal(packed(("C:\\a.txt", "字")))[1]
    assert "是压缩包里的压缩包" in refusal(packed(("b.zip", "PK")))[1]
    path, reason = refusal(packed(("长" * 100 + ".txt", "字")))
    assert (path, reason.endswith("… 的名字太长，已跳过。请改名后重新压缩。")) == ("长" * 50 + "…", True)


def test_one_that_is_encrypted_or_damaged_is_refused_and_the_others_are_read() -> None:
    made = bytearray(packed(("a.txt", "甲"), ("b.txt", "乙"), ("c.txt", "丙")))
    places = [at for at in range(len(made)) if made[at : at + 4] == b"PK\x01\x02"]
    struct.pack_into("<H", made, places[0] + 8, 1)
    made[made.index("乙".encode())] ^= 1
    first, second, third = unpack(bytes(made), ARCHIVE)
    assert (first.refused or ("",))[0].startswith("资料.zip 加了密码")
    assert "b.txt: Bad CRC-32" in (second.refused or ("",))[0]
    assert third.data == "丙".encode()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_of_one_name_the_first_is_read_and_the_second_told() -> None:
    first, second = unpack(packed(("a.txt", "甲"), ("a.txt", "乙")), ARCHIVE)
    assert first.data == "甲".encode()
    assert "里有两个" in (second.refused or ("",))[0]


def test_an_archive_without_files_or_that_is_none_says_so() -> None:
    for data, reason in ((packed(), "里没有文件"), (b"PK\3\4", "文件已损坏，或不是 .zip 格式")):
        with pytest.raises(LoadError, match=reason):
            unpack(data, ARCHIVE)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone can't be set there")
def test_a_file_was_changed_when_the_archive_says_by_the_clock_of_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.zip"
    old = zipfile.ZipInfo("old.txt", (2024, 3, 5, 8, 30, 0))
    never, wrong = zipfile.ZipInfo("never.txt"), zipfile.ZipInfo("wrong.txt", (2024, 0, 0, 0, 0, 0))
    file.write_bytes(packed((old, "甲"), (never, "乙"), (wrong, "丙")))
    os.utime(file, (1_800_000_000, 1_800_000_000))
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        found = [read(SourceFile(file / name, name)) for name in ("old.txt", "never.txt", "wrong.txt")]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found[0] == ("甲".encode(), "2024-03-05T00:30:00+00:00")
    assert {datetime.fromisoformat(modified).timestamp() for _, modified in found[1:]} == {1_800_000_000}


def test_a_file_in_an_archive_can_be_loaded_by_its_path_as_long_as_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(packed(("内/b.txt", "第一版。")))
    inner = SourceFile(file / "内" / "b.txt", "b.txt")
    assert load(inner).text == "第一版。"
    file.write_bytes(packed(("内/b.txt", "第二版了。")))
    assert load(inner).text == "第二版了。"
    file.write_bytes(packed(("c.txt", "字")))
    with pytest.raises(LoadError, match="已不在压缩包里"):
        load(inner)


def test_only_what_changed_in_an_archive_is_new_and_copies_are_known(tmp_path: Path, index: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    file = folder / "a.zip"
    file.write_bytes(packed(("a.txt", "甲的话。"), ("b.txt", "乙的话。"), ("c.exe", "MZ"), ("/d.txt", "丁")))
    (folder / "一.txt").write_text("甲的话。", "utf-8")
    report = index_paths([folder], index, Settings())
    assert (report.documents, report.duplicates) == (2, ((str(folder / "一.txt"), f"{file}/a.txt"),))
    assert [source for source, _ in report.failed] == [f"{file}/d.txt"]
    assert report.unsupported == (f"{file}/c.exe",)
    again = index_paths([folder], index, Settings())
    assert (again.added, again.changed, len(again.unchanged)) == ((), (), 3)
    assert index_paths([file], tmp_path / "alone", Settings()).documents == 2


def test_an_archive_of_nothing_readable_is_an_error_that_says_what_was_in_it(tmp_path: Path, index: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(packed(("a.exe", "MZ"), ("b.exe", "MZ")))
    with pytest.raises(CorpusError, match="无法读取 0 个，格式不支持 2 个"):
        index_paths([file], index, Settings())


def test_an_uploaded_archive_is_kept_as_the_files_in_it(index: Path) -> None:
    upload_store = UploadStore(index, Settings())
    data = packed(("内/a.txt", "甲的话。"), ("外/a.txt", "乙的话。"), ("c.exe", "MZ"), ("../d.txt", "丁"))
    results = upload_store.add([Upload("资料.zip", data), Upload("e.txt", "甲的话。".encode())])
    assert [(one.name, one.status) for one in results] == [
        ("资料.zip/内/a.txt", UploadStatus.ADDED),
        ("资料.zip/外/a.txt", UploadStatus.ADDED),
        ("资料.zip/c.exe", UploadStatus.FAILED),
        ("资料.zip/d.txt", UploadStatus.FAILED),
        ("e.txt", UploadStatus.DUPLICATE),
    ]
    assert {path.name: path.read_text("utf-8") for path in upload_store.folder.iterdir()} == {
        "a.txt": "甲的话。",
        "a (2).txt": "乙的话。",
    }
    upload_store.remove(results[0].doc_id)
    assert [path.name for path in upload_store.folder.iterdir()] == ["a (2).txt"]
    assert [record.source for record in Library.open(index, Settings()).documents()] == [
        str(upload_store.folder / "a (2).txt")
    ]


def test_an_uploaded_archive_that_is_none_or_too_large_is_one_failure(index: Path) -> None:
    upload_store = UploadStore(index, Settings(), max_bytes=1_000)
    large = samples.archive({f"{n}.txt": os.urandom(100) for n in range(20)})
    results = upload_store.add([Upload("a.zip", b"PK"), Upload("b.zip", large)])
    assert [(one.name, one.status) for one in results] == [
        ("a.zip", UploadStatus.FAILED),
        ("b.zip", UploadStatus.FAILED),
    ]
    assert ["已损坏" in str(results[0].error), "太大" in str(results[1].error)] == [True, True]
