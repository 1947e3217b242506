"""Where a citation's words stand on the pages of its file.

The text of a page's lines is folded as questions are, and the words are looked for in it: in a paragraph where what
stands around them fits best, in a table's row cell by cell, where the row's other cells are near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from typing import Annotated, NamedTuple

from rag.loading.facsimile import PlacedLine
from rag.text.normalization import normalise
from rag.types import Block, CellSpan, Document, Span
from rag.wire import Meaning

Box = tuple[float, float, float, float]
# What lines that are divided, and exponents that are written in one line, have or lack.
_UNTOLD = frozenset("-^_\u2010")
# So many characters around words tell where they stand, and so many places are looked at.
_CONTEXT, _MOST_PLACES = 200, 100
# Words shorter than this need others around them.
_TELLING = 6
# Of the page's height: rows are farther apart.
_ONE_ROW = 0.006


class Frame(NamedTuple):
    """A box around words on a page. Its edges are shares of the page's width and height, from its upper left."""

    page: Annotated[int, Meaning("From 1.", "页码，从 1 起。")]
    left: Annotated[float, Meaning("Its edges, as shares of the page's width…", "框的各边，占页宽……")]
    top: Annotated[float, Meaning("… and of its height, from the upper left.", "……和页高的比例，从左上角算起。")]
    right: Annotated[float, Meaning("As `left`.", "同 `left`。")]
    bottom: Annotated[float, Meaning("As `top`.", "同 `top`。")]


def framed(document: Document, span: Span, read: Callable[[int], Sequence[PlacedLine]]) -> list[Frame]:
    """The frames around ``span``, one a line, in order; none for what is not found. ``read`` gives a page's lines.

    Their order is the file's, in which columns stay apart, or where that says nothing, from the top of the page down.
    """

    def downwards(number: int) -> Sequence[PlacedLine]:
        return sorted(read(number), key=lambda line: line.down)

    return _framed(document, span, read) or _framed(document, span, downwards)


def _framed(document: Document, span: Span, read: Callable[[int], Sequence[PlacedLine]]) -> list[Frame]:
    pages: dict[int, _PageText] = {}

    def page(number: int) -> _PageText:
        if number not in pages:
            pages[number] = _PageText.of(read(number))
        return pages[number]

    found: list[Frame] = []
    for block in document.blocks:
        if block.start < span.end and block.end > span.start:
            inside = Span(max(block.start, span.start), min(block.end, span.end))
            framing = _row if block.cells else _paragraph
            found += framing(document, block, inside, page)
    return found


def _paragraph(document: Document, block: Block, span: Span, page: Callable[[int], _PageText]) -> Iterator[Frame]:
    """Words of a paragraph, which may go on on the next page."""
    before, words, after = (
        _folded(document.text[start:end])
        for start, end in ((block.start, span.start), (span.start, span.end), (span.end, block.end))
    )
    number = block.page or 1
    here = page(number)
    if words and (at := here.find(before, words, after)) is not None:
        yield from here.frames(number, at, at + len(words))
    elif words and block.page:
        there = page(number + 1)
        if (at := there.find(before, words, after)) is not None:
            yield from there.frames(number + 1, at, at + len(words))
        elif cut := here.longest(words):
            first = here.find(before, words[:cut], "")
            second = there.find("", words[cut:], after) if first is not None else None
            if first is not None and second is not None:
                yield from here.frames(number, first, first + cut)
                yield from there.frames(number + 1, second, second + len(words) - cut)


def _row(document: Document, block: Block, span: Span, page: Callable[[int], _PageText]) -> Iterator[Frame]:
    """The cells of a row that are cited, or the words of one that are."""
    number = block.page or 1
    here = page(number)
    values = {cell: _folded(document.text[cell.start : cell.end]) for cell in block.cells}
    places = {value: here.places(value) for value in values.values() if value}
    for cell in block.cells:
        if not (span.start < cell.end and cell.begin < span.end and values[cell]):
            continue
        others = [places[value] for other, value in values.items() if other != cell and value]
        same = sum(values[other] == values[cell] for other in block.cells if other.column < cell.column)
        at = here.nearest(values[cell], places[values[cell]], others, same)
        if at is not None:
            start, end = _within(document, cell, span)
            yield from here.frames(number, at + start, at + end)


def _within(document: Document, cell: CellSpan, span: Span) -> tuple[int, int]:
    """What of the cell's folded value is cited: some words of it, or all."""
    text = document.text
    if cell.start <= span.start and span.end <= cell.end:
        start = len(_folded(text[cell.start : span.start]))
        return start, start + len(_folded(text[span.start : span.end]))
    return 0, len(_folded(text[cell.start : cell.end]))


