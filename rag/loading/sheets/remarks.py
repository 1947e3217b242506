"""What a workbook says around its cells: remarks on them, and headers and footers of its pages."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from typing import Any

from rag.loading.office.drawings import local

# Of ECMA-376, 18.3.1.46: &L, &C and &R begin a part; the others are fonts, colours, and what is new on each page.
_PART = re.compile("&[LCR]")
_CODE = re.compile(r'&(?:"[^"]*"|K(?:[0-9A-Fa-f]{6}|[0-9]{2}[+-][0-9]{3})|[0-9]{1,3}|[A-Za-z])')


def page_lines(codes: str) -> list[str]:
    """The parts of a header or footer, without their codes."""
    text = html.unescape(codes)
    return [_CODE.sub("", part).replace("\0", "&").strip() for part in _PART.split(text.replace("&&", "\0"))]


def copied(root: Any) -> set[str]:
    """The authors, by their numbers, whose remarks repeat threads."""
    authors = (e for e in root.iter() if local(e) == "author")
    return {str(number) for number, author in enumerate(authors) if (author.text or "").startswith("tc=")}


def remark(comment: Any, copies: Collection[str], *, threads: bool) -> str:
    """A remark with its cell; "" if it says nothing, or what a thread says that is read as such (``threads``)."""
    text = "".join(t.text or "" for t in comment.iter() if local(t) in ("t", "text")).strip()
    if comment.get("authorId") in copies:
        # Two paragraphs tell programs that know no threads so.
        text = "" if threads else text.split("\n\n", 2)[-1].strip()
    return f"批注（{comment.get('ref')}）：{text}" if text else ""
