"""What asks for an overview rather than for a fact: 「这篇文章讲了什么」, 「总结一下」, 「有哪些章节」.

The patterns of summaries.txt match the whole of a question: one that asks for anything more is a question of its own.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

from rag.question.courtesy import bare
from rag.text.normalization import normalise

PATTERNS_FILE = Path(__file__).with_name("summaries.txt")
# What is longer asks for more, or quotes what it asks about.
_LONGEST = 80
_ENDS = " ,.;:!?~…。、\"'"


class Summary(NamedTuple):
    """What is to be summed up.

    ``name`` is what may be a document's title; if none has it, nothing is asked for an overview. ``titled``: it stood
    in 《》. ``surely``: a document of that title is meant, and not what it is about, as 《红楼梦》 may be. ``noun`` is
    what one document is called (合同), "" for whichever. ``library``: all documents are meant.
    """

    name: str = ""
    titled: bool = False
    surely: bool = False
    noun: str = ""
    library: bool = False

    @property
    def names_nothing(self) -> bool:
        """Whether it is an overview whatever documents there are."""
        return not self.name or self.titled


@lru_cache(maxsize=1024)
def summary(text: str) -> Summary | None:
    """What ``text`` asks an overview of, else None. Of several readings one that names no title counts."""
    asked = normalise(bare(text)).text.strip(_ENDS)
    if not asked or len(asked) > _LONGEST:
        return None
    found = [_read(match) for pattern in _patterns() if (match := pattern.fullmatch(asked))]
    return min(found, key=lambda one: (bool(one.name), len(one.name)), default=None)


def _read(match: re.Match[str]) -> Summary:
    said = {group.rpartition("_")[0]: words for group, words in match.groupdict().items() if words}
    title = said.get("title", "")
    name = title[1:-1].strip() or said.get("name", "").strip()
    surely = "sum" in said or bool(_document_word().search(name))
    return Summary(name, bool(title), surely, said.get("noun", ""), "all" in said or "library" in said)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """The questions, every group under a name of its own."""
    return tuple(re.compile(_numbered(pattern)) for pattern in _read_patterns()[1])


@cache
def _document_word() -> re.Pattern[str]:
    """What ends with a word for a document."""
    return re.compile(rf"{_read_patterns()[0]['noun']}$")


@cache
def _read_patterns() -> tuple[dict[str, str], list[str]]:
    """The named patterns of the file and the questions, with what their names stand for put in."""
    known: dict[str, str] = {}
    asks: list[str] = []
    for line in PATTERNS_FILE.read_text("utf-8").splitlines():
        name, _, written = line.partition(" ")
        if not written or name == "#":
            continue
        pattern = re.sub(r"\{([a-z]+)\}", lambda match: known[match.group(1)], written)
        if name == "ask":
            asks.append(pattern)
        else:
            known[name] = f"(?P<all_N>{pattern})" if name in ("all", "eall") else f"(?:{pattern})"
    return known, asks


def _numbered(pattern: str) -> str:
    numbers = count()
    return re.sub(r"(\(\?P<[a-z]+_)N>", lambda match: f"{match.group(1)}{next(numbers)}>", pattern)
