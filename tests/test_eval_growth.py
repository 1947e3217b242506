"""Growth is measured on articles that are all different, and what an index finds is compared with all there is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import ARTICLE, CORPUS, FUNNEL

from eval.bench import articles, growth
from rag.index.dense import DenseIndex, learn, write_codes
from rag.index.vectors import VectorFile, writing


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Two articles, a line each."""
    folder = tmp_path / "news"
    folder.mkdir()
    lines = ["".join((CORPUS / name).read_text("utf-8").split()) for name in (ARTICLE, FUNNEL)]
    (folder / "part-00.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_beyond_the_real_articles_no_text_is_there_twice(news: Path, tmp_path: Path) -> None:
    assert articles.write_articles(news, 12, tmp_path / "files") == 10
    texts = [file.read_text("utf-8") for file in sorted((tmp_path / "files").rglob("*.txt"))]
    assert texts[:2] == [f"{line}\n" for line in (news / "part-00.txt").read_text("utf-8").splitlines()]
    sentences = [sentence for text in texts[2:] for sentence in articles._SENTENCE.findall(text)]
    assert len(sentences) > 100
    assert len(set(sentences)) > 0.98 * len(sentences)
    assert articles.mixed(texts[:2], 3) == articles.mixed(texts[:2], 3) != articles.mixed(texts[:2], 4)


def test_recall_is_one_where_all_is_looked_at_and_less_where_little_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(5).normal(size=(3000, 16)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    with writing(tmp_path / "v", *drawn.shape) as append:
        append(drawn)
    file, owners = VectorFile(tmp_path / "v"), np.repeat(np.arange(1500, dtype=np.int32), 2)
    assert growth.recall(DenseIndex(file, owners), drawn[:20], 1500) == 1.0
    write_codes(file, owners, tmp_path, learn(file))
    monkeypatch.setattr("rag.index.dense._LOOKED_AT", 1)
    assert growth.recall(DenseIndex(file, owners, [(tmp_path, range(len(file)))]), drawn[:20], 10) < 0.8


def test_a_size_is_indexed_and_asked_in_processes_of_its_own(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "growth.json"
    arguments = ["growth", "--news", news, "--sizes", "6", "--vectors", "made-up", "--questions", "5", "--out", out]
    monkeypatch.setattr("sys.argv", [str(one) for one in arguments])
    growth.main()
    (size,) = msgspec.json.decode(out.read_bytes(), type=growth.Growth).sizes
    assert (size.articles, size.made, size.first.documents, size.first.failed) == (6, 4, 6, 0)
    assert set(size.index_mb) == {
        "library.sqlite", "keys.npy", "owners.npy", "terms", "texts.sqlite", "vectors.npy"
    }  # fmt: skip
    assert size.rows > size.first.passages > 6
    assert size.first.stages["terms"] > 0
    assert size.asked.ask["total"].p50 >= size.asked.ask["read"].p50 > 0
    assert size.asked.recall is None
    assert {what: run.documents for what, run in size.one.items()} == {"add": 7, "change": 7, "remove": 6, "inside": 6}
    assert "6 articles" in capsys.readouterr().out


def test_what_was_kept_is_not_indexed_again_and_other_sizes_stay_in_the_result(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, kept = tmp_path / "growth.json", tmp_path / "kept"

    def run(size: int) -> list[growth.Size]:
        given = ["--sizes", size, "--vectors", "made-up", "--questions", "2", "--out", out, "--keep", kept]
        monkeypatch.setattr("sys.argv", ["growth", "--news", str(news), *map(str, given)])
        growth.main()
        return list(msgspec.json.decode(out.read_bytes(), type=growth.Growth).sizes)

    (first,) = run(5)
    both = run(3)
    assert [size.articles for size in both] == [3, 5]
    again = run(5)
    assert again[1].first == first.first
    assert again[0] == both[0]
