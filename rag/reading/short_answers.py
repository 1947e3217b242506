"""The short answer inside an evidence sentence: what has the form that the question asks for, and stands nearest
to the question's words.
"""

from __future__ import annotations

import re

from rag.reading import spans
from rag.reading.features import coverage, term_set
from rag.reading.questions import Kind, Question
from rag.text import normalise
from rag.types import Span

# The unit asked for, then what is counted.
_ASKED_QUANTITY = re.compile(
    r"(?:多少|几|第几|哪[一二两三四五六七八九十\d几])(个|家|款|种|名|位|次|倍|张|条|项|大|美元|人民币|万|亿|元|人|天|年级|年|岁|%|厘|分|gb)?([\u4e00-\u9fff]{1,2})?"
)
_MONEY = re.compile(r"多少钱|什么价|价格|定价|成本|融资|市值|估值|流水|\bcost\b|\bprice\b|how much|raise|market cap")
_MONEY_UNIT = re.compile(r"元|人民币|厘")
_DURATION = re.compile(r"多久|几天|多长时间|how long")
_DURATION_UNIT = re.compile(r"天|小时|分钟|个月|年|周")
_ASKED = re.compile(r"(?:是|叫|为|有|在|了|到)?(?:什么|啥|哪[些个里儿]?|谁|何)")
_QUOTED_KINDS = re.compile(r"书|著作|文件|名为|报告|概念|称为|叫做|叫什么|口号|题|榜")
_COMPANY = re.compile(r"公司|企业|厂商|机构|哪家|谁家|company")
# Words that introduce the same kind of object; one asked with any of them may be stated with any other.
_ALIKE = tuple(
    "|".join(group.split())
    for group in (
        "说明 表明 反映 体现 意味着 展示 显示 标志着",
        "称为 叫做 名为 称作 叫",
        "比作 犹如 如同 好比 就像 像",
        "带来 产生 促使 影响",
        "推出 发布 上线 问世 面世",
        "擅长 拿手 优势 适用于 适合",
    )
)


def answer_spans(question: Question, sentence: str) -> tuple[Span, ...]:
    """The ranges of ``sentence`` (original characters) that answer; several for a list. Never empty."""
    folded = normalise(sentence)
    if not folded.text.strip():
        return (Span(0, len(sentence)),)
    found = _find(question, folded.text)
    trimmed = (_trimmed(folded.text, span) for span in found)
    mapped = tuple(folded.to_original(*span) for span in trimmed if span.start < span.end)
    return mapped or (Span(0, len(sentence)),)


def has_form(question: Question, sentence: str) -> bool:
    """Whether the sentence holds anything of the form that the question asks for."""
    text = normalise(sentence).text
    return bool(_new(question, text, _forms(question.kind, question, text))) if question.kind in _FORMAL else True


_FORMAL = frozenset({Kind.HOW_MANY, Kind.WHEN, Kind.WHO, Kind.WHERE, Kind.LIST})


def _forms(kind: Kind, question: Question, text: str) -> list[Span]:
    """Everything in ``text`` of the form that ``kind`` asks for."""
    match kind:
        case Kind.HOW_MANY:
            found = spans.quantities(text)
            for asks, unit in ((_MONEY, _MONEY_UNIT), (_DURATION, _DURATION_UNIT)):
                if asks.search(question.normalised):
                    fitting = [span for span in found if unit.search(text[span.start : span.end + 2])]
                    return fitting or found
            return found
        case Kind.WHEN:
            return spans.dates(text)
        case Kind.WHO:
            people = [] if _COMPANY.search(question.normalised) else spans.people(text)
            return people or sorted({*spans.subjects(text), *spans.names(text)})
        case Kind.WHERE:
            quoted = spans.titles(text) if _QUOTED_KINDS.search(question.normalised) else []
            return quoted or sorted({*spans.located(text), *spans.places(text)})
        case Kind.LIST:
            return [span for items in spans.listed(text) for span in items]
        case _:
            return []


