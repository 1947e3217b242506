"""Indexing does what changed and nothing else, and never loses a document that it could not read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from documents import HashEncoder, held

from rag.errors import CorpusError, NotFoundError
from rag.index.generations import current_name, open_generation
from rag.indexing.splitting import SPLITTER, SplitSettings, split
from rag.indexing.update import index_paths, remove_documents
from rag.library import Library
from rag.settings import Settings
from rag.types import Document, IndexReport, Passage, Status


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text("# 甲\n\n豆包的月活是6000万。第二句。", "utf-8")
    (folder / "b.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    return folder


def names(sources: tuple[str, ...]) -> list[str]:
    return [Path(source).name for source in sources]


def changes(report: IndexReport) -> tuple[list[str], ...]:
    return tuple(map(names, (report.added, report.changed, report.unchanged, report.removed)))


def test_the_first_run_adds_everything(tmp_path: Path, corpus: Path, hash_encoder: HashEncoder) -> None:
    report = index_paths([corpus], tmp_path / "new", Settings())
    assert changes(report) == (["a.md", "b.txt"], [], [], [])
    assert (report.documents, report.passages) == (2, 2)
    assert len(hash_encoder.passages) == 5


def test_an_unchanged_folder_embeds_nothing_and_writes_no_generation(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert changes(report) == ([], [], ["a.md", "b.txt"], [])
    assert (hash_encoder.passages, current_name(index), report.passages) == ([], before, 2)


def test_a_file_that_was_only_touched_is_unchanged(index: Path, corpus: Path) -> None:
    os.utime(corpus / "a.md", (1, 1))
    before = current_name(index)
    index_paths([corpus], index, Settings())
    assert current_name(index) == before


def test_only_what_is_new_is_embedded(index: Path, corpus: Path, hash_encoder: HashEncoder) -> None:
    (corpus / "a2.md").write_text("新来的一篇。", "utf-8")
    report = index_paths([corpus], index, Settings())
    assert changes(report) == (["a2.md"], [], ["a.md", "b.txt"], [])
    assert hash_encoder.passages == ["a2 新来的一篇。"]


def test_vectors_taken_over_are_those_of_a_new_index(index: Path, corpus: Path, tmp_path: Path) -> None:
    (corpus / "a2.md").write_text("新来的一篇。有两句。", "utf-8")
    index_paths([corpus], index, Settings())
    index_paths([corpus], tmp_path / "anew", Settings())
    grown, anew = open_generation(index), open_generation(tmp_path / "anew")
    assert len(grown.dense) == len(anew.dense)
    for n in range(3):
        one, other = (opened.dense.vectors(opened.dense.rows(n)) for opened in (grown, anew))
        assert one.tolist() == other.tolist()
    assert grown.store.passages(range(3)) == anew.store.passages(range(3))
    assert grown.sparse.search(["豆包", "一篇"], 5) == anew.sparse.search(["豆包", "一篇"], 5)


def test_a_changed_file_is_replaced(index: Path, corpus: Path, hash_encoder: HashEncoder) -> None:
    (corpus / "b.txt").write_text("文心的日均调用量达30亿次。", "utf-8")
    report = index_paths([corpus], index, Settings())
    assert changes(report) == ([], ["b.txt"], ["a.md"], [])
    assert held(index)["b.txt"] == "文心的日均调用量达30亿次。"
    assert hash_encoder.passages == ["b 文心的日均调用量达30亿次。"]


def test_a_vanished_file_is_removed(index: Path, corpus: Path, hash_encoder: HashEncoder) -> None:
    (corpus / "a.md").unlink()
    report = index_paths([corpus], index, Settings())
    assert changes(report) == ([], [], ["b.txt"], ["a.md"])
    assert (list(held(index)), hash_encoder.passages) == (["b.txt"], [])


def test_a_renamed_file_keeps_its_text_and_gets_its_name(index: Path, corpus: Path) -> None:
    (corpus / "a.md").rename(corpus / "c.md")
    report = index_paths([corpus], index, Settings())
    assert changes(report) == (["c.md"], [], ["b.txt"], ["a.md"])
    assert sorted(held(index)) == ["b.txt", "c.md"]


def test_documents_of_other_folders_stay(index: Path, tmp_path: Path) -> None:
    other = tmp_path / "corpus-2"
    other.mkdir()
    (other / "z.md").write_text("别处的一篇。", "utf-8")
    report = index_paths([other], index, Settings())
    assert changes(report) == (["z.md"], [], ["a.md", "b.txt"], [])
    assert sorted(held(index)) == ["a.md", "b.txt", "z.md"]


def test_a_file_that_became_unreadable_keeps_its_former_version_and_is_reported(index: Path, corpus: Path) -> None:
    (corpus / "b.txt").write_bytes("文心".encode() * 20 + b"\xff")
    (corpus / "c.md").write_text("新的。", "utf-8")
    report = index_paths([corpus], index, Settings())
    assert [(Path(source).name, error.zh.partition("：")[2]) for source, error in report.failed] == [
        ("b.txt", "第 121 个字节有误，已跳过。请另存为 UTF-8 后再索引。")
    ]
    assert held(index)["b.txt"] == "文心的日均调用量达15亿次。"
    assert changes(report) == (["c.md"], [], ["a.md", "b.txt"], [])


def test_a_file_of_the_same_content_is_stored_once_and_reported(index: Path, corpus: Path) -> None:
    (corpus / "sub").mkdir()
    (corpus / "sub" / "copy.md").write_bytes((corpus / "a.md").read_bytes())
    report = index_paths([corpus], index, Settings())
    assert [names(pair) for pair in report.duplicates] == [["copy.md", "a.md"]]
    assert changes(report) == (["copy.md"], [], ["a.md", "b.txt"], [])
    assert (sorted(held(index)), report.documents) == (["a.md", "b.txt"], 2)


def test_a_folder_emptied_of_everything_has_no_documents(index: Path, corpus: Path) -> None:
    for file in corpus.iterdir():
        file.unlink()
    report = index_paths([corpus], index, Settings())
    assert changes(report) == ([], [], [], ["a.md", "b.txt"])
    assert (held(index), report.documents, report.passages) == ({}, 0, 0)
    library = Library.open(index, Settings())
    assert (library.documents(), library.search("月活")) == ([], [])
    assert library.ask("豆包的月活是多少？").status is Status.ABSTAINED
    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    assert held(index) == {"c.txt": "新来的一篇。"}


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="没有可索引的文字"):
        index_paths([tmp_path / "empty"], tmp_path / "new", Settings())


def test_other_settings_rebuild_everything_and_embed_the_texts_that_are_new(
    index: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    index_paths([corpus], index, Settings(passage_context=False))
    assert hash_encoder.passages == ["文心的日均调用量达15亿次。"]
    assert Library.open(index, Settings(passage_context=False)).search("月活")[0].passage.context == ""


def test_another_model_embeds_everything_anew(
    index: Path, corpus: Path, hash_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_encoder, "name", "hash@2")
    report = index_paths([corpus], index, Settings())
    assert changes(report) == ([], [], ["a.md", "b.txt"], [])
    assert len(hash_encoder.passages) == 5
    assert open_generation(index).manifest.encoder == "hash@2"


def test_a_damaged_index_is_built_anew_with_a_notice(index: Path, corpus: Path) -> None:
    (index / "generations" / current_name(index) / "segment-1" / "vectors.npy").write_bytes(b"x")
    report = index_paths([corpus], index, Settings())
    assert [error.zh.partition("：")[0] for error in report.notices] == ["索引已损坏"]
    assert sorted(held(index)) == ["a.md", "b.txt"]


def test_removing_takes_the_document_and_leaves_the_file(index: Path, corpus: Path, hash_encoder: HashEncoder) -> None:
    library = Library.open(index, Settings())
    doc_id = library.documents()[0].doc_id
    library.remove([doc_id])
    assert [record.path.name for record in library.documents()] == ["b.txt"]
    assert ((corpus / "a.md").exists(), hash_encoder.passages) == (True, [])
    with pytest.raises(NotFoundError):
        library.document(doc_id)


def test_removing_all_documents_is_refused(index: Path) -> None:
    ids = [record.doc_id for record in Library.open(index, Settings()).documents()]
    before = current_name(index)
    with pytest.raises(CorpusError, match="不能删除最后一篇"):
        remove_documents(ids, index, Settings())
    assert current_name(index) == before


def test_removing_an_unknown_document_changes_nothing(index: Path) -> None:
    before = current_name(index)
    with pytest.raises(NotFoundError):
        remove_documents(["nope"], index, Settings())
    assert current_name(index) == before


def test_text_that_is_split_otherwise_than_before_takes_the_vectors_of_its_new_rows(
    index: Path, corpus: Path, hash_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def split_finer(document: Document, settings: SplitSettings, first_ordinal: int) -> list[Passage]:
        """A later version's splitter: a passage for each sentence."""
        whole = split(document, settings, first_ordinal)
        spans = [span for passage in whole for span in passage.sentences]
        return [
            replace(whole[0], ordinal=first_ordinal + n, start=span.start, end=span.end, sentences=(span,))
            for n, span in enumerate(spans)
        ]

    monkeypatch.setattr("rag.indexing.building.split", split_finer)
    monkeypatch.setattr("rag.indexing.merging.SPLITTER", SPLITTER + 1)
    (corpus / "c.txt").write_text("可灵有超600万用户。", "utf-8")
    index_paths([corpus], index, Settings())
    # b.txt is one sentence and splits as before.
    assert hash_encoder.passages == ["甲", "豆包的月活是6000万。", "第二句。", "c 可灵有超600万用户。"]
    dense = open_generation(index).dense
    wanted = hash_encoder.encode_queries(
        ["甲", "豆包的月活是6000万。", "第二句。", "b 文心的日均调用量达15亿次。", "c 可灵有超600万用户。"]
    )
    assert dense.vectors(range(len(dense))).tolist() == wanted.astype(np.float16).tolist()
    assert Library.open(index, Settings()).search("第二句")[0].text == "第二句。"
