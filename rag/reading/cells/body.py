"""The body of a table: the rows below one header, as texts that questions can be held against."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from rag.text.normalization import normalise
from rag.text.quantities.quantity import Quantity, quantity
from rag.types import Block, Document

MOST_ROWS: Final = 1000
"""A longer table is data that nobody reads whole; no question waits for it."""
_UNIT: Final = re.compile(r"\s*\([^()]*\)|/.*")
_TOTAL: Final = re.compile(r"(?:合|总|小|共|累)\s?计|总和|平均|均值|全年|全部|total|sum|average")


def is_blank(text: str) -> bool:
    """Whether a cell says nothing: it is empty, or marks alone stand in it, as — and / do. √ and ○ say something."""
    return all(unicodedata.category(character)[0] in "PZ" for character in normalise(text).text)


@dataclass(frozen=True)
class Table:
    """The rows below a header, totals aside: the texts of their cells by column; all in its normal form."""

    document: Document
    header: Block
    rows: Sequence[tuple[Block, Mapping[int, str]]]

    @classmethod
    def below(cls, document: Document, number: int) -> Self:
        """The table whose header is the block ``number``.

        Without rows where it goes on below another header of the same names, and where it has over a thousand.
        """
        header = document.blocks[number - 1]
        named = document.text[header.start : header.end]
        rows: list[tuple[Block, Mapping[int, str]]] = []
        for block in document.blocks:
            if block.header == block.number != number and document.text[block.start : block.end] == named:
                return cls(document, header, ())
            if block.header != number or block.number == number:
                continue
            if len(rows) == MOST_ROWS:
                return cls(document, header, ())
            texts = {cell.column: normalise(document.text[cell.start : cell.end]).text.strip() for cell in block.cells}
            if not any(_TOTAL.match(text) for text in texts.values()):
                rows.append((block, texts))
        return cls(document, header, rows)

    @cached_property
    def written(self) -> list[str]:
        """The names of the columns, in order."""
        return [normalise(name).text for name in self.document.columns(self.header)]

    @cached_property
    def names(self) -> list[str]:
        """The same without their units."""
        return [_UNIT.sub("", name).strip() for name in self.written]

    def column(self, number: int) -> list[str]:
        """What stands in a column, "" in blank cells."""
        return [texts.get(number, "") for _, texts in self.rows]

    def values(self, number: int) -> list[Quantity | None] | None:
        """What stands in a column, None in blank cells; None if these are not quantities of one unit, at least two."""
        said = [text for text in self.column(number) if not is_blank(text)]
        values = [quantity(text) for text in self.column(number)]
        read = [value for value in values if value]
        return values if len(read) == len(said) > 1 and len({value.unit for value in read}) == 1 else None
