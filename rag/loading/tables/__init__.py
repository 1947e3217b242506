"""Tables to blocks, the same for every format: each row is one, in which every value stands after its column's name.

``姓名：葛远舟；部门：结构一所；分机：6102``. What stands above the names is the table's caption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice

from rag.loading.blocks import RawBlock, path_name
from rag.loading.tables.cell_text import FIELD, LONGEST_NAME, RULE, SENTENCE
from rag.loading.tables.filling import Cell, Line, Row, beside_each_other, beside_label, cut, filled, side_parts
from rag.loading.tables.forms import are_pairs, begins_as_form, is_form, sections, table_inside
from rag.loading.tables.heads import (
    LOOKED_AT,
    Parts,
    header_rows,
    is_labelled,
    is_wide_field,
    names_of,
    places_of,
    sets_off,
    sides_of,
    take_bold,
    title_rows,
)
from rag.loading.tables.row_text import NAMED, NAMES, VALUES, Value, fields_of, values_of, written
from rag.loading.tables.stacked import parts_apart
from rag.types import BlockKind

# Of a cell in a block's grid.
_NUMBERS = 4
_REMARK = "。"
# In a narrower table a row with one value is no rarer than others.
_LEAST_WIDTH = 3


def row(values: Iterable[Value], line: int = 0, path: tuple[str, ...] = (), *, page: int = 0) -> RawBlock:
    """The block of a table's row, or of the fields of a record."""
    text, grid = written(values, VALUES)
    return RawBlock(BlockKind.ROW, text, line, path, page=page, grid=grid)


def table(rows: Iterable[Row], path: tuple[str, ...], caption: str = "") -> Iterator[RawBlock]:
    """The blocks of a table, or of several that blank rows part: captions, names of columns, and rows.

    ``caption`` is what the source has said above the table already.
    """
    tables = _Tables(path, caption)
    for _, lines in groupby(parts_apart(filled(rows)), key=Parts()):
        yield from tables.part(lines)


