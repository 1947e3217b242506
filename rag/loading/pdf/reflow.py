"""Blocks rebuilt from the paragraphs and tables of pages: large type makes a heading, remarks follow their page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.loading.blocks import Outline, RawBlock
from rag.loading.images.recognition import Looked
from rag.loading.pdf.columns import reading_order
from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.grids import Grid, with_tables
from rag.loading.pdf.paragraphs import Paragraph, paragraphs
from rag.loading.pdf.rulings import Rulings
from rag.loading.tables import Row, table
from rag.types import BlockKind

# A heading's type is so much larger than the text's, and its words are few.
_LARGER = 1.12
_LONGEST_HEADING = 80
_MOST_LINES = 3
_LEVELS = 6
_NO_HEADING = tuple("。，；;,.")
_CAPTION = re.compile(r"(?:[附续]?表|[Tt]able|TABLE)\s*[-.\d一二三四五六七八九十A-Z]")


def reflowed(
    pages: Sequence[Sequence[Line]], tables: Sequence[Grid], remarks: Sequence[Sequence[str]] = ()
) -> Iterator[RawBlock]:
    """The blocks of pages, each given by its lines and what is remarked on it; ``tables`` are what lines stand for."""
    columns = [reading_order(pieces) for pieces in pages]
    return _Flow(tables, remarks or [()] * len(pages)).blocks(paragraphs(columns))


def recognised(looked: Looked, scale: float, tables: list[Grid]) -> list[Line]:
    """The lines of a picture that is ``scale`` points a pixel, with its tables, which are added to ``tables``."""
    lines = [
        Line(seen.text, scale * seen.x0, scale * seen.x1, scale * seen.y, scale * seen.size, ocr=seen.sure)
        for seen in looked.lines
    ]
    return with_tables(lines, Rulings(), tables)


class _Flow:
    """Makes blocks of paragraphs and tables; remarks follow the page on which they stand."""

    def __init__(self, tables: Sequence[Grid], remarks: Sequence[Sequence[str]]) -> None:
        self.tables = tables
        self.remarks = remarks
        self.told = 0
        self.outline = Outline()

    def blocks(self, found: Sequence[Paragraph]) -> Iterator[RawBlock]:
        tables = [self.grid(p) for p in found if p.last.inside]
        headings = _Headings([p for p in found if not p.last.inside], tables)
        position = 0
        while position < len(found):
            paragraph = found[position]
            yield from self.noted(paragraph.page - 1)
            if paragraph.last.inside:
                run = self.run(found, position)
                yield from self.table(run, found[position - 1].text if position else "")
                position += len(run)
                continue
            yield self.block(paragraph, headings.level(paragraph))
            position += 1
        yield from self.noted(len(self.remarks))

    def noted(self, pages: int) -> Iterator[RawBlock]:
        """The remarks on the first ``pages``, as far as they have not been told."""
        for page in range(self.told, pages):
            for remark in self.remarks[page]:
                yield RawBlock(BlockKind.PARAGRAPH, remark, path=self.outline.path, page=page + 1)
        self.told = max(self.told, pages)

    def run(self, found: Sequence[Paragraph], position: int) -> list[Paragraph]:
        """A table with its parts on the next pages."""
        end = position + 1
        while end < len(found) and self.goes_on(found[end - 1], found[end]):
            end += 1
        return list(found[position:end])

    def goes_on(self, last: Paragraph, after: Paragraph) -> bool:
        on_next = after.last.inside and after.page == last.page + 1
        return bool(on_next) and self.grid(last).goes_on(self.grid(after))

    def grid(self, paragraph: Paragraph) -> Grid:
        return self.tables[paragraph.last.inside - 1]

    def table(self, run: Sequence[Paragraph], above: str) -> Iterator[RawBlock]:
        rows = (Row(cells, page=paragraph.page) for paragraph in run for cells in self.grid(paragraph).rows)
        caption = above if len(above) <= _LONGEST_HEADING and _CAPTION.match(above) else ""
        for block in table(rows, self.outline.path, caption):
            yield replace(block, ocr=run[0].ocr)

    def block(self, p: Paragraph, level: int) -> RawBlock:
        if level:
            return replace(self.outline.heading(p.text, level, page=p.page), ocr=p.ocr)
        return RawBlock(BlockKind.PARAGRAPH, p.text, path=self.outline.path, page=p.page, ocr=p.ocr)


class _Headings:
    """Which paragraphs are headings: their type is larger than the text's, and no text is set in it."""

    def __init__(self, found: Sequence[Paragraph], tables: Sequence[Grid]) -> None:
        sizes: Counter[float] = Counter()
        for grid in tables:
            sizes[_rounded(grid.size)] += grid.characters
        for paragraph in found:
            sizes[_rounded(paragraph.size)] += len(paragraph.text)
        self._text = sizes.most_common(1)[0][0] if sizes else 0.0
        larger = [p for p in found if p.size >= _LARGER * self._text]
        balance: Counter[float] = Counter()
        for paragraph in larger:
            balance[_rounded(paragraph.size)] += 1 if _is_brief(paragraph) else -1
        kept = sorted((size for size, count in balance.items() if count > 0), reverse=True)
        self._levels = {size: min(rank, _LEVELS) for rank, size in enumerate(kept, start=1)}

    def level(self, paragraph: Paragraph) -> int:
        """The level of a heading; 0 of what is none."""
        return self._levels.get(_rounded(paragraph.size), 0) if _is_brief(paragraph) else 0


def _is_brief(paragraph: Paragraph) -> bool:
    return (
        len(paragraph.text) <= _LONGEST_HEADING
        and paragraph.lines <= _MOST_LINES
        and not paragraph.text.endswith(_NO_HEADING)
    )


def _rounded(size: float) -> float:
    return round(size * 2) / 2
