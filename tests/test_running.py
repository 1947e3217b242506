"""A running server answers for the commands: the same answers, none of the loading; and they manage without it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Listener
from pathlib import Path
from threading import Thread
from typing import Any, cast

import msgspec
import pytest
from browser import running
from conftest import Command, Finished
from test_imports import WEIGHTY, loaded_by

from rag.errors import NotFoundError, QuestionError
from rag.library import Library
from rag.settings import Settings
from rag.web.running import Running, _place, answering, find

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")

QUESTION = "豆包2024年11月的月活跃用户有多少？"
HEAVY = WEIGHTY | {"numpy", "faiss", "tantivy", "jieba"}


def said(finished: Finished) -> list[str]:
    """What a command printed, but for the milliseconds."""
    return [line.partition(" · ")[0] if line.endswith(" ms") else line for line in finished.out.splitlines()]


def told(finished: Finished) -> list[dict[str, Any]]:
    """The same of JSON, one a line or one in all."""
    lines = finished.out.splitlines()
    answers = [msgspec.json.decode(line) for line in (lines if lines[0] != "{" else [finished.out])]
    return [{name: value for name, value in answer.items() if name != "timings_ms"} for answer in answers]


@pytest.fixture(scope="module")
def served(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The index of the two articles, with a server over it."""
    with running(index_dir, tmp_path_factory.mktemp("running") / "server.log"):
        yield index_dir


def test_a_command_gives_the_servers_answer_and_loads_nothing_for_it(served: Path, python: Command) -> None:
    assert loaded_by(python, "ask", QUESTION, "--index", served) & HEAVY == set()
    assert loaded_by(python, "search", QUESTION, "--index", served) & HEAVY == set()


def test_the_answer_is_the_same_without_the_server(served: Path, command: Command) -> None:
    for arguments in (("ask", QUESTION), ("search", QUESTION), ("ask", "火星上有没有人？")):
        by_server = command(*arguments, "--index", served)
        alone = command(*arguments, "--index", served, "--no-server")
        assert (by_server.code, said(by_server), by_server.err) == (alone.code, said(alone), alone.err)
    with_json = command("ask", QUESTION, "--json", "--index", served)
    assert told(with_json) == told(command("ask", QUESTION, "--json", "--index", served, "--no-server"))


def test_a_batch_goes_through_the_server_with_its_bad_questions(served: Path, command: Command, tmp_path: Path) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text(f'{{"id": 1, "question": "{QUESTION}"}}\n{{"id": 2, "question": "？？"}}\n', "utf-8")
    arguments = ("ask", "--batch", batch, "--json", "--index", served)
    by_server, alone = command(*arguments), command(*arguments, "--no-server")
    assert by_server.code == alone.code == 1
    assert told(by_server) == told(alone)
    assert [answer["status"] for answer in told(by_server)] == ["answered", "error"]


def test_an_error_is_the_same_through_the_server(served: Path, command: Command) -> None:
    arguments = ("ask", QUESTION, "--document", "nosuch", "--index", served)
    by_server, alone = command(*arguments), command(*arguments, "--no-server")
    assert (by_server.code, by_server.out, by_server.err) == (alone.code, alone.out, alone.err)
    assert "nosuch" in by_server.err


def test_the_server_answers_with_what_was_indexed_since(tmp_path: Path, command: Command) -> None:
    (tmp_path / "a.txt").write_text("琥珀仓库的管理员是欧阳清。\n", "utf-8")
    command("index", tmp_path, "--index", tmp_path / "index")
    with running(tmp_path / "index", tmp_path / "server.log"):
        (tmp_path / "b.txt").write_text("松石仓库的管理员是司马朗。\n", "utf-8")
        command("index", tmp_path, "--index", tmp_path / "index")
        found = command("ask", "松石仓库的管理员是谁？", "--json", "--index", tmp_path / "index")
    assert told(found)[0]["answer"] == "司马朗"


def alone() -> Library:
    raise AssertionError("the server was not asked")


@contextmanager
def answered_by(library: Library, index: Path, settings: Settings | None = None) -> Iterator[None]:
    with answering(index, settings or Settings(), lambda: library):
        yield


def test_only_the_servers_own_settings_are_answered(library: Library, tmp_path: Path) -> None:
    with answered_by(library, tmp_path):
        assert find(tmp_path, Settings(read=3), alone) is None
        assert find(tmp_path, Settings(), alone) is not None
        assert find(tmp_path / "another", Settings(), alone) is None


