"""What a sentence lays down of a thing, turned into the question that it answers: an amount, a term.

The thing needs no name of its own, as in rules: 「省会城市的住宿费标准」. That suits who has the document before him.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.question.kinds import Kind
from rag.text.normalization import HAN
from rag.text.tokenization import tagged
from rag.types import Span
from rag.web.suggestions.facts import Fact
from rag.web.suggestions.phrases import quantities
from rag.web.suggestions.subjects import LONGEST, Sentence, around, balanced, is_nominal

_SAID = re.compile(rf"(?:[应须]?为|是)(?:每{HAN}{{1,2}}){{0,2}}\s?$")
# What may stand after a number and its unit; more is a thing of which there are so many.
_REST = re.compile(r".{0,2}(?:\(.*)?")
_TIME = re.compile(r"[天周月年日秒]|小时|分钟")
_DUE = re.compile(
    r"(?P<who>.{2,16}?)(?P<must>应当?|必须|须|需)在?(?P<term>[^在]{2,14}?[天日周月年时]之?(?P<end>以?内|前))"
    rf"(?P<act>{HAN}.{{1,14}})$"
)
# Tags of words that point elsewhere or join clauses, and so begin no thing that can be asked for by itself.
_LEANS = ("r", "c", "p", "d", "t", "x", "m")


def stated(sentence: str, topic: str = "") -> Iterator[Fact]:
    """What one sentence lays down; ``topic`` is the heading above it."""
    s = Sentence(sentence, topic)
    yield from _amounts(s)
    yield from _terms(s)


def _amounts(s: Sentence) -> Iterator[Fact]:
    """「省会城市的住宿费标准是多少？」."""
    for number in quantities(s.text):
        clause = s.clause(number.start)
        said = _SAID.search(s.text, clause.start, number.start)
        thing = Span(clause.start, said.start() if said else clause.start)
        if _is_thing(s, thing) and _REST.fullmatch(s.text, number.end, clause.end):
            asks = "多久" if _TIME.search(s.text, number.start, number.end + 1) else "多少"
            yield Fact(f"{s.words(thing)}是{asks}？", Kind.HOW_MANY, s.original(number))


def _terms(s: Sentence) -> Iterator[Fact]:
    """「员工应在多久之内提交报销单？」."""
    for clause in s.clauses:
        due = _DUE.match(s.text, clause.start, clause.end)
        if due and _is_thing(s, Span(*due.span("who"))) and balanced(due["act"]):
            asks = "多久之内" if due["end"].endswith("内") else "什么时候之前"
            who, act = (s.words(Span(*due.span(part))) for part in ("who", "act"))
            yield Fact(f"{who}{due['must']}在{asks}{act}？", Kind.WHEN, s.original(Span(*due.span("term"))))


def _is_thing(s: Sentence, span: Span) -> bool:
    """Whether ``span`` is nothing but a noun with what says more of it."""
    words = [word for word in tagged(s.text) if span.start <= word[1] and word[2] <= span.end]
    whole = bool(words) and around(words) == span and span.end - span.start <= LONGEST
    return whole and is_nominal(words) and not words[0][3].startswith(_LEANS) and not any(w[3] == "r" for w in words)
