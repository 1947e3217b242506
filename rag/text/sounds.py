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


def is_word(term: str) -> bool:
    """Whether a term is a Chinese word of 2 to LONGEST characters."""
    return _WORD.fullmatch(term) is not None


def words_in(terms: str) -> set[str]:
    """The Chinese words of 2 to LONGEST characters in a passage's terms, which are joined by spaces."""
    return set(filter(is_word, terms.split(" ")))


def sounds_of(passages: Mapping[str, int], known: Mapping[str, str] | None = None) -> Iterator[tuple[str, str, int]]:
    """``(sound, word, number of passages)`` of words, given with the number of the passages that have them.

    How a word sounds is looked up in ``known`` first.
    """
    known = known or {}
    for word, count in sorted(passages.items()):
        if word in known:
            yield known[word], word, count
        # Terms of two characters that no dictionary has are mostly neighbours, not words.
        elif len(word) > 2 or in_dictionary(word):
            yield sound(word), word, count
