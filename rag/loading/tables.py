"""Tables to blocks, the same for every format: each row is one, in which every value stands after its column's name.

``姓名：葛远舟；部门：结构一所；分机：6102``. What stands above the names is the table's caption.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, pairwise
from typing import Self

from rag.loading.blocks import RawBlock, path_name
from rag.types import BlockKind

NAMES = " | "
NAMED = "："
VALUES = "；"
# Of a cell in a block's grid.
_NUMBERS = 4
# So many rows tell how a table is built.
_LOOKED_AT = 30
# Columns over which merged cells reach, and the longest text that is said again in each row or column of such a cell.
_MOST_COLUMNS = 1000
_LONGEST_MERGED = 200
# A column's name has no more characters, and the label of a form's field not so many.
_LONGEST_NAME, _LONGEST_LABEL = 40, 16
_MOST_LEVELS = 4
# In a narrower table a row with one value is no rarer than others.
_LEAST_WIDTH = 3
_SENTENCE = re.compile(r"[。！？!?；;]|，.*，")
# "12.5", "¥1,250", "-18 ℃", "2024-03-05", "09:30", "86 元".
_VALUE = re.compile(r"[^\w]*\d[\d\s.,:/~\-–—年月日时分%‰×x]*[^\d\s]{0,4}")
_COUNTED = re.compile(r"(\D*?)(\d+)(\D*)")
_YEARS = range(1900, 2101)
_FIELD = re.compile(r"[^：:]{1,16}[：:]")
_NUMBER = re.compile(r"\d+")
_RULE = re.compile(r":?-{2,}:?")
_LONGEST_UNIT, _FEW_WORDS = 8, 3
_ADDRESS = re.compile(r"@|://")
_BOXES = ("☐", "☑", "□", "■", "√")
_DIGIT = re.compile(r"\d")
# What is left of a value are its signs and its unit.
_DIGITS = re.compile(r"[\d.,\s]")
# This share of a form's labels end with a colon at least; of the numbers of a column so many are of one kind.
_LABELLED, _SAME_KIND = 0.5, 0.8


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that fills ``across`` columns and ``down`` rows.

    ``up``: it belongs to the one above it. ``head``: the source says that it names a column or row.
    """

    text: str
    across: int = 1
    down: int = 1
    up: bool = False
    head: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells in the order of the columns, blank ones among them; not those that reach into it from above."""

    cells: Sequence[str | Cell]
    line: int = 0
    page: int = 0


# What a cell holds: its column, counted from 0, the name under which it is said, "" without one, and its text.
Value = tuple[int, str, str]


def row(values: Iterable[Value], line: int = 0, path: tuple[str, ...] = (), *, page: int = 0) -> RawBlock:
    """The block of a table's row, or of the fields of a record."""
    text, grid = _written(values, VALUES)
    return RawBlock(BlockKind.ROW, text, line, path, page=page, grid=grid)


def _written(values: Iterable[Value], between: str) -> tuple[str, tuple[int, ...]]:
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


def table(rows: Iterable[Row], path: tuple[str, ...], caption: str = "") -> Iterator[RawBlock]:
    """The blocks of a table, or of several that blank rows part: captions, names of columns, and rows.

    ``caption`` is what the source has said above the table already.
    """
    tables = _Tables(path, caption)
    for _, lines in groupby(_placed(rows), key=_Parts()):
        yield from tables.part(lines)


