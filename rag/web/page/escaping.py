"""Foreign text inside Markdown, HTML and Word documents: each character shows as itself, and none acts as markup.

Two sorts of characters are named instead, U+202E as ⟦U+202E⟧. *Controls without a picture* (NUL, the other C0 and C1
controls, half surrogates, noncharacters): no format can carry them. *Bidirectional controls*, but in Markdown: inside a
quote they would show other words than the source has, and a stray U+2069 even closes the isolation of its element.
Markdown has these as character references, so that they are in the text but reorder no line of the file.
"""

from __future__ import annotations

import re

from markupsafe import Markup

_WITHOUT_PICTURE = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
)  # fmt: skip
_BIDIRECTIONAL = r"\u202a-\u202e\u2066-\u2069"
_NO_PICTURE = re.compile(f"[{_WITHOUT_PICTURE}]")
_NAMED_IN_HTML = re.compile(f"([{_WITHOUT_PICTURE}{_BIDIRECTIONAL}])")
# Everything with a meaning inside a line, in CommonMark or a common extension of it.
_MARKS = re.compile(r"[\\`*_\[\]<>&~$^{}|#!]")
# What makes a list, an underline or a definition of the block that it begins.
_BEGINS_BLOCK = re.compile(r"^[-+=:]|^\d{1,9}(?=[.)])")
# Line breaks always; other white space where it would be trimmed or folded.
_WHITE = re.compile(rf"[\n\r\t\u2028\u2029{_BIDIRECTIONAL}]|^\s|\s$|(?<=\s)\s")

# What is an element of its own in a Word document.
_BREAK = re.compile("(\r\n|[\n\r\t\u2028\u2029])")
_BREAKS = dict.fromkeys(("\r\n", "\n", "\r", "\u2028", "\u2029"), Markup("<w:br/>")) | {"\t": Markup("<w:tab/>")}


def named(character: str) -> str:
    """What stands for a character that can't be shown."""
    return f"⟦U+{ord(character):04X}⟧"


def nameable(text: str) -> str:
    """``text`` with the controls that have no picture named."""
    return _NO_PICTURE.sub(lambda match: named(match.group()), text)


def markdown(text: str) -> str:
    """``text`` on one line of Markdown; rendered, it is `nameable(text)`, wherever in a block it stands."""
    text = nameable(text)
    begins = _BEGINS_BLOCK.match(text)
    escaped = _MARKS.sub(r"\\\g<0>", text)
    if begins:
        escaped = f"{begins.group()}\\{escaped[begins.end() :]}" if begins.group().isdigit() else f"\\{escaped}"
    return _WHITE.sub(lambda match: f"&#{ord(match.group())};", escaped)


def html(text: str) -> Markup:
    """``text`` as HTML content, isolated from the direction of what is around it."""
    shown = Markup().join(
        Markup('<span class="control">{}</span>').format(named(part)) if place % 2 else part
        for place, part in enumerate(_NAMED_IN_HTML.split(text))
    )
    return Markup("<bdi>{}</bdi>").format(shown)


def docx(text: str) -> Markup:
    """``text`` inside of a run of a Word document."""
    text = _NAMED_IN_HTML.sub(lambda match: named(match.group()), text)
    words = Markup('<w:t xml:space="preserve">{}</w:t>')
    return Markup().join(_BREAKS.get(one) or words.format(one) for one in _BREAK.split(text) if one)
