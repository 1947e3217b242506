"""Measures of answers, by the definitions of CMRC 2018, and of evidence in retrieved passages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.gold import GoldQuestion, Place
from rag.types import Document, Hit

# The marks that CMRC 2018's evaluation script removes; commas and full stops of ASCII are not among them.
_REMOVED = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
# A token is a Chinese character, a word or number in another script, or any other mark.
_TOKEN = re.compile(r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,][^\W\u4e00-\u9fa5]+)*|[^\s\w]")


def exact_match(answer: str, accepted: Sequence[str]) -> float:
    """1 if ``answer`` equals an accepted one after lower-casing and removing marks; else 0 (CMRC 2018's EM)."""
    return float(any(_folded(answer) == _folded(one) for one in accepted))


def f1(answer: str, accepted: Sequence[str]) -> float:
    """CMRC 2018's F1: over the longest common contiguous run of tokens, the best of the accepted answers.

    After lower-casing and removing marks, a token is a Chinese character, a word or a number (Cui et al., 2019).
    """
    return max((_run_f1(_tokens(answer), _tokens(one)) for one in accepted), default=0.0)


def facts_found(question: GoldQuestion, hits: Sequence[Hit], documents: dict[str, Document]) -> float:
    """The share of the question's facts with at least one of their places wholly inside one of ``hits``."""
    found = [any(holds(hit, place, documents) for place in fact for hit in hits) for fact in question.evidence]
    return sum(found) / len(found)


def holds(hit: Hit, place: Place, documents: dict[str, Document]) -> bool:
    """Whether the hit's passage contains the whole place. ``documents`` are by file name."""
    passage = hit.passage
    inside = passage.start <= place.start and place.end <= passage.end
    return inside and passage.doc_id == documents[place.document].doc_id


def _folded(text: str) -> str:
    return text.lower().translate(_REMOVED).strip()


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_folded(text))


def _run_f1(answer: list[str], gold: list[str]) -> float:
    common = _longest_common_run(answer, gold)
    if not common:
        return 0.0
    precision, recall = common / len(answer), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _longest_common_run(left: list[str], right: list[str]) -> int:
    lengths = [0] * (len(right) + 1)
    longest = 0
    for token in left:
        previous = 0
        for column, other in enumerate(right, start=1):
            lengths[column], previous = (previous + 1 if token == other else 0), lengths[column]
            longest = max(longest, lengths[column])
    return longest
