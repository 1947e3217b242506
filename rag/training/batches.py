"""Examples to batches of about equal length, so that little is spent on padding."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.reading.pairs import Pair, PairEncoder
from rag.text.normalization import normalise
from rag.training.examples import Example

# Lengths are sorted within this many tokens' worth of batches, so that batches still differ from epoch to epoch.
_POOL = 64


@dataclass(frozen=True, slots=True)
class Item:
    """An encoded example; ``slices`` are the first and last token of each slice of its answer."""

    pair: Pair
    slices: tuple[tuple[int, int], ...]


Group = Sequence[Item]
"""The items of one question, which compete: at most one of them answers it."""


def encoded(examples: Iterable[Example], encoder: PairEncoder) -> Iterator[Item]:
    """The window of each example that shows most of its answer; of those without, the first."""
    for example in examples:
        items, question = [], normalise(example.question).text.strip()
        for pair in encoder.encode(question, example.context, example.passage):
            tokens = (pair.tokens_of(one) for one in example.answer)
            items.append(Item(pair, tuple(found for found in tokens if found)))
        best = max(items, key=lambda item: len(item.slices))
        if bool(best.slices) == bool(example.answer):
            yield best


def batches(groups: Sequence[Group], tokens: int, rng: random.Random) -> list[list[Group]]:
    """All groups in random batches of at most ``tokens`` tokens, groups of about equal length in each."""
    shuffled = list(groups)
    rng.shuffle(shuffled)
    lengths = {id(group): sum(len(item.pair.ids) for item in group) for group in groups}
    pool = max(1, int(_POOL * tokens * len(groups) / max(1, sum(lengths.values()))))
    found: list[list[Group]] = []
    for start in range(0, len(shuffled), pool):
        batch: list[Group] = []
        held = 0
        for group in sorted(shuffled[start : start + pool], key=lambda group: max(len(i.pair.ids) for i in group)):
            if batch and held + lengths[id(group)] > tokens:
                found.append(batch)
                batch, held = [], 0
            batch.append(group)
            held += lengths[id(group)]
        found.append(batch)
    rng.shuffle(found)
    return found
