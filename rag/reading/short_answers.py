"""The short answer inside an evidence sentence: of what has the form asked for, the part nearest to the
question's words; where no form is asked for, the clause that says something new.
"""

from __future__ import annotations

import re

from rag.reading import spans
from rag.reading.features import coverage, term_set
from rag.reading.forms import ASKED_QUANTITY, forms, quoted
from rag.reading.questions import Kind, Question
from rag.text import normalise
from rag.tokenization import content_words, tagged
from rag.types import Span

_ASKED = re.compile(r"(?:是|叫|为|有|在|了|到)?(?:什么|啥|哪[些个里儿]?|谁|何)")
# "哪个行业", "哪些能力": the noun that the answer ends with.
_ASKED_NOUN = re.compile(r"哪(?:一?[个些种类所家份款]|[一几两])?(?:大)?([\u4e00-\u9fff]{2})")
_NAME_ASKED = re.compile(r"叫什么|叫啥|名字|是哪[个款]")
_SEVERAL_PEOPLE = re.compile(r"分别|都有谁|哪些人")
# Words that introduce the same kind of object; one asked with any of them may be stated with any other.
_ALIKE = tuple(
    "|".join(group.split())
    for group in (
        "说明 表明 反映 体现 意味着 展示 显示 标志着",
        "称为 叫做 名为 称作",
        "比作 犹如 如同 好比 就像",
        "带来 产生 促使",
        "擅长 拿手 适用于 适合",
    )
)
# A clause with fewer new words than this only repeats the question; what follows it answers.
_NEW_WORDS = 2


def answer_spans(question: Question, sentence: str) -> tuple[Span, ...]:
    """The ranges of ``sentence`` (original characters) that answer; several for a list. Never empty."""
    folded = normalise(sentence)
    found = _find(question, folded.text) if folded.text.strip() else ()
    trimmed = (_trimmed(folded.text, span) for span in found)
    mapped = tuple(folded.to_original(*span) for span in trimmed if span.start < span.end)
    return mapped or (Span(0, len(sentence)),)


def items_in(text: str, span: Span) -> tuple[Span, ...]:
    """The items of the list in ``text`` that ``span`` lies on, those inside the span; () if it is not on a list."""
    folded = normalise(text)
    lists = [tuple(folded.to_original(*item) for item in items) for items in spans.listed(folded.text)]
    inside = [tuple(i for i in items if i.start < span.end and span.start < i.end) for items in lists]
    return max((items for items in inside if len(items) > 1), key=len, default=())


def _find(question: Question, text: str) -> tuple[Span, ...]:
    if len(question.kinds) > 1:
        found = (_nearest(question, text, forms(kind, question, text)) for kind in question.kinds)
        return tuple(sorted({span for span in found if span})) or (_telling(question, text),)
    match question.kind:
        case Kind.HOW_MANY:
            return _counted(question, text)
        case Kind.WHO if _SEVERAL_PEOPLE.search(question.normalised) and len(spans.people(text)) > 1:
            return tuple(spans.people(text))
        case Kind.WHEN | Kind.WHO | Kind.WHERE:
            return (_nearest(question, text, forms(question.kind, question, text)) or _telling(question, text),)
        case Kind.LIST:
            lists = spans.listed(text)
            if lists:
                return max(lists, key=lambda items: (_closeness(question, text, _around(items)), len(items)))
            return (_with_noun(question, text) or _telling(question, text),)
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
    quantities = forms(Kind.HOW_MANY, question, text)
    asked: list[re.Match[str] | None] = [*ASKED_QUANTITY.finditer(question.normalised)]
    found = {_nearest(question, text, quantities, one) for one in asked or [None]}
    return tuple(sorted(span for span in found if span)) or (_telling(question, text),)


def _what(question: Question, text: str) -> Span:
    """What stands where the question has its 什么: after the word before it, by its noun, by name, or in quotes."""
    if _NAME_ASKED.search(question.normalised):
        named = _named(question, text)
        if named:
            return named
    patterns = _verb_before(question) + [group for group in _ALIKE if re.search(group, question.normalised)]
    for pattern in patterns:
        found = spans.after(pattern, text)
        if found and _new_words(question, text, found):
            return found
    return _with_noun(question, text) or _nearest(question, text, quoted(question, text)) or _telling(question, text)


def _verb_before(question: Question) -> list[str]:
    """The verb that stands before 什么, as a pattern; [] where another word does."""
    asked = _ASKED.search(question.normalised)
    before = tagged(question.normalised[: asked.start()]) if asked else ()
    words = [(word, tag) for word, _, _, tag in before if tag[0] not in "uyx"]
    return [re.escape(words[-1][0])] if words and words[-1][1][0] == "v" and len(words[-1][0]) > 1 else []


def _with_noun(question: Question, text: str) -> Span | None:
    """The phrase that ends with the noun asked for: "哪个行业" finds "教育行业"."""
    asked = _ASKED_NOUN.search(question.normalised)
    if not asked:
        return None
    pattern = rf"(?:^|[在为是从于向,;:])([^,;:。在为是从于向]{{2,14}}?{asked.group(1)})"
    found = [Span(*match.span(1)) for match in re.finditer(pattern, text)]
    return _nearest(question, text, [span for span in found if text[span.start : span.end] not in question.normalised])


def _named(question: Question, text: str) -> Span | None:
    """The item that holds most of the question's words, without its "X的" if X is the question's."""
    items = [span for items in spans.listed(text) for span in items]
    if not items:
        return None
    item = max(items, key=lambda span: coverage(question.terms, term_set(text[span.start : span.end])))
    part = text[item.start : item.end]
    owner, of, _ = part.partition("的")
    return Span(item.start + len(owner) + 1, item.end) if of and owner in question.normalised else item


def _clause(question: Question, text: str) -> Span:
    """The clause that holds most of the question's words; the first of equals."""
    found = spans.clauses(text) or [Span(0, len(text))]
    return max(found, key=lambda clause: coverage(question.terms, term_set(text[clause.start : clause.end])))


def _telling(question: Question, text: str) -> Span:
    """That clause, or the rest of the sentence after it where it only repeats the question."""
    clause = _clause(question, text)
    rest = Span(clause.end, len(text))
    if _new_words(question, text, clause) < _NEW_WORDS <= _new_words(question, text, rest):
        return rest
    return clause


def _new_words(question: Question, text: str, span: Span) -> int:
    words = content_words(text[span.start : span.end])
    return sum(len(word) > 1 and word not in question.normalised for word, _ in words)


def _nearest(question: Question, text: str, found: list[Span], asked: re.Match[str] | None = None) -> Span | None:
    """The span closest to the question's words; ``asked`` names a unit and the thing counted, if it does."""
    unit, counted = asked.groups() if asked else (None, None)

    def fitness(span: Span) -> tuple[float, int]:
        following = text[span.start : span.end + 4]
        score = _closeness(question, text, span)
        score += 1.0 if unit and unit in following else 0.0
        score += 0.5 if counted and counted in following else 0.0
        return score, -span.start

    return max(found, key=fitness, default=None)


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
    lead = re.match(r"[\s,:;、]+", part)
    trail = re.search(r"[\s,:;、.。!?]+$", part)
    return Span(span.start + (lead.end() if lead else 0), span.end - (len(trail.group()) if trail else 0))
