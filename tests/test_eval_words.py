"""`wenyuan words` from arguments to output, and what a word does to retrieval on gold questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CORPUS
from documents import HashEncoder
from typer.testing import CliRunner, Result

from rag.cli.main import app
from rag.errors import EvaluationError, WenyuanError
from rag.evaluation.before_after import Measuring
from rag.evaluation.gold import GOLD, load_gold
from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.settings import Settings
from rag.words.editing import change_words

WORD = "文心大模型"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "my.toml").write_text('retrieval = "bm25"\n', "utf-8")
    return tmp_path / "my.toml"


@pytest.fixture
def index(tmp_path: Path, hash_encoder: HashEncoder) -> Path:
    index_paths([CORPUS], tmp_path / "index", Settings(retrieval="bm25"))
    hash_encoder.passages.clear()
    return tmp_path / "index"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["words", *map(str, arguments)])


def test_the_articles_names_are_listed_with_evidence(index: Path, config: Path) -> None:
    finished = run("--json", "--most", "12", "--index", index, "--config", config)
    listed = {one["word"]: one for one in json.loads(finished.stdout)}
    assert {WORD, "阿里通义千问", "生成式人工智能", "Kimi智能助手", "云计算"} <= listed.keys()
    assert len(listed) == 12
    one = listed[WORD]
    assert (one["count"], one["documents"], one["cut"]) == (10, 2, ["文心", "大模型"])
    assert (one["title"], one["paragraph"]) == ("成果、变化、趋势", 5)
    assert one["sentence"] == "百度的文心大模型也表现亮眼。"


def test_a_word_is_added_measured_and_removed_again(index: Path, config: Path, hash_encoder: HashEncoder) -> None:
    common = ("--index", index, "--config", config)
    added = run("--add", WORD, "--json", *common)
    made = json.loads(added.stdout)
    words = config.with_name("words.txt")
    assert (made["added"], made["removed"], made["dictionary"]) == ([WORD], [], str(words))
    assert words.read_text("utf-8") == f"{WORD}\n"
    assert config.read_text("utf-8") == f'retrieval = "bm25"\nuser_dictionary = "{words}"\n'
    rows = {row["measure"]: row for row in made["gold"]["rows"]}
    assert list(rows) == ["Recall@1", "Recall@5", "MRR@10", "nDCG@10"]
    assert made["gold"]["questions"] == sum(question.answerable for question in load_gold(GOLD))
    assert made["changed"] > 0
    assert hash_encoder.passages == []
    assert open_generation(index).sparse.knows(WORD)
    removed = run("--remove", WORD, *common)
    assert f"- {WORD}" in removed.stdout
    assert "看不出差别" in removed.stdout
    assert words.read_text("utf-8") == ""


def test_a_word_and_its_removal_differ_by_the_same_amount(index: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("# 我的词\n", "utf-8")
    settings = Settings(retrieval="bm25", user_dictionary=str(tmp_path / "words.txt"))
    change_words(index, settings)
    first = Measuring.of(None, index, settings)
    assert first is not None
    change_words(index, settings, add=[WORD, "阿里通义千问", "云计算"])
    there = first.against(settings)
    second = Measuring.of(None, index, settings)
    assert second is not None
    change_words(index, settings, remove=[WORD, "阿里通义千问", "云计算"])
    back = second.against(settings)
    assert [row.a for row in there.rows] == [row.b for row in back.rows]
    assert [row.difference.mean for row in there.rows] == [-row.difference.mean for row in back.rows]
    assert [one.id for one in there.won] == [one.id for one in back.lost]
    # The words are terms of the questions that name them: some rankings change.
    assert there.won or there.lost


def test_questions_about_other_documents_measure_nothing_unless_they_are_asked_for(
    tmp_path: Path, hash_encoder: HashEncoder
) -> None:
    (tmp_path / "a.txt").write_text("别的文档。\n", "utf-8")
    settings = Settings(retrieval="bm25")
    index_paths([tmp_path / "a.txt"], tmp_path / "index", settings)
    assert hash_encoder.passages
    assert Measuring.of(None, tmp_path / "index", settings) is None
    with pytest.raises(EvaluationError, match="不在索引里"):
        Measuring.of(GOLD, tmp_path / "index", settings)


@pytest.mark.parametrize("arguments", [("--add",), (WORD,), ("--add", "--remove", WORD)])
def test_what_to_do_with_which_words_must_be_said(arguments: tuple[str, ...]) -> None:
    error = run(*arguments).exception
    assert isinstance(error, WenyuanError)
    assert "用法：wenyuan words" in error.zh
