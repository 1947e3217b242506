"""Subtitles and transcripts (SRT, WebVTT) to blocks: what is said, in whole sentences, under the time of its beginning.

pysubs2 and srt read them too, but do not say on which line of the file a text stands.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import east_asian_width

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.types import BlockKind

# "00:01:02,500 --> 00:01:04,000"; WebVTT may leave the hours out, and says after it where on the picture that stands.
_TIMES = re.compile(r"\s*((?:\d+:)?\d\d?:\d\d)[.,]\d+\s*-->\s*(?:\d+:)?\d\d?:\d\d[.,]\d+(?:\s.*)?")
# Parts of WebVTT that nobody is shown.
_UNSHOWN = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:[ \t].*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_WORD_TIME = re.compile(r"<\d[\d:.]*>")
# Marks of type, colour and place.
_MARKS = re.compile(rf"</?[A-Za-z][^<>]*>|{_WORD_TIME.pattern}|\{{\\[^{{}}]*\}}")
_ENDS = re.compile(r"[。！？!?…][”』」）)\"']*$|\.[\"')]*$")
# Where sentences have ends, so many cues have one at least.
_LEAST_ENDING = 0.1
_LONGEST = 200


@dataclass(slots=True)
class _Cue:
    """What is said in one piece, by whom where that is known, and the line of the file on which it begins."""

    time: str
    speaker: str = ""
    line: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _joined(self.said)


def parse_subtitles(data: bytes, name: Path) -> Parsed:
    """What is said in subtitles; captions that roll up say each line once. Raises LoadError."""
    cues = [cue for cue in _cues(decode(data, name)) if cue.said]
    if not any(cue.time for cue in cues):
        raise LoadError(
            f"无法读取 {name}：里面没有带时间的字幕。请重新导出后再索引。",
            f"Can't read {name}: it has no subtitles with their times. Export it again.",
        )
    return Parsed(gather(_paragraphs(cues), name))


def _cues(text: str) -> Iterator[_Cue]:
    lines = text.split("\n")
    is_web, rolls = text.startswith("WEBVTT"), bool(_WORD_TIME.search(text))
    cue, last, unshown = _Cue(""), "", False
    for number, (before, line, after) in enumerate(zip(["", *lines], lines, [*lines[1:], ""], strict=False), start=1):
        starts = not before.strip()
        unshown = (unshown and bool(line.strip())) or (is_web and starts and bool(_UNSHOWN.fullmatch(line)))
        if found := _TIMES.fullmatch(line):
            yield cue
            cue, unshown = _Cue(found[1]), False
        elif unshown or (_TIMES.fullmatch(after) and (starts or line.strip().isdigit())):
            # Before its times stands a cue's number or name.
            continue
        else:
            if (voice := _VOICE.search(line)) and (speaker := html.unescape(voice[1]).strip()) != cue.speaker:
                yield cue
                cue = _Cue(cue.time, speaker)
            said = " ".join(html.unescape(_MARKS.sub("", line)).split())
            if said and not (rolls and said == last):
                cue.line = cue.line or number
                cue.said.append(said)
                last = said
    yield cue


def _paragraphs(cues: list[_Cue]) -> Iterator[RawBlock]:
    """The cues up to the end of a sentence, or one by one where sentences have no ends."""
    ended = [bool(_ENDS.search(cue.text)) for cue in cues]
    marked = sum(ended) >= _LEAST_ENDING * len(cues)
    group: list[_Cue] = []
    for cue, ends in zip(cues, ended, strict=True):
        if group and group[-1].speaker != cue.speaker:
            yield _paragraph(group)
            group = []
        group.append(cue)
        if ends or not marked or sum(len(one.text) for one in group) >= _LONGEST:
            yield _paragraph(group)
            group = []
    if group:
        yield _paragraph(group)


def _paragraph(group: list[_Cue]) -> RawBlock:
    first, text = group[0], _joined([cue.text for cue in group])
    said = f"{first.speaker}：{text}" if first.speaker else text
    return RawBlock(BlockKind.PARAGRAPH, said, first.line, (first.time,) if first.time else ())


def _joined(texts: list[str]) -> str:
    """``texts`` as one, with a blank between words but not between Chinese characters."""
    joined = ""
    for text in texts:
        glued = not joined or (_is_wide(joined[-1]) and _is_wide(text[0]))
        joined += text if glued else f" {text}"
    return joined


def _is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"
