"""The short answer inside an evidence sentence: what has the form that the question asks for, and stands nearest
to the question's words."""

from __future__ import annotations

import re

from rag.reading import spans
from rag.reading.features import coverage, term_set
from rag.reading.questions import Kind, Question
from rag.text import normalise
from rag.types import Span

# What follows 多少, 几 or 哪 in a question: the thing counted.
_COUNTED = re.compile(r"(?:多少|几|第几|哪[一二两三四五六七八九十\d几]*)(?:个|家|款|种|名|位|次|倍|张|条|项|大)?([\u4e00-\u9fff]{1,2})")
_UNIT_ASKED = re.compile(r"(?:多少|几)(美元|人民币|亿|万|元|倍|次|个|家|张|款|种|人|名|位|天|年|岁|%|厘|分|条|项|级|gb)")
_ASKED = re.compile(r"(?:是|叫|为|有|在|了)?(?:什么|啥|哪[些个里儿]?|谁|何)")
_QUOTED_KINDS = re.compile(r"书|著作|文件|名为|报告|概念|模型叫|称为|叫做|叫什么|口号|题")


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
    match question.kind:
        case Kind.HOW_MANY:
            return bool(_new(question, text, spans.quantities(text)))
        case Kind.WHEN:
            return bool(_new(question, text, spans.dates(text)))
        case Kind.WHO:
            return bool(_new(question, text, [*spans.people(text), *spans.names(text)]))
        case Kind.WHERE:
            return bool(_new(question, text, spans.places(text)))
        case Kind.LIST:
            return bool(spans.listed(text))
        case _:
            return True


def _find(question: Question, text: str) -> tuple[Span, ...]:
    match question.kind:
        case Kind.HOW_MANY:
            return _one(_nearest(question, text, spans.quantities(text)), question, text)
        case Kind.WHEN:
            return _one(_nearest(question, text, spans.dates(text)), question, text)
        case Kind.WHO:
            people = [] if "公司" in question.normalised or "家" in question.normalised else spans.people(text)
            found = _nearest(question, text, people) or _nearest(question, text, spans.names(text))
            return _one(found, question, text)
        case Kind.WHERE:
            quoted = spans.titles(text) if _QUOTED_KINDS.search(question.normalised) else []
            return _one(_nearest(question, text, quoted or spans.places(text)), question, text)
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
        case Kind.KEYWORDS:
            return _one(_nearest(question, text, spans.quantities(text)), question, text)
        case Kind.YES_NO:
            return (_clause(question, text),)


def _one(found: Span | None, question: Question, text: str) -> tuple[Span, ...]:
    return (found or _clause(question, text),)


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
    return [span for span in found if text[span.start : span.end].strip("“”\"《》") not in question.normalised]


def _nearest(question: Question, text: str, found: list[Span]) -> Span | None:
    """The span closest to the question's words, of the unit asked for if the question names one."""
    fresh = _new(question, text, found)
    if not fresh:
        return None
    unit = _UNIT_ASKED.search(question.normalised)
    counted = _COUNTED.search(question.normalised)

    def fitness(span: Span) -> tuple[float, int]:
        score = _closeness(question, text, span)
        following = text[span.start : span.end + 4]
        score += 1.0 if unit and unit.group(1) in following else 0.0
        score += 0.5 if counted and counted.group(1) in following else 0.0
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
