"""An HTML tree to blocks in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.loading.blocks import Outline, RawBlock, path_name
from rag.loading.html.bold import Stretch, placed, visible
from rag.loading.html.elements import (
    first_number,
    follows_term,
    icon_label,
    is_aside,
    is_note_mark,
    list_mark,
    refers_to_note,
    script_of,
    stands_apart,
)
from rag.loading.html.embedded import Pictures, inline
from rag.loading.html.filled import FIELDS, field_value
from rag.loading.html.mathml import linear
from rag.loading.html.panels import concealed
from rag.loading.html.spaces import folded, joined_lines
from rag.loading.html.tabular import cells_of, is_head, is_table, rows_of, span
from rag.loading.images.scans import picture_blocks
from rag.loading.office.numerals import numeral
from rag.loading.scripts import beside
from rag.loading.sheets.drawn import listing
from rag.loading.tables import Cell, Row, table
from rag.loading.trees import counted
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_UNSEEN_TAGS = """
    script style template noscript head iframe object embed svg canvas audio video map button select textarea input
    datalist rt rp dialog
"""
_BLOCK_TAGS = """
    html body main article section div header footer nav aside address p ul ol menu li dl dt dd blockquote pre figure
    figcaption table caption thead tbody tfoot tr td th form fieldset legend details summary center hr
    h1 h2 h3 h4 h5 h6
