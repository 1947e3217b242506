"""One new file costs one new file; and no answer depends on how documents came in."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documents import HashEncoder

from rag.contract import answer_json
from rag.errors import IndexDamagedError
from rag.index.checking import check
from rag.index.dense import CODES, digest_of
from rag.index.generations import Generation, current_name, open_generation
from rag.index.history import prune_generations, rollback
from rag.index.segments.placement import Placement
from rag.index.switching import names
from rag.index.transfer.exporting import export_library
from rag.index.transfer.importing import import_library
from rag.indexing.splitting import split
from rag.indexing.update import index_paths, remove_documents
from rag.library import Library
from rag.settings import Settings
from rag.text.duplicates import _shingles
from rag.types import Document, Passage, Row

NOUNS = ("豆包", "文心", "仓库", "合同", "珠峰", "蓝鲸", "长江", "考勤", "年假", "报销")


def text(n: int) -> str:
    """Of a few paragraphs, with words of others; every fifth is almost the same as another."""
    draw = random.Random(n - 1 if n % 5 == 1 else n)
    body = "\n\n".join(
        "".join(
            f"{draw.choice(NOUNS)}的{draw.choice(NOUNS)}是{draw.randrange(90)}号，由{draw.choice(NOUNS)}说明。"
            for _ in range(6)
        )
        for _ in range(3)
    )
    return f"# 第{n}号{NOUNS[n % 10]}\n\n{body}\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "办公").mkdir(parents=True)
    return folder


@pytest.fixture(params=[(2048, 4), (7, 4), (20, 2)], ids=["as it is", "small", "merged at once"])
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    most, side_by_side = request.param
    monkeypatch.setattr("rag.indexing.building.MOST_PASSAGES", most)
    monkeypatch.setattr("rag.indexing.merging.MOST_PASSAGES", most)
    monkeypatch.setattr("rag.indexing.merging._SIDE_BY_SIDE", side_by_side)


def file_of(corpus: Path, n: int) -> Path:
    return (corpus / "办公" if n % 3 else corpus) / f"{n * 7 % 12:02}.md"


def write(corpus: Path, numbers: Sequence[int]) -> None:
    for n in numbers:
        put(file_of(corpus, n), text(n))


def put(file: Path, content: str) -> None:
    """Write a file, always at the same time: documents know when theirs were changed."""
    file.write_text(content, "utf-8")
    os.utime(file, (86_400, 86_400))


def shape(index: Path) -> list[int]:
    """How many documents each segment has."""
    return [one.documents for one in open_generation(index).manifest.segments]


def said(index: Path, corpus: Path) -> Iterator[object]:
    """Everything that can be asked, with its scores."""
    library, opened = Library.open(index, Settings()), open_generation(index)
    yield [(r.path.relative_to(corpus), r.passages, r.also_in, r.characters, r.paragraphs) for r in library.documents()]
    yield [opened.store.passages([n, 0])[0] for n in range(opened.manifest.passages)]
    yield [opened.document(record.doc_id) for record in library.documents()]
    for way in ("hybrid", "bm25", "dense"):
        searched = Library.open(index, Settings(retrieval=way))
        for query in ("豆包的合同是几号？", "第7号文心", "报销"):
            for collections in ((), ("办公",)):
                hits = searched.search(query, 20, collections=collections)
                yield [(hit.passage, hit.text, hit.score, hit.dense, hit.sparse, hit.also_in) for hit in hits]
    terms = [*NOUNS, "7", "火星"]
    yield [(opened.sparse.knows(one), opened.sparse.idf(one), opened.sparse.bound([one])) for one in terms]
    yield [opened.sparse.search([one], 1000) for one in terms]
    yield [opened.sparse.contributions(terms, n) for n in range(0, opened.manifest.passages, 9)]
    yield opened.sparse.covering({"豆包": 1.0, "合同": 1.0, "火星": 9.0})
    yield [opened.store.sounding(sound) for sound in ("dou bao", "wen xin", "huo xing")]
    yield [opened.dense.vectors(opened.dense.rows(n)).tolist() for n in range(opened.manifest.passages)]


def one_by_one(corpus: Path, index: Path) -> None:
    for n in range(12):
        write(corpus, [n])
        index_paths([corpus], index, Settings())


def shuffled_with_deletions(corpus: Path, index: Path) -> None:
    order = [*range(12)]
    random.Random(3).shuffle(order)
    for start in range(0, 12, 4):
        for n in order[start : start + 4]:
            # First as another document, which is changed or removed later on.
            put(file_of(corpus, n), text(n + 50))
        index_paths([corpus], index, Settings())
        gone = file_of(corpus, order[start])
        gone.unlink()
        index_paths([corpus], index, Settings())
        removed = [
            r.doc_id for r in open_generation(index).store.records() if r.path == file_of(corpus, order[start + 1])
        ]
        remove_documents(removed, index, Settings())
        write(corpus, order[start : start + 2])
    write(corpus, range(0, 12, 2))
    index_paths([corpus], index, Settings())
    write(corpus, range(11))
    file_of(corpus, 11).unlink(missing_ok=True)
    index_paths([corpus], index, Settings())
    write(corpus, range(12))
    index_paths([corpus], index, Settings())


@pytest.mark.usefixtures("hash_encoder", "_sizes")
@pytest.mark.parametrize("way", [one_by_one, shuffled_with_deletions])
def test_answers_do_not_depend_on_how_documents_came_in(
    tmp_path: Path, corpus: Path, way: Callable[[Path, Path], None]
) -> None:
    way(corpus, tmp_path / "grown")
    index_paths([corpus], tmp_path / "at once", Settings())
    assert shape(tmp_path / "grown") != shape(tmp_path / "at once")
    for grown, at_once in zip(said(tmp_path / "grown", corpus), said(tmp_path / "at once", corpus), strict=True):
        assert grown == at_once
    assert check(tmp_path / "grown").sound


@pytest.mark.usefixtures("hash_encoder")
def test_questions_are_answered_the_same(tmp_path: Path, corpus: Path) -> None:
    shuffled_with_deletions(corpus, tmp_path / "grown")
    index_paths([corpus], tmp_path / "at once", Settings())
    for question in ("豆包的合同是几号？", "珠峰由谁说明？"):
        grown, at_once = (
            answer_json(Library.open(tmp_path / name, Settings()).ask(question)) | {"timings_ms": {}}
            for name in ("grown", "at once")
        )
        assert grown == at_once


def inodes(opened: Generation) -> dict[str, int]:
    return {name: (opened.folder / name).stat().st_ino for name in opened.manifest.files}


def test_a_new_file_is_a_new_segment_and_all_that_was_there_stays_the_same_files(
    tmp_path: Path, corpus: Path, hash_encoder: HashEncoder
) -> None:
    write(corpus, range(11))
    index_paths([corpus], tmp_path / "index", Settings())
    before = open_generation(tmp_path / "index")
    hash_encoder.passages.clear()
    write(corpus, [11])
    index_paths([corpus], tmp_path / "index", Settings())
    after = open_generation(tmp_path / "index")
    assert shape(tmp_path / "index") == [11, 1]
    old, new = inodes(before), inodes(after)
    assert {name for name in old if new.get(name) != old[name]} == {"library.sqlite", "terms/meta.json"}
    fresh = {name.partition("/")[0] for name in new.keys() - old.keys()}
    assert fresh == {"segment-2", "terms"}
    assert hash_encoder.passages
    assert all("第11号" in one or one in text(11) for one in hash_encoder.passages)
    assert before.manifest.files.keys() - {"library.sqlite", "terms/meta.json"} <= {
        name for name, record in after.manifest.files.items() if before.manifest.files.get(name) == record
    }


@pytest.mark.usefixtures("hash_encoder")
def test_only_the_segment_that_loses_a_document_is_written_anew(tmp_path: Path, corpus: Path) -> None:
    for numbers in (range(3), range(3, 9), range(9, 11)):
        write(corpus, numbers)
        index_paths([corpus], tmp_path / "index", Settings())
    before = open_generation(tmp_path / "index").manifest.segments
    assert [one.documents for one in before] == [3, 6, 2]
    file_of(corpus, 4).unlink()
    index_paths([corpus], tmp_path / "index", Settings())
    after = open_generation(tmp_path / "index").manifest.segments
    assert after[:2] == (before[0], before[2])
    assert (after[2].number, after[2].documents, len(after)) == (4, 5, 3)


@pytest.mark.usefixtures("hash_encoder")
def test_what_stays_of_a_segment_is_neither_split_nor_compared_nor_told_apart_again(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[str] = []
    told_apart: list[str] = []

    def splitting(document: Document, *rest: Any) -> list[Passage]:
        again.append(document.title)
        return split(document, *rest)

    def shingling(content: str) -> Any:
        again.append(content.partition("\n")[0])
        return _shingles(content)

    def digesting(row: Row) -> bytes:
        told_apart.append(row.text.split()[0])
        return digest_of(row)

    write(corpus, range(12))
    index_paths([corpus], tmp_path / "index", Settings())
    first = open_generation(tmp_path / "index").store.records()[0].title
    monkeypatch.setattr("rag.indexing.reuse.digest_of", digesting)
    monkeypatch.setattr("rag.indexing.building.split", splitting)
    monkeypatch.setattr("rag.text.duplicates._shingles", shingling)
    put(file_of(corpus, 3), text(50))
    index_paths([corpus], tmp_path / "index", Settings())
    assert again == ["第50号豆包", "第50号豆包"]
    assert shape(tmp_path / "index") == [12]
    # One of what stays, for how digests were made of old.
    assert (told_apart[0], {*told_apart[1:]}) == (first, {"第50号豆包"})
    assert check(tmp_path / "index").sound


@pytest.mark.usefixtures("hash_encoder")
def test_there_are_never_many_segments(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.indexing.building.MOST_PASSAGES", 32)
    monkeypatch.setattr("rag.indexing.merging.MOST_PASSAGES", 32)
    most = 0
    for n in range(40):
        (corpus / f"{n:03}.txt").write_text(f"第{n}篇。", "utf-8")
        index_paths([corpus], tmp_path / "index", Settings())
        most = max(most, len(shape(tmp_path / "index")))
    assert 4 <= most <= 4 * 3
    assert sum(shape(tmp_path / "index")) == 40


@pytest.mark.usefixtures("hash_encoder")
def test_documents_are_in_the_order_of_their_paths_whichever_segment_they_are_in(tmp_path: Path, corpus: Path) -> None:
    for numbers in (range(2), range(2, 6)):
        write(corpus, numbers)
        index_paths([corpus], tmp_path / "index", Settings())
    max(corpus.rglob("*.md")).rename(corpus / "!.md")
    index_paths([corpus], tmp_path / "index", Settings())
    opened = open_generation(tmp_path / "index")
    assert [record.path for record in opened.store.records()] == sorted(corpus.rglob("*.md"), key=str)
    assert [p.ordinal for r in opened.store.records() for p in opened.store.passages_between(r.passages)] == list(
        range(opened.manifest.passages)
    )


@pytest.mark.usefixtures("hash_encoder")
def test_a_generation_outlives_those_that_it_has_its_segments_from(tmp_path: Path, corpus: Path) -> None:
    index = tmp_path / "index"
    for n in range(3):
        write(corpus, [n])
        index_paths([corpus], index, Settings())
    oldest, newest = names(index)[-1], names(index)[0]
    rollback(oldest, index, Settings())
    write(corpus, [5])
    index_paths([corpus], index, Settings())
    assert len(prune_generations(1, index)) == 2
    assert (check(index).sound, len(names(index)), newest in names(index)) == (True, 1, False)
    assert Library.open(index, Settings()).search("第5号")[0].text.startswith("第5号")


@pytest.mark.usefixtures("hash_encoder")
def test_where_files_cannot_be_linked_they_are_copied(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refused)
    one_by_one(corpus, tmp_path / "index")
    assert check(tmp_path / "index").sound
    assert len(shape(tmp_path / "index")) > 1


@pytest.mark.usefixtures("hash_encoder")
def test_a_segment_of_another_library_is_named(tmp_path: Path, corpus: Path) -> None:
    write(corpus, [1])
    for name in ("index", "other"):
        index_paths([corpus], tmp_path / name, Settings())
        write(corpus, [2])
    index, other = (tmp_path / name / "generations" / current_name(tmp_path / name) for name in ("index", "other"))
    for file in ("texts.sqlite", "vectors.npy"):
        (index / "segment-1" / file).write_bytes((other / "segment-1" / file).read_bytes())
    with pytest.raises(IndexDamagedError, match="segment-1"):
        open_generation(tmp_path / "index")
    problems = check(tmp_path / "index").generations[0].inspection.problems
    assert {problem.place for problem in problems} == {"segment-1/texts.sqlite", "segment-1/vectors.npy"}


@pytest.mark.usefixtures("hash_encoder")
def test_a_library_of_several_segments_is_taken_elsewhere_whole(tmp_path: Path, corpus: Path) -> None:
    one_by_one(corpus, tmp_path / "index")
    export_library(tmp_path / "library.tar.gz", tmp_path / "index")
    import_library(tmp_path / "library.tar.gz", tmp_path / "other", Settings())
    assert len(shape(tmp_path / "other")) > 1
    for before, after in zip(said(tmp_path / "index", corpus), said(tmp_path / "other", corpus), strict=True):
        assert before == after


@pytest.mark.usefixtures("hash_encoder")
def test_codes_are_made_once_for_a_segment_and_the_same_ones_for_all(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.building.EXACT_UP_TO", 60)
    monkeypatch.setattr("rag.indexing.building.CODED_FROM", 30)
    index = tmp_path / "index"
    write(corpus, range(2))
    index_paths([corpus], index, Settings())
    assert not list(open_generation(index).folder.rglob("*.faiss"))
    write(corpus, range(2, 9))
    index_paths([corpus], index, Settings())
    first = open_generation(index)
    coded = {file.relative_to(first.folder).as_posix() for file in first.folder.rglob("*.faiss")}
    assert coded == {f"segment-{n}/{name}" for n in (1, 2) for name in CODES}
    write(corpus, range(9, 12))
    index_paths([corpus], index, Settings())
    second = open_generation(index)
    assert {name: inodes(second)[name] for name in coded} == {name: inodes(first)[name] for name in coded}
    assert (second.folder / "segment-3" / CODES[0]).exists()
    assert check(index).sound
    index_paths([corpus], tmp_path / "at once", Settings())
    query = HashEncoder().encode_queries(["豆包的合同"])[0]
    found, expected = (open_generation(one).dense.search(query, 5) for one in (index, tmp_path / "at once"))
    assert found == expected


def test_places_are_found_both_ways() -> None:
    placement = Placement([0, 1, 0, 1], [0, 0, 2, 3], [2, 3, 1, 1])
    segments, local = placement.of(np.arange(7))
    assert list(zip(segments.tolist(), local.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (0, 2), (1, 3)
    ]  # fmt: skip
    assert placement.ordinals(0, np.arange(3)).tolist() == [0, 1, 5]
    assert placement.ordinals(1, np.arange(4)).tolist() == [2, 3, 4, 6]
    assert placement.within(0, [range(1, 6), range(3, 5)]) == [range(1, 3)]
    assert placement.within(1, [range(7), range(3, 4), range(5, 6)]) == [range(4), range(1, 2)]
    assert placement.within(2, [range(7)]) == []
    for wrong in (-1, 7):
        with pytest.raises(IndexError):
            placement.of(np.array([wrong]))


@pytest.mark.usefixtures("hash_encoder")
def test_what_changes_in_a_large_segment_leaves_it_and_changes_by_itself_from_then_on(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.building.MOST_PASSAGES", 64)
    monkeypatch.setattr("rag.indexing.merging.MOST_PASSAGES", 64)
    write(corpus, range(12))
    index_paths([corpus], tmp_path / "index", Settings())
    assert shape(tmp_path / "index") == [12]
    put(file_of(corpus, 3), text(50))
    index_paths([corpus], tmp_path / "index", Settings())
    before = open_generation(tmp_path / "index").manifest.segments
    assert [one.documents for one in before] == [11, 1]
    put(file_of(corpus, 3), text(51))
    index_paths([corpus], tmp_path / "index", Settings())
    after = open_generation(tmp_path / "index").manifest.segments
    assert ([one.documents for one in after], after[0]) == ([11, 1], before[0])
    index_paths([corpus], tmp_path / "at once", Settings())
    for grown, at_once in zip(said(tmp_path / "index", corpus), said(tmp_path / "at once", corpus), strict=True):
        assert grown == at_once
