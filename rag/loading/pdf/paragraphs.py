"""Paragraphs rebuilt from the lines of pages: by indents, gaps, short last lines and the sizes of fonts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from statistics import median

from rag.loading.blocks import is_date
from rag.loading.pdf.columns import Column
from rag.loading.pdf.glyphs import Line
from rag.loading.pdf.headers import LEADER
from rag.text.markers import marker
from rag.text.normalization import is_cjk
from rag.text.quantities.numbers import value

# In ems.
_INDENT = 0.8
# A Chinese line may end so early because no punctuation begins the next one.
_KINSOKU = 2.5
# Lines whose sizes differ by more are not of one paragraph, nor those with so much more than the usual distance.
_SIZES = 0.08
_GAP = 1.3
_FEW = 1.6
_ENDS = tuple("。！？!?：:；;.…”」』")
_NUMBERED = re.compile(r"第?\s*(\d{1,4})\s*([\u4e00-\u9fff.、．)）])")
# "4.3 安装", "第十三条"
_CLAUSE = re.compile(r"((?:\d{1,2}\.){1,3}\d{1,2})\s*[^\W\d]{2}|第([零〇一二三四五六七八九十百]{1,7})条")
_FIELD = re.compile(r"[^\s：:。，；、]{1,8}[：:]\s*\S")
_HYPHENATED = re.compile(r"[A-Za-z]{2}[-\u00ad]\Z")
# Between the two halves of a paragraph may stand the footnotes of its page, which are smaller.
_MOST_FOOTNOTES = 20


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together: what they ``said``, the ``page`` where they begin, ``ocr`` of the least sure one."""

    said: list[str]
    size: float
    page: int
    lines: int
    last: Line
    last_page: int
    column: Column
    ocr: float = 0.0

    @property
    def text(self) -> str:
        return "".join(self.said)

    def add(self, line: str) -> None:
        """Go on with a line: a word that was divided becomes one, and beside Chinese characters is no space."""
        above = self.said[-1]
        if _HYPHENATED.search(above) and line[:1].islower():
            self.said[-1] = above[:-1]
        elif not (is_cjk(above[-1]) or is_cjk(line[0])):
            self.said.append(" ")
        self.said.append(line)


def paragraphs(pages: Sequence[Sequence[Column]]) -> list[Paragraph]:
    """The paragraphs of all pages; one that goes on in the next column or on the next page is one."""
    found: list[Paragraph] = []
    aside: list[Paragraph] = []
    text = _usual_size(pages)
    for number, columns in enumerate(pages, start=1):
        for column in columns:
            margin, leading, fields = _margin(column), _leading(column), _says_fields(column)
            above: Line | None = None
            for line in column.lines:
                if above is None:
                    may = not column.beside and line.size <= (1 + _SIZES) * text
                    into = _continued(found, line, number, margin) if may else None
                else:
                    own = (fields and _FIELD.match(line.text)) or _begins(above, line, column, margin, leading)
                    own = own or (above.text.endswith(_ENDS) and _is_next(line.text, found[-1].said[0]))
                    into = None if own else found[-1]
                if into is None:
                    found.append(Paragraph([line.text], line.size, number, 1, line, number, column, line.ocr))
                else:
                    into.add(line.text)
                    into.lines += 1
                    into.ocr = min(into.ocr or line.ocr, line.ocr or into.ocr)
                    into.last, into.last_page, into.column = line, number, column
                    # What comes next belongs to it, and not to the footnotes in between.
                    while found[-1] is not into:
                        aside.append(found.pop())
                    found[-1:] = [*reversed(aside), into]
                    aside.clear()
                above = line
    return found


def _usual_size(pages: Sequence[Sequence[Column]]) -> float:
    """The size in which most is set: what is larger stands alone."""
    sizes: Counter[float] = Counter()
    for column in chain.from_iterable(pages):
        for line in column.lines:
            sizes[round(line.size * 2) / 2] += 0 if line.inside else len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=0.0)


def _margin(column: Column) -> float:
    """The left edge of most of a column's lines, the leftmost of several."""
    edges = Counter(round(line.x0) for line in column.lines)
    most = max(edges.values())
    return float(min(edge for edge, count in edges.items() if count == most or count > 0.3 * len(column.lines)))


