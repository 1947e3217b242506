"""What two editions of a document differ in, statement by statement, in reading order.

Statements that stand once in each document, in the same order, are the same place. Between two such places those most
alike are an old and a new wording; others are in one of the two alone. What the other document has elsewhere has been
moved, and is no difference.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from rag.answering.comparing import WORD
from rag.text.markers import MARKER
from rag.text.normalization import folded, normalise, statements
from rag.types import Block, BlockKind, Document, Span

# Statements with less in common are two, not two wordings of one: the share of their pairs of characters (Dice).
_ALIKE = 0.4
# Two that stand elsewhere need more in common.
_ALIKE_ELSEWHERE = 0.6
# Between two places that are the same so many statements are compared, each with each.
_AT_ONCE = 40
_NUMBERING: Final = re.compile(
    rf"\s*(?:第[〇零一二三四五六七八九十百\d]+[章节条款项篇编][、.．：:]?|\d+(?:\.\d+)+[.、]?(?=\s+\D)|{MARKER})\s*"
)
# Marks without which a statement says the same; beside a digit they may be a part of the number.
_MARK: Final = r"[,.:;!?…、。\"'“”‘’「」『』《》〈〉()\[\]【】·—]"
# What is taken as a whole where it is otherwise: dates, numbers and Latin words; of the rest each character.
_WORD: Final = re.compile(
    rf"\d+年(?:\d+月(?:\d+日)?)?|\d+月\d+日|[〇零一二三四五六七八九十百千万亿]+|{WORD.pattern}", re.DOTALL
)
_SAYS_NOTHING: Final = re.compile(rf"\s+|(?<!\d){_MARK}(?!\d)|[,.:;!?…、。]+$")


@dataclass(frozen=True, eq=False)
class Statement:
    """A sentence or a row of a document. ``first``: it begins its block."""

    document: Document
    block: Block
    span: Span
    first: bool

    @cached_property
    def said(self) -> Span:
        """Where it stands, without a number or bullet before it."""
        number = _NUMBERING.match(self.document.text, *self.span) if self.first and not self.cells else None
        return Span(number.end(), self.span.end) if number and number.end() < self.span.end else self.span

    @cached_property
    def cells(self) -> dict[str, Span]:
        """Of a row the values by the names of their columns, or by their numbers; without the number of the row."""
        block = self.block
        if self.span != block.span or not self.document.row(block):
            return {}
        cells = list(block.cells)
        has_header = block.header not in (0, block.number)
        if has_header and self._text(cells[0].start, cells[0].end) == str(block.number - block.header):
            cells = cells[1:] or cells
        names = self.document.columns(block) if has_header else ()
        called = {column: name for column, name in enumerate(names) if name and names.count(name) == 1}
        return {called.get(cell.column, str(cell.column)): cell.span for cell in cells}

    @cached_property
    def values(self) -> dict[str, str]:
        """What is the same where a row's cells say the same."""
        return {name: _key(self._text(*span)) for name, span in self.cells.items()}

    @cached_property
    def key(self) -> str:
        """What is the same in all statements that say the same; empty where nothing is said."""
        return "\x1f".join(self.values.values()) if self.cells else _key(self._text(*self.said))

    @cached_property
    def words(self) -> list[tuple[str, Span]]:
        """Its words, each with its place in the document."""
        text = normalise(self._text(*self.said))
        found = [(match[0], text.to_original(*match.span())) for match in _WORD.finditer(text.text)]
        begin = self.said.start
        return [(word, Span(begin + at.start, begin + at.end)) for word, at in found if not word.isspace()]

    @property
    def is_heading(self) -> bool:
        return self.block.kind is BlockKind.HEADING

    def _text(self, start: int, end: int) -> str:
        return self.document.text[start:end]


Step = tuple[Statement | None, Statement | None]
"""A statement of the old document and the one of the new that took its place; None where nothing did."""


class Place(NamedTuple):
    """Where one of two wordings stands: a statement, or neighbouring ones of a block, and what of it is otherwise."""

    document: Document
    block: Block
    span: Span
    changed: Span


class Difference(NamedTuple):
    """An old wording and the new one; None where there is nothing of the kind."""

    old: Place | None
    new: Place | None


