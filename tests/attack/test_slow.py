"""Clients that take their time cost nothing but a connection, and not for long; told to end, the server ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT
from victims import PATIENCE, SLOW, attacked

if TYPE_CHECKING:
    from victims import Victim

# By another route, so that those which it has not yet found gone keep no other test from asking.
LATER = b"POST /api/v1/gold HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
CALL = b"POST /api/v1/ask HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
# Questions of one client.
AT_ONCE = 16


def closed_after(connection: socket.socket, drip: bytes = b"") -> float:
    """Seconds until the server closes a connection on which a byte of ``drip`` comes every half a second."""
    begun = time.monotonic()
    connection.settimeout(0.5)
    for _ in range(60):
        try:
            if not connection.recv(2**16):
                break
        except ConnectionResetError:
            break
        except TimeoutError:
            pass
        if drip:
            with suppress(OSError):
                connection.send(drip)
    return time.monotonic() - begun


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "drip"),
    [
        (b"", b""),
        (b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n", b""),
        (b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ", b"y"),
        (b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n", b"\r"),
        (CALL + b"content-length: 100\r\n\r\n{", b""),
        (CALL + b"content-length: 100\r\n\r\n{", b" "),
        (CALL + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n", b""),
        (CALL + b"content-length: 99999999\r\n\r\n{", b" "),
    ],
)
def test_a_request_that_dribbles_in_is_given_up(victim: Victim, sent: bytes, drip: bytes) -> None:
    with victim.connected(sent) as connection:
        assert closed_after(connection, drip) < 15 + PATIENCE
    assert victim.health() < PATIENCE


@pytest.mark.slow
def test_five_hundred_who_say_nothing_keep_nobody_out(victim: Victim) -> None:
    with ExitStack() as opened:
        for n in range(500):
            opened.enter_context(victim.connected(LATER + b"content-length: 9\r\n\r\n" if n % 2 else b"GET / HT"))
        assert max(victim.health() for _ in range(20)) < PATIENCE


@pytest.mark.slow
def test_a_body_that_does_not_come_is_told_so(victim: Victim) -> None:
    with victim.connected(CALL + b"content-length: 100\r\n\r\n{") as connection:
        assert connection.recv(2**16).startswith(b"HTTP/1.1 408 ")


def test_as_many_questions_of_one_client_are_under_way_as_its_route_takes(victim: Victim) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(victim.web.post("api/v1/ask", json={"question": f"{SLOW}慢说，暗号是什么？"}).status_code)

    askers = [threading.Thread(target=ask) for _ in range(40)]
    for asker in askers:
        asker.start()
    until = time.monotonic() + 30 * PATIENCE
    while len(statuses) < 40 - AT_ONCE and time.monotonic() < until:
        time.sleep(0.05)
    assert victim.health() < PATIENCE
    assert statuses == [503] * (40 - AT_ONCE)
    with victim.going_on():
        for asker in askers:
            asker.join()
    assert statuses == [503] * (40 - AT_ONCE) + [200] * AT_ONCE


def test_told_to_end_it_ends_while_questions_are_asked_and_pages_are_open(plain_index: Path, tmp_path: Path) -> None:
    with attacked(plain_index, tmp_path / "server.log") as server, ExitStack() as opened:
        question = f'{{"question": "{SLOW * 20}慢说，暗号是什么？"}}'.encode()
        for _ in range(10):
            opened.enter_context(server.connected(CALL + b"content-length: %d\r\n\r\n%s" % (len(question), question)))
            opened.enter_context(server.connected(b"GET /gradio_api/heartbeat/a HTTP/1.1\r\nhost: localhost\r\n\r\n"))
            opened.enter_context(server.connected(CALL + b"content-length: 100\r\n\r\n{"))
        time.sleep(0.5)
        assert server.end() < 4 + PATIENCE


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals, modes of folders")
def test_its_temporary_files_are_in_a_private_folder_that_goes_with_it(plain_index: Path, tmp_path: Path) -> None:
    with attacked(plain_index, tmp_path / "server.log") as server:
        (own,) = server.temporary.glob("wenyuan-page-*")
        assert own.stat().st_mode & 0o777 == 0o700
        server.web.get("")
        assert not (server.temporary / "gradio").exists()
        server.end()
        assert list(server.temporary.glob("wenyuan-page-*")) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_told_to_end_it_ends_even_where_nothing_listens_to_it() -> None:
    code = """
import signal, time
from rag.web.guard.patience import ending
signal.signal(signal.SIGTERM, lambda *_: None)
with ending():
    print("deaf", flush=True)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(60)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"deaf\n"
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
        assert 3 < time.monotonic() - begun < 5 + PATIENCE
