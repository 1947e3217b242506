"""Documents, their blocks, and the passages that are indexed of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Annotated, NamedTuple

from rag.wire import Meaning

# No screen shows more columns, and no answer should carry a longer row.
_MOST_COLUMNS, _LONGEST_ROW = 100, 10_000


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of code points."""

    start: int
    end: int

    def moved(self, by: int) -> Span:
        """The range as it is counted from ``by`` code points earlier."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Whether the two have a code point in common."""
        return self.start < other.end and other.start < self.end


class BlockKind(StrEnum):
    """What a block is in its source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    CODE = "code"
    ROW = "row"


class CellSpan(NamedTuple):
    """Where a cell of a table's row stands: its column, counted from 0, and its value, ``[start, end)``.

    The name of its column begins at ``begin`` where the row says it, and ends one code point before ``start``.
    """

    column: int
    begin: int
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where its value stands."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table."""

    header: Annotated[
        tuple[str, ...],
        Meaning(
            'The names of the columns, `""` without one; empty if no column has one.',
            '各列的列名，没有名字的列为 `""`；哪一列都没有名字则为空。',
        ),
    ]
    cells: Annotated[
        tuple[str, ...], Meaning('What stands in each column; `""` in a blank cell.', '每一列里的内容，空格为 `""`。')
    ]
    cited: Annotated[
        tuple[int, ...],
        Meaning("The places of the quoted cells in `cells`, from 0.", "被引用的格在 `cells` 里的位置，从 0 起。"),
    ] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, quote or table row of a document.

    ``number`` counts the blocks of a document from 1, headings included. ``path`` names what stands
    above the block, outermost first: headings, then the list items that it is nested in.
    ``line`` is the 1-based line of the source file on which the block begins, ``page`` its 1-based page; 0 where
    the format has none. ``level`` is the depth of a heading or list item (1 is the outermost), ``item`` a list
    item's 1-based place in its list; 0 elsewhere. ``ocr`` is how sure it is, in (0, 1], that a block which was
    recognised in a picture says this (its least sure line); 0 where the file has the text. ``header`` is the number of
    the row that names a row's columns, which may be itself; 0 if none does. ``grid`` has four numbers for each cell,
    those of `cells` counted from ``start``: a workbook has millions of them. ``marker`` is what a list item is shown
    with and its text lacks: "1.", "•". ``bold`` has two numbers for each stretch of bold text, counted from ``start``.
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
    ocr: float = 0.0
    header: int = 0
    grid: tuple[int, ...] = ()
    marker: str = ""
    bold: tuple[int, ...] = ()

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    @property
    def stretches(self) -> tuple[Span, ...]:
        """What of its text is bold."""
        at = [self.start + place for place in self.bold]
        return tuple(map(Span, at[::2], at[1::2]))

    @property
    def cells(self) -> tuple[CellSpan, ...]:
        """The cells of a row that are not blank, in the order of the columns."""
        places = (self.grid[at : at + 4] for at in range(0, len(self.grid), 4))
        return tuple(CellSpan(column, *(self.start + place for place in spans)) for column, *spans in places)

    def cell_at(self, position: int) -> CellSpan | None:
        """The cell of a row whose value holds a position of the document; None where there is none."""
        return next((cell for cell in self.cells if cell.start <= position < cell.end), None)


class Omission(NamedTuple):
    """What of one ``kind`` a document lacks of its file; see `rag.loading.unread.Lost`.

    ``after`` has the number of the block after which each of them stands, 0 before the first, in order.
    """

    kind: str
    after: tuple[int, ...]


class Origin(NamedTuple):
    """A file that a document was read from: its resolved path, how it is cited, the document's title there.

    ``modified`` is when it was last changed before it was indexed, as ISO 8601 in UTC; "" where that is not known.
    """

    path: str
    source: str
    title: str
    modified: str


