"""Chinese text: what counts as the same character, and where sentences end.

Nothing here changes what is shown: matching works on a normalised copy whose every character knows which
characters of the original it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from rag.types import Span

if TYPE_CHECKING:
    from opencc import OpenCC

_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–−﹣", "-"))
# "GPT - 4", "GPT- 4" and "GPT-4" are the same name.
_SPACED_HYPHEN = re.compile(r"(?<=[a-z0-9])\s*-\s*(?=[a-z0-9])")

_TERMINATORS = "。！？!?；;…"
_CLOSERS = "”’\"'」』）)】》〉]"
# A full stop ends a sentence only between words: never in 3.33, GPT-4.1, v2.0 or e.g. a file name.
_SENTENCE_END = re.compile(rf"(?:[{_TERMINATORS}]+|(?<=[\w)\]][\w)\]])\.(?=\s|$))[{re.escape(_CLOSERS)}]*|\n+")
_TITLE = re.compile(r"《[^《》\n]{1,100}》")


def is_cjk(character: str) -> bool:
    """Whether ``character`` is Chinese or a full-width form or mark."""
    return bool(_CJK.match(character))


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text made comparable. Character ``i`` stands for the one at ``starts[i]`` of the original."""

    text: str
    starts: Sequence[int]

    @property
    def ends(self) -> list[int]:
        """Where the original's characters end."""
        return [start + 1 for start in self.starts]

    def to_original(self, start: int, end: int) -> Span:
        """Map a non-empty range of the normalised text to the range of the original that it stands for."""
        return Span(self.starts[start], self.starts[end - 1] + 1)


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional to simplified Chinese, one character for one."""
    converted: str = _simplifier().convert(text)
    if len(converted) == len(text):
        return converted
    # A phrase changed its length; character by character keeps the offsets.
    return "".join(c if len(new := _simplifier().convert(c)) != 1 else new for c in text)


def to_traditional(text: str) -> str:
    """Simplified to traditional Chinese."""
    from opencc import OpenCC

    converted: str = OpenCC("s2t").convert(text)
    return converted


@lru_cache(maxsize=4096)
def normalise(text: str) -> Normalised:
    """Fold width (NFKC), case, script (traditional to simplified), dashes, white space and invisible characters."""
    pieces = [_FOLDED[character] for character in text]
    joined = "".join(pieces)
    folded = simplify(joined)
    places: Sequence[int] = range(len(text))
    if len(joined) != len(text) or "" in pieces:
        places = [place for place, piece in enumerate(pieces) for _ in piece]
    dropped: set[int] = set()
    for match in re.finditer(r"(?<= ) +", folded):
        dropped.update(range(*match.span()))
    for match in _SPACED_HYPHEN.finditer(folded):
        dropped.update(i for i in range(*match.span()) if folded[i] == " ")
    if dropped:
        kept = [i for i in range(len(folded)) if i not in dropped]
        folded, places = "".join(folded[i] for i in kept), [places[i] for i in kept]
    return Normalised(folded, places if isinstance(places, range) else tuple(places))


class _Folded(dict[str, str]):
    """Each character, once it has been asked for, with what it is folded to before its script is."""

    def __missing__(self, character: str) -> str:
        folded = ""
        if not _INVISIBLE.match(character):
            compatible = unicodedata.normalize("NFKC", character).translate(_DASHES).casefold()
            folded = "".join(" " if one.isspace() else one for one in compatible)
        self[character] = folded
        return folded


_FOLDED = _Folded()


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Split ``text[start:end]`` into sentences without surrounding white space.

    A sentence ends with 。！？；… and the closing marks that follow, at a line break, or at a full stop
    before white space. Nothing inside 《…》 ends a sentence. Every character that is not white space
    belongs to exactly one sentence.
    """
    part = text[start:end]
    titles = [match.span() for match in _TITLE.finditer(part)]
    lefts = [left for left, _ in titles]
    spans: list[Span] = []
    begin = 0
    for match in _SENTENCE_END.finditer(part):
        before = bisect_left(lefts, match.start())
        if before and match.start() < titles[before - 1][1]:
            continue
        spans.extend(_trimmed(part, begin, match.end(), start))
        begin = match.end()
    spans.extend(_trimmed(part, begin, len(part), start))
    return spans


def _trimmed(part: str, begin: int, end: int, offset: int) -> list[Span]:
    sentence = part[begin:end]
    if not sentence.strip():
        return []
    left = begin + len(sentence) - len(sentence.lstrip())
    return [Span(offset + left, offset + begin + len(sentence.rstrip()))]
