"""The figures, dates and names that stand out in a document, each with the place where it is first said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.question.mentions import dates, people
from rag.text.normalization import normalise, statements
from rag.text.tokenization import tagged
from rag.types import BlockKind, Document, Span
from rag.web.suggestions.phrases import clauses, quantities
from rag.web.suggestions.subjects import Word, proper, run

MOST_READ = 20_000
"""Characters of a document that are read for it: tagging so many takes a third of a second."""
_MOST = 8
# What is counted in small numbers or puts in order is seldom what one looks for.
_TELLS = re.compile(r"\d.*[^\d\s.,]$|[十百千万亿]|%")
_WEIGHTY = re.compile(r"[%万亿元]")
_NO_FIGURE = re.compile(r"^第|^1[^\d人]$")
_DATED = re.compile(r"[\d一二三四五六七八九十].*[年月]")
_INSIDE = re.compile(r"(?<=\d)[,:](?=\d)")
_TITLE = re.compile(r"《[^《》]{1,30}》")
_FIGURE = re.compile(r"[\d.]+[a-z]*|[-.]")


class Sort(StrEnum):
    """What a key fact is."""

    FIGURE = "figure"
    DATE = "date"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class KeyFact:
    """What is said first at ``span`` of a document, in ``clause`` of ``sentence``, and how many ``times`` in all."""

    sort: Sort
    span: Span
    clause: Span
    sentence: Span
    times: int = 1


def key_facts(document: Document) -> list[KeyFact]:
    """At most a few of each sort, in the document's order; those that are said more than once go before others.

    Of a long document the first MOST_READ characters are read.
    """
    by_key: dict[tuple[Sort, str], KeyFact] = {}
    for key, fact in _mentions(document):
        known = by_key.get(key)
        by_key[key] = replace(known, times=known.times + 1) if known else fact
    chosen: list[KeyFact] = []
    for sort in Sort:
        ranked = sorted(
            ((_weight(*key, fact.times), fact) for key, fact in by_key.items() if key[0] is sort),
            key=lambda one: (-one[0], one[1].span),
        )
        chosen += sorted((fact for weight, fact in ranked[:_MOST] if weight), key=lambda fact: fact.span)
    return chosen


def _weight(sort: Sort, said: str, times: int) -> int:
    """How much it stands out: 0 for not at all."""
    if sort is Sort.FIGURE:
        return times + (100 if _WEIGHTY.search(said) else 0)
    if sort is Sort.DATE:
        return times + 100 * sum(mark in said for mark in "年月")
    # A word that was tagged as a name only once may be none.
    named = said.startswith("《") or bool(people(said))
    return times if times > 1 or named else 0


def _mentions(document: Document) -> Iterator[tuple[tuple[Sort, str], KeyFact]]:
    """Everything that may be a key fact, as often as it is said, with what makes two of them the same."""
    for block in document.blocks:
        if block.start >= MOST_READ:
            return
        if block.kind in (BlockKind.HEADING, BlockKind.CODE):
            continue
        for sentence in statements(document, block):
            yield from _in_sentence(document.text[slice(*sentence)], sentence)


def _in_sentence(words: str, sentence: Span) -> Iterator[tuple[tuple[Sort, str], KeyFact]]:
    folded = normalise(words)
    text = folded.text
    spans = [(Sort.FIGURE, span) for span in quantities(text) if _tells(text[slice(*span)])]
    spans += [(Sort.DATE, span) for span in dates(text) if _DATED.search(text[slice(*span)])]
    spans += [(Sort.NAME, span) for span in _names(text)]
    for sort, span in spans:
        places = (folded.to_original(*one) for one in (span, _around(text, span)))
        there, inside = (Span(sentence.start + one.start, sentence.start + one.end) for one in places)
        yield (sort, text[slice(*span)]), KeyFact(sort, there, inside, sentence)


def _around(text: str, span: Span) -> Span:
    """The clause or clauses that hold ``span``; marks inside of 36,800 and 13:52 end none."""
    parts = clauses(_INSIDE.sub("0", text))
    start = next((one.start for one in parts if one.start <= span.start < one.end), span.start)
    end = next((one.end for one in parts if one.start < span.end <= one.end), span.end)
    return Span(start, end)


def _tells(figure: str) -> bool:
    return bool(_TELLS.search(figure)) and not _NO_FIGURE.match(figure)


def _names(text: str) -> list[Span]:
    """Titles in 《》, people, and what is tagged as a name, with the number that belongs to it (GPT-4)."""
    names = [Span(*match.span()) for match in _TITLE.finditer(text)]
    names += people(text)
    words = list(tagged(text))
    place = 0
    while place < len(words):
        group = run(words[place:])
        named = _named(group)
        if named and not any(one.start < named.end and named.start < one.end for one in names):
            names.append(named)
        place += max(1, len(group))
    return names


def _named(group: list[Word]) -> Span | None:
    """The range of the first name in a run of nouns."""
    first = next((place for place, word in enumerate(group) if proper(word) and len(word[0]) > 1), None)
    if first is None:
        return None
    last = first
    while last + 1 < len(group) and _FIGURE.fullmatch(group[last + 1][0]):
        last += 1
    while group[last][0] in "-.":
        last -= 1
    return Span(group[first][1], group[last][2])
