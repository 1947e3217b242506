"""White space of a page: that of the source is folded, and a break between Chinese characters means nothing."""

from __future__ import annotations

import re

from rag.text.normalization import is_cjk

_SPACE = re.compile(r"[ \t\n\r\f]+")
# A break of the source stands as "\v" until what follows it is known.
_LOOSE = re.compile(r"[ \v]+")


def folded(text: str) -> str:
    r"""``text`` with one blank for several, or "\v" where a line breaks in the source."""
    return _SPACE.sub(_one, text)


def joined_lines(text: str) -> str:
    """`folded` text as it is shown."""
    return _LOOSE.sub(_joint, text).strip()


def _one(space: re.Match[str]) -> str:
    return "\v" if "\n" in space.group() else " "


def _joint(space: re.Match[str]) -> str:
    before, after = space.string[space.start() - 1 : space.start()], space.string[space.end() : space.end() + 1]
    return "" if "\v" in space.group() and before and after and is_cjk(before) and is_cjk(after) else " "