class Elsewhere(NamedTuple):
    """Where a text stands once more."""

    doc_id: Annotated[
        str,
        Meaning(
            "The document's own: a file of the same bytes; another: a document almost the same.",
            "与本文档相同：字节相同的另一个文件；不同：几乎相同的另一篇文档。",
        ),
    ]
    title: Annotated[str, Meaning("Its title.", "它的标题。")]
    source: Annotated[str, Meaning("Its path.", "它的路径。")]


@dataclass(frozen=True, slots=True)
class Document:
    """One source file's text. ``doc_id`` is the beginning of ``sha256``, the digest of the file's bytes.

    ``modified`` is as in `Origin`. ``copies`` are other files of the same bytes. ``alike`` is the id of the first of
    the documents that are almost this text, this one among them; "" where there is no other. ``omitted`` is what of
    the file it lacks, each kind once.
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
    omitted: tuple[Omission, ...] = ()

    @property
    def also_in(self) -> tuple[Elsewhere, ...]:
        """The other files of the same bytes."""
        return tuple(Elsewhere(self.doc_id, copy.title, copy.source) for copy in self.copies)

    def block_at(self, position: int) -> Block:
        """Return the last block that begins at or before ``position``."""
        return self.blocks[max(0, bisect_right(self.blocks, position, key=lambda block: block.start) - 1)]

    def lacking(self) -> dict[int, list[Omission]]:
        """What of its file it lacks, by the number of the block after which that stands; 0 is before the first."""
        found: dict[int, list[Omission]] = {}
        for kind, after in self.omitted:
            for place, count in Counter(after).items():
                found.setdefault(place, []).append(Omission(kind, (place,) * count))
        return found

    def grouped(self, blocks: Iterable[Block]) -> Iterator[list[Block]]:
        """``blocks`` one by one, but the rows of a table on a page together; see `row`."""
        for _, group in groupby(blocks, lambda one: (one.header, one.page) if self.row(one) else (one.number,)):
            yield list(group)

    def columns(self, block: Block) -> tuple[str, ...]:
        """The names that the header of a row gives to the columns, "" to those without; none if it has no header."""
        cells = self.blocks[block.header - 1].cells if block.header else ()
        names = {cell.column: self.text[cell.start : cell.end] for cell in cells}
        return tuple(names.get(column, "") for column in range(max(names, default=-1) + 1))

    def above(self, block: Block) -> tuple[str, ...]:
        """What stands over a block: the title, its `Block.path`, and over a row the names of its columns."""
        return (self.title, *block.path, *self.columns(block))

    def row(self, block: Block, quoted: tuple[int, int] = (0, 0)) -> TableRow | None:
        """A table's row, blank cells among the others; those are cited of which ``quoted`` has a part.

        None for another block, and for a row too long or of too many columns to be looked at as one.
        """
        cells = block.cells
        header = self.columns(block) if block.header != block.number else ()
        places: Sequence[int] = [cell.column for cell in cells]
        if not header:
            names = tuple(self.text[cell.begin : max(cell.begin, cell.start - 1)] for cell in cells)
            header, places = names if any(names) else (), range(len(cells))
        width = max(len(header), 1 + max(places, default=-1))
        if not cells or width > _MOST_COLUMNS or block.end - block.start > _LONGEST_ROW:
            return None
        said = {place: self.text[cell.start : cell.end] for place, cell in zip(places, cells, strict=True)}
        return TableRow(
            header and header + ("",) * (width - len(header)),
            tuple(said.get(place, "") for place in range(width)),
            tuple(
                place
                for place, cell in zip(places, cells, strict=True)
                if quoted[0] < cell.end and cell.begin < quoted[1]
            ),
        )


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

    @property
    def span(self) -> Span:
        """Where it stands in its document."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Row:
    """What the index has a vector of: a passage, or one of its sentences.

    ``text`` is all of the passage, after what stands over it, and ``sentences`` are ranges of that; ``number`` is the
    place of the row's own sentence among them, None where the row is the passage's.
    """

    text: str
    sentences: tuple[Span, ...]
    number: int | None = None

    @property
    def own(self) -> str:
        """The words that the vector is of."""
        return self.text if self.number is None else self.text[slice(*self.sentences[self.number])]
