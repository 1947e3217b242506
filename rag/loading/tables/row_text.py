"""How a row is written: its values after the names of their columns, and where in the text each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.loading.tables.filling import Line

NAMES = " | "
NAMED = "："
VALUES = "；"
# What a cell holds: its column, counted from 0, the name under which it is said, "" without one, and its text.
Value = tuple[int, str, str]
_NUMBER = re.compile(r"\d+")
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
    """The values of a row; those in columns of one name are one, and one over columns of several stands by all of them.

    What begins a row and reaches over several columns is the row's own name.
    """
    values: list[Value] = []
    count, last = len(names), -1
    beyond = 1 + places[-1] - count if places else 0
    apart: list[str] = []
    for column in line.filled:
        place, name = (places[column], names[column]) if column < count else (beyond + column, "")
        same = place == last
        if column in line.across and (not name or same):
            continue
        text = line.texts[column]
        if column not in line.across:
            apart = _names_over(line, column, names) if column + 1 in line.across else []
            if apart and len(values) == 1 and not values[0][1] and _fills(line, column):
                values = [(values[0][0], values[0][2], text)]
                continue
            name = ("、".join(apart) if column else "") if apart else name
        elif apart:
            continue
        if same:
            values[-1] = (place, name, f"{values[-1][2]} {text}")
        else:
            values.append((place, name, text))
        last = place
    return values


def _names_over(line: Line, column: int, names: Sequence[str]) -> list[str]:
    """The names of the columns over which a cell reaches, if these are several that are not alike."""
    end = next((c for c in range(column + 1, len(names)) if c not in line.across), len(names))
    found = list(dict.fromkeys(filter(None, names[column:end])))
    return [] if len(found) < 2 or are_alike(found) else found


def _fills(line: Line, column: int) -> bool:
    """Whether a cell reaches to the end of its row."""
    return line.across.issuperset(range(column + 1, len(line.texts)))


def are_alike(texts: Sequence[str]) -> bool:
    """Whether texts begin or end with the same character, as 周一 and 周二 do, or are numbers of one form."""
    ends = any(len({text[end] for text in texts}) == 1 for end in (0, -1))
    return len(texts) > 1 and (ends or len({_NUMBER.sub("0", text) for text in texts}) == 1)


def fields_of(line: Line) -> list[Value]:
    """The fields of a form's row: labels with what stands after them."""
    values: list[Value] = []
    open_label = False
    labels = _labels(line)
    for column in line.own:
        text = line.texts[column]
        if column in labels:
            values.append((column, "", text.rstrip("：: ") or text))
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


def _labels(line: Line) -> set[int]:
    """The columns of a form's row in which labels stand."""
    if line.heads:
        return line.heads
    named = {column for column, text in enumerate(line.texts) if text.endswith(("：", ":"))}
    every_other = line.cells[::2]
    if not named.issubset(every_other):
        return named
    return {column for column in every_other if not named or column in named or not _NUMBER.search(line.texts[column])}
