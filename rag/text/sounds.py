"""How Chinese words sound: toneless pinyin, by which a misspelt word finds the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rag.text.tokenization import in_dictionary

LONGEST = 6
_WORD = re.compile(rf"[\u4e00-\u9fff]{{2,{LONGEST}}}")


def sound(word: str) -> str:
    """The toneless pinyin of ``word``, a syllable a character: 豆包 is "dou bao"."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(word))


def words_in(terms: str) -> set[str]:
    """The Chinese words of 2 to LONGEST characters in a passage's terms, which are joined by spaces."""
    return {term for term in terms.split(" ") if _WORD.fullmatch(term)}


def sounds_of(passages: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """``(sound, word, number of passages)`` of words, given with the number of the passages that have them."""
    for word, count in sorted(passages.items()):
        # Terms of two characters that no dictionary has are mostly neighbours, not words.
        if len(word) > 2 or in_dictionary(word):
            yield sound(word), word, count
