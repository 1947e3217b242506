"""Forms: tables of labels, each with its value, in which no column has a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile, zip_longest

from rag.loading.tables.cell_text import ADDRESS, LABEL, VALUE, is_name
from rag.loading.tables.filling import Line, beside_label, parted, side_parts
from rag.loading.tables.heads import LOOKED_AT, names_columns

# The label of a field has no more characters.
_LONGEST_LABEL = 16
_DIGIT = re.compile(r"\d")
# What is left of a value are its signs and its unit.
_DIGITS = re.compile(r"[\d.,\s]")
# "KX-200", "139****2211"
_CODE = re.compile(r"(?=.*\d)[!-~]+")
# This share of a form's labels end with a colon at least; of the numbers of a column so many are of one kind.
_LABELLED, _SAME_KIND = 0.5, 0.8
# In narrower rows one value is not written over the columns of others.
_LEAST_WIDTH = 3
_PAIR = 2
# A longer table is read as labels with values only if these are of so many kinds, and so many of them words.
_KINDS, _WORDS = 4, 0.2


def is_form(lines: Sequence[Line]) -> bool:
    """Whether the rows are labels, each with its value, and no column has a name."""
    # What fills the width stands above a part of the fields; what stands beside one label is a table of its own.
    parts = list(side_parts(line for line in lines if not line.merged))
    sides = [part for part in parts if len(part) > 1]
    if parts and len(parts[0]) > 1 and (_are_pairs(sides, parts) or all(map(_is_form_beside, sides))):
        return True
    lines = [part[0] for part in parts if len(part) == 1]
    if not lines or any(line.heads.issuperset(line.filled) for line in lines):
        return False
    if all(line.heads for line in lines):
        return all(line.own[::2] == sorted(line.heads.intersection(line.own)) for line in lines)
    if len(lines) > 1 and all(map(_is_wide_pair, lines)):
        return True
    said = [line.texts[column] for line in lines for column in line.own[::2]]
    if sum(label.endswith(("：", ":")) for label in said) >= _LABELLED * len(said):
        return True
    if len(lines) < 2:
        return False
    pairs = [_pairs(line) for line in lines]
    twins = _are_twins(pairs)
    labels = [label for fields in pairs for label, _ in fields]
    values = [value for fields in pairs for _, value in fields if value]
    if values and all(len(line.cells) > _PAIR and len(line.cells) % _PAIR for line in lines):
        # A label without a value in every row: no pairs.
        return False
    if not all(map(_is_label, labels)) or not (twins or len({*labels, *values}) == len(labels) + len(set(values))):
        return False
    if len(lines) >= LOOKED_AT and not _vary(values):
        return False
    first = [value for _, value in pairs[0]]
    if twins or (any(not is_name(value) for value in first) and not names_columns(lines[0], lines[1:])):
        return True
    if max(len(line.texts) for line in lines) >= _LEAST_WIDTH:
        figures = any(map(_DIGIT.search, values)) and not any(map(_are_of_a_kind, zip(*pairs[1:], strict=False)))
        return ((figures or not values) and _has_wide_values(lines)) or _head_nothing(first, labels, pairs[1:])
    return _differ(values[bool(first[0]) :], said=bool(_DIGIT.search(first[0])))


def begins_as_form(lines: Sequence[Line]) -> bool:
    """Whether the rows are a form, or begin as one above a table that stands below a row of one cell."""
    parts = list(sections(lines))
    return is_form(lines) or (is_form(parts[0]) and any(map(table_inside, parts[1:])))


def sections(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines in parts, of which each but the first begins with a cell that fills the width."""
    return parted(lines, lambda line: line.merged)


def table_inside(section: Sequence[Line]) -> int:
    """How many lines below the first, a cell that fills the width of a form, are a table with names of columns."""
    lines = list(takewhile(lambda line: not _is_wide_pair(line), section[1:]))
    return len(lines) if section[0].merged and _is_table(lines) else 0


def _is_table(lines: Sequence[Line]) -> bool:
    """Whether the first of a few lines in a form names the columns of the others."""
    if len(lines) < 2 or not lines[0].cells == lines[0].own == lines[1].cells or is_form(lines):
        return False
    below = [line.texts[column] for line in lines[1:] for column in line.cells[::2]]
    rows = len(lines[0].own) % 2 or not all(map(_is_label, below))
    return bool(rows) and all(_is_label(text) and not text.endswith(("：", ":")) for text in lines[0].texts)


def _is_form_beside(part: Sequence[Line]) -> bool:
    """Whether what stands beside one label is a form: of labels with values, not of single cells."""
    inside = list(beside_label(part))
    return all(len(line.cells) > 1 for line in inside) and is_form(inside)


