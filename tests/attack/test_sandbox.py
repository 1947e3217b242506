"""A parser that does its worst in the process that reads files gets nothing out of it."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import samples
from conftest import ROOT, Command

from rag.errors import LoadError
from rag.loading.blocks import MAX_BLOCKS
from rag.loading.formats import PARSED_BY
from rag.loading.sandbox.apart import Reader
from rag.loading.sandbox.confinement import lacking

pytestmark = pytest.mark.skipif(lacking() != (), reason="this system can't shut a process in")

# What it tries, each of which must end in an error; what it gets is printed.
TRIES = """
import json, os, socket, subprocess, sys
from pathlib import Path
secret, port, parent, root = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
sys.path.append(root)
from rag.loading.sandbox.confinement import shut_in
shut_in()
tries = {
    "read a file of the user": lambda: Path(secret).read_text(),
    "read the user's list": lambda: Path("/etc/passwd").read_text(),
    "read the corpus": lambda: next((Path(root) / "corpus").iterdir()),
    "list the home": lambda: os.listdir(Path.home()),
    "list the root": lambda: os.listdir("/"),
    "look at the parent's memory": lambda: Path(f"/proc/{parent}/mem").open("rb"),
    "look at the parent's environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
    "write a file": lambda: Path(secret).with_name("new").write_text("x"),
    "write into the package": lambda: (Path(root) / "rag" / "new").write_text("x"),
    "make a folder": lambda: Path(secret).with_name("folder").mkdir(),
    "make a link": lambda: Path(secret).with_name("link").symlink_to("/"),
    "delete a file": lambda: Path(secret).unlink(),
    "move a file": lambda: Path(secret).rename(secret + ".moved"),
    "cut a file": lambda: os.truncate(secret, 0),
    "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=5),
    "send a packet": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)),
    "meet a local program": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "look up a name": lambda: socket.getaddrinfo("example.org", 80),
    "start a program": lambda: subprocess.run(["/bin/true"], check=True),
    "become a program": lambda: os.execv("/bin/true", ["true"]),
    "kill the parent": lambda: os.kill(parent, 0),
}
got = {}
for name, attempt in tries.items():
    try:
        got[name] = repr(attempt())[:100]
    except OSError:
        pass
from lxml import html
import openpyxl, pypdfium2
print(json.dumps({"got": got, "parsed": html.fromstring("<p>x</p>").text}))
"""


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine where someone would answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        yield server.getsockname()[1]


def test_nothing_that_a_parser_tries_succeeds_and_it_still_parses(
    python: Command, tmp_path: Path, listening: int
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("never to be seen")
    finished = python(TRIES, secret, str(listening), str(os.getpid()), ROOT)
    assert finished.code == 0, finished.err
    assert json.loads(finished.out) == {"got": {}, "parsed": "x"}
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]
    assert secret.read_text() == "never to be seen"
    socket.create_connection(("127.0.0.1", listening), timeout=5).close()


def test_a_program_that_reads_old_formats_writes_in_its_folder_alone_and_reaches_nobody(
    python: Command, tmp_path: Path, listening: int
) -> None:
    secret, workshop, meeting = tmp_path / "secret.txt", tmp_path / "workshop", tmp_path / "socket"
    secret.write_text("never to be seen")
    workshop.mkdir()
    tries = TRIES
    for before, after in (
        ("shut_in()", "shut_in(Path(sys.argv[5]))"),
        (
            'os.execv("/bin/true", ["true"])',
            '(Path(sys.argv[5]) / "new").write_text("x")',
        ),
        (
            "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
            "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(sys.argv[6])",
        ),
    ):
        assert before in tries
        tries = tries.replace(before, after)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(meeting))
        server.listen()
        finished = python(tries, secret, str(listening), str(os.getpid()), ROOT, workshop, meeting)
    assert finished.code == 0, finished.err
    got = json.loads(finished.out)
    assert sorted(got["got"]) == ["become a program", "start a program"]
    assert got["parsed"] == "x"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "secret.txt", "socket", "workshop"]


@pytest.mark.parametrize("suffix", PARSED_BY)
def test_it_is_in_force_where_files_of_every_format_are_read(suffix: str) -> None:
    reader = Reader()
    try:
        with pytest.raises(LoadError):
            reader.parse(b"\xff\0\xfe", Path(f"a{suffix}"))
        status = Path(f"/proc/{reader.pid}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        environment = Path(f"/proc/{reader.pid}/environ").read_bytes()
        assert b"WENYUAN" not in environment
        assert b"HOME=" not in environment
    finally:
        reader.close()


@pytest.mark.slow
def test_a_text_of_a_million_lines_is_refused_in_the_process_that_reads_it() -> None:
    with pytest.raises(LoadError, match=f"{MAX_BLOCKS:,}"):
        samples.load_bytes(b"- a\n" * 1_000_000, "a.txt")


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".csv"])
def test_no_format_is_read_in_the_process_that_asks(suffix: str) -> None:
    before = set(sys.modules)
    with pytest.raises(LoadError):
        samples.load_bytes(b"\xff\0", f"a{suffix}")
    assert not {name for name in set(sys.modules) - before if name.startswith("rag.loading.")}
