"""New words: chains of neighbouring words that keep together and stand in many surroundings.

Cohesion is the pointwise mutual information of the two halves of a chain (Church and Hanks, 1990), the least over the
places where it can be parted. Freedom is the branching entropy of what stands before or after it, the lesser of the two
(Jin and Tanaka-Ishii, 2006); each beginning or end of a run counts as a neighbour of its own (Feng, Chen, Deng and
Zheng, 2004). Both are in bits.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from rag.text.dictionary import LONGEST
from rag.text.normalization import normalise
from rag.text.tags import PROPER
from rag.text.tokenization import in_dictionary, tagged
from rag.types import Document
from rag.words.counting import LONGEST_CHAIN, Run, chain_counts, runs

# Parts of speech of jieba's that begin or end no name: particles, pronouns, adverbs, measures, times …
_FUNCTION = frozenset("ucpyeordfmqtzkh")
_LATIN = "eng"
_NUMBER = re.compile(r"[\d.%]+\w?|第?[〇零一二两三四五六七八九十百千万亿几]+\w?")
# Chosen by reading what they put first in news; a name is rarely a verb with its object.
_FUNCTION_WEIGHT, _VERB_WEIGHT, _NAME_WEIGHT = 0.3, 0.6, 1.5
_MOST_FREEDOM = 3.0


@dataclass(frozen=True, slots=True)
class NewWord:
    """A likely word as its document first writes it, at ``[start, end)``, and how jieba cuts it now.

    ``count`` takes sentences that are repeated word for word once. ``score`` orders the list.
    """

    word: str
    count: int
    documents: int
    cut: tuple[str, ...]
    cohesion: float
    freedom: float
    score: float
    doc_id: str
    title: str
    paragraph: int
    start: int
    end: int
    sentence: str


@dataclass(slots=True)
class _Seen:
    """How a chain is cut, and the words before and after it; None stands for the end of a run."""

    cuts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    before: Counter[str | None] = field(default_factory=Counter)
    after: Counter[str | None] = field(default_factory=Counter)


def find_words(
    documents: Sequence[Document], user_dictionary: Path | None = None, most: int = 20, *, progress: bool = False
) -> list[NewWord]:
    """The ``most`` likely new words of ``documents``, the best first; ties by the word. Empty if there are none."""
    shown = tqdm(documents, desc="切词 cut", unit="doc", disable=not progress, delay=2)
    cut_runs = list(runs(shown, user_dictionary))
    total = sum(len(run.words) for run in cut_runs)
    # Twice in two articles, six times in ten million words.
    least = max(2, int(math.log10(total or 1)) - 1)
    counts = chain_counts(cut_runs, least)
    scored = []
    for word, seen in _seen(cut_runs, counts, least, user_dictionary).items():
        # The same count is always cut the same: ties by the cut.
        cut = min(seen.cuts, key=lambda cut: (-seen.cuts[cut], cut))
        cohesion = _cohesion(cut, counts, total)
        freedom = min(_entropy(seen.before), _entropy(seen.after))
        if cohesion > 0 and freedom > 0:
            scored.append((_score(cut, counts[word], cohesion, freedom), word, cut, cohesion, freedom))
    scored.sort(key=lambda candidate: (-candidate[0], candidate[1]))
    by_id = {document.doc_id: document for document in documents}
    texts = [(run, "".join(run.words)) for run in cut_runs]
    # However it is cut: beside some words jieba cuts a name otherwise.
    placed = ([(run, text.count(word)) for run, text in texts if word in text] for _, word, *_ in scored[:most])
    return [_new_word(by_id, places, *candidate) for candidate, places in zip(scored, placed, strict=False)]


def _seen(found: Sequence[Run], counts: Counter[str], least: int, user_dictionary: Path | None) -> dict[str, _Seen]:
    """Every chain that may be a word and occurs ``least`` times."""
    seen: dict[str, _Seen] = {}
    refused: dict[str, bool] = defaultdict(bool)
    for run in found:
        words = run.words
        for size in range(2, LONGEST_CHAIN + 1):
            for start in range(len(words) - size + 1):
                chain = words[start : start + size]
                word = "".join(chain)
                if counts[word] < least or refused[word]:
                    continue
                if word not in seen:
                    if (
                        len(word) > LONGEST
                        or any(map(_NUMBER.fullmatch, chain))
                        or in_dictionary(word, user_dictionary)
                    ):
                        refused[word] = True
                        continue
                    seen[word] = _Seen()
                one, end = seen[word], start + size
                one.cuts[chain] += 1
                one.before[words[start - 1] if start else None] += 1
                one.after[words[end] if end < len(words) else None] += 1
    return seen


def _cohesion(cut: tuple[str, ...], counts: Counter[str], total: int) -> float:
    whole = counts["".join(cut)]
    halves = (counts["".join(cut[:i])] * counts["".join(cut[i:])] for i in range(1, len(cut)))
    return math.log2(whole * total / max(halves))


def _entropy(neighbours: Counter[str | None]) -> float:
    total = neighbours.total()
    shares = [count for word, count in neighbours.items() if word is not None] + [1] * neighbours[None]
    return math.log2(total) - sum(count * math.log2(count) for count in shares) / total


def _score(cut: tuple[str, ...], count: int, cohesion: float, freedom: float) -> float:
    """Cohesion, less where it rests on few occurrences (Pantel and Lin, 2002), times freedom, by what the words are."""
    score = cohesion * count / (count + 1) * min(freedom, _MOST_FREEDOM)
    tags = [[tag for *_, tag in tagged(word)] for word in cut]
    edges = tags[0][0], tags[-1][-1]
    score *= _FUNCTION_WEIGHT ** sum(_is_function(tag) for tag in edges)
    if any(_is_name(word, part) for word, part in zip(cut, tags, strict=True)):
        score *= _NAME_WEIGHT
    elif any(tag[0] in "va" for tag in edges):
        score *= _VERB_WEIGHT
    inside = [part[0] for part in tags[1:-1]]
    return score * _FUNCTION_WEIGHT ** sum(_is_function(tag) or tag == "v" for tag in inside)


def _is_function(tag: str) -> bool:
    return tag[0] in _FUNCTION and tag != _LATIN


def _is_name(word: str, tags: Sequence[str]) -> bool:
    """Whether a part of a chain is a name to jieba, or Chinese that it does not know."""
    return not PROPER.isdisjoint(tags) or not (word.isascii() or in_dictionary(word))


def _new_word(
    documents: Mapping[str, Document],
    places: Sequence[tuple[Run, int]],
    score: float,
    word: str,
    cut: tuple[str, ...],
    cohesion: float,
    freedom: float,
) -> NewWord:
    document, span = documents[places[0][0].doc_id], places[0][0].span
    sentence = document.text[span.start : span.end]
    folded = normalise(sentence)
    place = folded.text.index(word)
    left, right = folded.to_original(place, place + len(word))
    start, end = span.start + left, span.start + right
    return NewWord(
        word=document.text[start:end],
        count=sum(times for _, times in places),
        documents=len({run.doc_id for run, _ in places}),
        cut=cut,
        cohesion=round(cohesion, 3),
        freedom=round(freedom, 3),
        score=round(score, 3),
        doc_id=document.doc_id,
        title=document.title,
        paragraph=document.block_at(start).number,
        start=start,
        end=end,
        sentence=sentence,
    )