def test_a_file_is_the_same_by_another_name(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "words.txt").write_text("问源\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with answered_by(library, tmp_path, Settings(user_dictionary="words.txt")):
        assert find(tmp_path, Settings(user_dictionary=str(tmp_path / "words.txt")), alone) is not None
        assert find(tmp_path, Settings(), alone) is None


def test_nothing_is_left_of_a_server_that_ended(library: Library, tmp_path: Path) -> None:
    with answered_by(library, tmp_path):
        assert _place(tmp_path).is_socket()
        assert _place(tmp_path).parent.stat().st_mode & 0o077 == 0
    assert not _place(tmp_path).exists()
    assert find(tmp_path, Settings(), alone) is None


def test_what_a_killed_server_left_is_passed_over_and_taken_over(library: Library, tmp_path: Path) -> None:
    place = _place(tmp_path)
    place.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    assert place.exists()
    assert find(tmp_path, Settings(), alone) is None
    with answered_by(library, tmp_path):
        assert find(tmp_path, Settings(), alone) is not None


def test_a_second_server_leaves_the_commands_to_the_first(library: Library, tmp_path: Path) -> None:
    with answered_by(library, tmp_path):
        with answered_by(library, tmp_path, Settings(read=3)):
            assert find(tmp_path, Settings(), alone) is not None
            assert find(tmp_path, Settings(read=3), alone) is None
        assert find(tmp_path, Settings(), alone) is not None


@contextmanager
def server_that(does: Any, index: Path) -> Iterator[None]:
    """A server that greets and then does something else with the first call."""
    place = _place(index)
    place.parent.mkdir(parents=True, exist_ok=True)
    with Listener(str(place), "AF_UNIX") as listener:

        def serve() -> None:
            with listener.accept() as connection:
                connection.recv_bytes()
                connection.send_bytes(b"true")
                connection.recv_bytes()
                does(connection)

        thread = Thread(target=serve)
        thread.start()
        yield
        thread.join(10)


@pytest.mark.parametrize("reply", [b"", b"nonsense", b'{"type":"_Done","value":{"status":"odd"}}', b'{"type":"_Done"}'])
def test_whatever_a_server_says_the_question_is_answered(library: Library, tmp_path: Path, reply: bytes) -> None:
    with server_that(lambda connection: connection.send_bytes(reply), tmp_path):
        found = find(tmp_path, Settings(), lambda: library)
        assert isinstance(found, Running)
        answer = found.ask(QUESTION)
    assert "6000万" in answer.answer
    # What follows is asked here, too.
    assert found.document(answer.citations[0].doc_id).title == answer.citations[0].title


def test_a_question_is_answered_though_the_server_is_killed(library: Library, tmp_path: Path) -> None:
    with server_that(lambda connection: connection.close(), tmp_path):
        found = find(tmp_path, Settings(), lambda: library)
        assert isinstance(found, Running)
        assert "6000万" in found.ask(QUESTION).answer


def test_what_nobody_expected_is_tried_once_more_without_the_server(library: Library, tmp_path: Path) -> None:
    class Broken:
        def ask(self, question: str, **_: object) -> None:
            raise ZeroDivisionError(question)

    with answered_by(cast("Library", Broken()), tmp_path):
        found = find(tmp_path, Settings(), lambda: library)
        assert isinstance(found, Running)
        assert "6000万" in found.ask(QUESTION).answer


def test_errors_keep_their_kind_and_the_connection_goes_on(library: Library, tmp_path: Path) -> None:
    with answered_by(library, tmp_path):
        found = find(tmp_path, Settings(), alone)
        assert isinstance(found, Running)
        with pytest.raises(QuestionError, match="空"):
            found.search(" ")
        with pytest.raises(NotFoundError, match="nosuch"):
            found.document("nosuch")
        answer = found.ask(QUESTION)
        assert {**vars_of(answer), "timings_ms": 0} == {**vars_of(library.ask(QUESTION)), "timings_ms": 0}
        assert found.search(QUESTION, 3) == library.search(QUESTION, 3)
        doc_id = answer.citations[0].doc_id
        assert found.document(doc_id) == library.document(doc_id)


def vars_of(answer: Any) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__dataclass_fields__}


def test_a_place_too_deep_for_a_socket_is_no_error(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / ("deep" * 30)))
    with answered_by(library, tmp_path):
        assert find(tmp_path, Settings(), alone) is None


def test_nobody_meets_where_others_may_put_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path))
    place = _place(tmp_path / "index")
    place.parent.mkdir(mode=0o700, parents=True)
    with Listener(str(place), "AF_UNIX"):
        place.parent.chmod(0o777)
        assert find(tmp_path / "index", Settings(), lambda: pytest.fail("opened")) is None
    with answering(tmp_path / "index", Settings(), lambda: pytest.fail("opened")):
        assert not place.exists()
