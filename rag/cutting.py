"""jieba's cutter over the mapped `rag.lexicon`: the same cuts as with jieba's own dictionary in memory."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from math import log

import jieba
from jieba import finalseg

from rag.lexicon import Beginnings, Lexicon, lexicon

jieba.setLogLevel(logging.WARNING)
# A character that begins no word stands alone.
_UNKNOWN: Beginnings = ((1, 0.0),)


# What jieba cuts by its dictionary, and Chinese that it leaves as single characters.
_BLOCK = re.compile(
    r"([\u4E00-\u9FD5a-zA-Z0-9+#&\._%\-]+)|[\u3007\u3400-\u4dff\u9fd6-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_CHINESE = re.compile(r"[\u4e00-\u9fd5]")


class Frequencies:
    """What jieba asks its dictionary of frequencies: the lexicon's, and before it what was ``added``."""

    def __init__(self, known: Lexicon) -> None:
        self.known = known
        self.added: dict[str, int] = {}
        self.firsts: dict[str, int] = {}
        """Characters that added words begin with, and the length of the longest such."""

    def get(self, word: str, default: int | None = None) -> int | None:
        found = self.added.get(word)
        if found is None:
            found = self.known.frequency(word)
        return default if found is None else found

    def __contains__(self, word: str) -> bool:
        return self.get(word) is not None

    def __setitem__(self, word: str, frequency: int) -> None:
        self.added[word] = frequency
        self.firsts[word[0]] = max(len(word), self.firsts.get(word[0], 0))


class Cutter(jieba.Tokenizer):  # type: ignore[misc]
    """jieba's tokenizer. ``add_word`` adds to it alone."""

    def __init__(self) -> None:
        super().__init__()
        self.known = lexicon()
        self.FREQ = Frequencies(self.known)
        self.total = self.known.total
        self.initialized = True

    def add_word(self, word: str, freq: int | None = None, tag: str | None = None) -> None:
        """See jieba. A frequency of 0 forbids the word, for every tokenizer of the process."""
        super().add_word(word, freq, tag)
        if freq == 0:
            _guessed.cache_clear()

    def chinese(self, text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """The words of ``text[start:end]`` that have Chinese characters: ``(word, start, end)``, as jieba cuts them."""
        for block in _BLOCK.finditer(text, start, end):
            if not block[1]:
                yield block.group(), *block.span()
                continue
            place = block.start()
            for word in self._words(block[1]):
                after = place + len(word)
                if word[0] >= "\u4e00" or _CHINESE.search(word):
                    yield word, place, after
                place = after

    def _words(self, block: str) -> Iterator[str]:
        for run, known in self.runs(block):
            if known or len(run) == 1:
                yield run
            elif self.FREQ.get(run):
                yield from run
            else:
                yield from _guessed(run)

    def runs(self, block: str) -> Iterator[tuple[str, bool]]:
        """The words of ``block`` by the dictionary, with True; such of one character that stand together come as one,
        with False.
        """
        route: dict[int, tuple[float, int]] = {}
        self.calc(block, self.get_DAG(block), route)
        start = begin = 0
        while start < len(block):
            end = route[start][1] + 1
            if end - start > 1:
                if begin < start:
                    yield block[begin:start], False
                yield block[start:end], True
                begin = end
            start = end
        if begin < start:
            yield block[begin:start], False

    def get_DAG(self, sentence: str) -> list[Beginnings]:  # noqa: N802  # jieba's name
        """The words that begin at each place of ``sentence``: for `calc`, which alone knows this form."""
        found = [words or _UNKNOWN for words in self.known.words(sentence)]
        firsts = self.FREQ.firsts
        for start in [place for place, character in enumerate(sentence) if character in firsts] if firsts else ():
            found[start] = self._with_added(sentence, start, found[start])
        return found

    def _with_added(self, sentence: str, start: int, words: Beginnings) -> Beginnings:
        found = {} if words is _UNKNOWN else dict(words)
        for length in range(1, self.FREQ.firsts[sentence[start]] + 1):
            frequency = self.FREQ.added.get(sentence[start : start + length])
            if frequency:
                found[length] = log(frequency)
            elif frequency == 0:
                found.pop(length, None)
        return tuple(sorted(found.items())) or _UNKNOWN

    def calc(
        self,
        sentence: str,
        DAG: list[Beginnings],  # noqa: N803  # jieba's name
        route: dict[int, tuple[float, int]],
    ) -> None:
        """Put into ``route`` the best way from each place to the end: its score, and the last place of its first word.

        Of equally good ways the one with the longer word. Sums are made in jieba's order, so that they are the same.
        """
        total = log(self.total)
        end = len(sentence)
        route[end] = (0, 0)
        after = [0.0] * (end + 1)
        for start in range(end - 1, -1, -1):
            best, chosen = float("-inf"), 1
            for length, weight in DAG[start]:
                score = weight - total + after[start + length]
                if score >= best:
                    best, chosen = score, length
            after[start] = best
            route[start] = (best, start + chosen - 1)


@lru_cache(1 << 14)
def _guessed(text: str) -> tuple[str, ...]:
    """The words of a text that the dictionary does not know, by jieba's hidden Markov model."""
    return tuple(finalseg.cut(text))
