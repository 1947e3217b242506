"""Indexing and asking, in a process of their own, reach for nothing outside this machine."""

from __future__ import annotations

from pathlib import Path

from conftest import CORPUS, Command


def test_indexing_and_asking_open_no_connection_and_look_up_no_name(
    python: Command, tmp_path: Path, cache: Path
) -> None:
    code = """
import socket, sys
LOCAL = ("127.", "localhost", "::1")

def is_local(host):
    return host is None or str(host).startswith(LOCAL)

def guard(name):
    real = getattr(socket.socket, name)
    def call(self, address, *rest):
        if self.family != getattr(socket, "AF_UNIX", None) and not is_local(address[0]):
            raise AssertionError(f"{name} {address}")
        return real(self, address, *rest)
    setattr(socket.socket, name, call)

def look_up(host, *rest, **named):
    if not is_local(host):
        raise AssertionError(f"getaddrinfo {host}")
    return real_look_up(host, *rest, **named)

real_look_up = socket.getaddrinfo
socket.getaddrinfo = socket.gethostbyname = look_up
for name in ("connect", "connect_ex", "sendto"):
    guard(name)
try:
    socket.create_connection(("192.0.2.1", 80), 0.1)
except AssertionError:
    print("guarded")

from rag.cli.main import main
corpus, index = sys.argv[1:]
sys.argv[1:] = ["index", corpus, "--index", index]
try:
    main()
except SystemExit as ended:
    assert not ended.code
sys.argv[1:] = ["ask", "豆包2024年11月的月活跃用户有多少？", "--index", index]
main()
"""
    finished = python(code, CORPUS, tmp_path / "index", WENYUAN_CACHE_DIR=str(cache))
    assert (finished.code, finished.err) == (0, "")
    guarded, indexed, answer, *_ = finished.out.splitlines()
    assert (guarded, answer) == ("guarded", "近6000万[1]")
    assert indexed.startswith("索引完成：2 篇文档")
