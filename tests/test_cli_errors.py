"""Bad input is one line on standard error that says what to do, and a non-zero exit; never a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import Command, Finished


def assert_one_line(finished: Finished, *said: str) -> None:
    assert finished.code == 1
    assert finished.out == ""
    assert finished.err.count("\n") == 1, finished.err
    assert finished.err.startswith("错误：")
    for words in said:
        assert words in finished.err


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("", "问题是空的。请输入一个问题。"),
        (" 　\n", "问题是空的。"),
        ("长" * 10_000, "问题太长（10000 字，最多 1000 字）。请缩短"),
        ("？！，。……《》", "只有标点或符号。请用文字提问。"),
        ("🎉👨‍👩‍👧🇨🇳", "只有标点或符号。"),
    ],
    ids=["empty", "blank", "long", "punctuation", "emoji"],
)
def test_an_unusable_question(wenyuan: Command, index_dir: Path, question: str, said: str) -> None:
    assert_one_line(wenyuan("ask", question, "--index", index_dir), said)
    assert_one_line(wenyuan("search", question, "--index", index_dir), said)


def test_neither_a_question_nor_a_batch(wenyuan: Command) -> None:
    assert_one_line(wenyuan("ask"), "请给出一个问题，或用 --batch")


@pytest.mark.parametrize(
    "arguments", [["ask", "你好"], ["search", "你好"], ["list"], ["show", "x"], ["remove", "x"], ["eval"]]
)
def test_no_index(wenyuan: Command, tmp_path: Path, arguments: list[str]) -> None:
    missing = tmp_path / "none"
    assert_one_line(wenyuan(*arguments, "--index", missing), "还没有索引。请先建索引：wenyuan index", str(missing))


def test_a_damaged_index(command: Command, index_dir: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(index_dir, tmp_path / "index"))
    (file,) = index.glob("generations/*/segment-1/vectors.npy")
    file.write_bytes(file.read_bytes()[:-100])
    assert_one_line(command("ask", "你好", "--index", index), "索引已损坏", str(file), "请重建：wenyuan index")


def test_an_index_of_other_settings(wenyuan: Command, index_dir: Path, tmp_path: Path) -> None:
    config = tmp_path / "w.toml"
    config.write_text("passage_max_chars = 200", "utf-8")
    assert_one_line(wenyuan("ask", "你好", "--index", index_dir, "--config", config), "passage_max_chars = 400", "200")


def test_an_empty_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    finished = command("index", tmp_path / "empty", "--index", tmp_path / "i")
    assert_one_line(finished, "没有可索引的文字", "请放入 .md .txt .pdf .docx .html 等文件")


def test_a_missing_path(wenyuan: Command, tmp_path: Path) -> None:
    assert_one_line(wenyuan("index", tmp_path / "none", "--index", tmp_path / "i"), "找不到路径", "none")


def test_good_files_are_indexed_beside_a_bad_one_that_is_named(wenyuan: Command, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.md").write_text("豆包的月活是6000万。", "utf-8")
    (folder / "bad.md").write_bytes("豆包的月活".encode() * 10 + b"\xff\xff")
    finished = wenyuan("index", folder, "--index", tmp_path / "i")
    assert finished.code == 1
    assert finished.err == ""
    first, second, third = finished.out.splitlines()
    assert first.startswith(f"✗ {folder / 'bad.md'}: ")
    assert "第 151 个字节有误" in first
    assert second.startswith("索引完成：1 篇文档")
    assert third == "没有读入：1 个读不了的文件（.md 1）"
    (listed,) = json.loads(wenyuan("list", "--json", "--index", tmp_path / "i").out)
    assert Path(listed["source"]).name == "good.md"
    report = json.loads(wenyuan("index", folder, "--index", tmp_path / "i", "--json").out)
    assert [Path(failed["source"]).name for failed in report["failed"]] == ["bad.md"]


def test_an_unknown_document(wenyuan: Command, index_dir: Path) -> None:
    assert_one_line(wenyuan("show", "nope", "--index", index_dir), "没有编号为 nope 的文档。用 wenyuan list")
    assert_one_line(wenyuan("remove", "nope", "--index", index_dir), "没有编号为 nope 的文档")


@pytest.mark.parametrize("line", ["{", "[]", "3", '"问"', "{}", '{"question": 5}', '{"question": null}'])
def test_a_malformed_batch_line_is_named_by_its_number(wenyuan: Command, tmp_path: Path, line: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f'{{"question": "好"}}\n\n{line}\n', "utf-8")
    assert_one_line(wenyuan("ask", "--batch", file, "--index", tmp_path), "q.jsonl 第 3 行")


def test_a_batch_file_that_is_not_there_or_no_text(wenyuan: Command, tmp_path: Path) -> None:
    assert_one_line(wenyuan("ask", "--batch", tmp_path / "none"), "无法读取", "none")
    (tmp_path / "gbk").write_bytes("问题".encode("gb18030"))
    assert_one_line(wenyuan("ask", "--batch", tmp_path / "gbk"), "无法读取", "gbk")


@pytest.mark.parametrize(
    ("content", "said"),
    [("hitz = 3", "hitz"), ("hits = 0", "hits"), ("hits", "无法读取设置文件"), (None, "找不到设置文件")],
)
def test_a_wrong_configuration(
    wenyuan: Command, index_dir: Path, tmp_path: Path, content: str | None, said: str
) -> None:
    config = tmp_path / "w.toml"
    if content is not None:
        config.write_text(content, "utf-8")
    assert_one_line(wenyuan("ask", "你好", "--index", index_dir, "--config", config), said)


def test_a_wrong_variable(command: Command, index_dir: Path) -> None:
    assert_one_line(command("list", "--index", index_dir, WENYUAN_HITS="many"), "hits")


def test_a_reader_that_goes_away_ends_the_command_quietly(index_dir: Path, python: Command) -> None:
    code = """
import subprocess, sys
show = [sys.executable, "-c", "from rag.cli.main import main; main()", "show", "45e4dc66a050", "--index", sys.argv[1]]
process = subprocess.Popen(show, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
process.stdout.close()
print(process.stderr.read().decode(), process.wait())
"""
    assert python(code, index_dir).out == " 1\n"
