"""The grid of a table: every row with what merged cells fill in, and tables that stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Self

from rag.loading.tables.row_text import VALUES

# Columns over which merged cells reach, and the longest text that is said again in each row or column of such a cell.
_MOST_COLUMNS = 1000
_LONGEST_MERGED = 200
# So many columns has a table that stands beside another.
_LEAST_SIDE = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that fills ``across`` columns and ``down`` rows.

    ``up``: it belongs to the one above it. ``head``: the source says that it names a column or row. ``bold``: all of it
    is.
    """

    text: str
    across: int = 1
    down: int = 1
    up: bool = False
    head: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells in the order of the columns, blank ones among them; not those that reach into it from above."""

    cells: Sequence[str | Cell]
    line: int = 0
    page: int = 0


@dataclass(slots=True)
class Line:
    """A row of the grid. ``across`` and ``up`` are the columns that hold what stands left of them or above, ``filled``
    those with a text, ``own`` those with one that begins there.
    """

    line: int
    page: int
    texts: list[str] = field(default_factory=list)
    across: set[int] = field(default_factory=set)
    up: set[int] = field(default_factory=set)
    heads: set[int] = field(default_factory=set)
    bold: set[int] = field(default_factory=set)
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
    def cells(self) -> list[int]:
        """The columns where cells begin, blank ones among them."""
        return [column for column in range(len(self.texts)) if column not in self.across and column not in self.up]

    def at(self, column: int) -> str:
        """What stands in a column; "" also beyond the last one."""
        return self.texts[column] if column < len(self.texts) else ""

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
        self.bold.update(columns if cell.bold else ())


def filled(rows: Iterable[Row]) -> Iterator[Line]:
    """The rows with what reaches into them filled in; of those without a text only the number, with the next."""
    reaching: dict[int, tuple[int, Cell]] = {}
    last = Line(0, 0)
    blanks = 0
    for row in rows:
        line = Line(row.line, row.page)
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
                again = Cell(text if len(text) <= _LONGEST_MERGED else "", head=cell.head, bold=cell.bold)
                reaching |= dict.fromkeys(range(begin, len(line.texts)), (cell.down - 1, again))
        if reaching:
            _reach(line, reaching, to_the_end=True)
        last = line.close()
        if line.own:
            line.blanks, blanks = blanks, 0
            yield line
        elif not line.filled:
            blanks += 1


def _reach(line: Line, reaching: dict[int, tuple[int, Cell]], *, to_the_end: bool = False) -> None:
    """Add to ``line`` the cells from above that stand at its end."""
    last = max(reaching, default=-1) if to_the_end else -1
    while (column := len(line.texts)) in reaching or column <= last:
        rows, cell = reaching.pop(column, (0, Cell("")))
        line.add(cell, cell.text, up=bool(cell.text))
        if rows > 1:
            reaching[column] = (rows - 1, cell)


def beside_each_other(lines: Sequence[Line]) -> list[range]:
    """The columns of tables that stand side by side: of two or more each, with blank ones between them or the same
    names.
    """
    if again := _said_again(lines):
        return again
    if any(line.heads for line in lines):
        return []
    used = sorted({column for line in lines if not line.merged for column in line.filled})
    runs = [[column for _, column in run] for _, run in groupby(enumerate(used), key=lambda pair: pair[1] - pair[0])]
    return [range(run[0], run[-1] + 1) for run in runs] if all(len(run) >= _LEAST_SIDE for run in runs) else []


def _said_again(lines: Sequence[Line]) -> list[range]:
    """The columns of each turn, if the first line says the same names over and over and no cell reaches over two."""
    names = lines[0].texts if lines else []
    sizes = (size for size in range(_LEAST_SIDE, len(names) // 2 + 1) if names[size + 1] == names[1])
    size = next((size for size in sizes if _turns(names, size)), 0)
    if not size or not all(any(map(str.isalpha, name)) for name in names):
        return []
    begins = list(range(0, len(names) - size + 1, size))
    if any(begin in line.across for line in lines if not line.merged for begin in begins):
        return []
    return [range(begin, end) for begin, end in pairwise([*begins, len(names)])]


def _turns(names: Sequence[str], size: int) -> bool:
    """Whether the same names are said over and over; of three or more the first may differ, as 资产 and 负债 do."""
    turns = [names[begin : begin + size] for begin in range(0, len(names) - size + 1, size)]
    same = 0 if size <= _LEAST_SIDE else 1
    return len(set(turns[0])) == size and all(turn[same:] == turns[0][same:] for turn in turns)


def side_parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines of a form; those beside one label, which is merged down its side, together."""
    return parted(lines, lambda line: 0 not in line.up)


def parted(lines: Iterable[Line], begins: Callable[[Line], bool]) -> Iterator[list[Line]]:
    """The lines in parts, of which each but the first begins with one that ``begins`` it."""
    part: list[Line] = []
    for line in lines:
        if part and begins(line):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def beside_label(part: Sequence[Line]) -> Iterator[Line]:
    """Of lines beside one label what stands beside it."""
    first, width = part[0], max(len(line.texts) for line in part)
    begin = next((column for column in range(1, width) if column not in first.across), width)
    return cut(part, range(begin, width))


def cut(lines: Iterable[Line], columns: range) -> Iterator[Line]:
    """Of the ``lines`` what stands in these columns."""
    blanks = 0
    for line in lines:
        across, up, heads = (
            {c - columns.start for c in marked if c in columns} for marked in (line.across, line.up, line.heads)
        )
        side = Line(line.line, line.page, line.texts[columns.start : columns.stop], across, up, heads).close()
        if side.own:
            side.blanks, blanks = max(blanks, line.blanks), 0
            yield side
        else:
            blanks += 1
