"""What an element of a page is by itself: the mark of a note, an icon, the first item of a list."""

from __future__ import annotations

import re
from typing import Any

from rag.loading.scripts import Script
from rag.loading.trees import counted

_NO_MARKER = re.compile(r"list-style[\w-]*\s*:[^;]*\bnone\b", re.IGNORECASE)
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NOTE = re.compile(r"(?:^|[\s_-])(?:noteref|doc-backlink|footnote-?(?:back)?ref|fn-?ref)", re.IGNORECASE)
_KINDS = ("role", "class", "epub:type", "{http://www.idpf.org/2007/ops}type", "rel")
_LONGEST_MARK = 6
_INLINE = frozenset(("a", "span", "label", "em", "i", "b", "strong", "small", "time"))
# Editors write sentences in parts of several styles, which have numbers.
_PROSE, _DIGIT = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "code", "pre"), re.compile(r"\d")
_LABELLED = re.compile(r"[^：:\s]{1,8}[：:]\s*\S")
_SIDE = re.compile(r"(?:[\w-]+[-_])?side-?(?:bar|column)")
_SCRIPTS = {"sup": Script.RAISED, "sub": Script.LOWERED, "super": Script.RAISED}
_LETTERED = ("a", "b", "em", "font", "i", "small", "span", "strong")
_ALIGNED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_ICONS, _LONGEST_LABEL = ("img", "i", "span", "svg"), 12


def script_of(element: Any) -> Script | None:
    """Whether an element raises or lowers its text, by its name or its style."""
    aligned = _ALIGNED.search(element.get("style") or "") if element.tag in _LETTERED else None
    return _SCRIPTS.get(aligned[1].lower() if aligned else element.tag)


def icon_label(element: Any) -> str:
    """What a small picture stands for; "" of any other element."""
    if element.tag not in _ICONS or len(element) or (element.text or "").strip():
        return ""
    said = next(filter(None, (element.get(name) for name in ("alt", "aria-label", "title"))), "")
    return said if len(said) <= _LONGEST_LABEL else ""


def follows_term(element: Any) -> bool:
    before = element.getprevious()
    return before is not None and before.tag == "dt"


def first_number(element: Any) -> int:
    """The number of a list's first item."""
    items = sum(child.tag == "li" for child in element) if element.get("reversed") is not None else 1
    return counted(element.get("start"), items)


def list_mark(element: Any) -> str:
    """How the items of a list are marked."""
    if _NO_MARKER.search(element.get("style") or ""):
        return ""
    return _FORMS.get(element.get("type") or "", "decimal") if element.tag == "ol" else "•"


def is_aside(element: Any) -> bool:
    """Whether an element stands beside the text, and not in its order."""
    if element.tag == "aside" or element.get("role") == "complementary":
        return True
    called = f"{element.get('class', '')} {element.get('id', '')}".lower()
    return "side" in called and any(map(_SIDE.fullmatch, called.split()))


def refers_to_note(element: Any) -> bool:
    """Whether what is raised leads to a note."""
    links = [element, *element.iter("a")]
    return any("#" in (link.get("href") or "") or is_note_mark(link) for link in links)


def is_note_mark(element: Any) -> bool:
    """Whether an element is the mark of a note, or leads back from one."""
    said = "".join(element.itertext()).strip()
    if (element.get("href") or "").startswith("#") and said and not any(map(str.isalnum, said)):
        return True
    return len(said) <= _LONGEST_MARK and any(_NOTE.search(element.get(kind) or "") for kind in _KINDS)


def stands_apart(element: Any, before: str) -> bool:
    """Whether words of their own stand side by side, parted by the style of the page alone, after the text ``before``.

    So do fields, links, and parts with names of their own (``label`` and ``value``) with nothing else between them.
    """
    last = element.getprevious()
    if last is None or last.tail or not before[-1:].isalnum() or not {element.tag, last.tag} <= _INLINE:
        return False
    first = next(filter(str.strip, element.itertext()), "")
    if not first[:1].isalnum():
        return False
    if all(_LABELLED.match("".join(one.itertext()).strip()) for one in (last, element)):
        return True
    if element.tag == last.tag == "a":
        return element.get("href") is not None and last.get("href") is not None
    parent = element.getparent()
    named, other = str(element.get("class") or element.tag), str(last.get("class") or last.tag)
    words = named != other and not _DIGIT.search(named + other) and not {named, other} <= _INLINE
    return words and parent.tag not in _PROSE and not (parent.text or "").strip()
