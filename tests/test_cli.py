"""The command line, from arguments to output: what people read and what programs parse."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ARTICLE, CORPUS, FUNNEL, Command

DOUBAO = "豆包2024年11月的月活跃用户有多少？"
COMMANDS = [
    "index", "ask", "search", "list", "show", "remove", "serve", "train", "eval", "generations", "rollback", "prune",
    "check", "export", "import", "upgrade", "words", "reinstate",
]  # fmt: skip

ANSWER = [
    "id",
    "question",
    "status",
    "answer",
    "text",
    "parts",
    "corrections",
    "confidence",
    "citations",
    "hits",
    "timings_ms",
]
CITATION = [
    "n",
    "doc_id",
    "title",
    "source",
    "paragraph",
    "start",
    "end",
    "quote",
    "sentence",
    "role",
    "page",
    "also_in",
    "row",
]
HIT = ["rank", "doc_id", "paragraph", "start", "end", "score", "text", "also_in"]
DOCUMENT = ["doc_id", "title", "source", "sha256", "text", "blocks", "omitted"]
BLOCK = ["paragraph", "kind", "start", "end", "line", "page", "ocr", "path", "header", "cells"]
RECORD = [
    "doc_id",
    "title",
    "source",
    "collections",
    "sha256",
    "characters",
    "paragraphs",
    "passages",
    "modified",
    "also_in",
    "omitted",
    "replaced_by",
    "edition",
]


@pytest.fixture
def own_index(index_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(index_dir, tmp_path / "index"))


def texts(command: Command, index: Path) -> dict[str, str]:
    """The text of each document as `show --json` gives it, by id."""
    records = json.loads(command("list", "--json", "--index", index).out)
    shown = [json.loads(command("show", r["doc_id"], "--json", "--index", index).out) for r in records]
    return {one["doc_id"]: one["text"] for one in shown}


def test_an_answer_in_json_has_these_fields_and_show_verifies_it(
    wenyuan: Command, command: Command, index_dir: Path
) -> None:
    finished = wenyuan("ask", DOUBAO, "--json", "--index", index_dir)
    assert (finished.code, finished.err) == (0, "")
    answer: dict[str, Any] = json.loads(finished.out)
    assert list(answer) == ANSWER
    assert (answer["id"], answer["question"]) == (None, DOUBAO)
    assert (answer["status"], answer["answer"]) == ("answered", "近6000万")
    assert sorted(answer["timings_ms"]) == ["read", "retrieve", "total"]
    assert [list(citation) for citation in answer["citations"]] == [CITATION] * len(answer["citations"])
    assert [list(hit) for hit in answer["hits"]] == [HIT] * 10
    by_id = texts(command, index_dir)
    for citation in answer["citations"]:
        assert by_id[citation["doc_id"]][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["quote"] in citation["sentence"]
    for hit in answer["hits"]:
        assert by_id[hit["doc_id"]][hit["start"] : hit["end"]] == hit["text"]


def test_ask_shows_the_answer_the_source_and_the_paragraph(wenyuan: Command, index_dir: Path) -> None:
    finished = wenyuan("ask", DOUBAO, "--index", index_dir)
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert lines[0] == "近6000万[1]"
    assert lines[3].startswith("[1] 《成果、变化、趋势》第 4 段")
    assert "11月月活跃用户近6000万，跃居全球第二大AI应用。" in lines[4]
    assert lines[-1].startswith("可信度 0.")


def test_a_batch_is_answered_in_order_with_its_ids(wenyuan: Command, index_dir: Path, tmp_path: Path) -> None:
    questions: list[dict[str, Any]] = [
        {"id": "乙", "question": "GPT-5是什么时候发布的？"},
        {"id": 7, "question": DOUBAO},
        {"question": "DeepSeek V3的训练成本是多少？", "note": "ignored"},
        {"id": "空", "question": "？？"},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n\n".join(json.dumps(q, ensure_ascii=False) for q in questions), "utf-8")
    finished = wenyuan("ask", "--batch", file, "--json", "--index", index_dir)
    answers = [json.loads(line) for line in finished.out.splitlines()]
    assert [(a["id"], a["status"]) for a in answers] == [
        ("乙", "abstained"),
        ("7", "answered"),
        (None, "answered"),
        ("空", "error"),
    ]
    assert [answer["question"] for answer in answers] == [question["question"] for question in questions]
    assert [answer.get("answer") for answer in answers] == ["", "近6000万", "557万美元", None]
    assert (finished.code, finished.err) == (1, "")


def test_a_batch_without_json_is_a_line_a_question(wenyuan: Command, index_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"id": "a", "question": DOUBAO}), "utf-8")
    finished = wenyuan("ask", "--batch", file, "--index", index_dir)
    assert (finished.code, finished.out) == (0, f"a\t{DOUBAO}\tanswered\t近6000万\n")


def test_search_gives_as_many_hits_as_asked_for(wenyuan: Command, index_dir: Path) -> None:
    hits = json.loads(wenyuan("search", "可灵AI 流水", "-k", "3", "--json", "--index", index_dir).out)
    assert [list(hit) for hit in hits] == [HIT] * 3
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    human = wenyuan("search", "可灵AI 流水", "-k", "1", "--index", index_dir).out
    assert "商业化单月流水" in human
    assert f"{hits[0]['doc_id']} [{hits[0]['start']}, {hits[0]['end']})" in human


def test_list_and_show_give_documents_with_their_fields(wenyuan: Command, index_dir: Path) -> None:
    records = json.loads(wenyuan("list", "--json", "--index", index_dir).out)
    assert [list(record) for record in records] == [RECORD, RECORD]
    assert [(r["doc_id"], r["characters"], r["paragraphs"]) for r in records] == [
        ("45e4dc66a050", 3113, 42),
        ("bbd947677a2e", 3756, 39),
    ]
    shown = json.loads(wenyuan("show", "45e4dc66a050", "--json", "--index", index_dir).out)
    assert list(shown) == DOCUMENT
    assert [list(block) for block in shown["blocks"]] == [BLOCK] * 42
    assert "成果、变化、趋势" in wenyuan("list", "--index", index_dir).out
    assert wenyuan("show", "45e4dc66a050", "--index", index_dir).out.splitlines()[4].startswith("   4  字节跳动的豆包")


def test_remove_takes_a_document_out_and_the_rest_still_answers(wenyuan: Command, own_index: Path) -> None:
    assert wenyuan("remove", "bbd947677a2e", "--index", own_index).out == "已移除 1 篇。\n"
    assert [r["doc_id"] for r in json.loads(wenyuan("list", "--json", "--index", own_index).out)] == ["45e4dc66a050"]
    assert json.loads(wenyuan("ask", DOUBAO, "--json", "--index", own_index).out)["answer"] == "近6000万"


@pytest.mark.usefixtures("hash_encoder")
def test_index_reports_what_it_did_and_then_that_nothing_changed(wenyuan: Command, tmp_path: Path) -> None:
    first = json.loads(wenyuan("index", CORPUS, "--index", tmp_path / "i", "--json").out)
    assert [Path(source).name for source in first["added"]] == [ARTICLE, FUNNEL]
    assert (first["documents"], first["failed"]) == (2, [])
    again = wenyuan("index", CORPUS, "--index", tmp_path / "i")
    assert "新增 0，更新 0，不变 2，移除 0" in again.out
    assert wenyuan("index", CORPUS, "--index", tmp_path / "i", "--quiet").out == ""


def test_help_names_every_command_and_imports_nothing_heavy(python: Command) -> None:
    code = """
