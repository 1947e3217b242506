"""Markdown to blocks, by markdown-it-py (CommonMark and tables)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.loading.blocks import Parsed, RawBlock, path_name
from rag.loading.encodings import decode
from rag.loading.html.flow import flow
from rag.loading.markdown.dialects import CONTAINER_TAG, callout, containers_opened, folds, lines_of
from rag.loading.markdown.extensions import (
    fields_of,
    front_matter,
    link_definition,
    tables_closed,
    tables_whole,
    title_of,
    without_notes,
)
from rag.loading.markdown.inline import (
    PICTURE_TAG,
    bold_first_line,
    bold_in,
    defined,
    pictures,
    plain,
    without_struck,
    write_in_line,
)
from rag.loading.numbered import lines_apart, outlined, structured
from rag.loading.office.symbols import CHECKED, UNCHECKED
from rag.loading.sheets.drawn import Drawn, divided, listing
from rag.loading.tables import Cell, Row, row, table
from rag.loading.trees import html_tree
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>", re.DOTALL)
_NAMED = re.compile(r"\{[#.][^{}\n]*\}\Z")
_BOX = re.compile(r"\[([ xX])\]\s+(?=\S)")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")
_INDENT = re.compile(r"\n[^\S\n]+")
# What a list item says before its own nested items, if short, is a caption of them.
_CAPTION_LENGTH = 40


def parse_md(data: bytes, name: Path) -> Parsed:
    """The blocks of a Markdown file. Raises LoadError."""
    text, unread = decode(data, name), Unread()
    return Parsed(outlined(_blocks(text, unread), name, unread), title_of(text), unread.notices(name))


def parse_markdown(text: str) -> list[RawBlock]:
    """Blocks in reading order; inline marks are dropped, their text is kept."""
    return list(structured(list(lines_apart(_blocks(text, Unread())))))


def _blocks(text: str, unread: Unread) -> Iterator[RawBlock]:
    """Blocks in reading order, and ``unread`` pictures, of which the text that stands for them is kept.

    A paragraph that is bold as a whole counts as a heading beside the last real one; a bold first line of a
    paragraph becomes a block of its own, the caption of the rest. A table's row is a block.
    """
    front = front_matter(text)
    skipped = front.group().count("\n") if front else 0
    body, notes = without_notes(text[front.end() :] if front else text)
    body = tables_whole(tables_closed(body))
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    reader.block.ruler.at("reference", link_definition, {"alt": []})
    fields = fields_of(front[1]) if front else ()
    said = [row([(0, key if value else "", value or key)], line) for key, value, line in fields]
    yield from said
    yield from _Builder(skipped, notes, unread).blocks(reader.parse(containers_opened(body)))


def _with_tables(text: str) -> list[tuple[int, str | Drawn]]:
    """The parts of a paragraph in which tables stand; none of another."""
    parts = list(divided(text))
    return parts if any(isinstance(part, Drawn) for _, part in parts) else []


class _Builder:
    """Follows the token stream and keeps what stands above the current position."""

    def __init__(self, skipped_lines: int, notes: dict[str, tuple[str, int]], unread: Unread) -> None:
        self.unread = unread
        self.skipped = skipped_lines
        self.notes = notes
        self.headings: list[tuple[int, str]] = []
        self.lists: list[int] = []
        self.marker = ""
        self.captions: list[str] = []
        self.quotes = 0
        self.first_in_item = False
        self.rows: list[Row] = []
        self.cells: list[Cell] = []
        self.cell = self.head = False

    def blocks(self, tokens: list[Token]) -> Iterator[RawBlock]:
        heading_level = 0
        line = 1
        for token in tokens:
            if token.map:
                line = token.map[0] + 1 + self.skipped
            kinds = {child.type for child in token.children} if token.children else ()
            if "image" in kinds or "html_inline" in kinds:
                self.lose(Lost.LINKED, sum(map(pictures, token.children or ())))
            if "s_open" in kinds or "html_inline" in kinds:
                self.lose(Lost.STRUCK, without_struck(token))
                write_in_line(token)
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    self.lists.append(int(token.attrGet("start") or 1) - 1 if "ordered" in token.type else 0)
                case "bullet_list_close" | "ordered_list_close":
                    self.lists.pop()
                case "list_item_open":
                    self.lists[-1] += 1
                    self.marker = f"{self.lists[-1]}{token.markup}" if token.info else "•"
                    self.captions.append("")
                    self.first_in_item = True
                case "list_item_close":
                    self.captions.pop()
                case "blockquote_open":
                    self.quotes += 1
                    self.captions.append("")
                case "blockquote_close":
                    self.quotes -= 1
                    self.captions.pop()
                case "heading_open":
                    heading_level = int(token.tag[1])
                case "heading_close":
                    heading_level = 0
                case "table_open":
                    self.rows = []
                case "tr_open":
                    self.cells = []
                case "tr_close":
                    self.rows.append(Row(self.cells, line))
                case "table_close":
                    yield from table(self.rows, self.path())
                case "th_open" | "td_open":
                    self.head = token.tag == "th"
                    self.cell = True
                case "th_close" | "td_close":
                    self.cell = False
                case "inline" if self.cell:
                    text = plain(token.children or [])
                    bold = bold_in(token.children or []) == (0, len(text))
                    self.cells.append(Cell(text, head=self.head, bold=bold))
                case "inline" if heading_level:
                    yield from self.heading(_without_name(plain(token.children or [])), heading_level, line)
                case "inline" if parts := _with_tables(token.content):
                    yield from self.with_tables(parts, line)
                case "inline":
                    yield from self.paragraph(token.children or [], line)
                case "fence" | "code_block" if token.content.strip():
                    yield from listing(token.content.strip("\n"), line, self.path())
                case "html_block":
                    yield from self.html(token.content, line)
        yield from self.noted(list(self.notes))

    def path(self) -> tuple[str, ...]:
        return (*(text for _, text in self.headings), *(c for c in self.captions if c))

    def lose(self, kind: Lost, count: int) -> None:
        self.unread.add(kind, count, under=self.headings[-1][1] if self.headings else "")

    def html(self, content: str, line: int) -> Iterator[RawBlock]:
        root = _tree(content)
        for block in flow(root, self.unread) if root is not None else ():
            yield replace(block, path=(*self.path(), *block.path), line=line + max(1, block.line) - 1)
        if root is not None:
            return
        self.lose(Lost.LINKED, len(PICTURE_TAG.findall(content)))
        for offset, part in enumerate(_without_tags(content).split("\n")):
            if part.strip():
                yield RawBlock(BlockKind.PARAGRAPH, part.strip(), line + offset, self.path())
        for fold in folds(content):
            if fold is not None:
                self.captions.append(path_name(" ".join(_without_tags(fold).split())))
            elif self.captions:
                self.captions.pop()

    def heading(self, text: str, level: int, line: int) -> Iterator[RawBlock]:
        if not text:
            return
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        yield RawBlock(BlockKind.HEADING, text, line, self.path(), level)
        self.headings.append((level, path_name(text)))

    def paragraph(self, children: list[Token], line: int) -> Iterator[RawBlock]:
        if self.quotes and (opened := callout(children)):
            title, children = opened
            said = plain(title)
            yield from self.block(said, line)
            self.captions[-1] = path_name(said)
            line += 1
        for offset, part in lines_of(children):
            yield from self.said(part, line + offset)

    def with_tables(self, parts: list[tuple[int, str | Drawn]], line: int) -> Iterator[RawBlock]:
        """The ``parts`` of a paragraph in which tables stand that are drawn or aligned."""
        for offset, part in parts:
            if isinstance(part, Drawn):
                yield from table(part.grid(line, lambda cell: plain(_inline(cell))), self.path())
            else:
                yield from self.paragraph(_inline(part.strip()), line + offset)

    def said(self, children: list[Token], line: int) -> Iterator[RawBlock]:
        lead, rest = bold_first_line(children)
        terms = defined(children)
        if terms:
            for term, offset in terms:
                yield from self.block(term, line + offset)
        elif lead and not rest and not self.lists and not self.quotes:
            yield from self.heading(lead, self.headings[-1][0] if self.headings else 1, line)
        elif lead and rest:
            yield from self.block(lead, line, (0, len(lead)))
            yield from self.block(plain(rest), line + 1, bold_in(rest))
        else:
            yield from self.block(plain(children), line, bold_in(children))

    def block(self, text: str, line: int, bold: tuple[int, ...] = ()) -> Iterator[RawBlock]:
        labels = _REFERENCE.findall(text) if self.notes else []
        text, bold = (_REFERENCE.sub("", text), ()) if labels else (text, bold)
        if not text:
            return
        if self.lists and self.first_in_item:
            if box := _BOX.match(text):
                shift = box.end() - 2
                text = f"{UNCHECKED if box[1] == ' ' else CHECKED} {text[box.end() :]}"
                bold = tuple(max(0, at - shift) for at in bold)
            place = (len(self.lists), self.lists[-1])
            yield RawBlock(BlockKind.LIST_ITEM, text, line, self.path(), *place, marker=self.marker, bold=bold)
            self.first_in_item = False
            if len(text) <= _CAPTION_LENGTH:
                self.captions[-1] = text
        else:
            kind = BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH
            yield RawBlock(kind, text, line, self.path(), bold=bold)
        yield from self.noted(labels)

    def noted(self, labels: list[str]) -> Iterator[RawBlock]:
        """The footnotes that a block refers to, once each."""
        for label in labels:
            note, line = self.notes.pop(label, ("", 0))
            text = plain(_inline(_INDENT.sub("\n", note)))
            if text:
                yield RawBlock(BlockKind.PARAGRAPH, text, line + self.skipped, self.path())


def _without_name(heading: str) -> str:
    """A heading without the name by which links find it, and the marks that close it before that."""
    named = _NAMED.search(heading)
    text = heading[: named.start()].rstrip() if named else heading
    open_ = text.rstrip("#")
    return open_.rstrip() if named and open_.endswith(" ") else text


def _inline(text: str) -> list[Token]:
    return MarkdownIt("commonmark").parseInline(text)[0].children or []


def _tree(content: str) -> Any:
    """The tree of HTML that has a table in it, or what folds as a whole; None of other HTML."""
    tags = content.lower()
    if "<table" not in tags and not 0 < tags.count("<details") == tags.count("</details"):
        return None
    try:
        return html_tree(content)
    except SyntaxError:
        return None


def _without_tags(content: str) -> str:
    """The text of an HTML block, on the lines where it stands."""
    content = CONTAINER_TAG.sub(r"\1", content)
    text = html.unescape(_TAG.sub(lambda tag: "\n" * tag.group().count("\n"), content))
    return _BOLD.sub(r"\1", text)
