"""What programs for notes write beside CommonMark: links in double brackets, callouts, containers, folds."""

from __future__ import annotations

import re

from markdown_it.token import Token

from rag.loading.markdown.extensions import FENCED
from rag.loading.numbered import is_numbered
from rag.loading.scripts import lowered, raised

# "[[页面|显示的字]]", "==标出的字==", "%%注释%%", and the name by which a block is linked, " ^a1b2c3".
_LINK = re.compile(r"!?\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]+))?\]\]")
_MARKED = re.compile(r"(?<![A-Za-z0-9_=!<>)])==(?=\S)([^=\n]+?)(?<=\S)==(?![A-Za-z0-9_=])")
# "10^6^", "H~2~O"
_RAISED = re.compile(r"(?<=[^\W_]|[)\]）])\^([-+−–]?\d{1,4}|\d?[-+]|[a-z](?:[-+]\d)?)\^")
_LOWERED = re.compile(r"(?<=[A-Za-z)\]）])~(\d{1,3}|[a-z]{1,4})~")
_COMMENT = re.compile(r"%%(?:(?!%%).)+%%")
_NAME = re.compile(r"\s\^[A-Za-z0-9-]{2,}\Z")
_CALLOUT = re.compile(r"\[!\w+\][-+]?[^\S\n]*")
# ":::tip 标题", and the line that closes it. Such a line becomes a comment, which ends where the line does.
_CONTAINER = re.compile(
    rf"{FENCED}|^ {{0,3}}:{{3,}}[^\S\n]*(?P<kind>\{{?\.?[\w-]*\}}?)[^\S\n]*(?P<title>[^\n]*)$", re.DOTALL | re.MULTILINE
)
CONTAINER_TAG = re.compile(r"<!--:::(?P<title>[^\n]*)-->")
_FOLD = re.compile(
    rf"{CONTAINER_TAG.pattern}|<details\b[^<>]*>|</details\s*>|<summary\b[^<>]*>(?P<said>.*?)</summary\s*>",
    re.DOTALL | re.IGNORECASE,
)
_FIELD = re.compile(r"[^\s：:|][^：:\n]{0,19}(?:：|:\s)\s*\S")
_BREAKS = ("softbreak", "hardbreak")
_SHORT, _GOES_ON = 20, tuple("，,、；;")


def shown(text: str) -> str:
    """``text`` as a program for notes shows it."""
    if "==" in text:
        text = _MARKED.sub(r"\1", text)
    if "%%" in text:
        text = _COMMENT.sub("", text)
    if "[[" in text:
        text = _LINK.sub(lambda link: link[2] or link[1], text)
    if "~" in text:
        text = _LOWERED.sub(lambda index: lowered(index[1]), text)
    return _NAME.sub("", _RAISED.sub(lambda exponent: raised(exponent[1]), text)) if "^" in text else text


def containers_opened(text: str) -> str:
    """``text`` with the first and last lines of containers as comments."""

    def opened(found: re.Match[str]) -> str:
        if found["fence"]:
            return found.group()
        title = found["title"].replace("-->", "").strip()
        return f"<!--:::{title or ' '}-->" if found["kind"] or title else "<!--:::-->"

    return _CONTAINER.sub(opened, text) if ":::" in text else text


def callout(children: list[Token]) -> tuple[list[Token], list[Token]] | None:
    """The title of a callout and what follows it in its first paragraph; None of what is no callout."""
    if not children or not (found := _CALLOUT.match(children[0].content)):
        return None
    children[0].content = children[0].content[found.end() :]
    end = next((n for n, child in enumerate(children) if child.type in _BREAKS), len(children))
    return children[:end], children[end + 1 :]


def lines_of(children: list[Token]) -> list[tuple[int, list[Token]]]:
    """The lines of a paragraph, counted from 0, if all are fields, "状态: 已发布"; else its parts: a number begins one.

    Markdown has numbers for lists, and knows none of "（一）" and "4、". A short line with such stands alone.
    """
    lines: list[list[Token]] = [[]]
    for child in children:
        if child.type in _BREAKS:
            lines.append([])
        else:
            lines[-1].append(child)
    texts = ["".join(child.content for child in line) for line in lines]
    if all(map(_FIELD.match, texts)):
        return list(enumerate(lines))
    begins = [0, *(n for n in range(1, len(lines)) if is_numbered(texts[n]) or _stands_alone(texts[n - 1]))]
    places = [n for n, child in enumerate(children) if child.type in _BREAKS]
    ends = [*(places[n - 1] for n in begins[1:]), len(children)]
    return [(n, children[places[n - 1] + 1 if n else 0 : end]) for n, end in zip(begins, ends, strict=True)]


def _stands_alone(line: str) -> bool:
    return len(line) <= _SHORT and is_numbered(line) and not line.endswith(_GOES_ON)


def folds(content: str) -> list[str | None]:
    """What a piece of HTML opens, by what stands above it, and closes (None), in order."""
    found: list[str | None] = []
    for tag in _FOLD.finditer(content):
        if tag["title"] is not None:
            found.append(tag["title"] or None)
        elif tag["said"] is not None and found:
            found[-1] = tag["said"]
        elif tag["said"] is None:
            found.append(None if tag.group().startswith("</") else "")
    return found
