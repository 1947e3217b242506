"""An index of an earlier version says what to do, and no document of it is lost, with its source files or without."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from documents import HashEncoder
from rich.console import Console

from rag.cli.console import show_health
from rag.errors import IndexMismatchError, IndexMissingError
from rag.index.checking import check
from rag.index.generations import STORE, current_name, open_generation
from rag.index.manifest import FORMAT_VERSION, file_digest
from rag.index.store import Store, relocate
from rag.index.transfer.exporting import export_library
from rag.index.transfer.importing import import_library
from rag.indexing.repair import repair
from rag.indexing.update import index_paths
from rag.indexing.upgrading import Upgraded, upgrade
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.settings import Settings

FIXTURES = Path(__file__).parent / "data"
WHAT_TO_DO = "索引是旧格式 1，本程序需要 4。请升级，一篇文档也不会丢失，也不需要源文件：wenyuan upgrade"
TEXTS = {
    "minutes.txt": "会议纪要\n合同编号是HT-2024-017，签于2024年3月5日。\n负责人是欧阳清。",
    "products.md": "产品\n豆包的月活跃用户近6000万。Kimi的月活跃用户有3600万。\n文心的日均调用量达15亿次。",
    "uploaded.md": "上传的说明：仓库的口令是琥珀。",
}


@pytest.fixture
def old(tmp_path: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    """An index of format 1 and its documents, as if they had been made here."""
    return copied(1, tmp_path)


def copied(version: int, tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / f"format-{version}", tmp_path, dirs_exist_ok=True)
    index = tmp_path / "index"
    generation = index / "generations" / current_name(index)
    store, manifest = generation / STORE, generation / "manifest.json"
    before = store.stat().st_size, file_digest(store)
    places = {record.sha256: tmp_path / record.path.relative_to("/srv/wenyuan") for record in Store(store).records()}
    relocate(store, {sha256: path.resolve() for sha256, path in places.items()})
    said = manifest.read_text("utf-8").replace("/srv/wenyuan", str(tmp_path.resolve()))
    said = said.replace(f'"bytes": {before[0]}', f'"bytes": {store.stat().st_size}')
    manifest.write_text(said.replace(before[1], file_digest(store)), "utf-8")
    return index


def texts(index: Path) -> dict[str, str]:
    opened = open_generation(index)
    return {Path(r.source).name: opened.document(r.doc_id).text for r in opened.store.records()}


def shown(index: Path) -> str:
    said = io.StringIO()
    show_health(Console(file=said, width=300), check(index))
    return said.getvalue()


def test_whoever_opens_it_is_told_what_to_do(old: Path) -> None:
    for use in (
        lambda: Library.open(old, Settings()),
        lambda: UploadStore(old, Settings()).add([Upload("x.md", "新的。".encode())]),
    ):
        with pytest.raises(IndexMismatchError) as caught:
            use()
        assert caught.value.zh == WHAT_TO_DO
    assert sorted(path.name for path in (old / "uploads").iterdir()) == ["uploaded.md"]


def test_check_finds_it_whole_but_to_be_upgraded_and_repair_leaves_it_alone(old: Path) -> None:
    before = current_name(old)
    assert not check(old).sound
    assert [one.inspection.problems for one in check(old).generations] == [()]
    assert shown(old).splitlines()[-1] == f"! {WHAT_TO_DO}"
    report = repair(old, Settings())
    assert ([step.zh for step in report.left], report.done, current_name(old)) == ([WHAT_TO_DO], [], before)


def test_upgrading_keeps_every_document_without_its_file_and_makes_no_vector_twice(
    old: Path, hash_encoder: HashEncoder
) -> None:
    shutil.rmtree(old.parent / "documents")
    assert upgrade(old, Settings()) == Upgraded(documents=3, passages=3)
    assert (texts(old), hash_encoder.passages) == (TEXTS, [])
    library = Library.open(old, Settings())
    assert library.manifest.format_version == FORMAT_VERSION
    assert library.search("HT-2024-017")[0].text == TEXTS["minutes.txt"]
    assert (check(old).sound, len(check(old).generations)) == (True, 2)
    before = current_name(old)
    assert (upgrade(old, Settings()), current_name(old)) == (None, before)


@pytest.mark.parametrize("version", [2, 3])
def test_an_index_of_a_later_format_is_upgraded_too(tmp_path: Path, hash_encoder: HashEncoder, version: int) -> None:
    old = copied(version, tmp_path)
    with pytest.raises(IndexMismatchError, match=f"索引是旧格式 {version}，本程序需要 4"):
        Library.open(old, Settings())
    before = open_generation(old, oldest=version)
    assert upgrade(old, Settings()) == Upgraded(documents=3, passages=3)
    after = open_generation(old)
    assert (texts(old), hash_encoder.passages, check(old).sound) == (TEXTS, [], True)
    assert [after.sparse.stored(n) for n in range(3)] == [before.sparse.stored(n) for n in range(3)] != [None] * 3
    rows = range(after.manifest.vectors)
    assert after.dense.vectors(rows) == pytest.approx(before.dense.vectors(rows), abs=0.0005)


def test_indexing_it_upgrades_it_and_reads_its_files_again(old: Path, hash_encoder: HashEncoder) -> None:
    (old.parent / "documents" / "new.md").write_text("新来的一篇。", "utf-8")
    report = index_paths([old.parent / "documents"], old, Settings())
    assert [Path(source).name for source in report.added] == ["new.md"]
    assert (len(report.unchanged), report.removed) == (3, ())
    assert [notice.zh for notice in report.notices] == ["已用这一版的读取方法重新读取 2 个没有变化的文件。"]
    assert texts(old) == {**TEXTS, "new.md": "新来的一篇。"}
    assert hash_encoder.passages == ["new 新来的一篇。"]


def test_indexing_something_else_loses_nothing_of_it_though_its_files_are_gone(old: Path) -> None:
    shutil.rmtree(old.parent / "documents")
    (old.parent / "else").mkdir()
    (old.parent / "else" / "new.md").write_text("新来的一篇。", "utf-8")
    report = index_paths([old.parent / "else"], old, Settings())
    assert (report.documents, report.removed, texts(old)) == (4, (), {**TEXTS, "new.md": "新来的一篇。"})


def test_another_model_upgrades_it_too(old: Path, hash_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_encoder, "name", "hash@2")
    upgrade(old, Settings())
    assert (texts(old), len(hash_encoder.passages)) == (TEXTS, 10)


def test_an_export_of_before_is_imported_and_then_upgraded(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the earlier version exports: this one opens no index of before.
    monkeypatch.setattr("rag.index.manifest.FORMAT_VERSION", 1)
    monkeypatch.setattr("rag.index.generations.FORMAT_VERSION", 1)
    monkeypatch.setattr("rag.index.generations.open_generation.__kwdefaults__", {"oldest": 1})
    export_library(tmp_path / "library.tar.gz", old)
    monkeypatch.undo()
    new = tmp_path / "elsewhere"
    done = import_library(tmp_path / "library.tar.gz", new, Settings())
    assert [notice.zh for notice in done.notices] == [WHAT_TO_DO]
    upgrade(new, Settings())
    assert texts(new) == TEXTS


def test_a_format_of_the_future_asks_for_a_newer_program(old: Path) -> None:
    manifest = old / "generations" / current_name(old) / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"format_version": 1', '"format_version": 99'), "utf-8")
    for use in (Library.open, upgrade):
        with pytest.raises(IndexMismatchError, match="请更新问源，再打开这个索引"):
            use(old, Settings())


def test_there_is_nothing_to_upgrade_where_no_index_is(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        upgrade(tmp_path / "index", Settings())
    assert not (tmp_path / "index").exists()
