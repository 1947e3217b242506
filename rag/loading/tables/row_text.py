"""How a row is written: its values after the names of their columns, and where in the text each stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.loading.tables.filling import Line

NAMES = " | "
NAMED = "："
VALUES = "；"
# What a cell holds: its column, counted from 0, the name under which it is said, "" without one, and its text.
Value = tuple[int, str, str]
_BOXES = ("☐", "☑", "□", "■", "√")


def written(values: Iterable[Value], between: str) -> tuple[str, tuple[int, ...]]:
    """The text of a row, and of each value the column, where its name begins, where it begins and ends."""
    said: list[str] = []
    grid: list[int] = []
    begin = start = 0
    for column, name, text in values:
        if name:
            said.append(f"{name}{NAMED}{text}")
            start += len(name) + 1
        else:
            said.append(text)
        end = start + len(text)
        grid += (column, begin, start, end)
        begin = start = end + len(between)
    return between.join(said), tuple(grid)


def values_of(line: Line, names: Sequence[str], places: Sequence[int]) -> list[Value]:
    """The values of a row; those in columns of one name are one."""
    values: list[Value] = []
    count, last = len(names), -1
    beyond = 1 + places[-1] - count if places else 0
    for column in line.filled:
        place, name = (places[column], names[column]) if column < count else (beyond + column, "")
        same = place == last
        if column in line.across and (not name or same):
            continue
        text = line.texts[column]
        if same:
            values[-1] = (place, name, f"{values[-1][2]} {text}")
        else:
            values.append((place, name, text))
        last = place
    return values


def fields_of(line: Line) -> list[Value]:
    """The fields of a form's row: labels with what stands after them."""
    values: list[Value] = []
    open_label = False
    for column in line.own:
        text = line.texts[column]
        if _labels(line, column):
            values.append((column, "", text.rstrip("：: ")))
            open_label = True
        elif open_label:
            place, _, label = values[-1]
            values[-1] = (place, label, text)
            open_label = False
        elif values and values[-1][2] in _BOXES:
            place, label, box = values[-1]
            values[-1] = (place, label, f"{box} {text}")
        else:
            values.append((column, "", text))
    return values


def _labels(line: Line, column: int) -> bool:
    """Whether a cell of a form's row is a label."""
    if line.heads:
        return column in line.heads
    text = line.texts[column]
    return text.endswith(("：", ":")) or (column % 2 == 0 and not any(t.endswith(("：", ":")) for t in line.texts))
