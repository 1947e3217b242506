"""A library goes into one file and comes out of it whole, or not at all."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from conftest import Command
from documents import held

from rag.errors import ArchiveError, IndexDamagedError, IndexMismatchError, IndexMissingError, StorageError
from rag.index.checking import check
from rag.index.dense import CODES
from rag.index.generations import current_name, open_generation, writing
from rag.index.manifest import parse_manifest, record_file, write_manifest
from rag.index.switching import names
from rag.index.transfer.archive import pack, unpack
from rag.index.transfer.exporting import export_library
from rag.index.transfer.importing import import_library
from rag.indexing.update import index_paths
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.retrieval.named import NamedCollections
from rag.settings import Settings

pytestmark = pytest.mark.usefixtures("hash_encoder")

EVIDENCE = '[[{"document":"b.txt","start":0,"end":2,"quote":"文心"}]]'
GOLD = f'{{"id":"u-001","question":"？","answers":["文心"],"evidence":{EVIDENCE}}}\n'
LONG = "很长的名字" * 15 + "。.md"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Two files, two uploads, one of a name that a tar's header has no room for, and a gold pair."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# 甲\n\n豆包的月活是6000万。", "utf-8")
    (tmp_path / "corpus" / "b.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    folder = tmp_path / "index"
    index_paths([tmp_path / "corpus"], folder, Settings())
    UploadStore(folder, Settings()).add(
        [Upload("c.md", "可灵的上传。".encode()), Upload(LONG, "名字很长的。".encode())]
    )
    (folder / "gold.jsonl").write_text(GOLD, "utf-8")
    return folder


@pytest.fixture
def file(index: Path, tmp_path: Path) -> Path:
    export_library(tmp_path / "library.tar.gz", index)
    return tmp_path / "library.tar.gz"


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_a_library_comes_out_as_it_went_in(index: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "index"
    done = import_library(file, other, Settings())
    assert (done.documents, done.passages, done.uploads, done.kept, done.notices) == (4, 4, 2, (), ())
    assert done.generation == current_name(other) != current_name(index)
    assert held(other) == held(index)
    question = "文心的日均调用量"
    first, again = (Library.open(folder, Settings()).search(question, 4) for folder in (index, other))
    assert [(hit.text, hit.score) for hit in first] == [(hit.text, hit.score) for hit in again]
    assert (other / "gold.jsonl").read_text("utf-8") == GOLD
    assert check(other).sound
    assert check(other).notes == ()
    assert [p.name for p in (other / "generations").iterdir()] == [done.generation]


def test_uploads_are_documents_of_their_new_place(index: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    import_library(file, other, Settings())
    uploads = {path.name: path for path in (other / "uploads").iterdir()}
    assert set(uploads) == {"c.md", LONG}
    records = {record.path.name: record for record in open_generation(other).store.records()}
    assert records["c.md"].path == uploads["c.md"].resolve()
    assert records["b.txt"].path == tmp_path / "corpus" / "b.txt"
    shutil.rmtree(index)
    UploadStore(other, Settings()).remove(records["c.md"].doc_id)
    assert {path.name for path in (other / "uploads").iterdir()} == {LONG}
    assert check(other).sound


def test_the_same_library_gives_the_same_file(index: Path, file: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(index, tmp_path / "copy"))
    for path in copy.rglob("*"):
        path.touch()
    export_library(tmp_path / "again.tar.gz", copy)
    assert (tmp_path / "again.tar.gz").read_bytes() == file.read_bytes()


def test_any_tar_opens_it_and_its_inventory_lists_every_file(file: Path) -> None:
    with tarfile.open(file) as tar:
        listed = [(member.name, member.mtime, member.uid, member.isreg()) for member in tar]
        inventory = json.load(tar.extractfile("wenyuan.json") or io.BytesIO())
        for name, record in inventory["files"].items():
            data = (tar.extractfile(name) or io.BytesIO()).read()
            assert (len(data), sha256(data).hexdigest()) == (record["bytes"], record["sha256"])
    assert [name for name, *_ in listed] == ["wenyuan.json", *inventory["files"]]
    assert {(mtime, uid, regular) for _, mtime, uid, regular in listed} == {(0, 0, True)}
    assert {"gold.jsonl", "uploads/c.md", f"uploads/{LONG}", "generation/manifest.json"} < set(inventory["files"])


def test_an_index_that_is_there_is_replaced_by_force_only_and_stays_as_a_generation(
    index: Path, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "corpus" / "b.txt").write_text("后来的正文。", "utf-8")
    index_paths([tmp_path / "corpus"], index, Settings())
    (index / "gold.jsonl").write_text("{}\n", "utf-8")
    (index / "uploads" / "c.md").write_text("另一个文件。", "utf-8")
    before, there = everything(index), names(index)
    with pytest.raises(StorageError, match="加 --force"):
        import_library(file, index, Settings())
    assert everything(index) == before
    done = import_library(file, index, Settings(), force=True)
    assert (names(index), current_name(index)) == ([done.generation, *there], done.generation)
    assert held(index)["b.txt"] == "文心的日均调用量达15亿次。"
    (kept,) = done.kept
    assert kept == index / f"gold-before-{done.generation}.jsonl"
    assert (kept.read_text("utf-8"), (index / "gold.jsonl").read_text("utf-8")) == ("{}\n", GOLD)
    uploads = {path.name: path.read_text("utf-8") for path in (index / "uploads").iterdir()}
    assert uploads == {"c.md": "另一个文件。", "c (2).md": "可灵的上传。", LONG: "名字很长的。"}
    assert held(index)["c (2).md"] == "可灵的上传。"
    assert check(index).sound
    assert {
        path: data for path, data in everything(index).items() if path in before and path.parent.name != "index"
    } == {path: data for path, data in before.items() if path.parent.name != "index"}


@pytest.mark.parametrize("there", ["uploads/c.md", "gold.jsonl"])
def test_what_lies_in_a_folder_without_an_index_is_not_overwritten(file: Path, tmp_path: Path, there: str) -> None:
    other = tmp_path / "other"
    (other / there).parent.mkdir(parents=True)
    (other / there).write_text("本来就有。", "utf-8")
    with pytest.raises(StorageError, match=there):
        import_library(file, other, Settings())
    assert (other / there).read_text("utf-8") == "本来就有。"
    assert not (other / "CURRENT").exists()
    assert names(other) == []


def test_other_settings_are_no_obstacle_and_said(file: Path, tmp_path: Path) -> None:
    done = import_library(file, tmp_path / "other", Settings(passage_max_chars=300))
    assert [type(notice) for notice in done.notices] == [IndexMismatchError]
    assert "passage_max_chars = 400" in done.notices[0].zh


def test_a_second_writer_is_refused(file: Path, tmp_path: Path) -> None:
    with writing(tmp_path / "other"), pytest.raises(StorageError, match="另一个进程正在写"):
        import_library(file, tmp_path / "other", Settings())


def test_a_file_that_is_there_is_replaced_by_force_only(index: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_text("重要", "utf-8")
    with pytest.raises(StorageError, match="已存在"):
        export_library(file, index)
    assert file.read_text("utf-8") == "重要"
    export_library(file, index, force=True)
    assert import_library(file, tmp_path / "other", Settings()).documents == 4


def test_what_is_damaged_or_missing_is_not_exported(index: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        export_library(tmp_path / "x", tmp_path / "none")
    vectors = index / "generations" / current_name(index) / "segment-1" / "vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-1])
    with pytest.raises(IndexDamagedError):
        export_library(tmp_path / "x", index)
    index_paths([tmp_path / "corpus"], tmp_path / "new", Settings())
    with pytest.raises(StorageError, match="无法写入"):
        export_library(tmp_path / "no" / "folder" / "x", tmp_path / "new")
    assert not list(tmp_path.glob("x")) + list(tmp_path.glob(".x*"))


def test_a_file_cut_or_changed_anywhere_is_refused_and_nothing_switched(
    index: Path, file: Path, tmp_path: Path
) -> None:
    data = file.read_bytes()
    wrong = tmp_path / "wrong"
    other = tmp_path / "other"
    harmless = []
    for place in [*range(40), *range(40, len(data), len(data) // 40), *range(len(data) - 10, len(data))]:
        for broken in (data[:place], data[:place] + bytes([data[place] ^ 0x20]) + data[place + 1 :]):
            wrong.write_bytes(broken)
            try:
                import_library(wrong, other, Settings())
            except ArchiveError:
                assert not (other / "CURRENT").exists()
                assert not (other / "uploads").exists()
                assert list(other.glob("generations/*")) == []
            else:
                harmless.append((place, len(broken) == len(data)))
                # Bits without meaning, or two ways of saying the same; the last ten close the file.
                assert place >= len(data) - 10 or gzip.decompress(broken) == gzip.decompress(data)
                assert held(other) == held(index)
                shutil.rmtree(other)
    # Flags, when and where the file was made: nothing that is kept.
    assert {(place, True) for place in range(3, 10)} <= set(harmless)
    assert len(harmless) < 20


def repacked(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None], target: Path) -> Path:
    """The members of ``file``, as ``change`` leaves them, in a new archive."""
    with tarfile.open(file) as tar:
        members = [(info, (tar.extractfile(info) or io.BytesIO()).read()) for info in tar]
    change(members)
    with tarfile.open(target, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return target


def listed(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"x", link: str = "") -> Callable[..., None]:
    """Adds a member that the inventory lists as if all were well."""

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        head, content = members[0]
        inventory = json.loads(content)
        inventory["files"][name] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
        content = json.dumps(inventory).encode()
        head.size = len(content)
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, len(data) if kind == tarfile.REGTYPE else 0
        members[0] = (head, content)
        members.append((info, data))

    return change


@pytest.mark.parametrize(
    "name",
    [
        "../x", "/etc/x", "uploads/../../x", "uploads/..", "uploads/", "uploads/a/b.md", "generation/../x", "CURRENT",
        "generation/terms/../../x", "uploads/a\\b.md", "uploads/C:x.md", "uploads/.hidden", "uploads/a\n.md", "x.md",
        "generation/terms/a/b", "uploads//x.md", "./gold.jsonl", "gold.jsonl/", "uploads/" + "长" * 90 + ".md", "",
        "generation/segment-1/segment-2/x", "generation/segment-x/x",
    ],
)  # fmt: skip
def test_no_member_leaves_its_place(file: Path, tmp_path: Path, name: str) -> None:
    hostile = repacked(file, listed(name), tmp_path / "hostile")
    with pytest.raises(ArchiveError, match="不允许的成员"):
        import_library(hostile, tmp_path / "other" / "index", Settings())
    assert not list(tmp_path.rglob("CURRENT"))[1:]
    assert {path.name for path in (tmp_path / "other" / "index").rglob("*")} <= {"generations", ".lock"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_nothing_but_plain_files_is_unpacked(file: Path, tmp_path: Path, kind: bytes) -> None:
    hostile = repacked(file, listed("uploads/x.md", kind, b"", "/etc/passwd"), tmp_path / "hostile")
    with pytest.raises(ArchiveError, match="不是普通文件"):
        import_library(hostile, tmp_path / "other", Settings())


def drop_last(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.pop()


def exchange(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[-1], members[-2] = members[-2], members[-1]


def twice(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.append(members[-1])


def unlisted(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.append((tarfile.TarInfo("uploads/x.md"), b""))


def no_inventory(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.pop(0)


def other_format(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[0] = (members[0][0], members[0][1].replace(b'"format": 1', b'"format": 9'))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop_last, "缺失或大小不符"),
        (exchange, "缺失或大小不符"),
        (twice, "有多余的内容"),
        (unlisted, "有多余的内容"),
        (no_inventory, r"不是以 wenyuan\.json 开头"),
        (other_format, "格式为 9"),
        (listed("generation/segment-1/extra"), "清单与文件不符：segment-1/extra"),
    ],
)
def test_what_is_listed_is_there_and_nothing_else(
    file: Path, tmp_path: Path, change: Callable[..., None], said: str
) -> None:
    with pytest.raises(ArchiveError, match=said):
        import_library(repacked(file, change, tmp_path / "wrong"), tmp_path / "other", Settings())
    assert not (tmp_path / "other" / "CURRENT").exists()


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_before_it_is_unpacked(file: Path, tmp_path: Path) -> None:
    """By its header's word, by a tar's extended header, and by what the inventory says of a member."""
    import tracemalloc

    def bomb(kind: bytes, name: str) -> bytes:
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, 2**30
        return info.tobuf(tarfile.GNU_FORMAT)

    zeros = bytes(2**20)
    for head in (
        bomb(tarfile.REGTYPE, "wenyuan.json"),
        bomb(tarfile.XHDTYPE, "x"),
        bomb(tarfile.GNUTYPE_LONGNAME, "././@LongLink"),
    ):
        with gzip.open(tmp_path / "bomb", "wb") as stream:
            stream.write(head)
            for _ in range(64):
                stream.write(zeros)
        tracemalloc.start()
        with pytest.raises(ArchiveError):
            import_library(tmp_path / "bomb", tmp_path / "other", Settings())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 2**20

    def enormous(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        head, content = members[0]
        inventory = json.loads(content)
        inventory["files"]["gold.jsonl"]["bytes"] = 2**60
        content = json.dumps(inventory).encode()
        head.size = len(content)
        members[0] = (head, content)

    with pytest.raises(StorageError, match="磁盘空间不够：需要 115"):
        import_library(repacked(file, enormous, tmp_path / "wrong"), tmp_path / "other", Settings())


_NO_EXPORTS = {
    "nothing": b"",
    "text": b"text",
    "nothing, compressed": gzip.compress(b""),
    "no archive, compressed": gzip.compress(b"x" * 512),
    "a few bytes, compressed": gzip.compress(b"x" * 5),
}


@pytest.mark.parametrize("other", _NO_EXPORTS)
def test_another_file_is_no_export(tmp_path: Path, other: str) -> None:
    (tmp_path / "x").write_bytes(_NO_EXPORTS[other])
    with pytest.raises(ArchiveError):
        import_library(tmp_path / "x", tmp_path / "other", Settings())
    with pytest.raises(ArchiveError, match="无法读取"):
        import_library(tmp_path / "none", tmp_path / "other", Settings())


def test_the_commands_take_a_library_elsewhere(index: Path, wenyuan: Command, tmp_path: Path) -> None:
    file = tmp_path / "l.tar.gz"
    done = wenyuan("export", file, "--index", index)
    assert (done.code, done.out) == (0, f"已导出到 {file}（{file.stat().st_size / 1e6:.1f} MB）。\n")
    taken = wenyuan("import", file, "--index", tmp_path / "other")
    name = current_name(tmp_path / "other")
    assert (taken.code, taken.out) == (0, f"已导入 {name}：4 篇文档，4 个段落单元，2 个上传的文件。\n")
    refused = wenyuan("import", file, "--index", tmp_path / "other")
    assert (refused.code, "不为空" in refused.err or "已有内容" in refused.err) == (1, True)
    assert wenyuan("export", file, "--index", index).code == 1
    assert wenyuan("import", tmp_path / "corpus" / "a.md", "--index", tmp_path / "third").err.startswith("错误：")


def test_gold_pairs_that_find_no_place_are_kept_and_it_is_said_where(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    index_paths([tmp_path / "corpus"], other, Settings())
    (other / "gold.jsonl").mkdir()
    (other / "gold.jsonl" / "in the way").touch()
    done = import_library(file, other, Settings(), force=True)
    waiting = other / f".gold.jsonl.{done.generation}"
    assert (current_name(other), waiting.read_text("utf-8")) == (done.generation, GOLD)
    assert [notice.zh.partition("（")[0] for notice in done.notices] == [
        f"资料库已导入，但 {other / 'gold.jsonl'} 没能写入"
    ]
    assert check(other).sound
    shutil.rmtree(other / "gold.jsonl")
    import_library(file, other, Settings(), force=True)
    assert (other / "gold.jsonl").read_text("utf-8") == GOLD
    assert not waiting.exists()


def test_collections_and_versions_go_with_a_library_and_what_was_there_is_kept(index: Path, tmp_path: Path) -> None:
    library = Library.open(index, Settings())
    upload, other_upload, *rest = sorted(library.documents(), key=lambda one: one.path.parent.name != "uploads")
    NamedCollections(index).make("要复核的", [upload, rest[0]])
    NamedCollections(index).rename("要复核的", "复核")
    library.replace(upload.doc_id, other_upload.doc_id)
    file, other = tmp_path / "with.tar.gz", tmp_path / "other"
    export_library(file, index)
    done = import_library(file, other, Settings())
    taken = Library.open(other, Settings())
    assert (done.kept, taken.versions()) == ((), library.versions())
    inside = {one.name: one.doc_ids for one in library.collections() if one.own}
    assert inside == {"复核": tuple(one.doc_id for one in library.documents() if one in (other_upload, rest[0]))}
    assert {one.name: one.doc_ids for one in taken.collections() if one.own} == inside
    assert taken.scope(["要复核的"]) == taken.scope(["复核"])
    NamedCollections(other).delete("复核")
    taken.reinstate(upload.doc_id)
    again = import_library(file, other, Settings(), force=True)
    assert again.kept == tuple(other / f"{name}-before-{again.generation}.json" for name in ("collections", "versions"))
    assert [path.read_text("utf-8") for path in again.kept] == ["[]", "[]"]
    assert Library.open(other, Settings()).versions() == library.versions()


def test_an_export_without_collections_leaves_those_that_are_there(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    index_paths([tmp_path / "corpus"], other, Settings())
    NamedCollections(other).make("我的", Library.open(other, Settings()).documents())
    done = import_library(file, other, Settings(), force=True)
    own = [one for one in Library.open(other, Settings()).collections() if one.own]
    assert (done.kept, [(one.name, len(one.doc_ids)) for one in own]) == ((), [("我的", 2)])


@pytest.mark.parametrize("name", ["collections.json", "versions.json"])
@pytest.mark.parametrize("data", [b"{}", b'[{"name": 1}]', b"\xff", b""])
def test_collections_and_versions_that_are_none_are_refused(file: Path, tmp_path: Path, name: str, data: bytes) -> None:
    hostile = repacked(file, listed(name, data=data), tmp_path / "hostile")
    with pytest.raises(ArchiveError, match=name):
        import_library(hostile, tmp_path / "other", Settings())
    assert not (tmp_path / "other" / "CURRENT").exists()


def test_an_export_of_any_length_is_read(tmp_path: Path) -> None:
    """A tar ends in zeros that fill its last record of 20 blocks."""
    for blocks in range(22):
        (tmp_path / "gold.jsonl").write_bytes(b"x" * 512 * blocks)
        pack(tmp_path / f"{blocks}.tar.gz", "g", {"gold.jsonl": tmp_path / "gold.jsonl"})
        unpack(tmp_path / f"{blocks}.tar.gz", tmp_path / f"{blocks}")
        assert (tmp_path / f"{blocks}" / "gold.jsonl").stat().st_size == 512 * blocks


def test_the_codes_of_a_large_library_are_made_anew_and_those_in_the_file_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.building.EXACT_UP_TO", 30)
    monkeypatch.setattr("rag.indexing.building.CODED_FROM", 30)
    (tmp_path / "corpus").mkdir()
    for n in range(40):
        (tmp_path / "corpus" / f"{n:02}.txt").write_text(f"第{n}篇说的是{chr(0x4E10 + 7 * n)}。", "utf-8")
    index, other = tmp_path / "index", tmp_path / "other"
    index_paths([tmp_path / "corpus"], index, Settings())
    folder = index / "generations" / current_name(index)
    codes = [f"segment-1/{name}" for name in CODES]
    made = [(folder / name).read_bytes() for name in codes]
    hits = Library.open(index, Settings()).search("第7篇", 40)
    for name in codes:
        (folder / name).write_bytes(b"whatever FAISS would believe")
    manifest = parse_manifest(folder)
    changed = {**manifest.files, **{name: record_file(folder / name) for name in codes}}
    write_manifest(msgspec.structs.replace(manifest, files=changed), folder)
    with monkeypatch.context() as patched:
        patched.setattr("rag.index.dense.read_codes", lambda _: None)
        export_library(tmp_path / "library.tar.gz", index)
    done = import_library(tmp_path / "library.tar.gz", other, Settings())
    assert [(other / "generations" / done.generation / name).read_bytes() for name in codes] == made
    found = Library.open(other, Settings()).search("第7篇", 40)
    assert [(hit.text, hit.score) for hit in found] == [(hit.text, hit.score) for hit in hits]
    assert check(other).sound
