"""Running headers, footers and page numbers: what stands at the edge of page after page, and is said once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.loading.pdf.columns import rows
from rag.loading.pdf.glyphs import Line

# The share of a page's height at its top and at its bottom, and the rows in each, where they stand.
_ZONE = 0.13
_ROWS = 3
_LEAST_PAGES = 3
# A line of a table of contents: dots lead from the heading to its page.
LEADER = re.compile(r"(?<![.．·…])(?<![.．·…]\s)(?:[.．·…]\s*){6,}([0-9]+|[ivxlc]+)\s*\Z")
# The pages of which a table of contents tells may be so many more than those of the file.
_MORE_PAGES = 20
_NUMBER = re.compile(r"[0-9]+|\b[ivxlc]+\b")
# What browsers print: "https://example.cn/a 1/3" below the page, "2024/5/6 10:12 标题" above it.
_ADDRESS = re.compile(r"(?:https?|file)://\S+\s+\d+/\d+")
_PRINTED = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},?\s+(?:[上下]午)?\d{1,2}:\d{2}(?!\d)")
_ALONE = re.compile(
    r"[-–—·.\s]*(?:第?\s*#\s*页?|page\s*#|#)(?:\s*(?:/|of|共|，)\s*#?\s*#?\s*页?)?[-–—·.\s]*", re.IGNORECASE
)


class Parted(NamedTuple):
    """The pieces of each page, and the lines that ran over pages: at which edge, on which page first, and what."""

    pages: list[list[Line]]
    running: list[tuple[str, int, str]]


def without_running(pages: Sequence[tuple[list[Line], float]]) -> Parted:
    """The pieces of each page (given with its height) without what recurs at its edges and tables of contents."""
    leaders = [[row for row in rows(pieces) if LEADER.search(row.text)] for pieces, _ in pages]
    if _are_contents([row for found in leaders for row in found], len(pages)):
        pages = [(_without(pieces, found), h) for (pieces, h), found in zip(pages, leaders, strict=True)]
    pages = [(_without(pieces, _stamps(pieces, h)), h) for pieces, h in pages]
    if len(pages) < 2:
        return Parted([pieces for pieces, _ in pages], [])
    edges = [list(_edges(pieces, height)) for pieces, height in pages]
    counts = Counter(key for found in edges for key in {key for _, key in found})
    recurring = {key for key, count in counts.items() if count >= min(_LEAST_PAGES, len(pages))}
    kept, said = [], dict[tuple[str, str], list[tuple[int, str]]]()
    for number, ((pieces, _), found) in enumerate(zip(pages, edges, strict=True), start=1):
        kept.append(_without(pieces, [row for row, key in found if key in recurring or _ALONE.fullmatch(key[1])]))
        for row, key in found:
            if key in recurring and not _ALONE.fullmatch(key[1]):
                said.setdefault(key, []).append((number, row.text))
    return Parted(kept, [(edge, rows[0][0], _constant([text for _, text in rows])) for (edge, _), rows in said.items()])


def _constant(texts: Sequence[str]) -> str:
    """A line as all of ``texts`` have it: without the numbers that are others on other pages."""
    own, *others = [_NUMBER.findall(text) for text in texts]
    # A "#" of the text itself stands for a number, too.
    numbers = zip(own, *(found for found in others if len(found) == len(own)), strict=True)
    same = iter([len(set(found)) == 1 for found in numbers])
    return " ".join(_NUMBER.sub(lambda number: number[0] if next(same) else "", texts[0]).split())


def _stamps(pieces: list[Line], height: float) -> list[Line]:
    """The rows that a browser prints around a page: its address with the page's number, and when it was printed."""
    edges = list(_edges(pieces, height))
    below = [row for row, (edge, _) in edges if edge == "bottom" and _ADDRESS.fullmatch(row.text)]
    above = [row for row, (edge, _) in edges if edge == "top" and _PRINTED.match(row.text)]
    return [*above[:1], *below] if below else []


def _are_contents(lines: Sequence[Line], pages: int) -> bool:
    """Whether lines with dots lead to pages, and not to prices: these would not rise, or exceed the pages there are."""
    numbers = [
        int(said[1])
        for line in lines
        if (said := LEADER.search(line.text)) and len(said[1]) < 6 and said[1].isdecimal()
    ]
    return numbers == sorted(numbers) and max(numbers, default=0) <= pages + _MORE_PAGES


def _without(pieces: list[Line], dropped: list[Line]) -> list[Line]:
    return [p for p in pieces if p.inside or not any(abs(p.y - row.y) < 0.45 * p.size for row in dropped)]


def _edges(pieces: list[Line], height: float) -> Iterator[tuple[Line, tuple[str, str]]]:
    """The rows at the top and at the bottom, with what of them recurs: their text without its numbers."""
    lines = rows([piece for piece in pieces if not piece.inside])
    for edge, found in (("top", lines[:_ROWS]), ("bottom", lines[-_ROWS:])):
        for row in found:
            if row.y < _ZONE * height if edge == "top" else row.y > (1 - _ZONE) * height:
                yield row, (edge, _NUMBER.sub("#", " ".join(row.text.split())))
