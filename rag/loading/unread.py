"""What of a document can't be carried over: told by kind, with the places where it stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from itertools import accumulate
from pathlib import Path

from rag.loading.blocks import Notice, RawBlock
from rag.loading.images.recognition import how_to_read, is_installed
from rag.types import Omission

_NAMED = 5
_LONGEST = 20


class Lost(Enum):
    """Kinds of what is not text, as one counts them in Chinese and English."""

    SCAN = ("页扫描件", "scanned pages")
    GARBLED = ("页没有注明字符的文字", "pages that do not say their characters")
    PICTURE = ("张图片", "pictures")
    LINKED = ("张文件之外的图片", "pictures outside of the file")
    DRAWING = ("张工作表上的图片", "pictures on sheets")
    FORMULA = ("个公式", "formulas")
    CHART = ("个图表", "charts")
    EMBEDDED = ("个嵌入的文件", "embedded files")
    ATTACHMENT = ("个附件", "attachments")
    UNNAMED = ("个没有注明的字符", "characters that the file does not name")
    TURNED = ("个转了方向的字", "characters of turned text")
    SYMBOL = ("个符号", "symbols")
    SHEET = ("张隐藏的工作表", "hidden sheets")
    STRUCK = ("处划掉的文字", "stretches of struck text")
    HIDDEN = ("处隐藏的文字", "stretches of hidden text")
    LINE = ("行认不清的字", "lines that can't be made out")
    PART = ("个读不了的部分", "parts that can't be read")

    @classmethod
    def said(cls, omitted: Omission) -> tuple[str, str]:
        """How many of what, in Chinese and English."""
        zh, en = cls.__members__.get(omitted.kind.upper(), cls.PART).value
        count = f"{len(omitted.after):,}"
        return f"{count} {zh}", f"{count} {en}"


class Unread:
    """What was met and not read, with its places in the order in which it was met.

    It is given to `gather`, so that it knows between which blocks that was, or which is the last on a page.
    """

    def __init__(self) -> None:
        self._places: dict[Lost, list[tuple[str, str]]] = {}
        self._met: dict[Lost, list[tuple[int, int]]] = {}
        self._blocks = 0
        self._ends: dict[int, int] = {}
        self._inside: list[Notice] = []

    def passed(self, block: RawBlock) -> None:
        """One more block is there."""
        self._blocks += 1
        self._ends[block.page] = self._blocks

    def add(self, kind: Lost, count: int = 1, *, under: str = "", page: int = 0) -> None:
        """More of a kind, under a heading or on a page."""
        name = under if len(under) <= _LONGEST else f"{under[:_LONGEST]}…"
        place = (
            (f"第 {page} 页", f"page {page}") if page else (f"“{name}”之下", f"under “{name}”") if name else ("", "")
        )
        if count:
            self._places.setdefault(kind, []).extend([place] * count)
            self._met.setdefault(kind, []).extend([(page, self._blocks)] * count)

    def include(self, notices: Iterable[Notice]) -> None:
        """What is told of a document whose blocks come next."""
        for notice in notices:
            lost = notice.omitted
            here = lost and Omission(lost.kind, tuple(self._blocks + block for block in lost.after))
            self._inside.append(replace(notice, omitted=here))

    def notices(self, name: Path) -> tuple[Notice, ...]:
        """A notice for each kind, and those of documents inside."""
        own = (_notice(name, places, self._omitted(kind)) for kind, places in self._places.items())
        return (*own, *self._inside)

    def on_pages(self, kind: Lost, pages: Iterable[int]) -> Omission:
        """What pages lack."""
        known = sorted(self._ends)
        ends = [0, *accumulate((self._ends[page] for page in known), max)]
        return Omission(kind.name.lower(), tuple(ends[bisect_right(known, page)] for page in pages))

    def _omitted(self, kind: Lost) -> Omission:
        met = self._met[kind]
        pages = self.on_pages(kind, (page for page, _ in met)).after
        after = (end if page else block for end, (page, block) in zip(pages, met, strict=True))
        return Omission(kind.name.lower(), tuple(sorted(after)))


def _notice(name: Path, places: list[tuple[str, str]], omitted: Omission) -> Notice:
    named = [place for place in dict.fromkeys(places) if place[0]]
    zh, en = "、".join(zh for zh, _ in named[:_NAMED]), ", ".join(en for _, en in named[:_NAMED])
    if len(named) > _NAMED:
        zh, en = f"{zh} 等 {len(named)} 处", f"{en} and {len(named) - _NAMED} more places"
    said_zh, said_en = Lost.said(omitted)
    pictures = omitted.kind == Lost.PICTURE.name.lower()
    how_zh, how_en = how_to_read() if pictures and not is_installed() else ("", "")
    return Notice(
        f"{name} 里有 {said_zh}没有读入{f'（{zh}）' if zh else ''}。{how_zh}",
        f"{name}: {said_en} not read{f' ({en})' if en else ''}. {how_en}".rstrip(),
        omitted,
    )
