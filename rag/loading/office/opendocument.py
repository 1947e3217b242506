"""ODT, ODS and ODP to blocks: headings, paragraphs, lists, tables, notes and remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from rag.loading.archives.zipped import Archive, joined
from rag.loading.blocks import Outline, Parsed, RawBlock, followed, gather, path_name
from rag.loading.html.mathml import linear
from rag.loading.images.scans import picture_blocks
from rag.loading.numbered import lines_apart, outlined
from rag.loading.office.controls import Controls, without
from rag.loading.office.drawings import local
from rag.loading.office.list_styles import OUTLINE, ListStyles, attribute
from rag.loading.office.page_edges import FOOTER, HEADER, MASTER, Edges
from rag.loading.scripts import Script, in_line
from rag.loading.tables import Cell, Row, table
from rag.loading.trees import counted
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_CONTENT, _STYLES = "content.xml", "styles.xml"
# Changes that were taken back, what only names a place, and what is made of the rest.
_SKIPPED_TAGS = (
    "tracked-changes forms sequence-decls table-of-content alphabetical-index illustration-index ruby-text title desc "
    "page-number page-count scripts font-face-decls automatic-styles variable-decls event-listeners"
)
_SKIPPED = frozenset(_SKIPPED_TAGS.split())
# A file may say that a cell or row stands there a million times: to the end of the sheet.
_MOST_REPEATED = 1_000
_DEEPEST = 9
_TITLE = "Title"
# Shapes that are drawn, with text in them; and what is put in as it is.
_SHAPE_TAGS = "custom-shape rect circle ellipse line connector polyline polygon path caption measure g"
_SHAPES = frozenset(_SHAPE_TAGS.split())
_OBJECTS = frozenset(("object", "object-ole", "plugin", "applet", "floating-frame"))
_BESIDE = _SHAPES | {"annotation", "frame", "control"}
# What a master says of each page anew.
_ANEW = ("sheet-name", "title", "date", "time", "file-name", "page-number", "page-count", "header", "footer")
_LONGEST_ABOVE = 40


def parse_odf(data: bytes, name: Path) -> Parsed:
    """The text of a document, the tables of a workbook, or the slides of a presentation. Raises LoadError."""
    archive = Archive(data, name)
    root = archive.xml(_CONTENT)
    unread = Unread()
    reader = _Reader(archive, root, unread)
    body = outlined(reader.once.body(reader.read(root)), name, unread)
    edges = gather(lines_apart(reader.edges(root)), name, unread)
    return Parsed((*body, *edges), notices=unread.notices(name))


class _Reader:
    """Follows the content and keeps what stands above the current position."""

    def __init__(self, archive: Archive, root: Any, unread: Unread) -> None:
        self.archive = archive
        self.unread = unread
        self.outline = Outline()
        self.page = 0
        self.master = archive.xml(_STYLES) if _STYLES in archive else None
        self.looks = _Looks([part for part in (self.master, root) if part is not None])
        self.controls = Controls(root)
        self.once = Edges()
        shown = ((style, part) for style in root.iter() if local(style) == "style" for part in style)
        self.hidden = {attribute(style, "name") for style, part in shown if attribute(part, "display") == "false"}
        self.titles = {_TITLE} | {
            attribute(style, "name") for style in root.iter() if attribute(style, "parent-style-name") == _TITLE
        }
        self.lists = ListStyles([part for part in (self.master, root) if part is not None])
        # Notes, remarks and boxes of a paragraph are read after it.
        self.after: list[Callable[[], Iterator[RawBlock]]] = []
        # The parts of objects that have been read: one that shows itself is not read for ever.
        self.embeds: set[str] = set()

    def read(self, root: Any) -> Iterator[RawBlock]:
        body = next((e for e in root if local(e) == "body"), None)
        if body is not None:
            yield from self.inside(body)

    def edges(self, root: Any) -> Iterator[RawBlock]:
        """The headers and footers, and what stands on the masters of slides."""
        for declared in (e for e in root.iter() if local(e) in ("header-decl", "footer-decl")):
            yield from self.once.lines(FOOTER, ["".join(declared.itertext())])
        self.page, self.outline = 0, Outline()
        for holder in self.master if self.master is not None else ():
            for part in (part for page in holder if local(page) == "master-page" for part in page):
                name = (
                    HEADER
                    if local(part).startswith("header")
                    else FOOTER
                    if local(part).startswith("footer")
                    else MASTER
                )
                if attribute(part, "display") != "false" and local(part) != "notes" and not attribute(part, "class"):
                    without(part, _ANEW)
                    yield from self.once.once(name, self.inside([part]))

    def inside(self, holder: Iterable[Any]) -> Iterator[RawBlock]:
        return followed(holder, self.element, self.after)

    def element(self, element: Any) -> Iterator[RawBlock]:
        match local(element):
            case "h":
                level, text = _number(element, "outline-level"), self.text(element)
                yield from self.heading(f"{self.number(element, level) if text.strip() else ''}{text}", level)
            case "p" if attribute(element, "style-name") in self.titles:
                yield from self.heading(self.text(element), 1)
            case "p":
                yield from self.block(self.text(element))
            case "list":
                yield from self.items(element, 1, self.outline.path, "")
            case "table":
                yield from self.table(element)
            case "notes":
                yield from self.labelled("备注", element)
            case "annotation":
                yield from self.remark(element)
            case "frame" if attribute(element, "class") == "title":
                said = (self.text(e) for e in element.iter() if local(e) == "p")
                yield from self.heading(" ".join(said), 1)
            case "frame" | "image":
                yield from self.frame(element)
            case name if name in _OBJECTS:
                self.lose(Lost.EMBEDDED)
            case "control":
                yield from self.block(self.controls.said(element))
            case "section" if attribute(element, "display") == "none":
                self.lose(Lost.HIDDEN)
            case name if name in _SKIPPED:
                return
            case "page":
                self.page += 1
                # The title may lie behind all else.
                yield from self.inside(sorted(element, key=lambda e: attribute(e, "class") != "title"))
            case _:
                yield from self.inside(element)

    def heading(self, text: str, level: int) -> Iterator[RawBlock]:
        if text.strip():
            yield self.outline.heading(" ".join(text.split()), min(level, _DEEPEST), page=self.page)

    def block(self, text: str) -> Iterator[RawBlock]:
        if text.strip():
            yield RawBlock(BlockKind.PARAGRAPH, text.strip(), path=self.outline.path, page=self.page)

    def number(self, heading: Any, level: int) -> str:
        """The number of a heading, with what parts it."""
        if not self.lists.number_headings or attribute(heading, "is-list-header") == "true":
            return ""
        return self.lists.next(OUTLINE, level)[0]

    def items(self, element: Any, depth: int, path: tuple[str, ...], style: str) -> Iterator[RawBlock]:
        style = self.begun(element, depth, style)
        for item in (e for e in element if local(e) in ("list-item", "list-header")):
            above, label, count = path, "", 0
            if local(item) == "list-item" and any(local(part) in ("p", "h") for part in item):
                label, count = self.lists.next(style, depth, attribute(item, "start-value"))
            for part in item:
                if local(part) == "list":
                    yield from self.items(part, min(depth + 1, _DEEPEST), above, style)
                elif local(part) == "h":
                    yield from self.heading(f"{label}{self.text(part)}", _number(part, "outline-level"))
                    path = above = self.outline.path
                elif local(part) == "p":
                    text = self.text(part).strip()
                    if text:
                        text, label = f"{label}{text}", ""
                        yield self.item(text, path, depth, count)
                        above = (*path, path_name(text)) if len(text) <= _LONGEST_ABOVE else path
                else:
                    yield from self.element(part)

    def begun(self, element: Any, depth: int, style: str) -> str:
        """The style of a list that begins here."""
        style = attribute(element, "style-name") or style
        if depth == 1 and not (
            attribute(element, "continue-numbering") == "true" or attribute(element, "continue-list")
        ):
            self.lists.begin(style)
        return style

    def item(self, text: str, path: tuple[str, ...], depth: int, count: int) -> RawBlock:
        return RawBlock(BlockKind.LIST_ITEM, text, path=path, level=depth, item=count, page=self.page)

    def table(self, element: Any, caption: str = "") -> Iterator[RawBlock]:
        """A table; a sheet's is named by its heading."""
        sheet = local(element.getparent()) == "spreadsheet"
        name = attribute(element, "name")
        if attribute(element, "style-name") in self.hidden:
            self.unread.add(Lost.SHEET, under=name)
            return
        self.outline = Outline() if sheet else self.outline
        heading = self.outline.heading(name, 1) if sheet and name else None
        shapes = (shape for holder in element if local(holder) == "shapes" for shape in holder)
        for block in chain(table(self.rows(element), self.outline.path, caption), self.inside(shapes)):
            if heading:
                yield heading
                heading = None
            yield block

    def rows(self, element: Any, *, head: bool = False) -> Iterator[Row]:
        for row in element:
            if local(row) == "table-header-rows":
                yield from self.rows(row, head=True)
            elif local(row) in ("table-row-group", "table-rows"):
                yield from self.rows(row, head=head)
            elif local(row) == "table-row":
                cells = self.cells(row, head=head)
                yield from [Row(cells, page=self.page)] * _number(row, "number-rows-repeated")

    def cells(self, row: Any, *, head: bool) -> list[Cell]:
        cells: list[Cell] = []
        for cell in row:
            repeated = _number(cell, "number-columns-repeated")
            if local(cell) == "table-cell":
                across, down = _number(cell, "number-columns-spanned"), _number(cell, "number-rows-spanned")
                said = self.cell(cell, cells[-1].text if cells else "")
                cells += [Cell(said, across, down, head=head)] * repeated
        while cells and not cells[-1].text and cells[-1].across == 1:
            cells.pop()
        return cells

    def cell(self, cell: Any, beside: str) -> str:
        """What a cell says; a table in it is read after the one around it, under what stands ``beside`` it."""
        self.after += [partial(self.table, e, beside) for e in cell if local(e) == "table"]
        self.after += [partial(self.element, e) for e in cell if local(e) in _BESIDE]
        return " ".join(filter(None, self.lines(cell, 0, "")))

    def lines(self, holder: Any, depth: int, style: str) -> Iterator[str]:
        """What the paragraphs in a cell say, the items of its lists with their numbers."""
        item = local(holder) == "list-item"
        label = self.lists.next(style, depth, attribute(holder, "start-value"))[0] if item else ""
        for part in holder:
            match local(part):
                case "p" | "h":
                    yield f"{label}{' '.join(self.text(part).split())}"
                    label = ""
                case "list":
                    deeper = min(depth + 1, _DEEPEST)
                    own = self.begun(part, deeper, style)
                    for inner in part:
                        yield from self.lines(inner, deeper, own)
                case name if name != "table" and name not in _BESIDE and name not in _SKIPPED:
                    yield from self.lines(part, depth, style)

    def text(self, paragraph: Any) -> str:
        """What a paragraph says; what is anchored in it waits."""
        pieces: list[tuple[str, Script]] = []
        self.gather(paragraph, pieces, Script.LEVEL)
        return in_line(pieces)

    def gather(self, element: Any, pieces: list[tuple[str, Script]], script: Script) -> None:
        pieces.append((element.text or "", script))
        for child in element:
            self.inline(child, pieces, script)
            pieces.append((child.tail or "", script))

    def inline(self, child: Any, pieces: list[tuple[str, Script]], script: Script) -> None:
        match local(child):
            case "span":
                style = attribute(child, "style-name")
                out = self.looks.left_out(style)
                if out and "".join(child.itertext()).strip():
                    self.lose(out)
                else:
                    self.gather(child, pieces, self.looks.scripts.get(style, script))
            case "s":
                pieces.append((" " * min(_number(child, "c"), 100), script))
            case "tab":
                pieces.append(("\t", script))
            case "line-break":
                pieces.append(("\n", script))
            case "note":
                body = next((e for e in child if local(e) == "note-body"), None)
                self.after += [] if body is None else [lambda: self.noted(body)]
            case "control":
                pieces.append((self.controls.said(child), script))
            case name if name in _SHAPES or name == "annotation":
                self.after.append(lambda: self.element(child))
            case "frame":
                formula = self.formula(child)
                pieces.append((formula, script))
                self.after += [] if formula else [lambda: self.frame(child)]
            case name if name in _SKIPPED or name == "annotation-end":
                pass
            case _:
                self.gather(child, pieces, script)

    def noted(self, body: Any) -> Iterator[RawBlock]:
        yield from self.block("\n".join(filter(None, (self.text(e).strip() for e in body.iter() if local(e) == "p"))))

    def remark(self, element: Any) -> Iterator[RawBlock]:
        author = next((e.text or "" for e in element if local(e) == "creator"), "")
        yield from self.labelled(f"批注（{author}）" if author else "批注", element)

    def labelled(self, label: str, element: Any) -> Iterator[RawBlock]:
        said = [self.text(e).strip() for e in element.iter() if local(e) == "p"]
        if text := "\n".join(filter(None, said)):
            yield from self.block(f"{label}：{text}")

    def frame(self, frame: Any) -> Iterator[RawBlock]:
        """A box with text or a table, or a picture, formula or chart."""
        kinds = [local(e) for e in frame]
        formula = self.formula(frame)
        if formula:
            yield from self.block(formula)
        elif {"text-box", "table"} & set(kinds):
            yield from self.inside(frame)
        elif _OBJECTS & set(kinds):
            yield from self.object(frame)
        elif "image" in kinds or local(frame) == "image":
            yield from self.picture(frame)

    def object(self, frame: Any) -> Iterator[RawBlock]:
        """A chart with its data, or the tables of an embedded workbook; anything else is told."""
        own = {_part_of(e) for e in frame if local(e) == "object"} - {""}
        if own & self.embeds:
            self.lose(Lost.EMBEDDED)
            return
        self.embeds |= own
        parts = [e for root in map(self.embedded, frame) if root is not None for e in root.iter()]
        tables = [e for e in parts if local(e) == "table"]
        if not tables:
            self.lose(Lost.EMBEDDED)
        titles = (e for e in parts if local(e) in ("title", "subtitle") and local(e.getparent()) == "chart")
        title = " ".join(self.text(p) for e in titles for p in e)
        yield from self.block(title)
        # What a chart on a sheet shows stands in its cells.
        for element in tables if local(frame.getparent()) != "shapes" or not title else ():
            yield from table(self.rows(element), self.outline.path, title)

    def embedded(self, element: Any) -> Any:
        """The content of an object: that of its part, or what it holds itself; None of what is no object."""
        if local(element) != "object":
            return None
        part = _part_of(element)
        return self.archive.xml(part) if part in self.archive else next(iter(element), None)

    def picture(self, frame: Any) -> Iterator[RawBlock]:
        image = next((e for e in frame.iter() if local(e) == "image"), frame)
        part = joined(_CONTENT, attribute(image, "href"))
        data = self.archive.read(part) if part in self.archive else b""
        yield from picture_blocks(data, self.unread, self.outline.path)

    def formula(self, frame: Any) -> str:
        """The formula that a frame shows; "" if it shows none."""
        inside = (root for root in map(self.embedded, frame) if root is not None)
        return next((linear(root) for root in inside if local(root) == "math"), "")

    def lose(self, kind: Lost) -> None:
        self.unread.add(kind, under=next(iter(self.outline.path[::-1]), ""), page=self.page)


