"""Documents and passages in Milvus, as `rag.index.protocols.Documents`. Only documents that are complete are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from rag.index.store import DocumentRecord
from rag.milvus.client import Connection, Row
from rag.milvus.expressions import READY, among, quoted
from rag.milvus.layout import DOCUMENTS, PARTS, PASSAGES, ROWS, WORDS, State, number_of
from rag.milvus.terms import MilvusTerms, Terms
from rag.types import Block, Document, Elsewhere, Omission, Origin, Passage, Span

if TYPE_CHECKING:
    from rag.types import Vectors

LISTED = tuple(one.name for one in DOCUMENTS.fields if one.name != "nothing")
"""What is asked of a document's row."""
PASSAGE = ("id", "start", "stop", "paragraph", "context", "sentences")
"""What is asked of a passage's row."""
_COPIES = msgspec.json.Decoder(tuple[Origin, ...])
# The third is not there in what version 0.1 has written.
_CONTENT = msgspec.json.Decoder(list[msgspec.Raw])
_BLOCKS = msgspec.json.Decoder(tuple[Block, ...])
_OMITTED = msgspec.json.Decoder(tuple[Omission, ...])


@dataclass(slots=True)
class Seen:
    """What one question has been told: so it is not asked again, and is one state of things throughout."""

    listed: dict[int, Row | None] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    passages: dict[int, Passage] = field(default_factory=dict)
    terms: dict[int, Terms] = field(default_factory=dict)
    vectors: dict[int, Vectors] = field(default_factory=dict)


class MilvusDocuments:
    """Read access to documents; ``seen`` is filled as they are read. Thread-safe."""

    def __init__(self, connection: Connection, terms: MilvusTerms, seen: Seen) -> None:
        self._milvus = connection
        self._terms = terms
        self._seen = seen

    def count(self) -> int:
        """How many passages there are."""
        return len(self._terms)

    def records(self) -> tuple[DocumentRecord, ...]:
        """All documents, by path."""
        rows = self._milvus.pages(DOCUMENTS, READY, LISTED)
        return tuple(sorted(map(record_of, rows), key=lambda record: record.place))

    def listed(self, numbers: Iterable[int]) -> dict[int, Row]:
        """The rows of those documents with the given numbers that are complete."""
        wanted = dict.fromkeys(numbers)
        missing = [number for number in wanted if number not in self._seen.listed]
        if missing:
            rows = {row["id"]: row for row in self._milvus.get(DOCUMENTS, missing, LISTED)}
            for number in missing:
                row = rows.get(number)
                self._seen.listed[number] = row if row and row["state"] == State.READY else None
        return {number: row for number in wanted if (row := self._seen.listed[number])}

    def document(self, doc_id: str) -> Document | None:
        """One document, or None."""
        return self.documents([doc_id]).get(doc_id)

    def documents(self, doc_ids: Iterable[str]) -> dict[str, Document]:
        """Those of the documents that are there, asked for together."""
        wanted = dict.fromkeys(doc_ids)
        missing = {number: one for one in wanted if one not in self._seen.documents and (number := _number(one)) >= 0}
        rows = {number: row for number, row in self.listed(missing).items() if row["doc_id"] == missing[number]}
        ids = [number + part for number, row in rows.items() for part in range(row["parts"])]
        texts = {row["id"]: row["text"] for row in self._milvus.get(PARTS, ids, ("id", "text"))} if ids else {}
        for number, row in rows.items():
            parts = [texts.get(number + part) for part in range(row["parts"])]
            if None not in parts:
                text, blocks, *omitted = _CONTENT.decode("".join(part for part in parts if part))
                self._seen.documents[row["doc_id"]] = Document(
                    row["doc_id"],
                    row["title"],
                    row["source"],
                    row["sha256"],
                    msgspec.json.decode(text, type=str),
                    _BLOCKS.decode(blocks),
                    row["modified"],
                    _COPIES.decode(row["copies"]),
                    omitted=_OMITTED.decode(omitted[0]) if omitted else (),
                )
        return {one: found for one in wanted if (found := self._seen.documents.get(one))}

    def ordinals(self, doc_id: str) -> range | None:
        """The ordinals of a document's passages, or None."""
        number = _number(doc_id)
        row = self.listed([number]).get(number)
        return range(number, number + row["passages"]) if row and row["doc_id"] == doc_id else None

    def sounding(self, sound: str) -> list[tuple[str, int]]:
        """The words that sound so and the number of passages that have each, the most frequent first."""
        words = [row["id"] for row in self._milvus.query(WORDS, f"sound == {quoted(sound)}", ("id",))]
        counts = self._terms.frequencies(words)
        # Words stay when the documents that had them are gone.
        return sorted(((word, counts[word]) for word in words if counts[word]), key=lambda pair: (-pair[1], pair[0]))

    def passages(self, ordinals: Sequence[int]) -> list[Passage]:
        """The passages with the given ordinals, in the given order. Raises KeyError for an unknown one."""
        missing = [ordinal for ordinal in ordinals if ordinal not in self._seen.passages]
        if missing:
            self.remember(self._milvus.get(PASSAGES, missing, PASSAGE))
        return [self._seen.passages[ordinal] for ordinal in ordinals]

    def passages_between(self, ordinals: range) -> list[Passage]:
        """The passages with the given neighbouring ordinals, in order."""
        rows = self.remember(list(self._milvus.pages(PASSAGES, among("id", [ordinals]), PASSAGE)))
        return [self._seen.passages[ordinal] for ordinal in sorted(row["id"] for row in rows)]

    def remember(self, rows: Sequence[Row]) -> list[Row]:
        """Keep the passages of those of ``rows`` whose documents are complete, and return these rows."""
        listed = self.listed({row["id"] - row["id"] % ROWS for row in rows})
        kept = []
        for row in rows:
            owner = listed.get(row["id"] - row["id"] % ROWS)
            if owner and row["id"] % ROWS < owner["passages"]:
                self._seen.passages[row["id"]] = passage_of(row, owner["doc_id"])
                kept.append(row)
        return kept


def record_of(row: Row) -> DocumentRecord:
    """A document's row as listed."""
    copies = _COPIES.decode(row["copies"])
    return DocumentRecord(
        row["doc_id"],
        row["title"],
        row["source"],
        row["path"],
        row["sha256"],
        row["characters"],
        row["paragraphs"],
        range(row["id"], row["id"] + row["passages"]),
        row["modified"],
        copies,
        tuple(Elsewhere(row["doc_id"], copy.title, copy.source) for copy in copies),
    )


def passage_of(row: Row, doc_id: str) -> Passage:
    """A passage's row as a passage."""
    places = row["sentences"]
    spans = tuple(Span(start, end) for start, end in zip(places[::2], places[1::2], strict=True))
    return Passage(row["id"], doc_id, row["start"], row["stop"], row["paragraph"], row["context"], spans)


def _number(doc_id: str) -> int:
    """The number of a document, -1 for what is no id at all."""
    try:
        return number_of(doc_id)
    except ValueError:
        return -1
