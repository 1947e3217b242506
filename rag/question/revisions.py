"""What asks how two editions of a document differ: 「两版有什么不同」, 「新版改了什么」, 「2025版和2023版有什么区别」.

The patterns of revisions.txt match the whole of a question, which names no more than editions and their document: what
two other things differ in is asked like anything else.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rag.question import summaries
from rag.question.courtesy import bare
from rag.question.patterns import Patterns, groups
from rag.text.normalization import normalise

_PATTERNS = Patterns(Path(__file__).with_name("revisions.txt"), summaries.PATTERNS)


class Revision(NamedTuple):
    """Two editions that are to be compared.

    ``names`` are what may be a document's title, of which those ``titled`` stood in 《》; if there is no such document,
    nothing of the kind is asked. ``refs`` say which editions, as they were called: 2023版, 旧版. ``noun`` is what one
    document is called (合同), "" for whichever.
    """

    names: tuple[str, ...] = ()
    titled: bool = False
    refs: tuple[str, ...] = ()
    noun: str = ""

    @property
    def names_nothing(self) -> bool:
        """Whether it is such a question whatever documents there are."""
        return not self.names or self.titled


@lru_cache(maxsize=1024)
def revision(text: str) -> Revision | None:
    """Which editions ``text`` asks the differences of, else None. Of several readings one that names least counts."""
    asked = normalise(bare(text)).text.strip(summaries.ENDS)
    if not asked or len(asked) > summaries.LONGEST or not _hint().search(asked):
        return None
    found = [_read(groups(match)) for match in _PATTERNS.matches(asked)]
    return min(found, key=lambda one: (not one.names_nothing, sum(map(len, one.names))), default=None)


@cache
def _hint() -> re.Pattern[str]:
    return re.compile(_PATTERNS.named["hint"])


def _read(said: dict[str, list[str]]) -> Revision:
    titles = [title[1:-1].strip() for title in said.get("title", ())]
    names = [name.strip() for name in said.get("name", ())]
    refs, nouns = said.get("ref", ()), said.get("noun", [""])
    return Revision((*titles, *names), bool(titles) and not names, tuple(refs), nouns[-1])
