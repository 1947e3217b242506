"""DOCX to blocks: headings, paragraphs, list items, rows of tables, and the notes where they are referred to.

Read from the XML itself: of formulas, numbering, symbols, altChunk and SmartArt, python-docx and docx2python carry
over none as it is shown, and mammoth symbols alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive
from rag.loading.blocks import Outline, Parsed, RawBlock, followed, gather
from rag.loading.encodings import decode
from rag.loading.html import page_blocks
from rag.loading.html.bold import placed, visible
from rag.loading.mail import archived_page
from rag.loading.numbered import lines_apart, structured
from rag.loading.office.charts import chart_blocks
from rag.loading.office.docx.docx_elements import (
    W,
    blank_prompts,
    children_of,
    content_of,
    is_box,
    is_grid,
    is_layout,
    notes_of,
)
from rag.loading.office.docx.docx_styles import ParagraphStyle, Styles, number_in, toggled
from rag.loading.office.docx.numbering import Numbering
from rag.loading.office.docx.runs import Runs
from rag.loading.office.drawings import diagram, local
from rag.loading.office.packages import Related, first, reference, related, said_in, shown_picture, tree
from rag.loading.office.page_edges import FOOTER, HEADER, Edges
from rag.loading.office.rtf import rtf_blocks
from rag.loading.plain import plain_blocks, wrap_width
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# Files in the "strict" variant of the format say the same under other names.
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes", "commentReference": "comments"}
_CHUNKS_DEEP = 3
_EDGES = {"header": HEADER, "footer": FOOTER}
_EQUATION = re.compile(r"equation|mathtype", re.IGNORECASE)


def parse_docx(data: bytes, name: Path) -> Parsed:
    """The document's text with its notes and comments, changes as accepted, and its headers and footers once.

    Hidden and deleted text is left out. Raises LoadError.
    """
    unread = Unread()
    reader = _opened(data, name, unread, 0)
    body = gather(lines_apart(reader.body()), name, unread)
    edges = gather(lines_apart(reader.edges()), name, unread)
    return Parsed((*structured(body), *edges), notices=unread.notices(name))


def _read(data: bytes, name: Path, unread: Unread, deep: int) -> Iterator[RawBlock]:
    reader = _opened(data, name, unread, deep)
    yield from reader.body()
    yield from reader.edges()


def _opened(data: bytes, name: Path, unread: Unread, deep: int) -> _Reader:
    archive = Archive(data, name)
    main = first(related(archive, ""), "officeDocument", "word/document.xml")
    root = tree(archive, main, _STRICT, W)
    if root is None:
        raise archive.broken(main)
    blank_prompts(root)
    return _Reader(archive, related(archive, main), unread, deep, root)


class _Reader:
    """Follows the body and keeps what stands above the current position."""

    def __init__(self, archive: Archive, parts: Sequence[Related], unread: Unread, deep: int, root: Any) -> None:
        self.archive = archive
        self.root = root
        self.parts = parts
        self.places = {one.id: one.part for one in reversed(parts)}
        self.unread = unread
        self.deep = deep
        self.styles = Styles(self.part("styles"), W)
        self.numbering = Numbering(self.part("numbering"), W)
        self.notes = {kind: notes_of(self.part(target)) for kind, target in _NOTES.items()}
        self.outline = Outline()
        self.titled = 0
        self.counters: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 10)
        self.carried: list[str] = []
        self.runs = Runs(self.styles, self.anchored, self.lose)
        # What is anchored in a paragraph (boxes, notes, drawings) is read after it.
        self.after: list[Callable[[], Iterator[RawBlock]]] = []
        self.once = Edges()

    def body(self) -> Iterator[RawBlock]:
        return self.once.body(self.read(self.root.find(f"{W}body")))

    def part(self, kind: str) -> Any:
        return tree(self.archive, first(list(self.parts), kind), _STRICT, W)

    def named(self, id_: str) -> str:
        return self.places.get(id_, "")

    def read(self, container: Any) -> Iterator[RawBlock]:
        return followed(content_of(container), self.element, self.after)

    def element(self, element: Any) -> Iterator[RawBlock]:
        match element.tag.removeprefix(W):
            case "tbl" if is_box(element):
                for cell in (cell for row in children_of(element, "tr") for cell in children_of(row, "tc")):
                    yield from self.read_inside(cell)
            case "tbl":
                yield from self.table(element)
            case "altChunk":
                yield from self.chunk(self.named(reference(element)))
            case _:
                yield from self.paragraph(element)

    def table(self, element: Any, caption: str = "") -> Iterator[RawBlock]:
        rows = self.rows(element)
        if is_layout(element):
            rows = (Row([cell]) for row in rows for cell in row.cells)
        return table(rows, self.outline.path, caption)

    def paragraph(self, element: Any) -> Iterator[RawBlock]:
        style = self.styles.of(element)
        said = self.runs.of(element)
        if (
            element.find(f"{W}pPr/{W}rPr/{W}del") is not None
            or element.find(f"{W}pPr/{W}framePr[@{W}dropCap]") is not None
        ):
            # Its end was deleted, or it is the large first letter of the next one: there it goes on.
            self.carried.append(said)
            return
        text = "".join([*self.carried, said])
        self.carried.clear()
        if text.strip() and not style.contents:
            yield self.block(text.strip(), style)
        elif style.list:
            # Without a text it has a number all the same.
            self.numbering.next(style.list, style.depth)

    def block(self, text: str, style: ParagraphStyle) -> RawBlock:
        label, item = self.numbering.next(style.list, style.depth) if style.list else ("", 0)
        before, text = visible(label), f"{label}{text}"
        bold = placed([(a + before, b + before) for a, b in self.runs.bold], text, self.runs.seen + before)
        if style.title:
            self.titled = 1
            return self.outline.heading(" ".join(text.split()), 1)
        if style.heading:
            return self.outline.heading(" ".join(text.split()), style.heading + self.titled)
        if style.list:
            item = item if label else self.counted(style)
            depth, marker = style.depth + 1, "" if label else "•"
            return RawBlock(
                BlockKind.LIST_ITEM, text, path=self.outline.path, level=depth, item=item, marker=marker, bold=bold
            )
        kind = BlockKind.QUOTE if style.quote else BlockKind.PARAGRAPH
        return RawBlock(kind, text, path=self.outline.path, bold=bold)

    def counted(self, style: ParagraphStyle) -> int:
        """The place of an item without a number."""
        counter = self.counters[style.list]
        counter[style.depth] += 1
        counter[style.depth + 1 :] = [0] * (len(counter) - style.depth - 1)
        return counter[style.depth]

    def rows(self, element: Any) -> Iterator[Row]:
        for row in children_of(element, "tr"):
            if row.find(f"{W}trPr/{W}del") is None:
                head = toggled(row.find(f"{W}trPr/{W}tblHeader"), W)
                before = number_in(row.find(f"{W}trPr/{W}gridBefore"), W, 0)
                cells = [Cell("")] * before
                for cell in children_of(row, "tc"):
                    cells.append(self.cell(cell, head=head, beside=cells[-1].text if cells else ""))
                yield Row(cells)

    def cell(self, element: Any, *, head: bool, beside: str) -> Cell:
        """A cell; one that continues the cell above it says nothing itself.

        A table in it is read after the one around it, under what stands ``beside`` it.
        """
        merge = element.find(f"{W}tcPr/{W}vMerge")
        width = number_in(element.find(f"{W}tcPr/{W}gridSpan"), W, 1)
        if merge is not None and merge.get(f"{W}val") != "restart":
            return Cell("", width, up=True, head=head)
        inside = dict.fromkeys(e for e in content_of(element) if e.tag == f"{W}tbl" and is_grid(e))
        self.after += [partial(self.table, e, beside) for e in inside]
        said = [(self.line(p), self.runs.is_bold) for p in content_of(element, tables=False, apart=inside)]
        bold = all(strong for text, strong in said if text.strip())
        return Cell(" ".join(text for text, _ in said), width, head=head, bold=bold)

    def line(self, paragraph: Any) -> str:
        """A paragraph's text with its number."""
        text, style = self.runs.of(paragraph), self.styles.of(paragraph)
        return f"{self.numbering.next(style.list, style.depth)[0]}{text}" if style.list else text

    def anchored(self, element: Any) -> bool:
        """Whether the element is a note, a box or a drawing, which is read after the paragraph or told."""
        tag = element.tag.removeprefix(W)
        if tag in _NOTES:
            self.note(tag, element.get(f"{W}id") or "")
        return tag in _NOTES or self.drawn(element)

    def note(self, kind: str, id_: str) -> None:
        found = self.notes[kind].pop(id_, None)
        if found is not None:
            self.after.append(lambda: self.noted(found, comment=kind == "commentReference"))

    def noted(self, note: Any, *, comment: bool) -> Iterator[RawBlock]:
        text = "\n".join(filter(None, (self.line(p).strip() for p in content_of(note, tables=False))))
        if text and comment:
            author = " ".join((note.get(f"{W}author") or "").split())
            text = f"批注（{author}）：{text}" if author else f"批注：{text}"
        if text:
            yield RawBlock(BlockKind.PARAGRAPH, text, path=self.outline.path)

    def drawn(self, element: Any) -> bool:
        embedded = (
            next((e for e in element.iter() if local(e) == "OLEObject"), None) if local(element) == "object" else None
        )
        if embedded is not None:
            # Its picture is of what is embedded: one thing, not two.
            self.lose(Lost.FORMULA if _EQUATION.search(embedded.get("ProgID") or "") else Lost.EMBEDDED)
            return True
        match local(element):
            case "txbxContent":
                self.after.append(lambda: self.boxed(element))
            case "textpath":
                # A watermark, or letters as a picture.
                self.after.append(lambda: self.lettered(element.get("string") or ""))
            case "relIds":
                self.after.append(lambda: self.diagram(self.named(reference(element, "dm"))))
            case "chart" if reference(element):
                part = self.named(reference(element))
                self.after.append(lambda: chart_blocks(tree(self.archive, part), self.outline.path, self.lose))
            case "pic" | "imagedata":
                part = self.named(shown_picture(element))
                self.after.append(lambda: said_in(self.archive, part, self.unread, self.outline.path))
            case _:
                return False
        return True

    def lettered(self, text: str) -> Iterator[RawBlock]:
        if text.strip():
            yield RawBlock(BlockKind.PARAGRAPH, text.strip(), path=self.outline.path)

    def boxed(self, element: Any) -> Iterator[RawBlock]:
        """What stands in a box beside the text: its headings head nothing after it."""
        around, self.outline = self.outline, self.outline.branch()
        yield from self.read_inside(element)
        self.outline = around

    def read_inside(self, container: Any) -> Iterator[RawBlock]:
        for element in content_of(container):
            yield from self.element(element)

    def diagram(self, part: str) -> Iterator[RawBlock]:
        root = tree(self.archive, part)
        yield from diagram(root, self.outline.path) if root is not None else ()

    def chunk(self, part: str) -> Iterator[RawBlock]:
        """What of another format was put into the document as a whole."""
        suffix = Path(part).suffix.lower()
        read = _CHUNKS.get(suffix)
        if read is None or part not in self.archive or self.deep >= _CHUNKS_DEEP:
            self.lose(Lost.PART)
            return
        place = Path(f"{self.archive.name}/{part}")
        for block in read(self.archive.read(part), place, self.unread, self.deep + 1):
            yield replace(block, path=(*self.outline.path, *block.path), line=0)

    def edges(self) -> Iterator[RawBlock]:
        """The headers and footers, one after the other: a document's title stands in its header once more."""
        for kind, name in _EDGES.items():
            for part in dict.fromkeys(one.part for one in self.parts if one.kind == kind):
                root = tree(self.archive, part, _STRICT, W)
                edge = _Reader(self.archive, related(self.archive, part), self.unread, self.deep, root)
                yield from self.once.once(name, edge.read(root))

    def lose(self, kind: Lost) -> None:
        self.unread.add(kind, under=next(iter(self.outline.path[::-1]), ""))


def _page(data: bytes, name: Path, unread: Unread, _: int) -> Iterator[RawBlock]:
    return page_blocks(data, name, unread)


def _archived(data: bytes, name: Path, unread: Unread, _: int) -> Iterator[RawBlock]:
    return archived_page(data, name, unread)


def _text(data: bytes, name: Path, *_: object) -> Iterator[RawBlock]:
    lines = (text := decode(data, name)).split("\n")
    return plain_blocks(text, lines, wrap_width(lines))


def _rich(data: bytes, _: Path, unread: Unread, __: int) -> Iterator[RawBlock]:
    return rtf_blocks(data, unread)


_CHUNKS: dict[str, Callable[[bytes, Path, Unread, int], Iterator[RawBlock]]] = {
    **dict.fromkeys((".html", ".htm", ".xhtml", ".xml"), _page),
    **dict.fromkeys((".mht", ".mhtml", ".eml"), _archived),
    ".txt": _text,
    ".rtf": _rich,
    ".docx": _read,
    ".dotx": _read,
}
