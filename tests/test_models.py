"""What a question needs is loaded once, side by side, and only what it needs."""

from __future__ import annotations

import threading
from typing import cast

import pytest
from documents import HashEncoder

from rag.errors import ModelError
from rag.library import Library
from rag.models import Models, Once
from rag.reading import Reader
from rag.settings import Settings
from rag.types import Encoder
from rag.web.live_library import LiveLibrary


def test_a_value_is_made_once_whoever_asks_and_however_often() -> None:
    made: list[str] = []
    go = threading.Event()

    def make() -> str:
        go.wait(10)
        made.append(threading.current_thread().name)
        return "value"

    once = Once(make)
    once.ahead()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(once.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    once.ahead()
    go.set()
    for thread in threads:
        thread.join(10)
    assert (got, len(made)) == (["value"] * 8, 1)


def test_an_error_ahead_is_told_to_who_asks_and_may_pass() -> None:
    tries: list[int] = []

    def make() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ModelError("没有", "none")
        return "value"

    once = Once(make)
    once.ahead()
    for thread in [thread for thread in threading.enumerate() if thread.name == "load"]:
        thread.join(10)
    with pytest.raises(ModelError):
        once.get()
    assert (once.get(), len(tries)) == ("value", 3)


def test_two_values_are_made_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    one, other = Once(lambda: both.wait() >= 0), Once(lambda: both.wait() >= 0)
    one.ahead()
    assert other.get()
    assert one.get()


def test_what_is_not_needed_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load_encoder(*_: object, **__: object) -> Encoder:
        loaded.append("encoder")
        return HashEncoder()

    def load_reader(*_: object, **__: object) -> Reader:
        loaded.append("reader")
        return cast("Reader", object())

    monkeypatch.setattr("rag.models.load_encoder", load_encoder)
    monkeypatch.setattr("rag.reading.readers.load_reader", load_reader)

    def ahead(settings: Settings, *, reading: bool) -> list[str]:
        loaded.clear()
        Models(settings).ahead(reading=reading)
        for thread in [thread for thread in threading.enumerate() if thread.name == "load"]:
            thread.join(60)
        return sorted(loaded)

    assert ahead(Settings(), reading=True) == ["encoder", "reader"]
    assert ahead(Settings(), reading=False) == ["encoder"]
    assert ahead(Settings(retrieval="bm25"), reading=True) == ["reader"]
    assert ahead(Settings(retrieval="bm25"), reading=False) == []


def test_a_server_loads_nothing_ahead_before_it_is_to(plain_library: Library) -> None:
    def loading() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "warm-up"]

    live = LiveLibrary(plain_library.index_dir, plain_library.settings)
    assert len(live.library().documents()) == 2
    assert (loading(), live.ready) == ([], False)
    live.warm_up()
    for thread in loading():
        thread.join(60)
    assert live.ready
