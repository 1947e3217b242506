"""The vocabulary of Wenyuan: every value that passes between two stages is defined here.

All positions are half-open ``[start, end)`` ranges in code points of ``Document.text``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of code points."""

    start: int
    end: int


class BlockKind(StrEnum):
    """What a block is in its source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item or quote of a document.

    ``number`` counts the blocks of a document from 1, headings included. ``path`` names what stands
    above the block, outermost first: headings, then the list items that it is nested in.
    ``line`` is the 1-based line of the source file on which the block begins, ``page`` its 1-based page; 0 where
    the format has none. ``level`` is the depth of a heading or list item (1 is the outermost), ``item`` a list
    item's 1-based place in its list; 0 elsewhere.
    """

    number: int
    kind: BlockKind
    start: int
    end: int
    line: int
    path: tuple[str, ...] = ()
    level: int = 0
    item: int = 0
    page: int = 0


class Origin(NamedTuple):
    """A file that a document was read from: its resolved path, how it is cited, the document's title there.

    ``modified`` is when it was last changed before it was indexed, as ISO 8601 in UTC; "" where that is not known.
    """

    path: str
    source: str
    title: str
    modified: str


class Elsewhere(NamedTuple):
    """Where a text stands once more: in a file of the same bytes, or in a document that is almost the same.

    ``doc_id`` is the document's own in the first case, the other document's in the second.
    """

    doc_id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """One source file's text. ``doc_id`` is the beginning of ``sha256``, the digest of the file's bytes.

    ``modified`` is as in `Origin`. ``copies`` are other files of the same bytes. ``alike`` is the id of the first of
    the documents that are almost this text, this one among them; "" where there is no other.
    """

    doc_id: str
    title: str
    source: str
    sha256: str
    text: str
    blocks: tuple[Block, ...]
    modified: str = ""
    copies: tuple[Origin, ...] = ()
    alike: str = ""

    @property
    def also_in(self) -> tuple[Elsewhere, ...]:
        """The other files of the same bytes."""
        return tuple(Elsewhere(self.doc_id, copy.title, copy.source) for copy in self.copies)

    def block_at(self, position: int) -> Block:
        """Return the last block that begins at or before ``position``."""
        return self.blocks[max(0, bisect_right(self.blocks, position, key=lambda block: block.start) - 1)]


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed: neighbouring blocks of a document, or a part of a long one.

    ``ordinal`` is its position in the index, from 0; ties in any ranking break by it. ``context`` is
    text that helps to find the passage (title, headings, the list that it belongs to) and is never cited.
    ``sentences`` are spans of the document, in order, inside ``[start, end)``.
    """

    ordinal: int
    doc_id: str
    start: int
    end: int
    paragraph: int
    context: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. ``rank`` counts from 1; a higher ``score`` is better.

    ``dense`` is the cosine of question and passage, ``sparse`` the BM25 score; None where that retriever
    did not return the passage. ``also_in`` is where the same words stand once more and are not listed for it.
    """

    rank: int
    score: float
    passage: Passage
    text: str
    dense: float | None = None
    sparse: float | None = None
    also_in: tuple[Elsewhere, ...] = ()

    def excerpt(self, most: int) -> str:
        """The text's first ``most`` characters on one line."""
        text = " ".join(self.text.split())
        return text if len(text) <= most else f"{text[:most]}…"


class Role(StrEnum):
    """Why something is cited: it answers, says the same as what answers, or is another source's different answer."""

    ANSWER = "answer"
    REPEAT = "repeat"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote of a document: ``document.text[start:end] == quote``, inside ``sentence``.

    ``page`` is the page on which its paragraph begins, 0 where the format has none. ``also_in`` is where its document
    or almost the same one says it once more, which is no other source.
    """

    n: int
    doc_id: str
    title: str
    source: str
    paragraph: int
    start: int
    end: int
    quote: str
    sentence: str
    sentence_start: int
    role: Role = Role.ANSWER
    page: int = 0
    also_in: tuple[Elsewhere, ...] = ()

    @property
    def sentence_end(self) -> int:
        """Where the sentence ends in the document."""
        return self.sentence_start + len(self.sentence)

    @property
    def in_sentence(self) -> tuple[str, str, str]:
        """The sentence in three: before the quote, the quote, after it."""
        start, end = self.start - self.sentence_start, self.end - self.sentence_start
        return self.sentence[:start], self.sentence[start:end], self.sentence[end:]


class Status(StrEnum):
    """Whether the documents answered the question."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"


class AnswerItem(NamedTuple):
    """One thing that was answered, in a document's words, and the numbers of the citations that say it.

    ``differs``: another source says this instead.
    """

    text: str
    citations: tuple[int, ...]
    differs: bool = False


class AnswerPart(NamedTuple):
    """One of the questions inside a question, and what answers it: several items of a list, none if nothing does.

    If nothing does, ``missing`` are its words that no document contains and ``nearest`` what came near.
    """

    question: str
    items: tuple[AnswerItem, ...]
    missing: tuple[str, ...] = ()
    nearest: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question: the documents' own words, or a reasoned abstention.

    ``answer`` is the short extract (several joined by "；", empty when abstained), ``parts`` the same taken apart,
    ``text`` the templated reply with citation marks, ``missing`` the question's words that no document contains,
    ``corrections`` those of its words that were searched for in another spelling: as asked, and as searched.
    """

    question: str
    status: Status
    answer: str
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    missing: tuple[str, ...] = ()
    parts: tuple[AnswerPart, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


class Encoder(Protocol):
    """Texts to vectors: float32, shape ``(len(texts), dimension)``, each row of unit length."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...

    def encode_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors: ...
