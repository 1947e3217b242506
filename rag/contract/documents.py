"""Documents as other programs see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from rag import types
from rag.loading.unread import Lost
from rag.retrieval.collections import names_by_document
from rag.retrieval.versions import Older
from rag.wire import Meaning, taken

if TYPE_CHECKING:
    from rag.index.store import DocumentRecord
    from rag.library import Library
    from rag.retrieval import collections


@dataclass(frozen=True, slots=True)
class Omission:
    """What of one kind a document lacks of its file."""

    kind: Annotated[
        str,
        Meaning(
            "`picture`, `scan`, `formula`, `chart`, `attachment` and the like.",
            "`picture`（图片）、`scan`（扫描页）、`formula`（公式）、`chart`（图表）、`attachment`（附件）等。",
        ),
    ]
    count: Annotated[int, Meaning("How many.", "几个。")]
    after: Annotated[
        tuple[int, ...],
        Meaning("The blocks after which they stand; 0 is before the first.", "它们在哪些段落之后；0 为第一段之前。"),
    ]
    detail: Annotated[str, Meaning("How many of what, in English.", "什么、有几个，英文。")]
    detail_zh: Annotated[str, Meaning("The same in Chinese.", "什么、有几个，中文。")]

    @classmethod
    def of(cls, omitted: types.Omission) -> Omission:
        zh, en = Lost.said(omitted)
        return cls(omitted.kind, len(omitted.after), tuple(dict.fromkeys(omitted.after)), en, zh)


class Cell(NamedTuple):
    """A cell of a table's row that is not blank."""

    column: Annotated[int, Meaning("The column's place, from 0.", "第几列，从 0 起。")]
    name: Annotated[
        str,
        Meaning(
            "The column's name, if the row says it; it ends one before `start`.",
            "列名，如果这一行写了它；它在 `start` 前一个字结束。",
        ),
    ]
    start: Annotated[int, Meaning("Where its value begins.", "值的起点。")]
    end: Annotated[int, Meaning("Where it ends, exclusive.", "值的终点（不含）。")]

    @classmethod
    def of(cls, cell: types.CellSpan, text: str) -> Cell:
        """A cell of the document whose text is ``text``."""
        return cls(cell.column, text[cell.begin : max(cell.begin, cell.start - 1)], cell.start, cell.end)


class Block(NamedTuple):
    """A paragraph, heading, list item, quote or table row of a document."""

    paragraph: Annotated[int, Meaning("Its number, from 1.", "编号，从 1 起。")]
    kind: Annotated[types.BlockKind, Meaning("What it is.", "种类。")]
    start: Annotated[int, Meaning("Where it begins.", "起点。")]
    end: Annotated[int, Meaning("Where it ends, exclusive.", "终点（不含）。")]
    line: Annotated[int, Meaning("From 1; 0 where the format has no lines.", "行号，从 1 起；没有行的格式为 0。")]
    page: Annotated[int, Meaning("From 1; 0 where the format has no pages.", "页码，从 1 起；没有页的格式为 0。")]
    ocr: Annotated[
        float,
        Meaning(
            "How sure what was recognised in a picture is, to 1; null where it is text.",
            "图片里识别来的文字有几成把握，最高 1；本来就是文字的为 null。",
            null=True,
        ),
    ]
    path: Annotated[
        tuple[str, ...],
        Meaning("The headings and list items above it, outermost first.", "上面的标题和列表项，最外层在前。"),
    ]
    header: Annotated[
        int,
        Meaning(
            "The row that names a row's columns, perhaps itself; 0 if none does.",
            "给这一行各列命名的那一行（可能就是它自己）的编号；没有则为 0。",
        ),
    ]
    cells: Annotated[
        tuple[Cell, ...],
        Meaning("The cells of a row; blank ones are not among them.", "一行里的各格，不含空格。"),
    ]

    @classmethod
    def of(cls, block: types.Block, text: str) -> Block:
        """A block of the document whose text is ``text``."""
        cells = tuple(Cell.of(cell, text) for cell in block.cells)
        return taken(cls, block, paragraph=block.number, cells=cells)


