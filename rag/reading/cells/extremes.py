"""One end of a table's column: 「哪个月销售额最高」, 「最便宜的是哪款」, 「保修期最长的产品是什么」."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

from rag.question.amounts.superlatives import LIMITS, Superlative, superlative, which
from rag.question.analysis import Question
from rag.question.kinds import Kind
from rag.reading.cells.body import Table
from rag.reading.cells.matching import COUNTS, content_words, nearest, said_in, shared
from rag.text.normalization import begun_alike, normalise
from rag.text.quantities.quantity import DATE, Quantity
from rag.text.tokenization import alike, tagged
from rag.types import Document, Span

# Columns of numbers that measure nothing: ranks, the highest of which is the first, and numbers that only name.
_NUMBER: Final = re.compile(r"名次|位次|排名|[编序工学]号|号码|电话|手机|^(?:no\.?|id|#|)$")
_IN_TIME: Final = re.compile("[年届]|日期|时间")
_DIGIT: Final = re.compile(r"\d|^$")
_COUNTED: Final = "几[月号日点班楼]"
_OF_TIME: Final = f"(?:星期|礼拜|周)几|{_COUNTED}"
_HOW_MUCH: Final = re.compile(f"多少|(?<![周期拜])(?!{_COUNTED})几|多[大高长久重远宽厚深]")
_ASKING: Final = re.compile(rf"(?:{_HOW_MUCH.pattern}).{{0,3}}$|谁|什么(?:名字)?|{_OF_TIME}")
# What may stand between the name of a column and the superlative: 哪个月 in 销售额哪个月最高.
_BETWEEN: Final = re.compile(r"[是都的]?(?:哪[^的]{1,5}|谁)?[的是]?$")
# So may, if they are at most so many characters, words that make no other thing of the column's name, each here as
# "word tag": places, numerals, pronouns, particles, and a noun of one character that is no measure: 款 in 橡木款里最贵.
_LITTLE: Final = re.compile(r"\w+ [fmqru]\w*|[^率额差比值度数量费] n\w*")
_FARTHEST: Final = 3
_LIMIT: Final = re.compile(LIMITS)
_FILLING: Final = "的是为有要了得到达卖需值"
# What follows the superlative where who or what has the value is asked for, and not what else holds of it.
_ASKS_WHICH: Final = re.compile(
    rf"(?:的[^是在有哪谁]{{0,6}})?(?:[是叫有]*(?:谁|哪(?![里儿])[^的是]{{0,6}}|什么(?:名字)?|{_OF_TIME}))?"
    "[呢啊呀? ]*"
)
# The noun for what is asked for, behind the superlative or the asking word; `_is_about` has put 。 for both of these.
_KIND: Final = re.compile("(?<=。的)[^的]{1,4}?(?=是|。|$|[?])|(?<=^。)[^的。]{1,4}")


class _Table(Table):
    """What a table's columns are called and measure."""

    @cached_property
    def names(self) -> list[str]:
        """What the columns are called, without their units; 最高气温 may be one, and is none that is the highest."""
        return [alike(name.replace("最", "□")) for name in super().names]

    def called_in(self, question: str) -> str:
        """A question with these names for the columns that it speaks of."""
        for name, written in zip(self.names, self.written, strict=True):
            if name:
                question = question.replace(alike(written), name).replace(name.replace("□", "最"), name)
        return question

    @property
    def unit_beside(self) -> str:
        """What stands in all rows of the columns that are called a unit (计费单位); "" if that differs."""
        units = {text for place, name in enumerate(self.names) if name.endswith("单位") for text in self.column(place)}
        return units.pop() if len(units) == 1 else ""


class _Measured(NamedTuple):
    """The column that a superlative is said of, what a question says around both, and whether it names the column."""

    column: int
    before: str
    rest: str
    is_named: bool


