"""What is told of documents as such: an overview, and what two editions of one differ in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from rag.answering.editions import called
from rag.answering.overview import shown
from rag.answering.revised import asking
from rag.types import Answer, AnswerItem, AnswerPart, Citation
from rag.web.page.cells import cited_row
from rag.web.page.markup import Place, both, esc, exact, marks, opener, place_of, sentence, where

_CHANGES = {
    "changed": both("改动", "Changed"),
    "added": both("新增", "Added"),
    "removed": both("删去", "Removed"),
}


def overview(answer: Answer) -> str:
    """Sections of a document, or documents, each with its first sentence, and the way to the document's outline."""
    (part,) = answer.parts
    several = len({citation.doc_id for citation in answer.citations}) > 1
    about = _head_of_several(part) if several else _head_of_one(part, answer.citations[0])
    left = (
        both(f"还有 {part.more} 篇没有列出。", f"{part.more} more documents are not listed.")
        if several
        else both(f"还有 {part.more} 节没有列出。", f"{part.more} more sections are not listed.")
    )
    return f"{about}{_begun(part.items, answer.citations)}{_left_out(part, left)}"


def differences(answer: Answer) -> str:
    """What two editions differ in, the new wording beside the old; or the documents that have two, to choose one."""
    (part,) = answer.parts
    head = f'<h3 class="of">{esc(answer.text.partition(chr(10))[0])}</h3>'
    if not any(item.change for item in part.items):
        left = both(f"还有 {part.more} 篇没有列出。", f"{part.more} more documents are not listed.")
        return f"{head}{_choices(part.items)}{_begun(part.items, answer.citations)}{_left_out(part, left)}"
    cited = {citation.n: citation for citation in answer.citations}
    rows = "".join(_change(pair, cited) for pair in _pairs(part.items))
    left = both(f"还有 {part.more} 处没有列出。", f"{part.more} more are not listed.")
    return f'{head}<ol class="changes">{rows}</ol>{_left_out(part, left)}'


def _head_of_one(part: AnswerPart, first: Citation) -> str:
    count = sum(bool(item.heading) for item in part.items) + part.more
    sections = f' <span class="note">{both(f"共 {count} 节", f"{count} sections")}</span>' if count else ""
    title = opener(Place(first.doc_id), esc(first.title), "link")
    outline = opener(Place(first.doc_id), both("目录", "Contents"), "act", outline=first.doc_id)
    return f'<h3 class="of">{title}{sections}{outline if count else ""}</h3>'


def _head_of_several(part: AnswerPart) -> str:
    count = len(part.items) + part.more
    return f'<h3 class="of">{both(f"资料共 {count} 篇，各篇的开头：", f"{count} documents; each begins:")}</h3>'


def _begun(items: Sequence[AnswerItem], citations: Sequence[Citation]) -> str:
    """What each section or document begins with, under its heading or title."""
    rows = "".join(f"<li>{_begins(*pair)}</li>" for pair in zip(items, citations, strict=True))
    return f'<ul class="sections">{rows}</ul>' if rows else ""


def _begins(item: AnswerItem, citation: Citation) -> str:
    """What stands under a heading or title; what leads there says in which paragraph that is."""
    there = opener(place_of(citation), where("", item.heading, citation.paragraph, citation.page), "where")
    return f'{there}<p class="sentence">{esc(shown(item, citation))}{marks(item, {citation.n: citation})}</p>'


def _choices(items: Sequence[AnswerItem]) -> str:
    """The documents that could be meant, each to be asked."""
    chips = "".join(
        f'<button type="button" class="chip" data-ask="{exact(asking(item.heading))}">{esc(item.heading)}</button>'
        for item in items
    )
    return f'<div class="chips">{chips}</div>' if chips else ""


def _pairs(items: Sequence[AnswerItem]) -> Iterator[list[AnswerItem]]:
    """The items of each difference."""
    place = -1
    numbers = list[int]()
    for item in items:
        place += not (item.change == "changed" and item.differs)
        numbers.append(place)
    for _, some in groupby(zip(numbers, items, strict=True), key=lambda pair: pair[0]):
        yield [item for _, item in some]


def _change(items: Sequence[AnswerItem], cited: dict[int, Citation]) -> str:
    first = items[0]
    heading = f'<span class="title">{esc(first.heading)}</span>' if first.heading else ""
    what = f'<p class="what"><span class="sort">{_CHANGES[first.change]}</span>{heading}</p>'
    sides = "".join(f'<div class="side">{_wording(item, cited[item.citations[0]])}</div>' for item in items)
    return f'<li class="{first.change}">{what}<div class="sides">{sides}</div></li>'


def _wording(item: AnswerItem, citation: Citation) -> str:
    """One of two wordings, with which edition says so."""
    zh, en = ("旧", "Old") if item.differs else ("新", "New")
    if item.edition:
        zh, en = f"{zh} · {called(item.edition, '{} 版')}", f"{en} · {called(item.edition, '{} edition')}"
    age = "older" if item.differs else "newer"
    mark = marks(item, {citation.n: citation})
    if citation.row:
        row = citation.row if item.change == "changed" else replace(citation.row, cited=())
        return f'<p class="{age}">{both(zh, en)}{mark}</p>{cited_row(row)}'
    said = f'<p class="{age}">{both(zh, en)}</p>'
    more = "" if item.change == "changed" or citation.end >= citation.sentence_end else "…"
    words = (
        sentence(citation, mark)
        if item.change == "changed"
        else f'<p class="sentence">{esc(item.text)}{more}{mark}</p>'
    )
    return said + words


def _left_out(part: AnswerPart, said: str) -> str:
    return f'<p class="near">{said}</p>' if part.more else ""
