"""The text of Markdown's inline tokens: what they say, what of that is bold, what they define."""

from __future__ import annotations

import re

from markdown_it.token import Token

from rag.loading.html.bold import Stretch, placed, visible
from rag.loading.markdown.dialects import shown
from rag.loading.scripts import Script, beside
from rag.text.normalization import is_cjk

_DEFINED = re.compile(r":\s+\S")
_SCRIPT_TAG = re.compile(r"<(/?)(sup|sub)\b[^>]*>", re.IGNORECASE)
_SCRIPTS = {"sup": Script.RAISED, "sub": Script.LOWERED}
_STRUCK_TAG = re.compile(r"<(/?)(?:del|s|strike)(?:\s[^>]*)?>", re.IGNORECASE)
PICTURE_TAG = re.compile(r"<img\s", re.IGNORECASE)
_BOLD_TAG = re.compile(r"<(/?)(?:b|strong)(?:\s[^>]*)?>", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


def without_struck(token: Token) -> int:
    """Take what is struck out of a line; return how many stretches that was."""
    kept: list[Token] = []
    depth = count = 0
    for child in token.children or ():
        tag = _STRUCK_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        opens, closes = (
            child.type == "s_open" or bool(tag and not tag[1]),
            child.type == "s_close" or bool(tag and tag[1]),
        )
        count += opens and not depth
        depth = max(0, depth + opens - closes)
        if not (depth or opens or closes):
            kept.append(child)
    if count:
        token.children = kept
    return count


def write_in_line(token: Token) -> None:
    """Write what is raised or lowered in a line as it stands in one: 10 to the sixth is not 106."""
    script: Script | None = None
    before = ""
    for child in token.children or ():
        tag = _SCRIPT_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        if tag:
            script = None if tag[1] else _SCRIPTS[tag[2].lower()]
        elif child.type == "text" and child.content:
            if script is not None and before:
                child.content = beside(before, child.content, script)
            before = child.content or before


def pictures(token: Token) -> int:
    """How many pictures a token inside of a line shows."""
    if token.type == "html_inline":
        return len(PICTURE_TAG.findall(token.content))
    return token.type == "image"


def bold_first_line(children: list[Token]) -> tuple[str, list[Token]]:
    """The bold text that fills the first line, and what follows it; ("", children) where there is none."""
    if not children or children[0].type not in ("strong_open", "text") or children[0].content.strip():
        return "", children
    depth = 0
    for position, child in enumerate(children):
        depth += (child.type == "strong_open") - (child.type == "strong_close")
        if child.type in ("softbreak", "hardbreak") and depth == 0:
            return plain(children[:position]), children[position + 1 :]
        if depth == 0 and child.type != "strong_close" and child.content.strip():
            return "", children
    return plain(children), []


def defined(children: list[Token]) -> list[tuple[str, int]]:
    """The entries of a list of definitions ("术语", and below it ": 定义"), each with its line; [] if it is none."""
    lines: list[list[Token]] = [[]]
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(child)
    texts = [plain(line) for line in lines]
    if len(texts) < 2 or _DEFINED.match(texts[0]) or not any(map(_DEFINED.match, texts)):
        return []
    entries: list[tuple[str, int]] = []
    term = ""
    for offset, text in enumerate(texts):
        if _DEFINED.match(text):
            entries.append((f"{term}：{text[1:].strip()}", offset))
        else:
            term = text
    return entries


def plain(children: list[Token]) -> str:
    """The text of inline tokens: a soft line break between Chinese characters vanishes, elsewhere it is a space."""
    pieces: list[str] = []
    for child, following in zip(children, _following(children), strict=True):
        if child.type == "hardbreak" or (child.type == "html_inline" and _BREAK_TAG.fullmatch(child.content)):
            _strip_end(pieces)
            pieces.append("\n")
        elif child.type == "softbreak":
            _strip_end(pieces)
            before = pieces[-1][-1] if pieces else ""
            pieces.append("" if before and following and is_cjk(before) and is_cjk(following) else " ")
        elif said := _said(child):
            pieces.append(said)
    return "".join(pieces).strip()


def _said(child: Token) -> str:
    """What an inline token that is no break says."""
    if child.type == "text":
        return shown(child.content)
    return child.content if child.type in ("code_inline", "image") else ""


def bold_in(children: list[Token]) -> tuple[int, ...]:
    """What is bold of the `plain` text of inline tokens, as in `Block`."""
    found: list[Stretch] = []
    seen = depth = begin = 0
    for child in children:
        tag = _BOLD_TAG.fullmatch(child.content) if child.type == "html_inline" else None
        opens = child.type == "strong_open" or bool(tag and not tag[1])
        closes = child.type == "strong_close" or bool(tag and tag[1])
        if opens and not depth:
            begin = seen
        if closes and depth == 1:
            found.append((begin, seen))
        depth = max(0, depth + opens - closes)
        seen += visible(_said(child))
    return placed(found, plain(children), seen)


def _following(children: list[Token]) -> list[str]:
    """For each token the first character after it that is not white space, or ""."""
    found, character = [], ""
    for child in reversed(children):
        found.append(character)
        character = child.content.lstrip()[:1] or character
    return found[::-1]


def _strip_end(pieces: list[str]) -> None:
    """Take white space off the end of the text that ``pieces`` are."""
    while pieces:
        pieces[-1] = pieces[-1].rstrip()
        if pieces[-1]:
            return
        pieces.pop()
