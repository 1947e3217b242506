"""A server that is running answers for the commands of the same user, so that nothing is loaded for one question.

The two meet at a socket in the user's own cache folder, named after the index. A command goes there only with the
settings of the server; it does the work itself wherever that fails, and the answer is the same.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from rag import __version__, errors
from rag.errors import WenyuanError
from rag.paths import cache_dir
from rag.types import Answer, Document, Hit

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from rag.library import Library
    from rag.settings import Settings

logger = logging.getLogger(__name__)

_Value = TypeVar("_Value")

_KIND: Final = "AF_UNIX"
_WAITING: Final = 64
# Seconds for a server to say that it is there, and for a command to say what it wants next.
_PATIENCE: Final = 2.0
_IDLE: Final = 600.0
# Settings that may name a file or folder here.
_PLACES: Final = ("model", "reader", "user_dictionary", "milvus_uri")


class _Greeting(msgspec.Struct, frozen=True, tag=True):
    """The first message: who speaks, and with which settings it wants to be answered."""

    version: str
    settings: dict[str, Any]


class _Ask(msgspec.Struct, frozen=True, tag=True):
    question: str
    collections: tuple[str, ...]
    documents: tuple[str, ...]


class _Search(msgspec.Struct, frozen=True, tag=True):
    query: str
    k: int | None
    collections: tuple[str, ...]
    documents: tuple[str, ...]


class _Read(msgspec.Struct, frozen=True, tag=True):
    doc_id: str


class _Done(msgspec.Struct, frozen=True, tag=True):
    value: msgspec.Raw


class _Failed(msgspec.Struct, frozen=True, tag=True):
    """An error of `rag.errors`; without a ``kind`` one that nobody expected."""

    kind: str
    zh: str
    en: str


_Call = _Ask | _Search | _Read


class Running:
    """A server's library as a command sees it. What the server can't do is done ``otherwise``, here."""

    def __init__(self, connection: Connection, otherwise: Callable[[], Library]) -> None:
        self._connection = connection
        self._otherwise = otherwise
        self._here: Library | None = None

    def ask(self, question: str, *, collections: Sequence[str] = (), documents: Sequence[str] = ()) -> Answer:
        """See `rag.library.Library.ask`."""
        return self._do(
            _Ask(question, tuple(collections), tuple(documents)),
            Answer,
            lambda here: here.ask(question, collections=collections, documents=documents),
        )

    def search(
        self, query: str, k: int | None = None, *, collections: Sequence[str] = (), documents: Sequence[str] = ()
    ) -> list[Hit]:
        """See `rag.library.Library.search`."""
        return self._do(
            _Search(query, k, tuple(collections), tuple(documents)),
            list[Hit],
            lambda here: here.search(query, k, collections=collections, documents=documents),
        )

    def document(self, doc_id: str) -> Document:
        """See `rag.library.Library.document`."""
        return self._do(_Read(doc_id), Document, lambda here: here.document(doc_id))

    def _do(self, call: _Call, kind: type[_Value], alone: Callable[[Library], _Value]) -> _Value:
        if self._here is None:
            with suppress(OSError, EOFError, UnicodeEncodeError, msgspec.DecodeError):
                self._connection.send_bytes(msgspec.json.encode(call))
                reply: _Done | _Failed = msgspec.json.decode(self._connection.recv_bytes(), type=_Done | _Failed)
                if isinstance(reply, _Done):
                    return msgspec.json.decode(reply.value, type=kind)
                if reply.kind:
                    raise getattr(errors, reply.kind)(reply.zh, reply.en)
            self._here = self._otherwise()
        return alone(self._here)


def find(index: Path, settings: Settings, otherwise: Callable[[], Library]) -> Running | None:
    """The server that answers from ``index`` with ``settings``; None if there is none."""
    place = _place(index)
    if not hasattr(socket, _KIND) or not place.exists() or not _is_private(place.parent):
        return None
    from multiprocessing.connection import Client

    with suppress(OSError, EOFError, ValueError):
        connection = Client(str(place), _KIND)
        connection.send_bytes(msgspec.json.encode(_Greeting(__version__, _meant(settings))))
        if connection.poll(_PATIENCE) and connection.recv_bytes() == b"true":
            return Running(connection, otherwise)
        connection.close()
    return None


@contextmanager
def answering(index: Path, settings: Settings, library: Callable[[], Library]) -> Iterator[None]:
    """Answer commands over ``index`` from ``library()``, until the context ends.

    Without a place to meet (another server is there, the system has no such sockets) commands work for themselves.
    """
    place = _place(index)
    try:
        listener = _listen(place)
    except (OSError, ValueError) as error:
        logger.debug("commands are not answered: %s", error)
        yield
        return
    meant = _meant(settings)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()
                threading.Thread(target=_serve, args=(connection, meant, library), daemon=True).start()

    threading.Thread(target=accept, name="commands", daemon=True).start()
    try:
        yield
    finally:
        # This takes the socket's file away, too.
        listener.close()


def _listen(place: Path) -> Any:
    """A listener at ``place``. Raises OSError or ValueError if there can be none, or another server has it."""
    from multiprocessing.connection import Client, Listener

    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(place.parent):
        raise OSError(f"others may write to {place.parent}")
    if place.exists():
        with suppress(ConnectionError):
            Client(str(place), _KIND).close()
            raise OSError(f"another server answers at {place}")
        place.unlink(missing_ok=True)
    return Listener(str(place), _KIND, backlog=_WAITING)


def _serve(connection: Connection, meant: dict[str, Any], library: Callable[[], Library]) -> None:
    """Answer one command until it goes."""
    with connection, suppress(OSError, EOFError, msgspec.DecodeError):
        greeting = msgspec.json.decode(connection.recv_bytes(), type=_Greeting)
        same = greeting.version == __version__ and greeting.settings == meant
        connection.send_bytes(msgspec.json.encode(same))
        while same and connection.poll(_IDLE):
            call = msgspec.json.decode(connection.recv_bytes(), type=_Call)
            connection.send_bytes(msgspec.json.encode(_reply(call, library)))


def _reply(call: _Call, library: Callable[[], Library]) -> _Done | _Failed:
    try:
        value: object
        match call:
            case _Ask(question, collections, documents):
                value = library().ask(question, collections=collections, documents=documents)
            case _Search(query, k, collections, documents):
                value = library().search(query, k, collections=collections, documents=documents)
            case _Read(doc_id):
                value = library().document(doc_id)
        return _Done(msgspec.Raw(msgspec.json.encode(value)))
    except WenyuanError as error:
        return _Failed(type(error).__name__, error.zh, error.en)
    except Exception:
        # The command will do it itself, and tell its user what comes of that.
        logger.exception("a command could not be answered")
        return _Failed("", "", "")


def _meant(settings: Settings) -> dict[str, Any]:
    """The settings as they can be compared between processes that stand in different folders."""
    values: dict[str, Any] = msgspec.to_builtins(settings)
    for name in _PLACES:
        if values[name] and Path(values[name]).exists():
            values[name] = str(Path(values[name]).resolve())
    return values


def _is_private(folder: Path) -> bool:
    """Whether the folder is this user's, and nobody else could put a server of their own there."""
    state = folder.lstat()
    return not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)


def _place(index: Path) -> Path:
    """Where the server and the commands of ``index`` meet; short, for a socket's name may have 100 bytes or so."""
    name = hashlib.sha256(str(index.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_dir() / "running" / name
