"""What holds for one of several ranges: 「我工作12年了，年假几天」 of 满1年不满10年的，5天；满10年不满20年的，10天.

The network reads well what such clauses say, and compares no numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from rag.question.amounts.figures import figures
from rag.text.normalization import Normalised, normalise
from rag.text.quantities.ranges import NUMBER, Range, ranges, tightest
from rag.text.tokenization import telling_words
from rag.types import Document, Span

_BEGINS: Final = re.compile(r"[^,;。:!?\n]*$")
_ENDS: Final = re.compile(r"[;。!?\n]")
_MARKS: Final = ",;。:、 \n"
# What a clause says beside its range: more than what joins the two.
_SAYS_BEHIND, _SAYS_BEFORE = re.compile(r"[^\W的者时]"), re.compile(r"\w{2}")
_NUMBER: Final = re.compile(NUMBER)


class Clause(NamedTuple):
    """A clause that says what holds in a range: all of it, and what stands behind the range or else before it."""

    span: Span
    said: Span


class _Tier(NamedTuple):
    """A range with the clause that it stands in, and its words without numbers."""

    range: Range
    span: Span
    form: str


def clause(document: Document, around: Span, answer: Span, question: str) -> Clause | None:
    """The clause whose range holds what ``question`` says, of those in ``around`` of which ``answer`` begins in one.

    That of the answer if its range does; of ranges within each other that are said in the same words, as 满3000 and
    满8000, the tightest. None where it says nothing of their unit, or two such quantities, or a limit; where no range
    or more than one is meant; and where the question speaks more of the answer's own. It is in its normal form.
    """
    said = figures(question)
    if not said or document.block_at(answer.start).cells:
        return None
    folded = _in_lines(document.text[around.start : around.end])
    place = bisect_left(folded.starts, answer.start - around.start)
    found = ((number, ranges(folded.text, unit)) for unit, number in sorted(said.items(), key=lambda one: len(one[0])))
    for number, of_unit in sorted(found, key=lambda one: -sum(map(_bounds, one[1]))):
        group = _together(list(_tiers(folded.text, of_unit)), place, folded.text)
        own = next((one for one in group if one.span.start <= place < one.span.end), None)
        meant = _meant(own, group, number) if own else None
        if own and meant and (own in (meant, group[0]) or not _names_more(question, own, meant, folded.text)):
            return _in_document(meant, folded, around.start)
    return None


def _in_lines(text: str) -> Normalised:
    """The normal form of a text with its lines apart."""
    folded = normalise(text)
    lines = ("\n" if text[start] == "\n" else one for one, start in zip(folded.text, folded.starts, strict=True))
    return Normalised("".join(lines), folded.starts)


def _bounds(one: Range) -> int:
    return (one.low is not None) + (one.high is not None)


def _tiers(text: str, found: Sequence[Range]) -> Iterator[_Tier]:
    """The ranges that go on where others end, or are said in the words of others, with their clauses.

    These begin with or before the range, and end with a sentence or where that of the next begins.
    """
    forms = [_NUMBER.sub("□", text[slice(*one.span)]) for one in found]
    met = [one for one in found if any(_meet(one, other) or _meet(other, one) for other in found)]
    linked = [(one, form) for one, form in zip(found, forms, strict=True) if forms.count(form) > 1 or one in met]
    ends = [0, *(one.span.end for one, _ in linked)]
    begins = [_begin(text, end, one.span.start) for end, (one, _) in zip(ends, linked, strict=False)]
    for begin, (one, form), following in zip(begins, linked, [*begins[1:], len(text)], strict=False):
        closed = _ENDS.search(text, one.span.end, following)
        clause = text[begin : closed.start() if closed else following].rstrip(_MARKS)
        yield _Tier(one, Span(begin, begin + len(clause)), form)


def _begin(text: str, least: int, start: int) -> int:
    match = _BEGINS.search(text, least, start)
    return match.start() if match else start


def _meet(below: Range, above: Range) -> bool:
    """Whether a range begins where another ends, or with the next number."""
    return below.high is not None and above.low is not None and 0 <= above.low[0] - below.high[0] <= 1


def _together(tiers: Sequence[_Tier], place: int, text: str) -> list[_Tier]:
    """The clauses around ``place`` between which no line says anything else."""
    groups: list[list[_Tier]] = []
    for one in tiers:
        between = text[groups[-1][-1].span.end : one.span.start].split("\n")[1:-1] if groups else []
        if groups and not any(map(str.strip, between)):
            groups[-1].append(one)
        else:
            groups.append([one])
    return next((group for group in groups if any(one.span.start <= place < one.span.end for one in group)), [])


def _meant(own: _Tier, group: Sequence[_Tier], number: Decimal) -> _Tier | None:
    """The clause whose range holds a number, of several; if the answer's own does, it or one that is said as it is."""
    among = [one for one in group if one.form == own.form] if own.range.holds(number) else group
    tight = tightest([one.range for one in among], number) if len(group) > 1 else None
    return next((one for one in among if one.range is tight), None)


def _names_more(question: str, own: _Tier, meant: _Tier, text: str) -> bool:
    """Whether a clause has, up to its range, a word of the question that another has not."""
    named = text[own.span.start : own.range.span.end]
    return any(word in named and word not in text[slice(*meant.span)] for word in telling_words(question))


def _in_document(meant: _Tier, folded: Normalised, offset: int) -> Clause | None:
    behind, before = Span(meant.range.span.end, meant.span.end), Span(meant.span.start, meant.range.span.start)
    sides = ((behind, _SAYS_BEHIND), (before, _SAYS_BEFORE))
    said = next((side for side, says in sides if says.search(folded.text[slice(*side)])), None)
    if said is None:
        return None
    return Clause(*(folded.to_original(*part).moved(offset) for part in (meant.span, said)))
