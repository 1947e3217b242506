"""The numbers of lists and headings in an ODT as they are shown, by its list styles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rag.loading.office.drawings import local
from rag.loading.office.numerals import numeral
from rag.loading.trees import counted
from rag.text.normalization import is_cjk

# Forms of numbers by the first character of how ODF names them: "一, 二, 三, ...".
_FORMS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "一": "chineseCounting",
    "壹": "chineseLegalSimplified",
    "甲": "ideographTraditional",
    "子": "ideographZodiac",
    "①": "decimalEnclosedCircle",
    "１": "decimalFullWidth",
}
_DEEPEST, _LONGEST = 10, 20
OUTLINE = "outline-style"
_HOLDERS = ("automatic-styles", "styles")


class _Level(NamedTuple):
    form: str
    prefix: str
    suffix: str
    start: int
    shown: int


class ListStyles:
    """The list styles of a document, from the roots of its parts, and where its lists stand."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        for holder in (holder for root in roots for holder in root if local(holder) in _HOLDERS):
            for style in holder:
                if local(style) in ("list-style", OUTLINE):
                    name = attribute(style, "name") if local(style) == "list-style" else OUTLINE
                    self._levels[name] = dict(_levels(style))
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (_DEEPEST + 1))

    @property
    def number_headings(self) -> bool:
        """Whether headings may have numbers."""
        return OUTLINE in self._levels

    def begin(self, style: str) -> None:
        """A list of a style begins, and does not go on counting."""
        self._counts.pop(style, None)

    def next(self, style: str, depth: int, start: str = "") -> tuple[str, int]:
        """What stands before the next item at ``depth`` (from 1), with what parts it, and its count.

        "" before items with bullets.
        """
        counts = self._counts[style]
        depth = min(depth, _DEEPEST)
        level = self._levels.get(style, {}).get(depth)
        first = (level.start if level else 1) if not counts[depth] else counts[depth] + 1
        counts[depth] = counted(start, first)
        counts[depth + 1 :] = [0] * (_DEEPEST - depth)
        return self._label(style, depth, counts), counts[depth]

    def _label(self, style: str, depth: int, counts: list[int]) -> str:
        levels = self._levels.get(style, {})
        own = levels.get(depth)
        if own is None or not own.form:
            return ""
        shown = [n for n in range(max(1, depth - own.shown + 1), depth + 1) if n in levels and levels[n].form]
        number = ".".join(numeral(counts[n] or levels[n].start, levels[n].form) for n in shown)
        label = f"{own.prefix}{number}{own.suffix}".strip()
        return label if not label or (is_cjk(label[-1]) and not label[-1].isalnum()) else f"{label} "


def _levels(style: Any) -> Iterator[tuple[int, _Level]]:
    for level in style:
        form = _FORMS.get(attribute(level, "num-format")[:1], "")
        prefix, suffix = (attribute(level, f"num-{end}")[:_LONGEST] for end in ("prefix", "suffix"))
        start, shown = (counted(attribute(level, name), 1) for name in ("start-value", "display-levels"))
        yield counted(attribute(level, "level"), 1), _Level(form, prefix, suffix, start, shown)


def attribute(element: Any, name: str) -> str:
    """An attribute, whatever its namespace."""
    for key, value in element.attrib.items():
        if key.endswith(name) and key.rpartition("}")[2] == name:
            return str(value)
    return ""
