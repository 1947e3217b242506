"""What in a sentence has the form that a question asks for: figures of the right unit, dates of the right grain,
people or organisations, places.
"""

from __future__ import annotations

import re

from rag.reading import spans
from rag.reading.questions import Kind, Question
from rag.types import Span

_UNITS = "个|家|款|种|名|位|次|倍|张|条|项|美元|人民币|万|亿|元|人|天|年|岁|%|厘|分|gb"
# The unit asked for, then what is counted.
ASKED_QUANTITY = re.compile(rf"(?:多少|几|哪[一二两三四五六七八九十\d几])({_UNITS})?(?!钱)([\u4e00-\u9fff]{{2}})?")
# What a question says of the figure or date that it wants, and what such a one holds.
_WANTED = tuple(
    (re.compile(asks), re.compile(holds))
    for asks, holds in (
        (
            r"多少钱|什么价|价格|定价|成本|融资|市值|估值|流水|\bcost\b|\bprice\b|how much|raise|market cap",
            "元|人民币|厘",
        ),
        ("多久|几天|多长时间|how long", r"(?:天|小时|分钟|个月|年|周)$"),
        ("第几|几年级|排(?:名|到|第)", "第|年级"),
        ("百分之几|占比|比例", "%|成"),
        ("哪一?[天日]|几号", "[日号]"),
        ("哪一?年|什么年份", "年|^(?:19|20)"),
        ("几月|哪个?月", "月"),
    )
)
_PARTLY = 0.4
# How far from a figure the thing that it counts may stand.
_BESIDE = 4
_ORDINAL = re.compile("^第|年级$")
_QUOTED_KINDS = re.compile(r"书|著作|文件|名为|报告|概念|称为|叫做|叫什么|口号|题|榜|数据")
_WORKS = re.compile("书|著作|文件|报告|出处|数据")
_COMPANY = re.compile(r"公司|企业|厂商|机构|哪家|谁家|company")
_FORMAL = frozenset({Kind.HOW_MANY, Kind.WHEN, Kind.WHO, Kind.WHERE, Kind.LIST})
_PAIRED = ("《》", "“”", "()", "「」")


def form_fit(question: Question, text: str) -> float:
    """How far normalised ``text`` holds something of the form asked for, in [0, 1]; 1 where no form is.

    A figure that does not count the thing that the question names fits only in part.
    """
    if question.kind not in _FORMAL:
        return 1.0
    found = forms(question.kind, question, text)
    if question.kind is Kind.HOW_MANY and found:
        asked = _asked_quantities(question)
        if asked and not any(_counts(text, span, *names) for span in found for names in asked):
            return _PARTLY
    return float(bool(found))


def forms(kind: Kind, question: Question, text: str) -> list[Span]:
    """Everything in normalised ``text`` of the form that ``kind`` asks for and that the question does not hold."""
    found = [span for span in _candidates(kind, question, text) if _is_whole(text, span)]
    asked = question.normalised.replace(" ", "")
    fresh = [span for span in found if text[span.start : span.end].strip('“”"《》').replace(" ", "") not in asked]
    return _wanted(question, text, fresh) if kind in (Kind.HOW_MANY, Kind.WHEN) else fresh


def quoted(question: Question, text: str) -> list[Span]:
    """Titles and quotations, if the question asks for something that has a name of its own; of works only 《…》."""
    if not _QUOTED_KINDS.search(question.normalised):
        return []
    found = spans.titles(text)
    works = [span for span in found if text[span.start] == "《"]
    return works if works and _WORKS.search(question.normalised) else found


def _candidates(kind: Kind, question: Question, text: str) -> list[Span]:
    match kind:
        case Kind.HOW_MANY:
            return spans.quantities(text)
        case Kind.WHEN:
            return spans.dates(text)
        case Kind.WHO:
            people = [] if _COMPANY.search(question.normalised) else spans.people(text)
            return people or sorted({*spans.subjects(text), *spans.names(text)})
        case Kind.WHERE:
            return quoted(question, text) or sorted({*spans.located(text), *spans.places(text)})
        case Kind.LIST:
            return [span for items in spans.listed(text) for span in items]
        case _:
            return []


def _wanted(question: Question, text: str, found: list[Span]) -> list[Span]:
    """Those of the unit, the grain or the thing counted that the question names; ordinals only where it asks so."""
    wants = [holds for asks, holds in _WANTED if asks.search(question.normalised)]
    if wants:
        return [span for span in found if any(holds.search(text[span.start : span.end]) for holds in wants)]
    found = [span for span in found if not _ORDINAL.search(text[span.start : span.end])]
    asked = _asked_quantities(question)
    fitting = [span for span in found if any(_counts(text, span, *names) for names in asked)]
    return fitting or ([] if any(unit for unit, _ in asked) else found)


def _asked_quantities(question: Question) -> list[tuple[str | None, str | None]]:
    """``(unit, thing counted)`` of each 多少 and 几 that names one of them."""
    found = (match.groups() for match in ASKED_QUANTITY.finditer(question.normalised))
    return [(unit, counted) for unit, counted in found if unit or counted]


def _counts(text: str, span: Span, unit: str | None, counted: str | None) -> bool:
    """Whether the unit stands in or after the span, or the thing counted stands beside it."""
    after = text[span.start : span.end + _BESIDE]
    around = text[max(0, span.start - _BESIDE) : span.end + _BESIDE]
    return bool((unit and unit in after) or (counted and counted in around))


def _is_whole(text: str, span: Span) -> bool:
    """Whether the span cuts no 《…》, quotation or bracket."""
    part = text[span.start : span.end]
    return all(part.count(pair[0]) == part.count(pair[1]) for pair in _PAIRED)
