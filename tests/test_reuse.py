"""A text is embedded once: whatever moves, is renamed or stays in a changed document keeps its vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import HashEncoder

from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings

PARAGRAPHS = 300


def paragraph(n: int, word: str = "说") -> str:
    """One passage: longer than the shortest, of three sentences."""
    return f"第{n}段的第一句{word}了{n}。" + f"第{n}段的第二句" + "很" * 60 + f"长。第{n}段的第三句。"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    body = "\n\n".join(paragraph(n) for n in range(PARAGRAPHS))
    (folder / "long.md").write_text(f"# 长文\n\n{body}\n", "utf-8")
    (folder / "short.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    return folder


def assert_as_new(index: Path, corpus: Path, tmp_path: Path) -> None:
    """Passages and vectors are those of an index that has never held anything else."""
    index_paths([corpus], tmp_path / "anew", Settings())
    grown, anew = open_generation(index), open_generation(tmp_path / "anew")
    assert len(grown.dense) == len(anew.dense)
    every = range(anew.manifest.passages)
    for ordinal in every:
        first, second = (one.dense.vectors(one.dense.rows(ordinal)) for one in (grown, anew))
        assert (first == second).all()
    assert grown.store.passages_between(every) == anew.store.passages_between(every)


def test_one_changed_paragraph_of_a_long_document_is_all_that_is_embedded(
    index: Path, corpus: Path, tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    file = corpus / "long.md"
    file.write_text(file.read_text("utf-8").replace(paragraph(150), paragraph(150, "改")), "utf-8")
    report = index_paths([corpus], index, Settings())
    assert len(report.changed) == 1
    # The passage with its headings, and its sentences: what stands around them may count.
    assert [text[:9] for text in hash_encoder.passages] == [
        "长文 第150段的",
        "第150段的第一句",
        "第150段的第二句",
        "第150段的第三句",
    ]
    assert_as_new(index, corpus, tmp_path)


def test_an_added_paragraph_moves_all_that_follow_and_only_it_is_embedded(
    index: Path, corpus: Path, tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    file = corpus / "long.md"
    added = f"{paragraph(9999)}\n\n{paragraph(10)}"
    file.write_text(file.read_text("utf-8").replace(paragraph(10), added), "utf-8")
    index_paths([corpus], index, Settings())
    assert [text[:9] for text in hash_encoder.passages] == [
        "长文 第9999段",
        "第9999段的第一",
        "第9999段的第二",
        "第9999段的第三",
    ]
    assert_as_new(index, corpus, tmp_path)


def test_moved_and_renamed_files_embed_nothing(
    index: Path, corpus: Path, tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    (corpus / "sub").mkdir()
    (corpus / "short.txt").rename(corpus / "sub" / "short.txt")
    (corpus / "long.md").rename(corpus / "sub" / "更名.md")
    report = index_paths([corpus], index, Settings())
    assert (len(report.added), len(report.removed), hash_encoder.passages) == (2, 2, [])
    assert_as_new(index, corpus, tmp_path)


def test_a_name_that_is_the_title_is_part_of_what_is_embedded(
    index: Path, corpus: Path, tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    (corpus / "short.txt").rename(corpus / "文心.txt")
    index_paths([corpus], index, Settings())
    assert hash_encoder.passages == ["文心 文心的日均调用量达15亿次。"]
    assert_as_new(index, corpus, tmp_path)


def test_a_text_of_several_documents_is_embedded_once(tmp_path: Path, hash_encoder: HashEncoder) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).write_text(f"# 同题\n\n{paragraph(1)}\n\n{paragraph(ord(name[0]))}\n", "utf-8")
    index_paths([tmp_path], tmp_path / "index", Settings())
    assert hash_encoder.passages.count("第1段的第三句。") == 1
    assert len(hash_encoder.passages) == len(set(hash_encoder.passages))
    found = Library.open(tmp_path / "index", Settings()).search("第1段的第三句", 3)
    assert len({hit.score for hit in found}) == 1


def test_another_model_takes_no_vector_over(
    index: Path, corpus: Path, tmp_path: Path, hash_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_encoder, "name", "hash@2")
    index_paths([corpus], index, Settings())
    assert len(hash_encoder.passages) == len(set(hash_encoder.passages)) > 3 * PARAGRAPHS
    assert_as_new(index, corpus, tmp_path)
