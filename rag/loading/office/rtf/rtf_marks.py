"""Marks put into the source of an RTF, which outlast how striprtf reads it: how text looks; where notes, headers, cells
and headings end; which boxes are ticked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rag.loading.office.symbols import CHECKED, UNCHECKED

# Control characters, which no text has. What these stand before is raised, lowered, level again, struck out, hidden, or
# deleted.
RAISED, LOWERED, LEVEL, STRUCK, HIDDEN, DELETED = "\x01", "\x02", "\x03", "\x04", "\x11", "\x12"
CELL, NOTE, NOTE_END, EDGE = "\x05", "\x06", "\x07", "\x08"
# Before the level of the heading that a paragraph is, from 0; level 9 is of body text.
HEADS = "\x0e"
# Behind the mark of a note that is the header or the footer of pages.
HEADER_MARK, FOOTER_MARK = "\x0f", "\x10"
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x12]")
UP, LEFT = "u", "l"
_MERGED = {"clvmrg": UP, "clmrg": LEFT}
_LEVELS = tuple("012345678")
_MARKED = re.compile(
    r"\\(?:super|sub|strike|trowd|pntext|footnote|outlinelevel|annotation|shptxt|header|footer|deleted|v)"
)
_TOKEN = re.compile(r"((?:[^\\{}]|\\'..)+)|\\([a-z]+)(-?\d+)? ?|\\.|[{}]", re.DOTALL)
_SCRIPT_WORDS = {"super": RAISED, "sub": LOWERED, "nosupersub": LEVEL}
_OUT_WORDS = {"strike": STRUCK, "striked": STRUCK, "v": HIDDEN, "deleted": DELETED}
# What stands apart from the text: by the word that begins it, its marks.
_APART = {
    **dict.fromkeys(("footnote", "annotation", "shptxt"), NOTE),
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), NOTE + HEADER_MARK),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), NOTE + FOOTER_MARK),
}
_LOOKING = frozenset((*_SCRIPT_WORDS, *_OUT_WORDS, *_APART, "plain"))
_OF_ROWS = frozenset(("trowd", "row", "cell", "cellx", *_MERGED))
# Who knows none of these may pass over them, and striprtf would.
_PASSED = re.compile(r"\\\*(?=\\(?:footnote|annotation|shpinst)\b)")
_FRAMES = ("shp", "shpinst", "shpgrp")
# "批注（", "）", "："
_REMARK, _OPEN, _CLOSE, _COLON = r"\u25209?\u27880?", r"\u-248?", r"\u-247?", r"\u-230?"
# A page's number is no text.
_PAGE = re.compile(
    r"\\fldinst\b[^{}]{0,40}(?:\{[^{}]{0,200})?\b(?:PAGE|NUMPAGES|SECTIONPAGES)\b[^{}]*\}{1,3}\s*\{\\fldrslt\b"
)
_IN_FIELD = r"(?:(?!\\field\b).)"
_BOX = re.compile(rf"\{{\\field\b(?={_IN_FIELD}{{0,200}}?FORMCHECKBOX({_IN_FIELD}{{0,400}}?)\\ffdefres(\d))", re.DOTALL)


def with_marks(source: str) -> str:
    """The source with marks where the look of the text changes, and where what stands apart or in cells ends."""
    source = _PAGE.sub(lambda field: field[0].replace(r"\fldrslt", r"\fldinst"), _BOX.sub(_box, source))
    if not _MARKED.search(source):
        return source
    return "".join(_Walk().over(_PASSED.sub("", source)))


def _box(field: re.Match[str]) -> str:
    """The field of a box that is ticked or not, behind the box."""
    own = re.search(r"\\ffres(\d+)", field[1])
    state = field[2] if own is None or own[1] == "25" else own[1]
    return rf"\u{ord(CHECKED if state == '1' else UNCHECKED)}?{field[0]}"


class _State(NamedTuple):
    """How text looks at a place: raised or lowered, left out as what; and the marks of what is open apart from it."""

    script: str = LEVEL
    out: frozenset[str] = frozenset()
    apart: str = ""

    @property
    def mark(self) -> str:
        return next((mark for mark in (DELETED, STRUCK, HIDDEN) if mark in self.out), self.script)


class _Walk:
    """Goes over the source token by token."""

    def __init__(self) -> None:
        self._stack: list[_State] = []
        self._state = _State()
        self._in_row = False
        self._cells = _Cells()
        self._level = ""
        self._author = ""
        self._signing = False

    def over(self, source: str) -> Iterator[str]:
        for token in _TOKEN.finditer(source):
            text, word, number = token.groups()
            if self._signing and token[0] != "}":
                self._author += token[0]
            if word is not None:
                yield from self._word(word, number or "", token[0])
            elif token[0] == "}" and self._stack and text is None:
                yield self._end()
            else:
                self._stack += [self._state] if token[0] == "{" else []
                yield token[0]

    def _end(self) -> str:
        """The end of a group."""
        before, self._state = self._state, self._stack.pop()
        self._signing = False
        apart = self._state.apart
        closed = f"{NOTE_END}{apart}" if before.apart not in ("", apart) else ""
        return f"{closed}}}{self._state.mark if self._state.mark != before.mark else ''}"

    def _word(self, word: str, number: str, token: str) -> Iterator[str]:
        before = self._state
        if word in ("pard", "outlinelevel"):
            self._level = number or "0" if word == "outlinelevel" else ""
        elif word == "atnauthor":
            self._author, self._signing = "", True
        if word == "par" and self._level in _LEVELS and not (self._in_row or before.apart):
            yield f"{HEADS}{self._level}"
        if word in _OF_ROWS and not before.apart:
            self._in_row = word == "trowd" if word in ("trowd", "row") else self._in_row
            yield self._cells.meet(word, number)
        if word in _LOOKING:
            self._state = _after(before, word, number)
        if self._state.mark != before.mark:
            yield self._state.mark
        # What stands apart is no part of what else does.
        yield NOTE_END if word in _APART and before.apart else ""
        yield self._written(word, token)

    def _written(self, word: str, token: str) -> str:
        """A control word as striprtf carries it over: the number of an item is text, a cell's line goes on."""
        match word:
            case "pntext":
                return token.replace("pntext", "listtext")
            case "cell" | "nestcell":
                return " " if self._state.apart else CELL
            case "annotation":
                signed = f"{_OPEN}{self._author}{_CLOSE}" if self._author else ""
                return f"{NOTE}{_REMARK}{signed}{_COLON}"
            case _ if word in _APART:
                return _APART[word]
            case _ if word in _FRAMES:
                return ""
            case "par" | "line" | "row" if self._state.apart:
                return f"{NOTE_END}{self._state.apart}"
            case "par" | "line" if self._in_row:
                return " "
        return token


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
                self._said.append(f"{EDGE}{self._merged}{number}")
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
        return state._replace(script=LEVEL if number == "0" else _SCRIPT_WORDS[word])
    if word in _OUT_WORDS:
        mark = {_OUT_WORDS[word]}
        return state._replace(out=state.out - mark if number == "0" else state.out | mark)
    return _State(apart=state.apart) if word == "plain" else _State(apart=_APART[word])