def _find(question: Question, text: str) -> tuple[Span, ...]:
    if len(question.kinds) > 1:
        found = (_nearest(question, text, _forms(kind, question, text)) for kind in question.kinds)
        return tuple(sorted({span for span in found if span})) or (_clause(question, text),)
    match question.kind:
        case Kind.HOW_MANY:
            return _counted(question, text)
        case Kind.WHEN | Kind.WHO | Kind.WHERE:
            return (_nearest(question, text, _forms(question.kind, question, text)) or _clause(question, text),)
        case Kind.LIST:
            lists = spans.listed(text)
            if lists:
                return max(lists, key=lambda items: (_closeness(question, text, _around(items)), len(items)))
            return (_clause(question, text),)
        case Kind.WHY:
            return (spans.cause(text) or Span(0, len(text)),)
        case Kind.HOW:
            return (spans.means(text) or Span(0, len(text)),)
        case Kind.WHAT:
            return (_what(question, text),)
        case Kind.YES_NO | Kind.KEYWORDS:
            return (_clause(question, text),)


def _counted(question: Question, text: str) -> tuple[Span, ...]:
    """One quantity for each 多少 or 几 of the question."""
    quantities = _forms(Kind.HOW_MANY, question, text)
    asked: list[re.Match[str] | None] = [*_ASKED_QUANTITY.finditer(question.normalised)]
    found = {_nearest(question, text, quantities, one) for one in asked or [None]}
    return tuple(sorted(span for span in found if span)) or (_clause(question, text),)


def _what(question: Question, text: str) -> Span:
    """What stands where the question has its 什么: after the word before it, or in quotation marks."""
    asked = _ASKED.search(question.normalised)
    if asked:
        before = question.normalised[: asked.start()]
        for length in (4, 3, 2):
            anchor = before[-length:]
            if len(anchor) == length and re.fullmatch(r"[\w+.-]+", anchor):
                found = spans.after(re.escape(anchor), text)
                if found:
                    return found
    for group in _ALIKE:
        if re.search(group, question.normalised):
            found = spans.after(group, text)
            if found:
                return found
    if _QUOTED_KINDS.search(question.normalised):
        quoted = _nearest(question, text, spans.titles(text))
        if quoted:
            return quoted
    return _clause(question, text)


def _clause(question: Question, text: str) -> Span:
    """The clause that holds most of the question's words; the first of equals."""
    found = spans.clauses(text) or [Span(0, len(text))]
    return max(found, key=lambda clause: (coverage(question.terms, term_set(text[clause.start : clause.end])),))


def _new(question: Question, text: str, found: list[Span]) -> list[Span]:
    """Those that the question does not contain already."""
    return [span for span in found if text[span.start : span.end].strip('“”"《》') not in question.normalised]


def _nearest(question: Question, text: str, found: list[Span], asked: re.Match[str] | None = None) -> Span | None:
    """The span closest to the question's words; ``asked`` names a unit and the thing counted, if it does."""
    fresh = _new(question, text, found)
    if not fresh:
        return None
    unit, counted = asked.groups() if asked else (None, None)

    def fitness(span: Span) -> tuple[float, int]:
        following = text[span.start : span.end + 4]
        score = _closeness(question, text, span)
        score += 1.0 if unit and unit in following else 0.0
        score += 0.5 if counted and counted in following else 0.0
        return score, -span.start

    return max(fresh, key=fitness)


def _closeness(question: Question, text: str, span: Span) -> float:
    """How much of the question stands near ``span``: in its clause, and close to it, counted by weight."""
    clause = next((c for c in spans.clauses(text) if c.start <= span.start < c.end), span)
    score = coverage(question.terms, term_set(text[clause.start : clause.end]))
    total = sum(question.terms.values()) or 1.0
    for term, weight in question.terms.items():
        gaps = [
            max(span.start - match.end(), match.start() - span.end, 0) for match in re.finditer(re.escape(term), text)
        ]
        if gaps:
            score += weight / total / (1 + min(gaps) / 4)
    return score


def _around(items: tuple[Span, ...]) -> Span:
    return Span(items[0].start, items[-1].end)


def _trimmed(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    lead = re.match(r"[\s,:;]+", part)
    trail = re.search(r"[\s,:;.。!?]+$", part)
    return Span(span.start + (lead.end() if lead else 0), span.end - (len(trail.group()) if trail else 0))
