"""Charts of Office documents as tables: their series are the columns, with values as they were last shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from rag.loading.blocks import RawBlock
from rag.loading.office.drawings import local, said
from rag.loading.sheets.number_formats import is_date, shown
from rag.loading.tables import Row, table
from rag.loading.trees import counted
from rag.loading.unread import Lost
from rag.types import BlockKind

# Days are counted from here, or from 1904 on.
_DAYS, _MAC_DAYS = datetime(1899, 12, 30), datetime(1904, 1, 1)
_MOST_DAYS = 2_958_466
_VALUE = re.compile(r"-?\d{1,15}(?:\.\d{1,40})?(?:E[+-]?\d{1,2})?", re.IGNORECASE)


def chart_blocks(
    root: Any, path: tuple[str, ...], lose: Callable[[Lost], None], *, page: int = 0
) -> Iterator[RawBlock]:
    """A chart's title and the table of what it shows; one without is told. ``root``: None of a part that lacks."""
    title, grid = (title_of(root), _grid(root)) if root is not None else ("", [])
    if not grid:
        lose(Lost.CHART)
    if title:
        yield RawBlock(BlockKind.PARAGRAPH, title, path=path, page=page)
    yield from table((Row(cells, page=page) for cells in grid), path, title)


def title_of(root: Any) -> str:
    """What stands above a chart; "" if nothing does. Titles of axes are none."""
    above = next((t for part in root if local(part) == "chart" for t in part if local(t) == "title"), None)
    return " ".join(_named(above).split())


def _grid(root: Any) -> list[list[str]]:
    """The series of a chart as the columns of a table."""
    from_1904 = any(local(e) == "date1904" and e.get("val") not in ("0", "false") for e in root)
    begin = _MAC_DAYS if from_1904 else _DAYS
    axes = _axes(root)
    first, names = "", dict[int, str]()
    columns: list[tuple[str, dict[int, str]]] = []
    for series in (s for s in root.iter() if local(s) == "ser"):
        along, up = (axes.get(id_, "") for id_ in _axes_of(series))
        parts = {local(part): part for part in series}
        for axis in ("cat", "xVal"):
            names |= _points(parts.get(axis), begin)
        first = first or along
        label = _with_unit(" ".join(_points(parts.get("tx"), begin).values()), up) or f"系列{len(columns) + 1}"
        columns.append((label, _points(parts.get("val"), begin) or _points(parts.get("yVal"), begin)))
        sizes = _points(parts.get("bubbleSize"), begin)
        columns += [(f"{label} 大小", sizes)] if sizes else []
    places = sorted(names.keys() | {place for _, values in columns for place in values})
    rows = [[names.get(place, ""), *(values.get(place, "") for _, values in columns)] for place in places]
    return [[first, *(label for label, _ in columns)], *rows] if rows else []


def _axes(root: Any) -> dict[str, str]:
    """What the axes are called, by their ids."""
    found: dict[str, str] = {}
    for axis in (e for e in root.iter() if local(e) in ("catAx", "dateAx", "valAx", "serAx")):
        parts = {local(part): part for part in axis}
        if "axId" in parts:
            found[parts["axId"].get("val") or ""] = " ".join(_named(parts.get("title")).split())
    return found


def _axes_of(series: Any) -> tuple[str, str]:
    """The ids of the axes along which a series runs, and up which."""
    along, up, *_ = *(e.get("val") or "" for e in series.getparent() if local(e) == "axId"), "", ""
    return along, up


def _with_unit(name: str, axis: str) -> str:
    """A series' name with that of its axis, which is its unit or says the same."""
    return name or axis if not axis or axis in name else axis if name in axis else f"{name}（{axis}）"


def _named(title: Any) -> str:
    """A title: its own text, or that of the cell from which it comes."""
    if title is None:
        return ""
    return said(title) or " ".join(e.text or "" for e in title.iter() if local(e) == "v")


def _points(part: Any, begin: datetime) -> dict[int, str]:
    """The values of one axis by their place; of names on several levels the outer ones first."""
    if part is None:
        return {}
    levels = [e for e in part.iter() if local(e) == "lvl"]
    found = _level(part, begin) if not levels else {}
    for inner in levels:
        # The first level is the innermost; a name of another holds until the next of that level.
        names = _level(inner, begin)
        found = {at: f"{_last(names, at)} {name}".strip() for at, name in found.items()} if found else names
    return found


def _last(names: Mapping[int, str], place: int) -> str:
    return next((names[at] for at in sorted(names, reverse=True) if at <= place), "")


def _level(part: Any, begin: datetime) -> dict[int, str]:
    found: dict[int, str] = {}
    code = next((e.text or "" for e in part.iter() if local(e) == "formatCode"), "")
    texts = any(local(e) in ("strCache", "strLit", "lvl") for e in part.iter())
    for point in (e for e in part.iter() if local(e) == "pt"):
        index = counted(point.get("idx"), None)
        if index is not None:
            value = "".join(v.text or "" for v in point if local(v) == "v").strip()
            if not texts and _VALUE.fullmatch(value):
                value = _shown(float(value), point.get("formatCode") or code, begin)
            found[index] = f"{found.get(index, '')} {value}".strip()
    return found


def _shown(value: float, code: str, begin: datetime) -> str:
    """A value by the code of its format."""
    last = _MOST_DAYS - (begin - _DAYS).days
    return shown(begin + timedelta(days=value) if is_date(code) and 0 <= value < last else value, code)
