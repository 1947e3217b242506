"""What CommonMark does not know: front matter, footnotes, blank lines in tables, notes that look like links."""

from __future__ import annotations

import re
from bisect import bisect_right

from markdown_it.rules_block import StateBlock, reference

# Between the lines stands YAML, beginning with a key; without one they are rules between paragraphs.
_FRONT_MATTER = re.compile(
    r"\A---[^\S\n]*\n((?:#[^\n]*\n)*[^\s:#-][^\n:]*:(?:\s.*?)?\n)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL
)
_KEY = re.compile(r"([^\s:#-][^:]*):(?:\s+(.*))?")
_TOML = re.compile(r"\A\+\+\+[^\S\n]*\n((?:[^\n]*\n)*?)\+\+\+[^\S\n]*(?:\n|\Z)")
_TOML_KEY = re.compile(r"([^\s=#\[][^=]*?)\s*=\s*(.*)")
_FLOW = re.compile(r"\[[^\[\]]*\]")
_TITLES = ("title", "标题", "題名", "题名", "標題")
FENCED = r"^ {0,3}(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^ {0,3}(?P=fence)|\Z)"
# A note and the lines that go on with it; a table in HTML, in which blank lines may stand.
_GOES_ON = r"\n(?! {0,3}(?:\[\^|[#>|*+<`~-]|\d+[.)]))[^\S\n]*\S[^\n]*"
_NOTE = re.compile(
    rf"{FENCED}|^ {{0,3}}\[\^(?P<label>[^\]\s]+)\]:[^\S\n]*(?P<note>[^\n]*(?:{_GOES_ON})*)", re.DOTALL | re.MULTILINE
)
_TABLE = re.compile(rf"{FENCED}|<table\b.*?</table>", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_BLANK_LINE = re.compile(r"(?<=\n)[^\S\n]*(?=\n)")
# A table: the names of its columns, the line below them, and its rows.
_GRID = re.compile(
    rf"{FENCED}|^(?P<names>(?=[^\n]*\|)[^\n]+)\n"
    r"(?P<rule>[ >\t]*[|:-][-:| \t]*)\n(?P<rows>(?:[^\n]*\S[^\n]*(?:\n|\Z))+)",
    re.DOTALL | re.MULTILINE,
)
_WALL, _CODE = re.compile(r"(?<!\\)\|"), re.compile(r"`[^`\n]+`")
# What looks like the definition of a link and leads nowhere is text: "[注]: 见附件".
_DEFINITION = re.compile(r"\[(?!\^)[^\]]+\]:\s*<?(?=[!-~]*[/.#@])[!-~]+>?(?:\s|$)")


def front_matter(text: str) -> re.Match[str] | None:
    """What stands above the text between lines of their own, in YAML or TOML."""
    return _FRONT_MATTER.match(text) or _TOML.match(text)


def title_of(text: str) -> str:
    """What the front matter says the title is."""
    front = front_matter(text)
    fields = fields_of(front[1]) if front else ()
    return next((value for key, value, _ in fields if key.lower() in _TITLES), "")


def fields_of(front: str) -> list[tuple[str, str, int]]:
    """The fields of front matter: keys at the beginning of a line, their values, also those below, and lines."""
    fields: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(front.split("\n"), start=2):
        key = _KEY.fullmatch(line.rstrip()) or _TOML_KEY.fullmatch(line.rstrip())
        if key:
            fields.append((key[1].strip("\"' "), [], number))
        value = (key[2] or "").strip("|>") if key else line.strip().removeprefix("- ")
        if _FLOW.fullmatch(value):
            value = "、".join(part.strip().strip("\"'") for part in value[1:-1].split(","))
        if fields and value and not line.startswith("#"):
            fields[-1][1].append(value.strip("\"' "))
    return [(key, "、".join(values), number) for key, values, number in fields]


def without_notes(text: str) -> tuple[str, dict[str, tuple[str, int]]]:
    """``text`` with blank lines for its footnotes, and these by their labels: text and line."""
    notes: dict[str, tuple[str, int]] = {}
    breaks = [place for place, character in enumerate(text) if character == "\n"] if "[^" in text else []

    def taken(found: re.Match[str]) -> str:
        if found["fence"]:
            return found.group()
        notes.setdefault(found["label"], (found["note"], bisect_right(breaks, found.start()) + 1))
        return "\n" * found.group().count("\n")

    return _NOTE.sub(taken, text), notes


def tables_closed(text: str) -> str:
    """``text`` without blank lines in its tables in HTML, which would end them."""

    def closed(found: re.Match[str]) -> str:
        return found.group() if found["fence"] else _BLANK_LINE.sub("<!-- -->", found.group())

    # Below the last end no table has one to look for.
    end = text.lower().rfind("</table>") + len("</table>")
    return _TABLE.sub(closed, text[:end]) + text[end:] if end >= len("</table>") else text


def tables_whole(text: str) -> str:
    """``text`` with all cells of its tables: those beyond the last name, too, which CommonMark leaves out."""

    def whole(found: re.Match[str]) -> str:
        if found["fence"] or (named := _width(found["names"])) != _width(found["rule"]):
            return found.group()
        rows = [
            _CODE.sub(lambda code: _WALL.sub(r"\|", code.group()), row) if _width(row) > named else row
            for row in found["rows"].split("\n")
        ]
        beyond = max(map(_width, rows)) - named
        if beyond <= 0:
            return "\n".join((found["names"], found["rule"], *rows))
        names, rule = (line.rstrip().removesuffix("|") for line in (found["names"], found["rule"]))
        return "\n".join((f"{names}|{' |' * beyond}", f"{rule}|{'-|' * beyond}", *rows))

    return _GRID.sub(whole, text) if "|" in text else text


def _width(row: str) -> int:
    """How many cells a row has."""
    return len(_WALL.findall(row.strip(" >\t").removeprefix("|").removesuffix("|"))) + 1


def link_definition(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    begin = state.bMarks[line] + state.tShift[line]
    if not _DEFINITION.match(state.src, begin, state.eMarks[line]):
        return False
    return reference(state, line, last, silent)
