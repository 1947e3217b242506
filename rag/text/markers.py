"""What list items begin with: "1.", "（一）", "①", "一是", "■", and the private characters of symbol fonts."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from rag.text.numbers import value

_NUMERAL = "一二三四五六七八九十"
MARKER = (
    rf"(?:(?P<digits>\d{{1,2}})(?P<after>[.．、)）])(?!\d)|[（(](?P<inside>\d{{1,2}}|[{_NUMERAL}]{{1,3}})[)）]"
    r"|(?P<ringed>[①-⑳⑴-⒛❶-❿➀-➓㈠-㈩㊀-㊉])"
    rf"|(?P<numeral>[{_NUMERAL}])[是、，,]"
    r"|(?P<bullet>[•‣⁃∙■-◿☀-⛿✀-➿\ue000-\uf8ff]|[-*+–—·](?=\s)))\s*"
)
_MARKER = re.compile(MARKER)


class Marker(NamedTuple):
    """The marker of a list item: ``kind`` is the same for all items of a list. A bullet has the number 0."""

    kind: str
    number: int
    end: int


def marker(text: str) -> Marker | None:
    """What ``text`` begins with, if it begins like a list item."""
    found = _MARKER.match(text)
    if not found or found.lastgroup is None:
        return None
    if found["bullet"]:
        return Marker(found["bullet"], 0, found.end())
    if found["ringed"]:
        number = int(unicodedata.numeric(found["ringed"]))
        return Marker(chr(ord(found["ringed"]) - number + 1), number, found.end())
    written = found["digits"] or found["inside"] or found["numeral"]
    number = int(written) if written.isdigit() else int(value(written) or 1)
    return Marker(_kind(found, written), number, found.end())


def _kind(found: re.Match[str], written: str) -> str:
    if found["digits"]:
        return f"1{found['after']}"
    return f"{'1' if written.isdigit() else '一'}{'()' if found['inside'] else ''}"