class Differences(NamedTuple):
    """All that two documents differ in, in reading order; ``moved``: something stands elsewhere than before."""

    found: list[Difference]
    moved: bool


def differences(old: Document, new: Document) -> Differences:
    """What ``new`` says otherwise than ``old``. Their titles are not compared, nor are white space and numbering.

    Takes milliseconds for a document of some hundred statements, a few seconds for tables of 20,000 rows.
    """
    gaps = _gaps(_statements(old), _statements(new))
    steps = [step for gap in gaps for step in _aligned(*gap) if not _is_same(*step)]
    gone = Counter(old.key for old, new in steps if old and not new)
    moved = gone & Counter(new.key for old, new in steps if new and not old)
    here = [moved.copy(), moved.copy()]
    kept = _brought_together([step for step in steps if not _has_moved(step, here)])
    said = [step for step, after in pairwise([*kept, (None, None)]) if not _is_said_below(step, after)]
    return Differences(list(_joined(said)), bool(moved))


def _statements(document: Document) -> list[Statement]:
    title = folded(document.title)
    found: list[Statement] = []
    for block in document.blocks:
        is_above = block.kind is BlockKind.HEADING or block.number == 1
        if is_above and folded(document.text[block.start : block.end]) == title:
            continue
        spans = statements(document, block)
        found += [Statement(document, block, span, place == 0) for place, span in enumerate(spans)]
    return [one for one in found if one.key]


def _gaps(old: Sequence[Statement], new: Sequence[Statement]) -> Iterator[tuple[Sequence[Statement], ...]]:
    """The statements between places that are the same."""
    once = [_once(some) for some in (old, new)]
    same = _rising([(place, once[1][key]) for key, place in once[0].items() if key in once[1]])
    for (i, j), (k, m) in pairwise([(-1, -1), *same, (len(old), len(new))]):
        yield old[i + 1 : k], new[j + 1 : m]


