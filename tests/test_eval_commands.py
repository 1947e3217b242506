"""`wenyuan eval`, from arguments to output."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ARTICLE, CORPUS, Command, Finished

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
PLACE = {"document": ARTICLE, "start": 117, "end": 131, "quote": "11月月活跃用户近6000万"}
LINES: list[dict[str, Any]] = [
    {"id": "1", "question": DOUBAO, "answers": ["近6000万"], "evidence": [[PLACE]]},
    {"id": "2", "question": "豆包月活多少", "answers": ["9亿"], "evidence": [[PLACE]]},
    {"id": "3", "question": "红楼梦的作者是谁？"},
]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in LINES), "utf-8")
    return file


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    contexts = {
        "P1": "图书馆周一闭馆，周二至周日早上九点开门，晚上八点关门。读者凭身份证办理借书证。",
        "P2": "游泳馆全年开放，门票三十元，老人和儿童半价。深水区需要深水证。",
    }
    qas = {
        "P1": [
            {"id": "a", "question": "图书馆几点开门？", "answers": [{"text": "九点"}]},
            {"id": "c", "question": "图书馆馆长是谁？", "answers": [], "is_impossible": True},
        ],
        "P2": [{"id": "b", "question": "游泳馆门票多少钱？", "answers": [{"text": "三十元"}]}],
    }
    paragraphs = [{"id": name, "context": text, "qas": qas[name]} for name, text in contexts.items()]
    file = tmp_path / "馆.json"
    file.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), "utf-8")
    return file


def test_a_style_that_there_is_not_is_an_error_that_names_those_there_are(wenyuan: Command, gold: Path) -> None:
    assert_one_line(wenyuan("eval", "--gold", gold, "--style", "sonnet"), "sonnet", "keywords", "traditional")


def assert_one_line(finished: Finished, *said: str) -> None:
    assert finished.code == 1
    [line] = finished.err.strip().splitlines()
    assert all(part in line for part in said), line


def test_a_gold_file_is_measured_reported_and_saved(
    wenyuan: Command, gold: Path, index_dir: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    common = ["--gold", gold, "--index", index_dir, "--results", results]
    printed = wenyuan("eval", *common, "--json", "--name", "first")
    assert (printed.code, printed.err) == (0, "")
    report = json.loads(printed.out)
    summary = report["result"]["summary"]
    assert (summary["EM"]["mean"], summary["EM"]["n"]) == (0.5, 2)
    assert summary["citation exactness"]["mean"] == 1.0
    assert summary["abstention AUROC"]["mean"] == 1.0
    assert summary["accuracy"]["mean"] == pytest.approx(2 / 3)
    assert [one["id"] for one in report["questions"]] == ["1", "2", "3"]
    assert report["result"]["cost"]["characters"] > 5000
    assert report["result"]["cost"]["index_s"] > 0

    shown = wenyuan("eval", *common, "--no-cost").out
    assert re.search(r"EM +0\.500 +0\.000–1\.000 +2 ?\n", shown)
    assert shown.endswith(f"报告：{results / 'mine' / 'report.html'}\n")
    names = {file.name for file in (results / "mine").iterdir()}
    assert names == {"result.json", "questions.jsonl", "run.trec", "qrels.trec", "report.html", "report.md"}

    compared = wenyuan("eval", "--compare", "first", "mine", "--results", results).out
    assert "mine 对比 first" in compared
    assert re.search(r"EM +0\.500 +0\.500 +\+0\.000 .* 看不出差别 *\n", compared)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """A cache of this test's own, with the models of the others'."""
    own = tmp_path / "cache"
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(own))
    own.mkdir()
    for entry in cache.iterdir():
        (own / entry.name).symlink_to(entry)
    return own


@pytest.mark.usefixtures("own_cache")
def test_a_squad_file_is_retrieved_over_read_and_declined(wenyuan: Command, squad: Path, tmp_path: Path) -> None:
    printed = wenyuan("eval", "--squad", squad, "--results", tmp_path / "results", "--json")
    assert printed.code == 0, printed.err
    result = json.loads(printed.out)["result"]
    assert (result["documents"], result["questions"], result["answerable"]) == (2, 3, 2)
    assert result["summary"]["Recall@1"]["mean"] == 1.0
    assert result["summary"]["reading F1"]["n"] == 2
    assert result["summary"]["abstention recall"]["n"] == 3
    qrels = (tmp_path / "results" / "馆" / "qrels.trec").read_text()
    assert qrels == "a 0 P1 1\nb 0 P2 1\n"


@pytest.mark.usefixtures("own_cache")
def test_documents_beside_a_gold_file_are_asked_and_nothing_is_left_there(wenyuan: Command, tmp_path: Path) -> None:
    text = "图书馆晚上九点关灯。\n\n图书馆周一闭馆，其他日子早上九点开门，晚上八点关门。\n"
    place = {"document": "馆.txt", "quote": "九点", "near": "早上九点开门"}
    line = {"id": "a", "question": "图书馆几点开门？", "kind": "date", "answers": ["九点"], "evidence": [[place]]}
    documents = tmp_path / "两馆" / "documents" / "市内"
    documents.mkdir(parents=True)
    (documents / "馆.txt").write_text(text, "utf-8")
    gold = tmp_path / "两馆" / "gold.jsonl"
    gold.write_text(json.dumps(line), "utf-8")
    printed = wenyuan("eval", "--gold", gold, "--results", tmp_path / "results", "--json")
    assert printed.code == 0, printed.err
    summary = json.loads(printed.out)["result"]["summary"]
    assert (summary["right and cited"]["n"], summary["Recall@1"]["mean"]) == (1, 1.0)
    assert "right and cited" in (tmp_path / "results" / "两馆" / "report.md").read_text("utf-8")
    assert {file.name for file in gold.parent.iterdir()} == {"documents", "gold.jsonl"}


def test_gold_files_are_checked(wenyuan: Command, gold: Path, index_dir: Path) -> None:
    sound = wenyuan("eval", "check", "--index", index_dir)
    assert (sound.code, sound.err) == (0, "")
    assert "错误: 0" in sound.out
    assert re.search(r"2024-ai-models-in-review\.md +32/32 +—", sound.out)
    broken = [{**LINES[0], "evidence": [[{**PLACE, "start": 116}]]}, *LINES[1:]]
    gold.write_text("\n".join(json.dumps(line) for line in broken), "utf-8")
    found = wenyuan("eval", "check", "--gold", gold, "--index", index_dir)
    assert (found.code, found.err) == (1, "")
    assert "错误: 1" in found.out
    assert json.loads(wenyuan("eval", "check", "--gold", gold, "--index", index_dir, "--json").out)["errors"]


@pytest.mark.usefixtures("hash_encoder")
def test_each_part_taken_out_is_a_row(wenyuan: Command, gold: Path, tmp_path: Path) -> None:
    wenyuan("index", CORPUS, "--index", tmp_path / "index")
    rows = json.loads(wenyuan("eval", "ablation", "--gold", gold, "--index", tmp_path / "index", "--json").out)
    by_name = {row["en"]: row for row in rows}
    assert by_name["as shipped"]["difference"] is None
    assert set(by_name["BM25 alone"]["measures"]) >= {"Recall@1", "nDCG@10", "evidence@500"}
    assert by_name["passages up to 200 characters"]["passages"] > by_name["as shipped"]["passages"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{", "mine.jsonl 第 1 行有误"),
        ('{"id": "1", "question": "问"}\n{}', "mine.jsonl 第 2 行有误"),
        ('{"id": "1", "question": "问", "extra": 1}', "extra"),
        ("", "mine.jsonl 是空的"),
        (json.dumps({**LINES[0], "evidence": [[{**PLACE, "quote": "不是"}]]}), "问题 1 的证据与原文不符"),
        (json.dumps({**LINES[0], "evidence": [[{**PLACE, "document": "没有.md"}]]}), "没有.md"),
    ],
)
def test_a_gold_file_that_is_wrong_is_one_line(
    wenyuan: Command, gold: Path, index_dir: Path, tmp_path: Path, lines: str, said: str
) -> None:
    gold.write_text(lines, "utf-8")
    assert_one_line(wenyuan("eval", "--gold", gold, "--index", index_dir, "--results", tmp_path / "results"), said)


def test_only_one_set_can_be_asked(wenyuan: Command, gold: Path) -> None:
    assert_one_line(wenyuan("eval", "--gold", gold, "--held-out"), "只能用一个")


def test_results_that_are_not_there_cannot_be_compared(wenyuan: Command, tmp_path: Path) -> None:
    assert_one_line(wenyuan("eval", "--compare", "a", "b", "--results", tmp_path), "没有结果 a")


@pytest.mark.parametrize("name", ["check", "ablation"])
def test_every_subcommand_explains_itself(wenyuan: Command, name: str) -> None:
    finished = wenyuan("eval", name, "--help")
    assert (finished.code, finished.err) == (0, "")
    described = [line for line in finished.out.splitlines() if line.lstrip().startswith("--")]
    assert described
    assert all(len(line.split("  ")) > 1 for line in described), described
