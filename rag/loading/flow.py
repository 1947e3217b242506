"""An HTML tree to blocks in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.loading.blocks import Outline, RawBlock, path_name
from rag.loading.tables import Row, table
from rag.text import is_cjk
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
_SPACE = re.compile(r"[ \t\n\r\f]+")
_HIDING = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# What a list item says before its own nested items, if short, is a caption of them.
_CAPTION_LENGTH = 40


def flow(root: Any) -> Iterator[RawBlock]:
    """The blocks of ``root``: headings, paragraphs, list items, quotes, code and rows of tables."""
    return _Flow().blocks(root)


def hidden(element: Any) -> bool:
    """Whether a reader of the page does not see ``element``."""
    return (
        element.tag in _UNSEEN
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDING.search(element.get("style") or ""))
    )


class _Flow:
    """Follows the tree and keeps what stands above the current position."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.lists: list[int] = []
        self.captions: list[str] = []
        self.first_in_item = False
        self.quotes = self.preformatted = self.line = self.begin = 0
        self.pieces: list[str] = []

    def blocks(self, root: Any) -> Iterator[RawBlock]:
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if event == "start":
                self.line = element.sourceline or 0
                if hidden(element):
                    walk.skip_subtree()
                elif tag == "table" and _holds_data(element):
                    yield from self.flush()
                    yield from self.table(element)
                    walk.skip_subtree()
                else:
                    if tag in _BLOCKS:
                        yield from self.flush()
                        self.open(element)
                    self.text("\n" if tag == "br" else element.text, exact=tag == "br")
            else:
                if tag in _BLOCKS and not hidden(element) and not (tag == "table" and _holds_data(element)):
                    yield from self.flush(int(tag[1]) if _HEADING.fullmatch(tag) else 0)
                    self.close(tag)
                if element is not root:
                    self.text(element.tail)

    def open(self, element: Any) -> None:
        match element.tag:
            case "ul" | "ol" | "menu":
                start = element.get("start") or "1"
                self.lists.append(int(start) - 1 if start.isascii() and start.isdigit() and len(start) < 7 else 0)
            case "li":
                if self.lists:
                    self.lists[-1] += 1
                self.captions.append("")
                self.first_in_item = True
            case "blockquote":
                self.quotes += 1
            case "pre":
                self.preformatted += 1

    def close(self, tag: str) -> None:
        match tag:
            case "ul" | "ol" | "menu":
                self.lists.pop()
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
        # A break that a reader sees must outlast the folding of those in the source.
        self.pieces.append(text.replace("\n", "\r") if exact or self.preformatted else _SPACE.sub(_folded, text))

    def flush(self, heading: int = 0) -> Iterator[RawBlock]:
        """What has come together since the last block, as a block."""
        whole, self.pieces = "".join(self.pieces), []
        if self.preformatted:
            lines = [line.rstrip() for line in whole.split("\r")]
        else:
            lines = [_LOOSE.sub(_joint, line).strip() for line in whole.split("\r")]
        text = "\n".join(lines).strip("\n") if self.preformatted else "\n".join(filter(None, lines))
        if not text.strip():
            return
        if heading:
            yield self.outline.heading(text.replace("\n", " "), heading, line=self.begin)
        elif self.preformatted:
            yield RawBlock(BlockKind.CODE, text, self.begin, self.path())
        elif self.captions and self.first_in_item:
            self.first_in_item = False
            place = (max(1, len(self.lists)), self.lists[-1] if self.lists else 1)
            yield RawBlock(BlockKind.LIST_ITEM, text, self.begin, self.path(), *place)
            if len(text) <= _CAPTION_LENGTH:
                self.captions[-1] = text
        else:
            kind = BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH
            yield RawBlock(kind, text, self.begin, self.path())

    def table(self, element: Any) -> Iterator[RawBlock]:
        caption = element.find("caption")
        said = _cell(caption) if caption is not None else ""
        if said:
            yield RawBlock(BlockKind.PARAGRAPH, said, caption.sourceline or 0, self.path())
        yield from table(_rows(element), (*self.path(), path_name(said)) if said else self.path())

    def path(self) -> tuple[str, ...]:
        return (*self.outline.path, *filter(None, self.captions))


# A break of the source stands as "\v" until what follows it is known: between Chinese characters it means nothing.
_LOOSE = re.compile(r"[ \v]+")


def _folded(space: re.Match[str]) -> str:
    return "\v" if "\n" in space.group() else " "


def _joint(space: re.Match[str]) -> str:
    before, after = space.string[space.start() - 1 : space.start()], space.string[space.end() : space.end() + 1]
    return "" if "\v" in space.group() and before and after and is_cjk(before) and is_cjk(after) else " "


def _holds_data(element: Any) -> bool:
    """Whether a table is one: many a page is laid out by tables that hold other tables and headings."""
    return (
        element.get("role") not in ("presentation", "none")
        and element.find(".//table") is None
        and element.find(".//h1") is None
        and element.find(".//h2") is None
        and element.find(".//tr/*[2]") is not None
    )


def _rows(element: Any) -> Iterator[Row]:
    """The rows, each with the cells that reach into it from above."""
    reaching: list[tuple[int, str]] = []
    for row in element.iter("tr"):
        above = tuple(text for _, text in reaching)
        reaching = [(left - 1, text) for left, text in reaching if left > 1]
        cells = []
        for cell in row.iterchildren("td", "th"):
            cells.append(_cell(cell))
            span = cell.get("rowspan") or ""
            if span.isascii() and span.isdigit() and len(span) < 6 and int(span) > 1 and cells[-1]:
                reaching.append((int(span) - 1, cells[-1]))
        yield Row(cells, row.sourceline or 0, above)


def _cell(element: Any) -> str:
    return " ".join(block.text for block in _Flow().blocks(element))
