"""The vector index ranks passages by themselves and their best sentence, exactly."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index import dense
from rag.index.vectors import VectorFile, writing
from rag.types import Passage, Span

# What half precision leaves of a number below 1.
HALF = 0.0005


def passage(*sentences: Span, ordinal: int = 0, context: str = "") -> Passage:
    return Passage(ordinal, "d", sentences[0].start, sentences[-1].end, 1, context, sentences)


def written(folder: Path, vectors: NDArray[np.float32]) -> VectorFile:
    with writing(folder / "v", *vectors.shape) as append:
        append(vectors)
    return VectorFile(folder / "v")


def index(folder: Path, rows: list[tuple[int, list[float]]]) -> dense.DenseIndex:
    """An index of ``(owner, vector)`` rows."""
    file = written(folder, np.array([vector for _, vector in rows], np.float32))
    return dense.DenseIndex(file, np.array([owner for owner, _ in rows], np.int32))


def query(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_a_passage_has_a_row_for_itself_and_one_a_sentence_if_there_are_several() -> None:
    text = "甲甲。乙乙。"
    one, two = passage(Span(0, 3)), passage(Span(0, 3), Span(3, 6), context="题")
    assert [row.own for row in dense.rows_of(one, text)] == ["甲甲。"]
    assert [row.own for row in dense.rows_of(two, text)] == ["题 甲甲。乙乙。", "甲甲。", "乙乙。"]
    assert [dense.row_count(p) for p in (one, two)] == [1, 3]


def test_the_score_is_the_mean_of_the_passage_and_its_best_sentence(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, [0.6, 0.8]), (0, [1.0, 0.0]), (0, [0.0, 1.0]), (1, [0.8, 0.6])])
    assert dict(found.search(query(1.0, 0.0), 2)) == pytest.approx({0: 0.8, 1: 0.8}, abs=HALF)
    ranking = found.search(query(0.0, 1.0), 2)
    assert [ordinal for ordinal, _ in ranking] == [0, 1]
    assert dict(ranking) == pytest.approx({0: 0.9, 1: 0.6}, abs=HALF)
    assert found.scores(query(1.0, 0.0), [1]) == pytest.approx([0.8], abs=HALF)


def test_ties_go_to_the_earlier_passage(tmp_path: Path) -> None:
    found = index(tmp_path, [(ordinal, [1.0, 0.0]) for ordinal in range(6)])
    assert [ordinal for ordinal, _ in found.search(query(1.0, 0.0), 6)] == [0, 1, 2, 3, 4, 5]


def test_more_is_asked_for_than_there_is(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, [1.0, 0.0]), (1, [0.0, 1.0])])
    assert [ordinal for ordinal, _ in found.search(query(0.0, 1.0), 50)] == [1, 0]


def test_rows_of_a_passage_are_found_by_its_ordinal(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, [1.0, 0.0]), (2, [0.0, 1.0]), (2, [0.6, 0.8])])
    assert (found.rows(0), found.rows(1), found.rows(2)) == (range(1), range(1, 1), range(1, 3))
    assert found.vectors(range(1, 3)) == pytest.approx(np.array([[0.0, 1.0], [0.6, 0.8]]), abs=HALF)
    assert (len(found), found.dimension) == (3, 2)


def test_the_ranking_is_that_of_plain_arithmetic(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = np.repeat(np.arange(20, dtype=np.int32), 3)
    found = dense.DenseIndex(written(tmp_path, vectors), owners)
    cosines = (vectors @ vectors[7]).reshape(20, 3)
    scores = (cosines[:, 0] + cosines[:, 1:].max(axis=1)) / 2
    ranking = found.search(vectors[7], 20)
    assert [ordinal for ordinal, _ in ranking] == np.argsort(-scores, kind="stable").tolist()
    assert [score for _, score in ranking] == pytest.approx(np.sort(scores)[::-1].tolist(), abs=HALF)


def test_a_search_within_some_passages_looks_at_no_others(tmp_path: Path) -> None:
    found = index(tmp_path, [(0, [1.0, 0.0]), (1, [0.0, 1.0]), (2, [0.6, 0.8]), (3, [1.0, 0.0])])
    assert [ordinal for ordinal, _ in found.search(query(1.0, 0.0), 1, [range(1, 3)])] == [2]


def test_a_score_does_not_depend_on_what_it_is_computed_with(tmp_path: Path) -> None:
    vectors = unit_vectors(90)
    found = dense.DenseIndex(written(tmp_path, vectors), np.repeat(np.arange(30, dtype=np.int32), 3))
    together = found.scores(vectors[0], range(30))
    assert together == [found.scores(vectors[0], [ordinal])[0] for ordinal in range(30)]
    assert found.scores(vectors[0], [7, 3]) == [together[7], together[3]]
    assert found.scores(vectors[0], []) == []
    assert found.sentence_cosines(vectors[1], [0, 9])[0][0] == pytest.approx(1.0, abs=HALF)


@pytest.mark.parametrize("dimension", [16, 5])
def test_codes_are_those_that_faiss_gives(tmp_path: Path, dimension: int) -> None:
    drawn = np.random.default_rng(5).standard_normal((3000, dimension)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    file, owners = written(tmp_path, drawn), np.repeat(np.arange(1000, dtype=np.int32), 3)
    learnt = dense.learn(file)
    dense.write_codes(file, owners, tmp_path, learnt)
    for name, rows in zip(dense.CODES, dense.by_kind(owners), strict=True):
        expected = faiss.clone_index(learnt)
        expected.add(file.take(rows))
        assert (tmp_path / name).read_bytes() == faiss.serialize_index(expected).tobytes()


def test_codes_find_what_comparing_with_every_row_finds_and_score_it_alike(tmp_path: Path) -> None:
    """Texts come in topics: so do vectors, and these are harder to tell apart than real ones."""
    draw = np.random.default_rng(3)
    topics = unit_vectors(150)
    drawn = topics[draw.integers(0, len(topics), 6000)] + draw.normal(scale=0.1, size=(6000, 32)).astype(np.float32)
    file = written(tmp_path, drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    owners = np.repeat(np.arange(2000, dtype=np.int32), 3)
    dense.write_codes(file, owners, tmp_path, dense.learn(file))
    exact, coded = (dense.DenseIndex(file, owners, codes) for codes in ((), [(tmp_path, range(6000))]))
    recalls = []
    for query in file.take(np.arange(0, 6000, 100)):
        wanted, found = exact.search(query, 50)[:10], coded.search(query, 50)[:10]
        recalls.append(len(set(wanted) & set(found)) / 10)
        assert found[0] == wanted[0]
    assert np.mean(recalls) >= 0.98
    (tmp_path / "again").mkdir()
    dense.write_codes(file, owners, tmp_path / "again", dense.learnt_of(tmp_path))
    assert all((tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes() for name in dense.CODES)


def test_what_is_looked_at_does_not_grow_with_the_segments(tmp_path: Path) -> None:
    vectors = unit_vectors(3000)
    file, owners = written(tmp_path, vectors), np.repeat(np.arange(1000, dtype=np.int32), 3)
    learnt = dense.learn(file)
    found = []
    for size in (3000, 300):
        codes = [(tmp_path / f"{size}-{start}", range(start, start + size)) for start in range(0, 3000, size)]
        for folder, rows in codes:
            folder.mkdir()
            part = written(folder, vectors[rows.start : rows.stop])
            dense.write_codes(part, owners[rows.start : rows.stop], folder, learnt)
        parted = dense.DenseIndex(file, owners, codes)
        found.append([parted._nearest(query, 10) for query in vectors[:20]])
    assert found[0] == found[1]


def test_a_passage_is_found_by_the_mean_though_it_is_among_the_nearest_by_neither(tmp_path: Path) -> None:
    """Passages that are near, with sentences that are far, and the other way round, are no better than both halfway."""
    near, half, far = (np.array([c, (1 - c * c) ** 0.5, 0.0], np.float32) for c in (0.9, 0.8, 0.1))
    rows = [half, half, half] + 30 * [near, far, far] + 30 * [far, near, far]
    found = dense.DenseIndex(written(tmp_path, np.array(rows)), np.repeat(np.arange(61, dtype=np.int32), 3))
    best, score = found.search(np.array([1.0, 0.0, 0.0], np.float32), 16)[0]
    assert best == 0
    assert score == pytest.approx(0.8, abs=HALF)


def test_a_file_that_is_no_file_of_vectors_is_refused(tmp_path: Path) -> None:
    written(tmp_path, unit_vectors(4))
    whole = (tmp_path / "v").read_bytes()
    np.save(tmp_path / "single.npy", unit_vectors(4))
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    other = [(tmp_path / name).read_bytes() for name in ("single.npy", "objects.npy")]
    for data in (whole[:-1], whole + b"x", b"", b"\x93NUMPY", b"IxFI" + b"\xff" * 60, *other):
        (tmp_path / "v").write_bytes(data)
        with pytest.raises(ValueError, match=r"."):
            VectorFile(tmp_path / "v")


def unit_vectors(count: int) -> NDArray[np.float32]:
    made = np.random.default_rng(1).normal(size=(count, 32)).astype(np.float32)
    unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return unit