@dataclass(frozen=True)
class Document:
    """A document with its text and blocks, so that anyone can verify a quote."""

    doc_id: Annotated[str, Meaning("As above.", "同上。")]
    title: Annotated[str, Meaning("As above.", "同上。")]
    source: Annotated[str, Meaning("As above.", "同上。")]
    sha256: Annotated[str, Meaning("Of the file's bytes.", "文件字节的 SHA-256。")]
    text: Annotated[
        str,
        Meaning(
            "What all positions refer to; over HTTP that of a slice.", "所有位置所指的文字；经 HTTP 是其中一部分。"
        ),
    ]
    blocks: Annotated[tuple[Block, ...], Meaning("All of it, in order.", "按次序的全部段落。")]
    omitted: Annotated[
        tuple[Omission, ...],
        Meaning("What could not be read of its file, all of it.", "文件里没能读入的内容，全部列出。"),
    ]

    @classmethod
    def of(cls, document: types.Document) -> Document:
        blocks = tuple(Block.of(block, document.text) for block in document.blocks)
        return taken(cls, document, blocks=blocks, omitted=tuple(map(Omission.of, document.omitted)))


class Record(NamedTuple):
    """A document as listed."""

    doc_id: Annotated[
        str,
        Meaning("The beginning of `sha256`: it changes when the text does.", "`sha256` 的开头：文件变了它就变。"),
    ]
    title: Annotated[str, Meaning("The title.", "标题。")]
    source: Annotated[str, Meaning("The path.", "路径。")]
    collections: Annotated[
        tuple[str, ...],
        Meaning(
            "Those that it is in: folders, directly or below, and the user's own.",
            "它在哪些文档集里：文件夹，包括上级，和自己建的。",
        ),
    ]
    sha256: Annotated[str, Meaning("Of the file's bytes.", "文件字节的 SHA-256。")]
    characters: Annotated[int, Meaning("Code points of its text.", "全文的码位数。")]
    paragraphs: Annotated[int, Meaning("Its blocks.", "段落数。")]
    passages: Annotated[int, Meaning("Its passages.", "段落单元数。")]
    modified: Annotated[
        str,
        Meaning(
            "When its file was last changed before it was indexed, as ISO 8601 in UTC.",
            "索引时文件的修改时间，ISO 8601，UTC。",
            null=True,
        ),
    ]
    also_in: Annotated[
        tuple[types.Elsewhere, ...],
        Meaning("Files of the same bytes, then documents almost the same.", "字节相同的文件，然后是几乎相同的文档。"),
    ]
    omitted: Annotated[tuple[Omission, ...], Meaning("What could not be read of its file.", "文件里没能读入的内容。")]
    replaced_by: Annotated[
        str,
        Meaning(
            "The document (`doc_id`) of which it is an older version, so that it is asked only where that is not; "
            "null for the current one.",
            "它是哪一篇（`doc_id`）的旧版，问到那一篇时就不问它；现行的为 null。",
            null=True,
        ),
    ]
    edition: Annotated[
        str,
        Meaning(
            "Of when or which version an older one is; null for the current one.",
            "旧版是什么时候的，或第几版；现行的为 null。",
            null=True,
        ),
    ]

    @classmethod
    def of(cls, record: DocumentRecord, collections: Sequence[str] = (), older: Older | None = None) -> Record:
        """A record, with the names of the collections that it is in, and what it is if it has been replaced."""
        given: dict[str, Any] = {"collections": tuple(collections), "omitted": tuple(map(Omission.of, record.omitted))}
        given |= (older or Older("", ""))._asdict()
        return taken(cls, record, passages=len(record.passages), **given)

    @classmethod
    def all(cls, library: Library) -> list[Record]:
        """All documents of a library, in index order."""
        names, older = names_by_document(library.collections()), library.versions().older
        return [cls.of(one, names.get(one.doc_id, ()), older.get(one.doc_id)) for one in library.documents()]


class Collection(NamedTuple):
    """A part of the library that can be asked alone: a folder, with what lies below it, or what the user has put in."""

    name: Annotated[
        str,
        Meaning(
            "The user's name for it; a folder's, with those above it where several are called so.",
            "自己起的名字，或文件夹的名字；有几个同名的，前面加上级文件夹。",
        ),
    ]
    documents: Annotated[int, Meaning("How many it has.", "有几篇。")]
    own: Annotated[
        bool,
        Meaning("Whether the user has made it; if not, it is a folder.", "是不是自己建的；不是，就是文件夹。"),
    ]

    @classmethod
    def of(cls, collection: collections.Collection) -> Collection:
        return cls(collection.name, len(collection.doc_ids), collection.own)
