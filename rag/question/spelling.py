"""A question as it was meant: words that no document has, for those of the same sound that some document has.

A last resort: a word that the documents know, or that a dictionary knows, is never changed, and what was searched for
instead is kept in `Question.corrections`, to be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.index.protocols import Snapshot
from rag.question.analysis import Question, analyse
from rag.text.normalization import HAN
from rag.text.sounds import LONGEST, sound
from rag.text.tokenization import STOPWORDS, Cut, Word, in_dictionary
from rag.types import Span

_HAN = re.compile(f"{HAN}+")


def understood(cut: Cut, generation: Snapshot) -> Question:
    """The question made ready to be searched and read for; cut once more only where words were corrected."""
    asked = analyse(cut, generation.sparse)
    if not asked.unknown:
        return asked
    spelt, corrections = cut.text, []
    for span, word in reversed(_corrections(asked, generation)):
        start, end = cut.folded.to_original(*span)
        corrections.append((spelt[start:end], word))
        spelt = spelt[:start] + word + spelt[end:]
    if not corrections:
        return asked
    return replace(analyse(cut.way(spelt), generation.sparse), corrections=tuple(reversed(corrections)))


def _corrections(asked: Question, generation: Snapshot) -> list[tuple[Span, str]]:
    """What is to be replaced in the normal form, and by which words of the documents, in order."""
    words = asked.cut.words
    unknown = [word for word in words if word.term in asked.unknown and _HAN.fullmatch(word.text)]
    dictionary = asked.cut.way.user_dictionary
    unknown = [word for word in unknown if len(word.text) == 1 or not in_dictionary(word.text, dictionary)]
    fixed = {i for word in words if word not in unknown and _is_meant(word) for i in range(word.start, word.end)}
    found: list[tuple[Span, str]] = []
    for word in unknown:
        for span in _windows(asked.cut.folded.text, word, words):
            if found and span.start < found[-1][0].end:
                continue
            meant = _meant(asked.cut, span, fixed, generation)
            if meant:
                found.append((span, meant))
                break
    return found


def _is_meant(word: Word) -> bool:
    return len(word.text) > 1 or word.text in STOPWORDS


def _windows(text: str, word: Word, words: Sequence[Word]) -> Iterator[Span]:
    """Ranges of Chinese characters that touch ``word`` and begin and end where words do, the longest first."""
    starts = {one.start for one in words} | set(range(word.start, word.end))
    ends = {one.end for one in words} | set(range(word.start + 1, word.end + 1))
    for length in range(LONGEST, 1, -1):
        for start in range(max(0, word.start - length + 1), word.end):
            inside = start in starts and start + length in ends
            if inside and _HAN.fullmatch(text, start, start + length):
                yield Span(start, start + length)


def _meant(cut: Cut, span: Span, fixed: set[int], generation: Snapshot) -> str | None:
    """The word of the documents that sounds like this range and differs little from it; the most frequent one."""
    written = cut.folded.text[span.start : span.end]
    if generation.sparse.knows(written) or in_dictionary(written, cut.way.user_dictionary):
        return None
    best: tuple[int, str] | None = None
    for word, _ in generation.store.sounding(sound(written)):
        changed = [i for i, (old, new) in enumerate(zip(written, word, strict=False), span.start) if old != new]
        same = [old for old, new in zip(written, word, strict=False) if old == new]
        fits = len(word) == len(written) and changed and len(changed) <= len(word) // 2 and fixed.isdisjoint(changed)
        # 锁在 is no misspelt 所在, nor 小是 of 越来越小是怎么回事 a misspelt 小时.
        fits = fits and not STOPWORDS.issuperset(same) and not (written.endswith("是") and written[-1] != word[-1])
        if fits and (best is None or len(changed) < best[0]):
            best = len(changed), word
    return best[1] if best else None
