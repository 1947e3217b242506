"""A file whose bytes are those of its document in the index is not parsed again, unless the loaders changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from documents import AFTER, HashEncoder

import rag.indexing.refresh
from rag.index.generations import current_name, open_generation
from rag.indexing.pipeline import Pipeline
from rag.indexing.update import index_paths, remove_documents
from rag.loading import parse
from rag.settings import Settings
from rag.text.normalization import Normalised
from rag.text.tokenization import Cut, Cutting


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed from now on."""
    names: list[str] = []

    def noted(data: bytes, **named: object) -> object:
        names.append(Path(str(named["name"])).name)
        return parse(data, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rag.indexing.refresh, "parse", noted)
    return names


def test_nothing_is_parsed_if_no_byte_changed(index: Path, corpus: Path, parsed: list[str]) -> None:
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert (parsed, len(report.unchanged), report.notices, current_name(index)) == ([], 2, (), before)


def test_only_the_file_that_changed_and_the_new_one_are_parsed(index: Path, corpus: Path, parsed: list[str]) -> None:
    (corpus / "a.md").write_text(AFTER, "utf-8")
    (corpus / "c.md").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, Settings())
    assert parsed == ["a.md", "c.md"]


def test_a_change_is_seen_whatever_the_size_and_the_clock_say(index: Path, corpus: Path) -> None:
    file = corpus / "a.md"
    times = file.stat()
    file.write_text(AFTER, "utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (times.st_size, times.st_mtime_ns)
    report = index_paths([corpus], index, Settings())
    assert [Path(source).name for source in report.changed] == ["a.md"]


def test_a_file_that_could_not_be_read_is_tried_again(index: Path, corpus: Path, parsed: list[str]) -> None:
    (corpus / "c.md").write_bytes("新的。".encode() * 20 + b"\xff")
    assert [len(index_paths([corpus], index, Settings()).failed) for _ in range(2)] == [1, 1]
    assert parsed == ["c.md", "c.md"]


def test_a_document_taken_from_the_index_is_cited_under_the_name_given_now(
    index: Path, corpus: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "c.md").write_text("新来的一篇。", "utf-8")
    monkeypatch.chdir(corpus)
    index_paths([Path()], index, Settings())
    assert parsed == ["c.md"]
    assert [record.source for record in open_generation(index).store.records()] == ["a.md", "b.txt", "c.md"]


def test_other_loaders_read_every_file_again_and_say_so_once(
    index: Path, corpus: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch, hash_encoder: HashEncoder
) -> None:
    for place in ("rag.indexing.refresh", "rag.loading"):
        monkeypatch.setattr(f"{place}.LOADERS", 1000)
    before = current_name(index)
    report = index_paths([corpus], index, Settings())
    assert (parsed, hash_encoder.passages) == (["a.md", "b.txt"], [])
    assert [notice.zh for notice in report.notices] == ["已用这一版的读取方法重新读取 2 个没有变化的文件。"]
    assert (len(report.unchanged), current_name(index) != before) == (2, True)
    parsed.clear()
    assert (index_paths([corpus], index, Settings()).notices, parsed) == ((), [])


def test_a_document_that_was_only_kept_is_read_by_the_new_loaders_when_its_folder_is(
    index: Path, corpus: Path, tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "z.md").write_text("别处的一篇。", "utf-8")
    for place in ("rag.indexing.refresh", "rag.loading"):
        monkeypatch.setattr(f"{place}.LOADERS", 1000)
    index_paths([other], index, Settings())
    assert (parsed, len(open_generation(index).manifest.outdated)) == (["z.md"], 2)
    remove_documents([record.doc_id for record in open_generation(index).store.records()][:1], index, Settings())
    parsed.clear()
    index_paths([other], index, Settings())
    assert (parsed, len(open_generation(index).manifest.outdated)) == ([], 1)
    index_paths([corpus, other], index, Settings())
    assert (sorted(parsed), open_generation(index).manifest.outdated) == (["a.md", "b.txt"], ())


def test_a_link_of_another_kind_of_name_is_parsed_as_its_name_says(
    index: Path, corpus: Path, parsed: list[str], tmp_path: Path
) -> None:
    (tmp_path / "b.md").symlink_to(corpus / "b.txt")
    index_paths([tmp_path / "b.md"], index, Settings())
    assert parsed == ["b.md"]


def test_only_the_terms_of_new_text_are_cut(index: Path, corpus: Path) -> None:
    cut: list[str] = []

    class Noted(Cutting):
        def __call__(self, text: str) -> Cut:
            cut.append(text)
            return super().__call__(text)

    (corpus / "c.md").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, pipeline=replace(Pipeline.of(Settings()), cutting=Noted()))
    assert cut == ["新来的一篇。", "c"]
    anew = index.with_name("anew")
    index_paths([corpus], anew, Settings())
    grown, made = ([open_generation(one).sparse.stored(n) for n in range(3)] for one in (index, anew))
    assert grown == made
    assert None not in made


@pytest.mark.parametrize("what", ["code", "dictionary"])
def test_terms_that_would_be_cut_otherwise_now_are_cut_again(
    index: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("的月活是\n", "utf-8")
    pipeline = Pipeline.of(Settings(user_dictionary=str(words)) if what == "dictionary" else Settings())
    if what == "code":
        monkeypatch.setattr("rag.indexing.merging.cutter", lambda: "other")
        pipeline = replace(pipeline, cutting=Cutting(normalise=lambda _: Normalised("别的", range(2))))
        (corpus / "c.md").write_text("新来的一篇。", "utf-8")
    index_paths([corpus], index, pipeline=pipeline)
    stored = open_generation(index).sparse.stored(0)
    assert stored
    assert ("别的" if what == "code" else "的月活是") in stored[0].split()
