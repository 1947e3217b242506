"""Documents and passages of one generation, in one SQLite file that is written once and then only read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from rag.types import Block, Document, Elsewhere, Omission, Origin, Passage, Span

_SCHEMA = """
CREATE TABLE documents (
    position INTEGER PRIMARY KEY, doc_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
    path TEXT UNIQUE NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, blocks BLOB NOT NULL,
    modified TEXT NOT NULL, copies BLOB NOT NULL, alike TEXT NOT NULL, sketch BLOB NOT NULL,
    first_passage INTEGER NOT NULL, passages INTEGER NOT NULL, omitted BLOB NOT NULL
) STRICT;
CREATE TABLE passages (
    ordinal INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    paragraph INTEGER NOT NULL, context TEXT NOT NULL, sentences BLOB NOT NULL
) STRICT;
CREATE TABLE sounds (sound TEXT NOT NULL, word TEXT PRIMARY KEY, passages INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX by_sound ON sounds (sound);
"""
_COPIES = msgspec.json.Decoder(tuple[Origin, ...])
_BLOCKS = msgspec.json.Decoder(tuple[Block, ...])
_OMITTED = msgspec.json.Decoder(tuple[Omission, ...])
_SPANS = msgspec.json.Decoder(tuple[Span, ...])


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as listed: ``path`` is the resolved file it was read from, ``passages`` its range of ordinals.

    ``modified``, ``copies``, ``omitted`` are as in `Document`; ``also_in`` names the copies, then the documents alike.
    """

    doc_id: str
    title: str
    source: str
    path: Path
    sha256: str
    characters: int
    paragraphs: int
    passages: range
    modified: str = ""
    copies: tuple[Origin, ...] = ()
    also_in: tuple[Elsewhere, ...] = ()
    omitted: tuple[Omission, ...] = ()

    @property
    def files(self) -> tuple[Origin, ...]:
        """Every file of these bytes; the first is the one that stands for them."""
        return (Origin(str(self.path), self.source, self.title, self.modified), *self.copies)


class Writer:
    """Takes documents with their passages, in index order; see `writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._position = 0

    def add(self, document: Document, path: Path, passages: Sequence[Passage], sketch: bytes = b"") -> None:
        """Add a document, the file that stands for it, its passages, and its sketch; see `rag.text.duplicates`."""
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._position,
                document.doc_id,
                document.title,
                document.source,
                str(path),
                document.sha256,
                document.text,
                msgspec.json.encode(document.blocks),
                document.modified,
                msgspec.json.encode(document.copies),
                document.alike,
                sketch,
                passages[0].ordinal,
                len(passages),
                msgspec.json.encode(document.omitted),
            ),
        )
        self._connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (p.ordinal, p.doc_id, p.start, p.end, p.paragraph, p.context, msgspec.json.encode(p.sentences))
                for p in passages
            ),
        )
        self._position += 1

    def add_sounds(self, sounds: Iterable[tuple[str, str, int]]) -> None:
        """Add ``(sound, word, number of passages)``; see `rag.text.sounds`."""
        self._connection.executemany("INSERT INTO sounds VALUES (?, ?, ?)", sounds)


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Write a new store, which is complete when the block ends. Raises sqlite3.Error if the disk does not take it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_SCHEMA)
        yield Writer(connection)
        connection.commit()


def relocate(file: Path, paths: Mapping[str, Path]) -> None:
    """Tell a store that no one reads yet where its documents are now, by their SHA-256. Raises sqlite3.Error.

    Other files of the same bytes are forgotten.
    """
    connection = sqlite3.connect(file)
    try:
        # No two may have the same path even on the way, and some may change places.
        connection.executemany("UPDATE documents SET path = sha256 WHERE sha256 = ?", ((sha256,) for sha256 in paths))
        forget = ", copies = CAST('[]' AS BLOB)" if "copies" in _columns(connection) else ""
        connection.executemany(
            f"UPDATE documents SET path = ?1, source = ?1{forget} WHERE sha256 = ?2",
            ((str(path), sha256) for sha256, path in paths.items()),
        )
        connection.commit()
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection) -> set[str]:
    """What a store knows of a document: of its files only the first in format 1, no sketch before format 3.

    Whether it says what was omitted is no matter of the format: the documents are read again.
    """
    return {row[1] for row in connection.execute("PRAGMA table_info(documents)")}


class Store:
    """Read access to a store. Thread-safe: all threads share one connection, one after the other.

    The file is opened here and now, so that a reader keeps it when a later generation has taken its place.
    """

    def __init__(self, file: Path) -> None:
        # "immutable" because a generation never changes: no locks, and a read-only folder will do.
        uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        columns = _columns(self._connection)
        self._files = "modified, copies, alike" if "copies" in columns else "'', '[]', ''"
        self._files += ", omitted" if "omitted" in columns else ", '[]'"
        self._sketches = "sketch" in columns
        self.document = lru_cache(maxsize=64)(self._document)
        self.records = cache(self._records)

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the file, for whoever is about to move it."""
        self._connection.close()

    def check(self) -> None:
        """Raise sqlite3.DatabaseError if the file is not a sound database of nothing but tables."""
        if self._rows("SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')"):
            raise sqlite3.DatabaseError("views or triggers")
        found = [row[0] for row in self._rows("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError("; ".join(found[:3]))

    def count(self) -> int:
        """How many passages there are, of whatever document."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def _records(self) -> tuple[DocumentRecord, ...]:
        """All documents, in index order."""
        query = f"""SELECT doc_id, title, source, path, sha256, length(text), json_array_length(CAST(blocks AS TEXT)),
                    first_passage, passages, {self._files} FROM documents ORDER BY position"""
        rows = self._rows(query)
        groups: dict[str, list[Elsewhere]] = {}
        for doc_id, title, source, *_, alike, _ in rows:
            groups.setdefault(alike or doc_id, []).append(Elsewhere(doc_id, title, source))
        found = []
        for doc_id, title, source, path, sha256, characters, paragraphs, first, count, modified, *rest in rows:
            copied, alike, omitted = rest
            copies = _COPIES.decode(copied)
            record = DocumentRecord(
                doc_id,
                title,
                source,
                Path(path),
                sha256,
                characters,
                paragraphs,
                range(first, first + count),
                modified,
                copies,
                (
                    *(Elsewhere(doc_id, copy.title, copy.source) for copy in copies),
                    *(other for other in groups[alike or doc_id] if other.doc_id != doc_id),
                ),
                _OMITTED.decode(omitted),
            )
            found.append(record)
        return tuple(found)

    def contents(self) -> Iterator[tuple[DocumentRecord, Document, list[Passage]]]:
        """Every document as listed, itself and its passages, in index order."""
        for record in self.records():
            document = self._document(record.doc_id)
            assert document is not None
            yield record, document, self.passages_between(record.passages)

    def _document(self, doc_id: str) -> Document | None:
        """One document, or None."""
        query = f"SELECT title, source, sha256, text, blocks, {self._files} FROM documents WHERE doc_id = ?"
        rows = self._rows(query, (doc_id,))
        if not rows:
            return None
        title, source, sha256, text, blocks, modified, copied, alike, lacking = rows[0]
        found, copies, omitted = _BLOCKS.decode(blocks), _COPIES.decode(copied), _OMITTED.decode(lacking)
        return Document(doc_id, title, source, sha256, text, found, modified, copies, alike, omitted)

    def sketch(self, doc_id: str) -> bytes | None:
        """The sketch of a document; None if it, or that, is not known."""
        rows = self._rows("SELECT sketch FROM documents WHERE doc_id = ?", (doc_id,)) if self._sketches else []
        return bytes(rows[0][0]) if rows else None

    def ordinals(self, doc_id: str) -> range | None:
        """The ordinals of a document's passages, or None."""
        rows = self._rows("SELECT first_passage, passages FROM documents WHERE doc_id = ?", (doc_id,))
        return range(rows[0][0], rows[0][0] + rows[0][1]) if rows else None

    def sounding(self, sound: str) -> list[tuple[str, int]]:
        """The words that sound so and the number of passages that have each, the most frequent first."""
        query = "SELECT word, passages FROM sounds WHERE sound = ? ORDER BY passages DESC, word"
        return [(word, count) for word, count in self._rows(query, (sound,))]

    def passages(self, ordinals: Sequence[int]) -> list[Passage]:
        """The passages with the given ordinals, in the given order. Raises KeyError for an unknown one."""
        marks = ",".join("?" * len(ordinals))
        rows = self._rows(f"SELECT * FROM passages WHERE ordinal IN ({marks})", ordinals)
        found = {row[0]: _passage(row) for row in rows}
        return [found[ordinal] for ordinal in ordinals]

    def passages_between(self, ordinals: range) -> list[Passage]:
        """The passages with the given neighbouring ordinals, in order."""
        query = "SELECT * FROM passages WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal"
        return [_passage(row) for row in self._rows(query, (ordinals.start, ordinals.stop))]


def _passage(row: tuple[Any, ...]) -> Passage:
    ordinal, doc_id, start, end, paragraph, context, spans = row
    return Passage(ordinal, doc_id, start, end, paragraph, context, _SPANS.decode(spans))
