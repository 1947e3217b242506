"""Raised and lowered text in one line: 10⁶, H₂O, x^(n+1); the marks that refer to notes are no part of a number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from functools import cache
from itertools import groupby


class Script(Enum):
    """Where a text stands beside the line that it belongs to."""

    LEVEL = ""
    RAISED = "^"
    LOWERED = "_"


_BLOCKS = (
    range(0xB2, 0xBA),
    range(0x1D2C, 0x1D6B),
    range(0x1D78, 0x1DC0),
    range(0x2070, 0x20A0),
    range(0x2C7C, 0x2C7E),
)
_SIGNS = str.maketrans("-−–﹣－", "⁻⁻⁻⁻⁻")
_LOW_SIGNS = str.maketrans("-−–﹣－", "₋₋₋₋₋")
_NUMBERS = r"(?:注\s*)?\d{1,3}(?:\s*[,，、;；–—~-]\s*\d{1,3})"
# [3], （注 2）, ①, *, †; and 1,2 or 3-5 without brackets.
_MARK = re.compile(rf"[\[［〔【(（]\s*{_NUMBERS}*\s*[\]］〕】)）]|{_NUMBERS}+|[①-⑳㉑-㊿*＊†‡§¶]+")
# What is raised after these is an exponent or an isotope's; after a percent sign or a comma it is a note's number.
_SIGN = re.compile(r"[^\w\s+−–=()-]")
# 1st, TM, 甲, ®: raised for the look of it.
_IS_WORD = re.compile(r"[A-Za-z]{2,}|.*[\u2e80-\u9fff].*|[^\w\s+−–-]", re.DOTALL)
_BASE = re.compile(r"[^\W_]|[)\]}）′'″]")


def in_line(pieces: Iterable[tuple[str, Script]]) -> str:
    """The pieces of a line as one text."""
    said: list[str] = []
    before = ""
    for script, group in groupby(pieces, key=lambda piece: piece[1]):
        joined = "".join([piece for piece, _ in group])
        said.append(joined if script is Script.LEVEL or not joined.strip() else beside(before, joined, script))
        before = said[-1].rstrip()[-1:] or before
    return "".join(said)


def beside(before: str, text: str, script: Script) -> str:
    """What is raised or lowered after ``before``, as it stands in one line; "" if it is the mark of a note."""
    stripped = text.strip()
    if script is Script.LOWERED:
        return _written(stripped, script)
    if _MARK.fullmatch(stripped):
        return ""
    if stripped.isdecimal() and before and not _BASE.match(before.rstrip()[-1:]):
        return ""
    return text if _IS_WORD.fullmatch(stripped) else _written(stripped, script)


def raised(text: str) -> str:
    """An exponent as Unicode has it, or after a caret."""
    return _written(text, Script.RAISED)


def lowered(text: str) -> str:
    """An index as Unicode has it, or after a low line."""
    return _written(text, Script.LOWERED)


def _written(text: str, script: Script) -> str:
    if _SIGN.fullmatch(text):
        return "°" if text in "∘○" else text
    shown = _unicode(text, script)
    if shown != text or not text:
        return shown
    return f"{script.value}{text}" if len(text) == 1 or text.isdecimal() else f"{script.value}({text})"


def _unicode(text: str, script: Script) -> str:
    """``text`` in raised or lowered characters, or as it is where one is missing."""
    known = _characters(script)
    signed = text.translate(_SIGNS if script is Script.RAISED else _LOW_SIGNS)
    shown = "".join(known.get(character, "") for character in signed if not character.isspace())
    return shown if len(shown) == len("".join(signed.split())) else text


@cache
def _characters(script: Script) -> dict[str, str]:
    """Characters of the line with the raised or lowered ones that Unicode has of them."""
    name = "<super>" if script is Script.RAISED else "<sub>"
    # Between lowered figures a point is one as it is: PM₂.₅.
    forms: dict[str, str] = {"⁻": "⁻"} if script is Script.RAISED else {"₋": "₋", ".": "."}
    for code in (code for block in _BLOCKS for code in block):
        kind, _, plain = unicodedata.decomposition(chr(code)).partition(" ")
        if kind == name and " " not in plain:
            forms.setdefault(chr(int(plain, 16)), chr(code))
    return forms