import sys
from rag.cli.main import main
sys.argv = ["wenyuan", "--help"]
try:
    main()
finally:
    heavy = {"torch", "numpy", "faiss", "gradio", "sentence_transformers", "tantivy", "jieba", "rag.library"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    finished = python(code)
    assert (finished.code, finished.err) == (0, "[]\n")
    listed = [line.split()[0] for line in finished.out.split("Commands:")[1].splitlines() if line.strip()]
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(wenyuan: Command, name: str) -> None:
    finished = wenyuan(name, "--help")
    assert (finished.code, finished.err) == (0, "")
    assert f"wenyuan {name}" in finished.out or f"{Path(sys.argv[0]).name} {name}" in finished.out
    described = [line for line in finished.out.splitlines() if line.lstrip().startswith("--")]
    assert all(len(line.split("  ")) > 1 for line in described), described


def test_what_the_program_says_can_be_english(command: Command, index_dir: Path) -> None:
    finished = command("show", "nope", "--index", index_dir, WENYUAN_LANG="en")
    assert "There is no document nope. See all of them with: wenyuan list" in finished.err


def test_one_document_can_be_asked(wenyuan: Command, index_dir: Path) -> None:
    records = json.loads(wenyuan("list", "--json", "--index", index_dir).out)
    other = next(record["doc_id"] for record in records if record["source"].endswith(FUNNEL))
    answer = json.loads(wenyuan("ask", DOUBAO, "--document", other, "--json", "--index", index_dir).out)
    assert {hit["doc_id"] for hit in answer["hits"]} == {other}
    missing = wenyuan("ask", DOUBAO, "--document", "nope", "--index", index_dir)
    assert (missing.code, "没有编号为 nope 的文档" in missing.err) == (1, True)
