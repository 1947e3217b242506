"""What asks which kinds of a thing there are: 「有哪些假期」, 「奖项分几种」."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from rag.question.courtesy import bare
from rag.text.normalization import HAN, normalise

_WHICH: Final = r"(?:哪些|哪几[种类项款个]|几[种类项款]|多少[种类项款])(?:不同的?)?"
_HAS: Final = "有|包括|包含|包括有|分为|分成|分|设有|设|享有|享受|提供"
_SORT: Final = "(?:种类|类型|类别|分类)"
_NOUN: Final = rf"(?:(?!的){HAN})"
_END: Final = "(?:呢|呀|啊|吗|么|的)?[ ?。!]*"
_OFTEN: Final = "(?:都|一共|总共|共|主要|具体|分别|大概|大致|可以?|能)*"
_PLEASE: Final = "(?:(?:请问|想问|问|想知道|告诉我|请列出)(?:一下|下)?)?"
# The noun at the end, behind the verb; or at the beginning, in front of it.
_PATTERNS: Final = (
    re.compile(rf"{_PLEASE}(?P<about>.{{0,24}}?){_OFTEN}(?:{_HAS}|[休请领报])?(?:{_WHICH}|(?<=有)什么){_SORT}?的?"
               rf"(?P<noun>{_NOUN}{{1,8}}?){_SORT}?{_END}"),
    re.compile(rf"{_PLEASE}(?P<about>.{{0,24}}?)的?(?P<noun>{_NOUN}{{2,8}}?)(?:{_SORT})?{_OFTEN}(?:{_HAS}|是)"
               rf"{_WHICH}{_SORT}?{_END}"),
)  # fmt: skip


class Sorts(NamedTuple):
    """Of what the kinds are asked, ``noun``, and what else the question says, ``about``, such as whose they are."""

    noun: str
    about: str


@lru_cache(maxsize=1024)
def sorts(text: str) -> Sorts | None:
    """What ``text`` asks the kinds of, in normalised words; None if it asks for something else."""
    asked = normalise(bare(text)).text.strip()
    found = next((match for pattern in _PATTERNS if (match := pattern.fullmatch(asked))), None)
    return Sorts(found["noun"], found["about"].strip(" ,")) if found else None
