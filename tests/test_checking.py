"""A check names exactly what is damaged, and a repair rebuilds it from what is sound without losing anything."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Command
from documents import HashEncoder, held

from rag.errors import IndexMissingError
from rag.index.checking import check
from rag.index.generations import current_name
from rag.index.history import generations, prune_generations
from rag.index.manifest import parse_manifest, record_files, write_manifest
from rag.index.switching import names
from rag.indexing.repair import repair
from rag.indexing.update import index_paths
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.settings import Settings

LIST, VECTORS, OWNERS = "library.sqlite", "segment-1/vectors.npy", "segment-1/owners.npy"
TEXTS = {"a.md": "# 甲\n\n豆包的月活是6000万。第二句。\n\n- 一项\n- 二项\n", "b.txt": "文心的日均调用量达15亿次。"}
HELD = {"a.md": "甲\n豆包的月活是6000万。第二句。\n一项\n二项", "b.txt": TEXTS["b.txt"]}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "corpus" / name).write_text(text, "utf-8")
    return tmp_path / "corpus"


def generation(index: Path) -> Path:
    return index / "generations" / current_name(index)


def found(index: Path) -> list[str]:
    """The places of all that is wrong."""
    health = check(index)
    inner = [problem.place for one in health.generations for problem in one.inspection.problems]
    return [*inner, *(problem.place for problem in health.problems)]


def assert_repaired(index: Path) -> None:
    """Sound, of the same texts, and answering as an index that was never damaged."""
    assert found(index) == []
    assert held(index) == HELD
    assert Library.open(index, Settings()).search("文心")[0].text == TEXTS["b.txt"]


def damage(file: Path, how: str) -> None:
    data = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        middle = len(data) // 2
        changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        file.write_bytes(data[:-1] if how == "cut" else changed)


def forge(index: Path, change: Callable[[Path], object]) -> None:
    """Write a generation that is wrong, but whose every file is the one that the manifest lists."""
    folder = generation(index)
    change(folder)
    manifest = parse_manifest(folder)
    files = {name: record for name, record in record_files(folder).items() if name in manifest.files}
    (folder / "manifest.json").unlink()
    write_manifest(
        type(manifest)(**{f: getattr(manifest, f) for f in manifest.__struct_fields__} | {"files": files}), folder
    )


def sql(statement: str, file: str = "segment-1/texts.sqlite") -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        with sqlite3.connect(folder / file) as connection:
            connection.execute(statement)
        connection.close()

    return change


def test_a_sound_index_is_found_sound_and_left_as_it_is(index: Path, wenyuan: Command) -> None:
    before = {file: file.read_bytes() for file in index.rglob("*") if file.is_file()}
    assert check(index).sound
    for arguments in ([], ["--repair"]):
        finished = wenyuan("check", "--index", index, *arguments)
        assert (finished.code, finished.err) == (0, "")
        assert finished.out == f"{current_name(index)}（在用）  完好\n索引完好。\n"
    assert {file: file.read_bytes() for file in index.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("how", ["cut", "missing", "changed"])
def test_every_damaged_file_is_named_and_repaired(
    index: Path, tmp_path: Path, hash_encoder: HashEncoder, how: str
) -> None:
    files = sorted(parse_manifest(generation(index)).files)
    assert {Path(name).parts[0] for name in files} == {"library.sqlite", "segment-1", "terms"}
    assert {Path(name).name for name in files} > {"texts.sqlite", "vectors.npy", "owners.npy", "keys.npy"}
    for name in files:
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(index, copy)
        damaged = current_name(copy)
        damage(generation(copy) / name, how)
        assert found(copy) == [name]
        hash_encoder.passages.clear()
        report = repair(copy, Settings())
        assert report.left == []
        assert_repaired(copy)
        # Vectors are made again only where they are damaged, or what says which texts they are of.
        assert bool(hash_encoder.passages) == name.endswith(("vectors.npy", "keys.npy"))
        assert {path.name for path in (copy / "generations").iterdir()} == {current_name(copy), f"{damaged}.damaged"}
        assert len(generations(copy)) == 1


def test_a_damaged_manifest_is_repaired_and_it_is_said_that_texts_are_unverified(index: Path) -> None:
    (generation(index) / "manifest.json").write_text("{", "utf-8")
    assert found(index) == ["manifest.json"]
    assert "无法核对" in repair(index, Settings()).done[0].zh
    assert_repaired(index)


def test_vectors_are_taken_from_an_older_generation_that_is_sound(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    damage(generation(index) / "segment-2" / "vectors.npy", "cut")
    hash_encoder.passages.clear()
    repair(index, Settings())
    assert (found(index), hash_encoder.passages) == ([], ["c 新来的一篇。"])
    assert sorted(held(index)) == ["a.md", "b.txt", "c.txt"]


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (sql("UPDATE passages SET end = 9999 WHERE ordinal = 0"), "library.sqlite: ", "passage 0 is misplaced"),
        (sql("UPDATE passages SET start = 5, end = 5 WHERE ordinal = 0"), "library.sqlite: ", "passage 0 is misplaced"),
        (sql("UPDATE passages SET paragraph = 9 WHERE ordinal = 0"), "library.sqlite: ", "wrong paragraph number"),
        (sql("UPDATE passages SET paragraph = 0 WHERE ordinal = 0"), "library.sqlite: ", "wrong paragraph number"),
        (sql("UPDATE passages SET sentences=CAST('[[0,3],[2,9]]' AS BLOB) WHERE ordinal=0"), "library.", "sentence"),
        (sql("UPDATE passages SET sentences=CAST('[[0,99]]' AS BLOB) WHERE ordinal=0"), "library.sqlite: ", "sentence"),
        (sql("UPDATE passages SET doc_id = 'x' WHERE ordinal = 0"), "library.sqlite: ", "passage 0 is misplaced"),
        (sql("UPDATE documents SET text = '短' WHERE first_passage = 0"), "library.sqlite: ", "is misplaced"),
        (sql("UPDATE documents SET sha256 = 'f' WHERE position = 0", LIST), "library.sqlite: ", "not the beginning"),
        (sql("UPDATE documents SET passages = 9 WHERE position = 1", LIST), "library.", "passages do not agree"),
        (sql("INSERT INTO passages SELECT 9, doc_id, start, end, paragraph, context, sentences FROM passages LIMIT 1"),
         "library.sqlite", "passages do not agree"),
        (sql("DELETE FROM documents WHERE position = 1", LIST), "library.sqlite", "documents do not agree"),
        (lambda f: np.save(f / VECTORS, np.full((7, 16), 0.5, np.float16)), VECTORS, "length 1"),
        (lambda f: np.save(f / VECTORS, np.full((7, 16), np.nan, np.float16)), VECTORS, "nan"),
        (lambda f: np.save(f / VECTORS, np.eye(6, 16, dtype=np.float16)), VECTORS, "file of 7x16"),
        (lambda f: np.save(f / OWNERS, np.zeros(7, np.int32)), OWNERS, "do not agree"),
        (lambda f: (f / VECTORS).write_bytes(b"IxFI" + b"\xff" * 40), VECTORS, "no file of 7x16"),
        (lambda f: (f / "library.sqlite").write_bytes(b"no database"), "library.sqlite", "can't be read"),
        (lambda f: (f / "terms" / "meta.json").write_bytes(b"{}"), "terms", "can't be read"),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_found_though_every_file_is_as_written(
    index: Path, change: Callable[[Path], object], place: str, said: str
) -> None:
    assert parse_manifest(generation(index)).vectors == 7
    forge(index, change)
    (checked,) = check(index).generations
    assert checked.inspection.problems
    first = checked.inspection.problems[0]
    assert first.place.startswith(place)
    assert said in " ".join(problem.en for problem in checked.inspection.problems)
    assert repair(index, Settings()).left == []
    assert_repaired(index)


@pytest.mark.parametrize("content", [None, "nope", ""])
def test_a_lost_pointer_goes_to_the_newest_sound_generation(index: Path, corpus: Path, content: str | None) -> None:
    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    newest = current_name(index)
    (index / "CURRENT").unlink() if content is None else (index / "CURRENT").write_text(content)
    assert found(index) == ["CURRENT"]
    repair(index, Settings())
    assert (found(index), current_name(index)) == ([], newest)


def test_a_damaged_store_is_read_again_from_files_and_older_generations(index: Path, corpus: Path) -> None:
    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    damage(generation(index) / "library.sqlite", "cut")
    # Older generations have a.md, only its file has c.txt.
    (corpus / "a.md").unlink()
    assert repair(index, Settings()).left == []
    assert found(index) == []
    assert held(index) == HELD | {"c.txt": "新来的一篇。"}


def test_a_file_that_has_changed_since_is_taken_as_it_is_now_and_said_so(index: Path, corpus: Path) -> None:
    damage(generation(index) / "library.sqlite", "cut")
    (corpus / "b.txt").write_text("文心的日均调用量达30亿次。", "utf-8")
    said = repair(index, Settings()).done[0].en
    assert said == f"{corpus / 'b.txt'} has changed since it was indexed and is taken as it is now"
    assert held(index)["b.txt"] == "文心的日均调用量达30亿次。"


def test_where_a_document_is_lost_nothing_is_switched_and_a_rollback_is_offered(
    index: Path, corpus: Path, wenyuan: Command
) -> None:
    old = current_name(index)
    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    new = current_name(index)
    (corpus / "c.txt").unlink()
    damage(generation(index) / "library.sqlite", "changed")
    before = {file: file.read_bytes() for file in index.rglob("*") if file.is_file()}
    finished = wenyuan("check", "--repair", "--index", index)
    lines = finished.out.splitlines()
    assert finished.code == 1
    assert lines[0] == f"! 找不到 {corpus / 'c.txt'}：源文件不在原处，完好的旧版本里也没有"
    assert lines[1] == f"! 可以换回完好的旧版本：wenyuan rollback {old}"
    assert (current_name(index), names(index)) == (new, [new, old])
    assert {file: file.read_bytes() for file in index.rglob("*") if file.is_file()} == before
    assert wenyuan("rollback", old, "--index", index).code == 0
    assert wenyuan("check", "--repair", "--index", index).code == 0
    assert_repaired(index)


def test_a_damaged_old_generation_is_put_away_and_deleted_by_pruning_only(index: Path, corpus: Path) -> None:
    old = current_name(index)
    for number in range(4):
        (corpus / "c.txt").write_text(f"第{number}版。", "utf-8")
        if number == 1:
            damage(index / "generations" / old / "library.sqlite", "cut")
            assert found(index) == ["library.sqlite"]
            repair(index, Settings())
            assert found(index) == []
        index_paths([corpus], index, Settings())
    aside = index / "generations" / f"{old}.damaged"
    assert (aside / "library.sqlite").is_file()
    assert len(names(index)) == 3
    assert prune_generations(3, index) == [aside.name]
    assert not aside.exists()


def test_quotes_of_gold_pairs_are_checked_against_what_documents_say(index: Path) -> None:
    def pair(document: str, start: int, end: int, quote: str) -> str:
        place = {"document": document, "start": start, "end": end, "quote": quote}
        return json.dumps({"id": "u", "question": "?", "answers": ["x"], "evidence": [[place]]}, ensure_ascii=False)

    lines = [pair("b.txt", 0, 2, "文心"), pair("b.txt", 0, 2, "豆包"), "", "{", pair("gone.md", 0, 1, "x"), "[1]"]
    (index / "gold.jsonl").write_text("\n".join([*lines, pair("b.txt", -5, 2, "文心")]), "utf-8")
    health = check(index)
    assert [problem.place for problem in health.problems] == ["gold.jsonl:2", "gold.jsonl:4"]
    assert health.problems[0].en == "the quote is no longer the text of b.txt [0, 2)"
    assert [(note.place, note.en) for note in health.notes] == [
        ("gold.jsonl:5", "cites gone.md, which is not in the index")
    ]


def test_uploads_that_changed_or_are_gone_are_found_and_strays_are_noted(index: Path) -> None:
    UploadStore(index, Settings()).add([Upload(f"{n}.md", f"第{n}个文件。".encode()) for n in (1, 2, 3)])
    assert found(index) == []
    (index / "uploads" / "1.md").write_text("改了", "utf-8")
    (index / "uploads" / "2.md").unlink()
    (index / "uploads" / "stray.md").write_text("多的", "utf-8")
    health = check(index)
    assert sorted((problem.place, problem.en) for problem in health.problems) == [
        ("uploads/1.md", "is not the file that was indexed"),
        ("uploads/2.md", "can't be read: No such file or directory"),
    ]
    assert [note.place for note in health.notes] == ["uploads/stray.md"]


def test_the_command_names_what_is_damaged_for_people_and_programs(index: Path, wenyuan: Command) -> None:
    damage(generation(index) / OWNERS, "missing")
    name = current_name(index)
    shown = wenyuan("check", "--index", index)
    assert (shown.code, shown.err) == (1, "")
    assert shown.out.splitlines() == [
        f"{name}（在用）  损坏 1 处",
        "  ✗ segment-1/owners.npy: 文件缺失 / missing",
        "索引有损坏。修复：wenyuan check --repair",
    ]
    told = wenyuan("check", "--json", "--index", index)
    assert (told.code, list(json.loads(told.out))) == (
        1, ["sound", "generations", "problems", "notes", "done", "left"]
    )  # fmt: skip
    (one,) = json.loads(told.out)["generations"]
    assert (one["generation"], one["in_force"], one["sound"]) == (name, True, False)
    assert one["problems"] == [{"place": OWNERS, "problem": "文件缺失 / missing", "problem_zh": "文件缺失 / missing"}]
    mended = wenyuan("check", "--repair", "--json", "--index", index)
    assert (mended.code, json.loads(mended.out)["sound"], len(json.loads(mended.out)["done"])) == (0, True, 2)


def test_without_an_index_there_is_nothing_to_check(tmp_path: Path) -> None:
    for ask in (check, repair):
        with pytest.raises(IndexMissingError, match="还没有索引"):
            ask(tmp_path)
    assert list(tmp_path.iterdir()) == []