@dataclass(slots=True)
class _Line:
    """A row of the grid. ``across`` and ``up`` are the columns that hold what stands left of them or above, ``filled``
    those with a text, ``own`` those with one that begins there.
    """

    line: int
    page: int
    texts: list[str] = field(default_factory=list)
    across: set[int] = field(default_factory=set)
    up: set[int] = field(default_factory=set)
    heads: set[int] = field(default_factory=set)
    blanks: int = 0
    filled: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)

    def close(self) -> Self:
        """To be called when all cells are there."""
        self.filled = [column for column, text in enumerate(self.texts) if text]
        continued = self.across | self.up
        self.own = [column for column in self.filled if column not in continued] if continued else self.filled
        return self

    @property
    def merged(self) -> bool:
        """Whether one cell fills the whole row."""
        across = len(self.own) == 1 and self.own[0] + 1 in self.across
        return across and not self.up and len(self.texts) / 2 < 1 + len(self.across)

    @property
    def text(self) -> str:
        return VALUES.join(self.texts[column] for column in self.own)

    def add(self, cell: Cell, text: str, *, up: bool) -> None:
        begin = len(self.texts)
        again = text if len(text) <= _LONGEST_MERGED else ""
        width = max(1, min(cell.across, _MOST_COLUMNS - begin))
        columns = range(begin, begin + width)
        self.texts += [text, *[again] * (width - 1)]
        self.across.update(columns[1:])
        self.up.update(columns if up else ())
        self.heads.update(columns if cell.head else ())


def _placed(rows: Iterable[Row]) -> Iterator[_Line]:
    """The rows with what reaches into them filled in; of those without a text only the number, with the next."""
    reaching: dict[int, tuple[int, Cell]] = {}
    last = _Line(0, 0)
    blanks = 0
    for row in rows:
        line = _Line(row.line, row.page)
        plain = not reaching and all(type(cell) is str for cell in row.cells)
        if plain:
            line.texts = [" ".join(cell.split()) for cell in row.cells if isinstance(cell, str)]
        for given in () if plain else row.cells:
            _reach(line, reaching)
            cell = given if isinstance(given, Cell) else Cell(given)
            above = last.texts[len(line.texts)] if cell.up and len(line.texts) < len(last.texts) else ""
            text = above or " ".join(cell.text.split())
            begin = len(line.texts)
            line.add(cell, text, up=cell.up)
            if cell.down > 1:
                again = Cell(text if len(text) <= _LONGEST_MERGED else "", head=cell.head)
                reaching |= dict.fromkeys(range(begin, len(line.texts)), (cell.down - 1, again))
        if reaching:
            _reach(line, reaching, to_the_end=True)
        last = line.close()
        if line.own:
            line.blanks, blanks = blanks, 0
            yield line
        elif not line.filled:
            blanks += 1


def _reach(line: _Line, reaching: dict[int, tuple[int, Cell]], *, to_the_end: bool = False) -> None:
    """Add to ``line`` the cells from above that stand at its end."""
    last = max(reaching, default=-1) if to_the_end else -1
    while (column := len(line.texts)) in reaching or column <= last:
        rows, cell = reaching.pop(column, (0, Cell("")))
        line.add(cell, cell.text, up=bool(cell.text))
        if rows > 1:
            reaching[column] = (rows - 1, cell)


