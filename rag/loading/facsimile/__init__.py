"""A page of a file as it looks, to be shown beside its text, with the places of its characters.

`drawing` makes it where files are read; `framing` finds a citation's words on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

from rag.loading.images.recognition import SUFFIXES

DRAWN = (".pdf", *SUFFIXES)
"""Files of these kinds have pages that can be drawn."""


class PlacedLine(NamedTuple):
    """A line of a page: its text as it was read, and its characters, of which each has four numbers of ``boxes``.

    They are left, top, right and bottom, as shares of the page's width and height. ``down`` is how far down the page
    its reader comes to the line, in any unit.
    """

    text: str
    characters: str
    boxes: tuple[float, ...]
    down: float = 0.0


@dataclass(frozen=True, slots=True)
class Facsimile:
    """A page of a file that has so many ``pages``: ``image`` is WebP, empty if there is no such page.

    ``lines`` are in the order of the file; without any its words can't be found on it.
    """

    pages: int
    image: bytes = b""
    lines: tuple[PlacedLine, ...] = ()


def has_pages(name: PurePath | str) -> bool:
    """Whether the pages of a file of that name can be drawn."""
    return PurePath(name).suffix.lower() in DRAWN
