"""What Office documents draw from data: diagrams (SmartArt) as lists, charts as tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from rag.loading.blocks import RawBlock, path_name
from rag.loading.tables import Row, table
from rag.loading.trees import counted
from rag.loading.unread import Lost
from rag.types import BlockKind

# Points that hold the text of a shape; the others are its place and its look.
_SHAPES = (None, "node", "asst", "doc")
_DEEPEST = 9


def local(element: Any) -> str:
    """An element's name without its namespace."""
    tag: str = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2]


def said(element: Any) -> str:
    """The text of a shape, a line for each paragraph."""
    paragraphs = [p for p in element.iter() if local(p) == "p"]
    lines = ("".join(t.text or "" for t in p.iter() if local(t) == "t").strip() for p in paragraphs)
    return "\n".join(filter(None, lines))


def diagram(root: Any, path: tuple[str, ...], *, page: int = 0) -> Iterator[RawBlock]:
    """The shapes of a diagram as items, each under the one that it hangs on."""
    points = {p.get("modelId"): p for p in root.iter() if local(p) == "pt" and p.get("type") in _SHAPES}
    below: dict[str | None, list[tuple[int, str]]] = {}
    hanging = set()
    for line in root.iter():
        if local(line) == "cxn" and line.get("type") in (None, "parOf") and line.get("destId") in points:
            below.setdefault(line.get("srcId"), []).append((counted(line.get("srcOrd"), 0), line.get("destId")))
            hanging.add(line.get("destId"))
    tops = [name for name in points if name not in hanging]
    stack = [(name, path, 1, item) for item, name in reversed(list(enumerate(tops, start=1)))]
    while stack:
        name, above, depth, item = stack.pop()
        # What hangs on itself is met once.
        point = points.pop(name, None)
        if point is None:
            continue
        text = said(point)
        if text:
            yield RawBlock(BlockKind.LIST_ITEM, text, path=above, level=depth, item=item, page=page)
        inside = (*above, path_name(" ".join(text.split()))) if text and depth < _DEEPEST else above
        deeper = min(depth + bool(text), _DEEPEST)
        hung = list(enumerate(sorted(below.get(name, [])), start=1))
        stack += [(child, inside, deeper, place) for place, (_, child) in reversed(hung)]


def chart_blocks(
    root: Any, path: tuple[str, ...], lose: Callable[[Lost], None], *, page: int = 0
) -> Iterator[RawBlock]:
    """A chart's title and the table of what it shows; one without is told. ``root``: None of a part that lacks."""
    title, grid = chart(root) if root is not None else ("", [])
    if not grid:
        lose(Lost.CHART)
    if title:
        yield RawBlock(BlockKind.PARAGRAPH, title, path=path, page=page)
    yield from table((Row(cells, page=page) for cells in grid), path, title)


def chart(root: Any) -> tuple[str, list[list[str]]]:
    """A chart's title, and its series as the columns of a table."""
    title = next((said(t) for t in root.iter() if local(t) == "title"), "")
    series = [s for s in root.iter() if local(s) == "ser"]
    names: dict[int, str] = {}
    columns: list[tuple[str, dict[int, str]]] = []
    for number, one in enumerate(series, start=1):
        parts = {local(part): part for part in one}
        for axis in ("cat", "xVal"):
            names |= _points(parts.get(axis))
        label = " ".join(_points(parts.get("tx")).values()) or f"系列{number}"
        columns.append((label, _points(parts.get("val")) or _points(parts.get("yVal"))))
    places = sorted(names.keys() | {place for _, values in columns for place in values})
    header = ["", *(label for label, _ in columns)]
    rows = [[names.get(place, ""), *(values.get(place, "") for _, values in columns)] for place in places]
    return " ".join(title.split()), [header, *rows] if rows else []


def _rounded(value: str) -> str:
    """Fifteen digits are what a sheet shows; the sixteenth is how 0.1 + 0.2 comes out."""
    return f"{float(value):.15g}" if re.fullmatch(r"-?\d{1,15}\.\d{14,40}", value) else value


def _points(part: Any) -> dict[int, str]:
    """The values of one axis by their place, as they were last shown."""
    found: dict[int, str] = {}
    for point in part.iter() if part is not None else ():
        index = counted(point.get("idx"), None)
        if local(point) == "pt" and index is not None:
            values = [v.text or "" for v in point if local(v) == "v"]
            found[index] = f"{found.get(index, '')} {_rounded(''.join(values))}".strip()
    return found