class _Tables:
    """Follows the parts between blank rows and keeps what names the columns."""

    def __init__(self, path: tuple[str, ...], caption: str, *, form: bool = False) -> None:
        """``form``: what comes is known to be one."""
        self.path = path
        self.caption = path_name(caption)
        self.section = ""
        self.title = ""
        self.form = self.known = form
        self.header: Sequence[Line] = ()
        self.names: list[str] = []
        self.places: list[int] = []
        self.named = self.sided = False

    def part(self, lines: Iterator[Line], *, sides: bool = True) -> Iterator[RawBlock]:
        """The blocks of what stands between blank rows; ``sides``: it may be several tables side by side."""
        first = list(islice(lines, LOOKED_AT))
        count = title_rows(first) if first else 0
        titles, rest = first[:count], first[count:]
        for title in titles:
            yield self.block(BlockKind.PARAGRAPH, title.text, title)
        if titles:
            # A remark between two tables is said of the one above.
            said = (title.text for title in titles if not title.text.endswith(_REMARK))
            self.title = self.caption = next(map(path_name, said), self.caption)
        beside = beside_each_other(rest) if sides else []
        if len(beside) > 1:
            whole = [*rest, *lines]
            for columns in beside:
                yield from self.side(cut(whole, columns))
            self.names, self.title = [], ""
            return
        take_bold(rest)
        if rest and (signing := sides_of(rest)):
            yield from self.row(rest.pop(0))
            self.names, self.places, self.sided = signing, places_of(signing), True
        while rest and (is_labelled(rest[0], 0) or is_wide_field(rest)) and not is_form(rest):
            wide = is_wide_field(rest)
            yield from self.row(rest.pop(0), fields=wide)
        if rest and self.begins(rest):
            yield from self.begin(rest)
            rest = rest[len(self.header) :]
        if not self.form:
            for line in chain(rest, lines):
                yield from self.row(line)
            return
        for section in sections(chain(rest, lines)):
            yield from self.section_of_form(section)

    def section_of_form(self, lines: list[Line]) -> Iterator[RawBlock]:
        """A part of a form; it may be a table below a cell that fills the width."""
        if rows := table_inside(lines):
            yield from self.row(lines[0])
            yield from self.inside(lines[0], iter(lines[1 : 1 + rows]))
            lines = lines[1 + rows :]
        for part in side_parts(lines):
            yield from self.labelled(part) if len(part) > 1 else self.row(part[0])

    def inside(self, label: Line, lines: Iterator[Line], *, form: bool = False) -> Iterator[RawBlock]:
        """A table that stands in a form, below or beside a label."""
        path = (*self.path, *filter(None, (self.caption,)))
        yield from _Tables(path, path_name(label.text), form=form).part(lines, sides=False)

    def labelled(self, lines: Sequence[Line]) -> Iterator[RawBlock]:
        """The table that stands in a form beside a label."""
        first = lines[0]
        label = Line(first.line, first.page, first.texts[:1]).close()
        yield self.block(BlockKind.PARAGRAPH, label.text, label, above=False)
        yield from self.inside(label, beside_label(lines), form=are_pairs(lines))

    def side(self, lines: Iterator[Line]) -> Iterator[RawBlock]:
        tables = _Tables(self.path, self.title or self.caption)
        for _, part in groupby(lines, key=Parts()):
            yield from tables.part(part, sides=False)

    def begins(self, lines: Sequence[Line]) -> bool:
        """Whether ``lines`` are a table of their own and not more of the one before."""
        if not self.names:
            return True
        first, count = lines[0], header_rows(lines)
        again = [line.texts for line in lines[:count]] == [line.texts for line in self.header]
        if again and not (self.title or first.blanks):
            return False
        if not count or len(lines) == count:
            return bool(self.title) and is_form(lines)
        others = set(first.filled) != {column for column, name in enumerate(self.names) if name}
        return bool(self.title or first.heads) or others or first.blanks > 1 or sets_off(first, lines[count:])

    def begin(self, lines: Sequence[Line]) -> Iterator[RawBlock]:
        self.form, self.sided = self.known or begins_as_form(lines), False
        self.header = () if self.form else lines[: header_rows(lines)]
        self.names = names_of(self.header)
        self.places = places_of(self.names)
        self.caption, self.section, self.title = self.title or self.caption, "", ""
        self.named = any(self.names)
        if self.named:
            names = dict(zip(self.places, self.names, strict=True))
            text, grid = written(((place, "", name) for place, name in names.items() if name), NAMES)
            yield self.block(BlockKind.ROW, text, self.header[0], grid=grid, heads=True)

    def row(self, line: Line, *, fields: bool = False) -> Iterator[RawBlock]:
        """The block of a row; ``fields``: it is a label with its value."""
        first = line.texts[line.own[0]] if line.own else ""
        ruled = RULE.fullmatch(first) and all(RULE.fullmatch(line.texts[column]) for column in line.own)
        if ruled or any(line.texts == header.texts for header in self.header):
            return
        if line.merged:
            says = bool(SENTENCE.search(line.text)) or len(line.text) > LONGEST_NAME
            yield self.block(BlockKind.PARAGRAPH, line.text, line, above=says and self.form)
            self.section = "" if says else line.text
            return
        if self.notes(line):
            yield self.block(BlockKind.PARAGRAPH, line.text, line, above=False)
            return
        text, grid = written(fields_of(line) if fields else self.values(line), VALUES)
        if len(grid) == _NUMBERS and text == line.text and not self.form:
            yield self.block(BlockKind.PARAGRAPH, text, line)
        else:
            yield self.block(BlockKind.ROW, text, line, grid=grid)

    def values(self, line: Line) -> list[Value]:
        labelled = not self.sided and is_labelled(line, len(self.names))
        if self.form or (labelled and any(line.texts[column].endswith(("：", ":")) for column in line.own)):
            return fields_of(line)
        return values_of(line, () if labelled else self.names, () if labelled else self.places)

    def notes(self, line: Line) -> bool:
        """Whether a line is none of the rows but remarks on them: a sentence alone at its beginning."""
        if len(line.own) > 1 or not self.named or line.up:
            return False
        named = [column for column, name in enumerate(self.names) if name]
        if len(named) < _LEAST_WIDTH or line.own[0] > named[0]:
            return False
        remark = SENTENCE.search(line.text) or FIELD.match(line.text) or len(line.text) > LONGEST_NAME
        return bool(line.blanks or remark)

    def block(
        self,
        kind: BlockKind,
        text: str,
        line: Line,
        *,
        above: bool = True,
        grid: tuple[int, ...] = (),
        heads: bool = False,
    ) -> RawBlock:
        path = (*self.path, *filter(None, (self.caption, self.section if above else "")))
        headed = bool(grid) and self.named and not heads
        return RawBlock(kind, text, line.line, path, page=line.page, grid=grid, heads=heads, headed=headed)


__all__ = ["NAMED", "VALUES", "Cell", "Row", "row", "table"]
