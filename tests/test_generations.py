"""An index on disk describes itself, is verified when it is opened, and has one writer at a time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from documents import HashEncoder

from rag.errors import IndexDamagedError, IndexMismatchError, IndexMissingError, NotFoundError, StorageError
from rag.index.generations import current_name, open_generation, writing
from rag.index.manifest import FORMAT_VERSION, check_settings, differing
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings

pytestmark = pytest.mark.usefixtures("hash_encoder")
TEXTS = "segment-2/texts.sqlite"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# 题\n\n豆包的月活是6000万。第二句。", "utf-8")
    return tmp_path / "corpus"


def generation(index: Path) -> Path:
    return index / "generations" / current_name(index)


def files(index: Path) -> list[Path]:
    return sorted(path for path in generation(index).rglob("*") if path.is_file() and path.suffix != ".lock")


def test_a_generation_describes_itself(index: Path) -> None:
    manifest = open_generation(index).manifest
    assert (manifest.format_version, manifest.encoder, manifest.dimension) == (FORMAT_VERSION, "hash@1", 16)
    assert (manifest.documents, manifest.passages, manifest.vectors) == (1, 1, 4)
    assert [Path(source).name for source in manifest.corpus] == ["a.md"]
    listed = set(manifest.files) | {"manifest.json"}
    assert {str(file.relative_to(generation(index))) for file in files(index)} == listed


def test_every_cut_missing_or_exchanged_file_is_found_and_named(index: Path, tmp_path: Path) -> None:
    names = [str(file.relative_to(index)) for file in files(index)]
    assert {Path(name).name for name in names} >= {
        "manifest.json", "library.sqlite", "texts.sqlite", "vectors.npy", "owners.npy", "keys.npy"
    }  # fmt: skip
    for name in names:
        for damage in ("cut", "missing", "exchanged"):
            copy = tmp_path / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(index, copy)
            data = (copy / name).read_bytes()
            if damage == "missing":
                (copy / name).unlink()
            else:
                (copy / name).write_bytes(data[:-1] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
            with pytest.raises(IndexDamagedError) as caught:
                open_generation(copy)
            assert str(copy / name) in caught.value.zh
            assert "wenyuan index" in caught.value.zh


@pytest.mark.parametrize("name", ["", "..", "../..", "nowhere", "a/b"])
def test_a_pointer_to_no_generation_is_damage(index: Path, name: str) -> None:
    (index / "CURRENT").write_text(name, "ascii")
    with pytest.raises(IndexDamagedError, match="索引已损坏"):
        open_generation(index)


def test_a_folder_without_an_index_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="还没有索引。请先建索引：wenyuan index"):
        open_generation(tmp_path)


def test_another_format_names_both_versions(index: Path) -> None:
    file = generation(index) / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "format_version": 9}), "utf-8")
    with pytest.raises(IndexMismatchError, match="索引格式为 9，本程序只认得 1 到 4。请更新问源"):
        open_generation(index)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(passage_max_chars=300), "passage_max_chars = 400 建的，当前设置是 300"),
        (Settings(passage_context=False), "passage_context = True 建的，当前设置是 False"),
        (Settings(model="another"), "model = 'multilingual-e5-small' 建的，当前设置是 'another'"),
    ],
)
def test_other_settings_are_a_mismatch_that_names_both_values(index: Path, settings: Settings, message: str) -> None:
    with pytest.raises(IndexMismatchError, match=message) as caught:
        Library.open(index, settings)
    assert "wenyuan index" in caught.value.zh


def test_settings_that_are_not_built_in_may_change(index: Path) -> None:
    check_settings(open_generation(index).manifest, Settings(hits=1, bm25_weight=0.9, retrieval="bm25"))


def test_a_changed_user_dictionary_is_a_mismatch(tmp_path: Path, corpus: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("月活是 5\n", "utf-8")
    settings = Settings(user_dictionary=str(words))
    index_paths([corpus], tmp_path / "other", settings)
    Library.open(tmp_path / "other", settings)
    words.write_text("月活是 6\n", "utf-8")
    with pytest.raises(IndexMismatchError, match="user_dictionary"):
        Library.open(tmp_path / "other", settings)


def test_another_model_under_the_same_name_is_a_mismatch(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: HashEncoder("hash@2"))
    with pytest.raises(IndexMismatchError, match="用模型 hash@1 建的，现在的模型是 hash@2"):
        Library.open(index, Settings()).search("月活")


def test_a_second_writer_is_refused_while_one_writes(index: Path, corpus: Path) -> None:
    (corpus / "b.md").write_text("另一篇。", "utf-8")
    before = current_name(index)
    with writing(index), pytest.raises(StorageError, match="另一个进程正在写"):
        index_paths([corpus], index, Settings())
    assert current_name(index) == before
    assert index_paths([corpus], index, Settings()).documents == 2


def test_a_folder_with_other_files_is_not_taken_for_an_index(tmp_path: Path, corpus: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.doc").write_text("x", "utf-8")
    with pytest.raises(StorageError, match=r"里有别的文件（如 thesis\.doc），不是索引文件夹"):
        index_paths([corpus], home, Settings())
    assert [path.name for path in home.iterdir()] == ["thesis.doc"]


def test_the_two_generations_before_are_kept_and_older_ones_are_not(index: Path, corpus: Path) -> None:
    names = [current_name(index)]
    for number in range(4):
        (corpus / "a.md").write_text(f"第{number}版。", "utf-8")
        index_paths([corpus], index, Settings())
        names.append(current_name(index))
        assert {path.name for path in (index / "generations").iterdir()} == set(names[-3:])


def test_a_reader_keeps_its_generation_when_later_ones_have_replaced_it(index: Path, corpus: Path) -> None:
    library = Library.open(index, Settings())
    for number in range(3):
        (corpus / "a.md").write_text(f"第{number}版。", "utf-8")
        index_paths([corpus], index, Settings())
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(library.search("月活")[0].text))
    thread.start()
    thread.join()
    assert found == ["题\n豆包的月活是6000万。第二句。"]
    library.refresh()
    assert library.search("月活")[0].text == "第2版。"


def test_an_index_opens_in_a_folder_with_any_name_and_read_only(index: Path, tmp_path: Path) -> None:
    other = tmp_path / "索 引?#%20&"
    shutil.copytree(index, other)
    for path in [*other.rglob("*"), other]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert Library.open(other, Settings()).search("月活")[0].rank == 1
    for path in [other, *other.rglob("*")]:
        os.chmod(path, 0o755)  # noqa: PTH101


def test_an_index_on_a_read_only_disk_is_read(index: Path) -> None:
    read = "import sys; from pathlib import Path; from rag.index.generations import open_generation; "
    read += "print(open_generation(Path(sys.argv[1])).sparse.search(['豆包'], 1)[0][0])"
    if os.geteuid() == 0:
        # Root may write anywhere but on a read-only disk; the mount is seen by this one process only.
        mount = (
            'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@" "$0"'
        )
        command = ["unshare", "--mount", "sh", "-c", mount, str(index), sys.executable, "-c", read]
    else:
        for folder in (index, *(path for path in index.rglob("*") if path.is_dir())):
            folder.chmod(0o555)
        command = [sys.executable, "-c", read, str(index)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    for folder in (index, *(path for path in index.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_an_unknown_document_is_an_error(index: Path) -> None:
    with pytest.raises(NotFoundError, match="没有编号为 nope 的文档"):
        open_generation(index).document("nope")


def test_of_a_large_file_opening_looks_at_parts_and_a_check_at_all(
    index: Path, monkeypatch: pytest.MonkeyPatch, corpus: Path
) -> None:
    monkeypatch.setattr("rag.index.manifest._PARTS", 4)
    monkeypatch.setattr("rag.index.manifest._PART_BYTES", 512)
    (corpus / "b.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    index_paths([corpus], index, Settings())
    manifest, file = open_generation(index).manifest, generation(index) / TEXTS
    assert {name for name, record in manifest.files.items() if record.sampled} >= {TEXTS}
    whole = file.read_bytes()
    # The parts begin at thirds of what is before the last.
    second = (len(whole) - 512) // 3
    for place, found_at_once in ((0, True), (second + 5, True), (len(whole) - 1, True), (second - 5, False)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert [name for name, _ in differing(manifest, generation(index))] == [TEXTS]
        assert bool(list(differing(manifest, generation(index), sampled=True))) is found_at_once