class _Parts:
    """Numbers lines by the part between blank rows in which they stand."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, line: _Line) -> int:
        self.number += line.blanks > 0
        return self.number


class _Tables:
    """Follows the parts between blank rows and keeps what names the columns."""

    def __init__(self, path: tuple[str, ...], caption: str) -> None:
        self.path = path
        self.caption = path_name(caption)
        self.section = ""
        self.title = ""
        self.form = False
        self.header: Sequence[_Line] = ()
        self.names: list[str] = []
        self.places: list[int] = []
        self.named = False

    def part(self, lines: Iterator[_Line], *, sides: bool = True) -> Iterator[RawBlock]:
        """The blocks of what stands between blank rows; ``sides``: it may be several tables side by side."""
        first = list(islice(lines, _LOOKED_AT))
        count = _titles(first)
        titles, rest = first[:count], first[count:]
        for title in titles:
            yield self.block(BlockKind.PARAGRAPH, title.text, title)
        if titles:
            self.title = path_name(titles[0].text)
        beside = _sides(rest) if sides else []
        if len(beside) > 1:
            whole = [*rest, *lines]
            for columns in beside:
                yield from self.side(_cut(whole, columns))
            self.names, self.title = [], ""
            return
        if rest and self.begins(rest):
            yield from self.begin(rest)
            rest = rest[len(self.header) :]
        for line in chain(rest, lines):
            yield from self.row(line)

    def side(self, lines: Iterator[_Line]) -> Iterator[RawBlock]:
        tables = _Tables(self.path, self.title or self.caption)
        for _, part in groupby(lines, key=_Parts()):
            yield from tables.part(part, sides=False)

    def begins(self, lines: Sequence[_Line]) -> bool:
        """Whether ``lines`` are a table of their own and not more of the one before."""
        if not self.names:
            return True
        first, count = lines[0], _header(lines)
        if not count or len(lines) == count:
            return bool(self.title) and _is_form(lines)
        others = set(first.filled) != {column for column, name in enumerate(self.names) if name}
        return bool(self.title or first.heads) or others or first.blanks > 1 or _sets_off(first, lines[count:])

    def begin(self, lines: Sequence[_Line]) -> Iterator[RawBlock]:
        self.form = _is_form(lines)
        self.header = () if self.form else lines[: _header(lines)]
        self.names = _names(self.header)
        self.places = _places(self.names)
        self.caption, self.section, self.title = self.title or self.caption, "", ""
        self.named = any(self.names)
        if self.named:
            names = dict(zip(self.places, self.names, strict=True))
            text, grid = _written(((place, "", name) for place, name in names.items() if name), NAMES)
            yield self.block(BlockKind.ROW, text, self.header[0], grid=grid, heads=True)

    def row(self, line: _Line) -> Iterator[RawBlock]:
        first = line.texts[line.own[0]] if line.own else ""
        ruled = _RULE.fullmatch(first) and all(_RULE.fullmatch(line.texts[column]) for column in line.own)
        if ruled or any(line.texts == header.texts for header in self.header):
            return
        if line.merged:
            yield self.block(BlockKind.PARAGRAPH, line.text, line, above=False)
            self.section = "" if _SENTENCE.search(line.text) or len(line.text) > _LONGEST_NAME else line.text
            return
        if self.notes(line):
            yield self.block(BlockKind.PARAGRAPH, line.text, line, above=False)
            return
        text, grid = _written(_fields(line) if self.form else _values(line, self.names, self.places), VALUES)
        if len(grid) == _NUMBERS and text == line.text and not self.form:
            yield self.block(BlockKind.PARAGRAPH, text, line)
        else:
            yield self.block(BlockKind.ROW, text, line, grid=grid)

    def notes(self, line: _Line) -> bool:
        """Whether a line is none of the rows but remarks on them: a sentence alone at its beginning."""
        if len(line.own) > 1 or not self.named or line.up:
            return False
        named = [column for column, name in enumerate(self.names) if name]
        if len(named) < _LEAST_WIDTH or line.own[0] > named[0]:
            return False
        remark = _SENTENCE.search(line.text) or _FIELD.match(line.text) or len(line.text) > _LONGEST_NAME
        return bool(line.blanks or remark)

    def block(
        self,
        kind: BlockKind,
        text: str,
        line: _Line,
        *,
        above: bool = True,
        grid: tuple[int, ...] = (),
        heads: bool = False,
    ) -> RawBlock:
        path = (*self.path, *filter(None, (self.caption, self.section if above else "")))
        headed = bool(grid) and self.named and not heads
        return RawBlock(kind, text, line.line, path, page=line.page, grid=grid, heads=heads, headed=headed)


def _sides(lines: Sequence[_Line]) -> list[range]:
    """The columns of tables that stand side by side: of two or more each, with blank ones between them."""
    if any(line.heads for line in lines):
        return []
    used = sorted({column for line in lines if not line.merged for column in line.filled})
    runs = [[column for _, column in run] for _, run in groupby(enumerate(used), key=lambda pair: pair[1] - pair[0])]
    return [range(run[0], run[-1] + 1) for run in runs] if all(len(run) > 1 for run in runs) else []


def _cut(lines: Iterable[_Line], columns: range) -> Iterator[_Line]:
    """Of the ``lines`` what stands in these columns."""
    blanks = 0
    for line in lines:
        across, up, heads = (
            {c - columns.start for c in marked if c in columns} for marked in (line.across, line.up, line.heads)
        )
        side = _Line(line.line, line.page, line.texts[columns.start : columns.stop], across, up, heads).close()
        if side.own:
            side.blanks, blanks = max(blanks, line.blanks), 0
            yield side
        else:
            blanks += 1


def _titles(lines: Sequence[_Line]) -> int:
    """How many of the first ``lines`` are titles: of one cell, or fields that do not fill the width."""
    width = max(len(line.own) for line in lines)
    if len(lines) == 1:
        return int(width == 1)
    for count, line in enumerate(lines[:-1]):
        texts = [line.texts[column] for column in line.own]
        fields = len(texts) <= width / 2 and all(_FIELD.match(text) for text in texts)
        if width == 1 or not (fields or (len(texts) == 1 and not line.up)):
            return count
    return len(lines) - 1


def _header(lines: Sequence[_Line]) -> int:
    """How many of the first ``lines`` name the columns."""
    said = next((n for n, line in enumerate(lines) if not line.heads.issuperset(line.filled)), len(lines))
    if said:
        return min(said, _MOST_LEVELS) if said < len(lines) else 1
    if not _names_columns(lines[0], lines[1:]):
        return 0
    levels = 1
    while levels < min(len(lines) - 1, _MOST_LEVELS) and _goes_on(lines[levels - 1], lines[levels]):
        levels += 1
    if levels < len(lines) and _gives_units(lines[levels], lines[levels + 1 :]) and lines[0].texts[0]:
        levels += 1
    return levels


def _names_columns(line: _Line, below: Sequence[_Line]) -> bool:
    texts = [line.texts[column] for column in line.own]
    width = max((len(other.filled) for other in below), default=0)
    numbers = [text for text in texts if _VALUE.fullmatch(text)]
    if len(texts) < 2 or len(line.filled) < width / 2 or (len(texts) == len(numbers) and line.texts[0]):
        return False
    return all(_is_name(text) for text in texts if text not in numbers) and _counts(numbers, line, below)


def _is_name(text: str) -> bool:
    return (
        len(text) <= _LONGEST_NAME
        and not _VALUE.fullmatch(text)
        and not _SENTENCE.search(text)
        and not (text.endswith(".") and text.count(" ") >= _FEW_WORDS)
        and not _ADDRESS.search(text)
        and any(map(str.isalpha, text))
    )


def _counts(numbers: Sequence[str], line: _Line, below: Sequence[_Line]) -> bool:
    """Whether the numbers among names are names themselves: years, or the first, second and third of something."""
    if not numbers:
        return True
    under = {other.texts[c] for c in line.own if line.texts[c] in numbers for other in below if c in other.filled}
    if _are_dates(numbers) and not any(map(_are_dates, ([*numbers, text] for text in under))):
        return True
    parts = [_COUNTED.fullmatch(text) for text in numbers]
    if None in parts or len({(part[1], part[3]) for part in parts if part}) > 1:
        return False
    counted = [int(part[2]) for part in parts if part]
    steps = {after - before for before, after in pairwise(counted)}
    if all(number in _YEARS for number in counted):
        return not any(part and int(part[2]) in _YEARS for part in map(_COUNTED.fullmatch, under))
    return len(counted) > 1 and min(steps) > 0 and (len(steps) == 1 or bool(parts[0] and parts[0][3]))


def _are_dates(texts: Sequence[str]) -> bool:
    """Whether texts are written alike with several numbers each, as dates and versions are."""
    forms = {_NUMBER.sub("0", text) for text in texts}
    return len(forms) == 1 < len(texts) and forms.pop().count("0") > 1


def _gives_units(line: _Line, below: Sequence[_Line]) -> bool:
    """Whether a line without a name of its own says what the numbers below are counted in."""
    short = all(_is_name(text) and len(text) <= _LONGEST_UNIT for text in (line.texts[c] for c in line.own))
    numbers = all(
        _VALUE.fullmatch(other.texts[c]) for other in below for c in line.own if c in other.filled and not other.merged
    )
    return bool(line.own) and not line.texts[0] and not line.up and short and numbers and len(below) > 1


def _goes_on(line: _Line, below: _Line) -> bool:
    """Whether ``below`` names the columns under the names that ``line`` gives to several."""
    shared = set(range(max(len(line.texts), len(below.texts)))) - (set(line.own) - line.across)
    parted = [column for column in below.own if column in shared]
    return bool(parted) and all(
        _is_name(below.texts[column]) and (column in shared or column + 1 in shared) for column in below.own
    )


def _names(header: Sequence[_Line]) -> list[str]:
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


def _places(names: Sequence[str]) -> list[int]:
    """The place of each column, counted from 0: neighbours of one name have the same."""
    places = [0] if names else []
    for before, name in pairwise(names):
        places.append(places[-1] + (not name or name != before))
    return places


def _values(line: _Line, names: Sequence[str], places: Sequence[int]) -> list[Value]:
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


def _fields(line: _Line) -> list[Value]:
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


def _labels(line: _Line, column: int) -> bool:
    """Whether a cell of a form's row is a label."""
    if line.heads:
        return column in line.heads
    text = line.texts[column]
    return text.endswith(("：", ":")) or (column % 2 == 0 and not any(t.endswith(("：", ":")) for t in line.texts))