def extreme(document: Document, answer: Span, asked: Question) -> list[Span]:
    """The cells that ``asked`` wants of the rows with the highest or lowest value in the table where ``answer`` stands.

    Empty where it does not ask for one end of a column, where it is not plain of which, or where the values are not all
    quantities of one unit: what was read is better than what is guessed.
    """
    header = document.block_at(answer.start).header
    if not header or "最" not in asked.normalised or {Kind.YES_NO, Kind.WHY, Kind.HOW} & set(asked.kinds):
        return []
    table = _Table.below(document, header)
    question = table.called_in(alike(asked.normalised))
    wanted = superlative(_without(table.names, question))
    if wanted is None or len(table.rows) < 2:
        return []
    table = _of_rows(table, question)
    measured = _measured(table, question, wanted)
    shown = _shown(table, question, wanted, measured, asked.kinds) if measured else None
    if measured is None or shown is None or not _is_about(table, question, asked, wanted, measured):
        return []
    ends = _ends(table.values(measured.column) or (), wanted)
    rows = [block for (block, _), is_end in zip(table.rows, ends, strict=True) if is_end]
    cells = [cell.span for block in rows for cell in block.cells if cell.column == shown]
    return cells if len(cells) == len(rows) else []


def _without(names: Sequence[str], question: str) -> str:
    """A question with □ for every character of a column's name: 300公斤以上 is no limit where a column is called so."""
    for name in sorted(names, key=len, reverse=True):
        question = question.replace(name, "□" * len(name)) if _LIMIT.search(name) else question
    return question


def _of_rows(table: _Table, question: str) -> _Table:
    """The rows that a question names best by what stands in them, as 研发部 does; all if it names none."""
    for name in table.names:
        question = question.replace(name, "□") if len(name) > 1 else question
    said = [sum(bool(said_in(text, question)) for text in texts.values()) for _, texts in table.rows]
    rows = [row for row, count in zip(table.rows, said, strict=True) if count == max(said)]
    return _Table(table.document, table.header, rows)


def _measured(table: _Table, question: str, wanted: Superlative) -> _Measured | None:
    """The column that the superlative is said of: named right before or behind it, or the only one that it suits."""
    units = {column: unit for column in range(len(table.names)) if (unit := _unit(table, column, wanted)) is not None}
    before, after = question[: wanted.start], question[wanted.end :]
    behind = after.removeprefix("的")
    for said, is_behind in ((before, False), (_BETWEEN.sub("", before), False), (behind, True)):
        shares = {column: shared(said, table.names[column], is_behind=is_behind) for column in units}
        if named := nearest(shares):
            rest = behind[int(shares[named[0]]) :] if is_behind else after
            return _Measured(named[0], before, rest, is_named=True) if len(named) == 1 else None
    called = [column for column in units if len(table.names[column]) > 1 and table.names[column] in question]
    if len(called) == 1 and (end := _end_before(table.names[called[0]], question, wanted.start)):
        return _Measured(called[0], question[:end], after, is_named=True)
    named_as = {column: f"{table.names[column]}\n{table.written[column]}" for column in units}
    said_of = {column: f"{named_as[column]} {unit or table.unit_beside}" for column, unit in units.items()}
    for pattern in wanted.meant:
        if suits := [column for column, text in said_of.items() if re.search(pattern, text, re.MULTILINE)]:
            return _Measured(suits[0], before, after, is_named=False) if len(suits) == 1 else None
    return None


def _end_before(name: str, question: str, start: int) -> int:
    """Where the name of a column ends, if only little words follow it up to ``start``: 橡木款里最贵; else 0.

    Other words make another thing of it: 利润率 is not 利润.
    """
    end = question.rfind(name, 0, start) + len(name)
    between = [word for word in tagged(question) if word[1] < start and end < word[2]]
    is_little = all(left >= end and _LITTLE.fullmatch(f"{word} {tag}") for word, left, _, tag in between)
    return end if is_little and len(name) <= end < start <= end + _FARTHEST else 0


def _unit(table: _Table, column: int, wanted: Superlative) -> str | None:
    """The unit of a column's values; None where they are none that the superlative orders."""
    values = table.values(column)
    unit = next((value.unit for value in values if value), "") if values else None
    name = table.names[column]
    in_time = unit is not None and (unit.startswith(DATE) or (wanted.is_time and bool(_IN_TIME.search(name))))
    return unit if in_time == wanted.is_time and not _NUMBER.search(name) else None