@dataclass(frozen=True, slots=True)
class _PageText:
    """All lines of a page as one text of folded characters; each may have a box, and has its line's number."""

    text: str
    boxes: tuple[Box | None, ...]
    lines: tuple[int, ...]

    @classmethod
    def of(cls, lines: Sequence[PlacedLine]) -> _PageText:
        """The lines of a page, one after the other."""
        found = [(one, box, at) for at, line in enumerate(lines) for one, box in _placed(line)]
        text, boxes, numbers = zip(*found, strict=True) if found else ((), (), ())
        return cls("".join(text), boxes, numbers)

    def places(self, words: str) -> list[int]:
        """Where ``words`` begin, in order, as many as are looked at."""
        found, at = list[int](), self.text.find(words)
        while at >= 0 and len(found) < _MOST_PLACES:
            found.append(at)
            at = self.text.find(words, at + 1)
        return found

    def find(self, before: str, words: str, after: str) -> int | None:
        """Where ``words`` stand with the most of what is ``before`` and ``after`` them; None if nowhere for sure."""
        before, after = before[-_CONTEXT:], after[:_CONTEXT]

        def fits(at: int) -> int:
            end = at + len(words)
            left = _common(before[::-1], self.text[max(0, at - _CONTEXT) : at][::-1])
            return left + _common(after, self.text[end : end + _CONTEXT])

        best = max(self.places(words), key=fits, default=None)
        needed = min(_TELLING, len(before) + len(words) + len(after))
        return best if best is not None and fits(best) + len(words) >= needed else None

    def longest(self, words: str) -> int:
        """How many characters of ``words`` from their beginning on stand together here, but not all of them."""
        low, high = 0, len(words) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if words[:middle] in self.text else (low, middle - 1)
        return low

    def nearest(self, value: str, places: Sequence[int], others: Sequence[Sequence[int]], same: int) -> int | None:
        """Of the ``places`` of a cell's value that in whose row the ``others`` are; None if none is for sure.

        ``same`` cells before it have the same value. What is a line of its own comes first: 10 also stands in 2010,
        where only the row tells.
        """
        heights = [[self._height(at) for at in other] for other in others if other]

        def badness(at: int) -> tuple[bool, float]:
            far = sum(min(abs(y - self._height(at)) for y in other) for other in heights)
            return not self._is_apart(at, at + len(value)), far

        ranked = sorted((badness(at), at) for at in places)
        if not ranked:
            return None
        inside, least = ranked[0][0]
        if inside and len(value) < _TELLING and not (heights and least <= _ONE_ROW * len(heights)):
            return None
        alike = [at for (within, far), at in ranked if within == inside and far <= least + _ONE_ROW]
        alike.sort(key=lambda at: (self.boxes[at] or (0.0,))[0])
        return alike[min(same, len(alike) - 1)]

    def frames(self, page: int, start: int, end: int) -> Iterator[Frame]:
        """The boxes around ``[start, end)``, one a line."""
        for _, places in groupby(range(start, end), key=lambda at: self.lines[at]):
            boxes = [box for at in places if (box := self.boxes[at])]
            if boxes:
                left, top, right, bottom = zip(*boxes, strict=True)
                yield Frame(page, min(left), min(top), max(right), max(bottom))

    def _height(self, at: int) -> float:
        """The middle of a character's box."""
        box = self.boxes[at]
        return (box[1] + box[3]) / 2 if box else 0.0

    def _is_apart(self, start: int, end: int) -> bool:
        """Whether lines begin and end there."""
        begins = start == 0 or self.lines[start - 1] != self.lines[start]
        return begins and (end == len(self.lines) or self.lines[end - 1] != self.lines[end])


def _placed(line: PlacedLine) -> Iterator[tuple[str, Box | None]]:
    """The folded characters of a line's text, with the boxes of those that stand on the page."""
    shown = [
        (folded, line.boxes[4 * at : 4 * at + 4]) for at, one in enumerate(line.characters) for folded in _folded(one)
    ]
    text, characters = _folded(line.text), "".join(folded for folded, _ in shown)
    boxes: list[Box | None] = [None] * len(text)
    # The text lacks the marks of notes, and may have brackets around exponents.
    same = (
        [(0, 0, len(text))]
        if text == characters
        else SequenceMatcher(None, text, characters, False).get_matching_blocks()
    )
    for start, at, size in same:
        for place in range(size):
            left, top, right, bottom = shown[at + place][1]
            boxes[start + place] = (left, top, right, bottom)
    return zip(text, boxes, strict=True)


def _folded(text: str) -> str:
    """The characters of ``text`` as they are compared, one by one, without those that lines have or lack."""
    return "".join(map(_folded_character, text))


@lru_cache(maxsize=20_000)
def _folded_character(character: str) -> str:
    return "".join(one for one in normalise(character).text if not one.isspace() and one not in _UNTOLD)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
