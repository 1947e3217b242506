"""What elements of a slide are: its shapes from top to bottom, their places and paragraphs, spans of cells."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from rag.loading.office.drawings import local, said
from rag.loading.trees import counted

TITLES = ("title", "ctrTitle")
# The number, date and footer that stand on every slide.
RUNNING = ("sldNum", "dt", "ftr", "hdr", "sldImg")
APART = (*TITLES, *RUNNING)


def shapes_of(root: Any) -> list[Any]:
    """The shapes of a slide in their order, those in groups among them."""
    holder = next((e for e in root.iter() if local(e) == "spTree"), None)
    return _shapes(holder) if holder is not None else []


def _shapes(holder: Any) -> list[Any]:
    found: list[Any] = []
    stack = _downwards(_units(holder))[::-1]
    while stack:
        unit = stack.pop()
        if local(unit) == "grpSp":
            stack += _downwards(_units(unit))[::-1]
        else:
            found.append(unit)
    return found


def _units(holder: Any) -> list[Any]:
    """The shapes and groups that lie in a slide or a group, also those wrapped in something."""
    found: list[Any] = []
    stack = list(reversed(holder))
    while stack:
        element = stack.pop()
        if local(element) in ("sp", "pic", "graphicFrame", "cxnSp", "grpSp"):
            found.append(element)
        elif local(element) not in ("Fallback", "nvGrpSpPr", "grpSpPr"):
            stack.extend(reversed(element))
    return found


def _downwards(units: list[Any]) -> list[Any]:
    """``units`` from top to bottom if all stand below each other; they may lie in the file in any order."""
    units = [
        unit for unit in units if is_placeholder(unit) or local(unit) in ("pic", "graphicFrame", "grpSp") or said(unit)
    ]
    placed = [unit for unit in units if place_of(unit) not in APART]
    spans = [(_span_down(unit), place) for place, unit in enumerate(placed)]
    known = sorted((*span, place) for span, place in spans if span)
    if len(known) < len(placed) or any(below[0] < above[1] for above, below in pairwise(known)):
        return units
    return [unit for unit in units if place_of(unit) in APART] + [placed[place] for *_, place in known]


def _span_down(unit: Any) -> tuple[int, int] | None:
    """Where a shape or group begins and ends, from the top; None of one that lies where its layout says."""
    frame = next((e for e in unit.iter() if local(e) == "xfrm"), None)
    places = {local(e): e.get("y") or e.get("cy") or "" for e in frame} if frame is not None else {}
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