def _once(some: Sequence[Statement]) -> dict[str, int]:
    """The places of statements that stand once."""
    counts = Counter(one.key for one in some)
    return {one.key: place for place, one in enumerate(some) if counts[one.key] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many of ``pairs``, in order, as there can be with each second number above the one before (patience)."""
    lowest: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for place, (_, second) in enumerate(pairs):
        length = bisect_left(lowest, second)
        before.append(last[length - 1] if length else -1)
        lowest[length : length + 1], last[length : length + 1] = [second], [place]
    found, place = list[tuple[int, int]](), last[-1] if last else -1
    while place >= 0:
        found.append(pairs[place])
        place = before[place]
    return found[::-1]


def _aligned(old: Sequence[Statement], new: Sequence[Statement]) -> Iterator[Step]:
    """The statements of both in order, those side by side that are most alike in all."""
    parts = -(-max(len(old), len(new)) // _AT_ONCE)
    for part in range(parts):
        some, others = (side[part * len(side) // parts : (part + 1) * len(side) // parts] for side in (old, new))
        i = j = 0
        for k, m in [*_pairs(some, others), (len(some), len(others))]:
            yield from ((one, None) for one in some[i:k])
            yield from ((None, other) for other in others[j:m])
            yield from zip(some[k : k + 1], others[m : m + 1], strict=False)
            i, j = k + 1, m + 1


def _pairs(old: Sequence[Statement], new: Sequence[Statement]) -> list[tuple[int, int]]:
    """Which are two wordings of one, in order: those whose likenesses come to most."""
    likeness = [[_likeness(one, other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, row in enumerate(likeness):
        for j, alike in enumerate(row):
            paired = best[i][j] + alike if alike >= _ALIKE else 0.0
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], paired)
    found, i, j = list[tuple[int, int]](), len(old), len(new)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


def _likeness(one: Statement, other: Statement) -> float:
    """How alike two statements are, from 0 to 1; 2 if they say the same. Rows are by their cells."""
    if one.key == other.key:
        return 2.0
    if one.is_heading != other.is_heading or bool(one.cells) != bool(other.cells):
        return 0.0
    if not one.cells:
        return _dice(one.key, other.key)
    names = one.values.keys() | other.values.keys()
    return sum(_dice(one.values.get(name, ""), other.values.get(name, "")) for name in names) / len(names)


def _dice(one: str, other: str) -> float:
    if one == other:
        return 1.0
    pairs = [{text[at : at + 2] for at in range(max(1, len(text) - 1))} for text in (one, other)]
    return 2 * len(pairs[0] & pairs[1]) / (len(pairs[0]) + len(pairs[1]))


def _is_same(old: Statement | None, new: Statement | None) -> bool:
    return old is not None and new is not None and old.key == new.key


def _is_alone(step: Step, side: int) -> bool:
    return step[side] is not None and step[1 - side] is None


def _has_moved(step: Step, here: Sequence[Counter[str]]) -> bool:
    """Whether the statement is one of those that stand elsewhere, of which so many are left in each document."""
    for side in (0, 1):
        one = step[side]
        if one and _is_alone(step, side) and here[side][one.key]:
            here[side][one.key] -= 1
            return True
    return False


def _brought_together(steps: Sequence[Step]) -> list[Step]:
    """``steps`` in which what has been moved and worded anew stands beside its old wording, unless there are many."""
    olds = [old for old, new in steps if old and not new]
    news = [new for old, new in steps if new and not old]
    if len(olds) * len(news) > _AT_ONCE**2:
        return list(steps)
    likeness = [(_likeness(old, new), old, new) for old in olds for new in news]
    old_of: dict[Statement, Statement] = {}
    for alike, old, new in sorted(likeness, key=lambda one: -one[0]):
        if alike >= _ALIKE_ELSEWHERE and new not in old_of and old not in old_of.values():
            old_of[new] = old
    found = ((old_of.get(new, old) if new else old, new) for old, new in steps)
    return [(old, new) for old, new in found if new or old not in old_of.values()]


def _is_said_below(step: Step, after: Step) -> bool:
    """Whether a heading or a table's names, which one document has alone, stand above what it has alone, too."""
    for side in (0, 1):
        one, other = step[side], after[side]
        if one and other and _is_alone(step, side) and _is_alone(after, side):
            is_above = one.is_heading and one.key in map(_heading_key, other.block.path)
            return is_above or (one.block.number == other.block.header and one.block != other.block)
    return False


def _heading_key(heading: str) -> str:
    number = _NUMBERING.match(heading)
    return _key(heading[number.end() :] if number and number.end() < len(heading) else heading)


def _joined(steps: Sequence[Step]) -> Iterator[Difference]:
    """Neighbouring statements of a block that one document has alone are one difference."""
    for _, run in groupby(steps, _run):
        olds, news = zip(*run, strict=True)
        if olds[0] and news[0]:
            yield Difference(_worded(olds[0], news[0]), _worded(news[0], olds[0]))
        else:
            yield Difference(_place(olds), _place(news))


def _run(step: Step) -> tuple[int, int]:
    """Steps of one run have the same."""
    old, new = step
    if old and new:
        return 2, new.span.start
    return (0, old.block.number) if old else (1, new.block.number if new else 0)


def _place(some: Sequence[Statement | None]) -> Place | None:
    first, last = some[0], some[-1]
    if first is None or last is None:
        return None
    return Place(
        first.document, first.block, Span(first.span.start, last.span.end), Span(first.said.start, last.span.end)
    )


def _worded(one: Statement, other: Statement) -> Place:
    """Where a wording stands; changed are its words or cells from the first to the last that the other lacks."""
    changed = _other_cells(one, other) if one.cells else _other_words(one, other)
    return Place(one.document, one.block, one.span, Span(changed[0].start, changed[-1].end) if changed else one.said)


def _other_cells(one: Statement, other: Statement) -> list[Span]:
    return [one.cells[name] for name, value in one.values.items() if value != other.values.get(name)]


def _other_words(one: Statement, other: Statement) -> list[Span]:
    """The words between those with which both begin, and those with which both end."""
    own, others = ([word for word, _ in some.words] for some in (one, other))
    most = min(len(own), len(others))
    begin = next((at for at in range(most) if own[at] != others[at]), most)
    end = next((at for at in range(most - begin) if own[-1 - at] != others[-1 - at]), most - begin)
    return [span for _, span in one.words[begin : len(own) - end]]


def _key(text: str) -> str:
    return _SAYS_NOTHING.sub("", normalise(text).text)
