"""The kinds of a thing as a document lists them: sibling headings, or the items of one list.

A list is of a noun if its items end alike with it (养老保险, 医疗保险), if what stands above it names it (各类保险), or
if most end with the character that the noun is built on (年假, 病假 of 假期).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from rag.answering.overview import MOST_SECTIONS, Overview, Section, of_one, section
from rag.errors import Language
from rag.question.courtesy import reply_language
from rag.question.mentions import NTH
from rag.question.sorts import Sorts, sorts
from rag.reading import Evidence
from rag.text.enumerations import Enumeration, Item, enumerations
from rag.text.markers import marker
from rag.text.normalization import folded, normalise, statements
from rag.text.quantities.numbers import value
from rag.text.tags import PROPER
from rag.text.tokenization import STOPWORDS, cut_words, tagged, telling_words, terms
from rag.types import Answer, BlockKind, Document, Span

_NUMBERING: Final = re.compile(r"^(?:第[一二三四五六七八九十百\d]+[章节条款]|\d+(?:\.\d+)*[.、]?(?!\d))\s*")
_BRACKETS: Final = re.compile(r"[（(【\[][^（()）】\]]*[)）】\]]\s*$")
# What may follow the noun above a list of its kinds: 假期种类, 假期包括：.
_AFTER: Final = re.compile(
    r"(?:的|有|包括|包含|分为|如下|以下|下列|几|各?种类?|类别|类型|类|分类|范围|一览|清单|项)*[:：]?"
)
_LEAST_LEAD: Final = 3
_DIGIT: Final = re.compile(r"\d")
_LONGEST_NAME, _LONGEST_ENDING = 24, 4


def listed(asked: str, answer: Answer, read: Iterable[Document], language: str) -> Answer | None:
    """The kinds of a thing where ``asked`` asks for them, a document lists them, and ``answer`` is no list.

    ``read`` are the documents that were read for it, best first, and ``language`` is the setting. What was read well
    stays, unless it stands in the document that surely has the list.
    """
    wanted = sorts(asked)
    (part,) = answer.parts
    if wanted is None or part.confirmed or len(part.items) > 1:
        return None
    if any(word not in wanted.noun for word in answer.missing):
        return None
    by_id = {one.doc_id: one for one in read}
    cited = [by_id[one.doc_id] for one in answer.citations[:1] if one.doc_id in by_id]
    spoken = reply_language(asked, language)
    found = kinds(answer.question, wanted, cited or by_id.values(), spoken, surely=bool(part.items))
    return replace(found, hits=answer.hits) if found else None


def kinds(
    question: str, asked: Sorts, documents: Iterable[Document], language: Language, *, surely: bool = False
) -> Answer | None:
    """The list that is asked for, from the document where it is surest, the first of equals; None if none has one.

    ``surely``: one that only its items' last character speaks for does not count.
    """
    found = [(sure, document, items) for document in documents for sure, items in _lists(document, asked)]
    sure, document, items = min(found, key=lambda one: one[0], default=(0, None, ()))
    if document is None or (surely and sure == _BY_CHARACTER):
        return None
    sections = tuple(_section(document, item) for item in items)
    shown = Overview(document, sections[0].sentence, sections[:MOST_SECTIONS], len(sections[MOST_SECTIONS:]))
    return of_one(question, shown, language)


def nth_item(question: str, documents: Iterable[Document]) -> Evidence | None:
    """The item that ``question``, in its normal form, asks for by its number, of a list whose lead it repeats.

    ``documents`` are those that were read for it, best first. Articles are called by their own numbers, and no items.
    """
    match = NTH.search(question)
    if match is None or NTH.search(question, match.end()):
        return None
    number = match["number"] or "0"
    place = (int(number) if number.isdigit() else int(value(number) or 0)) - 1
    for document in documents:
        for one in enumerations(document):
            if place < len(one.items) and _is_repeated(document, one.lead, one.items[place], question):
                return _whole(document, one.items[place])
    return None


def _is_repeated(document: Document, lead: Span | None, item: Item, question: str) -> bool:
    """Whether a question says what stands over a list, without its number: 开机步骤."""
    above = (document.text[slice(*lead)] if lead else "", *item.block.path[-1:])
    names = (_unnumbered(normalise(text).text).strip(" ,:") for text in above)
    is_said = any(len(name) >= _LEAST_LEAD and name in question for name in names)
    return is_said and document.text[item.block.start] != "第"


def _unnumbered(text: str) -> str:
    found = marker(text)
    return text[found.end :] if found else _NUMBERING.sub("", text)


def _whole(document: Document, item: Item) -> Evidence:
    sentence = item.block.span
    said = document.text[item.head.start : sentence.end].rstrip("；;，,。 ")
    return Evidence(document, (Span(item.head.start, item.head.start + len(said)),), sentence, 1.0)


_BY_NOUN, _BY_LEAD, _BY_CHARACTER = range(3)


def _lists(document: Document, asked: Sorts) -> Iterable[tuple[int, Sequence[Item]]]:
    """Lists of what is asked, each with what speaks for it, smaller for surer."""
    if not _speaks_of(document, asked.about):
        return
    for one in enumerations(document):
        if not _is_of(document, one, asked.about):
            continue
        if one.items[0].block.kind not in (BlockKind.HEADING, BlockKind.LIST_ITEM):
            continue
        names = [(item, _name(document, item)) for item in one.items]
        if _is_one(asked.about, [name for _, name in names]):
            continue
        if alike := _ending(names, asked.noun):
            yield _BY_NOUN, alike
        elif _is_above(document, one, asked.noun):
            yield _BY_LEAD, one.items
        elif all(name != asked.noun for _, name in names):
            for character in asked.noun[-2:]:
                alike = _ending(names, character)
                if 2 * len(alike) > len(names):
                    yield _BY_CHARACTER, alike


def _speaks_of(document: Document, about: str) -> bool:
    """Whether the document has the words that say whose or where the kinds are."""
    text = normalise(f"{document.title}\n{document.text}").text
    words = (word.text for word in cut_words(about))
    return all(word in text for word in words if len(word) > 1 and word not in STOPWORDS)


def _is_of(document: Document, one: Enumeration, about: str) -> bool:
    """Whether the names and dates that the question says stand over the list: elsewhere they are of something else."""
    above = (document.title, *one.items[0].block.path, document.text[slice(*one.lead)] if one.lead else "")
    said = set(terms("\n".join(above)))
    names = {text for text, *_, tag in tagged(about) if tag in PROPER}
    return all(word.term in said for word in cut_words(about) if word.text in names or _DIGIT.search(word.term))


def _is_one(about: str, names: Sequence[str]) -> bool:
    """Whether items are called by what the question says and others not: 乙方的义务 are not the kinds of 义务."""
    return any(0 < sum(word in name for name in names) < len(names) for word in telling_words(about))


def _name(document: Document, item: Item) -> str:
    name = normalise(document.text[slice(*item.head)]).text.strip()
    return _BRACKETS.sub("", _NUMBERING.sub("", name)).strip()


def _ending(names: Sequence[tuple[Item, str]], noun: str) -> list[Item]:
    """Items whose names end with ``noun``, or with it and the same few characters, if there are at least two."""
    ends = {item.block.number: name[at + len(noun) :] for item, name in names if (at := _at(name, noun)) > 0}
    common = Counter(ends.values()).most_common(1)
    if not common or common[0][1] < 2 or len(common[0][0]) > _LONGEST_ENDING:
        return []
    return [item for item, _ in names if ends.get(item.block.number) == common[0][0]]


def _at(name: str, noun: str) -> int:
    """Where ``noun`` stands in a name of something: 0 or less where nothing tells one kind from the others."""
    return name.rfind(noun) if len(name) <= _LONGEST_NAME else -1


def _is_above(document: Document, one: Enumeration, noun: str) -> bool:
    """Whether what stands above a list ends with ``noun``, or says that kinds of it follow."""
    lead = normalise(document.text[slice(*one.lead)]).text.strip() if one.lead else ""
    if not lead or folded(lead) == folded(document.title):
        return False
    at = lead.rfind(noun)
    return at >= 0 and bool(_AFTER.fullmatch(lead[at + len(noun) :]))


def _section(document: Document, item: Item) -> Section:
    if item.block.kind is not BlockKind.HEADING:
        first = next(iter(statements(document, item.block)), item.block.span)
        return Section(None, first)
    after = document.blocks[item.block.number :]
    ends = (one for one in after if one.kind is BlockKind.HEADING and one.level <= item.block.level)
    return section(document, item.block, next(ends, None))
