"""The automatic numbers of a DOCX as they are shown: 第三条, 1.2.3, （一）."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from rag.loading.office.numerals import numeral
from rag.loading.office.symbols import is_symbolic, symbol
from rag.loading.trees import counted
from rag.text.normalization import is_cjk

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_LONGEST = 40
# Bullets that say something.
_BOXES = ("☐", "☑", "☒", "✓", "✗")


class _Level(NamedTuple):
    form: str
    text: str
    start: int
    after: str
    figures: bool
    # It begins anew after items of the first so many levels; None: of any.
    anew: int | None = None


class Numbering:
    """The lists of a document, from the root of its numbering part (None if there is none), and where they stand."""

    def __init__(self, root: Any, namespace: str) -> None:
        self._w = namespace
        self._lists = self._by_id(root, "num", "numId")
        self._abstract = self._by_id(root, "abstractNum", "abstractNumId")
        self._counts: dict[str, list[int]] = {}
        self._begun: set[tuple[str, int]] = set()
        self._kinds: dict[str, str] = {}
        self._levels: dict[tuple[str, int], _Level] = {}

    def next(self, number: str, depth: int) -> tuple[str, int]:
        """What stands before the next item of a list at ``depth`` (from 0), with what parts it; and its count.

        "" before items with bullets and those of lists that the document does not describe.
        """
        kind = self._kind(number)
        # Lists of one kind go on counting, unless one says that it begins anew.
        counts = self._counts.setdefault(kind, [0] * _LEVELS)
        own = self._level(number, depth)
        anew = self._restart(number, depth)
        if counts[depth] == 0:
            counts[depth] = own.start
        else:
            counts[depth] = counts[depth] + 1
        if anew is not None and (number, depth) not in self._begun:
            counts[depth] = anew
        self._begun.add((number, depth))
        for below in (below for below in range(depth + 1, _LEVELS) if counts[below]):
            anew_after = self._level(number, below).anew
            if anew_after is None or depth < anew_after:
                counts[below] = 0
        return self._label(number, own, counts), counts[depth]

    def _label(self, number: str, own: _Level, counts: list[int]) -> str:
        if own.form == "bullet":
            return f"{own.text} " if own.text in _BOXES else ""

        def shown(place: re.Match[str]) -> str:
            depth = int(place.group(1)) - 1
            level = self._level(number, depth)
            return numeral(counts[depth] or level.start, "decimal" if own.figures else level.form)

        label = _PLACE.sub(shown, own.text).strip()[:_LONGEST]
        if not label or own.after == "nothing":
            return label
        # What Word parts by a tabulator is parted here by a space, or by the label's own closing mark.
        return label if is_cjk(label[-1]) and not label[-1].isalnum() else f"{label} "

    def _level(self, number: str, depth: int) -> _Level:
        known = self._levels.get((number, depth))
        if known is None:
            known = self._levels[number, depth] = self._read(self._element(number, depth))
        return known

    def _read(self, element: Any) -> _Level:
        if element is None:
            return _Level("bullet", "", 1, "", figures=False)
        start, anew = self._value(element, "start"), self._value(element, "lvlRestart")
        return _Level(
            self._value(element, "numFmt") or "decimal",
            self._shown(element),
            counted(start, 1),
            self._value(element, "suff"),
            figures=element.find(f"{self._w}isLgl") is not None,
            anew=counted(anew, None),
        )

    def _shown(self, element: Any) -> str:
        text, fonts = self._value(element, "lvlText"), element.find(f"{self._w}rPr/{self._w}rFonts")
        font = fonts.get(f"{self._w}ascii") or "" if fonts is not None else ""
        return "".join(symbol(ord(character), font) for character in text) if is_symbolic(font) else text

    def _element(self, number: str, depth: int) -> Any:
        for holder in (self._override(number, depth), self._abstract.get(self._kind(number))):
            for level in holder.iterfind(f"{self._w}lvl") if holder is not None else ():
                if level.get(f"{self._w}ilvl") == str(depth):
                    return level
        return None

    def _kind(self, number: str) -> str:
        """The id of what a list is like; of a list that is not described, its own."""
        if number not in self._kinds:
            self._kinds[number] = self._read_kind(number)
        return self._kinds[number]

    def _read_kind(self, number: str) -> str:
        found = self._lists.get(number)
        kind = self._value(found, "abstractNumId") if found is not None else ""
        linked = self._value(self._abstract[kind], "numStyleLink") if kind in self._abstract else ""
        if linked:
            for other, element in self._abstract.items():
                if self._value(element, "styleLink") == linked:
                    return other
        return kind or f"#{number}"

    def _override(self, number: str, depth: int) -> Any:
        found = self._lists.get(number)
        for override in found.iterfind(f"{self._w}lvlOverride") if found is not None else ():
            if override.get(f"{self._w}ilvl") == str(depth):
                return override
        return None

    def _restart(self, number: str, depth: int) -> int | None:
        override = self._override(number, depth)
        start = self._value(override, "startOverride") if override is not None else ""
        return counted(start, None)

    def _by_id(self, root: Any, tag: str, key: str) -> dict[str, Any]:
        found = root.iterfind(f"{self._w}{tag}") if root is not None else ()
        return {element.get(f"{self._w}{key}") or "": element for element in found}

    def _value(self, element: Any, tag: str) -> str:
        child = element.find(f"{self._w}{tag}")
        return child.get(f"{self._w}val") or "" if child is not None else ""
