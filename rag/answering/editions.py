"""Which of two documents is the newer edition: by the date or version in title, file name or text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath

from rag.answering.agreement import Source
from rag.index.protocols import Snapshot
from rag.question.analysis import Question
from rag.question.mentions import dates
from rag.reading import Evidence
from rag.text.normalization import HAN, folded, normalise
from rag.text.quantities.numbers import value
from rag.types import Document, Role

_NUMERALS = "一二三四五六七八九十"
_DATE = (
    r"(?<!\d)((?:19|20)\d\d)(?:\s?[年./_-]\s?(1[0-2]|0?[1-9])(?:\s?[月./_-]\s?(3[01]|[12]\d|0?[1-9])(?!\d))?)?(?!\d)"
)
_DATED = re.compile(_DATE)
_DAYS = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(3[01]|[12]\d|0[1-9])?(?!\d)")
# 2025年秋季, 2025年下半年, 2025年第二季度, 2025-2026学年第一学期
_PARTS = ("春夏秋冬", "上下", _NUMERALS[:4])
_PART_OF_YEAR = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:[-_~至](?:19|20)\d\d)?(?:年|学年度?)? ?"
    rf"(?:([春夏秋冬])(?:季?学期|季|(?!{HAN}))|([上下])(?:半年|学期)|第?([一二三四])(?:季度|学期))"
)
_VERSION = re.compile(
    rf"(?<![a-z])(?:v|ver\.?|version|版本[号:]?) ?(\d+(?:\.\d+)*)|第([{_NUMERALS}]+|\d+)版|(?<!\d)(\d+(?:\.\d+)+)版"
)
# What comes again is counted: the minutes of the 4th meeting are newer than those of the 3rd.
_TIME = re.compile(rf"第 ?([{_NUMERALS}]+|\d+) ?[次届]")
# Of the dates in the text itself only those count that say since when the document holds, or of when it is.
_SINCE = re.compile(
    rf"(?:(?:自|从|于)? ?{_DATE} ?日? ?(?:起|开始|正式)*(?:施行|执行|实施|生效|修订|发布|印发|启用)"
    rf"|(?:施行|执行|实施|生效|修订|发布|印发|更新|版本|启用)(?:日期|时间)?[:： ]{{0,2}}{_DATE})"
)
# The edition in brackets that ends the first line of a text, whose title is only the name of its file.
_TITLED = re.compile(r"\(((?:19|20)\d\d)年?版\)$")
_EDITION = re.compile(
    "修订|修正|试行|暂行|最新|征求意见|现行|已?废止|作废|已?失效|停用|新|旧|年|月|日|版|稿|第|old|new|rev|final|edition"
)
_TOLD = (_DATED, _VERSION, _TIME)
# What stands in brackets with a date or version says more of the edition: since when it holds, whom it is for.
_BRACKETED = re.compile(r"(?:\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕)(?:第? ?\d+ ?号)?")
# Editions of one document: more of one name are a series, such as weekly reports. And characters of an answer in each
# of two that are said to differ: longer ones differ in much that was not asked.
_FAMILY, _LONGEST = 5, 30
_MOST_DOCUMENTS = 50_000


@dataclass(frozen=True, slots=True)
class Edition:
    """Of when or which version a document is; a later one compares greater. ``label`` is how it is called."""

    key: tuple[int, ...]
    label: str


def by_date(document: Document) -> Edition | None:
    """The date of a document: of title, file name or first line, or since when its text says that it holds."""
    for name in _names(document):
        if match := _PART_OF_YEAR.search(name):
            part = next(filter(None, match.groups()[1:]))
            order = next(parts.index(part) for parts in _PARTS if part in parts)
            return Edition((int(match[1]), order + 1), match[0])
        if match := _DAYS.search(name) or _DATED.search(name):
            return _dated(match.groups())
    first = next(iter(document.blocks), None)
    if first and (match := _TITLED.search(normalise(document.text[first.start : first.end]).text.strip())):
        return _dated((match[1],))
    found = list(_SINCE.finditer(normalise(document.text).text))
    return max((_dated(match.groups()) for match in found), key=lambda one: one.key, default=None)


def by_version(document: Document) -> Edition | None:
    """The version of a document: of its title, its file name, or the beginning of its text; 第4次 in a title is one."""
    for name in (*_names(document), normalise(document.text[:300]).text):
        if match := _VERSION.search(name):
            said = next(filter(None, match.groups()))
            key = tuple(map(_number, said.split(".")))
            return Edition(key, f"第{said}版" if match.group(2) else f"V{said}")
    time = next(filter(None, map(_TIME.search, _names(document))), None)
    return Edition((_number(time[1]),), time[0]) if time else None


def edition_of(old: Document, new: Document) -> str:
    """Of when or which version ``old`` is, as tells it from ``new``: else the day on which its file was changed."""
    for kind in (by_date, by_version):
        found, other = kind(old), kind(new)
        if found and (other is None or other.label != found.label):
            return found.label
    return old.modified[:10]


def alike(one: Document, other: Document) -> bool:
    """Whether two documents are editions of one: the same title but for date and version, or without any, file name."""
    titles, files = zip(map(stem, _names(one)), map(stem, _names(other)), strict=True)
    return titles[0] == titles[1] if any(titles) else files[0] == files[1] != ""


def editions(one: Document, other: Document) -> tuple[Edition, Edition] | None:
    """Both documents' editions, of one kind and not the same; None where they are not editions of one document."""
    return told_apart(one, other) if alike(one, other) else None


