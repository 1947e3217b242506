"""What lies in Milvus, and under which numbers.

The number of a document is the beginning of its SHA-256, so that every process gives it the same one without asking;
those of its passages, sentences and parts follow it, so that they are a range, and ties break the same everywhere.

documents   a row a document: what lists show, its files, and whether it is complete (``state``)
parts       the documents' texts and blocks, in pieces that Milvus' strings can hold
passages    a row a passage: its words for BM25, its terms, its vector
sentences   a row a sentence of the passages that have several: its vector
words       the documents' Chinese words by their sound
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

ROWS = 1 << 16
"""How many numbers a document has, so how many passages, sentences or parts at most."""
_DIGITS = 12
NUMBERS = (1 << 4 * _DIGITS - 1) * ROWS
"""All numbers are below this one, 2**63."""
MOST_BYTES = 65_535
"""Of a string in Milvus."""
MOST_TERMS = 4096
"""Of a passage: what a list in Milvus holds. The longest passage that the settings allow has fewer different ones."""
MOST_TERM_BYTES = 8192


class State(StrEnum):
    """Whether a document's rows are all there: readers see only what is ready."""

    READY = "ready"
    WRITING = "writing"
    REMOVING = "removing"


class Kind(StrEnum):
    """What a field holds; ANALYSED is text that BM25 finds, NOTHING a vector where Milvus wants one."""

    NUMBER = "number"
    TEXT = "text"
    ANALYSED = "analysed"
    TERMS = "terms"
    NUMBERS = "numbers"
    VECTOR = "vector"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a collection; ``bytes`` is the longest text, ``searched`` whether it has an index of its own."""

    name: str
    kind: Kind
    bytes: int = MOST_BYTES
    searched: bool = False

    @property
    def weights(self) -> str:
        """The field of what BM25 makes of an analysed text."""
        return f"{self.name}_weights"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of Milvus; its name follows the prefix of the settings."""

    name: str
    fields: tuple[Field, ...]


_ID = Field("id", Kind.NUMBER)
_NOTHING = Field("nothing", Kind.NOTHING)

LIBRARY = Collection("library", (_ID, Field("manifest", Kind.TEXT), _NOTHING))
DOCUMENTS = Collection(
    "documents",
    (
        _ID,
        Field("state", Kind.TEXT, 16, searched=True),
        Field("doc_id", Kind.TEXT, 64),
        Field("sha256", Kind.TEXT, 64),
        Field("title", Kind.TEXT),
        Field("source", Kind.TEXT),
        Field("path", Kind.TEXT, searched=True),
        Field("modified", Kind.TEXT, 64),
        Field("copies", Kind.TEXT),
        Field("characters", Kind.NUMBER),
        Field("paragraphs", Kind.NUMBER),
        Field("passages", Kind.NUMBER),
        Field("sentences", Kind.NUMBER),
        Field("parts", Kind.NUMBER),
        Field("terms", Kind.NUMBER),
        Field("context_terms", Kind.NUMBER),
        Field("made_by", Kind.TEXT, 256),
        _NOTHING,
    ),
)
PARTS = Collection("parts", (_ID, Field("text", Kind.TEXT), _NOTHING))
PASSAGES = Collection(
    "passages",
    (
        _ID,
        Field("start", Kind.NUMBER),
        Field("stop", Kind.NUMBER),
        Field("paragraph", Kind.NUMBER),
        Field("context", Kind.TEXT),
        Field("sentences", Kind.NUMBERS),
        Field("words", Kind.ANALYSED),
        Field("context_words", Kind.ANALYSED),
        Field("terms", Kind.TERMS, MOST_TERM_BYTES, searched=True),
        Field("counts", Kind.NUMBERS),
        Field("context_terms", Kind.TERMS, MOST_TERM_BYTES, searched=True),
        Field("context_counts", Kind.NUMBERS),
        Field("vector", Kind.VECTOR),
    ),
)
SENTENCES = Collection(
    "sentences",
    (_ID, Field("passage", Kind.NUMBER, searched=True), Field("place", Kind.NUMBER), Field("vector", Kind.VECTOR)),
)
WORDS = Collection(
    "words",
    (Field("id", Kind.TEXT, 64), Field("sound", Kind.TEXT, 256, searched=True), _NOTHING),
)
ALL = (LIBRARY, DOCUMENTS, PARTS, PASSAGES, SENTENCES, WORDS)
OF_DOCUMENT = (PASSAGES, SENTENCES, PARTS)
"""The collections in which a document's rows have its numbers."""


def number_of(doc_id: str) -> int:
    """The number of a document, a multiple of ROWS. Raises ValueError if that is no id of ours."""
    if len(doc_id) < _DIGITS:
        raise ValueError(doc_id)
    return (int(doc_id[:_DIGITS], 16) >> 1) * ROWS


def numbers_of(number: int) -> range:
    """All numbers of the document with this one, taken or not."""
    return range(number, number + ROWS)


def share_of(which: int, of: int) -> range:
    """The numbers that the ``which``th of so many processes looks after (1-based).

    Whatever file a text is in, one process has it; so what has moved, and what is there twice, needs no agreement.
    """
    return range(NUMBERS * (which - 1) // of, NUMBERS * which // of)


def pieces(text: str) -> Iterator[str]:
    """``text`` in pieces of at most MOST_BYTES bytes in UTF-8."""
    encoded = text.encode()
    start = 0
    while start < len(encoded):
        stop = min(start + MOST_BYTES, len(encoded))
        while stop < len(encoded) and encoded[stop] & 0xC0 == 0x80:
            stop -= 1
        yield encoded[start:stop].decode()
        start = stop
