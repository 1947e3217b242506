"""DOCX to blocks: headings, paragraphs, list items, rows of tables, and the footnotes where they are referred to.

Read from the XML itself: python-docx passes over what stands in content controls, insertions and footnotes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag.loading.archive import Archive, joined
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.styles import ParagraphStyle, Styles, toggled
from rag.loading.tables import Row, table
from rag.types import BlockKind

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Files in the "strict" variant of the format say the same under other names.
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOCUMENT = "/officeDocument"
_NOTES = {"footnoteReference": "/footnotes", "endnoteReference": "/endnotes"}
# What is not, or no longer, text of the document; of a choice the first is what is shown.
_UNSAID = ("del", "moveFrom", "instrText", "delText", "pPr", "sectPr", "tblPr", "rt")
_SKIPPED = frozenset({_FALLBACK, *(f"{_W}{name}" for name in _UNSAID)})
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def parse_docx(data: bytes, name: Path) -> Parsed:
    """The document's own text; headers, footers, comments, hidden and deleted text are left out. Raises LoadError."""
    archive = Archive(data, name)
    main = _related(archive, "").get(_DOCUMENT, "word/document.xml")
    related = _related(archive, main)
    styles = Styles(_tree(archive, related.get("/styles")), _W)
    notes = {kind: _notes(_tree(archive, related.get(target))) for kind, target in _NOTES.items()}
    body = _tree(archive, main)
    if body is None:
        raise archive.broken(main)
    return Parsed(gather(_Reader(styles, notes).read(body.find(f"{_W}body")), name))


class _Reader:
    """Follows the body and keeps what stands above the current position."""

    def __init__(self, styles: Styles, notes: dict[str, dict[str, Any]]) -> None:
        self.styles = styles
        self.notes = notes
        self.outline = Outline()
        self.titled = 0
        self.counters: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 10)
        self.waiting: list[Any] = []

    def read(self, body: Any) -> Iterator[RawBlock]:
        for element in _content(body):
            if element.tag == f"{_W}tbl":
                yield from table(self.rows(element), self.outline.path)
            else:
                yield from self.paragraph(element)
            while self.waiting:
                waiting, self.waiting = self.waiting, []
                for note in waiting:
                    text = "\n".join(filter(None, (self.text(p).strip() for p in _content(note, tables=False))))
                    if text:
                        yield RawBlock(BlockKind.PARAGRAPH, text, path=self.outline.path)

    def paragraph(self, element: Any) -> Iterator[RawBlock]:
        style = self.styles.of(element)
        boxes: list[Any] = []
        text = self.text(element, boxes).strip()
        if text and not style.contents:
            yield self.block(text, style)
        for box in boxes:
            for inner in _content(box):
                if inner.tag == f"{_W}tbl":
                    yield from table(self.rows(inner), self.outline.path)
                else:
                    yield from self.paragraph(inner)

    def block(self, text: str, style: ParagraphStyle) -> RawBlock:
        if style.title:
            self.titled = 1
            return self.outline.heading(" ".join(text.split()), 1)
        if style.heading:
            return self.outline.heading(" ".join(text.split()), style.heading + self.titled)
        if style.list:
            counter = self.counters[style.list]
            counter[style.depth] += 1
            counter[style.depth + 1 :] = [0] * (len(counter) - style.depth - 1)
            return RawBlock(
                BlockKind.LIST_ITEM, text, path=self.outline.path, level=style.depth + 1, item=counter[style.depth]
            )
        return RawBlock(BlockKind.QUOTE if style.quote else BlockKind.PARAGRAPH, text, path=self.outline.path)

    def rows(self, element: Any) -> Iterator[Row]:
        """The rows; a cell that continues the one above it stands above its row."""
        merged: dict[int, str] = {}
        for row in _children(element, "tr"):
            cells, above, column = [], [], 0
            for cell in _children(row, "tc"):
                merge = cell.find(f"{_W}tcPr/{_W}vMerge")
                if merge is not None and merge.get(f"{_W}val") != "restart":
                    above += [merged[column]] if merged.get(column) else []
                else:
                    cells.append(" ".join(self.text(p) for p in _content(cell, tables=False)))
                    merged.pop(column, None)
                    if merge is not None:
                        merged[column] = " ".join(cells[-1].split())
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                width = span.get(f"{_W}val") or "" if span is not None else ""
                column += int(width) if width.isdigit() and len(width) < 4 else 1
            yield Row(cells, above=tuple(above))

    def text(self, paragraph: Any, boxes: list[Any] | None = None) -> str:
        """What a paragraph says. Text boxes that are anchored in it go to ``boxes``, its notes wait."""
        pieces: list[str] = []
        stack = list(reversed(paragraph))
        while stack:
            element = stack.pop()
            tag = element.tag.removeprefix(_W)
            if element.tag in _SKIPPED or (tag == "r" and toggled(element.find(f"{_W}rPr/{_W}vanish"), _W)):
                continue
            if tag == "t":
                pieces.append(element.text or "")
            elif tag in _CHARACTERS:
                pieces.append(_CHARACTERS[tag])
            elif tag == "txbxContent":
                if boxes is not None:
                    boxes.append(element)
            elif tag in _NOTES:
                note = self.notes[tag].pop(element.get(f"{_W}id") or "", None)
                self.waiting += [] if note is None else [note]
            elif tag != "p":
                stack.extend(reversed(element))
        return "".join(pieces)


def _content(container: Any, *, tables: bool = True) -> Iterator[Any]:
    """The paragraphs and tables of ``container``, also those wrapped in something; not those in a table of contents.

    Without ``tables``, the paragraphs in them.
    """
    stack = list(reversed(container)) if container is not None else []
    while stack:
        element = stack.pop()
        if element.tag == f"{_W}p" or (tables and element.tag == f"{_W}tbl"):
            yield element
        elif element.tag not in _SKIPPED and not _is_contents(element):
            stack.extend(reversed(element))


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    return gallery is not None and gallery.get(f"{_W}val") == "Table of Contents"


def _children(element: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also those wrapped in something, but not those of tables inside."""
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag == f"{_W}{tag}":
            yield child
        elif child.tag not in _SKIPPED and child.tag != f"{_W}tc":
            stack.extend(reversed(child))


def _notes(root: Any) -> dict[str, Any]:
    """By id; the lines that separate notes from the text are kept as notes of a type of their own."""
    return {} if root is None else {n.get(f"{_W}id"): n for n in root if n.get(f"{_W}type") in (None, "normal")}


def _related(archive: Archive, part: str) -> dict[str, str]:
    """The parts that ``part`` refers to, by the end of the relation's name."""
    folder, _, file = part.rpartition("/")
    relations = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
    if relations not in archive:
        return {}
    found: dict[str, str] = {}
    for relation in archive.xml(relations):
        kind = f"/{(relation.get('Type') or '').rpartition('/')[2]}"
        if relation.get("TargetMode") != "External":
            found.setdefault(kind, joined(part, relation.get("Target") or ""))
    return found


def _tree(archive: Archive, part: str | None) -> Any:
    """A part's root element, or None if there is no such part."""
    if part is None or part not in archive:
        return None
    root = archive.xml(part)
    if root.tag.startswith(_STRICT):
        _rename(root.iter())
    return root


def _rename(elements: Iterable[Any]) -> None:
    for element in elements:
        if isinstance(element.tag, str):
            element.tag = element.tag.replace(_STRICT, _W)
        for name in element.attrib:
            if name.startswith(_STRICT):
                element.set(name.replace(_STRICT, _W), element.attrib.pop(name))