def told_apart(one: Document, other: Document) -> tuple[Edition, Edition] | None:
    """The dates or versions of two documents, where both have one of a kind and these are not the same."""
    for kind in (by_date, by_version):
        first, second = kind(one), kind(other)
        if first and second and first.key != second.key:
            return first, second
    return None


class Families:
    """Documents of which there are a few editions, by their titles; found when the first of them is asked for."""

    def __init__(self, generation: Snapshot) -> None:
        self._generation = generation

    def others(self, doc_id: str) -> tuple[str, ...]:
        """The ids of the other editions of a document; among very many documents they are not looked for."""
        return self._others.get(doc_id, ())

    @cached_property
    def _others(self) -> dict[str, tuple[str, ...]]:
        if self._generation.manifest.documents > _MOST_DOCUMENTS:
            return {}
        by_stem: dict[str, list[str]] = {}
        for record in self._generation.about().store.records():
            by_stem.setdefault(stem(normalise(record.title).text), []).append(record.doc_id)
        few = (ids for name, ids in by_stem.items() if name and 1 < len(ids) <= _FAMILY)
        return {one: tuple(other for other in ids if other != one) for ids in few for one in ids}


def differ(one: Evidence, other: Evidence) -> bool:
    """Whether two editions say different things in few words."""
    said = [folded("".join(evidence.texts)) for evidence in (one, other)]
    short = max(map(len, said)) <= _LONGEST
    return short and said[0] not in said[1] and said[1] not in said[0]


def is_dated(question: Question) -> bool:
    """Whether a question itself says of which time or version it is: 秋季 as well as 2025年."""
    return bool(dates(question.normalised) or any(one.search(question.normalised) for one in (_VERSION, _TIME)))


def names(question: str, edition: str) -> bool:
    """Whether a question names an edition by its label: its version, its date, or the year or month of that."""
    (asked, versions), (of_it, version) = (_told(normalise(text).text) for text in (question, edition))
    return bool(versions & version) or any(one == date[: len(one)] for one in asked for date in of_it)


def says_when(text: str) -> bool:
    """Whether a date or version is in ``text``."""
    return any(_told(normalise(text).text))


def called(edition: str, form: str) -> str:
    """An edition's label in a form such as "{} 版"; one that says itself what it is, as 第二版 or 2025年春季, stays."""
    return form.format(edition) if edition[-1:].isascii() else edition


def of_older(found: Sequence[Source], older: Mapping[str, str]) -> dict[str, str]:
    """The editions of the ``older`` versions among sources of which none says otherwise, by their documents' ids."""
    if any(one.evidence.role is Role.DIFFERENT for one in found):
        return {}
    ids = [one.evidence.document.doc_id for one in found]
    return {doc_id: older[doc_id] for doc_id in ids if doc_id in older}


def newest_first(found: Sequence[Source], question: Question) -> tuple[list[Source], dict[str, str]]:
    """``found`` with the newer edition as the answer where two differ, and their labels by their documents' ids.

    What only says the same as an older edition differs with it. A question that is dated has its answer already.
    """
    if is_dated(question):
        return list(found), {}
    first = found[0].evidence
    rival = next((one.evidence for one in found if one.evidence.role is Role.DIFFERENT), None)
    both = editions(first.document, rival.document) if rival else None
    if rival is None or both is None:
        return list(found), {}
    labels = {first.document.doc_id: both[0].label, rival.document.doc_id: both[1].label}
    if both[0].key > both[1].key:
        return list(found), labels
    newer = [one._replace(evidence=replace(one.evidence, role=Role.ANSWER)) for one in found if one.evidence is rival]
    older = [
        one._replace(evidence=replace(one.evidence, role=Role.DIFFERENT)) for one in found if one.evidence is not rival
    ]
    return [*newer, *older], labels


def _names(document: Document) -> tuple[str, str]:
    return normalise(document.title).text, normalise(PurePath(document.source).stem).text


def _told(text: str) -> tuple[set[tuple[int, ...]], set[str]]:
    """The dates and versions in a normalised text."""
    told = {_dated(match.groups()).key for pattern in (_DAYS, _DATED) for match in pattern.finditer(text)}
    return told, {next(filter(None, match.groups())) for match in _VERSION.finditer(text)}


def _number(said: str) -> int:
    return int(said) if said.isdigit() else int(value(said) or 0)


def _dated(groups: Sequence[str | None]) -> Edition:
    parts = [int(part) for part in groups if part]
    return Edition(
        tuple(parts), "-".join(str(part) if place == 0 else f"{part:02}" for place, part in enumerate(parts))
    )


def stem(name: str) -> str:
    """What is left of a name without date and version, and without the brackets in which they stand."""
    name = _BRACKETED.sub(lambda part: "" if any(one.search(part[0]) for one in _TOLD) else part[0], name)
    for pattern in (_PART_OF_YEAR, _DAYS, *_TOLD, _EDITION):
        name = pattern.sub("", name)
    return folded(name)
