"""RTF to blocks, by striprtf: lines as of plain text, rows of tables as rows.

Of how text looks striprtf tells nothing, and it leaves out notes; so marks are put into the source that outlast it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from rag.errors import LoadError
from rag.loading.blocks import Outline, Parsed, RawBlock
from rag.loading.numbered import outlined
from rag.loading.plain import plain_blocks, wrap_width
from rag.loading.scripts import Script, in_line
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread

_LOST = ((r"\\pict\b", Lost.PICTURE), (r"\\annotation\b", Lost.PART), (r"\\objdata\b", Lost.EMBEDDED))
# Control characters, which no text has: what they stand before is raised, lowered, level again, or struck out.
_RAISED, _LOWERED, _LEVEL, _STRUCK = "\x01", "\x02", "\x03", "\x04"
_UP, _LEFT = "u", "l"
_CELL, _NOTE, _NOTE_END, _EDGE = "\x05", "\x06", "\x07", "\x08"
# Before a cell's end: whether it belongs to the one above it or left of it, and where its right edge is, in twips.
_PLACED = re.compile(f"(.*){_EDGE}([{_UP}{_LEFT}]?)(-?[0-9]{{1,7}})", re.DOTALL)
_MERGED = {"clvmrg": _UP, "clmrg": _LEFT}
# Edges so near to each other are one.
_NEAR = 60
_SCRIPTS = {_RAISED: Script.RAISED, _LOWERED: Script.LOWERED, _LEVEL: Script.LEVEL}
_LOOKS = re.compile(f"([{_RAISED}{_LOWERED}{_LEVEL}{_STRUCK}])")
_NOTED = re.compile(f"{_NOTE}([^{_NOTE}{_NOTE_END}]*){_NOTE_END}")
_MARKED = re.compile(r"\\(?:super|sub|strike|trowd|pntext|footnote|outlinelevel)")
_TOKEN = re.compile(r"((?:[^\\{}]|\\'..)+)|\\([a-z]+)(-?\d+)? ?|\\.|[{}]", re.DOTALL)
_LOOKING = ("super", "sub", "nosupersub", "strike", "striked", "plain", "footnote")
_SCRIPT_WORDS = {"super": _RAISED, "sub": _LOWERED, "nosupersub": _LEVEL}
_OF_ROWS = frozenset(("trowd", "row", "cell", "cellx", *_MERGED))
_CONTROLS = re.compile(r"[\x00-\x08\x0e]")
# Before the level of the heading that a paragraph is, from 0; level 9 is of body text.
_HEADS, _LEVELS = "\x0e", tuple("012345678")
_HEADED = re.compile(f"(.*){_HEADS}([0-8])", re.DOTALL)


def parse_rtf(data: bytes, name: Path) -> Parsed:
    """The text with its notes, and tables; pictures and remarks are told. Raises LoadError."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError(
            f"无法读取 {name}：文件已损坏，或不是 .rtf 格式。请重新导出后再索引。",
            f"Can't read {name}: damaged, or not an .rtf file. Export it again.",
        )
    unread = Unread()
    return Parsed(outlined(rtf_blocks(data, unread), name, unread), notices=unread.notices(name))


def rtf_blocks(data: bytes, unread: Unread) -> Iterator[RawBlock]:
    """The same as a part of another document, which is `structured` as a whole."""
    from striprtf.striprtf import rtf_to_text

    source = _CONTROLS.sub("", data.decode("latin-1"))
    for pattern, kind in _LOST:
        for _ in re.finditer(pattern, source):
            unread.add(kind)
    if _MARKED.search(source):
        source = "".join(_with_marks(source.replace(r"\*\footnote", r"\footnote")))
    return _blocks(rtf_to_text(source, errors="ignore"), unread)


class _State(NamedTuple):
    """How text looks at a place: raised or lowered, struck out; and whether a note is open here."""

    script: str = _LEVEL
    struck: bool = False
    note: bool = False

    @property
    def mark(self) -> str:
        return _STRUCK if self.struck else self.script


def _with_marks(source: str) -> Iterator[str]:
    """The source with marks where the look of the text changes, notes begin and end, and cells end."""
    stack: list[_State] = []
    state, in_row, cells, level = _State(), False, _Cells(), ""
    for token in _TOKEN.finditer(source):
        text, word, number = token.groups()
        if text is not None:
            yield text
        elif word is not None:
            before = state
            if word in ("pard", "outlinelevel"):
                level = number or "0" if word == "outlinelevel" else ""
            if word == "par" and level in _LEVELS and not (in_row or state.note):
                yield f"{_HEADS}{level}"
            if word in _OF_ROWS:
                in_row = word == "trowd" if word in ("trowd", "row") else in_row
                yield cells.meet(word, number or "")
            if word in _LOOKING:
                state = _after(state, word, number or "")
            if state.mark != before.mark:
                yield state.mark
            yield _written(word, token[0], inside=in_row or state.note)
        elif token[0] == "}" and stack:
            before, state = state, stack.pop()
            yield _NOTE_END + "}" if before.note and not state.note else "}"
            if state.mark != before.mark:
                yield state.mark
        else:
            stack += [state] if token[0] == "{" else []
            yield token[0]


