"""What list items begin with: "1.", "（一）", "a)", "①", "一是", "■", and the private characters of symbol fonts."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rag.text.quantities.numbers import value

_NUMERAL = "一二三四五六七八九十"
MARKER = (
    rf"(?:(?P<digits>\d{{1,2}})(?P<after>[.．、)）])(?!\d)|[（(](?P<inside>\d{{1,2}}|[{_NUMERAL}]{{1,3}}|[a-z])[)）]"
    r"|(?P<letter>[A-Za-z])[)）]"
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
    match = _MARKER.match(text)
    if not match or match.lastgroup is None:
        return None
    if match["bullet"]:
        return Marker(match["bullet"], 0, match.end())
    if match["ringed"]:
        number = int(unicodedata.numeric(match["ringed"]))
        return Marker(chr(ord(match["ringed"]) - number + 1), number, match.end())
    if letter := match["letter"] or (match["inside"] or "")[:1].strip("0123456789" + _NUMERAL):
        first = "a" if letter.islower() else "A"
        return Marker(first + ("()" if match["inside"] else ")"), ord(letter) - ord(first) + 1, match.end())
    written = match["digits"] or match["inside"] or match["numeral"]
    number = int(written) if written.isdigit() else _number(written)
    return Marker(_kind(match, written), number, match.end())


@lru_cache(maxsize=256)
def _number(written: str) -> int:
    return int(value(written) or 1)


def _kind(found: re.Match[str], written: str) -> str:
    if found["digits"]:
        return f"1{found['after']}"
    return f"{'1' if written.isdigit() else '一'}{'()' if found['inside'] else ''}"