def _part_of(element: Any) -> str:
    """The part with the content of an object; "" if it names none but the document itself."""
    href = attribute(element, "href")
    part = joined(_CONTENT, f"{href}/{_CONTENT}") if href else ""
    return part if part != _CONTENT else ""


class _Looks:
    """The styles, from the roots of a document's parts, that raise or lower text, strike it out or hide it."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self.scripts: dict[str, Script] = {}
        self._struck: set[str] = set()
        self._hidden: set[str] = set()
        for style in (e for root in roots for e in root.iter() if local(e) == "style"):
            for properties in (e for e in style if local(e) == "text-properties"):
                self._add(attribute(style, "name"), properties)

    def left_out(self, style: str) -> Lost | None:
        """As what text in a style is left out, if it is."""
        return Lost.STRUCK if style in self._struck else Lost.HIDDEN if style in self._hidden else None

    def _add(self, name: str, properties: Any) -> None:
        position = attribute(properties, "text-position").split(" ")[0]
        if position == "super" or (position.endswith("%") and position[:1].isdigit() and position != "0%"):
            self.scripts[name] = Script.RAISED
        elif position == "sub" or position.startswith("-"):
            self.scripts[name] = Script.LOWERED
        if attribute(properties, "text-line-through-style") not in ("", "none"):
            self._struck.add(name)
        if attribute(properties, "display") == "none":
            self._hidden.add(name)


def _number(element: Any, name: str) -> int:
    return counted(attribute(element, name), 1, most=_MOST_REPEATED)
