"""Questions after what stands at one place of a document: its sentences' facts, its heading, its row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.question.followup.attributes import attribute_asked
from rag.question.followup.wording import Phrase
from rag.question.kinds import Kind
from rag.question.mentions import dates
from rag.types import Block, BlockKind, Document, Span
from rag.web.suggestions.candidate import Candidate
from rag.web.suggestions.facts import facts
from rag.web.suggestions.phrases import quantities
from rag.web.suggestions.stated import stated

QUESTION = 40
"""The longest question that is offered, in characters."""
_SENTENCE = 200
_NUMBERING = re.compile(r"^(?:第?[一二三四五六七八九十百\d]+[章节条、.．)）]?\s*|[(（][^)）]{1,3}[)）]\s*)+")
_IS_NAME = re.compile(r"[\w《》]{2,16}")
_COUNTED = re.compile(r"(?:流程|步骤|条件|要求|材料|范围|内容|职责|情形|种类|方式|方法|事项|对象|项目|原则)$")
# What a row may be called by in a question: no running number, no date.
_NAMES, _NAME = re.compile(r"[^\W\d_]{2}"), 16
_IN_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]$")
# A column of people: 负责人, 值班员.
_SOMEBODY = re.compile("[人员者]$")
_FIGURE = re.compile(r"[^\w]*\d")


def of_sentences(document: Document, block: Block, spans: Sequence[Span]) -> Iterator[Candidate]:
    """After what the sentences at ``spans`` tell, which stand in ``block`` or begin there."""
    topic = block.path[-1] if block.path else ""
    for span in spans:
        sentence = document.text[span.start : span.end]
        told = [*facts(sentence, topic), *stated(sentence, topic)] if len(sentence) <= _SENTENCE else []
        for fact in told:
            place = Span(span.start + fact.answer.start, span.start + fact.answer.end)
            yield Candidate(fact.question, fact.kind, document.doc_id, place)


def of_heading(document: Document, block: Block, *, titled: bool = False) -> Iterator[Candidate]:
    """What the heading above ``block`` names, answered from what stands under it.

    ``titled``: where the document's title is a name, with it, for one who has not the document before him.
    """
    if not block.path:
        return
    words = _NUMBERING.sub("", block.path[-1]).strip(" ：:。")
    under = [one for one in document.blocks if one.path == block.path and one.kind is not BlockKind.HEADING]
    if not words or not under or len(words) > QUESTION:
        return
    asks = "有哪些" if is_counted(words) and not words.endswith("流程") else "是什么"
    asked = words if words.endswith(("？", "?")) else attribute_asked(Phrase.of(f"{words}？")) or f"{words}{asks}？"
    if titled and asked != words and _IS_NAME.fullmatch(document.title) and document.title not in words:
        asked = f"{document.title}的{asked}"
    yield Candidate(asked, Kind.WHAT, document.doc_id, Span(under[0].start, under[-1].end))


def is_counted(heading: str) -> bool:
    """Whether a heading names several things: 报销流程, 申请条件."""
    return bool(_COUNTED.search(heading))


def of_row(document: Document, block: Block) -> Iterator[Candidate]:
    """A row's other columns, of what its first one names."""
    if block.kind is not BlockKind.ROW:
        return
    cells = re.finditer(r"(?:^|；)([^：；]{1,20})：([^；]+)", document.text[block.start : block.end])
    named = [(cell.group(1), cell.group(2), cell.span(2)) for cell in cells]
    if not named or not _NAMES.search(named[0][1]) or len(named[0][1]) > _NAME:
        return
    row, others = named[0][1], named[1:]
    if _is_shared(document, block, named[0][2][1]):
        # 装卸 by hand and 装卸 by forklift: the next cell tells which.
        row, others = row + (others[0][1] if others and _NAMES.search(others[0][1]) else ""), others[1:]
    columns = [_without_unit(column) for column, *_ in others]
    for (column, value, (start, end)), short in zip(others, columns, strict=True):
        called = short if columns.count(short) == 1 else column
        by_date = _is_date(called)
        asked = f"{called}的{_without_unit(row)}" if by_date else f"{row}的{called}"
        asks = _asks(value, called, _unit(row if by_date else column.removeprefix(called)))
        yield Candidate(f"{asked}{asks}？", Kind.WHAT, document.doc_id, Span(block.start + start, block.start + end))


def _is_shared(document: Document, block: Block, end: int) -> bool:
    """Whether another row of the table has the same first cell, which ends at ``end`` of the row."""
    first = f"{document.text[block.start : block.start + end]}；"
    rows = (one for one in document.blocks if one.header == block.header and one.number != block.number)
    return any(document.text.startswith(first, one.start) for one in rows)


def _asks(value: str, column: str, unit: str) -> str:
    """The words that ask for ``value``: in the unit of its column, if that has one."""
    if _is_date(value):
        return "是什么时候"
    if _FIGURE.match(value) and not dates(value):
        counted = quantities(value + unit)
        return f"是多少{unit if counted and counted[0].end > len(value) else ''}"
    return "是谁" if _SOMEBODY.search(column) else "是什么"


def _is_date(text: str) -> bool:
    return dates(text) == [Span(0, len(text))]


def _unit(name: str) -> str:
    """元 of 零售价（元）."""
    said = _IN_BRACKETS.search(name)
    return said.group().strip(" ()（）") if said else ""


def _without_unit(name: str) -> str:
    """零售价 of 零售价（元）: nobody says what stands in brackets."""
    return _IN_BRACKETS.sub("", name) or name