def _are_pairs(sides: Sequence[Sequence[Line]], parts: Sequence[Sequence[Line]]) -> bool:
    """Whether all parts are two columns beside a label: nothing then names the columns."""
    return 1 < len(sides) == len(parts) and all(map(are_pairs, sides))


def are_pairs(part: Sequence[Line]) -> bool:
    """Whether two columns stand beside one label."""
    return all(len(line.cells) == _PAIR for line in beside_label(part))


def _is_wide_pair(line: Line) -> bool:
    """Whether a row is one label with one value over several columns."""
    return len(line.cells) == _PAIR and line.cells[1] + 1 in line.across and _is_label(line.texts[0])


def _pairs(line: Line) -> list[tuple[str, str]]:
    """The cells of a row two by two, unless both are blank."""
    texts = [line.texts[column] for column in line.cells]
    return [pair for pair in zip(texts[::2], [*texts[1::2], ""], strict=False) if any(pair)]


def _is_label(text: str) -> bool:
    sign = bool(text) and not any(map(str.isalnum, text))
    said = LABEL.match(text.rstrip("：: "))
    return sign or (is_name(text) and len(text) <= _LONGEST_LABEL and not said and not _DIGIT.search(text))


def _are_twins(rows: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether most rows say two labels that are alike, as those of two parties to a contract."""
    if len(rows) < 2 or any(len(fields) != 2 for fields in rows):
        return False
    alike = sum(one[:1] == other[:1] or one[-1:] == other[-1:] for (one, _), (other, _) in rows)
    return alike > len(rows) / 2


def _has_wide_values(lines: Sequence[Line]) -> bool:
    """Whether values reach over the columns of other labels, under words that are not alike, as 周一 and 周二 are."""
    first = [lines[0].texts[column] for column in lines[0].own]
    alike = max(count for end in (0, -1) for count in Counter(text[end] for text in first).values())
    begins = max((line.cells for line in lines), key=len)
    if 2 * alike > len(first) or len(begins) < _LEAST_WIDTH:
        return False
    return any(line.cells == begins[:2] and begins[2] in line.across for line in lines[1:])


def _head_nothing(first: Sequence[str], labels: Sequence[str], below: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether the values of a form's first row are no names of what stands ``below`` them.

    They are said again there, one has a single character where all labels have more, one is a code, or what stands
    below is of several kinds in several columns, of which none is of numbers of one kind.
    """
    columns = [[value for _, value in column if value] for column in zip_longest(*below, fillvalue=("", ""))]
    if not set(first).isdisjoint(value for column in columns for value in column):
        return True
    if min(map(len, labels)) > 1 and any(len(value) == 1 for value in first):
        return True
    if any(map(_counts_one_thing, columns)):
        return False
    return any(map(_CODE.fullmatch, first)) or sum(map(_are_of_several_kinds, columns)) > 1


def _counts_one_thing(values: Sequence[str]) -> bool:
    """Whether the numbers among values, two or more, are of one kind."""
    numbers = [_DIGITS.sub("", value) for value in values if VALUE.fullmatch(value)]
    return len(numbers) > 1 == len(set(numbers))


def _are_of_several_kinds(values: Sequence[str]) -> bool:
    """Whether some values are numbers, codes or addresses, and others are not, or numbers of another kind."""
    return len(set(map(_kind, values))) > 1


def _vary(values: Sequence[str]) -> bool:
    """Whether values are of many kinds, words among them: things that are counted, each by its own word, are not."""
    kinds = Counter(map(_kind, values))
    return len(kinds) >= _KINDS and kinds[""] >= _WORDS * len(values)


def _kind(value: str) -> str:
    if ADDRESS.search(value):
        return "@"
    if VALUE.fullmatch(value):
        return f"0{_DIGITS.sub('', value)}"
    return "A" if _CODE.fullmatch(value) else ""


def _are_of_a_kind(fields: Sequence[tuple[str, str]]) -> bool:
    """Whether several values below each other are numbers of one kind."""
    values = [value for _, value in fields if value]
    return all(map(VALUE.fullmatch, values)) and _counts_one_thing(values)


def _differ(values: Sequence[str], *, said: bool) -> bool:
    """Whether the values of a column are of several kinds, so that no one name is of all; ``said``: it has a number."""
    numbers = [value for value in values if VALUE.fullmatch(value)]
    if not numbers:
        some = sum(bool(_DIGIT.search(value)) for value in values)
        return bool(values) and (said or 0 < some < len(values))
    kinds = Counter(_DIGITS.sub("", value)[:1] for value in numbers)
    several = kinds.most_common(1)[0][1] < _SAME_KIND * len(numbers)
    return len(numbers) <= len(values) / 2 or several or (said and len(numbers) < len(values))
