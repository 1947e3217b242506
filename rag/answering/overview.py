"""An overview in the documents' own words: what each section begins with, or each document of several.

No text is written: it consists of headings and first sentences as they stand, each cited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath

from rag.answering.agreement import Source
from rag.answering.compose import cite
from rag.errors import Language
from rag.index.protocols import Snapshot
from rag.index.store import DocumentRecord
from rag.question.summaries import Summary
from rag.reading import Evidence
from rag.retrieval.collections import Scope
from rag.text.normalization import folded, statements
from rag.types import Answer, AnswerItem, AnswerPart, Block, BlockKind, Citation, Document, Role, Span, Status

MOST_SECTIONS = 12
MOST_DOCUMENTS = 10
_LONGEST = 120
"""Characters of a sentence that are shown, if it has a clause's end before."""

# So many headings make an outline; without one, as many paragraphs of at least this length stand for sections.
_OUTLINE, _PARAGRAPHS, _PARAGRAPH = 3, 6, 40
# A sentence of fewer letters says nothing, unless it is a row of values; one of the next so many may.
_SAYS, _LOOKED_AT = 8, 3
_FULL_STOP = ("。", "！", "？", "!", "?", "…", ".", "。”", "！”", "？”", "。」")
_CLAUSE_ENDS = "，,；;：:、。"
# A part of a title that is this long names it.
_NAMES, _LONG_TITLE = 4, 6
# Of a name in several parts (3月14日的周会) each is in the title, and has so many characters.
_PART = 2

_TEMPLATES: dict[Language, dict[str, str]] = {
    "zh": {
        "document": "《{title}》",
        "sections": "，共 {count} 节",
        "item": "· {heading}{text}{mark}",
        "section": "{heading}：",
        "more_section": "还有 {more} 节没有列出。",
        "library": "资料共 {count} 篇，各篇的开头：",
        "title": "《{heading}》：",
        "more_title": "还有 {more} 篇没有列出。",
    },
    "en": {
        "document": "{title}",
        "sections": ": {count} sections",
        "item": "· {heading}{text}{mark}",
        "section": "{heading}: ",
        "more_section": "{more} more sections are not listed.",
        "library": "{count} documents; each begins:",
        "title": "{heading}: ",
        "more_title": "{more} more documents are not listed.",
    },
}


@dataclass(frozen=True, slots=True)
class Section:
    """What ``sentence`` is the first one of: all that stands under ``heading``, or without one a paragraph.

    A section without a text of its own has its heading for its sentence.
    """

    heading: Block | None
    sentence: Span


@dataclass(frozen=True, slots=True)
class Overview:
    """The first sentence of a document, and its sections; ``more`` is how many of these are left out.

    The first of the sections has no heading, and the sentence ``lead``, where this stands before them all.
    """

    document: Document
    lead: Span
    sections: tuple[Section, ...]
    more: int


def overview(document: Document) -> Overview:
    """The overview of a document: the sections of the highest level that has several, or else long paragraphs.

    Takes milliseconds, and loads no model.
    """
    body = [block for block in document.blocks if block.kind is not BlockKind.HEADING]
    lead = _lead(document, body) or document.blocks[0].span
    sections = _sections(document, _OUTLINE) or _paragraphs(document, body) or _sections(document, 1)
    if all(section.sentence != lead for section in sections):
        sections.insert(0, Section(None, lead))
    return Overview(document, lead, tuple(sections[:MOST_SECTIONS]), len(sections[MOST_SECTIONS:]))


def answer(
    question: str, asked: Summary, generation: Snapshot, scope: Scope | None, at_hand: str | None, language: Language
) -> Answer | None:
    """The overview that ``question`` asks for, of the documents in ``scope``; None where it names none of them.

    ``at_hand`` is the id of the document which the user has before them and calls 这篇: that may be an older version,
    though it is not asked otherwise.
    """
    beside = at_hand if not asked.name and (scope is None or scope.others) else None
    records = generation.store.records()
    found = _meant(
        asked, [one for one in records if scope is None or one.doc_id in scope or one.doc_id == beside], at_hand
    )
    if len(found) == 1:
        return of_one(question, overview(generation.document(found[0].doc_id)), language)
    doc_ids, first = [record.doc_id for record in found], _TEMPLATES[language]["library"]
    return of_several(question, first, doc_ids, generation.document, language) if found else None


