"""jieba's cutter over the mapped `rag.text.lexicon`: the same cuts as with jieba's own dictionary in memory."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from math import inf, log

import jieba
from jieba import finalseg

from rag.text.lexicon import Beginnings, Lexicon, lexicon

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
        frequency = self.added.get(word)
        if frequency is None:
            frequency = self.known.frequency(word)
        return default if frequency is None else frequency

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

    def chinese(self, text: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """The words of ``text[start:end]`` that have Chinese characters: ``(word, start, end)``, as jieba cuts them."""
        words = []
        for block in _BLOCK.finditer(text, start, end):
            place = block.start()
            for run, known in self.runs(block[1]) if block[1] else ((block.group(), True),):
                for word in (run,) if known else self._unknown(run):
                    after = place + len(word)
                    if word[0] >= "\u3007" or _CHINESE.search(word):
                        words.append((word, place, after))
                    place = after
        return words

    def _unknown(self, run: str) -> Sequence[str]:
        if len(run) == 1 or self.FREQ.get(run):
            return run
        return _guessed(run)

    def runs(self, block: str) -> list[tuple[str, bool]]:
        """The words of ``block`` by the dictionary, with True; such of one character that stand together come as one,
        with False.
        """
        pieces = []
        begin = place = 0
        lengths = self._best(self.get_DAG(block))[1]
        while place < len(block):
            length = lengths[place]
            if length > 1:
                if begin < place:
                    pieces.append((block[begin:place], False))
                begin = place + length
                pieces.append((block[place:begin], True))
            place += length
        if begin < place:
            pieces.append((block[begin:place], False))
        return pieces

    def get_DAG(self, sentence: str) -> list[Beginnings]:  # noqa: N802  # jieba's name
        """The words that begin at each place of ``sentence``: for `calc`, which alone knows this form."""
        words_from = [words or _UNKNOWN for words in self.known.words(sentence)]
        firsts = self.FREQ.firsts
        for start in [place for place, character in enumerate(sentence) if character in firsts] if firsts else ():
            words_from[start] = self._with_added(sentence, start, words_from[start])
        return words_from

    def _with_added(self, sentence: str, start: int, words: Beginnings) -> Beginnings:
        weights = {} if words is _UNKNOWN else dict(words)
        for length in range(1, self.FREQ.firsts[sentence[start]] + 1):
            frequency = self.FREQ.added.get(sentence[start : start + length])
            if frequency:
                weights[length] = log(frequency)
            elif frequency == 0:
                weights.pop(length, None)
        return tuple(sorted(weights.items())) or _UNKNOWN

    def calc(
        self,
        sentence: str,
        DAG: list[Beginnings],  # noqa: N803  # jieba's name
        route: dict[int, tuple[float, int]],
    ) -> None:
        """Put into ``route`` the score of the best way from each place, and where its first word ends."""
        scores, lengths = self._best(DAG)
        for start, length in enumerate(lengths):
            route[start] = (scores[start], start + length - 1)
        route[len(sentence)] = (0, 0)

    def _best(self, words: list[Beginnings]) -> tuple[list[float], list[int]]:
        """The best way from each place to the end, where these words begin: its score, and its first word's length.

        Of equally good ways the one with the longer word. Sums are made in jieba's order, so that they are the same.
        """
        total = log(self.total)
        scores, lengths = [0.0] * (len(words) + 1), [1] * len(words)
        for start in range(len(words) - 1, -1, -1):
            best = -inf
            for length, weight in words[start]:
                score = weight - total + scores[start + length]
                if score >= best:
                    best = score
                    lengths[start] = length
            scores[start] = best
        return scores, lengths


@lru_cache(1 << 14)
def _guessed(text: str) -> tuple[str, ...]:
    """The words of a text that the dictionary does not know, by jieba's hidden Markov model."""
    return tuple(finalseg.cut(text))
