"""What the first rows of a table are: titles above it, the names of its columns, or a form that has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from rag.loading.blocks import path_name
from rag.loading.tables.cell_text import FIELD, LABEL, VALUE, count_on, counts_into, do_count, is_name, is_unit
from rag.loading.tables.filling import Line
from rag.loading.tables.row_text import are_alike

# So many rows tell how a table is built.
LOOKED_AT = 30
_MOST_LEVELS = 4
_LEAST_WIDTH = 3


class Parts:
    """Numbers lines by the part in which they stand: between blank rows, or under other names of columns."""

    def __init__(self) -> None:
        self.number = 0
        self._named = True

    def __call__(self, line: Line) -> int:
        named = len(line.own) > 1 and _names_all(line) and all(is_name(line.texts[column]) for column in line.own)
        self.number += line.blanks > 0 or (named and not self._named)
        self._named = named
        return self.number


def take_bold(lines: Sequence[Line]) -> None:
    """Take what is bold for names: the first row of several cells, or every other cell from the first of each row."""
    lines = [line for line in lines if len(line.own) > 1]
    # In Markdown the first row is always said to be names.
    if len(lines) < 2 or any(line.heads for line in lines[1:]):
        return
    if all(line.own[::2] == [column for column in line.own if column in line.bold] for line in lines):
        for line in lines:
            line.heads = set(line.bold)
    if lines[0].heads:
        return
    whole = [line.bold.issuperset(line.own) for line in lines]
    above = next((n for n, bold in enumerate(whole) if not bold), 0)
    if above and not any(whole[above:-1]):
        for line in lines[:above]:
            line.heads.update(line.filled)


def title_rows(lines: Sequence[Line]) -> int:
    """How many of the first ``lines`` are titles: of one cell, or fields that do not fill the width."""
    width = max(len(line.own) for line in lines)
    if len(lines) == 1:
        return int(width == 1)
    for count, line in enumerate(lines[:-1]):
        texts = [line.texts[column] for column in line.own]
        fields = len(texts) <= width / 2 and (all(map(FIELD.match, texts)) or _are_fields(texts, width))
        # A label alone has its value below or beside it.
        fields = (fields and not any(text.endswith(("：", ":")) for text in texts)) or _is_imprint(lines[count:])
        if width == 1 or not (fields or (len(texts) == 1 and not line.up)):
            return count
    return len(lines) - 1


def _is_imprint(lines: Sequence[Line]) -> bool:
    """Whether the first line says whose, of when and in what unit the table is, above one that names more columns."""
    first, names = lines[0], lines[1]
    texts, below = ([line.texts[column] for column in line.own] for line in (first, names))
    labelled = list(filter(LABEL.match, texts))
    if not labelled or len(texts) >= len(below) or any(map(LABEL.match, below)):
        return False
    return all(text in labelled or VALUE.fullmatch(text) for text in texts) and names_columns(names, lines[2:])


def is_labelled(line: Line, width: int) -> bool:
    """Whether a row says by colons what its values are, and not by its columns: of so many, if there are."""
    texts = [line.texts[column] for column in line.own]
    if _are_fields(texts, width):
        return True
    bare = [text.endswith(("：", ":")) for text in texts]
    if len(texts) > 1 and (not width or len(texts) < width) and all(map(LABEL.match, texts)):
        return True
    return any(bare[:-1]) and all(
        before or LABEL.match(text) for text, before in zip(texts, [False, *bare], strict=False)
    )


def is_wide_field(lines: Sequence[Line]) -> bool:
    """Whether the first line is a label with one value over all other columns, and the next one names the columns."""
    first = lines[0]
    if len(lines) < 2 or len(first.own) != 2 or first.heads or len(lines[1].own) < _LEAST_WIDTH:
        return False
    label, value = first.own
    fills = value + 1 < len(first.texts) and first.across.issuperset(range(value + 1, len(first.texts)))
    names = not _goes_on(first, lines[1]) and names_columns(lines[1], lines[2:])
    return label == 0 and value == 1 and fills and names


def sides_of(lines: Sequence[Line]) -> list[str]:
    """The labels of the first of ``lines`` if they say whose the columns are: below them all have the same labels."""
    labels = [_labels(line) for line in lines]
    alike = any(len(found) > 1 and len(set(found)) == 1 and "" not in found for found in labels[1:])
    apart = len(set(labels[0])) == len(labels[0]) == len(lines[0].texts) > 1 and "" not in labels[0]
    same = all(line.own == lines[0].own for line in lines)
    return labels[0] if alike and apart and same and all(map(is_name, labels[0])) else []


def _labels(line: Line) -> list[str]:
    found = (LABEL.match(line.texts[column]) for column in line.own)
    return [label[0].rstrip("：:") if label else "" for label in found]


def _are_fields(texts: Sequence[str], width: int) -> bool:
    """Whether most of a few texts say by a colon what they are."""
    return 1 < len(texts) <= width / 2 and 2 * sum(1 for text in texts if LABEL.match(text)) > len(texts)


def header_rows(lines: Sequence[Line]) -> int:
    """How many of the first ``lines`` name the columns."""
    said = next((n for n, line in enumerate(lines) if not _names_all(line) or (n and line.merged)), len(lines))
    if said == len(lines):
        return 1
    if not said and not names_columns(lines[0], lines[1:]):
        return 0
    levels = min(max(1, said), _MOST_LEVELS)
    while levels < min(len(lines) - 1, _MOST_LEVELS) and _goes_on(lines[levels - 1], lines[levels]):
        if said and not lines[levels - 1].across:
            break
        levels += 1
    if levels < len(lines) and _gives_units(lines[levels], lines[levels + 1 :]):
        levels += 1
    return levels


def _names_all(line: Line) -> bool:
    """Whether the source says of all cells that they are names."""
    return line.heads.issuperset(line.filled)


def names_columns(line: Line, below: Sequence[Line]) -> bool:
    texts = [line.texts[column] for column in line.own]
    width = max((len(other.filled) for other in below), default=0)
    numbers = list(filter(VALUE.fullmatch, texts))
    if len(texts) < 2 or (len(texts) == len(numbers) and line.texts[0]):
        return False
    if below and counts_into(line.texts[0], below[0].at(0)):
        return False
    if len(line.filled) < width / 2 and not _goes_on(line, below[0]):
        return False
    return all(map(is_name, set(texts).difference(numbers))) and _counts(numbers, line, below)


def _counts(numbers: Sequence[str], line: Line, below: Sequence[Line]) -> bool:
    """Whether the numbers among names are names themselves: years, or the first, second and third of something."""
    if not numbers:
        return True
    columns = [column for column in line.own if VALUE.fullmatch(line.texts[column])]
    under = {text for column in columns for other in below if (text := other.at(column))}
    return do_count(numbers, under)


def _gives_units(line: Line, below: Sequence[Line]) -> bool:
    """Whether a line without a name of its own says what the numbers below are counted in."""
    short = all(map(is_unit, (line.texts[column] for column in line.own)))
    said = (other.at(column) for other in below if not other.merged for column in line.own)
    numbers = all(map(VALUE.fullmatch, filter(None, said)))
    return bool(line.own) and not line.texts[0] and not line.up and short and numbers and len(below) > 1


def _goes_on(line: Line, below: Line) -> bool:
    """Whether ``below`` names the columns under the names that ``line`` gives to several."""
    shared = set(range(max(len(line.texts), len(below.texts)))) - (set(line.own) - line.across)
    parted = [column for column in below.own if column in shared]
    if below.up and (line.across or are_alike([below.texts[column] for column in below.own])):
        # A name beside it reaches down, so these are names, whatever they look like.
        return True
    if _names_again(line, below):
        return True
    if not parted or not all(column in shared or column + 1 in shared for column in below.own):
        return False
    texts = [below.texts[column] for column in below.own]
    return all(map(is_name, texts)) or (not below.texts[0] and count_on(texts))


def _names_again(line: Line, below: Line) -> bool:
    """Whether words stand below numbers that are names, as weekdays do below the days of a month."""
    beside = not below.at(0) or 0 in below.up
    counted = len(below.own) > 1 and all(VALUE.fullmatch(line.at(column)) for column in below.own)
    return beside and counted and all(is_name(below.texts[column]) for column in below.own)


def names_of(header: Sequence[Line]) -> list[str]:
    """The name of each column: of two levels the upper one's first."""
    columns = range(max((len(line.texts) for line in header), default=0))
    levels = [[line.texts[c] if c < len(line.texts) else "" for c in columns] for line in header]
    for upper, lower in pairwise(levels):
        for column in columns[1:]:
            if not upper[column] and lower[column] and lower[column - 1]:
                upper[column] = upper[column - 1]
    return [path_name(" ".join(_once(level[c] for level in levels)).rstrip("：: ")) for c in columns]


def _once(texts: Iterable[str]) -> Iterator[str]:
    """Texts that are not blank, those that are the same as the one before left out."""
    return (text for text, _ in groupby(filter(None, texts)))


def places_of(names: Sequence[str]) -> list[int]:
    """The place of each column, counted from 0: neighbours of one name have the same."""
    places = [0] if names else []
    for before, name in pairwise(names):
        places.append(places[-1] + (not name or name != before))
    return places


def sets_off(line: Line, below: Sequence[Line]) -> bool:
    """Whether ``line`` has words above a column of numbers."""
    for column in line.own:
        texts = [text for other in below if (text := other.at(column))]
        numbers = sum(bool(VALUE.fullmatch(text)) for text in texts)
        if texts and numbers > len(texts) / 2 and not VALUE.fullmatch(line.texts[column]):
            return True
    return False
