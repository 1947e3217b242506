"""A followed folder is in the index a moment after it changed, whatever happens meanwhile, until Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from time import monotonic, sleep
from typing import IO, Any

import pytest
from conftest import ROOT
from filelock import FileLock

from rag.index.generations import open_generation
from rag.index.switching import current_name

# The real command but for its model: of each text that it embeds it says so on standard error.
PROGRAM = """
import signal, sys
from documents import HashEncoder, use
class Telling(HashEncoder):
    def encode_rows(self, rows):
        print(*("embedded " + row.own.split()[-1] for row in rows), sep="\\n", file=sys.stderr, flush=True)
        return super().encode_rows(rows)
use(Telling())
# Whoever runs the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from rag.cli.main import main
main()
"""
SECONDS = 60


class Following:
    """A running `wenyuan index --watch`, with what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        self.errors: list[str] = []
        assert process.stdout
        assert process.stderr
        self._readers = [
            threading.Thread(target=self._read, args=(process.stdout, self._lines.put)),
            threading.Thread(target=self._read, args=(process.stderr, self.errors.append)),
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: IO[str], keep: Callable[[str], object]) -> None:
        for line in stream:
            keep(line)

    def line(self) -> str:
        """The next line on standard output."""
        return self._lines.get(timeout=SECONDS)

    def round(self) -> dict[str, Any]:
        """The next round's report: names of files by what became of them, leaving out what is empty."""
        report: dict[str, Any] = json.loads(self.line())
        names = ("added", "changed", "removed")
        told: dict[str, Any] = {name: [Path(one).name for one in report[name]] for name in names if report.get(name)}
        told |= {name: report[name] for name in ("failed", "error") if report.get(name)}
        return told

    def silent(self, seconds: float) -> bool:
        """Whether nothing more comes for that long."""
        with suppress(Empty):
            self._lines.get(timeout=seconds)
            return False
        return True

    def embedded(self) -> list[str]:
        """The texts that were embedded since this was last asked."""
        told = [line.removeprefix("embedded ").strip() for line in self.errors if line.startswith("embedded ")]
        self.errors.clear()
        return told

    def interrupt(self) -> int:
        """Press Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return code


@contextmanager
def following(*arguments: str | Path) -> Iterator[Following]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "index", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Following(process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("甲篇的话。", "utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def held(index: Path) -> dict[str, str]:
    """The texts in the index, by file name."""
    generation = open_generation(index)
    return {r.path.name: generation.document(r.doc_id).text for r in generation.store.records()}


def test_files_that_are_added_changed_moved_and_deleted_are_taken_in(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        assert it.embedded() == ["甲篇的话。"]
        (docs / "b.txt").write_text("乙篇的话。", "utf-8")
        assert it.round() == {"added": ["b.txt"]}
        assert it.embedded() == ["乙篇的话。"]
        (docs / "a.md").write_text("甲篇改过的话。", "utf-8")
        assert it.round() == {"changed": ["a.md"]}
        assert it.embedded() == ["甲篇改过的话。"]
        (docs / "sub").mkdir()
        (docs / "a.md").rename(docs / "sub" / "a.md")
        assert it.round() == {"added": ["a.md"], "removed": ["a.md"]}
        assert it.embedded() == []
        assert held(index) == {"b.txt": "乙篇的话。", "a.md": "甲篇改过的话。"}
        (docs / "sub").rename(docs.parent / "elsewhere")
        assert it.round() == {"removed": ["a.md"]}
        (docs.parent / "elsewhere").rename(docs / "back")
        assert it.round() == {"added": ["a.md"]}
        (docs / "back" / "a.md").unlink()
        assert it.round() == {"removed": ["a.md"]}
        assert held(index) == {"b.txt": "乙篇的话。"}


def test_ctrl_c_ends_it_quietly(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch") as it:
        assert it.line().startswith("索引完成：1 篇文档")
        assert it.line() == "继续关注文件的变化；Ctrl-C 结束。\n"
        it.embedded()
        assert it.interrupt() == 0
        assert it.errors == []
        assert it.silent(0)


def test_the_index_inside_the_folder_and_what_is_not_indexed_start_no_round(docs: Path) -> None:
    index = docs / "index"
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        first = current_name(index)
        (docs / ".draft.md").write_text("隐藏", "utf-8")
        (docs / ".git").mkdir()
        (docs / ".git" / "note.md").write_text("隐藏", "utf-8")
        (docs / "film.mp4").write_bytes(b"\xff\xd8")
        (index / "uploads").mkdir()
        (index / "uploads" / "u.md").write_text("上传的", "utf-8")
        os.utime(index / "CURRENT")
        assert it.silent(4)
        assert current_name(index) == first
        (docs / ".wenyuanignore").write_text("b.md\n", "utf-8")
        (docs / "b.md").write_text("不要的", "utf-8")
        (docs / "c.md").write_text("丙篇的话。", "utf-8")
        assert it.round() == {"added": ["c.md"]}
        assert held(index) == {"a.md": "甲篇的话。", "c.md": "丙篇的话。"}
        (docs / ".wenyuanignore").unlink()
        assert it.round() == {"added": ["b.md"]}
        assert it.silent(4)


def test_a_file_is_taken_in_once_its_writer_has_paused(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        with (docs / "long.txt").open("w", encoding="utf-8") as stream:
            for number in range(10):
                stream.write(f"第{number}行。\n")
                stream.flush()
                sleep(0.3)
        assert it.round() == {"added": ["long.txt"]}
        assert held(index)["long.txt"].endswith("第9行。")
        assert it.silent(3)


def test_a_file_that_cannot_be_read_is_told_once_and_its_former_text_kept(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        (docs / "a.md").write_bytes("甲篇".encode() * 20 + b"\xff\xff")
        (told,) = it.round()["failed"]
        assert Path(told["source"]).name == "a.md"
        (docs / "b.md").write_text("乙篇的话。", "utf-8")
        assert it.round() == {"added": ["b.md"]}
        assert held(index)["a.md"] == "甲篇的话。"
        (docs / "a.md").write_text("甲篇好了。", "utf-8")
        assert it.round() == {"changed": ["a.md"]}


def test_another_writer_is_told_and_waited_for(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        with FileLock(index / ".lock"):
            (docs / "b.md").write_text("乙篇的话。", "utf-8")
            assert it.round() == {"error": f"另一个进程正在写 {index}。请等它结束后再试。"}
        # No file changes any more.
        assert it.round() == {"added": ["b.md"]}


def test_a_folder_that_goes_and_comes_back_loses_nothing(docs: Path, index: Path) -> None:
    with following(docs, "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        docs.rename(docs.parent / "away")
        assert "找不到路径" in it.round()["error"]
        assert held(index) == {"a.md": "甲篇的话。"}
        shutil.copytree(docs.parent / "away", docs)
        (docs / "b.md").write_text("乙篇的话。", "utf-8")
        assert it.round() == {"added": ["b.md"]}
        began = monotonic()
        (docs / "c.md").write_text("丙篇的话。", "utf-8")
        assert it.round() == {"added": ["c.md"]}
        assert monotonic() - began < 8, "the new folder is not watched, only looked at"


def test_a_single_file_is_followed_when_an_editor_replaces_it(docs: Path, index: Path) -> None:
    (docs / "other.md").write_text("别的。", "utf-8")
    with following(docs / "a.md", "--index", index, "--watch", "--json") as it:
        assert it.round() == {"added": ["a.md"]}
        for text in ("甲篇二稿。", "甲篇三稿。"):
            (docs / ".a.md.new").write_text(text, "utf-8")
            (docs / ".a.md.new").replace(docs / "a.md")
            assert it.round() == {"changed": ["a.md"]}
        assert held(index) == {"a.md": "甲篇三稿。"}


def test_a_missing_folder_is_an_error_at_once(docs: Path, index: Path) -> None:
    with following(docs / "none", "--index", index, "--watch") as it:
        assert it.process.wait(SECONDS) == 1
        sleep(0.2)
        assert [line[:8] for line in it.errors] == ["错误：找不到路径"]
