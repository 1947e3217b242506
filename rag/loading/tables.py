"""Tables to blocks: each row is one, under the names of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.loading.blocks import RawBlock, path_name
from rag.types import BlockKind

CELLS = " | "


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row's cells. ``above``: of cells that reach down into it from the rows before."""

    cells: Sequence[str]
    line: int = 0
    above: tuple[str, ...] = ()


def table(rows: Iterable[Row], path: tuple[str, ...]) -> Iterator[RawBlock]:
    """A block for each row that is not empty. The first one names the columns and is the path of the others."""
    header = ""
    for row in rows:
        text = CELLS.join(joined for cell in row.cells if (joined := " ".join(cell.split())))
        if not text:
            continue
        above = (header, *map(path_name, row.above)) if header else ()
        yield RawBlock(BlockKind.PARAGRAPH, text, row.line, (*path, *above))
        header = header or path_name(text)
