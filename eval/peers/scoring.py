"""Where the chunks that a system returned stand in the documents, and how much evidence they hold.

A chunk is located by its text with white space left out, since systems strip and fold it. All that is measured then
is spans, so that systems that cut documents differently can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from eval.gold import GoldQuestion
from eval.measures import BUDGETS, Located, evidence_recall, facts_found
from rag.errors import EvaluationError

CUTOFFS = (1, 5, 10)
LENGTH = "chunk length"
_LENGTHS = 10


class Locator:
    """Finds chunks in documents' texts, given by name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._positions = {name: [i for i, c in enumerate(text) if not c.isspace()] for name, text in texts.items()}
        self._dense = {name: _without_space(text) for name, text in texts.items()}

    def locate(self, document: str, chunk: str, *, peer: str) -> Located:
        """The first place in ``document`` that reads as ``chunk`` does, white space aside.

        A blank chunk, which some splitters make, is an empty span. Raises EvaluationError, naming ``peer``, if there
        is no such place: then the adapter gives back what was not indexed.
        """
        wanted = _without_space(chunk)
        found = self._dense[document].find(wanted) if document in self._dense else -1
        if found < 0:
            shown = chunk[:60]
            raise EvaluationError(
                f"{peer} 返回的片段不在文档 {document} 里：{shown!r}。请检查它的适配器。",
                f"{peer} returned a chunk that is not in document {document}: {shown!r}. Check its adapter.",
            )
        if not wanted:
            return Located(document, 0, 0)
        positions = self._positions[document]
        return Located(document, positions[found], positions[found + len(wanted) - 1] + 1)


def measure(question: GoldQuestion, chunks: Sequence[Located]) -> dict[str, float]:
    """Every measure of one question with evidence, by name; ``chunks`` best first.

    The length of a chunk is a mean over the first ten, in characters.
    """
    measures = {f"evidence@{budget}": evidence_recall(question, chunks, budget) for budget in BUDGETS}
    measures |= {f"Recall@{k}": facts_found(question, chunks[:k]) for k in CUTOFFS}
    lengths = [chunk.end - chunk.start for chunk in chunks[:_LENGTHS]]
    return measures | {LENGTH: fmean(lengths) if lengths else 0.0}


def _without_space(text: str) -> str:
    return "".join(text.split())