"""
_UNSEEN, _BLOCKS = frozenset(_UNSEEN_TAGS.split()), frozenset(_BLOCK_TAGS.split())
_HEADING = re.compile("h[1-6]")
# Editors put characters of no width into paragraphs that are to stay blank.
_BLANK = "\u200b\u200c\u200d\u2060\ufeff \t\n\xa0"
_STRUCK = ("del", "s", "strike")
_LINE_THROUGH = re.compile(r"text-decoration[^;]*:[^;]*line-through", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]\d\d)", re.IGNORECASE)
# What names the text beside it: a question above its answer, a term above what it means.
_NAMED = {"details": "summary", "dl": "dt"}
# What a list item says before its own nested items, if short, is a caption of them.
_CAPTION_LENGTH = 40


def flow(root: Any, unread: Unread | None = None, pictures: Pictures = inline) -> Iterator[RawBlock]:
    """The blocks of ``root``: headings, paragraphs, list items, quotes, code and rows of tables.

    What is struck out, and pictures without text, are no text; they are added to ``unread``.
    """
    return _Flow(unread or Unread(), pictures).blocks(root)


def hidden(element: Any) -> bool:
    """Whether a reader of the page does not see ``element``."""
    return element.tag in _UNSEEN or concealed(element)


class _Flow:
    """Follows the tree and keeps what stands above the current position."""

    def __init__(self, unread: Unread, pictures: Pictures, *, icons: bool = False) -> None:
        """``icons``: small pictures stand for what they are called, as ticks in the cells of a table do."""
        self.unread, self.pictures, self.icons = unread, pictures, icons
        self.shown: list[bytes] = []
        self.outline = Outline()
        # Those of the text around asides: what is said in these heads nothing after them.
        self.around: list[Outline] = []
        self.lists: list[int] = []
        self.steps: list[int] = []
        # How the items of each list are marked: by a bullet, by nothing, or by a form of numbers.
        self.marks: list[str] = []
        self.captions: list[str] = []
        self.first_in_item = False
        self.quotes = self.preformatted = self.line = self.begin = 0
        self.pieces: list[str] = []
        self.seen = 0
        self.bold: list[Stretch] = []
        self.strong: list[Any] = []
        self.strong_from = 0

    def blocks(self, root: Any) -> Iterator[RawBlock]:
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if event == "start":
                self.line = element.sourceline or 0
                if self.filled(element) or hidden(element) or self.aside(element):
                    walk.skip_subtree()
                elif is_table(element):
                    yield from self.flush()
                    yield from self.table(element)
                    walk.skip_subtree()
                else:
                    if tag in _BLOCKS:
                        yield from self.flush()
                        self.open(element)
                        if tag == "footer":
                            self.outline.leave(2)
                        if is_aside(element):
                            self.around.append(self.outline)
                            self.outline = self.outline.branch()
                    elif tag == "br" and self.blank_line(element):
                        yield from self.flush()
                    elif self.pieces and not self.preformatted and stands_apart(element, self.pieces[-1]):
                        self.text(" ")
                    self.embolden(element)
                    self.text("\n" if tag == "br" else element.text, exact=tag == "br")
            else:
                self.lighten(element)
                if tag in _BLOCKS and not hidden(element) and not is_table(element):
                    yield from self.flush(tag)
                    self.close(tag)
                    if self.around and is_aside(element):
                        self.outline = self.around.pop()
                if element is not root:
                    self.text(element.tail)
        yield from self.flush()

    def blank_line(self, element: Any) -> bool:
        """Whether a break follows another one: so many a page parts its paragraphs."""
        last = next((piece for piece in reversed(self.pieces) if piece == "\r" or piece.strip()), "")
        if self.preformatted or last != "\r":
            return False
        block = next((above.tag for above in element.iterancestors() if above.tag in _BLOCKS), "")
        return not (_HEADING.fullmatch(block) or block in _NAMED.values())

    def aside(self, element: Any) -> bool:
        """Whether the element is written otherwise than as its text, or told."""
        tag = element.tag
        if tag in _STRUCK or _LINE_THROUGH.search(element.get("style") or ""):
            if "".join(element.itertext()).strip():
                self.lose(Lost.STRUCK)
        elif script := script_of(element):
            text = " ".join("".join(element.itertext()).split())
            self.text("" if refers_to_note(element) else beside("".join(self.pieces[-2:]), text, script))
        elif tag == "a" and is_note_mark(element):
            pass
        elif tag == "math" or tag.endswith(":math"):
            self.text(linear(element))
        elif self.icons and (label := icon_label(element)):
            self.text(label)
        elif tag == "img":
            self.shown.append(self.pictures(element.get("src") or ""))
        else:
            return False
        return True

    def filled(self, element: Any) -> bool:
        """Whether the element is a field of a form, of which what was filled in is text."""
        if element.tag not in FIELDS or concealed(element):
            return False
        self.text(field_value(element), exact=element.tag == "textarea")
        return True

    def embolden(self, element: Any) -> None:
        if element.tag in ("b", "strong") or _BOLD.search(element.get("style") or ""):
            if not self.strong:
                self.strong_from = self.seen
            self.strong.append(element)

    def lighten(self, element: Any) -> None:
        if self.strong and self.strong[-1] is element:
            self.strong.pop()
            if not self.strong:
                self.bold.append((self.strong_from, self.seen))

    def lose(self, kind: Lost) -> None:
        self.unread.add(kind, under=next(iter(self.outline.path[::-1]), ""))

    def open(self, element: Any) -> None:
        match element.tag:
            case "details" | "dl":
                self.captions.append("")
            case "summary" | "dt" if self.captions:
                # Several terms may stand above one meaning.
                self.captions[-1] = self.captions[-1] if element.tag == "dt" and follows_term(element) else ""
            case "ul" | "ol" | "menu":
                self.steps.append(-1 if element.get("reversed") is not None else 1)
                self.lists.append(first_number(element) - self.steps[-1])
                self.marks.append(list_mark(element))
            case "li":
                if self.lists:
                    self.lists[-1] = counted(element.get("value"), max(0, self.lists[-1] + self.steps[-1]))
                self.captions.append("")
                self.first_in_item = True
            case "blockquote":
                self.quotes += 1
            case "pre":
                self.preformatted += 1

    def close(self, tag: str) -> None:
        match tag:
            case "details" | "dl":
                self.captions.pop()
            case "ul" | "ol" | "menu":
                self.lists.pop()
                self.steps.pop()
                self.marks.pop()
            case "li":
                self.captions.pop()
                self.first_in_item = False
            case "blockquote":
                self.quotes -= 1
            case "pre":
                self.preformatted -= 1

    def text(self, text: str | None, *, exact: bool = False) -> None:
        if not text:
            return
        if not self.pieces:
            if not text.strip():
                return
            self.begin = self.line
        self.seen += visible(text)
        # A break that a reader sees must outlast the folding of those in the source.
        self.pieces.append(text.replace("\n", "\r") if exact or self.preformatted else folded(text))

    def flush(self, closing: str = "") -> Iterator[RawBlock]:
        """What has come together since the last block, and what its pictures say; ``closing``: what ends here."""
        yield from self.said(closing)
        shown, self.shown = self.shown, []
        for picture in shown:
            yield from picture_blocks(picture, self.unread, self.path())

    def said(self, closing: str) -> Iterator[RawBlock]:
        whole, self.pieces = "".join(self.pieces), []
        bold, seen = self.bolds()
        if self.preformatted:
            lines = [line.rstrip() for line in whole.split("\r")]
        else:
            lines = [joined_lines(line) for line in whole.split("\r")]
        text = "\n".join(lines).strip("\n") if self.preformatted else "\n".join(filter(None, lines))
        if not text.strip(_BLANK):
            return
        if _HEADING.fullmatch(closing):
            yield self.outline.heading(text.replace("\n", " "), int(closing[1]), line=self.begin)
        elif self.preformatted:
            yield from listing(text, self.begin, self.path())
        elif self.captions and self.first_in_item:
            self.first_in_item = False
            place = (max(1, len(self.lists)), self.lists[-1] if self.lists else 1)
            shown = placed(bold, text, seen)
            yield RawBlock(BlockKind.LIST_ITEM, text, self.begin, self.path(), *place, marker=self.marker(), bold=shown)
            if len(text) <= _CAPTION_LENGTH:
                self.captions[-1] = text
        else:
            kind = BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH
            yield RawBlock(kind, text, self.begin, self.path(), bold=placed(bold, text, seen))
        if closing in _NAMED.values() and self.captions:
            self.captions[-1] = path_name("、".join(filter(None, (self.captions[-1], text.replace("\n", " ")))))

    def bolds(self) -> tuple[list[Stretch], int]:
        """What was bold of what has come together, of how much; what is still open goes on in the next block."""
        found, seen = self.bold + ([(self.strong_from, self.seen)] if self.strong else []), self.seen
        self.bold, self.seen, self.strong_from = [], 0, 0
        return found, seen

    def marker(self) -> str:
        """What the current item is shown with."""
        if not self.lists or self.marks[-1] in ("", "•"):
            return self.marks[-1] if self.lists else ""
        return f"{numeral(self.lists[-1], self.marks[-1])}."

    def table(self, element: Any) -> Iterator[RawBlock]:
        caption = element.find("caption")
        said = self.cell(caption).text if caption is not None else ""
        if said:
            yield RawBlock(BlockKind.PARAGRAPH, said, caption.sourceline or 0, self.path())
        below = next((near for near in element.itersiblings() if near.tag == "figcaption"), None)
        yield from table(self.rows(element), self.path(), said or (self.cell(below).text if below is not None else ""))

    def rows(self, element: Any) -> Iterator[Row]:
        for row in rows_of(element):
            yield Row([self.cell(cell) for cell in cells_of(row)], row.sourceline or 0)

    def cell(self, element: Any) -> Cell:
        said = list(_Flow(self.unread, _none, icons=True).blocks(element))
        text = " ".join(f"{b.marker} {b.text}" if b.marker[:1].isalnum() else b.text for b in said)
        bold = bool(said) and all(b.bold == (0, len(b.text)) for b in said)
        return Cell(text, span(element, "colspan"), span(element, "rowspan"), head=is_head(element), bold=bold)

    def path(self) -> tuple[str, ...]:
        return (*self.outline.path, *filter(None, self.captions))


def _none(_: str) -> bytes:
    """What is recognised in a picture must not be taken for what a cell says."""
    return b""
