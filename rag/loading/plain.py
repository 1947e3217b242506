"""Plain text to blocks: a line is a paragraph, unless the lines were wrapped at a fixed width."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.loading.lists import Lists
from rag.loading.sheets.drawn import drawn_tables
from rag.loading.tables import table
from rag.loading.talk import speakers
from rag.text.markers import marker
from rag.text.normalization import is_cjk

_SHORT = 30
_CHINESE_NUMERALS = "一二三四五六七八九十"
_HEADING = re.compile(
    rf"第[{_CHINESE_NUMERALS}百0-9]+[章节篇回部]|[{_CHINESE_NUMERALS}]+、|(?:主题|问题|趋势|阶段|部分)[{_CHINESE_NUMERALS}]"
)
# "3、安装", above 3.1.
_CHAPTER = re.compile(r"(\d{1,2})\s*[、.．\s]\s*[^\W\d]")
# "3.2 安装", after 3.1 or a chapter.
_DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,3})\.?\s*[^\W\d]{2}")
_NO_HEADING = tuple("。！？!?；;，,：:、")
_QUESTION = re.compile(r"(?:问题?|[Qq])\s*\d{0,3}\s*[：:]\s*\S")
_ANSWER = re.compile(r"(?:回?答案?|[Aa])\s*\d{0,3}\s*[：:]\s*\S")
_QUESTION_LEVEL, _LONGEST_QUESTION = 6, 120
# A line that is drawn between parts.
_DRAWN = "-=_*~—─━═"
_RULE = re.compile(f"[{_DRAWN}]{{3,}}")
# "————— 2024-06-03 —————"
_TITLED = re.compile(rf"[{_DRAWN}]{{3,}}\s*([^{_DRAWN}\s](?:[^\n]{{0,40}}[^{_DRAWN}\s])?)\s*[{_DRAWN}]{{3,}}")
_TITLED_LEVEL = 2
# A line that goes on with the one above stands in this place.
_TAKEN = "\0"
_OPEN, _LABELLED = tuple("，、,（("), re.compile(r"[^：:\s]{1,16}[：:]")
_WRAPPED = 0.75
_APART = re.compile(r"\S(?: {3,}|\t|　{2,})\S")
_BLANKS = re.compile(" {2,}|\t+")
_ENDS = "。！？!?…：:；;”」』）)"


def parse_txt(data: bytes, name: Path) -> Parsed:
    """The paragraphs of a text. Raises LoadError."""
    return Parsed(gather(parse_plain(decode(data, name)), name))


def parse_plain(text: str) -> list[RawBlock]:
    """Blocks in reading order, without blank lines. Short lines that begin like a heading are headings."""
    blocks: list[RawBlock] = []
    outline, lists, numbered = Outline(), Lists(), set[str]()
    lines = text.split("\n")
    talk = speakers(lines)
    tables = {found.begin + 1: found for found in drawn_tables(text)}
    for found in tables.values():
        lines[found.begin : found.end] = [""] * (found.end - found.begin)
    _hang(lines)
    parts = sorted([*_paragraphs(lines, talk), *((begin, "") for begin in tables)], key=lambda part: part[0])
    for (line, content), (_, after) in zip(parts, [*parts[1:], (0, "")], strict=False):
        titled = _TITLED.fullmatch(content) if content[:1] in _DRAWN else None
        said = line - 1 in talk
        level = _TITLED_LEVEL if titled else _QUESTION_LEVEL if said else _level(content, after, numbered)
        if line in tables and not content:
            blocks += table(tables[line].grid(1), outline.path)
        elif level:
            blocks.append(outline.heading(titled[1] if titled else content, level, line=line))
            lists.end()
        else:
            blocks.append(lists.block(content, outline.path, line=line, apart=line < 2 or not lines[line - 2].strip()))
    return blocks


def _level(text: str, after: str, numbered: set[str]) -> int:
    """The level of a heading, 0 of what is none. ``numbered``: the numbers that headings have had so far."""
    if len(text) > _SHORT:
        return _QUESTION_LEVEL if len(text) <= _LONGEST_QUESTION and _asks(text, after) else 0
    if _HEADING.match(text) and not text.endswith(("：", ":")):
        return 2
    plain = not text.endswith(_NO_HEADING)
    whole = _CHAPTER.match(text) if text[:1].isdigit() else None
    if whole and plain and after.startswith(f"{whole[1]}.1"):
        return 2
    number = _DECIMAL.match(text) if text[:1].isdigit() else None
    if number:
        chapter, _, last = number[1].rpartition(".")
        if last == "1" or f"{chapter}.{int(last) - 1}" in numbered:
            numbered.add(number[1])
            return 2 + number[1].count(".") if plain else 0
    return _QUESTION_LEVEL if _asks(text, after) else 0


def _asks(text: str, after: str) -> bool:
    """Whether a text is a question that says so, as the one after it says that it is the answer."""
    return text[:1] in "问Qq" and bool(_QUESTION.match(text) and _ANSWER.match(after))


def ordinal_of(text: str) -> int | None:
    """The place in a list that ``text`` begins with; 1 after a bullet, None if it begins like no list item."""
    found = marker(text)
    return (found.number or 1) if found else None


def _paragraphs(lines: Sequence[str], apart: Collection[int]) -> list[tuple[int, str]]:
    """``(line, paragraph)``: the lines between two blank ones or ``apart`` are joined if they look wrapped."""
    paragraphs: list[tuple[int, str]] = []
    group: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        content = line.strip()
        if content[:1] in _DRAWN and _RULE.fullmatch(content):
            content = ""
        if line == _TAKEN:
            continue
        if not content or marker(content) or line.startswith("　　") or not {number - 1, number - 2}.isdisjoint(apart):
            if _is_wrapped([line for _, line in group]):
                paragraphs.append((group[0][0], _join([line for _, line in group])))
            else:
                paragraphs.extend(group)
            group = []
        if content:
            group.append((number, content))
    return paragraphs


def _hang(lines: list[str]) -> None:
    """Join to each line those that hang below it: of one item or field, farther in."""
    at = 0
    while at < len(lines):
        run = list(_hanging(lines, at))
        if run and (_goes_on([lines[at].strip(), *run]) or _stands_below(lines[at], lines[at + 1])):
            lines[at] = _join([lines[at].rstrip(), *run])
            lines[at + 1 : at + 1 + len(run)] = [_TAKEN] * len(run)
        at += 1 + len(run)


def _hanging(lines: Sequence[str], at: int) -> Iterator[str]:
    """The lines below one, as far as they stand farther in and begin nothing of their own."""
    margin = _margin(lines[at])
    for below in range(at + 1, len(lines) if lines[at].strip() else 0):
        line = lines[below]
        content = line.strip()
        own = not content or line.startswith("　　") or marker(content) or _LABELLED.match(content)
        if own or _margin(line) <= margin or not _BLANKS.fullmatch(line[: _margin(line)]):
            return
        yield content


def _stands_below(line: str, below: str) -> bool:
    """Whether a line begins below the value of the labelled one above it, which has no end."""
    label = _LABELLED.match(line.lstrip())
    if label is None or line.endswith(tuple(_ENDS)):
        return False
    begin = _margin(line) + _width(label[0])
    return abs(_width(below[: _margin(below)]) - begin) <= 1


def _goes_on(lines: Sequence[str]) -> bool:
    first = lines[0]
    if first.endswith((*_ENDS, "。", ".")) and not first.endswith(_OPEN):
        return False
    if first.endswith(_OPEN):
        return bool(marker(first) or _LABELLED.match(first))
    widest = max(map(_width, lines))
    wrapped = all(_width(line) >= _WRAPPED * widest for line in lines[:-1])
    return marker(first) is not None and (len(lines) == 2 or wrapped)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the lines were cut at a width: all but the last about as long as the longest, most cut mid-sentence."""
    if len(lines) < 2 or sum(map(_is_set_out, lines)) > len(lines) / 2:
        return False
    full = lines[:-1]
    widest = max(map(_width, lines))
    cut = sum(not line.endswith(tuple(_ENDS)) for line in full)
    return 40 <= widest <= 160 and all(_width(line) >= 0.75 * widest for line in full) and cut >= 0.6 * len(full)


def _is_set_out(line: str) -> bool:
    """Whether a line says several things side by side, or one with its label."""
    return bool(_APART.search(line) or _LABELLED.match(line))


def _width(line: str) -> int:
    return sum(2 if is_cjk(c) else 1 for c in line)


def _join(lines: list[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        text += line if is_cjk(text[-1]) and is_cjk(line[0]) else f" {line}"
    return text