def _meant(asked: Summary, records: Sequence[DocumentRecord], at_hand: str | None) -> list[DocumentRecord]:
    """The documents, of those that are asked, that ``asked`` is an overview of; none where it names none of them."""
    if asked.name:
        return [record for record in records if _is_called(record, asked.name, surely=asked.surely)]
    open_now = [record for record in records if record.doc_id == at_hand and not asked.library]
    called = [record for record in records if asked.noun and folded(record.title).endswith(folded(asked.noun))]
    if called and not any(record in called for record in open_now):
        return called
    return open_now or list(records)


def of_one(question: str, of: Overview, language: Language) -> Answer:
    """An overview as an answer: its sections, each cited."""
    template = _TEMPLATES[language]
    items: list[AnswerItem] = []
    citations: list[Citation] = []
    for n, section in enumerate(of.sections, start=1):
        citation = beginning(of.document, section.sentence, n)
        heading = _said(of.document, section.heading) if section.heading else ""
        items.append(AnswerItem(citation.quote, (n,), heading="" if heading == citation.quote else heading))
        citations.append(citation)
    headed = sum(section.heading is not None for section in of.sections)
    first = template["document"].format(title=of.document.title)
    first += template["sections"].format(count=headed + of.more) if headed else ""
    return _answer(question, first, items, citations, of.more, template, "section")


def of_several(
    question: str,
    first: str,
    doc_ids: Sequence[str],
    document: Callable[[str], Document],
    language: Language,
    status: Status = Status.OVERVIEW,
) -> Answer:
    """What each of several documents begins with, under its title; ``first`` is the line above, with its {count}."""
    items: list[AnswerItem] = []
    citations: list[Citation] = []
    for n, one in enumerate(map(document, doc_ids[:MOST_DOCUMENTS]), start=1):
        citations.append(beginning(one, overview(one).lead, n))
        items.append(AnswerItem(citations[-1].quote, (n,), heading=one.title))
    first, more = first.format(count=len(doc_ids)), len(doc_ids) - len(items)
    return _answer(question, first, items, citations, more, _TEMPLATES[language], "title", status)


def _answer(
    question: str,
    first: str,
    items: Sequence[AnswerItem],
    citations: Sequence[Citation],
    more: int,
    template: dict[str, str],
    heading: str,
    status: Status = Status.OVERVIEW,
) -> Answer:
    """An answer of ``items``, each with its citation, under the headings of one kind: ``section`` or ``title``."""
    lines = [first]
    for item, citation in zip(items, citations, strict=True):
        above = template[heading].format(heading=item.heading) if item.heading else ""
        lines.append(template["item"].format(heading=above, text=shown(item, citation), mark=f"[{citation.n}]"))
    if more:
        lines.append(template[f"more_{heading}"].format(more=more))
    return Answer(
        question=question,
        status=status,
        answer="；".join(item.text for item in items),
        text="\n".join(lines),
        confidence=0.0,
        citations=tuple(citations),
        hits=(),
        parts=(AnswerPart(question, tuple(items), more=more),),
    )


def shown(item: AnswerItem, citation: Citation) -> str:
    """The item's words, with a mark where its sentence goes on."""
    return item.text if citation.end >= citation.sentence_end else f"{item.text}…"


