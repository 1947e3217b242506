"""How two editions of a document differ, in the words of both, each cited in its own document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Final, NamedTuple

from rag.answering.agreement import Source
from rag.answering.compose import cite
from rag.answering.differences import Difference, Place, differences
from rag.answering.editions import Edition, Families, by_date, by_version, called, names, says_when, stem, told_apart
from rag.answering.overview import beginning, of_several, shown
from rag.errors import Language
from rag.index.protocols import Snapshot
from rag.index.store import DocumentRecord
from rag.question.revisions import Revision
from rag.question.summaries import PATTERNS
from rag.reading import Evidence
from rag.retrieval.collections import Scope
from rag.retrieval.versions import Standing
from rag.text.normalization import folded, normalise, sentences
from rag.text.tokenization import cut_words
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Document, Role, Status

MOST_DIFFERENCES = 20
# Documents of which there may be two editions, that are looked at.
_LOOKED_AT = 50
# A part of a title that is this long, and half of it, names it.
_NAMES = 4
# Two texts with such a share of sentences in common are editions of one, though nothing says of when they are.
_IN_COMMON = 0.5
_OLD: Final = re.compile("旧|老|原|废止|作废|失效|停用|修[订改]前|old|prev")
_NEW: Final = re.compile("新|现行|修[订改]后|new|latest|final")

_TEMPLATES: dict[Language, dict[str, str]] = {
    "zh": {
        "title": "《{title}》",
        "edition": "{} 版",
        "new": "（新版）",
        "old": "（旧版）",
        "head": "{new}与{old}有 {count} 处不同：",
        "same": "{new}与{old}的文字没有不同。",
        "moved": "{new}与{old}的文字没有不同，只是次序变了。",
        "changed": "{n}. 改动{heading}\n   新：{new}\n   旧：{old}",
        "added": "{n}. 新增{heading}\n   {new}",
        "removed": "{n}. 删去{heading}\n   {old}",
        "more": "还有 {more} 处没有列出。",
        "which": "有 {count} 篇资料有两版，请写明是哪一篇：",
    },
    "en": {
        "title": "“{title}”",
        "edition": ", {} edition",
        "new": " (new)",
        "old": " (old)",
        "head": "{new} and {old} differ in {count} places:",
        "same": "{new} and {old} have the same words.",
        "moved": "{new} and {old} have the same words, in another order.",
        "changed": "{n}. Changed{heading}\n   New: {new}\n   Old: {old}",
        "added": "{n}. Added{heading}\n   {new}",
        "removed": "{n}. Removed{heading}\n   {old}",
        "more": "{more} more are not listed.",
        "which": "{count} documents have two editions; say which is meant:",
    },
}


class Known(NamedTuple):
    """What is known of editions: the documents, which replaced which, and which are called alike."""

    generation: Snapshot
    versions: Standing
    families: Families


class Asked(NamedTuple):
    """Among what is looked for editions: the ``scope``, the documents that were ``chosen`` one by one, and the one that
    the user has before them, ``at_hand``.
    """

    scope: Scope | None
    chosen: Sequence[str] = ()
    at_hand: str | None = None


def answer(question: str, meant: Revision, known: Known, asked: Asked, language: Language) -> Answer | None:
    """What the editions differ in that ``question`` means; of several documents with editions, which these are.

    None where there are no two such editions.
    """
    found = list(_pairs(meant, known, asked))
    template = _TEMPLATES[language]
    if len(found) > 1:
        news = [new.doc_id for _, new in found]
        return of_several(question, template["which"], news, known.generation.document, language, Status.DIFFERENCES)
    return _of_two(question, *found[0], known.versions, template) if found else None


def asking(title: str) -> str:
    """The question that asks this of the document with such a title."""
    return f"《{title}》的两版有什么不同？"


def _pairs(meant: Revision, known: Known, asked: Asked) -> Iterator[tuple[Document, Document]]:
    """The two editions, the older first, of each document that may be meant."""
    records = {record.doc_id: record for record in known.generation.store.records()}
    both_chosen = len(asked.chosen) == 2
    families = [
        family
        for family in ([asked.chosen] if both_chosen else _families(list(records), known))
        if (asked.scope is None or any(one in asked.scope for one in family))
        and _are_called([records[one] for one in family], meant)
    ]
    here = [family for family in families if asked.at_hand in family]
    dated = [one for one in (*meant.refs, *meant.names) if says_when(one)]
    for family in islice(families if meant.names else here or families, _LOOKED_AT):
        documents = _in_order(family, known, surely=both_chosen)
        if two := _two(documents, dated, known.versions):
            yield two


def _families(doc_ids: Sequence[str], known: Known) -> list[Sequence[str]]:
    """The ids of documents that are versions, or by their titles editions, of one; each in the order of the index."""
    place = {doc_id: n for n, doc_id in enumerate(doc_ids)}
    older = known.versions.older
    joined: dict[str, set[str]] = {}
    for doc_id in doc_ids:
        linked = {doc_id, *known.families.others(doc_id)}
        linked |= {older[one].replaced_by for one in linked if one in older}
        together = set[str]().union(linked, *(joined.get(one, ()) for one in linked))
        joined |= dict.fromkeys(together, together)
    families = {id(family): family for family in joined.values() if len(family) > 1}
    return [sorted(family, key=place.__getitem__) for family in families.values()]


def _are_called(records: Sequence[DocumentRecord], meant: Revision) -> bool:
    """Whether every name in the question, and its word for a document, is that of one of the editions."""
    stems = [_stems(record) for record in records]
    if not all(any(_is_called(some, name) for some in stems) for name in meant.names):
        return False
    if not meant.noun or meant.names or re.fullmatch(PATTERNS.named["formal"], meant.noun):
        return True
    return any(name.endswith(folded(meant.noun)) for some in stems for name in some)


def _stems(record: DocumentRecord) -> tuple[str, str]:
    """Title and file name without what says which edition it is."""
    return stem(normalise(record.title).text), stem(normalise(PurePath(record.source).stem).text)


def _is_called(stems: Sequence[str], name: str) -> bool:
    wanted = stem(normalise(name).text)
    part = len(wanted) >= _NAMES
    return bool(wanted) and any(
        wanted == said or (part and wanted in said and 2 * len(wanted) >= len(said)) or _shortens(wanted, said)
        for said in stems
    )


def _shortens(name: str, title: str) -> bool:
    """Whether ``name`` is words of the title in their order, the last one its last: 加班规定 of 加班与调休管理规定."""
    words = [re.escape(word.text) for word in cut_words(name)]
    return len(words) > 1 and bool(re.search(".*".join(words) + "$", title))


def _in_order(family: Sequence[str], known: Known, *, surely: bool) -> list[Document]:
    """The editions, the newest last; none where nothing says which is the newer.

    ``surely``: they are editions of one, whatever they are like.
    """
    olds = [one for one in known.versions.older if one in family]
    news = [known.generation.document(one) for one in family if one not in olds]
    current = _by_age(news, surely=surely) if len(news) > 1 else news
    if not current and olds:
        current = [one for one in news if known.versions.older_than(one.doc_id)]
    return [*map(known.generation.document, olds if current else ()), *current]


def _by_age(documents: Sequence[Document], *, surely: bool) -> list[Document]:
    """The oldest first: by dates or versions, by words such as 旧版; of the same text by when the file was changed."""
    for age in (by_date, by_version, _age):
        keys = {found.key: one for one in documents if (found := age(one))}
        if len(keys) == len(documents):
            return [keys[key] for key in sorted(keys)]
    alike = surely or all(_are_alike(documents[0], one) for one in documents[1:])
    return sorted(documents, key=lambda one: one.modified) if alike else []


def _age(document: Document) -> Edition | None:
    """Whether title or file name say that it is the old or the new one."""
    said = " ".join(normalise(name).text for name in (document.title, PurePath(document.source).stem))
    old, new = bool(_OLD.search(said)), bool(_NEW.search(said))
    return Edition((int(new),), "") if old != new else None


def _are_alike(one: Document, other: Document) -> bool:
    said = [{folded(text.text[slice(*span)]) for span in sentences(text.text)} for text in (one, other)]
    return len(said[0] & said[1]) >= _IN_COMMON * min(map(len, said))


def _two(documents: Sequence[Document], dated: Sequence[str], versions: Standing) -> tuple[Document, Document] | None:
    """The editions that the question names, or else the newest and the one before; None where one is not there."""
    labels = [_labels(one, versions) for one in documents]
    places = [{n for n, some in enumerate(labels) if any(names(ref, one) for one in some)} for ref in dated]
    if len(documents) < 2 or not all(places):
        return None
    named = sorted(set[int]().union(*places))
    last = len(documents) - 1
    if len(named) > 1:
        first, second = named[0], named[-1]
    else:
        first, second = (named[0], last) if named and named[0] < last else (last - 1, last)
    return documents[first], documents[second]


def _labels(document: Document, versions: Standing) -> list[str]:
    """How an edition may be named."""
    found = [edition.label for kind in (by_date, by_version) if (edition := kind(document))]
    known = versions.older.get(document.doc_id)
    return [*found, known.edition] if known else found


def _told(old: Document, new: Document, versions: Standing) -> tuple[str, str]:
    """Of when or which version each of two is; "" where nothing says so."""
    if both := told_apart(old, new):
        return both[0].label, both[1].label
    known = versions.older.get(old.doc_id)
    return known.edition if known else "", ""


def _of_two(question: str, old: Document, new: Document, versions: Standing, template: dict[str, str]) -> Answer:
    editions = _told(old, new, versions)
    called_old, called_new = _called(old, new, editions, template)
    found, moved = differences(old, new)
    items: list[AnswerItem] = []
    citations: list[Citation] = []
    lines: list[str] = []
    for n, difference in enumerate(found[:MOST_DIFFERENCES], start=1):
        some = list(_items(difference, editions, len(citations)))
        items += [item for item, _ in some]
        citations += [citation for _, citation in some]
        lines.append(_line(n, some, template))
    more = len(found) - len(lines)
    head = template["head" if found else "moved" if moved else "same"]
    first = head.format(new=called_new, old=called_old, count=len(found))
    own = [item.text for item in items if not item.differs] or [item.text for item in items]
    return Answer(
        question=question,
        status=Status.DIFFERENCES,
        answer="；".join(own),
        text="\n".join([first, *lines, *([template["more"].format(more=more)] if more else ())]),
        confidence=0.0,
        citations=tuple(citations),
        hits=(),
        parts=(AnswerPart(question, tuple(items), more=more),),
    )


def _called(old: Document, new: Document, editions: tuple[str, str], template: dict[str, str]) -> tuple[str, str]:
    """The names of two editions, which tell them apart."""
    titles = [template["title"].format(title=one.title) for one in (old, new)]
    if old.title != new.title:
        return titles[0], titles[1]
    marks = [
        called(one, template["edition"]) if one else template[age]
        for one, age in zip(editions, ("old", "new"), strict=True)
    ]
    return titles[0] + marks[0], titles[1] + marks[1]


def _items(difference: Difference, editions: tuple[str, str], cited: int) -> Iterator[tuple[AnswerItem, Citation]]:
    """The new wording, then the old one."""
    change = "changed" if difference.old and difference.new else "added" if difference.new else "removed"
    sides = ((difference.new, editions[1], Role.ANSWER), (difference.old, editions[0], Role.DIFFERENT))
    for place, edition, role in sides:
        if place is None:
            continue
        cited += 1
        citation = (
            _cite(place, cited, role) if change == "changed" else beginning(place.document, place.span, cited, role)
        )
        text = citation.sentence if change == "changed" else citation.quote
        yield AnswerItem(text, (cited,), role is Role.DIFFERENT, edition, _heading(place), change), citation


def _cite(place: Place, n: int, role: Role) -> Citation:
    """The statement, of which what is otherwise is quoted."""
    evidence = Evidence(place.document, (place.changed,), place.span, 0.0, role)
    return cite(Source(evidence, place.document.also_in), n)


def _heading(place: Place) -> str:
    """What stands above it, unless that is the title."""
    above = place.block.path[-1] if place.block.path else ""
    return "" if folded(above) == folded(place.document.title) else above


def _line(n: int, some: Sequence[tuple[AnswerItem, Citation]], template: dict[str, str]) -> str:
    """One difference as text."""
    first = some[0][0]
    said = {"old" if item.differs else "new": f"{_shown(item, citation)}[{citation.n}]" for item, citation in some}
    heading = f" · {first.heading}" if first.heading else ""
    return template[first.change].format(n=n, heading=heading, **said)


def _shown(item: AnswerItem, citation: Citation) -> str:
    return item.text if item.change == "changed" else shown(item, citation)
