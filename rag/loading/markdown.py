"""Markdown to blocks, by markdown-it-py (CommonMark and tables)."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.token import Token

from rag.loading.blocks import Parsed, RawBlock, gather, path_name
from rag.loading.encodings import decode
from rag.loading.html.bold import Stretch, placed, visible
from rag.loading.html.flow import flow
from rag.loading.office.symbols import CHECKED, UNCHECKED
from rag.loading.scripts import Script, beside
from rag.loading.sheets.drawn import Drawn, drawn_tables
from rag.loading.tables import Cell, Row, row, table
from rag.loading.trees import html_tree
from rag.loading.unread import Lost, Unread
from rag.text.normalization import is_cjk
from rag.types import BlockKind

# Between the lines stands YAML, beginning with a key; without one they are rules between paragraphs.
_FRONT_MATTER = re.compile(
    r"\A---[^\S\n]*\n((?:#[^\n]*\n)*[^\s:#-][^\n:]*:(?:\s.*?)?\n)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL
)
_TOML = re.compile(r"\A\+\+\+[^\S\n]*\n((?:[^\n]*\n)*?)\+\+\+[^\S\n]*(?:\n|\Z)")
_TOML_KEY = re.compile(r"([^\s=#\[][^=]*?)\s*=\s*(.*)")
_KEY = re.compile(r"([^\s:#-][^:]*):(?:\s+(.*))?")
_FLOW = re.compile(r"\[[^\[\]]*\]")
_TITLES = ("title", "标题", "題名", "题名", "標題")
_FENCED = r"^ {0,3}(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^ {0,3}(?P=fence)|\Z)"
# A note and the lines that go on with it; a table in HTML, in which blank lines may stand.
_GOES_ON = r"\n(?! {0,3}(?:\[\^|[#>|*+<`~-]|\d+[.)]))[^\S\n]*\S[^\n]*"
_NOTE = re.compile(
    rf"{_FENCED}|^ {{0,3}}\[\^(?P<label>[^\]\s]+)\]:[^\S\n]*(?P<note>[^\n]*(?:{_GOES_ON})*)", re.DOTALL | re.MULTILINE
)
_TABLE = re.compile(rf"{_FENCED}|<table\b.*?</table>", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_BLANK_LINE = re.compile(r"(?<=\n)[^\S\n]*(?=\n)")
_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
# What looks like the definition of a link and leads nowhere is text: "[注]: 见附件".
_DEFINITION = re.compile(r"\[(?!\^)[^\]]+\]:\s*<?(?=[!-~]*[/.#@])[!-~]+>?(?:\s|$)")
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>", re.DOTALL)
_DEFINED = re.compile(r":\s+\S")
_INDENT = re.compile(r"\n[^\S\n]+")
_SCRIPT_TAG = re.compile(r"<(/?)(sup|sub)\b[^>]*>", re.IGNORECASE)
_SCRIPTS = {"sup": Script.RAISED, "sub": Script.LOWERED}
_STRUCK_TAG = re.compile(r"<(/?)(?:del|s|strike)(?:\s[^>]*)?>", re.IGNORECASE)
# The name by which links find a heading.
_NAMED = re.compile(r"\{[#.][^{}\n]*\}\Z")
# What the lines of a table begin with that is drawn.
_WALLS = "+|│┃║┌┏╔├"
_BOX = re.compile(r"\[([ xX])\]\s+(?=\S)")
_PICTURE_TAG = re.compile(r"<img\s", re.IGNORECASE)
_BOLD_TAG = re.compile(r"<(/?)(?:b|strong)(?:\s[^>]*)?>", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
# What a list item says before its own nested items, if short, is a caption of them.
_CAPTION_LENGTH = 40


def parse_md(data: bytes, name: Path) -> Parsed:
    """The blocks of a Markdown file. Raises LoadError."""
    text, unread = decode(data, name), Unread()
    return Parsed(gather(_blocks(text, unread), name, unread), _title(text), unread.notices(name))


def parse_markdown(text: str) -> list[RawBlock]:
    """Blocks in reading order; inline marks are dropped, their text is kept."""
    return list(_blocks(text, Unread()))


def _blocks(text: str, unread: Unread) -> Iterator[RawBlock]:
    """Blocks in reading order, and ``unread`` pictures, of which the text that stands for them is kept.

    A paragraph that is bold as a whole counts as a heading beside the last real one; a bold first line of a
    paragraph becomes a block of its own, the caption of the rest. A table's row is a block.
    """
    front = _FRONT_MATTER.match(text) or _TOML.match(text)
    skipped = front.group().count("\n") if front else 0
    body, notes = _without_notes(text[front.end() :] if front else text)
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    reader.block.ruler.at("reference", _link_definition, {"alt": []})
    fields = _fields(front[1]) if front else ()
    said = [row([(0, key if value else "", value or key)], line) for key, value, line in fields]
    yield from said
    yield from _Builder(skipped, notes, unread).blocks(reader.parse(_tables_closed(body)))


def _title(text: str) -> str:
    """What the front matter says the title is."""
    front = _FRONT_MATTER.match(text) or _TOML.match(text)
    fields = _fields(front[1]) if front else ()
    return next((value for key, value, _ in fields if key.lower() in _TITLES), "")


def _fields(front: str) -> list[tuple[str, str, int]]:
    """The fields of front matter: keys at the beginning of a line, their values, also those below, and lines."""
    fields: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(front.split("\n"), start=2):
        key = _KEY.fullmatch(line.rstrip()) or _TOML_KEY.fullmatch(line.rstrip())
        if key:
            fields.append((key[1].strip("\"' "), [], number))
        value = (key[2] or "").strip("|>") if key else line.strip().removeprefix("- ")
        if _FLOW.fullmatch(value):
            value = "、".join(part.strip().strip("\"'") for part in value[1:-1].split(","))
        if fields and value and not line.startswith("#"):
            fields[-1][1].append(value.strip("\"' "))
    return [(key, "、".join(values), number) for key, values, number in fields]


def _without_notes(text: str) -> tuple[str, dict[str, tuple[str, int]]]:
    """``text`` with blank lines for its footnotes, and these by their labels: text and line."""
    notes: dict[str, tuple[str, int]] = {}
    breaks = [place for place, character in enumerate(text) if character == "\n"] if "[^" in text else []

    def taken(found: re.Match[str]) -> str:
        if found["fence"]:
            return found.group()
        notes.setdefault(found["label"], (found["note"], bisect_right(breaks, found.start()) + 1))
        return "\n" * found.group().count("\n")

    return _NOTE.sub(taken, text), notes


def _tables_closed(text: str) -> str:
    """``text`` without blank lines in its tables in HTML, which would end them."""

    def closed(found: re.Match[str]) -> str:
        return found.group() if found["fence"] else _BLANK_LINE.sub("<!-- -->", found.group())

    # Below the last end no table has one to look for.
    end = text.lower().rfind("</table>") + len("</table>")
    return _TABLE.sub(closed, text[:end]) + text[end:] if end >= len("</table>") else text


def _link_definition(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    begin = state.bMarks[line] + state.tShift[line]
    if not _DEFINITION.match(state.src, begin, state.eMarks[line]):
        return False
    return reference(state, line, last, silent)


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
                self.lose(Lost.LINKED, sum(map(_pictures, token.children or ())))
            if "s_open" in kinds or "html_inline" in kinds:
                self.lose(Lost.STRUCK, _without_struck(token))
                _in_line(token)
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
                case "blockquote_close":
                    self.quotes -= 1
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
                    self.cells.append(Cell(_plain(token.children or []), head=self.head))
                case "inline" if heading_level:
                    yield from self.heading(_without_name(_plain(token.children or [])), heading_level, line)
                case "inline" if token.content[:1] in _WALLS and (grid := _drawn(token.content)):
                    rows = (Row(cells, line + at) for at, cells in grid.rows)
                    yield from table(rows, self.path())
                case "inline":
                    yield from self.paragraph(token.children or [], line)
                case "fence" | "code_block" if token.content.strip():
                    yield RawBlock(BlockKind.CODE, token.content.strip("\n"), line, self.path())
                case "html_block":
                    yield from self.html(token.content, line)
        yield from self.noted(list(self.notes))

    def path(self) -> tuple[str, ...]:
        return (*(text for _, text in self.headings), *(c for c in self.captions if c))

    def lose(self, kind: Lost, count: int) -> None:
        self.unread.add(kind, count, under=self.headings[-1][1] if self.headings else "")

    def html(self, content: str, line: int) -> Iterator[RawBlock]:
        root = _table_tree(content)
        for block in flow(root, self.unread) if root is not None else ():
            yield replace(block, path=(*self.path(), *block.path), line=line + max(1, block.line) - 1)
        if root is not None:
            return
        self.lose(Lost.LINKED, len(_PICTURE_TAG.findall(content)))
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
        terms = _defined(children)
        if terms:
            for term, offset in terms:
                yield from self.block(term, line + offset)
        elif lead and not rest and not self.lists and not self.quotes:
            yield from self.heading(lead, self.headings[-1][0] if self.headings else 1, line)
        elif lead and rest:
            yield from self.block(lead, line, (0, len(lead)))
            yield from self.block(_plain(rest), line + 1, _bold(rest))
        else:
            yield from self.block(_plain(children), line, _bold(children))

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
            tokens = MarkdownIt("commonmark").parseInline(_INDENT.sub("\n", note))
            text = _plain(tokens[0].children or [])
            if text:
                yield RawBlock(BlockKind.PARAGRAPH, text, line + self.skipped, self.path())


def _without_name(heading: str) -> str:
    """A heading without the name by which links find it, and the marks that close it before that."""
    named = _NAMED.search(heading)
    text = heading[: named.start()].rstrip() if named else heading
    open_ = text.rstrip("#")
    return open_.rstrip() if named and open_.endswith(" ") else text


def _drawn(content: str) -> Drawn | None:
    """The table that a paragraph is, if it is one."""
    return next(drawn_tables(content, aligned=False), None)


def _without_struck(token: Token) -> int:
    """Take what is struck out of a line; return how many stretches that was."""
    kept: list[Token] = []
    depth = count = 0
    for child in token.children or ():
        tag = _STRUCK_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        opens, closes = (
            child.type == "s_open" or bool(tag and not tag[1]),
            child.type == "s_close" or bool(tag and tag[1]),
        )
        count += opens and not depth
        depth = max(0, depth + opens - closes)
        if not (depth or opens or closes):
            kept.append(child)
    if count:
        token.children = kept
    return count


def _in_line(token: Token) -> None:
    """Write what is raised or lowered in a line as it stands in one: 10 to the sixth is not 106."""
    script: Script | None = None
    before = ""
    for child in token.children or ():
        tag = _SCRIPT_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        if tag:
            script = None if tag[1] else _SCRIPTS[tag[2].lower()]
        elif child.type == "text" and child.content:
            if script is not None and before:
                child.content = beside(before, child.content, script)
            before = child.content or before


def _pictures(token: Token) -> int:
    """How many pictures a token inside of a line shows."""
    if token.type == "html_inline":
        return len(_PICTURE_TAG.findall(token.content))
    return token.type == "image"


def _table_tree(content: str) -> Any:
    """The tree of HTML that has a table in it; None of other HTML."""
    if "<table" not in content.lower():
        return None
    try:
        return html_tree(content)
    except SyntaxError:
        return None


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


def _defined(children: list[Token]) -> list[tuple[str, int]]:
    """The entries of a list of definitions ("术语", and below it ": 定义"), each with its line; [] if it is none."""
    lines: list[list[Token]] = [[]]
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(child)
    texts = [_plain(line) for line in lines]
    if len(texts) < 2 or _DEFINED.match(texts[0]) or not any(map(_DEFINED.match, texts)):
        return []
    entries: list[tuple[str, int]] = []
    term = ""
    for offset, text in enumerate(texts):
        if _DEFINED.match(text):
            entries.append((f"{term}：{text[1:].strip()}", offset))
        else:
            term = text
    return entries


def _plain(children: list[Token]) -> str:
    """The text of inline tokens: a soft line break between Chinese characters vanishes, elsewhere it is a space."""
    pieces: list[str] = []
    for child, following in zip(children, _following(children), strict=True):
        if child.type == "hardbreak" or (child.type == "html_inline" and _BREAK_TAG.fullmatch(child.content)):
            _strip_end(pieces)
            pieces.append("\n")
        elif child.type == "softbreak":
            _strip_end(pieces)
            before = pieces[-1][-1] if pieces else ""
            pieces.append("" if before and following and is_cjk(before) and is_cjk(following) else " ")
        elif said := _said(child):
            pieces.append(said)
    return "".join(pieces).strip()


def _said(child: Token) -> str:
    """What an inline token that is no break says."""
    return child.content if child.type in ("text", "code_inline", "image") else ""


def _bold(children: list[Token]) -> tuple[int, ...]:
    """What is bold of the `_plain` text of inline tokens, as in `Block`."""
    found: list[Stretch] = []
    seen = depth = begin = 0
    for child in children:
        tag = _BOLD_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        opens = child.type == "strong_open" or bool(tag and not tag[1])
        closes = child.type == "strong_close" or bool(tag and tag[1])
        if opens and not depth:
            begin = seen
        if closes and depth == 1:
            found.append((begin, seen))
        depth = max(0, depth + opens - closes)
        seen += visible(_said(child))
    return placed(found, _plain(children), seen)


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
