"""What the styles of a DOCX say of its paragraphs: that they are headings, items of lists, quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rag.loading.scripts import Script
from rag.loading.trees import Otherwise, counted

_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-9])")
_CONTENTS = re.compile(r"(?:toc|目录|目錄)\s*[1-9]|toc heading|table of figures")
_DEEPEST = 9
# Of columns Word itself has no more than 63.
_MOST = 1_000
# In half points: the size of a run that says none. What is moved by less than a quarter of it is moved for the looks.
_SIZE, _LEAST_MOVED = 21, 4
# So many runs before one tell whether it stands beside a line, or is one.
_NEAR = 8
_SCRIPTS = {"superscript": Script.RAISED, "subscript": Script.LOWERED}


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """``heading``: its level, or 0. ``list``: the id of its list, or "", and its ``depth`` in it from 0.
    ``contents``: it is a line of the table of contents.
    """

    heading: int = 0
    title: bool = False
    quote: bool = False
    contents: bool = False
    list: str = ""
    depth: int = 0


class Styles:
    """The styles of a document, from the root of its style part (None if there is none)."""

    def __init__(self, root: Any, namespace: str) -> None:
        self._w = namespace
        found = root.iterfind(f"{namespace}style") if root is not None else ()
        self._elements = {style.get(f"{namespace}styleId"): style for style in found}
        self._known: dict[str, ParagraphStyle] = {}

    def of(self, paragraph: Any) -> ParagraphStyle:
        """The style of a paragraph, with what it sets by itself."""
        properties = paragraph.find(f"{self._w}pPr")
        if properties is None:
            return ParagraphStyle()
        named = properties.find(f"{self._w}pStyle")
        return self._with(properties, self._named(named.get(f"{self._w}val") if named is not None else ""))

    def script(self, run: Any) -> Script:
        """Whether a run is raised or lowered, by itself or by its style."""
        align = self._of_run(run, "vertAlign")
        if align is not None:
            return _SCRIPTS.get(align.get(f"{self._w}val") or "", Script.LEVEL)
        points = self._position(run)
        before = islice(run.itersiblings(f"{self._w}r", preceding=True), _NEAR) if points else ()
        if all(self._position(other) == points for other in before):
            return Script.LEVEL
        return Script.RAISED if points > 0 else Script.LOWERED

    def has(self, run: Any, name: str) -> bool:
        """Whether a run is bold ("b"), hidden ("vanish") or the like, by itself or by its style."""
        return toggled(self._of_run(run, name), self._w)

    def _position(self, run: Any) -> int:
        """By how much a run stands above the line, in half points; 0 if that is little for its size."""
        moved = self._of_run(run, "position")
        said = (moved.get(f"{self._w}val") or "") if moved is not None else ""
        points = counted(said.lstrip("-"), 0)
        if not points or points * _LEAST_MOVED < number_in(self._of_run(run, "sz"), self._w, _SIZE):
            return 0
        return -points if said.startswith("-") else points

    def _of_run(self, run: Any, name: str) -> Any:
        """A property of a run, its own or else its style's; None if neither says it."""
        properties = run.find(f"{self._w}rPr")
        if properties is None:
            return None
        own, named = properties.find(f"{self._w}{name}"), properties.find(f"{self._w}rStyle")
        if own is None and named is not None:
            style = self._elements.get(named.get(f"{self._w}val"))
            own = style.find(f"{self._w}rPr/{self._w}{name}") if style is not None else None
        return own

    def _named(self, name: str | None) -> ParagraphStyle:
        """A style with what it inherits; one that is based on itself inherits nothing more."""
        chain: list[str] = []
        while name and name in self._elements and name not in chain and name not in self._known:
            chain.append(name)
            base = self._elements[name].find(f"{self._w}basedOn")
            name = base.get(f"{self._w}val") if base is not None else ""
        style = self._known.get(name or "", ParagraphStyle())
        for own in reversed(chain):
            style = self._known[own] = self._own(self._elements[own], style)
        return style

    def _own(self, element: Any, base: ParagraphStyle) -> ParagraphStyle:
        named = element.find(f"{self._w}name")
        name = (named.get(f"{self._w}val") or "").lower() if named is not None else ""
        if heading := _HEADING.fullmatch(name):
            base = replace(base, heading=int(heading.group(1)), title=False)
        elif name in ("title", "标题", "標題"):
            base = replace(base, title=True)
        elif name in ("quote", "intense quote", "引用", "明显引用"):
            base = replace(base, quote=True)
        elif _CONTENTS.fullmatch(name):
            base = replace(base, contents=True)
        properties = element.find(f"{self._w}pPr")
        return base if properties is None else self._with(properties, base)

    def _with(self, properties: Any, style: ParagraphStyle) -> ParagraphStyle:
        outline = properties.find(f"{self._w}outlineLvl")
        level = number_in(outline, self._w, None)
        if level is not None:
            # 9 is the level of body text.
            style = replace(style, heading=level + 1 if level < _DEEPEST else 0)
        numbering = properties.find(f"{self._w}numPr")
        if numbering is not None:
            number = numbering.find(f"{self._w}numId")
            depth = number_in(numbering.find(f"{self._w}ilvl"), self._w, None)
            if number is not None:
                value = number.get(f"{self._w}val") or "0"
                style = replace(style, list="" if value == "0" else value)
            style = replace(style, depth=min(depth, _DEEPEST - 1) if depth is not None else style.depth)
        return style


def number_in(element: Any, namespace: str, otherwise: Otherwise) -> int | Otherwise:
    """The number that an element is there to say: of columns, of a level."""
    return counted(element.get(f"{namespace}val"), otherwise, most=_MOST) if element is not None else otherwise


def toggled(element: Any, namespace: str) -> bool:
    """Whether a property is there and not switched off."""
    return element is not None and element.get(f"{namespace}val") not in ("0", "false", "off")
