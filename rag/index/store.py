"""Documents of one generation: a list in one SQLite file, written anew each time, and their texts by segments.

The list has what may change about a document while its text does not: where it lies, its copies, which others are
almost the same.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from rag.index.segments.placement import Placement
from rag.index.segments.texts import ReadOnly, Texts, columns_of
from rag.text.duplicates import Pair
from rag.types import Document, Elsewhere, Omission, Origin, Passage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCHEMA = """
CREATE TABLE documents (
    position INTEGER PRIMARY KEY, doc_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
    path TEXT UNIQUE NOT NULL, sha256 TEXT NOT NULL, characters INTEGER NOT NULL, paragraphs INTEGER NOT NULL,
    modified TEXT NOT NULL, copies BLOB NOT NULL, alike TEXT NOT NULL, omitted BLOB NOT NULL,
    segment INTEGER NOT NULL, first_in_segment INTEGER NOT NULL, first_passage INTEGER NOT NULL,
    passages INTEGER NOT NULL
) STRICT;
CREATE TABLE compared (
    one TEXT NOT NULL, other TEXT NOT NULL, score REAL NOT NULL, PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;
"""
_INSERT = f"INSERT INTO documents VALUES ({', '.join('?' * 16)})"
_COPIES = msgspec.json.Decoder(tuple[Origin, ...])
_OMITTED = msgspec.json.Decoder(tuple[Omission, ...])
_NONE = b"[]"


class Part(NamedTuple):
    """What a segment holds of a document: the ordinal of its first passage, how many there are, and how much text."""

    segment: int
    first: int
    passages: int
    characters: int
    paragraphs: int
    omitted: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as listed: ``place`` is the resolved file it was read from, ``passages`` its range of ordinals.

    ``modified``, ``copies``, ``omitted`` are as in `Document`; ``also_in`` names the copies, then the documents alike.
    """

    doc_id: str
    title: str
    source: str
    place: str
    sha256: str
    characters: int
    paragraphs: int
    passages: range
    modified: str = ""
    copies: tuple[Origin, ...] = ()
    also_in: tuple[Elsewhere, ...] = ()
    omitted: tuple[Omission, ...] = ()

    @property
    def path(self) -> Path:
        """Its place, as a path."""
        return Path(self.place)

    @property
    def files(self) -> tuple[Origin, ...]:
        """Every file of these bytes; the first is the one that stands for them."""
        return (Origin(self.place, self.source, self.title, self.modified), *self.copies)

    def part(self, segment: int, first: int) -> Part:
        """What is held of it in that place."""
        return Part(segment, first, len(self.passages), self.characters, self.paragraphs, self.omitted)


class Writer:
    """Takes documents in index order; see `writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._position = self._ordinal = 0

    def add(self, doc_id: str, sha256: str, files: Sequence[Origin], part: Part, alike: str = "") -> None:
        """List a document, of which ``files`` are all; the first stands for them."""
        path, source, title, modified = files[0]
        copies, omitted = msgspec.json.encode(tuple(files[1:])), msgspec.json.encode(part.omitted)
        row = (self._position, doc_id, title, source, path, sha256, part.characters, part.paragraphs, modified, copies)
        place = (alike, omitted, part.segment, part.first, self._ordinal, part.passages)
        self._connection.execute(_INSERT, (*row, *place))
        self._position += 1
        self._ordinal += part.passages

    def add_compared(self, scores: Mapping[Pair, float]) -> None:
        """Add how much two documents have in common; see `rag.text.duplicates`."""
        rows = ((one, other, score) for (one, other), score in scores.items())
        self._connection.executemany("INSERT INTO compared VALUES (?, ?, ?)", rows)


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Write a new list, which is complete when the block ends. Raises sqlite3.Error if the disk does not take it."""
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
        # No two may have the same path even in between, and some may swap places.
        connection.executemany("UPDATE documents SET path = sha256 WHERE sha256 = ?", ((sha256,) for sha256 in paths))
        forget = ", copies = CAST('[]' AS BLOB)" if "copies" in columns_of(connection, "documents") else ""
        connection.executemany(
            f"UPDATE documents SET path = ?1, source = ?1{forget} WHERE sha256 = ?2",
            ((str(path), sha256) for sha256, path in paths.items()),
        )
        connection.commit()
    finally:
        connection.close()


class Store:
    """Read access to the documents of a generation. Thread-safe.

    All files are opened here and now, so that a reader keeps them when a later generation has taken their place.
    """

    def __init__(self, file: Path, texts: Sequence[Path] = ()) -> None:
        """Open the list in ``file`` and the texts of each segment.

        Until format 3 the file itself holds the texts. Without any texts only the list can be read.
        """
        self._listed = ReadOnly(file)
        columns = self._listed.columns("documents")
        # A store knows only the first file of a document in format 1. Whether it says what was omitted is no matter of
        # the format: the documents are read again.
        self._files = "modified, copies, alike" if "copies" in columns else "'', '[]', ''"
        self._files += ", omitted" if "omitted" in columns else ", '[]'"
        before = "text" in columns
        self._sizes, self._place = "characters, paragraphs", "segment, first_in_segment"
        if before:
            self._sizes = "length(text), json_array_length(CAST(blocks AS TEXT))"
            self._place = "0, first_passage"
        self.texts = tuple(map(Texts, [file] if before else texts))
        """Those of each segment."""
        places = self._listed.rows(f"SELECT {self._place}, passages FROM documents ORDER BY position")
        self.placement = Placement(*zip(*places, strict=True)) if places else Placement((), (), ())
        self.document = lru_cache(maxsize=64)(self._document)
        self.records = cache(self._records)

    def close(self) -> None:
        """Let go of the files, for whoever is about to move them."""
        for file in (self._listed, *self.texts):
            file.close()

    def check(self) -> None:
        """Raise sqlite3.DatabaseError if a file is not a sound database of nothing but tables."""
        for file in (self._listed, *self.texts):
            file.check()

    def count(self) -> int:
        """How many passages there are, of whatever document."""
        return sum(texts.count() for texts in self.texts)

    def _records(self) -> tuple[DocumentRecord, ...]:
        """All documents, in index order."""
        query = f"""SELECT doc_id, title, source, path, sha256, {self._sizes}, first_passage, passages, {self._files}
                    FROM documents ORDER BY position"""
        rows = self._listed.rows(query)
        groups: dict[str, list[Elsewhere]] = {}
        for doc_id, title, source, *_, alike, _ in rows:
            groups.setdefault(alike or doc_id, []).append(Elsewhere(doc_id, title, source))
        records = []
        for doc_id, title, source, path, sha256, characters, paragraphs, first, count, modified, *rest in rows:
            copied, alike, omitted = rest
            copies = () if copied == _NONE else _COPIES.decode(copied)
            passages, twins = range(first, first + count), _also_in(doc_id, copies, groups[alike or doc_id])
            lacking = () if omitted == _NONE else _OMITTED.decode(omitted)
            stated = doc_id, title, source, path, sha256, characters, paragraphs
            records.append(DocumentRecord(*stated, passages, modified, copies, twins, lacking))
        return tuple(records)

    def contents(self) -> Iterator[tuple[DocumentRecord, Document, list[Passage]]]:
        """Every document as listed, itself and its passages, in index order."""
        for record in self.records():
            document = self._document(record.doc_id)
            assert document is not None
            yield record, document, self.passages_between(record.passages)

    def _document(self, doc_id: str) -> Document | None:
        """One document, or None."""
        query = f"SELECT title, source, sha256, {self._place}, {self._files} FROM documents WHERE doc_id = ?"
        rows = self._listed.rows(query, (doc_id,))
        if not rows:
            return None
        title, source, sha256, segment, _, modified, copied, alike, lacking = rows[0]
        copies, omitted = _COPIES.decode(copied), _OMITTED.decode(lacking)
        held = self.texts[segment].text(doc_id)
        if held is None:
            raise LookupError(doc_id)
        text, blocks = held
        return Document(doc_id, title, source, sha256, text, blocks, modified, copies, alike, omitted)

    def sketches(self) -> dict[str, bytes]:
        """The sketches of all documents, as far as they are known, by id."""
        return {doc_id: sketch for texts in self.texts for doc_id, sketch in texts.sketches().items()}

    def compared(self) -> dict[Pair, float]:
        """How much documents have in common that were compared, as far as that is known."""
        known = self._listed.rows("SELECT one, other, score FROM compared") if self._listed.columns("compared") else ()
        return {(one, other): score for one, other, score in known}

    def ordinals(self, doc_id: str) -> range | None:
        """The ordinals of a document's passages, or None."""
        rows = self._listed.rows("SELECT first_passage, passages FROM documents WHERE doc_id = ?", (doc_id,))
        return range(rows[0][0], rows[0][0] + rows[0][1]) if rows else None

    def sounding(self, sound: str) -> list[tuple[str, int]]:
        """The words that sound so and the number of passages that have each, the most frequent first."""
        counts: Counter[str] = Counter()
        for texts in self.texts:
            counts.update(dict(texts.sounding(sound)))
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def passages(self, ordinals: Sequence[int]) -> list[Passage]:
        """The passages with the given ordinals, in the given order. Raises KeyError for an unknown one."""
        wanted = np.asarray(ordinals, np.int64)
        try:
            segments, local = self.placement.of(wanted)
        except IndexError as error:
            raise KeyError(*error.args) from error
        by_ordinal: dict[int, Passage] = {}
        for segment in np.unique(segments).tolist():
            here = segments == segment
            for passage in self.texts[segment].passages(local[here].tolist(), (wanted - local)[here].tolist()):
                by_ordinal[passage.ordinal] = passage
        return [by_ordinal[ordinal] for ordinal in wanted.tolist()]

    def passages_between(self, ordinals: range) -> list[Passage]:
        """The passages with the given neighbouring ordinals, in order."""
        return [passage for some in self._runs(ordinals) for passage in some]

    def _runs(self, ordinals: range) -> Iterator[list[Passage]]:
        """The passages with the given ordinals as far as they are there, as many at once as are neighbours on disk."""
        inside = range(max(0, ordinals.start), min(ordinals.stop, len(self.placement)))
        wanted: NDArray[np.int64] = np.arange(inside.start, max(inside.start, inside.stop))
        segments, local = self.placement.of(wanted)
        borders = np.flatnonzero(np.diff(segments) | (np.diff(local) - 1)) + 1
        for run in np.split(np.arange(len(wanted)), borders) if len(wanted) else ():
            first, last = int(run[0]), int(run[-1])
            places = range(int(local[first]), int(local[last]) + 1)
            yield self.texts[segments[first]].passages_between(places, int(wanted[first] - local[first]))


def _also_in(doc_id: str, copies: Sequence[Origin], group: Sequence[Elsewhere]) -> tuple[Elsewhere, ...]:
    """Where a document stands once more: its copies, then the others of its group."""
    if not copies and len(group) == 1:
        return ()
    copied = (Elsewhere(doc_id, copy.title, copy.source) for copy in copies)
    return (*copied, *(other for other in group if other.doc_id != doc_id))
