"""jieba's cutter over the mapped `rag.lexicon`: the same cuts as with jieba's own dictionary in memory."""

from __future__ import annotations

import logging
from math import log

import jieba

from rag.lexicon import Beginnings, Lexicon, lexicon

jieba.setLogLevel(logging.WARNING)
# A character that begins no word stands alone.
_UNKNOWN: Beginnings = ((1, 0.0),)


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
