"""Neighbouring words and how often each chain of them occurs, over all documents."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rag.text.normalization import normalise, sentences
from rag.text.tokenization import Word, cut_words
from rag.types import Document, Span

LONGEST_CHAIN = 4


class Run(NamedTuple):
    """Words with nothing between them, no mark and no space, in the sentence ``span`` of the document ``doc_id``."""

    words: tuple[str, ...]
    doc_id: str
    span: Span


def runs(documents: Iterable[Document], user_dictionary: Path | None = None) -> Iterator[Run]:
    """The runs of all ``documents``, in order. A sentence that was there before, word for word, is passed over.

    What a site prints under each of its pages would else count as often as it has pages.
    """
    seen: set[str] = set()
    for document in documents:
        for span in sentences(document.text):
            folded = normalise(document.text[span.start : span.end]).text
            if folded not in seen:
                seen.add(folded)
                for words in _neighbours(cut_words(folded, user_dictionary)):
                    yield Run(words, document.doc_id, span)


def chain_counts(found: Sequence[Run], least: int) -> Counter[str]:
    """How often each word and each chain of up to LONGEST_CHAIN words occurs, however it is cut.

    Longer chains are counted only where both chains inside are there ``least`` times: no other can be (Agrawal and
    Srikant, 1994).
    """
    counts = Counter(word for run in found for word in run.words)
    for size in range(2, LONGEST_CHAIN + 1):
        known = counts if size > 2 else None
        counted: Counter[str] = Counter()
        for run in found:
            for start in range(len(run.words) - size + 1):
                chain = run.words[start : start + size]
                if known is None or min(known["".join(chain[:-1])], known["".join(chain[1:])]) >= least:
                    counted["".join(chain)] += 1
        counts.update(counted)
    return counts


def _neighbours(cut: Sequence[Word]) -> Iterator[tuple[str, ...]]:
    run: list[str] = []
    end = -1
    for word in cut:
        if word.start != end and run:
            yield tuple(run)
            run = []
        run.append(sys.intern(word.text))
        end = word.end
    if run:
        yield tuple(run)
