"""Rows of tables as HTML tables: a cited one, and those of a document as they stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from rag.types import Block, CellSpan, Document, Span, TableRow
from rag.web.page.marking import marked
from rag.web.page.markup import Place, esc

# A cell of this width (a full-width character counts two) is not broken into lines: a name, an amount with its unit.
_SHORT = 8


def cited_row(row: TableRow) -> str:
    """A row under the names of its columns, with the cited cells marked."""
    cells = "".join(
        f'<td class="cited"{_unbroken(text)}><mark>{esc(text)}</mark></td>'
        if place in row.cited
        else f"<td{_unbroken(text)}>{esc(text)}</td>"
        for place, text in enumerate(row.cells)
    )
    return _table(_head(row.header), f"<tr>{cells}</tr>")


def table(source: Document, blocks: Sequence[Block], place: Place, target: int) -> str:
    """Rows of one table with their numbers and ``place`` marked; ``target`` is the number of the row to be shown."""
    first, names = blocks[0], source.columns(blocks[0])
    if first.header == first.number:
        head, blocks = _row(source, first, place, target, len(names)), blocks[1:]
    else:
        head = _head(names, before="<td></td>")
    return _table(head, "".join(_row(source, block, place, target, len(names)) for block in blocks))


def _table(head: str, rows: str) -> str:
    return f'<div class="table"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _head(names: Iterable[str], before: str = "") -> str:
    cells = "".join(f'<th scope="col"{_unbroken(name)}>{esc(name)}</th>' for name in names)
    return f"<tr>{before}{cells}</tr>" if cells else ""


def _row(source: Document, block: Block, place: Place, target: int, width: int) -> str:
    here = " here" if block.number == target else ""
    number = f'<td class="number" aria-hidden="true">{block.number}</td>'
    cells = _fields(source, block, place)
    if width:
        by_column = dict(zip((cell.column for cell in block.cells), cells, strict=True))
        cells = [by_column.get(column, "<td></td>") for column in range(max(width, 1 + max(by_column)))]
    return f'<tr class="block {block.kind}{here}" data-number="{block.number}">{number}{"".join(cells)}</tr>'


def _fields(source: Document, block: Block, place: Place) -> list[str]:
    """The cells of a row; without a header above it each after its name."""
    return [_name(source, block, cell) + _cell(source, block, cell, place) for cell in block.cells]


def _name(source: Document, block: Block, cell: CellSpan) -> str:
    said = "" if block.header else source.text[cell.begin : max(cell.begin, cell.start - 1)]
    return f'<th scope="row">{esc(said)}</th>' if said else ""


def _cell(source: Document, block: Block, cell: CellSpan, place: Place) -> str:
    tag = 'th scope="col"' if block.header == block.number else "td"
    cited = ' class="cited"' if place.exact.start < cell.end and cell.begin < place.exact.end else ""
    shown, words = marked(source.text, Span(cell.start, cell.end), place)
    whole = _unbroken(source.text[cell.start : cell.end])
    return f'<{tag}{cited} data-start="{shown.start}"{whole}>{words}</{tag[:2]}>'


def _unbroken(text: str) -> str:
    """What keeps a short cell on one line: squeezed, it would stand upright, a character a line."""
    width = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return " data-short" if width <= _SHORT else ""
