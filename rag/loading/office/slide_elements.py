"""What elements of a slide are: its shapes from top to bottom, their places and paragraphs, spans of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from rag.loading.office.drawings import local, said
from rag.loading.trees import counted


def shapes_of(root: Any) -> Iterator[Any]:
    """The shapes of a slide, those in groups among them."""
    holder = next((e for e in root.iter() if local(e) == "spTree"), None)
    stack = list(reversed(holder)) if holder is not None else []
    while stack:
        element = stack.pop()
        if local(element) in ("sp", "pic", "graphicFrame", "cxnSp"):
            yield element
        elif local(element) not in ("Fallback", "nvGrpSpPr", "grpSpPr"):
            stack.extend(reversed(element))


def downwards(shapes: list[Any]) -> list[Any]:
    """``shapes`` from top to bottom if all stand below each other; they may lie in the file in any order."""
    shapes = [shape for shape in shapes if local(shape) in ("pic", "graphicFrame") or said(shape)]
    spans = [(_span_down(shape), place) for place, shape in enumerate(shapes)]
    known = sorted((*span, place) for span, place in spans if span)
    if len(known) < len(shapes) or any(below[0] < above[1] for above, below in pairwise(known)):
        return shapes
    return [shapes[place] for *_, place in known]


def _span_down(shape: Any) -> tuple[int, int] | None:
    """Where a shape begins and ends, from the top; None of one in a group or that lies where its layout says."""
    frame = next((e for e in shape.iter() if local(e) == "xfrm"), None)
    if frame is None or local(shape.getparent()) == "grpSp":
        return None
    places = {local(e): e.get("y") or e.get("cy") or "" for e in frame}
    top, height = places.get("off", ""), places.get("ext", "")
    if not re.fullmatch(r"-?\d{1,15}", top) or not re.fullmatch(r"\d{1,15}", height):
        return None
    return int(top), int(top) + int(height)


def paragraphs_of(shape: Any) -> list[Any]:
    body = next((e for e in shape.iter() if local(e) == "txBody"), None)
    return [e for e in body if local(e) == "p"] if body is not None else []


def is_placeholder(shape: Any) -> bool:
    return any(local(e) == "ph" for head in shape if local(head).startswith("nv") for e in head.iter())


def place_of(shape: Any) -> str:
    """What a shape is on its slide: "title", "body"; "" if that is not said."""
    heads = (e for e in shape if local(e).startswith("nv"))
    return next((e.get("type") or "" for head in heads for e in head.iter() if local(e) == "ph"), "")


def continues(cell: Any) -> bool:
    """Whether a cell is a part of the one before it or above it."""
    return "1" in (cell.get("hMerge"), cell.get("vMerge")) or "true" in (cell.get("hMerge"), cell.get("vMerge"))


def span_of(cell: Any, name: str) -> int:
    return counted(cell.get(name), 1)