def _is_form(lines: Sequence[_Line]) -> bool:
    """Whether the rows are labels, each with its value, and no column has a name."""
    # What fills the width stands above a part of the fields.
    lines = [line for line in lines if not line.merged]
    if not lines or any(line.heads.issuperset(line.filled) for line in lines):
        return False
    if all(line.heads for line in lines):
        return all(line.own[::2] == sorted(line.heads.intersection(line.own)) for line in lines)
    pairs = [
        (line.texts[c], line.texts[c + 1] if c + 1 < len(line.texts) else "") for line in lines for c in line.own[::2]
    ]
    labels = [label for label, _ in pairs]
    if sum(label.endswith(("：", ":")) for label in labels) >= _LABELLED * len(labels):
        return True
    plain = all(_is_name(label) and len(label) <= _LONGEST_LABEL and not _DIGIT.search(label) for label in labels)
    apart = len(set(labels)) == len(labels) and all(column % 2 == 0 for line in lines for column in line.own[::2])
    if len(lines) < 2 or len(lines) == _LOOKED_AT or not plain or not apart:
        return False
    first = [value for _, value in pairs[: len(lines[0].own[::2])]]
    if any(not _is_name(value) for value in first) and not _names_columns(lines[0], lines[1:]):
        return True
    if max(len(line.texts) for line in lines) > 2:
        return _has_wide_values(lines)
    return _differ([value for _, value in pairs[1:] if value], said=bool(_DIGIT.search(first[0])))


