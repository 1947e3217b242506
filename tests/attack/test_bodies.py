"""Whatever a body holds, it is refused or answered soon, and the server says meanwhile that it is up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from victims import PATIENCE

from rag.web.guard.payloads import PayloadError, as_sound_json

if TYPE_CHECKING:
    from victims import Victim

MIB = 2**20
ASK = b'{"question":"%s"}'
TEXT = "暗号是什么？".encode()


def keys(count: int) -> bytes:
    return b'{"question":"' + TEXT + b'",' + b",".join(b'"k%d":1' % n for n in range(count)) + b"}"


def asked(question: bytes = TEXT, **more: object) -> bytes:
    return b'{"question":"' + question + b'"' + b"".join(
        b',"%s":%s' % (name.encode(), json.dumps(value).encode()) for name, value in more.items()
    ) + b"}"  # fmt: skip


def turns(count: int, size: int = 1) -> list[dict[str, str]]:
    return [{"question": "长" * size, "answer": "答"}] * count


# Name, body, and whether it is a question that is answered.
BODIES: dict[str, tuple[bytes, bool]] = {
    "nothing": (b"", False),
    "blanks": (b" " * MIB, False),
    "a letter": (b"x", False),
    "a brace": (b"{", False),
    "only zeros": (b"\0" * MIB, False),
    "any bytes": (bytes(range(256)) * 4096, False),
    "null": (b"null", False),
    "a number": (b"9" * 5000, False),
    "a huge number": (b'{"question":' + b"9" * MIB + b"}", False),
    "a huge exponent": (b'{"question":1e' + b"9" * 5000 + b"}", False),
    "not a number": (b'{"question":"a","min_confidence":NaN}', False),
    "endless": (b'{"question":"a","min_confidence":Infinity}', False),
    "a thousand keys": (keys(1000), False),
    "very many keys": (keys(150_000), False),
    "one key very often": (b"{" + b'"question":"a",' * 100_000 + b'"question":"a"}', False),
    "keys of escapes": (b"{" + b",".join(b'"\\u00%02x":1' % (n % 128) for n in range(100_000)) + b"}", False),
    "a very long key": (b'{"' + b"k" * MIB + b'":1}', False),
    "deep lists": (b"[" * MIB, False),
    "deep lists that end": (b"[" * 900_000 + b"]" * 900_000, False),
    "deep objects": (b'{"a":' * 200_000, False),
    "deep below a known key": (asked(history=[])[:-3] + b"[" * 17 + b"]" * 17 + b"]}", False),
    "closing brackets": (b"]" * MIB, False),
    "pairs of brackets": (b"[]" * MIB, False),
    "commas": (b"," * MIB, False),
    "colons": (b":" * MIB, False),
    "quotation marks": (b'"' * MIB, False),
    "a text without an end": (b'{"question":"' + b"a" * MIB, False),
    "escapes without an end": (b'{"question":"' + b'\\"' * 900_000, False),
    "backslashes": (b"\\" * MIB, False),
    "backslashes in a text": (b'{"question":"' + b"\\" * MIB + b'"}', False),
    "a very long question": (asked(b"a" * MIB), False),
    "a question of escapes": (asked(b"\\u957f" * 100_000), False),
    "half a pair": (asked(b"\\ud800"), False),
    "bytes that are no text": (asked(b"\xff\xfe\xff"), False),
    "UTF-16": ('{"question":"暗号是什么？"}'.encode("utf-16"), False),
    "UTF-16 without a mark": ('{"question":"暗号是什么？"}'.encode("utf-16-be"), False),
    "UTF-32": ('{"question":"暗号是什么？"}'.encode("utf-32"), False),
    "keys in UTF-16": (keys(100_000).decode().encode("utf-16-le"), False),
    "a mark of UTF-8": (b"\xef\xbb\xbf" + asked(), True),
    "a comment": (b'/* */ {"question":"a"}', False),
    "two objects": (asked() * 2, False),
    "a list of one": (b"[" + asked() + b"]", False),
    "an unknown key": (asked(path="/etc/passwd"), False),
    "an object for a question": (b'{"question":{"path":"/etc/passwd"}}', False),
    "nine questions": (asked(TEXT * 9), False),
    "sixty questions": (asked(TEXT * 60), False),
    "nine clauses that ask": (asked("，".join(["暗号是什么"] * 9).encode()), False),
    "a history too long": (asked(history=turns(51)), False),
    "a history too wide": (asked(history=turns(1, 1001)), False),
    "a history of objects": (asked(history=[[[]]] * 50), False),
    "eight questions": (asked(TEXT * 8), True),
    "the longest history": (asked(history=turns(50, 1000)), True),
    "a plain question": (asked(), True),
}


@contextmanager
def watched(victim: Victim) -> Iterator[Callable[[], float]]:
    """While it lasts the server is asked over and over whether it is up; gives the longest wait so far."""
    waits, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            waits.append(victim.health())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: max(waits)
    finally:
        over.set()
        watcher.join()


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_question_is_refused_soon(victim: Victim, name: str) -> None:
    body, answered = BODIES[name]
    headers = {"content-type": "application/json"}
    with watched(victim) as longest:
        begun = time.monotonic()
        response = victim.web.post(f"{victim.url}api/v1/ask", content=body, headers=headers)
        took = time.monotonic() - begun
    assert response.status_code in ((200,) if answered else (400, 413, 422))
    assert (took < 2 + PATIENCE, longest() < PATIENCE) == (True, True), (took, longest())
    assert len(response.content) < MIB


@pytest.mark.parametrize("path", ["ask/batch", "gold", "evaluations"])
@pytest.mark.parametrize("name", [name for name, (_, answered) in BODIES.items() if not answered])
def test_no_other_route_takes_it_for_more(victim: Victim, path: str, name: str) -> None:
    body, _ = BODIES[name]
    headers = {"content-type": "application/json"}
    begun = time.monotonic()
    response = victim.web.post(f"{victim.url}api/v1/{path}", content=body, headers=headers)
    # A question that nothing answers is a gold pair.
    kept = {201} if path == "gold" and name in ("nine questions", "sixty questions", "nine clauses that ask") else set()
    assert response.status_code in {400, 413, 422} | kept
    assert time.monotonic() - begun < 2 + PATIENCE


def test_a_batch_of_questions_of_sixty_parts_is_refused_one_by_one(victim: Victim) -> None:
    questions = [{"id": str(n), "question": TEXT.decode() * 60} for n in range(30)]
    with watched(victim) as longest:
        results = victim.web.post("api/v1/ask/batch", json={"questions": questions}).json()["results"]
    assert [one["problem"]["status"] for one in results] == [422] * 30
    assert longest() < PATIENCE


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("api/v1/ask", 2 * MIB + 1),
        ("api/v1/ask/batch", 2 * MIB + 1),
        ("api/v1/gold", 256 * 1024 + 1),
        ("gradio_api/mcp/", 64 * 1024 + 1),
        ("gradio_api/queue/join", 32 * 1024 + 1),
        ("api/v1/documents", 64 * MIB + 1),
    ],
)
def test_each_route_takes_so_much_and_no_more(victim: Victim, path: str, size: int) -> None:
    head = f"POST /{path} HTTP/1.1\r\nhost: 127.0.0.1:{victim.port}\r\ncontent-length: {size}\r\n\r\n"
    with victim.connected(head.encode()) as connection:
        answer = connection.recv(2**16).decode().lower()
    assert answer.startswith("http/1.1 413 ")
    assert "connection: close" in answer


def test_a_body_without_a_length_is_counted_while_it_comes(victim: Victim) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 2**16

    assert victim.web.post(f"{victim.url}api/v1/ask", content=chunks()).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b"--x\r\n" * 100_000,
        b"--x\r\nContent-Disposition: form-data; name=files; filename=" + b"a" * MIB + b"\r\n\r\nx\r\n--x--\r\n",
        b"--x\r\n" + b"a: b\r\n" * 100_000 + b"\r\nx\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=files; filename=a.md\r\n\r\n" + b"x" * MIB,
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\nx\r\n' * 2000 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n' * 2000 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\nx\r\n' * 101 + b"--x--\r\n",
    ],
)
def test_a_hostile_upload_is_refused_soon(victim: Victim, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    with watched(victim) as longest:
        response = victim.web.post(f"{victim.url}api/v1/documents", content=body, headers=headers)
    assert response.status_code in (400, 413, 422)
    assert longest() < PATIENCE


@pytest.mark.parametrize("count", [2_000, 200_000])
def test_the_marks_of_a_body_are_counted_outside_of_its_texts(count: int) -> None:
    as_sound_json(asked(b",:[{" * count))
    with pytest.raises(PayloadError):
        as_sound_json(b"[" + b"1," * count * 2 + b"1,1]")
