"""Texts and passages of one segment, in one SQLite file that is written once and then only read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from rag.types import Block, Document, Passage, Span

_SCHEMA = """
CREATE TABLE documents (
    position INTEGER PRIMARY KEY, doc_id TEXT UNIQUE NOT NULL, first_passage INTEGER NOT NULL,
    passages INTEGER NOT NULL, text TEXT NOT NULL, blocks BLOB NOT NULL
) STRICT;
CREATE TABLE sketches (doc_id TEXT PRIMARY KEY, sketch BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE passages (
    ordinal INTEGER PRIMARY KEY, doc_id TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    paragraph INTEGER NOT NULL, context TEXT NOT NULL, sentences BLOB NOT NULL
) STRICT;
CREATE TABLE sounds (sound TEXT NOT NULL, word TEXT PRIMARY KEY, passages INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""
# What is indexed when all is there, which costs less.
_LAST = "CREATE INDEX by_sound ON sounds (sound);"
_Table = Iterable[Sequence[object]]
ALL = range(2**63 - 1)
"""The ordinals of all passages of a segment."""
_BLOCKS = msgspec.json.Decoder(tuple[Block, ...])
_SPANS = msgspec.json.Decoder(tuple[Span, ...])


class TextsWriter:
    """Takes documents with their passages, in order; see `writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, document: Document, passages: Sequence[Passage], sketch: bytes = b"") -> None:
        """Add a document, its passages by their ordinals in here, and its sketch; see `rag.text.duplicates`."""
        first = passages[0].ordinal if passages else 0
        held = (document.doc_id, first, len(passages), document.text, msgspec.json.encode(document.blocks))
        rows = (
            (p.ordinal, p.doc_id, p.start, p.end, p.paragraph, p.context, msgspec.json.encode(p.sentences))
            for p in passages
        )
        self._add([held], [(document.doc_id, sketch)], rows)

    def take(self, texts: Texts, passages: range, first: int) -> None:
        """Add the documents of neighbouring ``passages`` of another file, numbered from ``first`` on."""
        self._add(*texts.held(passages, first - passages.start))

    def _add(self, documents: _Table, sketches: _Table, passages: _Table) -> None:
        document = "INSERT INTO documents (doc_id, first_passage, passages, text, blocks) VALUES (?, ?, ?, ?, ?)"
        self._connection.executemany(document, documents)
        self._connection.executemany("INSERT INTO sketches VALUES (?, ?)", sketches)
        self._connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", passages)

    def add_sounds(self, sounds: Iterable[tuple[str, str, int]]) -> None:
        """Add ``(sound, word, number of passages)``; see `rag.text.sounds`."""
        self._connection.executemany("INSERT INTO sounds VALUES (?, ?, ?)", sounds)


@contextmanager
def writing(file: Path) -> Iterator[TextsWriter]:
    """Write a new file, which is complete when the block ends. Raises sqlite3.Error if the disk does not take it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_SCHEMA)
        yield TextsWriter(connection)
        connection.execute(_LAST)
        connection.commit()


class ReadOnly:
    """An SQLite file that never changes. Thread-safe: all threads share one connection, one after the other.

    The file is opened here and now, so that a reader keeps it when a later generation has taken its place.
    """

    def __init__(self, file: Path) -> None:
        # "immutable" because it never changes: no locks, and a read-only folder will do.
        uri = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._lock = threading.Lock()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """What a query gives. Raises sqlite3.Error."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns; none if there is no such table."""
        return columns_of(self._connection, table)

    def close(self) -> None:
        """Let go of the file, for whoever is about to move it."""
        self._connection.close()

    def check(self) -> None:
        """Raise sqlite3.DatabaseError if the file is not a sound database of nothing but tables."""
        if self.rows("SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')"):
            raise sqlite3.DatabaseError("views or triggers")
        reported = [row[0] for row in self.rows("PRAGMA integrity_check")]
        if reported != ["ok"]:
            raise sqlite3.DatabaseError("; ".join(reported[:3]))


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns; none if there is no such table."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


class Texts(ReadOnly):
    """Read access to the texts of a segment, or to those of a generation of before there were segments.

    All ordinals are those in here.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        places = ("sketches", "documents")
        self._sketches = next((table for table in places if "sketch" in self.columns(table)), None)

    def count(self) -> int:
        """How many passages there are, of whatever document."""
        return int(self.rows("SELECT count(*) FROM passages")[0][0])

    def text(self, doc_id: str) -> tuple[str, tuple[Block, ...]] | None:
        """The text of a document and its blocks, or None."""
        rows = self.rows("SELECT text, blocks FROM documents WHERE doc_id = ?", (doc_id,))
        return (rows[0][0], _BLOCKS.decode(rows[0][1])) if rows else None

    def held(self, passages: range, shift: int) -> tuple[_Table, _Table, _Table]:
        """The rows of the documents of neighbouring passages, of their sketches, and of these passages.

        Of documents as `TextsWriter` takes them; passages have ``shift`` added to their ordinals.
        """
        some = "WHERE ordinal >= ? AND ordinal < ?"
        inside = f"WHERE doc_id IN (SELECT doc_id FROM passages {some})"
        documents = f"SELECT doc_id, first_passage + ?, passages, text, blocks FROM documents {inside}"
        rows = f"""SELECT ordinal + ?, doc_id, start, end, paragraph, context, sentences FROM passages {some}
                   ORDER BY ordinal"""
        ends = passages.start, passages.stop
        sketches = self.rows(f"SELECT doc_id, sketch FROM sketches {inside}", ends)
        return self.rows(documents, (shift, *ends)), sketches, self.rows(rows, (shift, *ends))

    def sketches(self) -> dict[str, bytes]:
        """The sketches of all documents, as far as they are known, by id."""
        return dict(self.rows(f"SELECT doc_id, sketch FROM {self._sketches}")) if self._sketches else {}

    def sounding(self, sound: str) -> list[tuple[str, int]]:
        """The words that sound so, and how many passages have each."""
        return self.rows("SELECT word, passages FROM sounds WHERE sound = ?", (sound,))

    def sounds(self, words: Collection[str] | None = None) -> dict[str, str]:
        """How each word sounds, or each of ``words`` that is here."""
        if not self.columns("sounds"):
            return {}
        query, wanted = "SELECT word, sound FROM sounds", []
        if words is not None:
            query, wanted = f"{query} WHERE word IN (SELECT value FROM json_each(?))", [_json(words)]
        return dict(self.rows(query, wanted))

    def passages(self, ordinals: Sequence[int], shifts: Sequence[int]) -> list[Passage]:
        """The passages with the given ordinals, each with its shift added. Raises KeyError for an unknown one."""
        marks = ",".join("?" * len(ordinals))
        rows = self.rows(f"SELECT * FROM passages WHERE ordinal IN ({marks})", ordinals)
        by_ordinal = {row[0]: row for row in rows}
        return [_passage(by_ordinal[ordinal], shift) for ordinal, shift in zip(ordinals, shifts, strict=True)]

    def passages_between(self, ordinals: range, shift: int = 0) -> list[Passage]:
        """The passages with the given neighbouring ordinals, in order, with ``shift`` added to these."""
        query = "SELECT * FROM passages WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal"
        return [_passage(row, shift) for row in self.rows(query, (ordinals.start, ordinals.stop))]

    def contents(self, passages: range = ALL) -> Iterator[tuple[str, list[Passage]]]:
        """The text of every document and its passages, in order; of those only that begin in ``passages``."""
        query = """SELECT doc_id, first_passage, passages FROM documents
                   WHERE first_passage >= ? AND first_passage < ? ORDER BY first_passage"""
        for doc_id, first, count in self.rows(query, (passages.start, passages.stop)):
            ((text,),) = self.rows("SELECT text FROM documents WHERE doc_id = ?", (doc_id,))
            yield text, self.passages_between(range(first, first + count))


def _json(words: Collection[str]) -> str:
    return msgspec.json.encode(tuple(words)).decode()


def _passage(row: tuple[Any, ...], shift: int) -> Passage:
    ordinal, doc_id, start, end, paragraph, context, spans = row
    return Passage(ordinal + shift, doc_id, start, end, paragraph, context, _SPANS.decode(spans))
