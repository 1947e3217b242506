"""How Chinese words sound: toneless pinyin, by which a misspelt word finds the one that was meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from rag.tokenization import in_dictionary

LONGEST = 6
_WORD = re.compile(rf"[\u4e00-\u9fff]{{2,{LONGEST}}}")


def sound(word: str) -> str:
    """The toneless pinyin of ``word``, a syllable a character: 豆包 is "dou bao"."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(word))


def sounds_of(passages: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """``(sound, word, number of passages)`` of every Chinese word of 2 to LONGEST characters in the passages' terms,
    which are joined by spaces.
    """
    counts = Counter(term for terms in passages for term in set(terms.split(" ")))
    for word, count in sorted((word, count) for word, count in counts.items() if _WORD.fullmatch(word)):
        # Terms of two characters that no dictionary has are mostly neighbours, not words.
        if len(word) > 2 or in_dictionary(word):
            yield sound(word), word, count
