"""Documents on their way into a generation: what is known of each, and where its text waits until it is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from rag.index.store import DocumentRecord, Store
from rag.types import Document, Origin

_DOCUMENT = msgspec.msgpack.Decoder(Document)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document, the file that stands for it, and the other files of the same bytes."""

    doc_id: str
    sha256: str
    origin: Origin
    read: Callable[[], Document]
    copies: tuple[Origin, ...] = ()
    store: Store | None = None
    """Where it is stored already, as it would be read again."""

    @classmethod
    def of(cls, document: Document, path: Path) -> Entry:
        """A document in memory, from the file at ``path``."""
        return cls(document.doc_id, document.sha256, _origin(document, path), lambda: document, document.copies)

    @classmethod
    def stored(cls, store: Store, record: DocumentRecord, origin: Origin | None = None) -> Entry:
        """A document of a store: with all its files, or with ``origin`` alone."""
        read = partial(_read, store, record.doc_id)
        if origin is None:
            return cls(record.doc_id, record.sha256, record.files[0], read, record.copies, store)
        return cls(record.doc_id, record.sha256, origin, read, store=store)

    @property
    def path(self) -> Path:
        """The file that stands for it."""
        return Path(self.origin.path)

    @property
    def source(self) -> str:
        """How it is cited."""
        return self.origin.source

    def document(self, alike: str = "") -> Document:
        """The document as it goes into the generation. Raises sqlite3.Error."""
        _, source, title, modified = self.origin
        return replace(self.read(), source=source, title=title, modified=modified, copies=self.copies, alike=alike)


class DocumentBuffer:
    """Documents that were read and are not in a store yet, in a file of the index: a folder may hold more than memory.

    To be used inside `writing`. There is no file before the first document, and none after the block.
    """

    def __init__(self, index: Path) -> None:
        self._file = index / ".spool"
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection:
            self._connection.close()
            # What can't be deleted is so by the next: the generation may be in force already.
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def add(self, document: Document, path: Path) -> Entry:
        """Take ``document``, from the file at ``path``. Raises sqlite3.Error if the disk is full, OSError."""
        place = (
            self._opened()
            .execute("INSERT INTO spool (document) VALUES (?)", (msgspec.msgpack.encode(document),))
            .lastrowid
        )
        return Entry(document.doc_id, document.sha256, _origin(document, path), partial(self._document, place))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            # What a killed run left.
            self._file.unlink(missing_ok=True)
            self._connection = sqlite3.connect(self._file)
            self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            self._connection.execute("CREATE TABLE spool (place INTEGER PRIMARY KEY, document BLOB NOT NULL) STRICT")
        return self._connection

    def _document(self, place: int | None) -> Document:
        query = "SELECT document FROM spool WHERE place = ?"
        (document,) = self._opened().execute(query, (place,)).fetchone()
        return _DOCUMENT.decode(document)


def _origin(document: Document, path: Path) -> Origin:
    return Origin(str(path), document.source, document.title, document.modified)


def _read(store: Store, doc_id: str) -> Document:
    document = store.document(doc_id)
    assert document is not None
    return document