def beginning(document: Document, sentence: Span, n: int, role: Role = Role.ANSWER) -> Citation:
    """A citation of the beginning of a sentence, or of all of it if that is short or is a table's row."""
    quote = sentence
    is_row = document.block_at(sentence.start).kind is BlockKind.ROW
    if sentence.end - sentence.start > _LONGEST and not is_row:
        head = document.text[sentence.start : sentence.start + _LONGEST]
        cut = max(head.rfind(mark) for mark in _CLAUSE_ENDS)
        quote = Span(sentence.start, sentence.start + (cut if cut > _SAYS else _LONGEST))
    return cite(Source(Evidence(document, (quote,), sentence, 0.0, role), document.also_in), n)


def _sections(document: Document, least: int) -> list[Section]:
    """The sections of the highest level of headings that, with those above it, has at least so many; or none.

    A heading that is the document's title is no section's.
    """
    headings = [block for block in document.blocks if block.kind is BlockKind.HEADING]
    headings = [block for block in headings if folded(_said(document, block)) != folded(document.title)]
    for level in sorted({block.level for block in headings}):
        found = [block for block in headings if block.level <= level]
        if len(found) >= least:
            return [section(document, *pair) for pair in zip(found, [*found[1:], None], strict=True)]
    return []


def section(document: Document, heading: Block, after: Block | None) -> Section:
    """The section from ``heading`` to the heading ``after`` it, of which headings between are a part."""
    blocks = document.blocks[heading.number : after.number - 1 if after else None]
    body = [block for block in blocks if block.kind is not BlockKind.HEADING]
    return Section(heading, _first(document, body) or heading.span)


def _paragraphs(document: Document, body: Sequence[Block]) -> list[Section]:
    """The first sentence of the longest paragraph in each of several stretches of the text."""
    longest: dict[int, Block] = {}
    for block in body:
        stretch = _PARAGRAPHS * block.start // len(document.text)
        length = block.end - block.start
        known = longest.get(stretch)
        if length >= _PARAGRAPH and (known is None or length > known.end - known.start):
            longest[stretch] = block
    firsts = (_first(document, [block]) for block in longest.values())
    return [Section(None, sentence) for sentence in firsts if sentence]


def _lead(document: Document, body: Sequence[Block]) -> Span | None:
    """The first whole sentence that says something, after dates, authors and salutations."""
    looked_at = list(islice(_sentences(document, body), _LOOKED_AT))
    whole = (one for one in looked_at if document.text[slice(*one)].endswith(_FULL_STOP))
    return next((one for one in whole if _says_something(document, one)), _first(document, body))


def _first(document: Document, body: Sequence[Block]) -> Span | None:
    """The first sentence that says something; if none of the first few does, the first of all."""
    looked_at = list(islice(_sentences(document, body), _LOOKED_AT))
    telling = (one for one in looked_at if _says_something(document, one))
    return next(telling, looked_at[0] if looked_at else None)


def _says_something(document: Document, sentence: Span) -> bool:
    block = document.block_at(sentence.start)
    if block.kind is BlockKind.ROW:
        return block.header != block.number
    return len(folded(document.text[slice(*sentence)])) >= _SAYS


def _sentences(document: Document, body: Sequence[Block]) -> Iterator[Span]:
    for block in body:
        if block.kind is not BlockKind.CODE:
            yield from statements(document, block)


def _said(document: Document, heading: Block) -> str:
    """The words of a heading on one line."""
    return " ".join(document.text[heading.start : heading.end].split())


def _is_called(record: DocumentRecord, name: str, *, surely: bool) -> bool:
    """Whether ``name`` is the document's title or its file's name, or most of it.

    A short title is as likely that of what the document tells of, unless ``surely`` the document is meant.
    """
    wanted = folded(name)
    if not surely and len(wanted) < _LONG_TITLE:
        return False
    names = [folded(said) for said in (record.title, PurePath(record.source).stem)]
    parts = [folded(part) for part in name.split("的")]
    return bool(wanted) and any(
        wanted == said
        or (len(wanted) >= _NAMES and wanted in said and 2 * len(wanted) >= len(said))
        or (len(parts) > 1 and all(len(part) >= _PART and part in said for part in parts))
        for said in names
    )
