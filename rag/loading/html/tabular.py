"""Which elements of a page are tables of data, and their rows."""

from __future__ import annotations

from itertools import islice
from typing import Any

from rag.loading.trees import counted

_TABLES, _CELLS = ("table", "grid", "treegrid"), ("cell", "gridcell", "columnheader", "rowheader")
_HEADS = ("columnheader", "rowheader")
_LINES = ("p", "br", "li", "div")


def is_table(element: Any) -> bool:
    """Whether an element is a table of data: many a page is laid out by tables that hold other tables and headings."""
    if element.tag != "table":
        return element.get("role") in _TABLES and any(len(cells_of(row)) > 1 for row in rows_of(element))
    if element.get("role") in ("presentation", "none") or all(len(cells_of(row)) < 2 for row in rows_of(element)):
        return False
    if _is_columns(rows_of(element)):
        return False
    inner = element.find(".//table")
    if inner is not None and (
        element.find(".//table//table") is not None or all(row.find("th") is None for row in rows_of(element))
    ):
        return False
    return element.find(".//h1") is None and element.find(".//h2") is None


def _is_columns(rows: list[Any]) -> bool:
    """Whether rows are columns of text beside each other: only one has several cells, and in each stand several lines.

    Nothing then stands above or below a value.
    """
    wide = [cells for row in rows if len(cells := cells_of(row)) > 1]
    return len(wide) == 1 and not any(map(is_head, wide[0])) and all(map(_has_lines, wide[0]))


def _has_lines(cell: Any) -> bool:
    return next(islice(cell.iter(*_LINES), 1, None), None) is not None


def rows_of(table: Any) -> list[Any]:
    """The rows of a table, not those of tables in its cells: what is at its foot comes last, wherever it stands."""
    if table.tag != "table":
        return [row for row in table.iter() if row.get("role") == "row" and row.tag != "tr"]
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table]
    return sorted(rows, key=lambda row: row.getparent().tag == "tfoot")


def cells_of(row: Any) -> list[Any]:
    """The cells of a row, by their tags or by what they say that they are."""
    if row.tag == "tr":
        return list(row.iterchildren("td", "th"))
    return [cell for cell in row.iter() if cell.get("role") in _CELLS]


def is_head(cell: Any) -> bool:
    """Whether a cell names a column or row."""
    return cell.tag == "th" or (cell.tag != "td" and cell.get("role") in _HEADS)


def span(cell: Any, name: str) -> int:
    """Over how many columns or rows (``colspan``, ``rowspan``) a cell reaches."""
    return counted(cell.get(name) or cell.get(f"aria-{name}"), 1)
