"""A hostile index folder or archive leads nowhere outside of itself, and nothing there is deleted or told."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path

import msgspec
import pytest
from victims import everything

from rag.errors import ArchiveError, IndexDamagedError, StorageError, WenyuanError
from rag.index.generations import current_name, open_generation
from rag.index.manifest import FileRecord
from rag.index.transfer.archive import FORMAT, INVENTORY, Inventory
from rag.index.transfer.exporting import export_library
from rag.index.transfer.importing import import_library
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings

PLAIN = Settings(retrieval="bm25")
SECRET = "the secret that nobody may read"


@pytest.fixture
def index(plain_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_index, tmp_path / "index"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of someone's own, with what must stay as it is."""
    folder = tmp_path / "outside"
    for name in (".ssh", ".git", "photos", ".20250101T000000000000-abcdef"):
        (folder / name).mkdir(parents=True)
        (folder / name / "kept").write_text(SECRET)
    return folder


def grow(index: Path, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("银丝雀项目的暗号是玛瑙。\n", "utf-8")
    index_paths([tmp_path / "b.md"], index, PLAIN)


@pytest.mark.parametrize("name", ["generations", ".embedded", ".spool", ".lock", "uploads", "gold.jsonl"])
def test_nothing_is_written_or_deleted_through_a_link(index: Path, outside: Path, tmp_path: Path, name: str) -> None:
    before = everything(outside)
    target = outside if name in ("generations", ".embedded", "uploads") else outside / ".ssh" / "kept"
    if (index / name).is_dir():
        shutil.rmtree(index / name)
    (index / name).unlink(missing_ok=True)
    (index / name).symlink_to(target)
    with pytest.raises(StorageError, match="链接"):
        grow(index, tmp_path)
    assert everything(outside) == before


def test_what_others_put_beside_the_generations_stays(index: Path, outside: Path, tmp_path: Path) -> None:
    shutil.copytree(outside, index / "generations", dirs_exist_ok=True)
    (index / "generations" / ".linked").symlink_to(outside)
    grow(index, tmp_path)
    for name in (".ssh", ".git", "photos"):
        assert (index / "generations" / name / "kept").read_text() == SECRET
    # What a killed run of our own left is gone.
    assert not (index / "generations" / ".20250101T000000000000-abcdef").exists()
    assert (outside / "photos" / "kept").exists()


@pytest.mark.parametrize(
    "content",
    [b"x" * 5000, b"../../etc", b"/etc", b"..", b".", b"", b"a\nb", b"\xff\xfe", SECRET.encode(), b"a/b", b"\0"],
)
def test_a_pointer_that_is_no_name_is_our_error(index: Path, tmp_path: Path, content: bytes) -> None:
    (index / "CURRENT").write_bytes(content)
    for use in (current_name, open_generation, lambda folder: Library.open(folder, PLAIN)):
        with pytest.raises(IndexDamagedError) as error:
            use(index)
        assert SECRET not in error.value.zh + error.value.en
        assert len(error.value.en) < 500
    grow(index, tmp_path)
    assert open_generation(index).manifest.documents == 1


@pytest.mark.parametrize("target", ["secret", "folder", "/dev/zero", "nowhere"])
def test_a_pointer_that_is_a_link_is_not_followed(index: Path, outside: Path, tmp_path: Path, target: str) -> None:
    place = {"secret": outside / ".ssh" / "kept", "folder": outside}.get(target, tmp_path / target)
    (index / "CURRENT").unlink()
    (index / "CURRENT").symlink_to(place)
    before = everything(outside)
    with pytest.raises(IndexDamagedError) as error:
        open_generation(index)
    assert SECRET not in error.value.zh + error.value.en
    grow(index, tmp_path)
    assert not (index / "CURRENT").is_symlink()
    assert everything(outside) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
def test_a_pointer_that_is_a_pipe_keeps_nobody_waiting(index: Path) -> None:
    (index / "CURRENT").unlink()
    os.mkfifo(index / "CURRENT")
    with pytest.raises(IndexDamagedError, match="no plain file"):
        open_generation(index)


@pytest.mark.parametrize("name", ["manifest.json", "library.sqlite", "segment-1", "terms", "segment-1/vectors.npy"])
def test_a_generation_of_links_is_damaged(index: Path, outside: Path, name: str) -> None:
    generation = index / "generations" / current_name(index)
    moved = outside / "moved"
    (generation / name).rename(moved)
    (generation / name).symlink_to(moved)
    with pytest.raises(IndexDamagedError, match=r"链接|a link"):
        open_generation(index)


def test_a_generation_that_is_a_link_is_none(index: Path, outside: Path) -> None:
    generation = index / "generations" / current_name(index)
    generation.rename(outside / "generation")
    generation.symlink_to(outside / "generation")
    with pytest.raises(IndexDamagedError):
        open_generation(index)


@pytest.mark.parametrize(
    "name", ["../../outside/.ssh/kept", "/etc/passwd", "terms/../../x", "a/b/c", "segment-1/a/b", ""]
)
def test_a_manifest_lists_nothing_outside(index: Path, name: str) -> None:
    file = index / "generations" / current_name(index) / "manifest.json"
    content = msgspec.json.decode(file.read_bytes())
    content["files"][name] = {"bytes": 1, "sha256": "0" * 64}
    file.write_bytes(msgspec.json.encode(content))
    with pytest.raises(IndexDamagedError, match="names of files"):
        open_generation(index)


def archive(file: Path, members: dict[str, bytes]) -> Path:
    """An archive with ``members``, as it would be but for their names and contents."""
    records = {name: FileRecord(len(data), hashlib.sha256(data).hexdigest()) for name, data in members.items()}
    inventory = msgspec.json.encode(Inventory(FORMAT, "20250101T000000000000-abcdef", records))
    with gzip.open(file, "wb") as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in {INVENTORY: inventory, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


@pytest.mark.parametrize(
    "name",
    [
        "uploads/CON.md",
        "uploads/nul.txt",
        "uploads/a\u202egpj.md",
        "uploads/a\u200b.md",
        "uploads/x.sh",
        "uploads/x",
        "uploads/.hidden.md",
        "uploads/../x.md",
        "uploads/a/b.md",
        "uploads/a\\b.md",
        "uploads/a:b.md",
        "uploads/ a.md",
        "uploads/a.md ",
        "uploads/a.md.",
        f"uploads/{'长' * 90}.md",
        "../x.md",
        "/etc/x.md",
        "generation/../x",
        "CURRENT",
        "gold.jsonl/x",
        "",
    ],
)
def test_an_archive_holds_no_name_that_an_upload_could_not_have(tmp_path: Path, name: str) -> None:
    packed = archive(tmp_path / "a.wenyuan", {name: b"x"})
    with pytest.raises(ArchiveError):
        import_library(packed, tmp_path / "index", PLAIN)
    assert not [path for path in (tmp_path / "index").rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.mark.parametrize(
    "gold", [b"no json", b"[]", b"{}", b"\xff", b'{"id": 1}', b'{"id": "a", "question": "b"}\n{', b"\0" * 1000]
)
def test_gold_pairs_that_are_none_are_not_imported(index: Path, tmp_path: Path, gold: bytes) -> None:
    (index / "gold.jsonl").write_bytes(gold)
    export_library(tmp_path / "a.wenyuan", index)
    with pytest.raises(ArchiveError, match=r"gold\.jsonl"):
        import_library(tmp_path / "a.wenyuan", tmp_path / "other", PLAIN)
    assert not (tmp_path / "other" / "gold.jsonl").exists()


def test_a_library_is_whole_after_all_that(index: Path, tmp_path: Path) -> None:
    export_library(tmp_path / "a.wenyuan", index)
    try:
        import_library(tmp_path / "a.wenyuan", tmp_path / "other", PLAIN)
    except WenyuanError as error:
        pytest.fail(error.en)
    assert "琥珀" in Library.open(tmp_path / "other", PLAIN).search("暗号")[0].text