def _leading(column: Column) -> dict[int, float]:
    """By size: the usual distance between two lines."""
    distances: dict[int, list[float]] = {}
    for above, line in pairwise(column.lines):
        if _alike(above, line):
            distances.setdefault(round(line.size), []).append(line.y - above.y)
    # Of a few distances none may be between two lines of one paragraph.
    return {
        size: median(sorted(found)[: -(-len(found) * 3 // 4)]) if len(found) > 2 else min([*found, _FEW * size])
        for size, found in distances.items()
    }


def _says_fields(column: Column) -> bool:
    """Whether most lines are fields with their labels."""
    return 2 * sum(bool(_FIELD.match(line.text)) for line in column.lines) > len(column.lines) > 2


def _alike(above: Line, line: Line) -> bool:
    return abs(above.size - line.size) <= _SIZES * max(above.size, line.size)


def _begins(above: Line, line: Line, column: Column, margin: float, leading: dict[int, float]) -> bool:
    """Whether ``line`` begins a paragraph under ``above``."""
    if _counts_on(above.text, line.text) or LEADER.search(above.text):
        return True
    if _alike(above, line) and _HYPHENATED.search(above.text) and line.text[0].islower():
        return False
    if not _alike(above, line) or marker(line.text) is not None or max(above.pieces, line.pieces) > 1:
        return True
    if is_date(line.text):
        return True
    if line.y - above.y > _GAP * min(leading.get(round(line.size), 2 * line.size), 2.2 * line.size):
        return True
    indented = line.x0 > margin + _INDENT * line.size
    ended = _is_short(above, line, column) or above.text.endswith(_ENDS)
    if indented and (ended or above.x0 <= margin + _INDENT * line.size / 2):
        # A list's item goes on to the right of its number.
        return marker(above.text) is None or line.x0 < above.x0 + _INDENT * line.size / 2
    return _is_short(above, line, column)


def _counts_on(above: str, line: str) -> bool:
    """Whether ``line`` begins with the number that comes after that of ``above``: 第 3 段, 第 4 段."""
    before, after = _NUMBERED.match(above), _NUMBERED.match(line)
    return bool(before and after and before[2] == after[2] and int(after[1]) == int(before[1]) + 1)


def _is_next(line: str, above: str) -> bool:
    """Whether ``line`` begins with the number of the clause that comes after ``above``: 4.3.2 or 4.4 after 4.3.1."""
    number, before = _clause(line), _clause(above)
    nexts = [[*before, 1], *([*before[:depth], last + 1] for depth, last in enumerate(before))]
    return bool(number and before) and number in nexts


def _clause(text: str) -> list[int]:
    found = _CLAUSE.match(text)
    if not found:
        return []
    return [int(value(found[2]) or 0)] if found[2] else list(map(int, found[1].split(".")))


def _is_short(above: Line, line: Line, column: Column) -> bool:
    """Whether the beginning of ``line`` would have had room in the line above."""
    right = column.right
    if is_cjk(line.text[0]):
        needed = _KINSOKU * line.size
        # After the end of a sentence the line itself may show how wide the column is.
        right = max(right, line.x1) if above.text.endswith(_ENDS) else right
    else:
        word = line.text.split(maxsplit=1)[0]
        needed = (len(word) + 1) * (line.x1 - line.x0) / max(1, len(line.text)) + line.size
    return above.x1 + needed < right


def _continued(found: list[Paragraph], line: Line, page: int, margin: float) -> Paragraph | None:
    """The paragraph that goes on with the first line of a new column, if one does."""
    if line.inside:
        return None
    for paragraph in reversed(found[-_MOST_FOOTNOTES:]):
        if paragraph.column.beside:
            continue
        if _alike(paragraph.last, line):
            last = paragraph.last
            below = paragraph.last_page == page and line.y > last.y
            goes_on = (
                not paragraph.said[-1].endswith(_ENDS)
                and max(last.pieces, line.pieces) == 1 < len(paragraph.column.lines)
                and not (below and line.y - last.y > 2 * line.size)
                and line.x0 <= margin + _INDENT * line.size
                and marker(line.text) is None
                and not _is_short(paragraph.last, line, paragraph.column)
            )
            return paragraph if goes_on else None
        if paragraph.size > line.size:
            return None
    return None
