"""jieba's part-of-speech tagger over the mapped `rag.text.lexicon`: the same words and tags as `jieba.posseg` gives.

That package reads jieba's whole dictionary twice when it is imported; its tables are all that is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import jieba

from rag.text.cutting import Cutter

State = tuple[str, str]
Tagged = tuple[str, str]

_WORDS = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&\._]+)")
_SPACE = re.compile(r"(\r\n|\s)")
_CHINESE = re.compile(r"([\u4E00-\u9FD5]+)")
_LATIN = re.compile(r"([\.0-9]+|[a-zA-Z0-9]+)")
_NUMBER = re.compile(r"[\.0-9]+")
_LETTERS = re.compile(r"[a-zA-Z0-9]+")
# What jieba takes for the logarithm of the probability of what it has never seen.
_NEVER = -3.14e100


class Tagger:
    """Cuts text and names parts of speech: known words by the dictionary, others by jieba's hidden Markov model."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        start, trans, emit = (_table(f"prob_{name}") for name in ("start", "trans", "emit"))
        # In the order of their names, which decides between equally likely ones.
        self._states: list[State] = sorted(trans)
        number = {state: place for place, state in enumerate(self._states)}
        self._start = [start[state] for state in self._states]
        self._emit: list[Mapping[str, float]] = [emit[state] for state in self._states]
        self._next = [{number[after]: p for after, p in trans[state].items()} for state in self._states]
        allowed = _table("char_state_tab")
        everywhere = frozenset(number.values())
        self._allowed = lru_cache(4096)(
            lambda character: (
                frozenset(number[state] for state in allowed[character]) if character in allowed else everywhere
            )
        )

    def cut(self, text: str) -> Iterator[Tagged]:
        """Every word of ``text`` with its tag, in order; together they are the text."""
        for block in _WORDS.split(text):
            if _WORDS.match(block):
                for run, known in self._cutter.runs(block):
                    yield from (self._known(run),) if known else self._singles(run)
                continue
            for piece in _SPACE.split(block):
                if _SPACE.match(piece):
                    yield piece, "x"
                else:
                    # What letters there are in it decides about every character: so does jieba.
                    letters = _LETTERS.match(piece)
                    yield from ((c, "m" if _NUMBER.match(c) else "eng" if letters else "x") for c in piece)

    def _singles(self, text: str) -> Iterator[Tagged]:
        """Neighbouring words of one character each: a word that is not known, unless there is but one."""
        if len(text) < 2 or self._cutter.FREQ.get(text):
            yield from map(self._known, text)
            return
        for block in _CHINESE.split(text):
            if _CHINESE.match(block):
                yield from self._unknown(block)
            else:
                for piece in filter(None, _LATIN.split(block)):
                    yield piece, "m" if _NUMBER.match(piece) else "eng" if _LETTERS.match(piece) else "x"

    def _known(self, word: str) -> Tagged:
        return word, self._cutter.known.tag(word) or "x"

    def _unknown(self, text: str) -> Iterator[Tagged]:
        begin = after = 0
        path = [self._states[number] for number in self._path(text)]
        for place, (position, tag) in enumerate(path):
            if position == "B":
                begin = place
            elif position in "ES":
                begin = begin if position == "E" else place
                yield text[begin : place + 1], tag
                after = place + 1
        if after < len(text):
            yield text[after:], path[after][1]

    def _path(self, text: str) -> list[int]:
        """The most likely states, one a character (Viterbi), with jieba's sums in jieba's order."""
        score = {y: self._start[y] + self._emit[y].get(text[0], _NEVER) for y in self._allowed(text[0])}
        back: list[dict[int, int]] = []
        for character in text[1:]:
            before = [(y, p, self._next[y]) for y, p in score.items() if self._next[y]]
            reached = {after for *_, following in before for after in following}
            score, came = {}, {}
            for y in self._allowed(character) & reached or reached:
                likely = self._emit[y].get(character, _NEVER)
                score[y], came[y] = max((p + n[y] + likely, x) for x, p, n in before if y in n)
            back.append(came)
        path = [max((p, y) for y, p in score.items())[1]]
        for came in reversed(back):
            path.append(came[path[-1]])
        return path[::-1]


def _table(name: str) -> Any:
    """A table of `jieba.posseg`, without importing that package."""
    spec = spec_from_file_location(f"jieba_{name}", Path(jieba.__file__).with_name("posseg") / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.P
