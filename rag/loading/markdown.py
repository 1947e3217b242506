"""Markdown to blocks, by markdown-it-py (CommonMark and tables)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.loading.blocks import Parsed, RawBlock, gather, path_name
from rag.loading.decoding import decode
from rag.text import is_cjk
from rag.types import BlockKind

# Between the lines stands YAML, beginning with a key; without one they are rules between paragraphs.
_FRONT_MATTER = re.compile(r"\A---\n(?:#[^\n]*\n)*[A-Za-z_][\w-]*:(?:\s.*?)?\n(?:---|\.\.\.)(?:\n|\Z)", re.DOTALL)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>", re.DOTALL)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CELLS = " | "
# What a list item says before its own nested items, if short, is a caption of them.
_CAPTION_LENGTH = 40


def parse_md(data: bytes, name: Path) -> Parsed:
    """The blocks of a Markdown file. Raises LoadError."""
    return Parsed(gather(parse_markdown(decode(data, name)), name))


def parse_markdown(text: str) -> list[RawBlock]:
    """Blocks in reading order; inline marks are dropped, their text is kept.

    A paragraph that is bold as a whole counts as a heading beside the last real one; a bold first line of a
    paragraph becomes a block of its own, the caption of the rest. A table's row is a block, under its header row.
    """
    front = _FRONT_MATTER.match(text)
    skipped = front.group().count("\n") if front else 0
    tokens = MarkdownIt("commonmark").enable("table").parse(text[front.end() :] if front else text)
    return list(_Builder(skipped).blocks(tokens))


class _Builder:
    """Follows the token stream and keeps what stands above the current position."""

    def __init__(self, skipped_lines: int) -> None:
        self.skipped = skipped_lines
        self.headings: list[tuple[int, str]] = []
        self.lists: list[int] = []
        self.captions: list[str] = []
        self.quotes = 0
        self.first_in_item = False
        self.header = ""
        self.cells: list[str] | None = None

    def blocks(self, tokens: list[Token]) -> Iterator[RawBlock]:
        heading_level = 0
        line = 1
        for token in tokens:
            if token.map:
                line = token.map[0] + 1 + self.skipped
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    self.lists.append(int(token.attrGet("start") or 1) - 1 if "ordered" in token.type else 0)
                case "bullet_list_close" | "ordered_list_close":
                    self.lists.pop()
                case "list_item_open":
                    self.lists[-1] += 1
                    self.captions.append("")
                    self.first_in_item = True
                case "list_item_close":
                    self.captions.pop()
                case "blockquote_open":
                    self.quotes += 1
                case "blockquote_close":
                    self.quotes -= 1
                case "heading_open":
                    heading_level = int(token.tag[1])
                case "heading_close":
                    heading_level = 0
                case "tr_open":
                    self.cells = []
                case "tr_close":
                    yield from self.row(line)
                case "table_close":
                    self.header = ""
                case "inline" if self.cells is not None:
                    self.cells.append(" ".join(_plain(token.children or []).split()))
                case "inline" if heading_level:
                    yield from self.heading(_plain(token.children or []), heading_level, line)
                case "inline":
                    yield from self.paragraph(token.children or [], line)
                case "fence" | "code_block" if token.content.strip():
                    yield RawBlock(BlockKind.CODE, token.content.strip("\n"), line, self.path())
                case "html_block":
                    yield from self.html(token.content, line)

    def path(self) -> tuple[str, ...]:
        return (*(text for _, text in self.headings), *(c for c in (*self.captions, self.header) if c))

    def row(self, line: int) -> Iterator[RawBlock]:
        text = _CELLS.join(cell for cell in self.cells or () if cell)
        self.cells = None
        if text:
            yield RawBlock(BlockKind.PARAGRAPH, text, line, self.path())
            self.header = self.header or path_name(text)

    def html(self, content: str, line: int) -> Iterator[RawBlock]:
        for offset, part in enumerate(_without_tags(content).split("\n")):
            if part.strip():
                yield RawBlock(BlockKind.PARAGRAPH, part.strip(), line + offset, self.path())

    def heading(self, text: str, level: int, line: int) -> Iterator[RawBlock]:
        if not text:
            return
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        yield RawBlock(BlockKind.HEADING, text, line, self.path(), level)
        self.headings.append((level, path_name(text)))

    def paragraph(self, children: list[Token], line: int) -> Iterator[RawBlock]:
        lead, rest = _bold_first_line(children)
        if lead and not rest and not self.lists and not self.quotes:
            yield from self.heading(lead, self.headings[-1][0] if self.headings else 1, line)
            return
        if lead and rest:
            yield from self.block(lead, line)
            yield from self.block(_plain(rest), line + 1)
        else:
            yield from self.block(_plain(children), line)

    def block(self, text: str, line: int) -> Iterator[RawBlock]:
        if not text:
            return
        if self.lists and self.first_in_item:
            yield RawBlock(BlockKind.LIST_ITEM, text, line, self.path(), len(self.lists), self.lists[-1])
            self.first_in_item = False
            if len(text) <= _CAPTION_LENGTH:
                self.captions[-1] = text
        else:
            kind = BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH
            yield RawBlock(kind, text, line, self.path())


def _bold_first_line(children: list[Token]) -> tuple[str, list[Token]]:
    """The bold text that fills the first line, and what follows it; ("", children) where there is none."""
    if not children or children[0].type not in ("strong_open", "text") or children[0].content.strip():
        return "", children
    depth = 0
    for position, child in enumerate(children):
        depth += (child.type == "strong_open") - (child.type == "strong_close")
        if child.type in ("softbreak", "hardbreak") and depth == 0:
            return _plain(children[:position]), children[position + 1 :]
        if depth == 0 and child.type != "strong_close" and child.content.strip():
            return "", children
    return _plain(children), []


def _plain(children: list[Token]) -> str:
    """The text of inline tokens: a soft line break between Chinese characters vanishes, elsewhere it is a space."""
    pieces: list[str] = []
    for child, following in zip(children, _following(children), strict=True):
        if child.type in ("text", "code_inline", "image"):
            pieces.append(child.content)
        elif child.type == "hardbreak" or (child.type == "html_inline" and _BREAK_TAG.fullmatch(child.content)):
            _strip_end(pieces)
            pieces.append("\n")
        elif child.type == "softbreak":
            _strip_end(pieces)
            before = pieces[-1][-1] if pieces else ""
            pieces.append("" if before and following and is_cjk(before) and is_cjk(following) else " ")
    return "".join(pieces).strip()


def _following(children: list[Token]) -> list[str]:
    """For each token the first character after it that is not white space, or ""."""
    found, character = [], ""
    for child in reversed(children):
        found.append(character)
        character = child.content.lstrip()[:1] or character
    return found[::-1]


def _strip_end(pieces: list[str]) -> None:
    """Take white space off the end of the text that ``pieces`` are."""
    while pieces:
        pieces[-1] = pieces[-1].rstrip()
        if pieces[-1]:
            return
        pieces.pop()


def _without_tags(content: str) -> str:
    """The text of an HTML block, on the lines where it stands."""
    return html.unescape(_TAG.sub(lambda tag: "\n" * tag.group().count("\n"), content))
