"""Where the chunks that a system returned stand in the documents, and how much evidence they hold.

A chunk is located by its text with white space left out, since systems strip and fold it. All that is measured then
is spans, so that systems that cut documents differently can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import fmean

from rag.errors import EvaluationError
from rag.evaluation.gold import GoldQuestion, Located
from rag.evaluation.measures import BUDGETS, evidence_recall, facts_found

CUTOFFS = (1, 5, 10)
LENGTH = "chunk length"
_LENGTHS = 10
# txtai reads every file as HTML, so tags that stand in a text are missing from its chunks.
_LEFT_OUT = (re.compile(r"\s+"), re.compile(r"\s+|<[^<>]*>"))


class Locator:
    """Finds chunks in documents' texts, given by name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._folded: dict[tuple[str, re.Pattern[str]], tuple[str, list[int]]] = {}

    def locate(self, document: str, chunk: str, *, peer: str) -> Located:
        """The first place in ``document`` that reads as ``chunk`` does, white space aside.

        A blank chunk, which some splitters make, is an empty span. Raises EvaluationError, naming ``peer``, if there
        is no such place: then the adapter gives back what was not indexed.
        """
        wanted = "".join(chunk.split())
        if not wanted:
            return Located(document, 0, 0)
        for left_out in _LEFT_OUT:
            text, positions = self._fold(document, left_out)
            found = text.find(wanted)
            if found >= 0:
                return Located(document, positions[found], positions[found + len(wanted) - 1] + 1)
        shown = chunk[:60]
        raise EvaluationError(
            f"{peer} 返回的片段不在文档 {document} 里：{shown!r}。请检查它的适配器。",
            f"{peer} returned a chunk that is not in document {document}: {shown!r}. Check its adapter.",
        )

    def _fold(self, document: str, left_out: re.Pattern[str]) -> tuple[str, list[int]]:
        """A document's text without ``left_out``, and where each of its characters stands in the whole."""
        key = (document, left_out)
        if key not in self._folded:
            text = self._texts.get(document, "")
            gone = {i for found in left_out.finditer(text) for i in range(*found.span())}
            positions = [i for i in range(len(text)) if i not in gone]
            self._folded[key] = "".join(text[i] for i in positions), positions
        return self._folded[key]


def measure(question: GoldQuestion, chunks: Sequence[Located]) -> dict[str, float]:
    """Every measure of one question with evidence, by name; ``chunks`` best first.

    The length of a chunk is a mean over the first ten, in characters.
    """
    measures = {f"evidence@{budget}": evidence_recall(question, chunks, budget) for budget in BUDGETS}
    measures |= {f"Recall@{k}": facts_found(question, chunks[:k]) for k in CUTOFFS}
    lengths = [chunk.end - chunk.start for chunk in chunks[:_LENGTHS]]
    return measures | {LENGTH: fmean(lengths) if lengths else 0.0}