def _shown(table: _Table, question: str, wanted: Superlative, measured: _Measured, kinds: Sequence[Kind]) -> int | None:
    """The column whose cells answer; None where that is not plain."""
    if how_much := _HOW_MUCH.search(question):
        return (
            _counted(table, question[wanted.end : how_much.start()], measured)
            if how_much.start() >= wanted.end
            else None
        )
    if wanted.is_time and (Kind.WHEN in kinds or "几点" in question):
        return measured.column
    others = [column for column in range(len(table.names)) if column != measured.column]
    named = {question.find(name, wanted.end + 2): column for column in others if len(name := table.names[column]) > 1}
    if named and max(named) >= 0:
        return named[max(named)]
    compared = _compared(table, question, measured, others)
    if compared is None or not _ASKS_WHICH.fullmatch(measured.rest):
        return None
    return compared if _stands_out(table.column(compared), table.values(measured.column) or (), wanted) else None


def _ends(values: Sequence[Quantity | None], wanted: Superlative) -> list[bool]:
    """Which of the values are the highest or the lowest."""
    best = max((value.number * wanted.sign for value in values if value), default=0)
    return [value is not None and value.number * wanted.sign == best for value in values]


def _stands_out(names: Sequence[str], values: Sequence[Quantity | None], wanted: Superlative) -> bool:
    """Whether the same of several names have the end if the values of one name are added up, as they may have to be."""
    named = [(name, value.number * wanted.sign) for name, value in zip(names, values, strict=True) if name and value]
    sums = {name: sum(number for other, number in named if other == name) for name, _ in named}
    most = max(sums.values(), default=0)
    ends = {name for name, is_end in zip(names, _ends(values, wanted), strict=True) if name and is_end}
    return len(sums) > 1 and (not wanted.of_sums or ends == {name for name, total in sums.items() if total == most})


def _counted(table: _Table, said: str, measured: _Measured) -> int | None:
    """The column of which is asked how much it is, behind a superlative and what is said up to 多少."""
    numbers = [column for column in range(len(table.names)) if all(map(_DIGIT.search, table.column(column)))]
    named = nearest({column: shared(said.rstrip("是为的"), table.names[column]) for column in numbers})
    is_known = any(said.strip(_FILLING) in name for name in table.names)
    return named[0] if len(named) == 1 else measured.column if is_known and not named else None


def _compared(table: _Table, question: str, measured: _Measured, others: Sequence[int]) -> int | None:
    """The column of what the rows are compared as, and differ in: the one that the question has a name of, or counts as
    its cells do (哪层, of 4层), else the rows' names.
    """
    others = [column for column in others if len(set(table.column(column))) > 1]
    asked = (question[end:] for _, end in which(question))
    for text in (measured.rest.lstrip("的是"), *asked):
        named = nearest({column: begun_alike(text, table.names[column]) for column in others})
        if len(named) == 1:
            return named[0]
    counts = [question[end - 1] for _, end in which(question)]
    counted = [column for column in others if any(_ends_with(table, column, count) for count in counts)]
    said = [column for column in others if len(table.names[column]) > 1 and table.names[column] in question]
    plain = [column for column in others if not _NUMBER.search(table.names[column])]
    titled = [column for column in plain if "名" in table.names[column]]
    return next(iter((*counted, *said, *titled, *plain)), None)


def _ends_with(table: _Table, column: int, count: str) -> bool:
    """Whether a word counts what stands in all cells of a column and is in its name, as 层 does 楼层, 4层; no 件数."""
    name = table.names[column]
    return count in name and name[-1] not in COUNTS and all(text.endswith(count) for text in table.column(column))


def _is_about(table: _Table, question: str, asked: Question, wanted: Superlative, measured: _Measured) -> bool:
    """Whether all that a question speaks of stands in the table or over it: it may be one of other things.

    What kind of thing is asked for (员工, of a table of names) may be missing where the column is named.
    """
    said = f"{measured.before}。{question[wanted.end :]}"
    for start, end in reversed(which(said)):
        said = f"{said[:start]}。{said[end:]}"
    said = _ASKING.sub("。", said)
    said = _KIND.sub("。", said) if measured.is_named else said
    over = " ".join((table.document.title, table.document.source, *table.header.path))
    texts = (normalise(over).text, *table.written, *(text for _, texts in table.rows for text in texts.values()))
    held = " ".join((*texts, *map(alike, texts)))
    return all(word in held for word in content_words(asked) if word in said)
