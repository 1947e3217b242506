"""Plain text to blocks: a line is a paragraph, unless the lines were wrapped at a fixed width."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rag.loading.blocks import Outline, Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.loading.numbered import structured
from rag.loading.sheets.drawn import drawn_tables
from rag.loading.tables import table
from rag.loading.talk import LEVEL as SPEAKER_LEVEL
from rag.loading.talk import messages, speakers
from rag.text.markers import marker
from rag.text.normalization import breadth, is_cjk
from rag.types import BlockKind

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
_ENDINGS = tuple("。！？!?…：:；;”」』）)")
# In letters, of which a Chinese character takes two: how wide texts are wrapped, how far such lines may fall short of
# it, and by how much a mark that must not begin a line moves its end.
_NARROWEST, _WIDEST, _RAGGED, _KINSOKU = 40, 160, 6, 2
# Lines that reach it, and their share of those that end inside of a sentence.
_LEAST_CUT, _MOST_CUT = 3, 0.6
# What is not divided at the end of a line.
_UNIT = re.compile(r"[^\s\u2e80-\uffef]+|.")


def parse_txt(data: bytes, name: Path) -> Parsed:
    """The paragraphs of a text; a chat is called as its file, not after who speaks first. Raises LoadError."""
    blocks = gather(parse_plain(decode(data, name)), name)
    talk = any(block.level == SPEAKER_LEVEL and block.kind is BlockKind.HEADING for block in blocks)
    return Parsed(blocks, name.stem if talk else "")


def parse_plain(text: str, width: int = 0) -> list[RawBlock]:
    """Blocks in reading order, without blank lines. Short lines that begin like a heading are headings.

    ``width`` is that at which the text around was wrapped, if it was.
    """
    lines = text.split("\n")
    width = width or wrap_width(lines)
    apart = {number for number, above in enumerate(["", *lines], start=1) if not above.strip()}
    return list(structured(list(plain_blocks(text, lines, width)), apart))


def plain_blocks(text: str, lines: list[str], width: int) -> Iterator[RawBlock]:
    """Paragraphs and tables, under the headings that are drawn and those that say who speaks."""
    outline, talk = Outline(), speakers(lines)
    tables = {found.begin + 1: found for found in drawn_tables(text)}
    for found in tables.values():
        lines[found.begin : found.end] = [""] * (found.end - found.begin)
    _hang(lines)
    parts = [*_paragraphs(lines, talk | messages(lines), width), *((begin, "") for begin in tables)]
    for line, content in sorted(parts, key=lambda part: part[0]):
        titled = _TITLED.fullmatch(content) if content[:1] in _DRAWN else None
        if line in tables and not content:
            yield from table(tables[line].grid(1), outline.path)
        elif titled:
            yield outline.heading(titled[1], _TITLED_LEVEL, line=line)
        elif line - 1 in talk:
            yield outline.heading(content, SPEAKER_LEVEL, line=line)
        else:
            yield RawBlock(BlockKind.PARAGRAPH, content, line, outline.path)


def wrap_width(lines: Sequence[str]) -> int:
    """The width at which a text was wrapped: several lines, and most that end inside of a sentence, reach it; or 0."""
    cut = [
        breadth(line)
        for line, below in pairwise(lines)
        if len(line) >= _NARROWEST / 2 and not line.rstrip().endswith(_ENDINGS) and below.strip()
    ]
    widths = sorted((one for one in cut if _NARROWEST <= one <= _WIDEST), reverse=True)
    several = zip(widths, widths[_LEAST_CUT - 1 :], strict=False)
    width = next((first for first, last in several if first - last <= _RAGGED), 0)
    reach = sum(width - _RAGGED <= one <= width for one in widths)
    return width if reach >= _MOST_CUT * len(cut) else 0


def _paragraphs(lines: Sequence[str], apart: Collection[int], width: int) -> Iterator[tuple[int, str]]:
    """``(line, paragraph)``: the lines between two blank ones or ``apart`` are joined if they were wrapped."""
    group: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        content = line.strip()
        if content[:1] in _DRAWN and _RULE.fullmatch(content):
            content = ""
        if line == _TAKEN:
            continue
        own = marker(content) or line.startswith("　　") or (group and _is_indented(line, group[-1][1]))
        if not content or own or not {number - 1, number - 2}.isdisjoint(apart):
            yield from _joined(group, width)
            group = []
        if content:
            group.append((number, line.rstrip()))


def _is_indented(line: str, above: str) -> bool:
    """Whether a line begins a paragraph by standing farther in than the one above, which ends one."""
    return line.startswith("  ") and _margin(line) > _margin(above) + 1 and above.endswith(_ENDINGS)


def _joined(group: Sequence[tuple[int, str]], width: int) -> Iterator[tuple[int, str]]:
    """The paragraphs in lines between which nothing stands."""
    whole = _is_wrapped([line.strip() for _, line in group])
    run: list[tuple[int, str]] = []
    for number, line in group:
        if run and not (whole or _is_full(run[-1][1], line, width)):
            yield from _run(run)
            run = []
        run.append((number, line))
    yield from _run(run)


def _run(run: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Full lines are one paragraph if one ends inside of a sentence: else each may be a paragraph."""
    lines = [line.strip() for _, line in run]
    if all(line.endswith(_ENDINGS) for line in lines[:-1]):
        yield from ((number, line.strip()) for number, line in run)
    else:
        yield run[0][0], _join(lines)


def _is_full(line: str, below: str, width: int) -> bool:
    """Whether what begins the line ``below`` had no room in the one above."""
    if _APART.search(line.strip()) or (_LABELLED.match(below.strip()) and line.endswith(_ENDINGS)):
        return False
    first = _UNIT.match(below.strip())
    return width - breadth(first[0] if first else "") - _KINSOKU < breadth(line) <= width + _KINSOKU


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
    if label is None or line.endswith(_ENDINGS):
        return False
    begin = _margin(line) + breadth(label[0])
    return abs(breadth(below[: _margin(below)]) - begin) <= 1


def _goes_on(lines: Sequence[str]) -> bool:
    first = lines[0]
    if first.endswith((*_ENDINGS, ".")) and not first.endswith(_OPEN):
        return False
    if first.endswith(_OPEN):
        return bool(marker(first) or _LABELLED.match(first))
    widest = max(map(breadth, lines))
    wrapped = all(breadth(line) >= _WRAPPED * widest for line in lines[:-1])
    return marker(first) is not None and wrapped


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the lines were cut at a width: all but the last about as long as the longest, most cut mid-sentence."""
    if len(lines) < 2 or sum(map(_is_set_out, lines)) > len(lines) / 2:
        return False
    full = lines[:-1]
    widest = max(map(breadth, lines))
    cut = sum(not line.endswith(_ENDINGS) for line in full)
    return (
        _NARROWEST <= widest <= _WIDEST
        and all(breadth(line) >= _WRAPPED * widest for line in full)
        and cut >= _MOST_CUT * len(full)
    )


def _is_set_out(line: str) -> bool:
    """Whether a line says several things side by side, or one with its label."""
    return bool(_APART.search(line) or _LABELLED.match(line))


def _join(lines: list[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        text += line if is_cjk(text[-1]) and is_cjk(line[0]) else f" {line}"
    return text
