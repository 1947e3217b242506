"""Old generations are kept, listed, asked, put back in force and deleted, whoever is reading them."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Command

from rag.errors import IndexDamagedError, IndexMismatchError, IndexMissingError, NotFoundError, StorageError
from rag.index.generations import current_name, open_generation, writing
from rag.index.history import generations, prune_generations, rollback
from rag.index.switching import names, resolve
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings

pytestmark = pytest.mark.usefixtures("hash_encoder")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


@pytest.fixture
def index(tmp_path: Path, corpus: Path) -> Path:
    """An index of three generations: 第1版。, 第2版。, 第3版。 of the same file."""
    for number in (1, 2, 3):
        write(corpus, tmp_path / "index", number)
    return tmp_path / "index"


def write(corpus: Path, index: Path, number: int, **settings: int) -> str:
    (corpus / "a.md").write_text(f"第{number}版。", "utf-8")
    index_paths([corpus], index, Settings(**settings))  # type: ignore[arg-type]
    return current_name(index)


def told(index: Path, at: str | None = None) -> str:
    return Library.open(index, Settings(), at=at).search("版")[0].text


def test_generations_are_listed_newest_first_with_what_they_hold(index: Path) -> None:
    listed = generations(index)
    assert [record.name for record in listed] == sorted(names(index), reverse=True)
    assert [record.in_force for record in listed] == [True, False, False]
    assert [(r.documents, r.passages, r.error) for r in listed] == [(1, 1, None)] * 3
    for record in listed:
        files = (index / "generations" / record.name).rglob("*")
        on_disk = sum(f.stat().st_size for f in files if f.is_file() and f.suffix not in (".lock", ".json"))
        described = open_generation(index, record.name).manifest.files.values()
        assert on_disk < record.size == sum(file.bytes for file in described)
        assert record.created is not None
        assert timedelta(0) <= datetime.now(UTC) - record.created < timedelta(minutes=5)


def test_names_sort_by_age_even_within_a_second(index: Path) -> None:
    assert [told(index, name) for name in names(index)] == ["第3版。", "第2版。", "第1版。"]


def test_a_damaged_generation_is_listed_as_such(index: Path) -> None:
    oldest = names(index)[-1]
    (index / "generations" / oldest / "manifest.json").write_bytes(b"{")
    listed = generations(index)
    assert [record.name for record in listed if record.error] == [oldest]


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_as_many_generations_stay_as_the_setting_says(tmp_path: Path, corpus: Path, keep: int) -> None:
    made = [write(corpus, tmp_path / "index", number, keep_generations=keep) for number in range(1, 8)]
    assert names(tmp_path / "index") == made[-keep:][::-1]
    assert len(list((tmp_path / "index" / "generations").iterdir())) == keep


def test_an_old_generation_is_asked_by_its_name_or_what_only_it_begins_or_ends_with(index: Path) -> None:
    oldest = names(index)[-1]
    assert told(index) == "第3版。"
    assert told(index, oldest) == "第1版。"
    assert told(index, oldest[-6:]) == "第1版。"
    assert resolve(index, oldest[:-3]) == oldest


@pytest.mark.parametrize("name", ["", "nope", "..", "../..", "/", "20", ".", "\0"])
def test_no_other_name_opens_anything(index: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="用 wenyuan generations 查看全部版本"):
        Library.open(index, Settings(), at=name)


def test_a_library_at_an_old_generation_stays_there(index: Path, corpus: Path) -> None:
    library = Library.open(index, Settings(), at=names(index)[1])
    write(corpus, index, 4)
    library.refresh()
    assert library.search("版")[0].text == "第2版。"


def test_rollback_puts_an_old_generation_in_force_and_leaves_the_newer_ones(index: Path) -> None:
    before = names(index)
    reader = Library.open(index, Settings())
    assert rollback(before[2], index, Settings()).generation == before[2]
    assert (current_name(index), names(index), told(index)) == (before[2], before, "第1版。")
    reader.refresh()
    assert reader.search("版")[0].text == "第1版。"
    rollback(before[0], index, Settings())
    assert told(index) == "第3版。"


def test_indexing_after_a_rollback_keeps_what_was_in_force(index: Path, corpus: Path) -> None:
    oldest = names(index)[2]
    rollback(oldest, index, Settings())
    newest = write(corpus, index, 4)
    assert oldest in names(index)
    assert (len(names(index)), current_name(index)) == (3, newest)


def test_rollback_verifies_before_it_switches(index: Path) -> None:
    newest, old, oldest = names(index)
    file = index / "generations" / oldest / "segment-1" / "vectors.npy"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(IndexDamagedError, match=r"vectors\.npy"):
        rollback(oldest, index, Settings())
    with pytest.raises(IndexMismatchError, match="passage_max_chars"):
        rollback(old, index, Settings(passage_max_chars=300))
    with pytest.raises(NotFoundError):
        rollback("nope", index, Settings())
    assert current_name(index) == newest


def test_a_second_writer_is_refused_by_every_command_that_writes(index: Path) -> None:
    before = names(index)
    with writing(index):
        for write_too in (lambda: rollback(before[1], index, Settings()), lambda: prune_generations(1, index)):
            with pytest.raises(StorageError, match="另一个进程正在写"):
                write_too()
    assert (names(index), current_name(index)) == (before, before[0])


def test_pruning_keeps_the_newest_and_always_the_one_in_force(index: Path) -> None:
    newest, old, oldest = names(index)
    assert prune_generations(3, index) == []
    rollback(oldest, index, Settings())
    assert prune_generations(2, index) == [old]
    assert names(index) == [newest, oldest]
    assert prune_generations(1, index) == [newest]
    assert (names(index), told(index)) == ([oldest], "第1版。")


def test_nothing_is_pruned_while_it_is_not_known_what_is_in_force(index: Path) -> None:
    before = names(index)
    for damage in (lambda: (index / "CURRENT").write_text("nope"), lambda: (index / "CURRENT").unlink()):
        damage()
        with pytest.raises(IndexDamagedError, match="wenyuan check --repair"):
            prune_generations(1, index)
    assert names(index) == before


def test_readers_of_an_old_generation_keep_working_while_it_is_pruned(tmp_path: Path, corpus: Path) -> None:
    """Documents, passages, vectors and terms: all of them, first read after their files are gone."""
    index = tmp_path / "index"
    for letter in "甲乙丙丁":
        (corpus / f"{letter}.md").write_text("\n\n".join(f"{letter}{n}。" * 40 for n in range(100)), "utf-8")
    index_paths([corpus], index, Settings())
    old = current_name(index)
    library = Library.open(index, Settings(), at=old)
    (corpus / "甲.md").unlink()
    index_paths([corpus], index, Settings())
    stop = threading.Event()
    failed: list[Exception] = []

    def read() -> None:
        while not stop.is_set():
            try:
                assert library.search("甲99", 3)[0].passage.doc_id == library.documents()[-1].doc_id
            except Exception as error:
                failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert prune_generations(1, index) == [old]
        assert not (index / "generations" / old).exists()
        for record in library.documents():
            document = library.document(record.doc_id)
            for passage in library.passages(record.doc_id):
                words = document.text[passage.start : passage.end]
                assert library.search(words[:8], 1) != []
                assert record.doc_id == passage.doc_id
    finally:
        stop.set()
        thread.join()
    assert failed == []


def test_without_an_index_there_are_no_generations(tmp_path: Path) -> None:
    for ask in (lambda: generations(tmp_path), lambda: prune_generations(1, tmp_path)):
        with pytest.raises(IndexMissingError, match="还没有索引"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_the_commands_list_ask_put_back_and_delete(wenyuan: Command, index: Path) -> None:
    listed = json.loads(wenyuan("generations", "--json", "--index", index).out)
    assert [list(one) for one in listed] == [
        ["generation", "in_force", "created", "documents", "passages", "bytes", "error"]
    ] * 3
    newest, old, oldest = (one["generation"] for one in listed)
    shown = wenyuan("generations", "--index", index).out.splitlines()
    assert [line.split()[0] for line in shown[1:]] == ["在用", old, oldest]
    (hit,) = json.loads(wenyuan("search", "版", "--at", old, "--json", "--index", index).out)
    assert hit["text"] == "第2版。"
    (record,) = json.loads(wenyuan("list", "--at", oldest, "--json", "--index", index).out)
    assert "第1版。" in wenyuan("show", record["doc_id"], "--at", oldest, "--index", index).out
    assert wenyuan("show", record["doc_id"], "--index", index).code == 1
    done = wenyuan("rollback", oldest, "--index", index)
    assert (done.code, done.out.startswith(f"现在使用 {oldest}：1 篇文档，1 个段落单元。")) == (0, True)
    assert current_name(index) == oldest
    assert wenyuan("prune", "--keep", "1", "--index", index).out == f"{newest}\n{old}\n已删除 2 个索引版本。\n"
    assert wenyuan("prune", "--index", index).out == "已删除 0 个索引版本。\n"
    refused = wenyuan("rollback", newest, "--index", index)
    assert (refused.code, refused.err.startswith(f"错误：没有版本叫 {newest}。")) == (1, True)