class _Cells:
    """How the cells of a row are merged and where they end, as is said before the row."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._merged = ""
        self._at = 0

    def meet(self, word: str, number: str) -> str:
        """Go on by a control word; at the end of a cell return what is known of it."""
        match word:
            case "trowd":
                self._said, self._merged = [], ""
            case "row":
                self._at = 0
            case "cellx":
                self._said.append(f"{_EDGE}{self._merged}{number}")
                self._merged = ""
            case "cell":
                self._at += 1
                return self._said[self._at - 1] if self._at <= len(self._said) else ""
            case _:
                self._merged = _MERGED[word]
        return ""


def _after(state: _State, word: str, number: str) -> _State:
    """The look of the text after a control word."""
    if word in _SCRIPT_WORDS:
        return state._replace(script=_LEVEL if number == "0" else _SCRIPT_WORDS[word])
    match word:
        case "strike" | "striked":
            return state._replace(struck=number != "0")
        case "plain":
            return state._replace(script=_LEVEL, struck=False)
        case "footnote":
            return _State(note=True)
    return state


def _written(word: str | None, token: str, *, inside: bool) -> str:
    """A control word as striprtf carries it over: the number of an item is text, a cell's line goes on."""
    match word:
        case "pntext":
            return token.replace("pntext", "listtext")
        case "cell" | "nestcell":
            return _CELL
        case "footnote":
            return _NOTE
        case "par" | "line" if inside:
            return " "
    return token


def _blocks(text: str, unread: Unread) -> Iterator[RawBlock]:
    outline = Outline()
    for kind, group in groupby(_lines(text, unread), key=_kind):
        lines = list(group)
        if kind == _CELL:
            yield from table(_rows(line.rstrip().removesuffix(_CELL).split(_CELL) for line in lines), outline.path)
        elif kind == _HEADS:
            for heading in filter(None, map(_HEADED.fullmatch, lines)):
                if said := " ".join(heading[1].split()):
                    yield outline.heading(said, 1 + int(heading[2]))
        else:
            for block in plain_blocks("\n".join(lines), lines, wrap_width(lines)):
                yield replace(block, line=0, path=(*outline.path, *block.path))


def _kind(line: str) -> str:
    """The mark at the end of a line that is a row or a heading."""
    if line.rstrip().endswith(_CELL):
        return _CELL
    return _HEADS if _HEADED.fullmatch(line) else ""


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[Row]:
    """The rows of a table whose cells say where they end: one reaches over all columns that end with it or before."""
    rows = list(rows)
    placed = [[_PLACED.fullmatch(cell) for cell in row] for row in rows]
    known = sorted({int(cell[3]) for row in placed for cell in row if cell})
    columns = dict(zip(known, accumulate((b - a > _NEAR for a, b in pairwise(known)), initial=1), strict=False))
    for row, places in zip(rows, placed, strict=True):
        cells: list[Cell] = []
        last = 0
        for text, place in zip(row, places, strict=True):
            end = columns[int(place[3])] if place else last + 1
            if place and place[2] == _LEFT and cells and not place[1].strip():
                cells[-1] = replace(cells[-1], across=cells[-1].across + max(1, end - last))
            else:
                cells.append(Cell(place[1] if place else text, max(1, end - last), up=bool(place and place[2] == _UP)))
            last = end
        yield Row(cells)


def _lines(text: str, unread: Unread) -> Iterator[str]:
    """The lines as they look, each with its notes below it."""
    for line in text.split("\n"):
        notes = _NOTED.findall(line) if _NOTE in line else []
        yield _in_line(_NOTED.sub("", line) if notes else line, unread)
        yield from (_in_line(note, unread).strip() for note in notes)


def _in_line(line: str, unread: Unread) -> str:
    """A line without its marks: raised and lowered text as one writes it, and nothing that is struck out."""
    parts = _LOOKS.split(line.replace(_NOTE, "").replace(_NOTE_END, ""))
    if len(parts) == 1:
        return parts[0]
    looks = [_LEVEL, *parts[1::2]]
    struck = sum(look == _STRUCK and bool(said.strip()) for look, said in zip(looks, parts[::2], strict=True))
    unread.add(Lost.STRUCK, struck)
    return in_line((said, _SCRIPTS[look]) for look, said in zip(looks, parts[::2], strict=True) if look != _STRUCK)
