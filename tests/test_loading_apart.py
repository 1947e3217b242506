"""What a file does to the program that reads it ends there: one process reads many files, and its death costs one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
import samples
from conftest import Command

from rag.errors import LoadError
from rag.loading.blocks import MAX_CHARACTERS
from rag.loading.sandbox.apart import Reader

NAME = Path("页.html")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are those of Unix")


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader(seconds=20)
    yield made
    made.close()


def text(reader: Reader, said: str) -> str:
    return "".join(block.text for block in reader.parse(f"<p>{said}</p>".encode(), NAME).blocks)


def soon(reader: Reader, kind: signal.Signals) -> None:
    """Send the process a signal in a moment."""

    def send() -> None:
        time.sleep(0.3)
        assert reader.pid
        os.kill(reader.pid, kind)

    threading.Thread(target=send).start()


def test_one_process_reads_many_files(reader: Reader) -> None:
    assert text(reader, "甲") == "甲"
    first = reader.pid
    assert [text(reader, said) for said in "乙丙"] == ["乙", "丙"]
    assert reader.pid == first
    assert first != os.getpid()


def test_a_file_that_is_refused_does_not_end_it(reader: Reader) -> None:
    text(reader, "甲")
    first = reader.pid
    with pytest.raises(LoadError, match=r"无法读取 a\.docx"):
        reader.parse(b"PK", Path("a.docx"))
    assert (text(reader, "乙"), reader.pid) == ("乙", first)


def test_a_process_that_has_died_between_two_files_is_replaced(reader: Reader) -> None:
    text(reader, "甲")
    first = reader.pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert text(reader, "乙") == "乙"
    assert reader.pid != first


def test_a_crash_is_an_error_that_names_the_file_and_the_next_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.loading.sandbox.apart._START", "import os; os.abort()")
    reader = Reader()
    with pytest.raises(LoadError, match=r"读取 页\.html 的程序崩溃了（SIGABRT）"):
        text(reader, "甲")
    monkeypatch.undo()
    assert text(reader, "乙") == "乙"
    reader.close()


def test_a_file_that_was_not_at_fault_for_a_crash_is_read_again(reader: Reader) -> None:
    text(reader, "甲")
    assert reader.pid
    os.kill(reader.pid, signal.SIGSTOP)
    soon(reader, signal.SIGKILL)
    assert text(reader, "乙") == "乙"


def test_a_file_that_takes_too_long_is_an_error_and_its_process_is_gone() -> None:
    reader = Reader(seconds=1)
    text(reader, "甲")
    stopped = reader.pid
    assert stopped
    os.kill(stopped, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(LoadError, match=r"页\.html 在 1 秒内没有读完"):
        text(reader, "乙")
    assert 0.9 < time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    assert reader.pid is None


def test_a_file_that_fills_the_memory_is_an_error_that_says_so() -> None:
    reader = Reader(memory=300 * 2**20)
    with pytest.raises(LoadError, match=r"读取 页\.html 需要的内存超过 300 MiB"):
        reader.parse(b"<i></i>" * 3_000_000, NAME)
    assert text(reader, "乙") == "乙"
    reader.close()


def test_a_mail_is_read_without_the_files_on_it_where_one_of_them_fills_the_memory() -> None:
    mail = EmailMessage()
    mail["Subject"] = "报价"
    mail.set_content("含税，有效期三十天。")
    mail.add_attachment(b"<i></i>" * 3_000_000, maintype="text", subtype="html", filename="附表.html")
    reader = Reader(memory=300 * 2**20)
    parsed = reader.parse(mail.as_bytes(), Path("信.eml"))
    assert [block.text for block in parsed.blocks] == ["报价", "含税，有效期三十天。"]
    assert [notice.zh for notice in parsed.notices] == ["信.eml 里有 1 个附件没有读入（“附表.html”之下）。"]
    reader.close()


def test_no_file_can_be_written_by_it(tmp_path: Path, python: Command) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.loading.sandbox.worker import _limit; _limit(2**31); "
        "Path(sys.argv[1]).write_text('x')"
    )
    finished = python(code, tmp_path / "a")
    assert "File too large" in finished.err
    assert (tmp_path / "a").read_bytes() == b""


def test_what_lies_in_the_folder_at_hand_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lxml", "msgspec", "openpyxl"):
        (tmp_path / f"{module}.py").write_text("import os; os.abort()")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.chdir(tmp_path)
    reader = Reader()
    assert text(reader, "甲") == "甲"
    reader.close()


def test_many_threads_take_turns(reader: Reader) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda n: text(reader, f"第{n}篇"), range(40)))
    assert said == [f"第{n}篇" for n in range(40)]


def test_a_process_ends_with_the_one_that_started_it(python: Command) -> None:
    code = (
        "from pathlib import Path; from rag.loading.sandbox.apart import Reader; r = Reader(); "
        "r.parse(b'<p>x', Path('a.html')); print(r.pid, flush=True); import os; os._exit(0)"
    )
    pid = int(python(code).out)
    until = time.monotonic() + 10
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_more_text_than_a_document_may_have_is_an_error(reader: Reader) -> None:
    page = ("<p>" + "长" * 1_000_000) * 21
    with pytest.raises(LoadError, match=f"页.html 的文字太多（最多 {MAX_CHARACTERS:,} 字"):
        reader.parse(page.encode(), NAME)


def test_an_unexpected_error_names_the_file_and_what_a_library_said() -> None:
    with pytest.raises(LoadError, match=r"无法读取 a\.xlsx：文件已损坏，或不是 \.xlsx 格式（KeyError"):
        samples.load_bytes(samples.archive({"a": "x"}), "a.xlsx")


def test_a_large_file_may_take_longer_but_none_without_end() -> None:
    reader = Reader(seconds=60)
    assert [reader.allowed(size) for size in (0, 3_000_000, 18_000_000, 10**12)] == [60, 150, 600, 600]
    assert Reader(seconds=1000).allowed(10**9) == 1000
