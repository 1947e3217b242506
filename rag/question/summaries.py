"""What asks for an overview rather than for a fact: 「这篇文章讲了什么」, 「总结一下」, 「有哪些章节」.

The patterns of summaries.txt match the whole of a question: one that asks for anything more is a question of its own.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rag.question.courtesy import bare
from rag.question.patterns import Patterns, groups
from rag.text.normalization import normalise

PATTERNS = Patterns(Path(__file__).with_name("summaries.txt"))
# What is longer asks for more, or quotes what it asks about.
LONGEST = 80
ENDS = " ,.;:!?~…。、\"'"


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
    asked = normalise(bare(text)).text.strip(ENDS)
    if not asked or len(asked) > LONGEST:
        return None
    found = [_read(match) for match in PATTERNS.matches(asked)]
    return min(found, key=lambda one: (bool(one.name), len(one.name)), default=None)


def _read(match: re.Match[str]) -> Summary:
    said = groups(match)
    (title,), (name,), (noun,) = (said.get(group, [""])[-1:] for group in ("title", "name", "noun"))
    name = title[1:-1].strip() or name.strip()
    surely = "sum" in said or bool(_document_word().search(name))
    return Summary(name, bool(title), surely, noun, "all" in said or "library" in said)


@cache
def _document_word() -> re.Pattern[str]:
    """What ends with a word for a document."""
    return re.compile(rf"{PATTERNS.named['noun']}$")
