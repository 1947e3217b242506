"""Examples to batches of about equal length, so that little is spent on padding."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.reading.pairs import START, Pair, PairEncoder
from rag.training.examples import Example

# Lengths are sorted within this many tokens' worth of batches, so that batches still differ from epoch to epoch.
_POOL = 64


@dataclass(frozen=True, slots=True)
class Item:
    """An encoded example; ``start`` and ``end`` are its answer's first and last token, `START` where there is none."""

    pair: Pair
    start: int
    end: int

    @property
    def answers(self) -> bool:
        """Whether the passage holds the answer."""
        return self.start != START


def encoded(examples: Iterable[Example], encoder: PairEncoder) -> Iterator[Item]:
    """The first window of each example that shows its answer; of those without, the first."""
    for example in examples:
        for pair in encoder.encode(example.question, example.context, example.passage):
            if example.answer is None:
                yield Item(pair, START, START)
                break
            tokens = pair.tokens_of(example.answer)
            if tokens:
                yield Item(pair, *tokens)
                break


def batches(items: Sequence[Item], tokens: int, rng: random.Random) -> list[list[Item]]:
    """All items in random batches of at most ``tokens`` tokens, padding included."""
    shuffled = list(items)
    rng.shuffle(shuffled)
    average = sum(len(item.pair.ids) for item in items) / max(1, len(items))
    pool = max(1, int(_POOL * tokens / max(1.0, average)))
    found: list[list[Item]] = []
    for start in range(0, len(shuffled), pool):
        batch: list[Item] = []
        for item in sorted(shuffled[start : start + pool], key=lambda item: len(item.pair.ids)):
            if batch and (len(batch) + 1) * len(item.pair.ids) > tokens:
                found.append(batch)
                batch = []
            batch.append(item)
        found.append(batch)
    rng.shuffle(found)
    return found