def _has_wide_values(lines: Sequence[_Line]) -> bool:
    """Whether values reach over the columns of other labels, under words that are not alike, as 周一 and 周二 are."""
    first = [lines[0].texts[column] for column in lines[0].own]
    alike = any(len({text[end] for text in first}) < len(first) for end in (0, -1))
    width = max(len(line.texts) for line in lines)
    wide = (line.own in ([0], [0, 1]) and line.across.issuperset(range(2, width)) for line in lines[1:])
    return width % 2 == 0 and not alike and any(wide)


def _differ(values: Sequence[str], *, said: bool) -> bool:
    """Whether the values of a column are of several kinds, so that no one name is of all; ``said``: it has a number."""
    numbers = [value for value in values if _VALUE.fullmatch(value)]
    if not numbers:
        return said and bool(values)
    kinds = Counter(frozenset(_DIGITS.sub("", value)) for value in numbers)
    several = kinds.most_common(1)[0][1] < _SAME_KIND * len(numbers)
    return len(numbers) <= len(values) / 2 or several or (said and len(numbers) < len(values))


def _sets_off(line: _Line, below: Sequence[_Line]) -> bool:
    """Whether ``line`` has words above a column of numbers."""
    for column in line.own:
        texts = [other.texts[column] for other in below if column in other.filled]
        numbers = sum(bool(_VALUE.fullmatch(text)) for text in texts)
        if texts and numbers > len(texts) / 2 and not _VALUE.fullmatch(line.texts[column]):
            return True
    return False
