"""What Office documents draw: the text of shapes, diagrams (SmartArt) as lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.loading.blocks import RawBlock, path_name
from rag.loading.trees import counted
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
