"""RTF to blocks, by striprtf: lines as of plain text, rows of tables as rows.

Of how text looks striprtf tells nothing, and it leaves out notes; so marks are put into the source that outlast it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.numbered import outlined
from rag.loading.office.page_edges import FOOTER, HEADER, Edges
from rag.loading.office.rtf.rtf_marks import (
    CELL,
    CONTROLS,
    DELETED,
    EDGE,
    FOOTER_MARK,
    HEADER_MARK,
    HEADS,
    HIDDEN,
    LEFT,
    LEVEL,
    LOWERED,
    NOTE,
    NOTE_END,
    RAISED,
    STRUCK,
    UP,
    with_marks,
)
from rag.loading.plain import plain_blocks, wrap_width
from rag.loading.scripts import Script, in_line
from rag.loading.tables import Cell, Row, table
from rag.loading.unread import Lost, Unread

# A picture is there twice, once for programs that know no others.
_LOST = ((r"(?<!nonshppict\{)(?<!nonshppict \{)\\pict\b", Lost.PICTURE), (r"\\objdata\b", Lost.EMBEDDED))
_EDGES = {HEADER_MARK: HEADER, FOOTER_MARK: FOOTER}
# Before a cell's end: whether it belongs to the one above it or left of it, and where its right edge is, in twips.
_PLACED = re.compile(f"(.*){EDGE}([{UP}{LEFT}]?)(-?[0-9]{{1,7}})", re.DOTALL)
# Edges so near to each other are one.
_NEAR = 60
_SCRIPTS = {RAISED: Script.RAISED, LOWERED: Script.LOWERED, LEVEL: Script.LEVEL}
_OUT = {STRUCK: Lost.STRUCK, HIDDEN: Lost.HIDDEN}
_LOOKS = re.compile(f"([{RAISED}{LOWERED}{LEVEL}{STRUCK}{HIDDEN}{DELETED}])")
_NOTED = re.compile(f"{NOTE}([^{NOTE}{NOTE_END}]*){NOTE_END}")
_HEADED = re.compile(f"(.*){HEADS}([0-8])", re.DOTALL)


def parse_rtf(data: bytes, name: Path) -> Parsed:
    """The text with its notes, boxes and remarks, tables, and headers and footers once; pictures are told.

    Raises LoadError.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError(
            f"无法读取 {name}：文件已损坏，或不是 .rtf 格式。请重新导出后再索引。",
            f"Can't read {name}: damaged, or not an .rtf file. Export it again.",
        )
    unread, reader = Unread(), _Reader()
    body = outlined(reader.body(data, unread), name, unread)
    return Parsed((*body, *gather(reader.edges(), name, unread)), notices=unread.notices(name))


def rtf_blocks(data: bytes, unread: Unread) -> Iterator[RawBlock]:
    """The same as a part of another document, which is `structured` as a whole."""
    reader = _Reader()
    yield from reader.body(data, unread)
    yield from reader.edges()


class _Reader:
    """Reads the text, and keeps what stands at the edges of its pages."""

    def __init__(self) -> None:
        self._once = Edges()
        self._edges: dict[str, list[str]] = {HEADER: [], FOOTER: []}

    def body(self, data: bytes, unread: Unread) -> Iterator[RawBlock]:
        from striprtf.striprtf import rtf_to_text

        source = CONTROLS.sub("", data.decode("latin-1"))
        for pattern, kind in _LOST:
            for _ in re.finditer(pattern, source):
                unread.add(kind)
        lines = _lines(rtf_to_text(with_marks(source), errors="ignore"), unread, self._edges)
        return self._once.body(_blocks(lines))

    def edges(self) -> Iterator[RawBlock]:
        for name, lines in self._edges.items():
            yield from self._once.lines(name, lines)


def _blocks(all_lines: Iterable[str]) -> Iterator[RawBlock]:
    outline = Outline()
    for kind, group in groupby(all_lines, key=_kind):
        lines = list(group)
        if kind == CELL:
            yield from table(_rows(line.rstrip().removesuffix(CELL).split(CELL) for line in lines), outline.path)
        elif kind == HEADS:
            for heading in filter(None, map(_HEADED.fullmatch, lines)):
                if said := " ".join(heading[1].split()):
                    yield outline.heading(said, 1 + int(heading[2]))
        else:
            for block in plain_blocks("\n".join(lines), lines, wrap_width(lines)):
                yield replace(block, line=0, path=(*outline.path, *block.path))


def _kind(line: str) -> str:
    """The mark at the end of a line that is a row or a heading."""
    if line.rstrip().endswith(CELL):
        return CELL
    return HEADS if _HEADED.fullmatch(line) else ""


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
            if place and place[2] == LEFT and cells and not place[1].strip():
                cells[-1] = replace(cells[-1], across=cells[-1].across + max(1, end - last))
            else:
                cells.append(Cell(place[1] if place else text, max(1, end - last), up=bool(place and place[2] == UP)))
            last = end
        yield Row(cells)


def _lines(text: str, unread: Unread, edges: Mapping[str, list[str]]) -> Iterator[str]:
    """The lines as they look, each with its notes below it, or below its table; what is of ``edges`` goes there."""
    waiting: list[str] = []
    for line in text.split("\n"):
        notes = _NOTED.findall(line) if NOTE in line else []
        own = _in_line(_NOTED.sub("", line) if notes else line, unread)
        row = _kind(own) == CELL
        if not row:
            yield from _taken(waiting)
        if own.strip() or not notes:
            yield own
        for note in notes:
            to = edges[_EDGES[note[0]]] if note[:1] in _EDGES else waiting
            to += filter(None, [_in_line(note.lstrip("".join(_EDGES)), unread).strip()])
        if not row:
            yield from _taken(waiting)
    yield from waiting


def _taken(lines: list[str]) -> Iterator[str]:
    yield from lines
    lines.clear()


def _in_line(line: str, unread: Unread) -> str:
    """A line without its marks: raised and lowered text as one writes it, and nothing that is left out."""
    parts = _LOOKS.split(line.replace(NOTE, "").replace(NOTE_END, ""))
    if len(parts) == 1:
        return parts[0]
    looks = list(zip([LEVEL, *parts[1::2]], parts[::2], strict=True))
    for mark, kind in _OUT.items():
        unread.add(kind, sum(look == mark and bool(said.strip()) for look, said in looks))
    return in_line((said, _SCRIPTS[look]) for look, said in looks if look in _SCRIPTS)
